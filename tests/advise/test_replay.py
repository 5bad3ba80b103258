"""Today's book through history: what followed it is the engine's own path, to the cent."""

import numpy as np
import pytest
from tests.advise.books import bundled

import alvh
from alvh.advise.replay import replay
from alvh.errors import DataError
from alvh.policy import load_policy, load_programme

PARTS = ("condors", "short", "medium", "tail")


def _paths(hedge, condors, end, sessions):
    """(run to the evening, whole run, its row of the evening)."""
    history = bundled()
    stopped = alvh.backtest(history, hedge, condors, end=end)
    full = alvh.backtest(history, hedge, condors)
    at = int(np.searchsorted(full.dates, np.datetime64(end)))
    return stopped, full, at


@pytest.mark.parametrize(
    ("hedge", "condors", "end"),
    [("alvh-40-40-20", "monthly45", "2015-08-20"), ("futures-40-40-20", "cndr", "2018-01-30"),
     ("spx-puts", "index", "2016-06-20"), ("single-call", "daily1", "2018-02-02"),
     ("alvh-adaptive", "monthly45-adaptive", "2017-09-15")],
)  # fmt: skip
def test_by_policy_the_stretch_that_followed_is_the_engines_own(hedge, condors, end):
    stopped, full, at = _paths(hedge, condors, end, 120)
    found = replay(bundled(), stopped, end, 120, "policy", policy=load_policy(hedge),
                   programme=load_programme(condors))  # fmt: skip
    own = full.nav[at : at + 121] - full.nav[at]
    assert np.abs(found.pnl["total"] - own).max() < 1e-5
    for name in PARTS:
        net = full.sleeves[name] + full.costs_by_sleeve[name]
        path = net[at : at + 121] - net[at]
        assert np.abs(found.pnl[name] - path).max() < 1e-5


@pytest.mark.parametrize(
    ("hedge", "condors", "end"),
    [("alvh-40-40-20", "cndr", "2015-08-24"), ("futures-40-40-20", "cndr", "2018-01-30"),
     ("spx-puts", "none", "2016-06-20")],
)  # fmt: skip
def test_held_it_is_the_engines_path_until_something_is_traded(hedge, condors, end):
    stopped, full, at = _paths(hedge, condors, end, 40)
    found = replay(bundled(), stopped, end, 40)
    after = full.trades.filter((full.trades["date"] > full.dates[at].astype(object))
                               & (full.trades["action"] != "settle"))  # fmt: skip
    checked = 0
    for name in PARTS:
        mine = after.filter(after["sleeve"] == name)["date"]
        first = np.datetime64(mine.min()) if len(mine) else full.dates[-1]
        until = min(int(np.searchsorted(full.dates, first)), at + 41)
        own = full.sleeves[name][at:until] - full.sleeves[name][at]
        assert np.abs(found.pnl[name][: len(own)] - own).max() < 0.005
        checked += len(own)
    assert checked > 20


def test_a_stretch_elsewhere_keeps_moneyness_and_money():
    """A book of a 2017 evening in August 2015: nothing on the first day, a loss of the condors."""
    result = alvh.backtest(bundled(), "alvh-40-40-20", "monthly45", end="2017-11-03")
    found = replay(bundled(), result, "2015-08-17", 10)
    assert found.pnl["total"][0] == 0.0
    assert found.pnl["condors"].min() < 0.0
    assert found.pnl["short"].max() > 0.0
    day, depth = found.worst
    assert depth == found.pnl["total"].min()
    assert np.datetime64(day) in found.dates


def test_what_expires_is_settled_once():
    result = alvh.backtest(bundled(), "alvh-40-40-20", "monthly45", end="2016-02-24")
    found = replay(bundled(), result, "2017-01-03", 250)
    legs = sum(4 for _ in range(int((result.book.condors["quantity"] > 0).sum())))
    vix = int(result.book.cohorts["legs"][result.book.cohorts["units"] > 0].sum())
    assert len(found.settled) == legs + vix
    assert (np.diff(found.pnl["total"][-20:]) == 0.0).all()  # nothing is left to move


def test_what_makes_no_sense_is_refused():
    result = alvh.backtest(bundled(), "alvh-40-40-20", "none", end="2016-02-24")
    for start, words in (("2016-02-27", "is no session"), ("soon", "is not a date"),
                         ("2031-01-03", "is no session")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            replay(bundled(), result, start)
    with pytest.raises(DataError, match="0 sessions: a whole number from 1 to 2600"):
        replay(bundled(), result, "2015-08-17", 0)
    with pytest.raises(DataError, match="a policy and a programme were wanted"):
        replay(bundled(), result, "2015-08-17", 5, "policy")
