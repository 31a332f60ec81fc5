#!/usr/bin/env python3
"""Make kernels/sobol_numbers.csv: primitive polynomials and initial direction numbers of Joe and Kuo.

S. Joe, F. Y. Kuo (2008), Constructing Sobol sequences with better two-dimensional projections, SIAM J. Sci. Comput.
30, 2635-2654: the numbers known as new-joe-kuo-6. They are read back from the direction vectors of cuRAND's host
library (CURAND_DIRECTION_VECTORS_32_JOEKUO6): dimension by dimension the polynomial is the next primitive one over
GF(2), by degree and then by value, whose recurrence reproduces all 32 vectors.

usage: joe_kuo.py DIMENSIONS > kernels/sobol_numbers.csv
Row d - 1 is dimension d (0 needs none): the polynomial's inner coefficients a, then m_1 .. m_s, s its degree.
"""
import ctypes
import sys

BITS = 32
JOE_KUO = 101  # CURAND_DIRECTION_VECTORS_32_JOEKUO6


def curand_vectors(count):
    library = ctypes.CDLL("libcurand.so.10")
    vectors = ctypes.POINTER(ctypes.c_uint32 * BITS)()
    if library.curandGetDirectionVectors32(ctypes.byref(vectors), JOE_KUO) != 0:
        sys.exit("joe_kuo: cuRAND gave no direction vectors")
    return [list(vectors[d]) for d in range(count)]


def prime_factors(n):
    factors, p = [], 2
    while p * p <= n:
        if n % p == 0:
            factors.append(p)
            while n % p == 0:
                n //= p
        p += 1
    return factors + ([n] if n > 1 else [])


def power_of_x(exponent, polynomial, degree):
    """x ** exponent modulo the polynomial, over GF(2), as bits"""

    def times(a, b):
        product = 0
        while b:
            if b & 1:
                product ^= a
            b >>= 1
            a <<= 1
            if a >> degree & 1:
                a ^= polynomial
        return product

    result, base = 1, 2 if degree > 1 else 2 ^ polynomial
    while exponent:
        if exponent & 1:
            result = times(result, base)
        base = times(base, base)
        exponent >>= 1
    return result


def primitive_polynomials():
    degree = 1
    while True:
        order = 2**degree - 1
        factors = prime_factors(order)
        for inner in range(2 ** (degree - 1)):
            polynomial = 1 << degree | inner << 1 | 1
            if power_of_x(order, polynomial, degree) == 1 and all(
                power_of_x(order // f, polynomial, degree) != 1 for f in factors
            ):
                yield degree, inner
        degree += 1


def vectors_of(degree, inner, initial):
    v = [m << (BITS - 1 - j) for j, m in enumerate(initial)]
    for j in range(degree, BITS):
        x = v[j - degree] ^ v[j - degree] >> degree
        for k in range(1, degree):
            if inner >> (degree - 1 - k) & 1:
                x ^= v[j - k]
        v.append(x)
    return v


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    wanted = curand_vectors(int(sys.argv[1]))
    for dimension, (degree, inner) in zip(range(1, len(wanted)), primitive_polynomials()):
        initial = [wanted[dimension][j] >> (BITS - 1 - j) for j in range(degree)]
        if vectors_of(degree, inner, initial) != wanted[dimension]:
            sys.exit(f"joe_kuo: dimension {dimension} does not follow from degree {degree}, a = {inner}")
        print(",".join(str(n) for n in [inner, *initial]) + ",")


main()
