"""The S&P 500 smile kernel: against a plain twin, and against the laws of option prices."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.kernel import spx_smile as kernel
from alvh.kernel.records import SPX_SMILE
from alvh.market.spx_surface import smile_shape

# An ordinary day: variances of about 12, 13, 15 and 16 % at the nodes, shape of a calm market.
DAY = np.array(
    [0.00035, 0.0014, 0.0057, 0.0129, 6.9, 21.4, 5.0e-5,
     -0.15, 0.11, 0.01, -0.07, -0.03, 0.19, -0.01, -0.08, 0.28]
)  # fmt: skip

floats = st.floats
shapes = st.tuples(floats(-0.3, 0.1), floats(-0.12, 0.15), floats(0.0, 0.45))


def twin_sigma(params: np.ndarray, tau: float, sessions: float, k: float) -> float:
    """The smile written out in standardised moneyness, without any preparation."""
    root = math.sqrt(kernel.spx_total_variance(params, tau, sessions))
    a, b, c = kernel.spx_shape(params, tau)
    x = min(max(k / root, kernel.X_LOW), kernel.X_HIGH)
    put = math.sqrt((x + 1.0) ** 2 + 1.5**2) - math.sqrt(1.0 + 1.5**2)
    call = math.sqrt((x - 1.0) ** 2 + 0.5**2) - math.sqrt(1.0 + 0.5**2)
    ratio = max(1.0 + a * x + b * put + c * call, kernel.FLOOR)
    return root / math.sqrt(tau / 365.0) * ratio


def twin_total(params: np.ndarray, clock: float) -> float:
    """At-the-money variance in the clock, from the definition of the monotone cubic."""
    knots = np.cumsum([0.0, params[4], params[5] - params[4], kernel.SPAN_93, kernel.SPAN_184])
    values = np.array([0.0, *params[:4]])
    if clock <= knots[1]:
        mean = values[1] / knots[1]
        return clock * mean + (params[6] - mean) * clock * (1.0 - clock / knots[1])
    h, rates = np.diff(knots), np.diff(values) / np.diff(knots)
    if clock >= knots[-1]:
        return values[-1] + (clock - knots[-1]) * rates[-1]
    slopes = [0.0]
    for i in range(1, 4):
        first, second = h[i - 1] + 2 * h[i], 2 * h[i - 1] + h[i]
        slopes.append((first + second) / (first / rates[i - 1] + second / rates[i]))
    slopes.append(rates[-1])
    i = int(np.searchsorted(knots, clock, "left")) - 1
    t = (clock - knots[i]) / h[i]
    return float(
        (1 + 2 * t) * (1 - t) ** 2 * values[i]
        + t * (1 - t) ** 2 * h[i] * slopes[i]
        + t * t * (3 - 2 * t) * values[i + 1]
        - t * t * (1 - t) * h[i] * slopes[i + 1]
    )


def black(k: float, sigma: float, years: float) -> float:
    """Out-of-the-money Black price on a forward of one."""
    root = sigma * math.sqrt(years)
    d1 = -k / root + root / 2

    def normal(z: float) -> float:
        return 0.5 * math.erfc(-z * math.sqrt(0.5))

    if k < 0:
        return math.exp(k) * normal(root - d1) - normal(-d1)
    return normal(d1) - math.exp(k) * normal(d1 - root)


def butterfly(slice_: tuple[float, ...], root: float, years: float) -> float:
    """Least Gatheral–Jacquier g(k) within five standard deviations; negative is arbitrage."""
    k = np.linspace(-5.0, 5.0, 401) * root
    w = np.array([kernel.spx_sigma(slice_, x) for x in k]) ** 2 * years
    dw = np.gradient(w, k)
    ddw = np.gradient(dw, k)
    g = (1 - k * dw / (2 * w)) ** 2 - dw**2 / 4 * (1 / w + 0.25) + ddw / 2
    return float(g[3:-3].min())


@settings(deadline=None, max_examples=60)
@given(tau=floats(0.7, 800.0), k=floats(-1.5, 1.0), shape=shapes)
def test_sigma_equals_the_plain_twin(tau, k, shape):
    params = DAY.copy()
    params[10:13] = shape
    sessions = max(tau * 0.69, 0.4)
    sigma = kernel.spx_sigma(kernel.spx_slice(params, tau, sessions), k)
    assert sigma == pytest.approx(twin_sigma(params, tau, sessions, k), rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(tau=floats(0.3, 700.0), share=floats(0.5, 1.0))
def test_total_variance_equals_the_plain_twin(tau, share):
    clock = kernel.variance_clock(tau, share * tau)
    assert kernel.spx_total_variance(DAY, tau, share * tau) == pytest.approx(
        twin_total(DAY, clock), rel=1e-12
    )


def test_nodes_are_met():
    # sessions of a node from its clock: clock = sessions + w·(tau − sessions)
    weight = kernel.REST_DAY_WEIGHT
    for value, clock, tau in ((DAY[0], DAY[4], 9.0), (DAY[1], DAY[5], 30.0)):
        sessions = (clock - weight * tau) / (1.0 - weight)
        assert kernel.spx_total_variance(DAY, tau, sessions) == pytest.approx(value, rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(tau=floats(0.5, 500.0), more=floats(0.01, 30.0))
def test_variance_grows_with_time(tau, more):
    early = kernel.spx_total_variance(DAY, tau, tau * 0.69)
    assert kernel.spx_total_variance(DAY, tau + more, (tau + more) * 0.69) > early


def test_a_weekend_is_not_three_days():
    """One session behind a weekend: total variance of 1.2 clock units, not of three."""
    friday_to_monday = kernel.spx_total_variance(DAY, 3.0, 1.0)
    thursday_to_friday = kernel.spx_total_variance(DAY, 1.0, 1.0)
    wednesday = kernel.spx_total_variance(DAY, 3.0, 3.0)
    assert 1.15 < friday_to_monday / thursday_to_friday < 1.25
    assert friday_to_monday < 0.5 * wednesday


def test_an_opening_settlement_has_less_variance():
    """AM and PM on one date differ by the session's own share of variance."""
    am = kernel.spx_total_variance(DAY, 9.73, 6.0 + kernel.OVERNIGHT_SHARE)
    pm = kernel.spx_total_variance(DAY, 10.0, 7.0)
    session = kernel.spx_total_variance(DAY, 11.0, 8.0) - pm
    assert (pm - am) / session == pytest.approx(1.0 - kernel.OVERNIGHT_SHARE, abs=0.1)


