"""Smiles from a session on: the records of a decision are the same to the bit as all of them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.advise.books import bundled

import alvh
from alvh.advise.account import Account
from alvh.market import surfaces
from alvh.market.surfaces import build_surfaces


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(surfaces, "_CACHE", {})
    monkeypatch.setattr(surfaces, "_LATE", {})


@pytest.fixture(params=["bundled", "folder"])
def history(request):
    if request.param == "bundled":
        return bundled()
    return alvh.load_history(request.getfixturevalue("shared_data"))


def test_records_from_the_session_on_are_the_same_and_earlier_ones_not_tradable(history):
    since = np.datetime64("2017-03-01")
    late = build_surfaces(history, since)
    surfaces._LATE.clear()
    whole = build_surfaces(history)
    at = int(np.searchsorted(whole.dates, since))
    assert late.days[at:].tobytes() == whole.days[at:].tobytes()
    assert not late.days["tradable"][:at].any()
    assert whole.days["tradable"][:at].any()
    assert (late.dates == whole.dates).all()


def test_an_earlier_session_builds_the_whole():
    late = build_surfaces(bundled(), np.datetime64("2017-03-01"))
    assert build_surfaces(bundled(), np.datetime64("2017-03-02")) is late
    whole = build_surfaces(bundled(), np.datetime64("2016-03-01"))
    assert whole.days["tradable"].all()
    assert build_surfaces(bundled(), np.datetime64("2017-03-02")) is whole


@pytest.mark.parametrize("as_of", [date(2014, 1, 7), date(2015, 1, 9), date(2018, 12, 31)])
@pytest.mark.parametrize("hedge", ["alvh-40-40-20", "alvh-adaptive"])
def test_a_decision_on_late_records_is_that_on_all(as_of, hedge):
    account = Account(date(2013, 12, 31), 1_000_000.0)
    late = alvh.today(bundled(), account, hedge, as_of=as_of).canonical
    build_surfaces(bundled())
    assert alvh.today(bundled(), account, hedge, as_of=as_of).canonical == late


def test_a_decision_after_a_long_hole_looks_back_beyond_it():
    """VIX is absent for more than a year: the last marks are those before, and so is the decision.

    The rule that stops on a missing close is left out of it: the session decided has both.
    """
    full = bundled()
    hole = (full.dates > np.datetime64("2014-06-02")) & (full.dates < np.datetime64("2016-06-01"))
    columns = dict(full.columns) | {"vix": np.where(hole, np.nan, full["vix"])}
    history = replace(full, columns=columns)
    account = Account(date(2014, 6, 2), 1_000_000.0)
    late = alvh.today(history, account, as_of=date(2016, 6, 1)).canonical
    assert surfaces._CACHE  # a year was not enough
    assert alvh.today(history, account, as_of=date(2016, 6, 1)).canonical == late
