// (K - S)+ / F under a normal law of ln S: k Phi(-d2) - exp(M) Phi(-d1) (Black 1976). Against real.h.
QS_CORE QS_R(qs_payoff_value) QS_R(qs_payoff_put)(QS_R(qs_strike_terms) t) {
  QS_R(qs_payoff_value) y;
  y.delta = t.d1 < QS_C(0.0) ? t.tail1 - t.forward : -t.tail1;
  y.price = (t.d2 < QS_C(0.0) ? t.k - t.tail2 : t.tail2) + y.delta;
  y.edge = t.edge;
  return y;
}
