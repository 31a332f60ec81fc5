/*
 * quickset: status codes.
 *
 * Every function of the library that can fail returns a qs_status. Values are part of the ABI: a code never
 * changes its number, and the program's exit status follows from it (qs_status_exit_code).
 */
#ifndef QUICKSET_STATUS_H
#define QUICKSET_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define QS_API __attribute__((visibility("default")))
#else
#define QS_API
#endif

typedef enum qs_status {
  QS_OK = 0,
  QS_ERROR_USAGE = 10,     /* a call or a command line that makes no sense */
  QS_ERROR_INPUT = 20,     /* bad input: the message names file or field, value and what is allowed */
  QS_ERROR_UNTRUSTED = 30, /* a fit or a solver did not converge; results that exist are still valid */
  QS_ERROR_MEMORY = 40,    /* an allocation failed */
  QS_ERROR_DEVICE = 41,    /* no such device, or it failed */
  QS_ERROR_IO = 42,        /* the file system refused: disk full, permission */
  QS_ERROR_LIMIT = 50,     /* a stated limit is breached */
  QS_ERROR_CANCELLED = 60, /* cancelled by the caller; nothing was written but a journal */
  QS_ERROR_INTERNAL = 70   /* a defect of the library; please report it */
} qs_status;

/* A short English name of the status, a static string, never null. */
QS_API const char *qs_status_name(qs_status status);

/* The exit status of the program for it: 0 done, 2 usage, 3 bad input, 4 not trusted, 5 device, memory or
 * disk, 6 a limit breached, 130 interrupted. */
QS_API int qs_status_exit_code(qs_status status);

#ifdef __cplusplus
}
#endif
#endif
