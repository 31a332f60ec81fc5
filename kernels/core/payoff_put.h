// (K - S)+ / F under a normal law of ln S: k Phi(-d2) - exp(M) Phi(-d1) (Black 1976). Against real.h.
QS_CORE QS_R(qs_payoff_value) QS_R(qs_payoff_put)(QS_R(qs_strike_terms) t) {
  QS_R(qs_payoff_value) y;
  y.delta = -t.asset_below;
  y.price = t.cash_below - t.asset_below;
  y.edge = t.edge;
  return y;
}
