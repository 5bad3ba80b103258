import math
from datetime import date

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from alvh.signals import indicators
from alvh.signals.indicators import macd_histogram, rsi, rsi_of_changes
from alvh.signals.term_structure import front_changes
from alvh.signals.windows import MOST_MISSING
from signals.histories import futures_table, plain

NAN = math.nan
WARMED_UP = 1e-10  # RSI is between 0 and 100, the histogram of ln VIX below 1

levels = st.lists(st.floats(1.0, 200.0), min_size=1, max_size=80).map(np.array)


def test_rsi_by_hand():
    # Changes +2, −1, +1 | −3: gain 3/3 = 1, loss 1/3, RSI 100·1/(4/3) = 75. Then gain
    # (2·1 + 0)/3 = 2/3, loss (2/3 + 3)/3 = 11/9, RSI 100·(6/9)/(17/9) = 600/17.
    found = rsi(np.array([10.0, 12.0, 11.0, 12.0, 9.0]), period=3)
    assert_array_equal(np.isnan(found), [True, True, True, False, False])
    assert_allclose(found[3:], [75.0, 600 / 17], rtol=1e-14)


def test_rsi_at_its_ends():
    assert rsi(np.arange(1.0, 30.0))[-1] == 100.0
    assert rsi(np.arange(30.0, 1.0, -1.0))[-1] == 0.0
    assert np.isnan(rsi(np.full(30, 5.0))).all()  # nothing moved: nothing to say


@pytest.mark.parametrize("seed", range(5))
def test_rsi_and_macd_are_those_of_talib_on_random_walks(seed):
    values = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, 600)))
    assert_allclose(rsi(values), talib.RSI(values, 14), rtol=0, atol=WARMED_UP)
    histogram, _ = macd_histogram(np.log(values))
    assert_allclose(histogram, talib.MACD(np.log(values), 12, 26, 9)[2], rtol=0, atol=WARMED_UP)


def test_rsi_and_macd_are_those_of_talib_on_real_closes(real):
    spx, vix = real["spx"], real["vix"]
    assert_allclose(rsi(spx), talib.RSI(spx, 14), rtol=0, atol=WARMED_UP)
    known = np.isfinite(vix)
    assert 0 < (~known).sum() < 10  # VIX lacks single days of the 1990s: they are stepped over
    assert_allclose(rsi(vix)[known], talib.RSI(vix[known], 14), rtol=0, atol=WARMED_UP)
    theirs = talib.MACD(np.log(vix[known]), 12, 26, 9)[2]
    assert_allclose(indicators.macd(real).raw[known], theirs, rtol=0, atol=WARMED_UP)
    assert np.isnan(indicators.macd(real).raw[~known]).all()


@given(levels)
def test_rsi_stays_in_its_range_and_knows_no_unit(values):
    found = rsi(values, period=5)
    known = found[np.isfinite(found)]
    assert ((known >= 0.0) & (known <= 100.0)).all()
    assert_array_equal(rsi(values * 4.0, period=5), found)  # a power of two rounds nothing


@given(levels, st.integers(0, 80), st.integers(1, MOST_MISSING))
def test_short_holes_are_stepped_over(values, at, length):
    at = min(at, len(values))
    holed = np.insert(values, at, [NAN] * length)
    kept = np.isfinite(holed)
    for function in (rsi, lambda v: macd_histogram(v)[0], lambda v: macd_histogram(v)[1]):
        assert_array_equal(function(holed)[kept], function(values))
        assert np.isnan(function(holed)[~kept]).all()


@given(levels, levels)
def test_after_a_long_hole_everything_begins_anew(before, after):
    holed = np.concatenate([before, np.full(MOST_MISSING + 1, NAN), after])
    for function in (rsi, lambda v: macd_histogram(v)[0], lambda v: macd_histogram(v)[1]):
        assert_array_equal(function(holed)[-len(after) :], function(after))


