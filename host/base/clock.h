/* The one clock of the engine. */
#ifndef QS_HOST_BASE_CLOCK_H
#define QS_HOST_BASE_CLOCK_H

#ifdef __cplusplus
extern "C" {
#endif

/* Seconds since some moment, which never run back. */
double qs_seconds_now(void);

#ifdef __cplusplus
}
#endif
#endif
