"""The elementary functions against 40-digit arithmetic, and the script that made their numbers."""

import math

import mpmath as mp
import numpy as np
import pytest
from calibration import black_coefficients

from alvh.kernel import elementary


@pytest.fixture(autouse=True)
def _precision():
    with mp.workdps(40):
        yield


def test_exp():
    sizes = np.geomspace(1e-18, 708.0, 400)
    for x in np.concatenate([-sizes, sizes, [0.0]]):
        assert abs(elementary.exponential(float(x)) / mp.exp(mp.mpf(float(x))) - 1) < 3e-16
    assert elementary.exponential(0.0) == 1.0
    assert math.isnan(elementary.exponential(math.nan))


def test_log_ratio_keeps_its_digits_near_one_and_far_from_it():
    rng = np.random.default_rng(3)
    for scale in (1e-15, 1e-9, 1e-4, 0.01, 0.3, 1.0, 5.0, 40.0, 400.0):
        for _ in range(60):
            low = float(np.exp(rng.uniform(-3, 9)))
            high = low * math.exp(scale * rng.uniform(0.1, 1.0))
            expected = mp.log(mp.mpf(low) / mp.mpf(high))
            computed = elementary.log_ratio(low, high)
            assert abs(computed - expected) <= 5e-16 * abs(expected)
    assert elementary.log_ratio(17.3, 17.3) == 0.0
    assert elementary.log_ratio(2.0, 16.0) == pytest.approx(-3 * math.log(2), rel=2e-16)


def test_logarithm():
    for x in np.concatenate([np.geomspace(1e-300, 1e300, 400), 1.0 + np.linspace(-0.3, 0.3, 101)]):
        exact = mp.log(mp.mpf(float(x)))
        assert abs(elementary.logarithm(float(x)) - exact) <= 5e-16 * abs(exact)


def test_mills():
    for d in np.concatenate([np.linspace(0.0, elementary.DEVIATION_CAP, 501), [1e-300, 1e-9]]):
        exact = mp.ncdf(-mp.mpf(float(d))) * mp.exp(mp.mpf(float(d)) ** 2 / 2)
        assert abs(elementary.mills(float(d)) / exact - 1) < 1e-15


def test_mills_of_two_is_mills_twice_to_the_last_bit():
    rng = np.random.default_rng(4)
    for d, e in rng.uniform(0.0, 12.0, (500, 2)):
        assert elementary.mills_of_two(d, e) == (elementary.mills(d), elementary.mills(e))


@pytest.mark.parametrize(
    ("name", "function", "low", "high"),
    [
        ("_MILLS", black_coefficients.scaled_mills, -1, 1),
        ("_EXP", mp.exp, -black_coefficients.HALF_LN2, black_coefficients.HALF_LN2),
        ("_ATANH", black_coefficients.atanh_tail, 0, black_coefficients.ATANH_LIMIT),
    ],
)
def test_coefficients_are_those_of_the_calibration_script(name, function, low, high):
    stored = getattr(elementary, name)
    made = black_coefficients.chebyshev(function, mp.mpf(low), mp.mpf(high), len(stored) - 1)
    # the last bit of a coefficient may depend on the working precision of the script
    assert stored == pytest.approx([float(c) for c in made], rel=1e-12)
