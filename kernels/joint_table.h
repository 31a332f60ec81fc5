/*
 * From a joint unit to where its numbers lie and the weights of its streams, whatever the backend.
 */
#ifndef QS_KERNELS_JOINT_TABLE_H
#define QS_KERNELS_JOINT_TABLE_H

#include "kernels/core/joint_layout.h"
#include "kernels/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The members of qs_stream_weights (kernels/core/joint.inc). */
enum { QS_STREAM_WEIGHTS = 5, QS_JOINT_PAIRS = QS_MAX_JOINT * QS_MAX_JOINT };

/* Matrices of n underlyings, rows after each other. */
typedef struct qs_joint_weights {
  double streams[QS_JOINT_PAIRS * QS_STREAM_WEIGHTS]; /* [n][n][QS_STREAM_WEIGHTS] */
  double sizes[QS_JOINT_PAIRS];                       /* of common jumps; 0 without */
  double products[QS_JOINT_PAIRS];                    /* of the rows of duals */
} qs_joint_weights;

/* tables: of the underlyings' paths, [asset_count]. */
void qs_joint_layout_make(const qs_joint_unit *unit, const qs_table *tables, qs_joint_layout *layout);
void qs_joint_weights_make(const qs_joint_unit *unit, qs_joint_weights *weights);

/* Whether anything moves with the streams' normals of variances. */
bool qs_joint_variances(const qs_joint_unit *unit, const qs_table *tables);

static inline qs_joint_formula qs_joint_formula_of(const qs_joint_payoff *p) {
  const qs_joint_formula formula = {p->program, p->observed_asset, p->observed_date, p->known,
                                    p->policy,  p->date_count,     p->jumps};
  return formula;
}

#ifdef __cplusplus
}
#endif
#endif
