#include "sample_results.h"

double SampleResults::number() {
  next_ += 1;
  numbers.push_back(next_);
  return next_;
}

size_t SampleResults::count() {
  next_ += 1;
  numbers.push_back((double)(size_t)next_);
  return (size_t)next_;
}

const char *SampleResults::text(const char *what) {
  strings_.push_back(std::string(what) + "-" + std::to_string(strings_.size()));
  texts.push_back(strings_.back());
  return strings_.back().c_str();
}

qs_estimate SampleResults::estimate() {
  double value = number();
  return {value, number()};
}

qs_interval SampleResults::interval() {
  double value = number();
  double low = number();
  return {value, low, number()};
}

qs_greeks SampleResults::greeks() {
  qs_greeks g{};
  g.present = (1u << QS_GREEK_COUNT) - 1;
  for (qs_estimate &value : g.value) {
    value = estimate();
  }
  return g;
}

qs_total_result SampleResults::total(const char *what) {
  qs_total_result t{};
  t.why = text("why");
  t.name = text(what);
  t.count = count();
  t.value = estimate();
  t.greeks = greeks();
  t.untrusted = 1u << QS_GREEK_GAMMA;
  return t;
}

void SampleResults::add_trades() {
  for (int i = 0; i < 2; i++) {
    qs_trade_result t{};
    t.id = text("id");
    t.instrument = text("instrument");
    t.underlying = text("underlying");
    t.book = text("book");
    t.venue = text("venue");
    t.kind = text("kind");
    t.quantity = number();
    t.mark = number();
    t.model_minus_mark = number();
    t.price = estimate();
    t.price_coin = estimate();
    t.value = estimate();
    t.value_coin = estimate();
    t.greeks = greeks();
    t.greeks_coin = greeks();
    t.trusted = false;
    t.why = text("why");
    t.untrusted = 1u << QS_UNTRUSTED_PRICE | 1u << (QS_GREEK_PARAMETER + QS_XI);
    trades_.push_back(t);
  }
  books_ = {total("book")};
  underlyings_ = {total("underlying")};
  results.trades = trades_.data();
  results.trade_count = trades_.size();
  results.books = books_.data();
  results.book_count = 1;
  results.underlyings = underlyings_.data();
  results.underlying_count = 1;
  results.total = total("total");
  texts.pop_back(); /* the whole needs no name */
  correlations_ = {{text("id"), text("book"), {"X", "Y.variance"}, estimate(), true},
                   {nullptr, nullptr, {"X", "Y.variance"}, estimate(), false}};
  results.d_correlations = correlations_.data();
  results.d_correlation_count = correlations_.size();
  results.valued = true;
}

void SampleResults::add_sensitivities() {
  delta_ = {{text("future"), nullptr, estimate(), true}};
  quote_vega_ = {{text("quote"), nullptr, estimate(), false}};
  bucket_vega_ = {{text("expiry"), text("moneyness"), estimate(), false}};
  qs_sensitivity_result s{};
  s.underlying = text("underlying");
  s.delta_by_future = delta_.data();
  s.delta_count = 1;
  s.vega_by_quote = quote_vega_.data();
  s.vega_count = 1;
  s.vega_by_bucket = bucket_vega_.data();
  s.bucket_count = 1;
  s.vega_parallel = estimate();
  s.vega_parallel_untrusted = true;
  shift_slope_ = {{text("piece"), nullptr, estimate(), false}};
  s.d_shift = shift_slope_.data();
  s.d_shift_count = 1;
  sensitivities_ = {s};
  results.sensitivities = sensitivities_.data();
  results.sensitivity_count = 1;
}

