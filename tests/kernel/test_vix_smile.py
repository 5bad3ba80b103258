"""The VIX smile: closed forms against quadrature, no arbitrage, and a listed chain."""

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from alvh.kernel import vix_smile as kernel
from alvh.kernel.vix_smile import vix_at_the_money, vix_sigma, vix_slice, vix_strip

YEAR = 365.0
STRIP_TOLERANCE = 1e-6  # relative, of the strip's quadrature


def vector(level=0.9, slow=0.9, share=0.45, slope=0.3, rho=0.845):
    return np.array([level, slow, share, slope, rho, 0.8, 20.0, 1.0])


days_vectors = st.builds(
    vector,
    level=st.floats(0.3, 7.0),
    slow=st.floats(0.4, 2.5),
    share=st.floats(0.25, 0.75),
    slope=st.just(0.3),
    rho=st.floats(0.4, 0.88),
)
forwards = st.floats(9.5, 85.0)
tenors = st.floats(0.73, 330.0)


def call(forward, strike, sigma, years):
    deviation = sigma * np.sqrt(years)
    d1 = np.log(forward / strike) / deviation + deviation / 2
    return forward * norm.cdf(d1) - strike * norm.cdf(d1 - deviation)


@pytest.mark.parametrize("tau", [0.73, 5.0, 30.0, 159.0, 330.0])
def test_total_variance_is_the_integral_of_its_definition(tau):
    level, slow, share = 2.1, 0.8, 0.4

    def rate(s):
        spot = share + (1 - share) * math.exp(-(tau - s) / kernel.DECAY_DAYS)
        return spot**2 * (slow + (level - slow) * math.exp(-kernel.REVERSION * s)) / YEAR

    expected = quad(rate, 0.0, tau, epsabs=1e-14)[0]
    found = kernel.vix_total_variance(level, slow, share, tau)
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("root", "slope", "rho"),
    [(0.24, 0.30, 0.84), (0.22, 0.58, 0.88), (0.6, 0.14, 0.5), (0.15, 0.3, 0.84)],
)
def test_strip_is_the_integral_of_option_prices(root, slope, rho):
    """Slow twin: 2·∫ OTM(K)/K² dK, forward 1, by the trapezoid rule on a fine log-strike grid."""
    eta = kernel._curvature(slope, rho, root)
    k = np.linspace(-30.0, 60.0, 300_001) * root
    z = eta * k / root
    sigma = root * np.sqrt(0.5 * (1 + rho * z + np.sqrt((z + rho) ** 2 + 1 - rho**2)))
    price = call(1.0, np.exp(k), sigma, 1.0)
    otm = np.where(k < 0, price - 1.0 + np.exp(k), price)
    expected = 2.0 * np.trapezoid(otm / np.exp(k), k)
    assert vix_strip(root, slope, rho) == pytest.approx(expected, rel=STRIP_TOLERANCE)


def test_flat_smile_has_its_own_variance_as_strip():
    assert vix_strip(0.25, 1e-9, 0.8) == pytest.approx(0.0625, rel=1e-7)


@settings(deadline=None)  # the first example compiles
@given(st.floats(0.05, 0.8), st.floats(0.1, 0.65), st.floats(0.4, 0.88))
def test_at_the_money_inverts_the_strip(root, slope, rho):
    strip = vix_strip(root, slope, rho)
    assert vix_at_the_money(strip, slope, rho) == pytest.approx(root, rel=1e-9)


@settings(deadline=None)  # the first example compiles
@given(days_vectors, forwards, tenors)
def test_calls_fall_and_are_convex_in_strike(params, forward, tau):
    smile = vix_slice(params, forward, tau)
    deviation = smile[2] * math.sqrt(tau / YEAR)
    strikes = forward * np.exp(np.linspace(-3.5, 6.0, 400) * deviation)
    sigmas = np.array([vix_sigma(smile, k) for k in strikes])
    price = call(forward, strikes, sigmas, tau / YEAR)
    slope = np.diff(price) / np.diff(strikes)
    # Rounding of a price of order `forward` over a strike step bounds what a slope can show.
    noise = 4e-15 * forward / np.diff(strikes)
    assert (slope <= noise).all()
    assert (slope >= -1.0 - noise).all()
    assert (np.diff(slope) >= -(noise[1:] + noise[:-1])).all()


