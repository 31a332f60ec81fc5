/* How what is told to run says no. */
#ifndef QS_KERNELS_REFUSE_H
#define QS_KERNELS_REFUSE_H

#include <stdarg.h>
#include <stdio.h>

#include "kernels/backend.h"

/* Writes the reason to message[QS_DEVICE_TEXT] and returns the status. */
static qs_status refuse(char *message, qs_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static qs_status refuse(char *message, qs_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, QS_DEVICE_TEXT, format, arguments);
  va_end(arguments);
  return status;
}

#endif
