"""Figures: valid for the plotting library, thin without losing an extreme, true to the run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh import measures as m
from alvh.report import figures
from alvh.report.exhibits import of_comparison
from evidence.synthetic import sessions


def test_every_figure_is_valid_for_the_plotting_library(comparison):
    # Oracle: plotly's own validators refuse an unknown key or a wrong value.
    graph_objects = pytest.importorskip("plotly.graph_objects")
    made = {name: one.figure for name, one in of_comparison(comparison).items()}
    assert len(made) == 10
    for name, figure in made.items():
        assert figure["data"], name
        graph_objects.Figure(figure)


@given(st.integers(2, 400), st.integers(0, 10_000))
def test_thinning_keeps_both_ends_and_the_extremes_of_every_month(count, seed):
    dates = sessions("2015-01-05", count)
    values = np.random.default_rng(seed).standard_normal(count).cumsum()
    kept = figures.thin(dates, values)
    assert kept[0] == 0
    assert kept[-1] == count - 1
    months = dates.astype("datetime64[M]")
    for month in np.unique(months):
        inside = values[months == month]
        chosen = values[kept][months[kept] == month]
        assert (chosen.min(), chosen.max()) == (inside.min(), inside.max())


def test_thinning_a_long_series_leaves_less_than_half():
    dates = sessions("2007-01-03", 4_800)
    values = np.random.default_rng(1).standard_normal(4_800).cumsum()
    assert figures.thin(dates, values).size < 2_400


def test_the_drawdown_drawn_reaches_the_drawdown_measured(comparison):
    lines = figures.drawdown(comparison.results["preset"])["data"]
    by_name = {line["name"]: min(line["y"]) for line in lines}
    for row in comparison.rows["preset"]:
        assert by_name[row.name] == pytest.approx(100 * row.max_drawdown, abs=1e-3)


def test_the_bars_of_the_years_sum_to_the_cost_of_the_hedge(comparison):
    run = comparison.headline
    ends = m.period_ends(run.dates, "Y")
    opening = np.concatenate([[run.nav[0]], run.nav[ends[:-1]]])
    bars = figures.hedge_by_year(run)["data"]
    usd = sum(np.dot(np.array(bar["y"]) / 100, opening) for bar in bars)
    layers = ("short", "medium", "tail")
    total = sum(run.sleeves[k][-1] + run.costs_by_sleeve[k][-1] for k in layers)
    # each bar is rounded to a thousandth of a per cent of a million: 5 USD, 4 bars, 4 years
    assert usd == pytest.approx(total, abs=5 * 4 * 4)
    assert bars[0]["x"] == ["2017", "2018", "2019", "2020"]


def test_losing_months_are_never_gains(comparison):
    for bar in figures.side_losses_by_year(comparison.headline)["data"]:
        assert max(bar["y"]) <= 0


def test_crises_outside_the_data_have_no_bars(comparison):
    bars = figures.crises(comparison.crisis_returns())["data"]
    assert bars[0]["x"] == ["February 2018", "December 2018", "March 2020"]
    assert {bar["name"] for bar in bars} == {row.name for row in comparison.rows["outlay"]}


def test_curves_begin_where_nothing_is_removed_and_nothing_given_up(comparison):
    lines = figures.risk_against_cost(comparison.curve, "cvar_removed")["data"]
    for line in lines:
        assert 0.0 in line["x"]
        assert line["y"][line["x"].index(0.0)] == 0.0
    # A hedge that could not be run has its origin and nothing else.
    assert next(len(line["x"]) for line in lines if line["name"] == "spx-puts") == 1


def test_each_known_hedge_has_a_colour_and_a_dash_of_its_own():
    pens = [figures.style(name) for name in figures._LINES]
    assert len({pen["color"] for pen in pens}) == len(pens)
    assert figures.style("mine", 1)["color"] in {pen["color"] for pen in pens}