@settings(deadline=None)  # the first example compiles
@given(days_vectors, forwards, tenors)
def test_wings_stay_below_lees_bound(params, forward, tau):
    smile = vix_slice(params, forward, tau)
    for strike in (forward * 1e-6, forward * 1e6):
        total = vix_sigma(smile, strike) ** 2 * tau / YEAR
        assert total < 2.0 * abs(math.log(strike / forward))


@settings(deadline=None)  # the first example compiles
@given(days_vectors, forwards, tenors)
def test_at_the_money_is_the_total_variance_and_calls_cost_more_than_puts(params, forward, tau):
    smile = vix_slice(params, forward, tau)
    total = kernel.vix_total_variance(params[0], params[1], params[2], tau)
    assert vix_sigma(smile, forward) == pytest.approx(math.sqrt(total * YEAR / tau), rel=1e-12)
    assert vix_sigma(smile, 1.1 * forward) > vix_sigma(smile, forward / 1.1)


def test_slope_at_the_money_is_psi():
    params, forward, step = vector(slope=0.3), 27.2, 1e-5
    smile = vix_slice(params, forward, 30.0)
    root = 1.0 / smile[1]
    up = vix_sigma(smile, forward * math.exp(step * root)) / smile[2]
    down = vix_sigma(smile, forward * math.exp(-step * root)) / smile[2]
    assert (up - down) / (2 * step) == pytest.approx(0.3, abs=1e-8)


def test_slope_is_steeper_at_low_forwards():
    ratio = [
        vix_sigma(s, 1.3 * f) / s[2]
        for f in (13.0, 20.0, 40.0)
        for s in [vix_slice(vector(), f, 30.0)]
    ]
    assert ratio[0] > ratio[1] > ratio[2] > 1.0


def test_missing_day_gives_nan_and_settlement_is_defined():
    missing = vix_slice(np.full(8, np.nan), 20.0, 30.0)
    assert math.isnan(vix_sigma(missing, 25.0))
    for tau in (0.0, -1.0):
        assert math.isfinite(vix_sigma(vix_slice(vector(), 20.0, tau), 25.0))


@pytest.mark.parametrize("x", [1e-4, 9.99e-4, 1.01e-3, 0.1, 2.0])
def test_profile_of_the_slope_keeps_its_digits(x):
    import mpmath

    exact = (1 - (1 - mpmath.exp(-mpmath.mpf(x))) / mpmath.mpf(x)) / mpmath.sqrt(x)
    found = kernel._slope_profile(x / kernel.SLOPE_REVERSION)
    assert found == pytest.approx(float(exact), rel=1e-7)


# VIX options of 2022-07-15, stochvolmodels 2.6.0 (MIT), get_vix_test_chain_data(): bid and ask
# volatilities. Its years are (days − 0.68)/360; ours (days − 0.27)/365.
CHAIN_DAYS = (19, 33, 68, 159)
# Fitted to this chain by calibration/vix_smile.py: ξ 0.836, share 0.470, ψ 0.301, ρ 0.848.
CHAIN_VECTOR = vector(level=0.836, slow=0.993, share=0.470, slope=0.301, rho=0.848)


@cache
def listed_chain():
    module = pytest.importorskip("stochvolmodels.data.sample_option_chains")
    return module.get_vix_test_chain_data()


@pytest.mark.parametrize("i", range(4))
def test_listed_chain_is_met_inside_its_bid_and_ask(i):
    chain = listed_chain()
    tau = CHAIN_DAYS[i] - 0.27
    forward = float(chain.forwards[i])
    scale = math.sqrt(chain.ttms[i] * YEAR / tau)
    smile = vix_slice(CHAIN_VECTOR, forward, tau)
    checked = 0
    for strike, bid, ask in zip(
        chain.strikes_ttms[i], chain.bid_ivs[i], chain.ask_ivs[i], strict=True
    ):
        sigma = vix_sigma(smile, float(strike))
        deviation = sigma * math.sqrt(tau / YEAR)
        delta = norm.cdf(math.log(forward / strike) / deviation + deviation / 2)
        if 0.10 <= delta <= 0.50:
            checked += 1
            assert bid * scale <= sigma <= ask * scale
    assert checked >= 5
