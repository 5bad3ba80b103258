"""The VIX smile by day: VVIX reproduced, bad prints replaced, nothing from the future."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.errors import DataError
from alvh.kernel import vix_smile as kernel
from alvh.market.curve import vix_curve
from alvh.market.history import load_history
from alvh.market.vix_surface import (
    estimated_vvix,
    thirty_day_forward,
    vix_smile_parameters,
    vvix_features,
)

STRIP_TOLERANCE = 1e-8  # volatility points of VVIX
EMPTY = pl.DataFrame(schema={"date": pl.Date, "expiry": pl.Date, "settle": pl.Float64})


def weekdays(start, count):
    days = np.arange(np.datetime64(start), np.datetime64(start) + 2 * count + 10)
    return days[np.is_busday(days)][:count]


def market(count=80, seed=1, start="2012-03-01"):
    rng = np.random.default_rng(seed)
    dates = weekdays(start, count)
    vix = np.clip(18 * np.exp(np.cumsum(rng.normal(0, 0.07, count))), 9.2, 85)
    vvix = np.clip(92 * np.exp(rng.normal(0, 0.15, count)), 60, 210)
    curve = vix_curve(dates=dates, vix=vix, vix3m=np.full(count, np.nan), futures=EMPTY)
    return dates, vix, vvix, curve


def strip_of(params):
    root = np.sqrt(kernel.vix_total_variance(params[0], params[1], params[2], 30.0))
    slope = kernel.slope_at(params[3], params[6])
    return 100.0 * np.sqrt(kernel.vix_strip(root, slope, params[4]) * 365.0 / 30.0)


def test_strip_reproduces_vvix():
    dates, vix, vvix, curve = market()
    params = vix_smile_parameters(dates=dates, vix=vix, vvix=vvix, curve=curve)
    for row, published in zip(params, vvix, strict=True):
        assert strip_of(row) == pytest.approx(published, abs=STRIP_TOLERANCE)
    assert (params[:, 7] == 1.0).all()


def test_strip_of_the_slice_by_option_prices():
    """The whole way round: integrate the slice's own option prices, recover VVIX."""
    dates, vix, vvix, curve = market()
    params = vix_smile_parameters(dates=dates, vix=vix, vvix=vvix, curve=curve)
    row = params[-1]
    forward = row[6]
    smile = kernel.vix_slice(row, forward, 30.0)
    k = np.linspace(-3.0, 5.0, 40_001)
    sigma = np.array([kernel.vix_sigma(smile, forward * np.exp(x)) for x in k])
    deviation = sigma * np.sqrt(30 / 365)
    from scipy.stats import norm

    d1 = -k / deviation + deviation / 2
    call = norm.cdf(d1) - np.exp(k) * norm.cdf(d1 - deviation)
    otm = np.where(k < 0, call - 1 + np.exp(k), call)
    strip = 2 * np.trapezoid(otm * np.exp(-k), k)
    assert 100 * np.sqrt(strip * 365 / 30) == pytest.approx(vvix[-1], abs=1e-3)


def test_bad_prints_are_replaced_and_marked():
    dates, vix, vvix, curve = market()
    vvix[40] = 15.71  # the print of 2006-03-15 in Cboe's file
    vvix[41] = np.nan
    vvix[42] = 950.0
    params = vix_smile_parameters(dates=dates, vix=vix, vvix=vvix, curve=curve)
    assert list(params[39:44, 7]) == [1.0, 0.0, 0.0, 0.0, 1.0]
    assert np.isfinite(params).all()
    assert all(55.0 < strip_of(params[i]) < 180.0 for i in (40, 41, 42))


def test_prints_before_2007_are_not_believed():
    dates, vix, vvix, curve = market(start="2006-05-01")
    params = vix_smile_parameters(dates=dates, vix=vix, vvix=vvix, curve=curve)
    assert (params[:, 7] == 0.0).all()


