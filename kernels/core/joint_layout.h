// Where a joint unit's numbers lie in a thread's or a lane block's memory, by rows, and how many of a kind
// each underlying has: the same for every backend. kernels/joint_table.h fills it in. Freestanding; C17,
// C++17 and CUDA C++.
#ifndef QS_CORE_JOINT_LAYOUT_H
#define QS_CORE_JOINT_LAYOUT_H

#include "kernels/core/compiler.h"
#include "kernels/core/policy.h"
#include "kernels/core/script.h"

#ifdef __cplusplus
extern "C" {
#endif

// What is kept of an underlying at a date; n the number of its parameters and moves.
enum {
  QS_JOINT_X,     // ln S / F
  QS_JOINT_STATE, // the variance of the date, where it is random
  QS_JOINT_V,     // conditional variance of it but for jumps
  QS_JOINT_DUAL,  // Z
  QS_JOINT_SCORE, // of the jumps, as QS_NOISE_SCORE and _DOWN
  QS_JOINT_DOWN,
  QS_JOINT_FIXED,    // n derivatives of M - V / 2 to the parameters and the moves of the normals, n of Y with
                     // the normals held, n of V
  QS_JOINT_PRICE = 2 // fields without tangents
};

// Of one underlying. Rows from `roots` on are there with greeks alone.
typedef struct qs_joint_part {
  uint32_t parameters, quantity; // of its model; where its quantities begin
  uint32_t kicks, means, added;  // moves of its variance's normals, of its price's, of its added variance
  uint32_t rows;                 // parameters and moves
  uint32_t kept, kept_fields;    // [date][field]: QS_JOINT_*
  uint32_t roots;                // [step]: of its own variance
  uint32_t scores, inverses;     // [date]: of a move since the date before, and 1 over its own variance
  // Of a formula.
  uint32_t delta, carry, first; // derivatives to its logs and to its growth, score of a move of all its logs
  uint32_t by_date;             // [date]: derivative to its logs from the date on
  uint32_t parameter;           // [rows]: derivatives to its parameters and its moves
  int sized, common;            // whether its price jumps' sizes have normals; has it common jumps
} qs_joint_part;

typedef struct qs_joint_layout {
  qs_joint_part parts[QS_POLICY_ASSETS];
  uint32_t assets, dates, steps;      // steps up to the last date
  uint32_t quantities;                // of a formula
  uint32_t pair, own, variance, mean; // where those of pairs begin, and those of the correlations
  uint32_t cross;                     // [pair][date]: sum of the roots' products since the date before
  uint32_t slots, policy;             // of a program; of early exercise
  uint32_t row, other;                // room
  uint32_t result;                    // [quantity]
  uint32_t rows;                      // of all
  int greeks, crossed;
} qs_joint_layout;

// What a formula makes of the prices; arrays are borrowed, as in qs_joint_payoff.
typedef struct qs_joint_formula {
  const qs_script_program *program;
  const uint32_t *asset, *date; // [observation]
  const double *known;
  const qs_policy *policy; // null: not exercised early
  uint32_t date_count;
  int jumps; // its Greeks are likelihood ratios
} qs_joint_formula;

// Rows that early exercise works in: features, variables, moved logs, and three more.
QS_CORE uint32_t qs_joint_policy_rows(const qs_policy *policy, uint32_t assets) {
  return qs_policy_features(policy, assets) + 3 * assets + 3;
}

// The place of the pair a <= b in the order (0, 0), (0, 1), .. (1, 1), ...
QS_CORE uint32_t qs_joint_pair(uint32_t assets, uint32_t a, uint32_t b) {
  return a * assets - a * (a + 1) / 2 + b;
}

#ifdef __cplusplus
}
#endif
#endif
