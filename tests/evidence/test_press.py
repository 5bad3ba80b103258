"""The press of long VIX calls: against single quotes, and its comparison by construction."""

from dataclasses import replace

import numpy as np
import pytest

import alvh
from alvh.errors import DataError
from alvh.evidence.long_calls import FIGURES, HORIZONS, hedge_calls, standard_calls
from alvh.evidence.press import _event_starts, _excess, press_report
from alvh.evidence.spans import market_days
from alvh.market.surfaces import build_surfaces

PNL = list(FIGURES).index("pnl")


@pytest.fixture(scope="module")
def history():
    return alvh.load_history("bundled")


@pytest.fixture(scope="module")
def result(history):
    return alvh.backtest(history, "alvh-40-40-20", "cndr")


@pytest.fixture(scope="module")
def report(history, result):
    return press_report(history, result, resamples=50)


def test_a_standard_call_is_the_listed_one_and_gains_what_its_quotes_say(history):
    surfaces = build_surfaces(history)
    start = int(np.searchsorted(surfaces.dates, np.datetime64("2015-12-15")))
    found = standard_calls(surfaces.days, surfaces.vix_expiries)["30-day at the money"]
    # 2015-12-15: the monthlies near are 12-16 and 2016-01-20 (36 days); it is called 16J20
    dates = [surfaces.dates[start + h] for h in (0, *HORIZONS)]
    candidates = [f"VIX   160120C000{strike:02d}000" for strike in range(15, 26)]
    first = alvh.quote(history, candidates, as_of=str(dates[0]))
    gap = (first["forward"][0] - np.arange(15, 26)).__abs__()
    symbol = candidates[int(np.argmin(gap))]
    mids = [alvh.quote(history, [symbol], as_of=str(day))["mid"][0] for day in dates]
    for place in range(len(HORIZONS)):
        expected = mids[place + 1] / mids[0] - 1.0
        assert found.share[start, place, PNL] == pytest.approx(expected, abs=1e-10)


def test_parts_add_up(report):
    table = report.table
    parts = sum(table[name] for name in ("forward", "vega", "theta", "second_order", "residual"))
    assert (parts - table["pnl"]).abs().max() < 1e-12
    assert (table["vega"] + table["theta"] - table["press"]).abs().max() < 1e-12
    # one session or five: the greeks leave next to nothing over
    assert table["residual"].abs().max() < 0.02


def test_rows_are_calls_by_events_by_sessions(report):
    layers = {f"alvh-40-40-20 {name}" for name in ("short", "medium", "tail")}
    assert set(report.table["position"]) == {"30-day at the money", "30-day delta 0.30"} | layers
    assert set(report.table["event"]) == {"fomc", "cpi", "spike"}
    assert report.table.height == 5 * 3 * 3
    # the Federal Reserve's calendar: eight meetings a year, from January 2014 to December 2018
    assert any(note.startswith("fomc: 40 sessions, 2014-01-29 to 2018") for note in report.notes)


def test_events_start_the_close_before_and_spikes_at_their_own(history, result):
    days = market_days(history, result)
    starts, _ = _event_starts(history, days)
    dates = days["date"].astype("datetime64[D]").astype(str)
    # decisions of 2015-12-16, 2017-03-15 and 2018-09-26; CPI of 2016-02-19
    assert {"2015-12-15", "2017-03-14", "2018-09-25"} <= set(dates[starts["fomc"]])
    assert "2016-02-18" in dates[starts["cpi"]]
    spikes = set(dates[starts["spike"]])
    # VIX 17.31 to 37.32 on 2018-02-05, 19.14 to 28.03 on 2015-08-21; 37.32 to 29.98 is a fall
    assert {"2018-02-05", "2015-08-21"} <= spikes
    assert "2018-02-06" not in spikes


def test_an_event_on_a_closed_day_counts_for_the_session_after(history, result):
    sunday = replace(history, events={"cpi": np.array(["2016-01-17"], "datetime64[D]")})
    days = market_days(history, result)
    starts, _ = _event_starts(sunday, days)
    dates = days["date"].astype("datetime64[D]")
    # Monday the 18th was Martin Luther King's day: the close before Tuesday is Friday's
    assert np.datetime64("2016-01-15") in dates[starts["cpi"]]
    assert np.datetime64("2016-01-15") not in dates[_event_starts(history, days)[0]["cpi"]]


def test_few_events_have_no_interval(history, report):
    year = alvh.backtest(history, "alvh-40-40-20", "none", "2016-01-04", "2016-12-30")
    table = press_report(history, year, resamples=20).table
    few = table.filter(table["event"] == "fomc")
    assert (few["count"] <= 8).all()
    assert few["press_low"].is_nan().all()
    many = report.table.filter(report.table["event"] == "spike")
    assert (many["press_low"] < many["press_excess"]).all()
    assert (many["press_high"] > many["press_excess"]).all()


def test_what_only_depends_on_the_group_is_no_excess():
    rng = np.random.default_rng(1)
    group = rng.integers(0, 4, 400)
    event = rng.random(400) < 0.1
    control = ~event & (rng.random(400) < 0.7)
    draws = rng.poisson(1.0, (400, 20)).astype(float)
    value = np.array([0.1, -0.3, 0.02, 0.5])[group]
    np.testing.assert_allclose(_excess(value, event, control, group, draws), 0.0, atol=1e-15)
    lowered = np.where(event, value - 0.04, value)
    found = _excess(lowered, event, control, group, draws)
    np.testing.assert_allclose(found, -0.04, rtol=1e-12)


def test_events_without_a_control_of_their_kind_are_left_out():
    value = np.array([1.0, 3.0, 0.5, 9.0])
    event = np.array([True, True, False, False])
    control = np.array([False, False, True, False])
    group = np.array([7, 8, 7, 8])
    # only the first event has a control: 1 − 0.5
    assert _excess(value, event, control, group, np.ones((4, 1)))[0] == 0.5


def test_futures_are_no_calls(history):
    result = alvh.backtest(history, "futures-40-40-20", "none")
    assert hedge_calls(result, market_days(history, result)) == {}


def test_the_same_seed_gives_the_same_intervals(history, result, report):
    again = press_report(history, result, resamples=50)
    assert again.table.equals(report.table, null_equal=True)
    other = press_report(history, result, resamples=50, seed=1)
    assert not np.array_equal(other.table["press_low"], again.table["press_low"], equal_nan=True)


def test_no_resamples_are_refused(history):
    with pytest.raises(DataError, match="resamples is 0"):
        press_report(history, resamples=0)


def test_press_on_the_whole_history(shared_data):
    """Signs that any long option has: time costs, on every call and horizon."""
    history = alvh.load_history(shared_data)
    table = press_report(history, resamples=20).table
    assert set(table["event"]) == {"fomc", "cpi", "spike"}
    assert (table["theta"] < 0.0).all()
    assert (table["control_theta"] < 0.0).all()
    assert (table["count"] > 100).all()
