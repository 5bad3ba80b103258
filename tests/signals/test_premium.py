import math
from datetime import timedelta
from statistics import median

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alvh.market.curve import curve_nodes
from alvh.signals import premium
from signals.histories import plain, random_history


def test_the_forecast_is_that_of_the_line_fitted_so_far():
    rng = np.random.default_rng(3)
    vix = np.empty(900)
    vix[0] = 20.0
    for t in range(1, 900):
        vix[t] = 1.0 + 0.95 * vix[t - 1] + rng.normal(0, 1)
    found = premium._expected(vix, np.full(900, 10.0))
    assert np.isnan(found[: premium.LEAST_PAIRS]).all()
    slope, level = np.polyfit(vix[:800], vix[1:801], 1)  # pairs up to session 800
    mean = level / (1.0 - slope)
    assert_allclose(found[800], mean + slope**10 * (vix[800] - mean), rtol=1e-9)


def test_the_distortion_by_hand():
    # twenty values 0 … 19: median 9.5, deviations 0.5 … 9.5 twice, their median 5
    values = np.append(np.arange(20.0), 24.5)
    found = premium._deviations(values)
    assert np.isnan(found[:20]).all()
    assert found[20] == (24.5 - 9.5) / 5.0


def test_a_basis_that_does_not_move_has_no_distortion():
    assert math.isnan(premium._deviations(np.full(21, 0.1))[20])


def test_a_hole_takes_the_sessions_that_compare_with_it():
    values = np.sin(np.arange(60.0))
    values[10] = np.nan
    found = premium._deviations(values)
    assert np.isnan(found[:31]).all()
    assert np.isfinite(found[31:]).all()


def test_absent_futures_are_absent():
    history = plain({"spx": np.ones(900), "vix": np.full(900, 20.0)})
    for read in (premium.vix_premium, premium.basis_distortion):
        assert np.isnan(read(history).raw).all()


def test_the_premium_moves_with_the_future_alone():
    """A future one point dearer has a premium one point larger: the forecast is of VIX."""
    history = reverting(4, 900)
    dearer = type(history)(
        history.dates, history.columns,
        futures=history.futures.with_columns(history.futures["settle"] + 1.0),
    )  # fmt: skip
    ours, theirs = premium.vix_premium(history).raw, premium.vix_premium(dearer).raw
    known = np.isfinite(ours)
    assert known.sum() > 80  # the sessions after the first 756 pairs
    assert_allclose(theirs[known] - ours[known], 1.0, rtol=1e-9)


def reverting(seed, n):
    """Return a random history whose VIX reverts, with the same holes."""
    history = random_history(seed, n)
    rng = np.random.default_rng(seed)
    logs = np.zeros(n)
    for t in range(1, n):
        logs[t] = 0.95 * logs[t - 1] + rng.normal(0, 0.06)
    vix = np.where(np.isfinite(history["vix"]), 17.0 * np.exp(logs), np.nan)
    return type(history)(
        history.dates, dict(history.columns) | {"vix": vix}, futures=history.futures
    )


def distance(history, row, speed):
    """Return how far the front future lies above its path, in logs, worked out by scalars."""
    day = history.dates[row].astype(object)
    spot = math.log(history["vix"][row])
    due = [np.datetime64(int(node), "D").astype(object) for node in
           curve_nodes(history.dates[row : row + 1])[0, :2]]  # fmt: skip
    level = [history.futures.filter((pl.col("date") == day) & (pl.col("expiry") == one))["settle"]
             for one in due]  # fmt: skip
    if any(len(found) == 0 for found in level):
        return math.nan
    first, second = (math.log(found[0]) for found in level)
    gone = [1.0 - math.exp(-speed * ((one - day) / timedelta(365))) for one in due]
    return first - (spot + (second - spot) * gone[0] / gone[1])


def test_the_basis_is_measured_from_the_path_that_was_known():
    """The speed is 252 times minus ln φ, φ the slope of ln VIX on itself a session before."""
    history = reverting(6, 900)
    found = premium.basis_distortion(history).raw
    logs = np.log(history["vix"])
    values = {}
    for row in range(760, 900):
        past = logs[: row + 1][np.isfinite(logs[: row + 1])]
        if np.isfinite(logs[row]) and len(past) > premium.LEAST_PAIRS:
            phi = np.polyfit(past[:-1], past[1:], 1)[0]
            values[row] = distance(history, row, -252.0 * math.log(phi))
    checked = 0
    for row in range(800, 900):
        before = [values.get(at, math.nan) for at in range(row - 20, row)]
        if not all(map(math.isfinite, [*before, values.get(row, math.nan)])):
            assert math.isnan(found[row])
            continue
        middle = median(before)
        spread = median(abs(value - middle) for value in before)
        assert found[row] == pytest.approx((values[row] - middle) / spread, rel=1e-7)
        checked += 1
    assert checked > 10


@pytest.mark.parametrize("rows", [757, 800, 1099])
@pytest.mark.parametrize("read", [premium.vix_premium, premium.basis_distortion])
def test_what_was_known_does_not_change_when_sessions_are_added(read, rows):
    whole = reverting(8, 1100)
    short = whole.between(None, whole.dates[rows - 1].astype(object))
    found = read(whole).raw
    assert np.isfinite(found).any()
    assert_array_equal(read(short).raw, found[:rows])


def test_an_autoregression_that_reverts_to_nothing_gives_no_forecast():
    phi, mean = premium.autoregression(1.01 ** np.arange(800.0))  # φ is 1.01
    assert np.isnan(phi).all()
    assert np.isnan(mean).all()