def test_the_sign_of_macd_must_hold_two_sessions():
    values = np.log(15.0 + 5.0 * np.sin(np.arange(200.0) / 9.0))
    histogram, held = macd_histogram(values)
    first = int(np.flatnonzero(np.isfinite(histogram))[0])
    assert first == 33  # the 34th value: 26 + 9 − 1
    assert np.isnan(held[first])
    for i in range(first + 1, len(values)):
        same = np.sign(histogram[i]) == np.sign(histogram[i - 1])
        assert held[i] == (np.sign(histogram[i]) if same else 0.0)
    assert set(held[first + 1 :]) == {-1.0, 0.0, 1.0}


def _contract(first: date, second: date, start: str, levels: list[tuple[float, float]]):
    history = plain({"spx": np.ones(len(levels))}, np.datetime64(start))
    rows = []
    for day, (front, back) in zip(history.dates, levels, strict=True):
        for due, level in ((first, front), (second, back)):
            if not math.isnan(level):
                rows.append((day.astype(object), due, level))
    return plain(dict(history.columns), np.datetime64(start), futures=futures_table(rows))


def test_the_front_future_rolls_without_a_jump():
    # The contract of 2015-01-21 is 10 points below the next one; both gain 1 a day. On the day of
    # settlement the table has no row of it, and the next contract is in front.
    history = _contract(
        date(2015, 1, 21), date(2015, 2, 18), "2015-01-16",
        [(10.0, 20.0), (11.0, 21.0), (NAN, 22.0), (NAN, 23.0)],
    )  # fmt: skip
    assert str(history.dates[2]) == "2015-01-21"
    assert_array_equal(front_changes(history), [NAN, 1.0, 1.0, 1.0])


def test_a_roll_into_a_contract_unknown_the_day_before_has_no_change():
    history = _contract(
        date(2015, 1, 21), date(2015, 2, 18), "2015-01-16",
        [(10.0, NAN), (11.0, NAN), (NAN, 22.0), (NAN, 23.0)],
    )  # fmt: skip
    assert_array_equal(front_changes(history), [NAN, 1.0, NAN, 1.0])


def test_rsi_of_the_front_future_is_talibs_on_a_chained_level(real):
    changes = front_changes(real)
    known = np.flatnonzero(np.isfinite(changes))
    run = changes[known[0] : known[-1] + 1]
    assert np.isfinite(run).all()  # 2007 to 2026 without a hole
    level = 1000.0 + np.concatenate([[0.0], np.cumsum(run)])
    ours = rsi_of_changes(changes)[known[0] - 1 : known[-1] + 1]
    assert_allclose(ours, talib.RSI(level, 14), rtol=0, atol=1e-9)  # chaining at 1000 rounds


def test_a_hedge_is_cheap_when_the_index_is_overbought_and_vix_calm():
    up, down = np.linspace(100, 120, 40), np.linspace(20, 12, 40)
    cheap = indicators.hedge_cheap(plain({"spx": up, "vix": down}))
    assert_array_equal(cheap.raw[14:], np.ones(26))
    assert cheap.score is cheap.raw
    for spx, vix in ((down, down), (up, up), (down, up)):
        assert_array_equal(indicators.hedge_cheap(plain({"spx": spx, "vix": vix})).raw[14:], 0.0)
    assert np.isnan(cheap.raw[:14]).all()


def test_the_gap_is_a_difference_and_wants_both():
    rng = np.random.default_rng(3)
    spx, vix = (50 + np.cumsum(rng.normal(0, 0.5, 60)) for _ in range(2))
    gap = indicators.rsi_gap(plain({"spx": spx, "vix": vix})).raw
    assert_array_equal(gap, rsi(spx) - rsi(vix))
    alone = indicators.rsi_gap(plain({"spx": spx}))
    assert np.isnan(alone.raw).all()
    assert "vix (absent)" in alone.provenance
