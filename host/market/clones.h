/*
 * QS_CLONES before a function makes one version of it per instruction set, chosen when the program starts.
 * The bits do not depend on the choice: no contraction to fma, and no reordering, happens anywhere in the
 * project. QS_FMA_CLONES is for what calls the kernels' core, whose functions ask for fma: without the
 * instruction it is a call.
 */
#ifndef QS_HOST_MARKET_CLONES_H
#define QS_HOST_MARKET_CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define QS_CLONES     __attribute__((target_clones("avx512f", "avx2", "default")))
#define QS_FMA_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define QS_CLONES
#define QS_FMA_CLONES
#endif

#endif
