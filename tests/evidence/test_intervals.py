"""Paired intervals: what pairing must do, and the bootstrap they rest on."""

import numpy as np
import pytest

from alvh import measures as m
from alvh.errors import DataError
from alvh.evidence.intervals import LEAST_SESSIONS, Interval, paired_differences

DAYS = 600


@pytest.fixture(scope="module")
def twin():
    return np.random.default_rng(3).standard_normal(DAYS) * 0.01 + 0.0004


def _differences(returns, twin, seed=1, resamples=200):
    rng = np.random.default_rng(seed)
    return paired_differences(returns, twin, periods=252, rng=rng, resamples=resamples)


def test_a_book_equal_to_its_twin_differs_by_nothing(twin):
    found, _ = _differences({"same": twin.copy()}, twin)
    assert found["same"].cagr == Interval(0.0, 0.0, 0.0)
    assert not found["same"].cagr.excludes_zero


def test_a_constant_cost_has_a_narrow_interval_that_excludes_zero(twin):
    # One basis point a session less; pairing removes the market, so the interval is far narrower
    # than that of the growth rate itself.
    found, info = _differences({"cost": twin - 1e-4}, twin)
    cagr = found["cost"].cagr
    nav = np.concatenate([[1.0], np.cumprod(1 + twin)])
    lower = np.concatenate([[1.0], np.cumprod(1 + twin - 1e-4)])
    years = DAYS / 252
    assert cagr.estimate == pytest.approx(m.cagr(lower, years) - m.cagr(nav, years), rel=1e-9)
    assert cagr.low < cagr.estimate < cagr.high < 0
    assert cagr.excludes_zero
    assert cagr.high - cagr.low < 0.03
    assert (info.resamples, info.level) == (200, 0.95)
    assert info.block >= m.SESSIONS_PER_MONTH


def test_half_the_book_has_about_half_the_tail(twin):
    found, _ = _differences({"half": twin / 2}, twin)
    tail = found["half"].cvar
    nav = np.concatenate([[1.0], np.cumprod(1 + twin)])
    full = m.cvar(m.rolling_returns(nav))
    assert tail.estimate == pytest.approx(-full / 2, rel=0.1)
    assert tail.low > 0


def test_the_same_seed_gives_the_same_bytes_whatever_else_is_compared(twin):
    alone, _ = _differences({"cost": twin - 1e-4}, twin)
    again, _ = _differences({"cost": twin - 1e-4}, twin)
    assert alone == again
    other, _ = _differences({"cost": twin - 1e-4}, twin, seed=2)
    assert other != alone


def test_too_little_and_unequal_data_are_refused(twin):
    with pytest.raises(DataError, match=str(LEAST_SESSIONS)):
        _differences({"short": twin[:100]}, twin[:100])
    with pytest.raises(DataError, match="equal length"):
        _differences({"cut": twin[1:]}, twin)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """A hedge that takes a tenth of every move back and costs 2 % a year: sixty made-up decades.

    Of intervals that hold it in 95 % of cases fewer than 51 of 60 would in one run in a thousand;
    ``docs/simplex.md`` has the rates, days whose volatility clusters among them.
    """
    held = seen = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        first, second = 0.006 * rng.standard_normal((2, 2520))
        logs = 0.9 * first + 0.2 * second - 0.02 / 252
        books = {"hedged": np.expm1(logs), "free": np.expm1(logs + 0.02 / 252)}
        found, _ = paired_differences(
            books, np.expm1(first), periods=252, rng=rng, resamples=150
        )  # fmt: skip
        one = found["hedged"].cagr
        held += one.low <= np.expm1(-0.02) <= one.high
        seen += found["free"].cagr.excludes_zero
    assert held >= 51
    assert seen <= 9
