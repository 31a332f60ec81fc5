// (S - K)+ / F under a normal law of ln S: exp(M) Phi(d1) - k Phi(d2) (Black 1976). Against real.h.
QS_CORE QS_R(qs_payoff_value) QS_R(qs_payoff_call)(QS_R(qs_strike_terms) t) {
  QS_R(qs_payoff_value) y;
  y.delta = t.asset_above;
  y.price = t.asset_above - t.cash_above;
  y.edge = t.edge;
  return y;
}
