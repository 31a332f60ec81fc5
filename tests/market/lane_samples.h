/* The functions of host/market/lane_math.h and complex_lane.h, which are C only, callable from the tests. */
#ifndef QS_TESTS_MARKET_LANE_SAMPLES_H
#define QS_TESTS_MARKET_LANE_SAMPLES_H

#ifdef __cplusplus
extern "C" {
#endif

double lane_exp(double x);
double lane_expm1(double x);
double lane_log(double x);
double lane_log1p(double x);
double lane_arg(double y, double x);
void lane_sincos(double x, double *sine, double *cosine);
void lane_log_ratio(const double z[2], double value[2], double derivative[2]);
void lane_one_minus_exp(const double z[2], double value[2]);

#ifdef __cplusplus
}
#endif
#endif
