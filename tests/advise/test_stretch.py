"""A stretch of history on another evening's market; what followed the evening is itself."""

import numpy as np
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.replay import _moved_guides, replay
from alvh.advise.stretch import move_stretch
from alvh.errors import DataError
from alvh.kernel.records import GUIDE
from alvh.kernel.vix_curve import vix_forward

SAME = 1e-12  # relative: a factor of one, made by a division
# A calm year, August 2015, and the end of January 2018.
STARTS = ["2017-01-03", "2015-08-17", "2018-01-26"]
QUOTED = {"curve_quoted", "vix_settlement_quoted"}  # nothing of a replay is a quote


def _window(held, start, sessions):
    row = int(np.searchsorted(held.surfaces.dates, np.datetime64(start)))
    return slice(row, row + sessions + 1)


def _differences(one, other):
    """Fields of two runs of days that differ, and by how much."""
    for name in set(one.dtype.names) - QUOTED:
        left, right = one[name].astype(float), other[name].astype(float)
        assert (np.isnan(left) == np.isnan(right)).all(), name
        gap = np.abs(np.nan_to_num(left - right)) / np.maximum(np.abs(np.nan_to_num(left)), 1e-9)
        # the last entry of the VIX smile says whether it was solved from a quote
        gap = gap[:, :7] if name == "vix_smile" else gap
        if gap.max() > SAME:
            yield name, float(gap.max())


@pytest.mark.parametrize("end", ["2015-08-20", "2016-02-24", "2018-02-02"])
def test_what_followed_an_evening_is_itself(end):
    """Every number of every day, whatever the engine may come to read of it."""
    held = evening(end=end)
    window = slice(held.row, held.row + 121)
    moved = move_stretch(held, window)
    assert list(_differences(held.surfaces.days[window], moved.days)) == []


@pytest.mark.parametrize("start", STARTS)
def test_it_begins_with_the_evening(start):
    held = evening()
    moved = move_stretch(held, _window(held, start, 5))
    today = held.surfaces.days[held.row : held.row + 1].copy()
    first = moved.days[:1]
    for one in (today, first):
        for name in ("vix_settlement", "spx_open_settlement"):  # settled before the book is held
            one[name] = np.nan
    assert list(_differences(today, first)) == []


@pytest.mark.parametrize("start", STARTS)
def test_prices_move_by_the_factor_of_the_stretch(start):
    held = evening()
    window = _window(held, start, 40)
    there, days = held.surfaces.days[window], move_stretch(held, window).days
    for name in ("spx", "vix", "etp_short"):
        found, wanted = days[name] / held.day[name], there[name] / there[name][0]
        assert np.abs(found / wanted - 1.0).max() < SAME

    def ahead(day, tau):
        return vix_forward(
            day["curve_expiry"], day["curve_forward"], day["vix"], day["date"], day["date"] + tau
        )

    for t in (1, 17, 40):
        for node in range(8):
            tau = int(days[t]["curve_expiry"][node] - days[t]["date"])
            found = ahead(days[t], tau) / ahead(held.day, tau)
            assert found == pytest.approx(ahead(there[t], tau) / ahead(there[0], tau), rel=SAME)


@pytest.mark.parametrize("start", STARTS)
def test_moved_days_have_prices_that_can_be_had(start):
    """Variance grows with time, so no calendar spread is worth less than nothing."""
    held = evening()
    moved = move_stretch(held, _window(held, start, 250))
    days = moved.days[moved.days["tradable"] == 1]
    variance = days["spx_smile"][:, :4]
    assert (np.diff(variance, axis=1) > 0.0).all()
    assert (days["spx_smile"][:, 6] > 0.0).all()
    assert (days["curve_forward"] > 0.0).all()
    assert (np.diff(moved.dates.astype(int)) > 0).all()
    assert np.isfinite(days["hv20"]).all()


@pytest.mark.parametrize("start", STARTS)
def test_condors_cannot_earn_more_than_is_left_in_them(start):
    """The bound of a held condor: at most it expires worthless, at worst both its wings pay."""
    result = run()
    found = replay(bundled(), result, start, 120)
    owed = sum(
        -leg["quantity"] * 100.0 * leg["mid"] for leg in evening().legs if leg["sleeve"] == 0
    )
    worst = sum(100.0 * one.quantity * one.width for one in evening().book.condors)
    assert owed > 0.0
    assert owed - worst - 1e-6 <= found.pnl["condors"][-1] <= owed + 1e-6


def test_an_earlier_evening_goes_on_with_the_sessions_that_followed_it():
    found = replay(bundled(), run(), STARTS[0], 10)
    dates = bundled().dates
    at = int(np.searchsorted(dates, np.datetime64("2016-02-24")))
    assert (found.on == dates[at : at + 11]).all()
    assert found.dates[0] == np.datetime64(STARTS[0])


def test_the_last_evening_goes_on_by_the_calendar():
    """No session of the history is left; none of those that follow is on a weekend."""
    history = bundled()
    result = alvh.backtest(history, "single-call", "none", start="2015-01-02")
    found = replay(history, result, STARTS[1], 60)
    assert found.on[0] == result.dates[-1]
    assert np.is_busday(found.on).all()
    assert len(found.on) == 61


def test_events_are_as_far_ahead_as_they_were():
    held = evening()
    window = _window(held, STARTS[2], 20)
    moved, dates = move_stretch(held, window), held.surfaces.dates[window]
    rows = np.zeros(21, GUIDE)
    rows["next_event"] = dates.astype(np.int64) + 5
    rows["next_event"][7] = 0  # none is known
    found, _ = _moved_guides((rows, np.zeros((1, 1, 4))), dates, moved)
    away = found["next_event"] - moved.dates.astype(np.int64)
    assert found["next_event"][7] == 0
    assert (np.delete(away, 7) == 5).all()
    assert rows["next_event"][0] == dates[0].astype(np.int64) + 5  # the caller's rows stay


def test_a_stretch_past_the_calendar_is_refused(shared_data):
    """Ten years from an evening of 2026 end after 2031, the calendar's last year."""
    history = alvh.load_history(shared_data)
    result = alvh.backtest(history, "single-call", "none", "2025-06-02", "2026-06-30")
    with pytest.raises(DataError, match="where the exchange calendar ends; ask for fewer sessions"):
        replay(history, result, "2007-01-03", 2600)
    assert len(replay(history, result, "2007-01-03", 1000).on) == 1001