def test_a_gap_keeps_what_was_last_known_of_the_estimates_error():
    dates, vix, _, curve = market()
    high = 1.5 * estimated_vvix(vix)
    high[60:] = np.nan
    params = vix_smile_parameters(dates=dates, vix=vix, vvix=high, curve=curve)
    ratio = [strip_of(params[i]) / estimated_vvix(vix)[i] for i in (60, 70, 79)]
    # 1.5 fading with a half-life of 40 sessions: 1.5^(0.5^(1/40)), 1.5^(0.5^(11/40)), …
    expected = [1.5 ** (0.5 ** (n / 40)) for n in (1, 11, 20)]
    assert ratio == pytest.approx(expected, rel=1e-9)


def test_a_day_without_vix_has_no_vector():
    dates, vix, vvix, _ = market()
    vix[10] = np.nan
    curve = vix_curve(dates=dates, vix=vix, vix3m=np.full(80, np.nan), futures=EMPTY)
    params = vix_smile_parameters(dates=dates, vix=vix, vvix=vvix, curve=curve)
    assert np.isnan(params[10]).all()
    assert np.isfinite(np.delete(params, 10, axis=0)).all()


def test_estimate_features_by_hand():
    features = vvix_features(np.array([20.0, 22.0]))
    gain = 1 - 0.5 ** (1 / 10)
    change = np.log(1.1)
    assert features[1, 1] == pytest.approx(np.log(22.0), rel=1e-12)
    assert features[1, 2] == pytest.approx(change * (1 - gain), rel=1e-12)
    spread = 0.07**2 + (1 - 0.5 ** (1 / 40)) * (change**2 - 0.07**2)
    assert features[1, 4] == pytest.approx(0.5 * np.log(spread), rel=1e-12)


def test_series_of_another_length_are_refused():
    dates, vix, vvix, curve = market()
    with pytest.raises(DataError, match="one a day"):
        vix_smile_parameters(dates=dates, vix=vix[:-1], vvix=vvix, curve=curve)


@given(st.integers(1, 79), st.integers(0, 10_000))
@settings(deadline=None, max_examples=25)
def test_later_data_never_change_earlier_rows(cut, seed):
    dates, vix, vvix, curve = market(seed=seed)
    vvix[seed % 80] = np.nan
    whole = vix_smile_parameters(dates=dates, vix=vix, vvix=vvix, curve=curve)
    part_curve = vix_curve(
        dates=dates[:cut], vix=vix[:cut], vix3m=np.full(cut, np.nan), futures=EMPTY
    )
    part = vix_smile_parameters(dates=dates[:cut], vix=vix[:cut], vvix=vvix[:cut], curve=part_curve)
    assert whole[:cut].tobytes() == part.tobytes()


def test_real_days(shared_data):
    history = load_history(shared_data)
    keep = history.dates >= np.datetime64("2006-01-03")
    dates, vix, vvix = history.dates[keep], history["vix"][keep], history["vvix"][keep]
    curve = vix_curve(dates=dates, vix=vix, vix3m=history["vix3m"][keep], futures=history.futures)
    params = vix_smile_parameters(dates=dates, vix=vix, vvix=vvix, curve=curve)
    assert np.isfinite(params[np.isfinite(vix)]).all()
    forward = thirty_day_forward(dates, vix, curve)
    ratio = 100 * params[:, 5] / vvix
    rows = dates >= np.datetime64("2007-01-03")
    # Published smiles of calm markets put at-the-money near 0.85 of VVIX at 30 days.
    calm = rows & (forward < 16)
    assert 0.80 < np.nanmean(ratio[calm]) < 0.90
    assert np.nanmean(ratio[rows & (forward > 35)]) > np.nanmean(ratio[calm]) + 0.05
    worst = [abs(strip_of(params[i]) - vvix[i]) for i in np.flatnonzero(rows & (vvix > 0))[::25]]
    assert max(worst) < STRIP_TOLERANCE
