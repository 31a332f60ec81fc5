/* Lists of a trade's numbers by name. */
#ifndef QS_HOST_BASE_GREEK_H
#define QS_HOST_BASE_GREEK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_NUMBERS_TEXT = 320 }; /* room for all of them */

/* The names of a mask of numbers (as `untrusted` in quickset/results.h), the price before the Greeks, with
 * the separator between them; "" for none. */
void qs_numbers_list(uint32_t numbers, const char *separator, char text[QS_NUMBERS_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
