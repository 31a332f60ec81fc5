/*
 * One set of kernels: the core compiled for one instruction set and one precision. kernels.inc is their one
 * source, <target>_<precision>.c compile it.
 */
#ifndef QS_KERNELS_CPU_KERNELS_H
#define QS_KERNELS_CPU_KERNELS_H

#include "kernels/table.h"

/* A unit made ready to run: the plan's table in the kernels' precision. */
typedef struct qs_cpu_law qs_cpu_law;
typedef struct qs_cpu_path qs_cpu_path; /* a path unit's, beside its law */
typedef struct qs_cpu_joint qs_cpu_joint;

typedef struct qs_cpu_kernels {
  /* Null when memory is out. The table must outlive it. `path`: for a path unit, whose noise it draws too. */
  qs_cpu_law *(*law_create)(const qs_table *table, const qs_path_plan *plan, bool path);
  void (*law_destroy)(qs_cpu_law *law);

  /* Bytes of scratch memory, 64-byte aligned, that each thread brings along. */
  size_t (*value_scratch)(const qs_cpu_law *law, const qs_value_unit *unit);
  /* One batch; moments as in qs_value_unit, from this batch's first. Stops early, result unspecified, once
   * *cancel is non-zero (cancel may be null). */
  void (*value)(const qs_cpu_law *law, const qs_value_unit *unit, uint32_t batch, void *scratch,
                const volatile int *cancel, qs_moment *moments);

  size_t (*horizon_scratch)(const qs_horizon_unit *unit);
  uint32_t lanes; /* paths of a horizon block */
  /* `lanes` paths from path_begin on, or fewer at the end of the unit; x and v as in qs_horizon_unit. */
  void (*horizon)(const qs_cpu_law *law, const qs_horizon_unit *unit, uint64_t path_begin, void *scratch,
                  double *x, double *v);

  /* Null when memory is out. The law, the table and the unit must outlive it. */
  qs_cpu_path *(*path_create)(const qs_cpu_law *law, const qs_table *table, const qs_path_unit *unit);
  void (*path_destroy)(qs_cpu_path *path);
  size_t (*path_scratch)(const qs_cpu_path *path, const qs_path_unit *unit);
  /* One batch, as value. */
  void (*path)(const qs_cpu_path *path, const qs_path_unit *unit, uint32_t batch, void *scratch,
               const volatile int *cancel, qs_moment *moments);

  /* Likewise for a joint unit; laws and tables, [asset_count], as qs_table_number leaves them. */
  qs_cpu_joint *(*joint_create)(const qs_joint_unit *unit, qs_cpu_law *const *laws, const qs_table *tables);
  void (*joint_destroy)(qs_cpu_joint *joint);
  size_t (*joint_scratch)(const qs_cpu_joint *joint);
  void (*joint)(const qs_cpu_joint *joint, uint32_t batch, void *scratch, const volatile int *cancel,
                qs_moment *moments);
} qs_cpu_kernels;

extern const qs_cpu_kernels qs_cpu_v4_mixed, qs_cpu_v4_double;
extern const qs_cpu_kernels qs_cpu_v3_mixed, qs_cpu_v3_double;
extern const qs_cpu_kernels qs_cpu_portable_mixed, qs_cpu_portable_double;

/* Hedging over time, of one instruction set. */
typedef struct qs_cpu_rebalance {
  size_t (*scratch)(const qs_rebalance_unit *unit); /* bytes, 64-byte aligned, that each thread brings */
  /* The QS_LEAF_PATHS paths from `path` on; rows as in qs_rebalance_unit. */
  void (*run)(const qs_rebalance_unit *unit, uint64_t path, void *scratch, double *rows);
} qs_cpu_rebalance;

extern const qs_cpu_rebalance qs_cpu_rebalance_v4, qs_cpu_rebalance_v3, qs_cpu_rebalance_portable;

/* The regression of early exercise, of one instruction set. */
typedef struct qs_cpu_regression {
  size_t (*scratch)(const qs_regression_unit *unit); /* bytes, 64-byte aligned, that each thread brings */
  /* The paths [first, first + count), which are one chunk, or part of one where there are no sums; what they
   * yield to `result`. */
  void (*run)(const qs_regression_unit *unit, uint64_t first, uint64_t count, void *scratch, double *result);
} qs_cpu_regression;

extern const qs_cpu_regression qs_cpu_regression_v4, qs_cpu_regression_v3, qs_cpu_regression_portable;

#endif
