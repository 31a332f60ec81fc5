// Random formulas: values and derivatives against dual numbers, derivatives against differences, and the same
// bits from every instruction set and number of lanes.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/script/random_formula.h"

namespace script_test {
namespace {

constexpr size_t kLanes = 128;
constexpr int kFormulas = 1500;

// A direction to differentiate in, its own for each lane.
double direction(uint32_t underlying, uint32_t date, size_t lane) {
  uint64_t word = (lane * 64 + date + 1) * 2 + underlying;
  word = (word ^ word >> 31) * 0x9E3779B97F4A7C15u;
  word = (word ^ word >> 29) * 0xBF58476D1CE4E5B9u;
  return double(word >> 11) * 0x1p-53 - 0.5;
}

// The payoff of a lane by the host's own evaluation.
double evaluated(const Formula &formula, size_t lane) {
  std::vector<double> seen;
  for (uint32_t o = 0; o < formula.script.program.observation_count; o++) {
    const qs_script_observation &at = formula.script.observations[o];
    seen.push_back(price(at.underlying, at.date, lane));
  }
  double payoff = 0;
  EXPECT_TRUE(qs_script_evaluate(formula.arena, &formula.script.program, seen.data(), &payoff));
  return payoff;
}

TEST(Random, AgreesWithDualNumbers) {
  int compared = 0, all = 0, jumps = 0;
  for (int f = 0; f < kFormulas; f++) {
    const TreePointer tree = Grower(uint64_t(f)).number(1 + f % 6);
    const std::string text = text_of(*tree);
    Formula formula(text, two());
    if (formula.status != QS_OK) { // of the constants a division by zero, or a great tree
      const std::string message = formula.context.message;
      ASSERT_TRUE(message.find("no finite number") != std::string::npos ||
                  message.find("at most") != std::string::npos ||
                  message.find("condition date by date") != std::string::npos)
          << text << "\n"
          << message;
      continue;
    }
    ASSERT_TRUE(qs_script_valid(&formula.script.program)) << text;
    jumps += formula.script.jump_count > 0;
    const auto found = run<double>(formula.script, qs_script_baseline_double_64, kLanes, price);
    for (size_t i = 0; i < kLanes; i++) {
      const auto see = [i](uint32_t u, uint32_t d) { return Dual(price(u, d, i), direction(u, d, i)); };
      undefined() = false;
      const Dual expected = Worth<Dual, decltype(see)>(see).of(*tree)[0];
      double slope = 0, scale = 1 + std::fabs(expected.v); // shares may cancel within an observation
      for (uint32_t o = 0; o < formula.script.program.observation_count; o++) {
        const qs_script_observation &at = formula.script.observations[o];
        const double share = found.derivative[o][i] * direction(at.underlying, at.date, i);
        slope += share;
        scale += std::fabs(share);
      }
      all++;
      if (undefined() || !std::isfinite(expected.v) || !std::isfinite(expected.d) ||
          std::fabs(expected.v) > 1e30 || scale > 1e30)
        continue;
      compared++;
      ASSERT_NEAR(found.value[i], expected.v, 1e-9 * (1 + std::fabs(expected.v))) << text << " in lane " << i;
      ASSERT_NEAR(slope, expected.d, 1e-8 * scale) << text << " in lane " << i;
      ASSERT_NEAR(evaluated(formula, i), expected.v, 1e-9 * (1 + std::fabs(expected.v))) << text;
    }
  }
  EXPECT_GT(compared, kFormulas * int(kLanes) * 8 / 10);
  EXPECT_GT(compared, all * 9 / 10);
  EXPECT_GT(jumps, kFormulas / 20);
}

// Where both one-sided differences agree no kink is near, and the derivative must be theirs.
TEST(Random, AgreesWithDifferences) {
  const char *texts[] = {
      "max(mean(BTC[monthly]) - K, 0)",
      "if(min(BTC[daily]) < B, 0, max(BTC[T] - K, 0), 10)",
      "if(any(BTC[daily] < 95) and ETH[T] > 98 or not ETH[t0] <= 101, BTC[T], ETH[T], 20)",
      "max(sum(max(min(returns(BTC[monthly]), cap), floor)), 0)",
      "sqrt(sum(logreturns(ETH[daily])^2)) * product(BTC[monthly] / K)",
      "BTC[T]^1.7 / ETH[T]^2 + exp(BTC[T] / ETH[t0]) - log(ETH[T]) * abs(BTC[T] - K)",
      "mean(if(BTC[early] > ETH[early], BTC[early] * 2, sqrt(ETH[early]), 30))",
      "max(BTC[pair]) * last(ETH[monthly]) - first(returns(BTC[daily])) * min(BTC[T], ETH[T], K)"};
  for (const char *text : texts) {
    Formula formula(text, two());
    ASSERT_EQ(formula.status, QS_OK) << formula.context.message;
    const auto base = run<double>(formula.script, qs_script_baseline_double_64, kLanes, price);
    int compared = 0;
    for (uint32_t o = 0; o < formula.script.program.observation_count; o++) {
      const qs_script_observation at = formula.script.observations[o];
      const double h = 1e-4;
      const auto bumped = [&](double by) {
        return run<double>(formula.script, qs_script_baseline_double_64, kLanes,
                           [&](uint32_t u, uint32_t d, size_t lane) {
                             return price(u, d, lane) + (u == at.underlying && d == at.date ? by : 0);
                           });
      };
      const auto up = bumped(h), down = bumped(-h);
      for (size_t i = 0; i < kLanes; i++) {
        const double right = (up.value[i] - base.value[i]) / h, left = (base.value[i] - down.value[i]) / h;
        if (std::fabs(right - left) > 1e-3 * (1e-2 + std::fabs(left)))
          continue;
        compared++;
        ASSERT_NEAR(base.derivative[o][i], (left + right) / 2, 1e-6 * (1 + std::fabs(left)))
            << text << " " << o;
      }
    }
    EXPECT_GT(compared, int(formula.script.program.observation_count * kLanes * 9 / 10)) << text;
  }
}

// A program that is called valid stays within its memory, whoever wrote it; many are not.
TEST(Random, DamagedProgramsAreToldOrHarmless) {
  std::mt19937_64 random(3);
  int refused = 0, accepted = 0;
  for (int f = 0; f < 400; f++) {
    Formula formula(text_of(*Grower(uint64_t(f)).number(1 + f % 5)), two());
    if (formula.status != QS_OK)
      continue;
    const qs_script_program &p = formula.script.program;
    for (int damage = 0; damage < 20; damage++) {
      std::vector<qs_script_code> codes(p.codes, p.codes + p.code_count);
      std::vector<uint32_t> rows(p.rows, p.rows + p.row_count);
      std::vector<qs_script_range> clears(p.clears, p.clears + p.clear_count);
      qs_script damaged = formula.script;
      qs_script_program &to = damaged.program;
      to.codes = codes.data(), to.rows = rows.data(), to.clears = clears.data();
      const uint32_t word = random() % 3 ? uint32_t(random() % (p.slot_count + 2)) : uint32_t(random());
      const auto any = [&](auto &list) -> auto & {
        return list[random() % list.size()];
      };
      const int what = int(random() % 9);
      if (what == 0) {
        to.result = word;
      } else if (what == 1) {
        to.observation_count = word % (p.observation_count + 1);
      } else if (what == 2 && !rows.empty()) {
        any(rows) = word;
      } else if (what == 3 && !clears.empty()) {
        (random() % 2 ? any(clears).slot : any(clears).count) = word;
      } else if (what > 3 && !codes.empty()) {
        qs_script_code &code = any(codes);
        uint32_t *fields[] = {&code.count, &code.to, &code.a, &code.b, &code.c};
        if (random() % 3 == 0)
          (random() % 2 ? code.op : code.flags) = uint16_t(random() % 2 ? word : random() % 24);
        else
          *fields[random() % 5] = word;
      }
      if (!qs_script_valid(&to)) {
        refused++;
        continue;
      }
      accepted++;
      run<float>(damaged, qs_script_baseline_float_64, 64, price);
    }
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(accepted, 500);
}

template <class Real>
void expect_same(const Outcome<Real> &a, const Outcome<Real> &b, const std::string &what) {
  const auto same = [](const std::vector<Real> &x, const std::vector<Real> &y) {
    for (size_t i = 0; i < x.size(); i++)
      if (std::memcmp(&x[i], &y[i], sizeof(Real)) && !(std::isnan(x[i]) && std::isnan(y[i])))
        return false;
    return true;
  };
  ASSERT_TRUE(same(a.value, b.value)) << "values of " << what;
  for (size_t o = 0; o < a.derivative.size(); o++)
    ASSERT_TRUE(same(a.derivative[o], b.derivative[o])) << "derivative " << o << " of " << what;
}

// Which bits no number has is the processor's affair.
TEST(Random, SameBitsEverywhere) {
  std::vector<const qs_script_set *> singles = {&qs_script_baseline_float_128}, doubles;
  if (has_v3()) {
    singles.insert(singles.end(), {&qs_script_v3_float_64, &qs_script_v3_float_128});
    doubles.push_back(&qs_script_v3_double_64);
  }
  if (has_v4()) {
    singles.insert(singles.end(), {&qs_script_v4_float_64, &qs_script_v4_float_128});
    doubles.push_back(&qs_script_v4_double_64);
  }
  for (int f = 0; f < kFormulas; f++) {
    const std::string text = text_of(*Grower(uint64_t(f)).number(1 + f % 6));
    Formula formula(text, two());
    if (formula.status != QS_OK)
      continue;
    const auto single = run<float>(formula.script, qs_script_baseline_float_64, kLanes, price);
    for (const qs_script_set *set : singles)
      expect_same(single, run<float>(formula.script, *set, kLanes, price), text + " on " + set->name);
    const auto twice = run<double>(formula.script, qs_script_baseline_double_64, kLanes, price);
    for (const qs_script_set *set : doubles)
      expect_same(twice, run<double>(formula.script, *set, kLanes, price), text + " on " + set->name);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
} // namespace script_test
