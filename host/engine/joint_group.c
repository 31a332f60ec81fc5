#include "host/engine/joint_group.h"

#include <stdlib.h>
#include <string.h>

size_t qs_joint_terms_known(const qs_joint_terms *terms, qs_time origin) {
  size_t known = 0;
  while (known < terms->count && terms->dates[known] <= origin) {
    known++;
  }
  return known;
}

static int compare_numbers(qs_time a, qs_time b) {
  return (a > b) - (a < b);
}

/* By what has to be the same for sharing. */
static int compare_paths(const qs_joint_member *x, const qs_joint_member *y) {
  const qs_joint_terms *a = x->terms, *b = y->terms;
  const size_t left = a->count - x->known;
  int order = compare_numbers(x->origin, y->origin);
  order = order ? order : (a->asset_count > b->asset_count) - (a->asset_count < b->asset_count);
  for (size_t k = 0; !order && k < a->asset_count; k++) {
    order = (a->underlyings[k] > b->underlyings[k]) - (a->underlyings[k] < b->underlyings[k]);
  }
  order = order ? order : (left > b->count - y->known) - (left < b->count - y->known);
  for (size_t d = 0; !order && d < left; d++) {
    order = compare_numbers(a->dates[x->known + d], b->dates[y->known + d]);
  }
  return order;
}

/* What is exercised early has a policy, and paths, of its own. */
static bool share(const qs_joint_member *x, const qs_joint_member *y) {
  return !x->terms->early && !y->terms->early && !compare_paths(x, y);
}

static int compare_members(const void *a, const void *b) {
  const qs_joint_member *x = a, *y = b;
  const int order = compare_paths(x, y);
  return order ? order : (x->index > y->index) - (x->index < y->index);
}

void qs_joint_members_sort(qs_joint_member *members, size_t count) {
  for (size_t i = 0; i < count; i++) {
    members[i].known = qs_joint_terms_known(members[i].terms, members[i].origin);
  }
  qsort(members, count, sizeof *members, compare_members);
}

size_t qs_joint_group_end(const qs_joint_member *members, size_t count, size_t begin, size_t most) {
  size_t end = begin + 1;
  while (end < count && end - begin < most && share(&members[begin], &members[end])) {
    end++;
  }
  return end;
}
