#include "tests/market/lane_samples.h"

#include "host/market/complex_lane.h"

double lane_exp(double x) {
  return qs_lane_exp(x);
}

double lane_expm1(double x) {
  return qs_lane_expm1(x);
}

double lane_log(double x) {
  return qs_lane_log(x);
}

double lane_log1p(double x) {
  return qs_lane_log1p(x);
}

double lane_arg(double y, double x) {
  return qs_lane_arg(y, x);
}

void lane_sincos(double x, double *sine, double *cosine) {
  qs_lane_sincos(x, sine, cosine);
}

void lane_log_ratio(const double z[2], double value[2], double derivative[2]) {
  qs_cx l, m;
  qs_cx_log_ratio((qs_cx){z[0], z[1]}, &l, &m);
  value[0] = l.re, value[1] = l.im;
  derivative[0] = m.re, derivative[1] = m.im;
}

void lane_one_minus_exp(const double z[2], double value[2]) {
  qs_cx e = qs_cx_one_minus_exp((qs_cx){z[0], z[1]});
  value[0] = e.re, value[1] = e.im;
}
