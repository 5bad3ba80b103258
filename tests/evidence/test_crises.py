"""The named crises: their windows, and the P&L counted in them."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alvh.evidence.crises import CRISES, coverage, covered, crisis_returns, crisis_table
from alvh.policy.loader import load_policy, load_programme
from evidence.synthetic import SyntheticEngine, SyntheticHistory, sessions


@pytest.fixture
def runs():
    dates = sessions("2017-12-01", 300)
    engine = SyntheticEngine(dates, np.where(np.arange(300) % 50 == 45, -9_000.0, 400.0))
    condors = load_programme("monthly45")
    hedged = engine(None, load_policy("alvh-40-40-20"), condors, None, None, 1e6, 0.5)
    return hedged, engine(None, load_policy("none"), condors, None, None, 1e6, 0.5)


def test_every_window_runs_from_the_closing_high_to_the_closing_low(shared_data):
    closes = pl.read_csv(shared_data / "spx" / "SPX_OHLC_1927_2026.csv").select(
        pl.col("DATE").str.to_date("%m/%d/%Y"), "CLOSE"
    )
    for crisis in CRISES:
        inside = closes.filter(pl.col("DATE").is_between(crisis.start, crisis.end))
        assert inside["DATE"][0] == crisis.start, crisis.name
        assert inside["DATE"][-1] == crisis.end, crisis.name
        assert inside["CLOSE"].arg_max() == 0, crisis.name
        assert inside["CLOSE"].arg_min() == inside.height - 1, crisis.name


def test_the_crises_are_in_order_and_documented():
    ends = [crisis.end for crisis in CRISES[1:]]
    assert ends == sorted(ends)
    assert all(crisis.source and crisis.event and crisis.start < crisis.end for crisis in CRISES)
    assert len({crisis.key for crisis in CRISES}) == len(CRISES)


def test_coverage_of_a_window():
    february = next(crisis for crisis in CRISES if crisis.key == "2018-02")
    assert coverage(february, sessions("2018-01-02", 60)) == "all"
    assert coverage(february, sessions("2018-01-30", 60)) == "part"
    assert coverage(february, sessions("2018-02-09", 60)) == "none"
    assert coverage(february, sessions("2017-01-02", 20)) == "none"
    assert [crisis.key for crisis in covered(sessions("2017-12-01", 300))] == ["2018-02", "2018-12"]


def test_profit_is_counted_from_the_close_of_the_high_to_the_close_of_the_low(runs):
    hedged, twin = runs
    row = crisis_table(hedged, twin).filter(pl.col("crisis") == "February 2018").row(0, named=True)
    first = np.flatnonzero(hedged.dates == np.datetime64("2018-01-26"))[0]
    last = np.flatnonzero(hedged.dates == np.datetime64("2018-02-08"))[0]
    # Nine sessions of 400 USD but for one of -9 000 at session 45 (2018-02-02).
    assert last - first == 9
    assert row["condors"] == pytest.approx(8 * 400.0 - 9_000.0)
    parts = ("condors", "short", "medium", "tail", "cash", "costs")
    assert sum(row[part] for part in parts) == pytest.approx(row["total"])
    assert row["hedged"] == pytest.approx(row["total"] / hedged.nav[first])
    assert row["difference"] == pytest.approx(row["hedged"] - row["unhedged"])
    assert row["coverage"] == "all"


def test_crises_outside_the_data_are_rows_without_figures(runs):
    table = crisis_table(*runs)
    assert table.height == len(CRISES)
    outside = table.filter(pl.col("coverage") == "none")
    assert outside.height == len(CRISES) - 2
    assert outside["total"].null_count() == outside.height


def test_market_moves_come_from_the_history(runs):
    dates = runs[0].dates
    history = SyntheticHistory(
        dates, {"spx": np.linspace(2_700, 2_600, 300), "vix": np.full(300, np.nan)}
    )
    row = crisis_table(*runs, history).filter(pl.col("coverage") == "all").row(0, named=True)
    first, last = np.searchsorted(dates, np.array([row["start"], row["end"]], "datetime64[D]"))
    assert row["spx"] == pytest.approx(history["spx"][last] / history["spx"][first] - 1)
    assert row["vix_from"] is None  # no VIX on that day: said, not invented


def test_part_of_a_crisis_is_counted_over_the_part_and_says_so(runs):
    hedged, twin = (_cut(run, 45) for run in runs)  # from 2018-02-02 on
    row = crisis_table(hedged, twin).filter(pl.col("crisis") == "February 2018").row(0, named=True)
    assert (row["coverage"], row["start"]) == ("part", date(2018, 2, 2))


def test_returns_by_run_are_null_where_not_covered(runs):
    table = crisis_returns({"hedged": runs[0], "none": runs[1]})
    assert table.columns == ["crisis", "start", "end", "hedged", "none"]
    assert table["hedged"].null_count() == len(CRISES) - 2


def _cut(run, first):
    run.dates, run.nav = run.dates[first:], run.nav[first:]
    run.sleeves = {name: path[first:] for name, path in run.sleeves.items()}
    return run


def test_the_documented_windows_are_those_used():
    page = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")
    for crisis in CRISES:
        assert f"| {crisis.start} | {crisis.end} |" in page, crisis.name
