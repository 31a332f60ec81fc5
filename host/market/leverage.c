#include "host/market/leverage.h"

#include "host/market/time.h"

enum { QUARTER = QS_SECONDS_PER_DAY / 4 };

qs_time qs_leverage_calendar(qs_time as_of, qs_time from) {
  qs_time days = (from - as_of) / QS_SECONDS_PER_DAY;
  qs_time length = (days < 14 ? 1 : days < 60 ? 2 : 4) * QUARTER, since = from - QS_EXPIRY_SECOND;
  qs_time index = since / length - (since % length < 0);
  return (index + 1) * length + QS_EXPIRY_SECOND;
}

qs_time qs_leverage_next(const qs_leverage *leverage, qs_time from, size_t *step) {
  size_t low = 0, high = leverage->count;
  while (low < high) { /* the first step that ends after `from` */
    size_t middle = low + (high - low) / 2;
    if (leverage->steps[middle].end > from) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  bool inside = low < leverage->count;
  *step = inside ? low : leverage->count - 1;
  return inside ? leverage->steps[low].end : qs_leverage_calendar(leverage->as_of, from);
}
