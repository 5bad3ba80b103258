"""The account of a day says what the engine did, and why, and nothing else."""

import numpy as np
import pytest
from tests.advise.books import bundled

import alvh
from alvh.advise.explain import explain
from alvh.errors import DataError
from alvh.policy import load_policy, load_programme
from alvh.signals import NAMES, signal_table

ADAPTIVE, CONDORS = load_policy("alvh-adaptive"), load_programme("monthly45-adaptive")


@pytest.fixture(scope="module")
def account():
    return explain(bundled(), "2018-02-06", ADAPTIVE, CONDORS)


def test_every_signal_is_there_as_it_was_heard(account):
    table = signal_table(bundled())
    heard = int(np.searchsorted(bundled().dates, np.datetime64("2018-02-05")))
    assert str(account.heard) == "2018-02-05"
    assert tuple(one.name for one in account.signals) == NAMES
    for one in account.signals:
        at = table.index(one.name)
        np.testing.assert_equal(one.raw, table.raw[heard, at])
        np.testing.assert_equal(one.score, table.score[heard, at])
        assert one.source


def test_decisions_are_those_of_the_run(account):
    run = alvh.backtest(bundled(), ADAPTIVE, CONDORS, end="2018-02-06")
    today = run.decisions.filter(run.decisions["date"] == run.dates[-1].astype(object))
    assert [one.reason for one in account.decisions] == today["reason"].to_list()
    assert {one.sleeve for one in account.decisions} >= {"condors", "short", "medium", "tail"}


def test_weights_follow_from_their_contributions(account):
    tilt = ADAPTIVE.tilt
    tilted = []
    for one in account.weights:
        score = sum(part.part for part in one.contributions)
        assert one.score == pytest.approx(score)
        factor = np.clip(1 + tilt.strength * score, tilt.floor, tilt.cap)
        factor = np.clip(factor * one.risk_premium, tilt.floor, tilt.cap)
        assert one.factor == pytest.approx(factor)
        tilted.append(one.policy * factor)
        assert sum(part.share for part in one.contributions) == pytest.approx(
            1.0 if any(np.isfinite(part.score) for part in one.contributions) else 0.0
        )
    for one, raw in zip(account.weights, tilted, strict=True):
        assert one.asked == pytest.approx(raw / sum(tilted))
    run = alvh.backtest(bundled(), ADAPTIVE, CONDORS, end="2018-02-06")
    np.testing.assert_array_equal([one.in_force for one in account.weights],
                                  run.daily["weight"][-1])  # fmt: skip


def test_rules_read_what_they_say(account):
    rules = {(one.sleeve, one.rule): one for one in account.rules}
    vix = float(bundled()["vix"][np.searchsorted(bundled().dates, np.datetime64("2018-02-05"))])
    assert rules["condors", "VIX gate"].reading == vix
    assert not rules["condors", "VIX gate"].on
    # after 2018-02-06: CPI on the 14th, PPI on the 15th, FOMC on 21 March (BLS, Federal Reserve)
    assert rules["condors", "next CPI"].reading == 8.0
    assert rules["condors", "next FOMC"].reading == 43.0
    assert rules["condors", "next CPI"].on
    assert rules["condors", "next PPI"].reading == 9.0
    assert rules["short", "roll into strength"].threshold == 65.0


def test_limits_are_judged(account):
    names = [one.name for one in account.verdicts]
    assert names == ["quick_ratio", "steward_score", "protection_pe", "dividend_value",
                     "wacc_drag", "shortfall"]  # fmt: skip
    assert account.verdicts[0].passed
    assert account.verdicts[0].binding


def test_a_day_too_early_for_the_health_says_so():
    early = explain(bundled(), "2014-01-10", load_policy("alvh-40-40-20"),
                    load_programme("monthly45"))  # fmt: skip
    assert early.steward is None
    assert "fewer than 252 past weeks" in early.missing["steward"]
    assert early.decisions


def test_a_day_without_a_session_is_refused():
    with pytest.raises(DataError, match="2018-02-04 is no session of this history"):
        explain(bundled(), "2018-02-04", ADAPTIVE, CONDORS)
