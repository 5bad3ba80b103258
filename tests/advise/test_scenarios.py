"""Filtered historical scenarios: what they are made of, and what they may not know."""

import numpy as np
import pytest

from alvh.stewardship.scenarios import SESSIONS, Past


def market(n: int = 1200, seed: int = 4) -> Past:
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((2, n))
    vix = np.empty(n)
    vix[0] = 16.0
    for t in range(1, n):
        pull = 0.02 * (np.log(17.0) - np.log(vix[t - 1]))
        vix[t] = vix[t - 1] * np.exp(pull + 0.06 * shocks[1, t])
    moves = vix / 100 / np.sqrt(252) * (0.6 * shocks[0] - 0.7 * shocks[1])
    return Past(2000.0 * np.exp(np.cumsum(moves)), vix)


def test_returns_are_past_ones_scaled_by_vix() -> None:
    past, row = market(), 900
    found = past.scenarios(row, buckets=False)
    # by hand: the window that began at row 500
    first = past.windows[0]
    place = int(np.flatnonzero(first == 500)[0])
    z = np.log(past.spx[505] / past.spx[500]) / (past.vix[500] / 100)
    assert found.spx_returns[place] == pytest.approx(np.expm1(z * past.vix[row] / 100))
    assert found.windows == len(found.weights) == int((first <= row - SESSIONS).sum())


def test_vix_moves_are_surprises_over_what_it_reverts_to() -> None:
    past, row = market(), 900
    found = past.scenarios(row, buckets=False)
    known = past.windows[0][: found.windows]
    levels, moves = np.log(past.vix[known]), np.log(past.vix[known + 5] / past.vix[known])
    slope, offset = np.polyfit(levels, moves, 1)
    surprise = (moves - offset - slope * levels) / past.vix_volatility[known]
    wanted = offset + slope * np.log(past.vix[row]) + past.vix_volatility[row] * surprise
    inside = past.vix[row] * np.exp(wanted) > 8.0  # the rest is held at 8
    assert found.vix_logs[inside] == pytest.approx(wanted[inside], abs=1e-9)
    assert inside.mean() > 0.5
    assert slope < 0  # VIX reverts


def test_running_volatility_by_hand() -> None:
    past = market(100)
    moves = np.diff(np.log(past.vix))
    variance = 0.0
    for seen, move in enumerate(moves[:80], start=1):
        share = max(0.03, 1 / seen)
        variance = (1 - share) * variance + share * move**2
    assert past.vix_volatility[80] == pytest.approx(np.sqrt(variance))
    assert np.isnan(past.vix_volatility[62])
    assert np.isfinite(past.vix_volatility[63])


def test_the_future_does_not_matter() -> None:
    past, row = market(), 700
    spx, vix = past.spx.copy(), past.vix.copy()
    spx[row + 1 :] *= 0.5
    vix[row + 1 :] *= 3.0
    one, other = past.scenarios(row), Past(spx, vix).scenarios(row)
    for name in ("spx_returns", "vix_logs", "weights"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_buckets_keep_the_means_and_the_order() -> None:
    past = market()
    few, all_ = past.scenarios(900), past.scenarios(900, buckets=False)
    assert few.weights.sum() == pytest.approx(1.0)
    assert len(few.weights) < len(all_.weights) / 2
    assert few.weights @ few.spx_returns == pytest.approx(all_.spx_returns.mean())
    assert few.weights @ few.vix_logs == pytest.approx(all_.vix_logs.mean())
    assert few.weights @ (few.spx_returns * few.vix_logs) < 0


def test_too_short_a_past_gives_none() -> None:
    past = market()
    # 252 windows that began from row 63 on, when VIX's volatility is first known, and ended
    assert past.scenarios(63 + 251 + 5) is not None
    assert past.scenarios(63 + 250 + 5) is None


def test_days_without_a_close_are_left_out() -> None:
    past = market()
    vix = past.vix.copy()
    vix[400] = np.nan
    holed = Past(past.spx, vix)
    assert not np.isin(holed.windows[0], [395, 400]).any()
    assert np.isfinite(holed.scenarios(900).vix_logs).all()


def test_vix_stays_where_it_could_be() -> None:
    past = market()
    vix = past.vix.copy()
    vix[900] = 80.0
    found = Past(past.spx, vix).scenarios(900, buckets=False)
    levels = 80.0 * np.exp(found.vix_logs)
    assert levels.max() <= 120.0 + 1e-9
    assert levels.min() >= 8.0 - 1e-9


def test_shorter_windows() -> None:
    past = market()
    one = Past(past.spx, past.vix, 1).scenarios(900, buckets=False)
    five = past.scenarios(900, buckets=False)
    assert (one.calendar_days, five.calendar_days) == (1, 7)
    assert one.spx_returns.std() < five.spx_returns.std()
