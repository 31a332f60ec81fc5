/* Direction vectors of Sobol points. */
#ifndef QS_KERNELS_SOBOL_H
#define QS_KERNELS_SOBOL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_SOBOL_DIMENSIONS = 4097 };

/* Fills directions[count][32], bit-reversed as kernels/core/sobol.h takes them, for the first `count` <=
 * QS_SOBOL_DIMENSIONS dimensions, from the numbers of Joe and Kuo (2008), sobol_numbers.csv. */
void qs_sobol_directions(uint32_t count, uint32_t *directions);

#ifdef __cplusplus
}
#endif
#endif
