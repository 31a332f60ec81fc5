// The key of a unit of work tells it from every other, and is the same wherever it lies and however it is
// cut.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <set>
#include <vector>

#include "host/engine/unit_key.h"
#include "tests/engine/unit_parts.h"

namespace {

struct Words {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  bool fresh(qs_digest d) { return seen.insert({d.word[0], d.word[1]}).second; }
};

using Change = std::function<void()>;

// Each change alone must give a key that was not there before; what `undo` puts back gives the first again.
void expect_all_differ(const std::function<qs_digest()> &key, const std::vector<Change> &changes,
                       const Change &undo) {
  Words words;
  const qs_digest first = key();
  EXPECT_TRUE(words.fresh(first));
  for (std::size_t i = 0; i < changes.size(); i++) {
    changes[i]();
    EXPECT_TRUE(words.fresh(key())) << "change " << i << " leaves the key as it was";
    undo();
    ASSERT_TRUE(qs_digest_equal(key(), first)) << "change " << i << " was not undone";
  }
}

TEST(UnitKey, OfValueUnits) {
  Parts parts;
  const Parts as_it_was = parts;
  qs_value_unit u = parts.value();
  const auto undo = [&] {
    parts.steps = as_it_was.steps;
    parts.dates = as_it_was.dates;
    parts.payoffs = as_it_was.payoffs;
    std::memcpy(parts.shifts, as_it_was.shifts, sizeof parts.shifts);
    u = parts.value();
  };
  expect_all_differ([&] { return qs_value_unit_key(&u); },
                    {[&] { u.path.model.type = QS_MODEL_HESTON; },
                     [&] { u.path.model.value[QS_V0] = 0.1; },
                     [&] { u.path.model.value[QS_SIGMA_J] = 0.1; },
                     [&] { u.path.scheme = QS_SCHEME_EULER; },
                     [&] { u.path.key++; },
                     [&] { u.path.sampling = QS_SAMPLING_SOBOL; },
                     [&] { parts.steps[9].years += 1e-16; },
                     [&] { parts.steps[3].draw_block++; },
                     [&] { parts.steps[3].draw_word++; },
                     [&] { parts.steps[0].added = 1e-9; },
                     [&] { u.path.step_count--; },
                     [&] { parts.dates[1].main_steps--; },
                     [&] { parts.dates[1].side.years *= 2; },
                     [&] { parts.dates[2].side.draw_word = 1; },
                     [&] { u.path.date_count--; },
                     [&] { parts.payoffs[4].log_strike = 0; },
                     [&] { parts.payoffs[4].payoff = QS_PAYOFF_PUT; },
                     [&] { parts.payoffs[4].date = 0; },
                     [&] { u.payoff_count--; },
                     [&] { parts.shifts[1] = 0.1; },
                     [&] { u.shift_count--; },
                     [&] { u.greeks = true; },
                     [&] { u.precision = QS_PRECISION_DOUBLE; },
                     [&] { u.arithmetic = QS_ARITHMETIC_FAST; },
                     [&] { u.path_count += 64; },
                     [&] { u.batch_paths += 64; },
                     [&] { u.first_path = 64; }},
                    undo);
  const qs_digest key = qs_value_unit_key(&u);
  u.batch_begin = 1;
  u.batch_end = 5;
  u.path.model.value[QS_ETA1] = 3; // which a bates has not
  EXPECT_TRUE(qs_digest_equal(qs_value_unit_key(&u), key)) << "the same work, however cut";
  std::vector<qs_step> steps = parts.steps;
  u.path.steps = steps.data();
  EXPECT_TRUE(qs_digest_equal(qs_value_unit_key(&u), key)) << "wherever its arrays lie";
}

struct Formula {
  std::vector<qs_script_code> codes = {{QS_SCRIPT_ADD, 0, 1, 3, 0, 2, 0, 0}};
  std::vector<double> constants = {100};
  std::uint32_t rows[1] = {0};
  qs_script_range clears[1] = {{3, 1}};
  qs_script_program program() const {
    return {codes.data(), constants.data(), rows, clears, 1, 1, 1, 1, 2, 4, 3};
  }
};

TEST(UnitKey, OfPathUnits) {
  Parts parts;
  Formula formula;
  qs_script_program program = formula.program();
  double policy[6] = {1, 2, 3, 4, 5, 6}, known[2] = {0, 5}, added[3] = {1, 2, 3},
         table[8] = {1, 1, 1, 1, 2, 2, 2, 2};
  double low[2] = {-1, -2}, spacing[2] = {0.1, 0.2}, step_offset[10] = {0}, date_offset[3] = {0};
  std::uint32_t seen[2] = {0, 1}, step_table[10] = {0}, date_table[3] = {0};
  qs_path_leverage leverage = {2, 4, low, spacing, table, step_table, date_table, step_offset, date_offset};
  qs_path_unit u;
  std::vector<qs_path_payoff_plan> list;
  const auto undo = [&] {
    formula = Formula();
    program = formula.program();
    policy[5] = 6;
    known[1] = 5;
    seen[1] = 1;
    added[2] = 3;
    table[7] = 2;
    low[1] = -2;
    spacing[1] = 0.2;
    step_table[9] = date_table[2] = 0;
    step_offset[9] = date_offset[2] = 0;
    leverage = {2, 4, low, spacing, table, step_table, date_table, step_offset, date_offset};
    list = parts.path_payoffs;
    list[0].policy = policy;
    list[0].policy_width = 2;
    list[6].payoff = QS_PATH_SCRIPT;
    list[6].program = &program;
    list[6].observed = seen;
    list[6].known = known;
    u = parts.along();
    u.payoffs = list.data();
    u.added_weights = added;
    u.added_count = 1;
    u.leverage = &leverage;
  };
  double others[3] = {1, 1, 2};
  std::uint32_t other_dates[3] = {0, 2, 2};
  undo();
  expect_all_differ([&] { return qs_path_unit_key(&u); },
                    {[&] { u.path.key++; },
                     [&] { u.log_forwards = others; },
                     [&] { u.years = others; },
                     [&] { list[3].payoff = QS_PATH_LOOKBACK; },
                     [&] { list[3].sign = -1; },
                     [&] { list[3].dates = other_dates; },
                     [&] { list[0].weights = others; },
                     [&] { list[3].date_count--; },
                     [&] { list[3].level[5] = 1; },
                     [&] { policy[5] = 7; },
                     [&] { list[0].policy_width = 1; },
                     [&] { list[0].policy_step = 1; },
                     [&] { formula.codes[0].number = 1; },
                     [&] { formula.codes[0].op = QS_SCRIPT_SUBTRACT; },
                     [&] { formula.constants[0] = 101; },
                     [&] { formula.rows[0] = 1; },
                     [&] { formula.clears[0].slot = 2; },
                     [&] { program.result = 2; },
                     [&] { program.slot_count = 5; },
                     [&] { seen[1] = 0; },
                     [&] { known[1] = 6; },
                     [&] { u.payoff_count--; },
                     [&] { u.shift_count--; },
                     [&] { u.greeks = true; },
                     [&] { u.precision = QS_PRECISION_DOUBLE; },
                     [&] { u.arithmetic = QS_ARITHMETIC_FAST; },
                     [&] { u.path_count += 64; },
                     [&] { u.batch_paths += 64; },
                     [&] { u.first_path = 64; },
                     [&] { added[2] = 4; },
                     [&] { u.added_count = 0; },
                     [&] { u.leverage = nullptr; },
                     [&] { table[7] = 3; },
                     [&] { low[1] = 0; },
                     [&] { spacing[1] = 1; },
                     [&] { step_table[9] = 1; },
                     [&] { date_table[2] = 1; },
                     [&] { step_offset[9] = 1; },
                     [&] { date_offset[2] = 1; }},
                    undo);
  const qs_digest key = qs_path_unit_key(&u);
  u.batch_begin = 9;
  EXPECT_TRUE(qs_digest_equal(qs_path_unit_key(&u), key));
}

TEST(UnitKey, OfEarlyExercise) {
  Parts parts;
  qs_path_unit u;
  std::vector<qs_path_payoff_plan> list;
  std::uint64_t streams[2], wanted;
  std::size_t which;
  const auto undo = [&] {
    list = parts.path_payoffs;
    u = parts.along();
    u.payoffs = list.data();
    streams[0] = 3;
    streams[1] = 4;
    wanted = which = 1;
  };
  undo();
  expect_all_differ([&] { return qs_early_key(&u, &list[which], streams, 2, wanted); },
                    {[&] { u.path.key++; }, [&] { list[1].sign = -1; }, [&] { which = 2; },
                     [&] { streams[1]++; }, [&] { wanted = 3; }},
                    undo);
  const qs_digest key = qs_early_key(&u, &list[1], streams, 2, 1);
  list[5].sign = -1;
  u.payoff_count--;
  EXPECT_TRUE(qs_digest_equal(qs_early_key(&u, &list[1], streams, 2, 1), key))
      << "whatever else the unit values";
  EXPECT_FALSE(qs_digest_equal(qs_early_key(&u, &list[1], streams, 2, 1), qs_path_unit_key(&u)));
}

TEST(UnitKey, OfJointUnits) {
  Parts parts;
  Formula formula;
  qs_script_program program = formula.program();
  double forward[2] = {100, 101}, row[2] = {1, 0}, own[2] = {0.6, 0.8}, added[10] = {0}, known[2] = {0, 5};
  double weights[2] = {1, 1}, centre[8] = {0}, rate[8] = {0}, bump[4] = {1, 1, 1, 1}, coefficient[12] = {0};
  double years[2] = {0.5, 1}, shifts[2] = {0, 0.1};
  std::uint32_t dates[2] = {5, 10}, asset_of[2] = {0, 1}, date_of[2] = {0, 1}, parent[1] = {0},
                variable[1] = {0};
  std::uint64_t keys[2] = {5, 6};
  qs_policy policy;
  qs_joint_asset assets[2];
  qs_joint_payoff payoffs[2];
  qs_joint_unit u;
  double *const numbers[] = {forward + 1, own + 1,  added + 9, known + 1,        weights + 1, centre + 7,
                             rate + 7,    bump + 3, years + 1, coefficient + 11, shifts + 1};
  std::uint32_t *const indices[] = {dates, asset_of + 1, date_of + 1, parent, variable};
  std::vector<double> was_number;
  std::vector<std::uint32_t> was_index;
  for (const double *n : numbers) {
    was_number.push_back(*n);
  }
  for (const std::uint32_t *n : indices) {
    was_index.push_back(*n);
  }
  const auto undo = [&] {
    for (std::size_t i = 0; i < was_number.size(); i++) {
      *numbers[i] = was_number[i];
    }
    for (std::size_t i = 0; i < was_index.size(); i++) {
      *indices[i] = was_index[i];
    }
    keys[1] = 6;
    policy = {weights, centre, rate, bump, coefficient, parent, variable, 1, 1};
    for (qs_joint_asset &a : assets) {
      a = {};
      a.path = parts.path;
      a.forward = forward;
      a.loadings = a.duals = row;
      a.added_weights = added;
      a.added_count = 1;
    }
    assets[1].loadings = own;
    payoffs[0] = {&program, asset_of, date_of, known, 2, false, nullptr};
    payoffs[1] = {&program, asset_of, nullptr, nullptr, 2, false, &policy};
    u = {};
    u.assets = assets;
    u.asset_count = 2;
    u.keys = keys;
    u.dates = dates;
    u.years = years;
    u.date_count = 2;
    u.payoffs = payoffs;
    u.payoff_count = 2;
    u.shifts = shifts;
    u.shift_count = 1;
    u.path_count = 640;
    u.batch_paths = 64;
    u.batch_end = 10;
  };
  undo();
  std::vector<Change> changes = {
      [&] { keys[1]++; },
      [&] { assets[1].path.key++; },
      [&] { assets[1].path.common = 0.5; },
      [&] { assets[1].duals = own; },
      [&] { assets[1].variance = own; },
      [&] { assets[1].variance_duals = own; },
      [&] { assets[1].cross = own; },
      [&] { assets[1].common_sizes = own; },
      [&] { assets[1].common_key = 1; },
      [&] { assets[1].added_count = 0; },
      [&] { payoffs[0].jumps = true; },
      [&] { payoffs[0].date_count = 1; },
      [&] { payoffs[1].policy = nullptr, payoffs[1].observed_date = date_of, payoffs[1].known = known; },
      [&] { u.greeks = true; },
      [&] { u.first_path = 64; },
      [&] { u.date_count = 1; },
      [&] { u.payoff_count = 1; },
      [&] { u.precision = QS_PRECISION_DOUBLE; }};
  for (double *n : numbers) {
    changes.push_back([n] { *n += 0.25; });
  }
  for (std::uint32_t *n : indices) {
    changes.push_back([n] { *n += 1; });
  }
  expect_all_differ([&] { return qs_joint_unit_key(&u); }, changes, undo);
}

} // namespace
