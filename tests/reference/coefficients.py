#!/usr/bin/env python3
"""Minimax coefficients of kernels/core: how every constant there was found.

Each approximation minimises the largest weighted error on an interval by the exchange of Remez (1934), for
polynomials and for rational functions (Maehly 1963), in 60 digits. Coefficients are then rounded to the working
precision: in single precision and where the interval starts at 0, one after the other from the constant term up,
those not yet rounded being fitted again, so that the rounding of the leading ones is made good by the rest; else all
at once (on an interval symmetric about 0 the remaining powers are no Haar system).

  coefficients.py            print all approximations with their errors
  coefficients.py --check    also fail unless every constant stands in kernels/core as printed
Needs mpmath; takes about two minutes.
"""
import pathlib
import re
import struct
import sys

from mpmath import cos, erfc, exp, log, log1p, lu_solve, matrix, mp, mpf, pi, sin, sqrt

mp.dps = 60
TINY = mpf(10) ** -25


def rounded(value, single):
    """value in single or double precision, as an exact mpf"""
    number = float(value)
    return mpf(struct.unpack("f", struct.pack("f", number))[0] if single else number)


def literal(value, single):
    text = float(value).hex()
    text = re.sub(r"0+p", "p", text).replace(".p", ".0p")
    return text + ("f" if single else "")


def chebyshev(low, high, count):
    """count Chebyshev points of an interval, increasing"""
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(1) / 2) / count) for i in range(count)]


def extrema(errors, count):
    """indices of count alternating extrema, or None"""
    found = []
    for i, e in enumerate(errors):
        if found and (e > 0) == (errors[found[-1]] > 0):
            if abs(e) > abs(errors[found[-1]]):
                found[-1] = i
        else:
            found.append(i)
    while len(found) > count:
        found.pop(0 if abs(errors[found[0]]) < abs(errors[found[-1]]) else -1)
    return found if len(found) == count else None


def polynomial(f, weight, grid, powers):
    """coefficients of x^powers and the largest weighted error on the grid"""
    n = len(powers)
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    nodes = [int(len(grid) * (i + 0.5) / (n + 1)) for i in range(n + 1)]
    best = None
    for _ in range(30):
        a, b = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for row, i in enumerate(nodes):
            for column, power in enumerate(powers):
                a[row, column] = weights[i] * grid[i] ** power
            a[row, n] = (-1) ** row
            b[row] = weights[i] * values[i]
        solution = lu_solve(a, b)
        c = [solution[j] for j in range(n)]
        errors = [w * (y - sum(k * x**p for k, p in zip(c, powers))) for x, y, w in zip(grid, values, weights)]
        worst = max(abs(e) for e in errors)
        if best is None or worst < best[1]:
            best = (c, worst)
        nodes = extrema(errors, n + 1)
        if nodes is None or worst < abs(solution[n]) * mpf("1.005"):
            break
    return best


def rational(f, weight, grid, m, n):
    """numerator, denominator (constant term 1) and the largest weighted error on the grid"""
    size = m + n + 2
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    nodes = [int(len(grid) * (i + 0.5) / size) for i in range(size)]
    level, q, best = mpf(0), [mpf(1)] + [mpf(0)] * n, None
    for _ in range(30):
        for _ in range(60):  # Newton on p - (f -+ level / weight) q = 0 in the coefficients and the level
            a, b = matrix(size, size), matrix(size, 1)
            for row, i in enumerate(nodes):
                x, sign = grid[i], (-1) ** row / weights[i]
                shifted = values[i] - sign * level
                for j in range(m + 1):
                    a[row, j] = x**j
                for j in range(1, n + 1):
                    a[row, m + j] = -shifted * x**j
                a[row, size - 1] = sign * sum(c * x**j for j, c in enumerate(q))
                b[row] = shifted
            solution = lu_solve(a, b)
            q = [mpf(1)] + [solution[m + j] for j in range(1, n + 1)]
            step = solution[size - 1]
            level += step
            if abs(step) < abs(level) * mpf(10) ** -8:
                break
        p = [solution[j] for j in range(m + 1)]
        errors = [
            w * (y - sum(c * x**j for j, c in enumerate(p)) / sum(c * x**j for j, c in enumerate(q)))
            for x, y, w in zip(grid, values, weights)
        ]
        worst = max(abs(e) for e in errors)
        if best is None or worst < best[2]:
            best = (p, q, worst)
        nodes = extrema(errors, size)
        if nodes is None or worst < abs(level) * mpf("1.005"):
            break
    return best


