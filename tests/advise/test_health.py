"""The health of the bundled book, its history, and what neither may know."""

import gc
import weakref
from datetime import date

import numpy as np
import polars as pl
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.capital import martin_bound
from alvh.advise.evening import read_evening
from alvh.advise.health import RETURN_OF, health, health_history
from alvh.advise.protection import protection_price
from alvh.advise.steward import steward
from alvh.advise.track import track_run
from alvh.errors import DataError
from alvh.stewardship.scenarios import Past

END = "2016-02-24"


@pytest.fixture(scope="module")
def found():
    return health(bundled(), run())


def same(one: dict[str, float], other: dict[str, float]) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def test_every_figure_is_there(found) -> None:
    figures = found.figures()
    absent = {name for name, value in figures.items() if np.isnan(value)}
    assert absent <= set(found.reasons()) | {
        "convexity_short",
        "convexity_medium",
        "convexity_tail",
    }
    assert set(found.xirr) == set(found.mirr) == set(RETURN_OF)
    assert found.flat is not None
    assert found.as_of == date(2016, 2, 24)


def test_the_book_s_own_rate_is_its_growth(found) -> None:
    # money goes in once and comes out once, so XIRR and MIRR are the growth a year
    result = run()
    days = int((result.dates[-1] - result.dates[0]).astype(int))
    growth = (result.nav[-1] / 1e6) ** (365 / days) - 1
    assert found.xirr["book"].value == pytest.approx(growth, abs=1e-9)
    assert found.mirr["book"].value == pytest.approx(growth, abs=1e-9)


def test_condors_return_on_their_margin(found) -> None:
    # the rate of the flows solves them: worth nothing at it
    held, result = evening(), run()
    track = track_run(result, held.run_days)
    flow = track.flows["condors"] - np.diff(result.condor_margin, prepend=0.0)
    value = sum(leg.value for leg in held.book.legs if leg.sleeve == "condors")
    flow[-1] += value + result.condor_margin[-1]
    used = np.flatnonzero(flow)
    years = (result.dates[used] - result.dates[used[0]]).astype(float) / 365
    worth = flow[used] @ (1 + found.xirr["condors"].value) ** -years
    assert worth == pytest.approx(0.0, abs=1e-6 * np.abs(flow).sum())


def test_the_premium_is_the_bound_unless_given(found) -> None:
    held = evening()
    assert found.premium_source == "VIX bound"
    assert found.equity_risk_premium == pytest.approx(martin_bound(held.vix, held.rate))
    given = health(bundled(), run(), equity_risk_premium=0.05)
    assert (given.equity_risk_premium, given.premium_source) == (0.05, "given")
    assert given.fair_cost.fair == pytest.approx(-given.betas.hedge_usd * 0.05)
    absent = health(bundled(), run(), equity_risk_premium=float("nan"))
    assert absent.premium_source == "VIX bound"


def test_break_evens_nearest_to_the_market(found) -> None:
    figures = found.figures()
    assert figures["put_break_even"] == max(trade.put_side for trade in found.trades)
    assert figures["call_break_even"] == min(trade.call_side for trade in found.trades)
    flat = found.flat.vix[found.flat.spx_returns == -0.05]
    assert figures["flat_vix_after_5pct_fall"] == pytest.approx(flat[0])


def test_nothing_later_matters(found) -> None:
    cut = bundled().between(end=END)
    again = health(cut, alvh.backtest(cut, "alvh-40-40-20", "monthly45"))
    assert same(found.figures(), again.figures())
    assert np.array_equal(found.payoff, again.payoff)
    assert np.array_equal(found.flat.vix, again.flat.vix)


