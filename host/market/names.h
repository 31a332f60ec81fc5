/* Names of listed instruments as the venue writes them: BTC-7AUG26-62000-C, BTC-25SEP26, BTC-PERPETUAL,
 * BTC-INDEX. */
#ifndef QS_HOST_MARKET_NAMES_H
#define QS_HOST_MARKET_NAMES_H

#include <stdbool.h>

#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_listed_kind {
  QS_LISTED_INDEX,
  QS_LISTED_PERPETUAL,
  QS_LISTED_FUTURE,
  QS_LISTED_OPTION,
  QS_LISTED_SPOT /* NAME-SPOT, which no venue lists: of qs_hedge_name_parse alone */
} qs_listed_kind;

enum { QS_UNDERLYING_TEXT = 32 };

typedef struct qs_listed_name {
  char underlying[QS_UNDERLYING_TEXT];
  qs_listed_kind kind;
  qs_time expiry; /* 08:00 UTC; 0 for index and perpetual */
  double strike;
  qs_call_put call_put;
} qs_listed_name;

/* False when the text is no such name; the day has one or two digits, the strike may have a fraction ("0d5"
 * or "0.5"). */
bool qs_listed_name_parse(const char *text, qs_listed_name *name);

/* What may be the first to hedge over time: an underlying's name and -SPOT, or a listed future or perpetual.
 * False, and *flaw says why (a static text), for anything else. */
bool qs_hedge_name_parse(const char *text, qs_listed_name *name, const char **flaw);

#ifdef __cplusplus
}
#endif
#endif
