/*
 * Which formulas over several underlyings share paths: those on the same underlyings in the same order, with
 * the same dates left, but for what is exercised early. A formula's number is the same, to the bit, whether
 * it shares its unit with others or not.
 */
#ifndef QS_HOST_ENGINE_JOINT_GROUP_H
#define QS_HOST_ENGINE_JOINT_GROUP_H

#include "host/base/arena.h"
#include "host/book/book.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many of the formula's dates are known at a moment. */
size_t qs_joint_terms_known(const qs_joint_terms *terms, qs_time origin);

/* A formula at a moment; of a list, in the order of groups. */
typedef struct qs_joint_member {
  const qs_joint_terms *terms;
  qs_time origin;
  size_t index; /* the caller's own */
  size_t known;
} qs_joint_member;

/* Sorts members[count], whose terms, origin and index are given, so that those that share paths are
 * neighbours and their order depends on themselves alone; fills `known`. */
void qs_joint_members_sort(qs_joint_member *members, size_t count);

/* The end of the group that begins at `begin`; at most `most` members. Nothing is left of the members of a
 * group that is settled, all of whose dates are known. */
size_t qs_joint_group_end(const qs_joint_member *members, size_t count, size_t begin, size_t most);

#ifdef __cplusplus
}
#endif
#endif