void SampleResults::add_calibration() {
  qs_calibration_result c{};
  c.underlying = text("underlying");
  c.trusted = false;
  c.why = text("why");
  c.model.type = QS_MODEL_HESTON;
  c.calibrated = true;
  shift_ = {{1785571200, number(), number(), number(), number()}};
  c.shift = shift_.data();
  c.shift_count = 1;
  size_t repriced = count(), here = count();
  local_expiries_ = {{1785571200, here, number(), number(), number()}};
  local_quotes_ = {{text("quote"), 1785571200, number(), number(), number(), number(), estimate(), true}};
  local_ = {repriced,
            number(),
            number(),
            number(),
            number(),
            number(),
            count(),
            count(),
            local_expiries_.data(),
            1,
            local_quotes_.data(),
            1};
  c.local = &local_;
  for (qs_parameter p : {QS_V0, QS_KAPPA}) {
    double value = number();
    parameters_.push_back({p, value, number(), p == QS_V0});
  }
  c.parameters = parameters_.data();
  c.parameter_count = parameters_.size();
  c.rmse_vol_points = number();
  c.inside_bid_ask = number();
  c.objective = number();
  c.quotes_used = count();
  c.quotes_total = count();
  exclusions_ = {{text("quote"), "one_sided"}, {text("quote"), "expired"}, {text("quote"), "one_sided"}};
  c.exclusions = exclusions_.data();
  c.exclusion_count = exclusions_.size();
  double forward = number();
  size_t quotes = count();
  double rmse = number();
  expiries_ = {{1785571200, forward, quotes, rmse, number()}};
  c.expiries = expiries_.data();
  c.expiry_count = 1;
  qs_quote_fit f{};
  f.instrument = text("quote");
  f.expiry = 1785571200;
  for (double *value : {&f.strike, &f.market_vol, &f.model_vol, &f.bid_vol, &f.ask_vol, &f.weight}) {
    *value = number();
  }
  fits_ = {f};
  c.fits = fits_.data();
  c.fit_count = 1;
  fit_warnings_ = {text("warning")};
  c.warnings = fit_warnings_.data();
  c.warning_count = 1;
  calibration_ = {c};
  results.calibration = calibration_.data();
  results.calibration_count = 1;
}

void SampleResults::add_risk() {
  qs_risk_result &r = results.risk;
  r.present = true;
  r.trusted = false;
  r.why = text("why");
  r.horizon_days = number();
  for (int i = 0; i < 2; i++) {
    double level = number();
    qs_interval var = interval();
    levels_.push_back({level, var, interval(), i == 0});
  }
  r.levels = levels_.data();
  r.level_count = 2;
  r.mean = estimate();
  r.std_dev = estimate();
  for (int i = 0; i < 2; i++) {
    kept_estimates_.push_back({estimate(), estimate()});
    components_.push_back({text("component"), i == 1, kept_estimates_.back().data()});
  }
  r.components = components_.data();
  r.component_count = 2;
  incremental_var_ = {number(), number()};
  incremental_shortfall_ = {number(), number()};
  incremental_ = {{text("what-if"), incremental_var_.data(), incremental_shortfall_.data()}};
  r.incremental = incremental_.data();
  r.incremental_count = 1;
  double level = number();
  qs_interval var = interval();
  qs_interval shortfall = interval();
  size_t violations = count();
  size_t observations = count();
  double statistic = number();
  historical_ = {{level, var, shortfall, violations, observations, statistic, number()}};
  r.historical = historical_.data();
  r.historical_count = 1;
  pnl_ = {number(), number(), number()};
  r.pnl = pnl_.data();
  r.pnl_count = 3;
}

qs_stress_cell SampleResults::cell(const char *name) {
  qs_stress_cell c{};
  c.name = name;
  c.spot = number();
  c.volatility = number();
  c.pnl = estimate();
  if (name) {
    c.unwind_cost = number();
    c.lost = number();
  }
  kept_estimates_.push_back({estimate(), estimate()});
  c.by_position = kept_estimates_.back().data();
  return c;
}

void SampleResults::add_stress() {
  qs_stress_result &s = results.stress;
  s.present = true;
  s.trusted = false;
  s.why = text("why");
  grid_ = {cell(nullptr), cell(nullptr)};
  scenarios_ = {cell(text("scenario"))};
  margin_ = {cell(nullptr)};
  s.grid = grid_.data();
  s.grid_count = 2;
  s.scenarios = scenarios_.data();
  s.scenario_count = 1;
  s.margin = margin_.data();
  s.margin_count = 1;
  s.worst = &scenarios_[0];
  s.margin_requirement = number();
}

