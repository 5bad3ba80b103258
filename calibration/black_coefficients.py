"""Make the polynomial coefficients of ``alvh.kernel.black``, at 50 digits, and state their errors.

Run ``python -m calibration.black_coefficients``; the printed block is what stands in the module.
Each function is interpolated at Chebyshev nodes (within a digit of the minimax polynomial, and
without its iterations), turned into powers of the argument at 50 digits, and rounded once.

================  =====================================================  ======================
coefficients      function                                               argument
================  =====================================================  ======================
``_MILLS``        (1 + d) · N(−d)/exp(−d²/2)                             q = (d − 5.25)/(d + 5.25)
``_EXP``          exp(r)                                                 r in ±ln(2)/2
``_ATANH``        (2·atanh(w)/w − 2)/w²                                  w² in [0, 0.0405]
================  =====================================================  ======================
"""

from collections.abc import Callable

import mpmath as mp

MILLS_CENTRE = mp.mpf("5.25")
HALF_LN2 = mp.log(2) / 2
ATANH_LIMIT = mp.mpf("0.0405")

Function = Callable[[mp.mpf], mp.mpf]


def scaled_mills(q: mp.mpf) -> mp.mpf:
    """(1 + d) · N(−d)/exp(−d²/2) at d = 5.25·(1 + q)/(1 − q); tends to 1/√(2π) at q = 1."""
    if q == 1:
        return 1 / mp.sqrt(2 * mp.pi)
    d = MILLS_CENTRE * (1 + q) / (1 - q)
    x = d / mp.sqrt(2)
    if x < 50:
        return (1 + d) * mp.erfc(x) * mp.exp(x * x) / 2
    terms, term = mp.mpf(0), mp.mpf(1)
    for k in range(20):  # asymptotic series of erfcx; at x > 50 twenty terms leave nothing
        terms += term
        term *= -(2 * k + 1) / (2 * x * x)
    return (1 + d) * terms / (2 * x * mp.sqrt(mp.pi))


def atanh_tail(square: mp.mpf) -> mp.mpf:
    """(2·atanh(w)/w − 2)/w² as a function of w²."""
    return 2 * mp.nsum(lambda k: square ** (k - 1) / (2 * k + 1), [1, mp.inf])


def chebyshev(function: Function, low: mp.mpf, high: mp.mpf, degree: int) -> list[mp.mpf]:
    """Coefficients of the powers of the argument, lowest first, of the Chebyshev interpolant."""
    nodes = 4 * degree
    angles = [mp.pi * (k + mp.mpf(1) / 2) / nodes for k in range(nodes)]
    values = [function((low + high) / 2 + (high - low) / 2 * mp.cos(a)) for a in angles]
    series = [
        (1 if j == 0 else 2)
        * mp.fsum(v * mp.cos(j * a) for v, a in zip(values, angles, strict=True))
        / nodes
        for j in range(degree + 1)
    ]
    return _powers(series, low, high)


def _powers(series: list[mp.mpf], low: mp.mpf, high: mp.mpf) -> list[mp.mpf]:
    slope, offset = 2 / (high - low), -(high + low) / (high - low)
    basis = [[mp.mpf(1)], [offset, slope]]
    for _ in series[2:]:
        last, before = basis[-1], basis[-2]
        shifted = [mp.mpf(0), *[2 * slope * c for c in last]]
        scaled = [2 * offset * c for c in last] + [mp.mpf(0)]
        padded = before + [mp.mpf(0)] * (len(shifted) - len(before))
        basis.append([a + b - c for a, b, c in zip(shifted, scaled, padded, strict=True)])
    total = [mp.mpf(0)] * len(series)
    for weight, polynomial in zip(series, basis, strict=False):
        for power, c in enumerate(polynomial):
            total[power] += weight * c
    return total


def relative_error(
    function: Function, coefficients: list[float], low: mp.mpf, high: mp.mpf
) -> float:
    """Largest relative error of the rounded polynomial over 2,000 points, arithmetic exact."""
    worst = mp.mpf(0)
    for k in range(2001):
        x = low + (high - low) * k / 2000
        exact = function(x)
        worst = max(worst, abs(mp.polyval([mp.mpf(c) for c in coefficients[::-1]], x) / exact - 1))
    return float(worst)


def main() -> None:
    """Print each block of coefficients with its largest relative error."""
    mp.mp.dps = 50
    table: list[tuple[str, Function, mp.mpf, mp.mpf, int]] = [
        ("_MILLS", scaled_mills, mp.mpf(-1), mp.mpf(1), 23),
        ("_EXP", mp.exp, -HALF_LN2, HALF_LN2, 11),
        ("_ATANH", atanh_tail, mp.mpf(0), ATANH_LIMIT, 7),
    ]
    for name, function, low, high, degree in table:
        rounded = [float(c) for c in chebyshev(function, low, high, degree)]
        print(f"# largest relative error {relative_error(function, rounded, low, high):.1e}")
        print(f"{name} = (\n" + "".join(f"    {c!r},\n" for c in rounded) + ")")
    ln2_high = mp.mpf(int(mp.floor(mp.log(2) * 2**32))) / 2**32
    print(f"_LN2_HIGH = {float(ln2_high)!r}\n_LN2_LOW = {float(mp.log(2) - ln2_high)!r}")


if __name__ == "__main__":
    main()
