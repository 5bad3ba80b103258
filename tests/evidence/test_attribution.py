"""Attribution against the account: every leg's parts, summed, are the sleeves' daily P&L."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

import alvh
from alvh.errors import DataError
from alvh.evidence.attribution import PARTS, VEGA_PARTS, attribute
from alvh.holdings import holdings
from alvh.kernel import codes

CENT = 0.005  # USD: half a cent, so that the two print alike
WHOLE = "2007-01-03"  # from here VIX futures are quoted in today's scale

BOOKS = [
    ("alvh-40-40-20", "monthly45"),
    ("alvh-4-4-2", "cndr"),
    ("futures-40-40-20", "cndr"),
    ("spx-puts", "monthly45"),
    ("vxth", "cndr"),
    ("vxth", "index"),
    ("alvh-40-40-20", "daily1"),
    ("none", "cndr"),
]


@pytest.fixture(scope="module")
def history():
    return alvh.load_history("bundled")


def by_account(result):
    """P&L at mid by day and sleeve that the account booked, shape (n, 4), USD."""
    return np.diff(result.daily["pnl"], axis=0, prepend=0.0)


def by_legs(result, found):
    """The same from the legs."""
    out = np.zeros((len(result.dates), len(codes.SLEEVES)))
    for row in found.by_sleeve_day.iter_rows(named=True):
        day = np.searchsorted(result.dates, np.datetime64(row["date"]))
        out[day, codes.SLEEVES.index(row["sleeve"])] = row["pnl"]
    return out


def agrees(result, found):
    assert np.abs(by_legs(result, found) - by_account(result)).max() < CENT
    total = by_legs(result, found).sum(axis=0)
    np.testing.assert_allclose(total, result.daily["pnl"][-1], rtol=0, atol=CENT)


def adds_up(found):
    legs = found.legs
    parts = legs.select(pl.sum_horizontal(PARTS)).to_series()
    vega = legs.select(pl.sum_horizontal(VEGA_PARTS)).to_series()
    assert (parts - legs["pnl"]).abs().max() < CENT
    assert (vega - legs["vega"]).abs().max() < CENT
    assert legs.select(pl.col("pnl", *PARTS, *VEGA_PARTS).is_finite().all()).row(0) == (True,) * 13


@pytest.mark.parametrize(("hedge", "programme"), BOOKS)
def test_legs_make_the_account_s_pnl_to_the_cent(history, hedge, programme):
    result = alvh.backtest(history, hedge, programme)
    for greeks in ("path", "start"):
        found = attribute(history, result, greeks=greeks)
        assert found.legs.height > 0
        agrees(result, found)
        adds_up(found)


def test_a_book_of_nothing_has_no_rows(history):
    found = attribute(history, alvh.backtest(history, "none", "none"))
    assert found.legs.height == 0
    assert found.by_sleeve.height == found.coverage().height == found.misses().height == 0


def test_skipped_marks_are_spanned(history):
    """No VIX from 2015-08-18 to 2015-08-26: VIX settles on the 19th, SPX on the 21st, unmarked."""
    hole = (history.dates >= np.datetime64("2015-08-18")) & (
        history.dates <= np.datetime64("2015-08-26")
    )
    vix = np.where(hole, np.nan, history["vix"])
    settled = 0
    holed = replace(history, columns=dict(history.columns) | {"vix": vix})
    for hedge, programme in (
        ("alvh-40-40-20", "cndr"),
        ("futures-40-40-20", "monthly45"),
        ("vxth", "index"),
    ):
        result = alvh.backtest(holed, hedge, programme)
        found = attribute(holed, result)
        agrees(result, found)
        adds_up(found)
        across = found.legs.filter(pl.col("date").cast(pl.String) == "2015-08-27")
        assert across.height > 0
        assert across["since"].cast(pl.String).unique().to_list() == ["2015-08-17"]
        inside = found.legs.filter(pl.col("date").is_between(date(2015, 8, 18), date(2015, 8, 26)))
        assert inside["settled"].all()
        settled += inside.height
    assert settled > 0


def test_quantities_of_the_last_day_are_the_book_s(history):
    """A leg held through the last day is still in the book unless it was sold or settled on it."""
    result = alvh.backtest(history, "alvh-40-40-20", "cndr", end="2016-05-31")
    last = attribute(history, result).legs.filter(pl.col("date").cast(pl.String) == "2016-05-31")
    assert result.trades.filter(pl.col("date").cast(pl.String) == "2016-05-31").height == 0
    held = {
        (leg.sleeve, leg.root, leg.put_call, leg.expiry, leg.strike): leg.quantity
        for leg in holdings(result).legs
    }
    keys = ("sleeve", "root", "put_call", "expiry", "strike")
    found = {tuple(row[k] for k in keys): row["quantity"] for row in last.iter_rows(named=True)}
    assert found == held


def test_time_roll_down_and_ageing_are_the_engine_s_carry(history):
    """The engine notes what each layer gains in one unchanged day; on one-day steps that is here.

    It revalues at once where the parts are greeks times moves, so they agree to the second order
    of one day's roll-down: a few per cent of it.
    """
    result = alvh.backtest(history, "alvh-40-40-20", "none")
    days = np.diff(result.dates).astype(int)
    booked = np.diff(result.daily["carry"], axis=0)[days == 1]
    parts = pl.col("theta") + pl.col("carry") + pl.col("vega_ageing")
    unchanged = (
        attribute(history, result)
        .legs.filter((pl.col("date") - pl.col("since")).dt.total_days() == 1)
        .group_by("sleeve", "date")
        .agg(parts.sum().alias("gain"))
    )
    for code, sleeve in enumerate(codes.SLEEVES[1:]):
        own = unchanged.filter(pl.col("sleeve") == sleeve).sort("date")
        when = np.searchsorted(result.dates[1:][days == 1], own["date"].to_numpy())
        engine = booked[when, code]
        missed = np.abs(own["gain"].to_numpy() - engine).sum()
        assert missed < 0.03 * np.abs(engine).sum(), sleeve


def test_sums_are_sums_of_the_legs(history):
    found = attribute(history, alvh.backtest(history, "vxth", "cndr"))
    total = found.legs["gamma"].sum()
    for table in (found.by_sleeve_day, found.by_day, found.by_sleeve):
        assert table["gamma"].sum() == pytest.approx(total, rel=1e-12)
    row = found.by_day.row(7, named=True)
    gross = sum(abs(row[part]) for part in PARTS if part != "residual")
    assert row["gross"] == pytest.approx(gross, rel=1e-12)


def test_misses_are_the_days_beyond_the_tolerance(history):
    found = attribute(history, alvh.backtest(history, "vxth", "cndr"), greeks="start")
    misses, days = found.misses(), found.by_sleeve_day
    beyond = days.filter(pl.col("residual").abs() > 0.05 * pl.col("gross"))
    assert misses.height == beyond.height > 0
    assert misses["residual"].abs().is_sorted(descending=True)
    assert misses["why"].str.contains("forward").all()
    book = found.coverage().row(0, named=True)
    within = found.by_day.filter(pl.col("residual").abs() <= 0.05 * pl.col("gross")).height
    assert book["sleeve"] == "book"
    assert book["explained"] == pytest.approx(within / found.by_day.height)


def test_another_history_is_refused(history):
    result = alvh.backtest(history, "none", "cndr")
    with pytest.raises(DataError, match="history that the result was run on"):
        attribute(history.between("2015-01-02"), result)


def test_unknown_greeks_are_refused(history):
    result = alvh.backtest(history, "none", "cndr")
    with pytest.raises(DataError, match="'path' or 'start'"):
        attribute(history, result, greeks="midpoint")


@pytest.mark.parametrize(
    ("hedge", "programme"), [("alvh-40-40-20", "monthly45"), ("spx-puts", "daily1")]
)
def test_the_whole_history_to_the_cent(shared_data, hedge, programme):
    history = alvh.load_history(shared_data)
    result = alvh.backtest(history, hedge, programme, start=WHOLE)
    found = attribute(history, result)
    agrees(result, found)
    adds_up(found)


def test_most_days_are_explained_on_the_whole_history(shared_data):
    """The target is a residual of at most 5 % of gross on 95 % of the days; for either greeks."""
    history = alvh.load_history(shared_data)
    result = alvh.backtest(history, "alvh-40-40-20", "monthly45", start=WHOLE)
    for greeks in ("path", "start"):
        covered = attribute(history, result, greeks=greeks).coverage()
        assert covered.height == 5
        assert (covered["explained"] >= 0.95).all(), greeks