def rounded_polynomial(f, weight, grid, powers, single):
    """the polynomial with coefficients in the working precision, rounded one by one"""
    c, _ = polynomial(f, weight, grid, powers)
    fixed = [rounded(value, single) for value in c] if grid[0] < 0 or not single else []
    for k in range(len(fixed), len(powers)):
        def rest(x):
            return f(x) - sum(c * x**p for c, p in zip(fixed, powers))

        c, _ = polynomial(rest, weight, grid, powers[k:])
        fixed.append(rounded(c[0], single))
    worst = max(abs(weight(x) * (f(x) - sum(c * x**p for c, p in zip(fixed, powers)))) for x in grid)
    return fixed, worst


def rounded_rational(f, weight, grid, m, n, single):
    """the denominator rounded as it is, the numerator fitted to it"""
    _, q, _ = rational(f, weight, grid, m, n)
    q = [rounded(c, single) for c in q]

    def denominator(x):
        return sum(c * x**j for j, c in enumerate(q))

    p, worst = rounded_polynomial(
        lambda x: f(x) * denominator(x), lambda x: weight(x) / denominator(x), grid, list(range(m + 1)), single
    )
    return p, q, worst


def remembered(f):
    known = {}
    return lambda x: known[x] if x in known else known.setdefault(x, f(x))


# ---- the functions ----


def exp_tail(r):  # exp(r) = 1 + r + r^2 exp_tail(r)
    return (exp(r) - 1 - r) / (r * r) if abs(r) > TINY else mpf(1) / 2 + r / 6


def log_tail(f):  # log(1 + f) = f + f^2 log_tail(f)
    return (log1p(f) - f) / (f * f) if abs(f) > TINY else -mpf(1) / 2 + f / 3


def atanh_tail(z):  # log((1 + s) / (1 - s)) = 2 s + s z atanh_tail(z), z = s^2
    s = sqrt(z)
    return (log((1 + s) / (1 - s)) / s - 2) / z if z > TINY else mpf(2) / 3 + 2 * z / 5


def sine(z):  # sin(2 pi r) = r sine(z), z = r^2
    return sin(2 * pi * sqrt(z)) / sqrt(z) if z > TINY**2 else 2 * pi


def cosine(z):  # cos(2 pi r) = 1 + z cosine(z), z = r^2
    return (cos(2 * pi * sqrt(z)) - 1) / z if z > TINY else -2 * pi**2 + z * (2 * pi) ** 4 / 24


def mills(a):  # Phi(-a) exp(a^2 / 2)
    return erfc(a / sqrt(mpf(2))) * exp(a * a / 2) / 2


def quantile(q):  # z >= 0 with Phi(-z) = q, by Halley's steps
    size = sqrt(-2 * log(q))
    z = max(size - (mpf("2.30753") + mpf("0.27061") * size) / (1 + mpf("0.99229") * size), mpf(0))
    for _ in range(8):
        step = (erfc(z / sqrt(mpf(2))) / 2 - q) * sqrt(2 * pi) * exp(z * z / 2)
        z += step / (1 + z * step / 2)
    return z


def quantile_ratio(w):  # z / (1 - 2q) where w = -log(4 q (1 - q))
    if w < TINY:
        return sqrt(pi / 2)
    e = exp(-w)
    root = sqrt(1 - e)
    return quantile(e / 2 / (1 + root)) / root


def mills_rest(a):  # exp(-a^2/2) / Phi(-a) = sqrt(2 pi) a + mills_rest(a)
    return 1 / mills(a) - sqrt(2 * pi) * a


def quantile_line(single):  # c and k of the tangent c + k w of quantile_ratio at 0, as rounded
    return rounded(sqrt(pi / 2), single), rounded(sqrt(pi / 2) * pi / 12, single)