def test_changing_the_future_changes_no_row_of_the_past() -> None:
    columns = {name: values.copy() for name, values in bundled().columns.items()}
    later = bundled().dates > np.datetime64(END)
    for name in ("spx", "spx_open", "vix", "vix_open", "vvix"):
        if name in columns:
            columns[name][later] *= 1.2
    moved = alvh.History(
        bundled().dates,
        columns,
        bundled().futures.filter(pl.col("date") <= date(2016, 2, 24)),
        bundled().settlements,
        bundled().events,
        bundled().monthly,
    )
    one = health_history(bundled(), end="2016-06-30").filter(pl.col("date") <= date(2016, 2, 24))
    other = health_history(moved, end="2016-06-30").filter(pl.col("date") <= date(2016, 2, 24))
    assert one.height > 20
    assert one.equals(other)


def test_history_s_row_is_the_health_of_its_day() -> None:
    table = health_history(bundled(), end="2015-08-31")
    assert table.height == 20  # January 2014 to August 2015
    last = table.row(-1, named=True)
    found = health(bundled(), run("alvh-40-40-20", "2015-08-31"))
    assert last["date"] == date(2015, 8, 31)
    assert last["quick_ratio_colour"] == found.quick_ratio.colour
    assert same(found.figures(), last)
    monthly, layered = alvh.load_programme("monthly45"), alvh.load_policy("alvh-40-40-20")
    result = run("alvh-40-40-20", "2015-08-31")
    assert last["steward_score"] == steward(bundled(), result, monthly, layered).score


def test_a_series_of_premia_is_read_on_its_days() -> None:
    premia = np.linspace(0.02, 0.08, len(bundled()))
    table = health_history(bundled(), end="2014-06-30", equity_risk_premium=premia)
    for row in table.iter_rows(named=True):
        place = int(np.searchsorted(bundled().dates, np.datetime64(row["date"])))
        assert row["equity_risk_premium"] == premia[place]


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    health_history(bundled(), end="2014-04-30", progress=lambda *step: told.append(step))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(DataError, match="'month' or 'year'"):
        health_history(bundled(), every="week")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="3 equity risk premia"):
        health_history(bundled(), equity_risk_premium=np.zeros(3))


def test_a_book_without_anything_is_healthy_and_says_what_is_absent() -> None:
    bare = health(bundled(), run("none", END))
    assert bare.quick_ratio.colour == "green"
    assert bare.layers == {}
    assert bare.reasons()["protection_pe"] == "no hedge held"
    assert bare.reasons()["xirr_hedge"] == "there are no flows"
    assert bare.cost_of_capital.drag == pytest.approx(0.0)


def test_real_crisis(shared_data) -> None:
    history = alvh.load_history(shared_data)
    result = alvh.backtest(history, "alvh-40-40-20", "monthly45", "2007-01-03", "2020-03-16")
    found = health(history, result)
    assert found.vix == 82.69  # Cboe's record close
    assert found.quick_ratio.colour == "green"
    # the curve was inverted, so an unchanged market paid the hedge
    assert found.protection.carry < 0
    assert found.dividend_value.reason == "k is −100 % or less"
    assert found.dividend_value.plain_ratio > 1.0


@pytest.mark.parametrize(("end", "sessions"), [("2015-06-08", 5), ("2015-06-16", 3)])
def test_the_tail_runs_no_longer_than_the_condors(end, sessions) -> None:
    # CNDR's condor of June 2015 expires on Friday the 19th: three sessions after the 16th
    result = run("alvh-40-40-20", end, "cndr")
    held = read_evening(bundled(), result)
    days = held.surfaces.days
    moves = Past(days["spx"], days["vix"], sessions).scenarios(held.row)
    found = health(bundled(), result).protection
    assert found.avoided == pytest.approx(protection_price(held, moves).avoided)
    assert found.rally_share == protection_price(held, moves).rally_share


def test_a_run_is_let_go_with_the_last_word_on_its_health():
    """Hundreds of evenings one after the other: none may wait for a collection of garbage."""
    found = alvh.backtest(bundled(), end="2016-02-24")
    held = weakref.ref(found)
    gc.disable()
    try:
        alvh.health(bundled(), found)
        del found
        assert held() is None
    finally:
        gc.enable()
