"""The limits that bind in the engine are the figures that are reported."""

import numpy as np
import pytest
from tests.advise.books import bundled

import alvh
from alvh.advise.evening import read_evening
from alvh.advise.quick_ratio import quick_ratio as reported
from alvh.advise.steward import book_gains
from alvh.kernel.limits import book_cvar, quick_ratio
from alvh.kernel.policies import SCENARIOS
from alvh.policy import HedgePolicy, load_policy
from alvh.stewardship.allocation import weighted_cvar
from alvh.stewardship.levels import Solver

BOOKS = [
    ("alvh-40-40-20", "monthly45", "2016-02-24"),
    ("futures-40-40-20", "monthly45", "2015-08-25"),
    ("spx-puts", "cndr", "2018-02-06"),
    ("alvh-40-40-20", "cndr", "2018-12-20"),
]


def _held(hedge, condors, end):
    return alvh.backtest(bundled(), hedge, condors, end=end)


@pytest.mark.parametrize(("hedge", "condors", "end"), BOOKS)
def test_the_quick_ratio_is_the_reported_one(hedge, condors, end):
    result = _held(hedge, condors, end)
    evening = read_evening(bundled(), result)
    book = result.book
    ours = quick_ratio(evening.day, book.state[0], book.condors, book.cohorts, book.layer_states)
    theirs = reported(evening)
    assert theirs.condors_due + theirs.rolls_due + theirs.margin_call > 0.0
    # a roll due is the premium that was paid, or by the engine the capital it took: to rounding
    assert ours == pytest.approx(theirs.ratio, rel=1e-9)


@pytest.mark.parametrize(("hedge", "condors", "end"), BOOKS)
def test_the_tail_of_the_book_is_the_reported_one(hedge, condors, end):
    result = _held(hedge, condors, end)
    evening, programme = read_evening(bundled(), result), alvh.load_programme(condors)
    found = Solver(evening.surfaces, programme, load_policy(hedge)).levels(evening.row)
    assert found is not None
    moves = found[2]
    theirs = weighted_cvar(book_gains(evening, moves), moves.weights)
    scenarios, count = np.zeros((SCENARIOS, 4)), len(moves.weights)
    scenarios[:count, 0], scenarios[:count, 1] = moves.spx_returns, moves.vix_logs
    scenarios[:count, 2], scenarios[:, 3] = moves.weights, moves.calendar_days
    book = result.book
    ours = book_cvar(
        evening.day, book.state[0], book.condors, book.cohorts, scenarios, np.zeros(SCENARIOS)
    )
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert theirs < 0.0


def test_a_book_beyond_the_stewards_limit_opens_no_condor(shared_data):
    values = load_policy("alvh-40-40-20").model_dump()
    values["limits"] = {"steward_score": 0.5, "binding": ["steward_score"]}
    history = alvh.load_history(shared_data)
    bound = alvh.backtest(history, HedgePolicy.model_validate(values), "monthly45", "2019-01-02",
                          "2020-12-31")  # fmt: skip
    free = alvh.backtest(history, "alvh-40-40-20", "monthly45", "2019-01-02", "2020-12-31")
    barred = [row for row in bound.decisions.rows(named=True) if "steward's limit" in row["reason"]]
    assert barred
    assert all(row["reading"] < row["threshold"] for row in barred)
    opened = {row["date"] for row in bound.decisions.rows(named=True)
              if row["sleeve"] == "condors" and row["action"] == "open"}  # fmt: skip
    assert not opened & {row["date"] for row in barred}
    assert len(opened) < sum(
        row["sleeve"] == "condors" and row["action"] == "open"
        for row in free.decisions.rows(named=True)
    )