@settings(deadline=None, max_examples=15)
@given(
    root=floats(0.005, 0.4),
    vix=floats(9.0, 85.0),
    skew=floats(101.0, 183.0),
    excess=floats(-0.3, 0.8),
    tenor=st.integers(0, 2),
)
def test_strip_ratio_equals_the_strip_of_prices(root, vix, skew, excess, tenor):
    """2·∫Q(K)/K² dK over a dense grid of strikes, the definition of the strip."""
    shape = smile_shape(np.array([vix]), np.array([skew]), np.array([excess]))[0, tenor]
    params = np.full(SPX_SMILE, np.nan)
    params[:7] = root**2, root**2 * 3, root**2 * 10, root**2 * 20, 7.0, 21.0, root**2 / 7.0
    params[7:10] = params[10:13] = params[13:] = shape
    weight = kernel.REST_DAY_WEIGHT
    slice_ = kernel.spx_slice(params, 9.0, (7.0 - weight * 9.0) / (1.0 - weight))
    k = np.linspace(-40.0, 14.0, 8_001) * root
    price = np.array([black(x, kernel.spx_sigma(slice_, x), 9.0 / 365.0) for x in k])
    strip = 2.0 * np.trapezoid(price * np.exp(-k), k)
    assert kernel.strip_ratio(root, *shape) * root**2 == pytest.approx(strip, rel=2e-4)


@settings(deadline=None)
@given(strip=floats(1e-5, 0.5), shape=shapes)
def test_atm_variance_inverts_the_strip(strip, shape):
    level = kernel.atm_variance(strip, *shape)
    assert level * kernel.strip_ratio(math.sqrt(level), *shape) == pytest.approx(strip, rel=1e-8)


def test_flat_smile_has_no_ratio():
    # a smile without shape is Black's world: strip variance = at-the-money variance
    assert kernel.strip_ratio(0.05, 0.0, 0.0, 0.0) == pytest.approx(1.0, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(tau=floats(0.7, 400.0))
def test_no_butterfly_arbitrage_on_an_ordinary_day(tau):
    sessions = max(0.69 * tau, 0.7)
    root = math.sqrt(kernel.spx_total_variance(DAY, tau, sessions))
    assert butterfly(kernel.spx_slice(DAY, tau, sessions), root, tau / 365.0) > 0.0


@settings(deadline=None)
@given(tau=floats(0.5, 800.0), k=floats(-6.0, 4.0))
def test_total_variance_respects_lees_bound(tau, k):
    """Far out total variance stays under 2|k|."""
    slice_ = kernel.spx_slice(DAY, tau, 0.69 * tau)
    if abs(k) > 1.0:
        assert kernel.spx_sigma(slice_, k) ** 2 * tau / 365.0 < 2.0 * abs(k)


def test_wings_are_held():
    slice_ = kernel.spx_slice(DAY, 30.0, 21.0)
    assert kernel.spx_sigma(slice_, -3.0) == kernel.spx_sigma(slice_, -5.0)
    assert kernel.spx_sigma(slice_, 1.0) == kernel.spx_sigma(slice_, 2.0)


def test_shape_is_held_outside_its_tenors():
    assert kernel.spx_shape(DAY, 0.5) == pytest.approx(tuple(DAY[7:10]))
    assert kernel.spx_shape(DAY, 30.0) == pytest.approx(tuple(DAY[10:13]))
    assert kernel.spx_shape(DAY, 900.0) == pytest.approx(tuple(DAY[13:]))


def test_a_day_without_parameters_prices_nothing():
    slice_ = kernel.spx_slice(np.full(SPX_SMILE, np.nan), 30.0, 21.0)
    assert math.isnan(kernel.spx_sigma(slice_, -0.05))


def test_the_last_minute_is_finite():
    slice_ = kernel.spx_slice(DAY, 1e-4, 0.0)
    assert math.isfinite(kernel.spx_sigma(slice_, 0.0))
