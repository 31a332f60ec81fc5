#include <string.h>

#include "host/market/names.h"
#include "host/simulate/problem.h"

bool qs_hedge_instrument_parse(const char *text, char *underlying, qs_hedge_instrument *instrument,
                               const char **flaw) {
  static const char spot[] = "-SPOT";
  size_t length = strlen(text), tail = sizeof spot - 1;
  if (length > tail && length - tail < QS_UNDERLYING_TEXT && strcmp(text + length - tail, spot) == 0) {
    memcpy(underlying, text, length - tail);
    underlying[length - tail] = '\0';
    *instrument = (qs_hedge_instrument){.name = text, .kind = QS_HEDGE_SPOT};
    return true;
  }
  qs_listed_name name;
  if (!qs_listed_name_parse(text, &name)) {
    *flaw = "unknown instrument; must be NAME-SPOT, or a listed future or perpetual such as BTC-25SEP26 or "
            "BTC-PERPETUAL";
    return false;
  }
  if (name.kind == QS_LISTED_INDEX || name.kind == QS_LISTED_OPTION) {
    *flaw = "must be a spot, a future or a perpetual";
    return false;
  }
  memcpy(underlying, name.underlying, sizeof name.underlying);
  *instrument =
      (qs_hedge_instrument){.name = text,
                            .kind = name.kind == QS_LISTED_FUTURE ? QS_HEDGE_FUTURE : QS_HEDGE_PERPETUAL,
                            .coin = true,
                            .expiry = name.expiry};
  return true;
}
