import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from alvh.signals.breadth import (
    SHARE_WINDOW,
    WINDOW,
    advance_decline,
    breadth,
    line_change,
    share_above_mean,
)
from alvh.signals.windows import change_over, trailing_z
from signals.histories import plain

NAN = math.nan
RNG = np.random.default_rng(11)
SPX = 2000 * np.exp(np.cumsum(RNG.normal(0, 0.01, 200)))
ADVANCES = RNG.integers(500, 2500, 200).astype(float)
DECLINES = 3000 - ADVANCES
SHARE = RNG.uniform(5, 95, 200)


def test_the_line_adds_up_and_a_missing_day_adds_nothing():
    history = plain({"advances": [3.0, 1.0, NAN, 5.0], "declines": [1.0, 4.0, 2.0, 1.0]})
    assert_array_equal(advance_decline(history).raw, [2.0, -1.0, NAN, 3.0])


def test_the_change_of_the_line_is_per_issue():
    # Each day 3 up and 1 down: net 2 of 4 issues.
    up, down = np.full(25, 3.0), np.full(25, 1.0)
    found = line_change(up, down)
    assert np.isnan(found[: WINDOW - 1]).all()
    assert_array_equal(found[WINDOW - 1 :], 0.5)
    up[19] = 7.0  # one day 7 up: net (19·2 + 6) of (19·4 + 8)
    assert line_change(up, down)[19] == pytest.approx(44 / 84, rel=1e-15)


def test_the_change_of_the_line_stands_two_missing_days():
    up, down = np.full(30, 3.0), np.full(30, 1.0)
    up[[10, 11]] = NAN
    found = line_change(up, down)
    assert np.isnan(found[[10, 11]]).all()
    assert_array_equal(found[19:], 0.5)
    up[12] = NAN
    assert np.isnan(line_change(up, down)[19:30]).all()


def test_the_first_shares_have_short_means_behind_them():
    share = share_above_mean(plain({"sp_breadth": SHARE}))
    assert np.isnan(share[: SHARE_WINDOW - 1]).all()
    assert_array_equal(share[SHARE_WINDOW - 1 :], SHARE[SHARE_WINDOW - 1 :])


def test_divergence_is_positive_when_few_shares_carry_a_rise():
    spx, up = SPX.copy(), np.full(200, 1500.0) + RNG.normal(0, 100, 200)
    spx[-20:] = spx[-21] * 1.01 ** np.arange(1, 21)
    up[-20:] = 900.0
    found = breadth(plain({"spx": spx, "advances": up, "declines": 3000 - up}), 150, 50)
    assert found.raw[-1] > 2.0


def test_fallbacks_follow_in_order_and_the_provenance_says_where():
    advances = ADVANCES.copy()
    advances[150:] = NAN
    share = SHARE.copy()
    share[180:] = NAN
    rsp = 70 * np.exp(np.cumsum(RNG.normal(0, 0.01, 200)))
    history = plain(
        {"spx": SPX, "advances": advances, "declines": DECLINES, "sp_breadth": share,
         "rsp": rsp, "spy_adjusted": SPX / 10},
    )  # fmt: skip
    found = breadth(history, 60, 20)
    returns = trailing_z(change_over(SPX, 20), 60, 20)
    line = returns - trailing_z(line_change(advances, DECLINES), 60, 20)
    above = returns - trailing_z(share, 60, 20)
    equal = returns - trailing_z(change_over(rsp / (SPX / 10), 20), 60, 20)
    assert_array_equal(found.raw[50:150], line[50:150])
    assert_array_equal(found.raw[150:180], above[150:180])
    assert_array_equal(found.raw[180:], equal[180:])
    dates = history.dates
    first, second, third = found.provenance.split("; ")
    assert f"{dates[149]} " in first
    assert "NYSE" in first
    assert second.startswith(f"{dates[150]} to {dates[179]} (30 sessions) share of S&P 500")
    assert "not point in time" in second
    assert third.startswith(f"{dates[180]} to {dates[199]} (20 sessions) equal-weighted")


def test_the_score_is_the_divergence_within_bounds():
    spx = SPX.copy()
    spx[-1] *= 3.0
    found = breadth(plain({"spx": spx, "advances": ADVANCES, "declines": DECLINES}), 100, 30)
    assert found.raw[-1] > 4.0
    assert found.score[-1] == 4.0
    assert_array_equal(found.score, np.clip(found.raw, -4.0, 4.0))


def test_without_any_measure_it_is_absent():
    found = breadth(plain({"spx": SPX}), 60, 20)
    assert np.isnan(found.raw).all()
    assert found.provenance.startswith("absent")


def test_real_counts_end_in_2015_and_the_share_follows(real):
    found = breadth(real)
    first, second = found.provenance.split("; ")
    assert "to 2015-11-11" in first
    assert second.startswith("2015-11-12 to 2026-03-27")
    at = int(np.flatnonzero(real.dates == np.datetime64("2015-11-11"))[0])
    assert np.isfinite(found.raw[[at, at + 1]]).all()