void SampleResults::add_hedge() {
  qs_hedge_result &h = results.hedge;
  h.present = true;
  h.trusted = false;
  h.why = text("why");
  h.feasible = true;
  conflicts_ = {text("conflict")};
  h.conflicts = conflicts_.data();
  h.conflict_count = 1;
  h.cost_weight = number();
  h.risk_aversion = number();
  h.horizon_days = number();
  qs_hedge_trade t{};
  t.instrument = text("instrument");
  t.quantity = number();
  t.ratio = estimate();
  for (double *value : {&t.cost, &t.fee, &t.spread, &t.impact, &t.funding}) {
    *value = number();
  }
  hedge_trades_ = {t};
  h.trades = hedge_trades_.data();
  h.trade_count = 1;
  for (qs_hedge_state *state : {&h.before, &h.after}) {
    state->variance = estimate();
    for (double *value :
         {&state->std_dev, &state->delta, &state->gamma, &state->vega, &state->margin, &state->leverage}) {
      *value = number();
    }
  }
  for (double *value : {&h.cost, &h.objective_before, &h.objective_after, &h.kkt_residual}) {
    *value = number();
  }
  h.iterations = (uint32_t)count();
  const char *limit = text("limit");
  shadow_ = {{limit, number()}};
  h.shadow_prices = shadow_.data();
  h.shadow_count = 1;
}

qs_policy_result SampleResults::policy(const char *name, const double *pnl, size_t pnl_count) {
  qs_policy_result p{};
  p.name = text(name);
  p.type = text("type");
  for (qs_estimate *value : {&p.objective,
                             &p.variance,
                             &p.cost,
                             &p.mean,
                             &p.std_dev,
                             &p.skewness,
                             &p.excess_kurtosis,
                             &p.turnover,
                             &p.trades,
                             &p.options,
                             &p.hedge,
                             &p.funding,
                             &p.fees,
                             &p.spread,
                             &p.impact,
                             &p.liquidation,
                             &p.lost,
                             &p.collateral,
                             &p.transfers,
                             &p.net,
                             &p.liquidated,
                             &p.failed}) {
    *value = estimate();
  }
  p.rank = count();
  p.levels = levels_.data();
  kept_intervals_.push_back({interval(), interval()});
  p.quantiles = kept_intervals_.back().data();
  p.pnl = pnl;
  p.pnl_count = pnl_count;
  const qs_estimate there = estimate(), paid = estimate();
  kept_venues_.push_back({{there, paid}, {estimate(), estimate()}});
  p.venues = kept_venues_.back().data();
  return p;
}

void SampleResults::add_simulate() {
  qs_simulate_result &s = results.simulate;
  s.present = true;
  s.trusted = false;
  s.why = text("why");
  s.position = text("position");
  s.underlying = text("underlying");
  instruments_ = {text("instrument"), text("option")};
  s.instruments = instruments_.data();
  s.instrument_count = 2;
  venues_ = {text("venue"), text("another venue")};
  s.venues = venues_.data();
  s.venue_count = 2;
  s.cost_weight = number();
  s.risk_aversion = number();
  s.objective = text("objective");
  s.objective_level = number();
  dates_ = {1785571200, 1785657600};
  s.dates = dates_.data();
  s.date_count = 2;
  policies_ = {policy("policy", pnl_.data(), pnl_.size()), policy("another", pnl_.data(), pnl_.size())};
  s.policies = policies_.data();
  s.policy_count = 2;
  s.level_count = levels_.size();
  probabilities_ = {0.01, 0.5};
  s.probabilities = probabilities_.data();
  s.quantile_count = 2;
  s.lower_bound = estimate();
  s.gap = estimate();
  saved_edges_ = {0.25, 0.5};
  saved_date_ = {1785571200, 1.5, -1, 1, 2, 0, 0, 1, saved_edges_.data(), saved_edges_.data()};
  saved_ = {"kept", "optimal", "X", "X-SPOT", 1785571200, 1, &saved_date_, 1, 1785657600, 2.5};
  const double weight = number(), aversion = number();
  frontier_ = {{weight, aversion, estimate(), estimate(), estimate(), estimate(), estimate()}};
  s.frontier = frontier_.data();
  s.frontier_count = 1;
  s.saved = &saved_;
  s.tuning = {true, number(), number(), number()};
  s.attribution = {true, estimate(), estimate(), estimate(), estimate(), estimate(), estimate(), estimate()};
}

