// (S - K) / F: exp(M) - k. Against real.h.
QS_CORE QS_R(qs_payoff_value) QS_R(qs_payoff_forward)(QS_R(qs_strike_terms) t) {
  QS_R(qs_payoff_value) y;
  y.delta = t.forward;
  y.price = t.forward - t.k;
  y.edge = QS_C(0.0);
  return y;
}
