"""Black-76: against 40-digit arithmetic, QuantLib, finite differences and the laws of the price."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.kernel import black

PRICE_TOLERANCE = 1e-12  # relative, above PRICE_FLOOR of the forward: the project's target
PRICE_FLOOR = 1e-6
GREEK_TOLERANCE = 1e-11  # relative, where the greek is not itself a difference of near equals

FORWARDS = (1.0, 14.35, 5423.17)
DEVIATIONS = (1e-5, 1e-4, 1e-3, 0.0049, 0.005, 0.0051, 0.02, 0.08, 0.3, 1.0, 2.5, 6.0, 20.0)
SCORES = (-7.0, -4.5, -3.0, -1.5, -0.4, -1e-3, -1e-9, 0.0, 1e-6, 0.2, 1.0, 2.7, 4.0, 7.0)
TIMES = (1e-6, 1 / 365, 0.3, 4.0)


def exact_price(forward, strike, sigma, years, is_put):
    """Black (1976) eq. (16) undiscounted, at the precision of mpmath."""
    f, k = mp.mpf(forward), mp.mpf(strike)
    deviation = mp.mpf(sigma) * mp.sqrt(mp.mpf(years))
    d1 = mp.log(f / k) / deviation + deviation / 2
    d2 = d1 - deviation
    if is_put:
        return k * mp.ncdf(-d2) - f * mp.ncdf(-d1)
    return f * mp.ncdf(d1) - k * mp.ncdf(d2)


@pytest.fixture(autouse=True)
def _precision():
    with mp.workdps(40):
        yield


def grid():
    for number, (forward, deviation, score) in enumerate(
        itertools.product(FORWARDS, DEVIATIONS, SCORES)
    ):
        years = TIMES[number % len(TIMES)]
        strike = forward * math.exp(score * deviation)
        if 1e-200 < strike < 1e200:
            yield forward, strike, deviation / math.sqrt(years), years


def test_price_holds_twelve_digits_above_a_millionth_of_the_forward():
    checked = 0
    for point in grid():
        for is_put in (False, True):
            expected = exact_price(*point, is_put)
            if expected > PRICE_FLOOR * point[0]:
                checked += 1
                error = abs(black.black_price(*point, is_put) / expected - 1)
                assert error < PRICE_TOLERANCE, (point, is_put, float(error))
    assert checked > 600


def test_price_of_random_options_holds_twelve_digits():
    rng = np.random.default_rng(20260101)
    for _ in range(3000):
        forward = float(rng.choice(FORWARDS))
        sigma, years = 10.0 ** rng.uniform(-3, 1), 10.0 ** rng.uniform(-5, 1)
        strike = forward * math.exp(sigma * math.sqrt(years) * rng.normal(0, 2))
        is_put = bool(rng.random() < 0.5)
        expected = exact_price(forward, strike, sigma, years, is_put)
        if expected > PRICE_FLOOR * forward:
            price = black.black_price(forward, strike, sigma, years, is_put)
            assert abs(price / expected - 1) < PRICE_TOLERANCE


def test_far_out_of_the_money_prices_keep_their_digits():
    for score in (8.0, 12.0, 20.0, 30.0):
        for deviation in (0.03, 0.2, 0.9):
            strike = 100.0 * math.exp(score * deviation)
            expected = exact_price(100.0, strike, deviation, 1.0, False)
            assert abs(black.black_call(100.0, strike, deviation, 1.0) / expected - 1) < 1e-11


def test_textbook_example():
    # Black-76 spot check of the project's notes: F 18, K 25, 30 days, 95 %, 4 % → 0.317025
    price = black.black_call(18.0, 25.0, 0.95, 30 / 365) * math.exp(-0.04 * 30 / 365)
    assert price == pytest.approx(0.317025, abs=5e-7)


@pytest.mark.parametrize("is_put", [False, True])
@pytest.mark.parametrize(("sigma", "years"), [(0.0, 1.0), (0.3, 0.0), (0.3, -0.1), (0.0, 0.0)])
def test_without_time_or_movement_there_is_only_intrinsic_value(sigma, years, is_put):
    for forward, strike in ((100.0, 90.0), (90.0, 100.0), (100.0, 100.0)):
        intrinsic = max((strike - forward) if is_put else (forward - strike), 0.0)
        price, delta, gamma, vega, theta = black.black_greeks(forward, strike, sigma, years, is_put)
        step = 0.5 if forward == strike else float(forward > strike)
        assert price == intrinsic == black.black_price(forward, strike, sigma, years, is_put)
        assert delta == step - is_put == black.black_delta(forward, strike, sigma, years, is_put)
        assert (gamma, vega, theta) == (0.0, 0.0, 0.0)
        assert black.black_cross_greeks(forward, strike, sigma, years) == (0.0, 0.0)


def test_price_goes_to_intrinsic_value_as_time_goes_to_zero():
    for years in (1e-8, 1e-16, 1e-40, 1e-320):
        at_the_money = black.black_call(100.0, 100.0, 0.2, years)
        # 0.3989… F·σ√T is the at-the-money price to first order (Brenner-Subrahmanyam 1988)
        assert at_the_money == pytest.approx(
            100.0 * 0.2 * math.sqrt(years) / math.sqrt(2 * math.pi), rel=1e-6
        )
        assert black.black_call(100.0, 99.0, 0.2, years) == 1.0
        assert black.black_call(100.0, 101.0, 0.2, years) == 0.0


def test_huge_volatility_goes_to_the_forward_and_the_strike():
    assert black.black_price(100.0, 130.0, 50.0, 10.0, False) == 100.0
    assert black.black_price(100.0, 130.0, 50.0, 10.0, True) == 130.0
    assert black.black_price(100.0, 130.0, math.inf, 1.0, False) == 100.0


@pytest.mark.parametrize(
    "point",
    [
        (math.nan, 90.0, 0.2, 1.0),
        (math.nan, 90.0, 0.0, 1.0),
        (100.0, math.nan, 0.2, 1.0),
        (100.0, 90.0, math.nan, 1.0),
        (100.0, 90.0, 0.2, math.nan),
    ],
)
def test_nan_is_not_turned_into_a_number(point):
    for is_put in (False, True):
        assert math.isnan(black.black_price(*point, is_put))
        assert math.isnan(black.black_delta(*point, is_put))


def test_normal_distribution_in_both_tails():
    for x in np.concatenate([np.linspace(-37, 8, 181), [0.0, -1e-300, 1e-12]]):
        expected = mp.ncdf(mp.mpf(float(x)))
        assert abs(black.norm_cdf(float(x)) / expected - 1) < 2e-13
    assert black.norm_cdf(0.0) == 0.5
    assert black.norm_cdf(50.0) == 1.0
    assert black.norm_cdf(-50.0) < 1e-300


def exact_greeks(forward, strike, sigma, years, is_put):
    """Derivatives of the 40-digit price by central differences, steps far below 1e-11."""
    with mp.workdps(60):
        point = [mp.mpf(v) for v in (forward, strike, sigma, years)]
        steps = [p * mp.mpf("1e-12") for p in point]

        def at(f=0, s=0, t=0):
            return exact_price(
                point[0] + f * steps[0],
                point[1],
                point[2] + s * steps[2],
                point[3] + t * steps[3],
                is_put,
            )

        df, ds, dt = steps[0], steps[2], steps[3]
        return {
            "delta": (at(f=1) - at(f=-1)) / (2 * df),
            "gamma": (at(f=1) - 2 * at() + at(f=-1)) / df**2,
            "vega": (at(s=1) - at(s=-1)) / (2 * ds),
            "theta": -(at(t=1) - at(t=-1)) / (2 * dt),
            "vanna": (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * df * ds),
            "volga": (at(s=1) - 2 * at() + at(s=-1)) / ds**2,
        }


@pytest.mark.parametrize("is_put", [False, True])
def test_greeks_are_the_derivatives_of_the_price(is_put):
    for forward, strike, sigma, years in (
        (5000.0, 5000.0, 0.15, 30 / 365),
        (5000.0, 4100.0, 0.31, 45 / 365),
        (5000.0, 5400.0, 0.11, 60 / 365),
        (18.0, 25.0, 0.95, 30 / 365),
        (18.0, 12.0, 0.6, 150 / 365),
        (80.0, 30.0, 1.8, 3 / 365),
        (1.0, 1.0001, 0.02, 1 / 365),
    ):
        expected = exact_greeks(forward, strike, sigma, years, is_put)
        _, delta, gamma, vega, theta = black.black_greeks(forward, strike, sigma, years, is_put)
        vanna, volga = black.black_cross_greeks(forward, strike, sigma, years)
        computed = {
            "delta": delta,
            "gamma": gamma,
            "vega": vega,
            "theta": theta,
            "vanna": vanna,
            "volga": volga,
        }
        assert delta == black.black_delta(forward, strike, sigma, years, is_put)
        for name, value in computed.items():
            scale = max(abs(expected[name]), mp.mpf("1e-3") if name == "volga" else 0)
            assert abs(value - expected[name]) < GREEK_TOLERANCE * scale, (name, value)


@pytest.mark.parametrize("is_put", [False, True])
def test_price_and_greeks_agree_with_quantlib(is_put):
    # oracle: QuantLib BlackCalculator, unit discount, spot = forward so that theta is Black-76's
    kind = ql.Option.Put if is_put else ql.Option.Call
    for forward, strike, sigma, years in (
        (5000.0, 5100.0, 0.12, 0.1),
        (5000.0, 4000.0, 0.35, 0.25),
        (20.0, 35.0, 1.1, 0.15),
        (20.0, 13.0, 0.8, 0.5),
    ):
        oracle = ql.BlackCalculator(
            ql.PlainVanillaPayoff(kind, strike), forward, sigma * math.sqrt(years), 1.0
        )
        computed = black.black_greeks(forward, strike, sigma, years, is_put)
        expected = (
            oracle.value(),
            oracle.deltaForward(),
            oracle.gammaForward(),
            oracle.vega(years),
            oracle.theta(forward, years),
        )
        assert computed == pytest.approx(expected, rel=1e-10)


def random_options(n, seed=7):
    rng = np.random.default_rng(seed)
    forward = rng.uniform(10, 6000, n)
    strike = forward * np.exp(rng.normal(0, 0.2, n))
    sigma = 10.0 ** rng.uniform(-3, 0.5, n)
    years = 10.0 ** rng.uniform(-4, 0.3, n)
    sigma[::97] = 0.0
    years[::101] = 0.0
    strike[::103] = forward[::103]
    return forward, strike, sigma, years, rng.random(n) < 0.5


def test_array_kernels_equal_the_scalar_functions_to_the_last_bit():
    for n in (1, 7, 8, 9, 63, 1003):  # whole vectors, remainders, and less than one vector
        options = random_options(n, seed=n)
        prices, table = np.empty(n), np.empty((5, n))
        black.price_many(*options, prices)
        black.price_greeks_many(*options, table)
        scalar = np.array([black.black_greeks(*o) for o in zip(*options, strict=True)]).T
        assert np.array_equal(prices, [black.black_price(*o) for o in zip(*options, strict=True)])
        assert np.array_equal(table, scalar)


def test_a_price_does_not_depend_on_its_place_in_the_array():
    options = random_options(257)
    whole = np.empty(257)
    black.price_many(*options, whole)
    for start in range(1, 20):
        part = np.empty(257 - start)
        black.price_many(*[o[start:].copy() for o in options], part)
        assert np.array_equal(part, whole[start:])


points = st.tuples(
    st.floats(1.0, 10_000.0),
    st.floats(-1.5, 1.5),
    st.floats(0.01, 3.0),
    st.floats(1 / 365, 3.0),
)


@given(points)
@settings(max_examples=300, deadline=None)
def test_parity_bounds_and_monotony(point):
    forward, log_moneyness, sigma, years = point
    strike = forward * math.exp(log_moneyness)
    call = black.black_price(forward, strike, sigma, years, False)
    put = black.black_price(forward, strike, sigma, years, True)
    slack = 1e-13 * (forward + strike)
    assert call - put == pytest.approx(forward - strike, abs=slack)
    assert max(forward - strike, 0.0) <= call <= forward
    assert max(strike - forward, 0.0) <= put <= strike
    assert black.black_call(forward, strike, sigma * 1.01, years) >= call - slack
    assert black.black_call(forward, strike * 1.01, sigma, years) <= call + slack
    assert black.black_call(forward * 1.01, strike, sigma, years) >= call - slack
    assert 0.0 <= black.black_delta(forward, strike, sigma, years, False) <= 1.0
    assert -1.0 <= black.black_delta(forward, strike, sigma, years, True) <= 0.0


@given(points)
@settings(max_examples=200, deadline=None)
def test_a_call_is_the_put_with_forward_and_strike_exchanged(point):
    forward, log_moneyness, sigma, years = point
    strike = forward * math.exp(log_moneyness)
    call = black.black_price(forward, strike, sigma, years, False)
    assert call == black.black_price(strike, forward, sigma, years, True)