qs_backtest_interval SampleResults::backtest_interval() {
  return {number(), number(), number(), number(), number()};
}

qs_backtest_policy_result SampleResults::backtest_policy(const char *name) {
  qs_backtest_policy_result p{};
  p.name = text(name);
  p.type = text("type");
  p.objective = backtest_interval();
  p.difference = backtest_interval();
  p.rank = count();
  qs_backtest_step &t = p.total;
  for (double *value :
       {&p.variance, &p.cost, &p.net, &t.options, &t.theta, &t.delta, &t.gamma, &t.vega, &t.residual,
        &t.premium, &t.hedge, &t.funding, &t.fees, &t.spread, &t.impact, &t.liquidation, &t.turnover}) {
    *value = number();
  }
  t.trades = count();
  t.liquidated = count();
  p.steps = backtest_steps_.data();
  return p;
}

void SampleResults::add_backtest() {
  qs_backtest_result &b = results.backtest;
  b.present = true;
  b.trusted = false;
  b.why = text("why");
  for (const char **words : {&b.label, &b.position, &b.underlying, &b.instrument, &b.account, &b.funding,
                             &b.marks, &b.told, &b.compare}) {
    *words = text("word");
  }
  b.cost_weight = number();
  b.risk_aversion = number();
  b.level = number();
  b.replicates = count();
  b.seed = count();
  b.days = number();
  b.bar_seconds = (int64_t)count();
  bars_ = {1785571200, 1785657600, 1785744000};
  bar_prices_ = {number(), number(), number()};
  states_ = {number(), number(), number()};
  b.dates = b.bars = bars_.data();
  b.prices = bar_prices_.data();
  b.states = states_.data();
  b.date_count = 3;
  backtest_steps_.resize(2); /* in backtest.csv alone */
  backtest_steps_[1] = {1.5, .25, .5, .75, 1, 2, 3, 4, 5, .125, .375, .0625, .5, 6, 7, 8, 9};
  backtest_policies_ = {backtest_policy("policy"), backtest_policy("another")};
  b.policies = backtest_policies_.data();
  b.policy_count = 2;
}

void SampleResults::add_run_info() {
  results.backend_note = text("note");
  const char *name = text("device");
  const char *target = text("target");
  uint64_t units = count();
  double seconds = number();
  devices_ = {{name, target, units, seconds, text("failure"), 3, text("restart")}};
  results.devices = devices_.data();
  results.device_count = 1;
  const char *stage = text("stage");
  times_ = {{stage, number()}};
  results.times = times_.data();
  results.time_count = 1;
}

SampleResults::SampleResults() {
  results.currency = text("currency");
  results.as_of = 1785571200;
  results.seed = 18446744073709551615u; /* does not fit a double */
  results.paths = count();
  results.precision = text("precision");
  results.arithmetic = text("arithmetic");
  results.trusted = false;
  add_trades();
  add_sensitivities();
  add_calibration();
  add_risk();
  add_stress();
  add_hedge();
  add_simulate();
  add_backtest();
  const char *measure = text("measure");
  const char *book = text("book");
  const char *underlying = text("underlying");
  double level = number();
  double value = number();
  breaches_ = {{measure, book, underlying, level, value, number()}};
  results.breaches = breaches_.data();
  results.breach_count = 1;
  warnings_ = {text("warning")};
  results.warnings = warnings_.data();
  results.warning_count = 1;
  add_run_info();
}
