"""The comparison, on an engine whose answers can be worked out by hand."""

import json
import math

import numpy as np
import pytest

from alvh import measures as m
from alvh.errors import DataError, PolicyError
from alvh.evidence.comparison import COMPARATORS, FEWER, REFERENCE, compare
from alvh.evidence.curves import SCALES, SIZES
from alvh.evidence.matching import TOLERANCE
from alvh.evidence.rows import carry_rate, outlay_rate
from alvh.evidence.workbench import monthly_risk, scaled_programme
from alvh.policy.loader import load_policy, load_programme
from evidence.synthetic import SyntheticEngine, SyntheticHistory, crashing_market, sessions

DATES = sessions("2017-06-01", 800)
HISTORY = SyntheticHistory(
    DATES, {"spx": np.linspace(2_400, 2_900, DATES.size), "vix": np.full(DATES.size, 15.0)}
)


def engine(strength_of=2.0, **settings):
    strength = {"single-call": 0.5, "vxth": 0.1, "spx-puts": strength_of}
    return SyntheticEngine(DATES, crashing_market(DATES.size), strength=strength, **settings)


@pytest.fixture(scope="module")
def found():
    return compare(HISTORY, equal="carry", backtest=engine(), resamples=100, seed=4)


def test_the_default_comparators_stand_on_all_three_terms(found):
    for basis in ("preset", "carry", "outlay"):
        assert [row.name for row in found.rows[basis]] == list(COMPARATORS)
    assert found.reference == REFERENCE
    assert found.refused == ()


def test_the_unhedged_row_is_its_own_twin(found):
    row = found.row("none")
    assert (row.cagr_given_up, row.cvar_removed, row.drawdown_removed) == (0.0, 0.0, 0.0)
    assert (row.hedge_cost_per_year, row.carry_per_year, row.capital_in_hedge) == (0.0, 0.0, 0.0)
    assert row.differences.cagr.low == row.differences.cagr.high == 0.0


def test_equal_carry_is_the_carry_of_the_reference(found):
    wanted = carry_rate(found.headline)
    # 60 USD a session at size 1: the definition, by hand
    years = m.years_between(DATES)
    assert wanted == pytest.approx(60.0 * DATES.size / found.headline.nav.mean() / years)
    for name in ("single-call", "vxth", "spx-puts", "futures-40-40-20"):
        row = found.row(name, "carry")
        assert row.reached
        assert row.carry_per_year == pytest.approx(wanted, rel=TOLERANCE)
    # Half as strong, so about twice the size; the account's average value moves it a little.
    assert found.row("single-call", "carry").scale == pytest.approx(2.0, rel=0.05)
    assert found.row(REFERENCE, "carry").scale == 1.0


def test_equal_outlay_counts_market_value_and_margin(found):
    wanted = outlay_rate(found.headline)
    # 9 000 USD of options and 1 000 of margin on about a million
    assert wanted == pytest.approx(np.mean(10_000.0 / found.headline.nav))
    assert found.row("vxth", "outlay").capital_in_hedge == pytest.approx(wanted, rel=TOLERANCE)


def test_fewer_condors_have_the_monthly_tail_of_the_reference_book(found):
    row = found.row(FEWER)
    assert row.reached
    assert 0 < row.scale < 1
    assert row.cvar_month == pytest.approx(-monthly_risk(found.headline), rel=TOLERANCE)
    assert row.cagr_given_up == pytest.approx(found.row("none").cagr - row.cagr)
    assert row.hedge_cost_per_year == 0.0


def test_hedge_cost_includes_its_slippage(found):
    row = found.row(REFERENCE, "preset")
    run = found.headline
    lost = sum(run.sleeves[k][-1] + run.costs_by_sleeve[k][-1] for k in ("short", "medium", "tail"))
    assert row.hedge_cost_per_year == pytest.approx(-lost / run.nav.mean() / m.years_between(DATES))
    assert row.costs_per_year > 0


def test_the_two_sides_of_the_condors_are_kept_apart(found):
    row = found.row("none")
    run = found.twin
    assert row.put_side_pnl + row.call_side_pnl == pytest.approx(run.sleeves["condors"][-1])
    assert row.call_side_losses == 0.0 > row.put_side_losses


def test_every_row_carries_an_interval_around_its_estimate(found):
    for row in found.rows["carry"]:
        cagr = row.differences.cagr
        assert cagr.low <= cagr.estimate <= cagr.high
        # Growth over sessions and over calendar days agree to the sessions in a year.
        assert cagr.estimate == pytest.approx(-row.cagr_given_up, abs=2e-4)


def test_curves_begin_at_the_unhedged_book_and_end_at_three_times(found):
    points = [point for point in found.curve if point.name == REFERENCE]
    assert [point.scale for point in points] == list(SCALES)
    assert (points[0].cvar_removed, points[0].cagr_given_up) == (0.0, 0.0)
    assert points[-1].hedge_cost_per_year != points[4].hedge_cost_per_year
    sizes = [point for point in found.curve if point.name == FEWER]
    assert [point.scale for point in sizes] == list(SIZES)
    removed = [point.cvar_removed for point in sizes]
    assert removed == sorted(removed)  # every smaller book is a safer one


def test_fills_at_mid_half_way_and_touch(found):
    assert [point.fill for point in found.fills] == [0.0, 0.5, 1.0]
    assert found.fills[0].costs_per_year == 0.0
    growth = [point.hedged_cagr for point in found.fills]
    assert growth == sorted(growth, reverse=True)