def quantile_rest(single):  # quantile_ratio(w) = c + k w + w^2 rest(w)
    c, k = quantile_line(single)
    return lambda w: (quantile_ratio(w) - c - k * w) / (w * w)


def moebius(high, middle, count):
    """points from 0 to high, Chebyshev in (x - middle) / (x + middle)"""
    return [middle * (1 + t) / (1 - t) for t in chebyshev(mpf(-1), (high - middle) / (high + middle), count)]


def approximations():
    """yields (name, single, coefficients, error)"""
    half = log(mpf(2)) / 2 * mpf("1.0001")
    for single, degree in ((True, 4), (False, 9)):
        grid = chebyshev(-half, half, 400)
        c, e = rounded_polynomial(exp_tail, lambda r: r * r / exp(r), grid, list(range(degree + 1)), single)
        yield "exp tail, |r| <= log(2)/2", single, c, e
    third = mpf(1) / 3
    grid = chebyshev(-third, third, 401)
    c, e = rounded_polynomial(log_tail, lambda f: f * f / max(abs(log1p(f)), TINY), grid, list(range(8)), True)
    yield "log tail, |f| <= 1/3", True, c, e
    grid = chebyshev(mpf(0), mpf("0.0401"), 400)
    c, e = rounded_polynomial(atanh_tail, lambda z: z / 2, grid, list(range(8)), False)
    yield "atanh tail, z <= 0.2^2", False, c, e
    grid = chebyshev(mpf(0), mpf(1) / 64, 400)
    for single, degree in ((True, 3), (False, 7)):
        c, e = rounded_polynomial(sine, lambda z: 1 / sine(z), grid, list(range(degree + 1)), single)
        yield "sine of turns, z <= 1/64", single, c, e
        c, e = rounded_polynomial(cosine, lambda z: z / (1 + z * cosine(z)), grid, list(range(degree + 1)), single)
        yield "cosine of turns, z <= 1/64", single, c, e
    f = remembered(mills_rest)
    for single, high, middle, m, n in ((True, "13.2", 3, 4, 4), (False, "38.6", 5, 9, 10)):
        grid = moebius(mpf(high), mpf(middle), 600)
        p, q, e = rounded_rational(f, mills, grid, m, n, single)
        yield f"Mills rest numerator, a <= {high}", single, p, e
        yield f"Mills rest denominator, a <= {high}", single, q[1:], e
    # Below `low` the rounding of k, which rest cannot make good, weighs less than 2^-29. In single precision shift and
    # tilt (of the weight, towards the tail) are those of some forty tried whose coefficients, with all roundings of the
    # evaluation, come out best over every float.
    cases = ((True, 33, 4, 5, 3, 16, "0.05", 300), (False, 54, 11, 12, 4, 64, "0", 500))
    for single, bits, m, n, shift, low, tilt, count in cases:
        c, k = quantile_line(single)
        yield "quantile line, c and k", single, [c, k], mpf(0)
        f = remembered(quantile_rest(single))
        q = mpf(2) ** -bits
        high = sqrt(-log(4 * q * (1 - q)) + shift)
        grid = [y * y - shift for y in chebyshev(sqrt(shift + mpf(1) / low), high, count)]
        weight = remembered(lambda w: w * w / quantile_ratio(w) * (1 + mpf(tilt) * w))
        p, q, e = rounded_rational(f, weight, grid, m, n, single)
        yield f"quantile rest numerator, q >= 2^-{bits}", single, p, e
        yield f"quantile rest denominator, q >= 2^-{bits}", single, q[1:], e


def main():
    core = pathlib.Path(__file__).resolve().parents[2] / "kernels" / "core"
    text = " ".join(path.read_text() for path in core.glob("*.inc"))
    missing = 0
    for name, single, coefficients, error in approximations():
        literals = [literal(c, single) for c in coefficients]
        print(f"{name} ({'float' if single else 'double'}): error {float(error):.2e}")
        print("   " + ", ".join(literals), flush=True)
        # A sign may have moved into the formula, so only the magnitudes are looked up.
        absent = [x for x in literals if x.lstrip("-") not in text]
        if absent and "--check" in sys.argv:
            print("   not in kernels/core:", ", ".join(absent))
            missing += len(absent)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
