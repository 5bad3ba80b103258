"""A book of fills on an evening is what a run with these fills holds, and answers as it does."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.advise.books import bundled
from tests.desk.month import begin

import alvh
from alvh.advise.evening import Evening, read_evening
from alvh.advise.instrument import parse_instrument
from alvh.desk.book import Book
from alvh.desk.entries import Fill, Flow
from alvh.desk.own import OwnBook, layer_readings, own_book
from alvh.errors import DataError
from alvh.holdings import Leg, OpenCondor
from alvh.policy import load_policy, load_programme
from alvh.result import Result

RULES = load_policy("alvh-40-40-20"), load_programme("monthly45")


@pytest.fixture(scope="module")
def run() -> Result:
    return alvh.backtest(bundled(), *RULES, "2015-07-31", "2015-10-30", 5_000_000.0)


@pytest.fixture(scope="module")
def evening(run: Result) -> Evening:
    return read_evening(bundled(), run)


@pytest.fixture(scope="module")
def fills(run: Result) -> Book:
    return begin(run, len(run.dates))


@pytest.fixture(scope="module")
def own(fills: Book) -> OwnBook:
    return own_book(bundled(), fills, *RULES, date(2015, 10, 30))


def test_it_holds_what_the_run_holds(own: OwnBook, run: Result, evening: Evening) -> None:
    mine, its = own.evening.book, evening.book
    assert own.faults == ()
    assert {layer.name for layer in its.layers} == {"short", "medium", "tail"}  # all three
    assert len(its.condors) > 1
    assert sorted(mine.condors, key=_expiry) == sorted(its.condors, key=_expiry)
    mids = dict(map(_leg, mine.legs))
    assert mids == pytest.approx(dict(map(_leg, its.legs)), rel=1e-12)
    assert mine.nav == pytest.approx(its.nav, abs=0.01)
    assert own.condor_margin == pytest.approx(run.condor_margin[-1])
    assert own.hedge_margin == pytest.approx(run.hedge_margin[-1])
    for one, other in zip(mine.layers, its.layers, strict=True):
        assert (one.name, one.units, one.bought) == (other.name, other.units, other.bought)
        assert one.cost == pytest.approx(other.cost, rel=1e-9)
        assert one.carry_per_day == pytest.approx(other.carry_per_day, rel=1e-6)


@pytest.mark.parametrize("mode", ["hold", "policy"])
def test_it_goes_through_a_crisis_as_the_run_does(
    own: OwnBook, run: Result, evening: Evening, mode: str
) -> None:
    held = {"policy": RULES[0], "programme": RULES[1]}
    mine = alvh.replay(bundled(), own.evening.result, "2018-01-26", 9, mode,  # type: ignore[arg-type]
                       evening=own.evening, **held)  # fmt: skip
    its = alvh.replay(bundled(), run, "2018-01-26", 9, mode, **held)  # type: ignore[arg-type]
    assert np.abs(its.pnl["total"]).max() > 1_000.0
    if mode == "hold":  # no broker knows a meter or a rung, so running on may differ
        np.testing.assert_allclose(mine.pnl["total"], its.pnl["total"], atol=0.01)
    assert mine.start_nav == pytest.approx(its.start_nav, abs=0.01)


def test_it_answers_moves_and_reads_its_layers_as_the_run_does(own: OwnBook, run: Result) -> None:
    mine = alvh.project(bundled(), own.evening.result, 10, -0.04, evening=own.evening)
    its = alvh.project(bundled(), run, 10, -0.04)
    assert mine.gains == pytest.approx(its.gains, abs=0.01)
    found = layer_readings(own, -0.04)
    health = alvh.health(bundled(), run, stress_spx=-0.04)
    np.testing.assert_allclose(found.payoff, health.payoff, atol=0.01)
    for name, one in health.layers.items():
        assert found.layers[name].theta == pytest.approx(one.theta, rel=1e-6)
        level = health.activation[name].from_cost
        assert found.activation[name].from_cost == pytest.approx(level, abs=1e-4)


def test_what_the_rules_cannot_read_is_valued_all_the_same(own: OwnBook, fills: Book) -> None:
    first = own.evening.book.condors[0]
    put = next(leg for leg in own.marked.legs if leg.sleeve == "condors" and "P" in leg.symbol[6:])
    call = next(leg for leg in own.marked.legs if leg.symbol.startswith("VIX"))
    loose = [
        Fill(date(2015, 10, 30), "unassigned", "", parse_instrument(leg.symbol), 3.0, leg.mid)
        for leg in (put, call)
    ]
    more = own_book(bundled(), fills.add(loose), *RULES, date(2015, 10, 30))
    assert len(more.faults) == 1
    assert "belong to no sleeve" in more.faults[0]
    assert len(more.evening.book.records) == len(own.evening.book.records) + 2
    assert more.evening.book.condors[0] == first
    assert more.marked.nav == pytest.approx(own.marked.nav, abs=0.01)  # bought at the mark
    moved, was = (
        alvh.project(bundled(), one.evening.result, 0, -0.1, evening=one.evening).gains
        for one in (more, own)
    )
    assert moved["condors"] > was["condors"]
    assert moved["short"] > was["short"]
    assert moved["tail"] == was["tail"]


def test_a_condor_with_a_leg_missing_is_still_held(own: OwnBook, fills: Book) -> None:
    leg = next(one for one in own.marked.legs if one.sleeve == "condors" and one.quantity > 0)
    sold = Fill(date(2015, 10, 30), "unassigned", "", parse_instrument(leg.symbol), 1.0, leg.mid)
    lone = replace(sold, sleeve="condors", order="lone", where="x")
    more = own_book(bundled(), fills.add([lone]), *RULES, date(2015, 10, 30))
    assert "two puts and two calls" in more.faults[0]
    assert len(more.evening.book.condors) == len(own.evening.book.condors)
    assert sum(leg.quantity for leg in more.evening.book.legs) == pytest.approx(
        sum(leg.quantity for leg in own.evening.book.legs) + 1.0
    )


def test_cash_alone_is_a_book_and_an_expired_leg_is_refused(fills: Book) -> None:
    cash = Book("cash", (Flow(date(2015, 10, 1), "deposit", 1e6),))
    found = own_book(bundled(), cash, *RULES, date(2015, 10, 30))
    assert found.evening.book.nav == 1e6
    assert alvh.project(bundled(), found.evening.result, 5, -0.1,
                        evening=found.evening).gains["total"] == 0.0  # fmt: skip
    with pytest.raises(DataError, match="expired on"):
        own_book(bundled(), fills, *RULES, date(2016, 10, 31))


def _leg(leg: Leg) -> tuple[str, float]:
    return str(replace(leg, mid=0.0)), leg.mid


def _expiry(condor: OpenCondor) -> date:
    return condor.expiry
