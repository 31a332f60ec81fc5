/* SHA-256 (FIPS 180-4), for the hashes of inputs in the manifest. */
#ifndef QS_HOST_IO_SHA256_H
#define QS_HOST_IO_SHA256_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_SHA256_TEXT = 65 };

/* The hash of `size` bytes in lower-case hexadecimal, zero-terminated, into text[QS_SHA256_TEXT]. */
void qs_sha256(const void *bytes, size_t size, char *text);

#ifdef __cplusplus
}
#endif
#endif