def test_the_table_holds_one_column_per_measure(found):
    table = found.table()
    assert table.height == len(COMPARATORS)
    assert {"cagr", "max_drawdown", "cvar_month", "cagr_difference_low"} <= set(table.columns)
    assert found.table("preset").row(1, named=True)["basis"] == "preset"


def test_everything_can_be_written_as_json(found):
    text = json.dumps(found.to_dict(), allow_nan=False)
    back = json.loads(text)
    assert back["meta"]["data_digest"] == "d1" * 32
    assert [row["name"] for row in back["rows"]["outlay"]] == list(COMPARATORS)
    assert back["resampling"]["resamples"] == 100
    assert len(back["crises"]) == 11


def test_the_same_seed_gives_the_same_bytes(found):
    again = compare(HISTORY, equal="carry", backtest=engine(), resamples=100, seed=4)
    assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())


def test_a_hedge_that_cannot_be_run_is_reported_not_hidden():
    found = compare(HISTORY, backtest=engine(refuses=frozenset({"futures-40-40-20"})), resamples=0)
    assert "futures-40-40-20" not in [row.name for row in found.rows["preset"]]
    assert [(name, basis) for name, basis, _ in found.refused] == [
        ("futures-40-40-20", basis) for basis in ("preset", "carry", "outlay")
    ]
    assert "add a VX ladder" in found.refused[0][2]
    missing = [point for point in found.curve if point.name == "futures-40-40-20"][1:]
    assert all(math.isnan(point.cagr) and point.note for point in missing)
    assert found.to_dict()["curve"][-1]["cagr"] is not None
    assert found.resampling is None


def test_a_reference_that_cannot_be_run_is_refused():
    with pytest.raises(DataError, match="ladder"):
        compare(HISTORY, backtest=engine(refuses=frozenset({REFERENCE})), resamples=0)


def test_a_target_missed_for_whole_contracts_says_so():
    hedges = [load_policy(REFERENCE), load_policy("vxth")]
    # vxth comes in steps of 4 times its size, each 0.4 of the reference's carry: 0.8 or 1.2 of it.
    found = compare(HISTORY, hedges, equal="carry", backtest=_Stepped(engine(), "vxth", 4.0))
    row = found.row("vxth")
    assert not row.reached
    assert "was sought" in row.note
    assert any("was sought" in line for line in found.verdict())


def test_bad_requests_are_refused_before_anything_runs():
    counting = engine()
    with pytest.raises(PolicyError, match="equal"):
        compare(HISTORY, equal="risk", backtest=counting)
    with pytest.raises(PolicyError, match="at least one"):
        compare(HISTORY, ["none", FEWER], backtest=counting)
    with pytest.raises(PolicyError, match="two hedges"):
        compare(HISTORY, ["vxth", "vxth"], backtest=counting)
    assert counting.runs == 0


def test_another_reference_may_be_named():
    found = compare(HISTORY, ["vxth"], reference="spx-puts", backtest=engine(), resamples=0)
    assert found.reference == "spx-puts"
    assert [row.name for row in found.rows["preset"]] == ["none", "vxth", "spx-puts"]


def test_progress_ends_at_its_total():
    seen = []
    compare(
        HISTORY,
        ["vxth"],
        backtest=engine(),
        resamples=0,
        progress=lambda done, total, what: seen.append((done, total, what)),
    )
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


def test_fewer_condors_of_a_fixed_number_are_whole():
    fixed = load_programme("monthly45").model_copy(update={"contracts": 10})
    assert scaled_programme(fixed, 0.44).contracts == 4
    assert scaled_programme(fixed, 0.01).contracts == 1
    with pytest.raises(PolicyError, match="no condors"):
        scaled_programme(load_programme("index"), 0.5)
    with pytest.raises(PolicyError, match="at most 1"):
        scaled_programme(fixed, 1.5)


def test_a_hedged_book_that_never_loses_a_month_has_no_smaller_equal():
    found = compare(HISTORY, ["spx-puts", FEWER], backtest=engine(strength_of=5.0), resamples=0)
    assert found.refused[0][0] == FEWER
    assert "gains even in its worst months" in found.refused[0][2]


def test_nothing_is_given_up_where_the_hedge_removed_no_risk():
    found = compare(HISTORY, ["spx-puts", FEWER], backtest=_Useless(engine()), resamples=0)
    row = found.row(FEWER)
    assert (row.scale, row.reached) == (1.0, False)
    assert "nothing to give up" in row.note


class _Stepped:
    """An engine that trades one hedge in whole steps of its size only."""

    def __init__(self, inner, name, step):
        self.inner, self.name, self.step = inner, name, step

    def __call__(self, history, hedge, condors, start, end, equity, fill):
        if hedge.name == self.name:
            scale = self.step * math.floor(hedge.sizing.scale / self.step)
            hedge = hedge.model_copy(
                update={"sizing": hedge.sizing.model_copy(update={"scale": scale})}
            )
        return self.inner(history, hedge, condors, start, end, equity, fill)


class _Useless(_Stepped):
    """An engine whose hedges only cost: they lose every session and never pay."""

    def __init__(self, inner):
        super().__init__(inner, "", 1.0)

    def __call__(self, history, hedge, condors, start, end, equity, fill):
        run = self.inner(history, hedge, condors, start, end, equity, fill)
        if hedge.layers:
            bare = self.inner(history, load_policy("none"), condors, start, end, equity, fill)
            run.nav = bare.nav - np.cumsum(np.full(run.nav.size, 200.0))
        return run
