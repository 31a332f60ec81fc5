#include "quickset/status.h"

const char *qs_status_name(qs_status status) {
  switch (status) {
  case QS_OK:
    return "ok";
  case QS_ERROR_USAGE:
    return "usage";
  case QS_ERROR_INPUT:
    return "bad input";
  case QS_ERROR_UNTRUSTED:
    return "not trusted";
  case QS_ERROR_MEMORY:
    return "out of memory";
  case QS_ERROR_DEVICE:
    return "device";
  case QS_ERROR_IO:
    return "input or output";
  case QS_ERROR_LIMIT:
    return "limit breached";
  case QS_ERROR_CANCELLED:
    return "cancelled";
  case QS_ERROR_INTERNAL:
    return "internal";
  }
  return "unknown";
}

int qs_status_exit_code(qs_status status) {
  switch (status) {
  case QS_OK:
    return 0;
  case QS_ERROR_USAGE:
    return 2;
  case QS_ERROR_INPUT:
    return 3;
  case QS_ERROR_UNTRUSTED:
    return 4;
  case QS_ERROR_LIMIT:
    return 6;
  case QS_ERROR_CANCELLED:
    return 130;
  case QS_ERROR_MEMORY:
  case QS_ERROR_DEVICE:
  case QS_ERROR_IO:
  case QS_ERROR_INTERNAL:
    return 5;
  }
  return 5;
}
