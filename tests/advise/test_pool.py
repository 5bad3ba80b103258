"""The layers as a weighted pool: closed forms, one step by hand, and the best band."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advise.books import run

from alvh.advise.flows import layer_values
from alvh.advise.pool import (
    TradingCost,
    band_curve,
    drift_rate,
    layer_returns,
    pool,
    pool_shortfall,
    two_asset_band,
)
from alvh.errors import DataError

WEIGHTS = {"short": 0.4, "medium": 0.4, "tail": 0.2}
FREE = TradingCost(np.zeros(2), np.ones(2))


@given(st.floats(0.01, 0.99), st.floats(0.05, 3.0))
def test_two_assets_closed_form(weight, sigma) -> None:
    # geometric mean market maker, one asset riskless: w(1 − w)σ²/2 (Milionis et al. 2022)
    weights, covariance = np.array([weight, 1 - weight]), np.diag([sigma**2, 0.0])
    wanted = weight * (1 - weight) * sigma**2 / 2
    assert drift_rate(weights, covariance) == pytest.approx(wanted, rel=1e-9)


def test_equal_halves_lose_an_eighth_of_the_variance() -> None:
    assert drift_rate(np.array([0.5, 0.5]), np.diag([0.8**2, 0.0])) == pytest.approx(0.8**2 / 8)


def test_assets_that_move_together_do_not_drift() -> None:
    assert drift_rate(np.array([0.4, 0.4, 0.2]), np.full((3, 3), 0.3)) == pytest.approx(0.0)


def test_shortfall_of_one_move() -> None:
    # one of two halves quadruples: holding has 2.5, the pool √4 = 2
    assert pool_shortfall(np.array([0.5, 0.5]), np.array([4.0, 1.0])) == pytest.approx(0.2)


@given(st.floats(0.05, 0.95), st.floats(0.2, 5.0))
def test_shortfall_is_never_a_gain(weight, growth) -> None:
    loss = pool_shortfall(np.array([weight, 1 - weight]), np.array([growth, 1.0]))
    assert -1e-12 <= loss < 1.0


def test_small_moves_add_up_to_the_rate() -> None:
    sigma, weights = 0.4, np.array([0.3, 0.7])
    step = sigma / np.sqrt(252)  # up or down by this with equal chance
    both = [pool_shortfall(weights, np.array([np.exp(s * step), 1.0])) for s in (1, -1)]
    rate = drift_rate(weights, np.diag([sigma**2, 0.0]))
    assert 252 * np.mean(both) == pytest.approx(rate, rel=0.01)


def test_one_session_by_hand() -> None:
    # halves; the first rises by 20 %: 0.6/1.1 and 0.5/1.1, off by 0.04545
    returns = np.array([[0.2, 0.0], [0.0, 0.0]])
    costs = TradingCost(np.array([0.01, 0.03]), np.array([50.0, 20.0]), depth=100.0)
    found = band_curve(returns, np.array([0.5, 0.5]), costs, 1_000.0, np.array([0.02, 0.10]))
    off = 0.6 / 1.1 - 0.5
    traded = off * 1_000.0  # USD of each: 0.909 and 2.27 contracts
    paid = off * (0.01 * (1 + traded / 50 / 100) + 0.03 * (1 + traded / 20 / 100))
    assert found.cost == pytest.approx([paid * 252 / 2, 0.0])
    assert found.trades == pytest.approx([126.0, 0.0])
    variance = 252 * np.var([0.2, 0.0], ddof=1)
    # the second session begins at target under the narrow band, off under the wide one
    assert found.drift_loss == pytest.approx([0.5 * off**2 * variance / 2, 0.5 * off**2 * variance])
    assert found.growth == pytest.approx(np.log(1.1) * 126)


def test_band_waits_for_its_confirmations() -> None:
    returns = np.array([[0.2, 0.0], [0.0, 0.0], [0.0, 0.0]])
    found = [
        band_curve(returns, np.array([0.5, 0.5]), FREE, 1.0, np.array([0.02]), wait).trades[0]
        for wait in (1, 2, 4)
    ]
    assert found == pytest.approx([84.0, 84.0, 0.0])  # one trade in three sessions is 84 a year


@pytest.mark.parametrize("weight", [0.5, 0.3])
def test_the_band_of_least_loss_is_the_cube_root_law(weight) -> None:
    # a long path of small steps, so that a session hardly ever jumps over the band
    rng, sigma, half_spread = np.random.default_rng(1), 0.25, 0.02
    moves = np.exp(sigma / np.sqrt(252) * rng.standard_normal(252 * 600) - sigma**2 / 504) - 1
    returns = np.column_stack([moves, np.zeros_like(moves)])
    costs = TradingCost(np.full(2, half_spread), np.ones(2))
    bands = np.linspace(0.05, 0.5, 46)
    found = band_curve(returns, np.array([weight, 1 - weight]), costs, 1.0, bands)
    best = two_asset_band(weight, half_spread)
    place = int(np.argmin(np.abs(bands - 0.12)))
    spread = weight * (1 - weight) * sigma
    assert found.drift_loss[place] == pytest.approx(sigma**2 * 0.12**2 / 12, rel=0.15)
    assert found.cost[place] == pytest.approx(2 * half_spread * spread**2 / 0.12, rel=0.15)
    # the sum is flat at its foot: the closed form's band loses hardly more than the best
    at = int(np.argmin(np.abs(bands - best)))
    assert found.total[at] <= 1.1 * found.total.min()
    assert found.best == pytest.approx(best, rel=0.3)


def test_layer_returns_are_profit_over_value() -> None:
    result = run()
    values = layer_values(result)
    returns, rows = layer_returns(result, values, [0, 1, 2])
    assert (values[:, rows] > 0).all()
    t = int(rows[10])
    for layer, name in enumerate(("short", "medium", "tail")):
        profit = result.sleeves[name][t + 1] - result.sleeves[name][t]
        assert returns[10, layer] == pytest.approx(profit / values[layer, t])


def test_pool_of_a_run() -> None:
    result = run()
    found = pool(result, WEIGHTS)
    assert found.layers == ("short", "medium", "tail")
    assert found.drift_rate == pytest.approx(drift_rate(found.weights, found.covariance))
    assert found.curve.best in found.curve.bands
    assert found.curve.trades[0] == pytest.approx(252.0)  # a band of 0 trades daily
    assert found.curve.trades[-1] < 3.0
    trades = result.trades.filter(
        (result.trades["sleeve"] == "short") & (result.trades["action"] != "settle")
    )
    notional = (trades["quantity"] * trades["mid"] * 100).abs().sum()
    lost = (trades["quantity"] * (trades["price"] - trades["mid"]) * 100).sum()
    assert found.costs.half_spread[0] == pytest.approx((lost + trades["fees"].sum()) / notional)
    deep = pool(result, WEIGHTS, depth=10.0)
    assert (deep.curve.cost > found.curve.cost).all()


def test_pool_does_not_depend_on_what_came_after() -> None:
    from tests.advise.books import bundled

    import alvh

    cut = alvh.backtest(bundled().between(end="2016-02-24"), "alvh-40-40-20", "monthly45")
    assert pool(cut, WEIGHTS).curve.best == pool(run(), WEIGHTS).curve.best
    assert np.array_equal(pool(cut, WEIGHTS).covariance, pool(run(), WEIGHTS).covariance)


def test_one_layer_is_no_pool() -> None:
    with pytest.raises(DataError, match="two layers with a weight; there was short"):
        pool(run("single-call"), {"short": 1.0})


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(DataError, match="1 in all"):
        band_curve(np.zeros((3, 2)), np.array([0.5, 0.6]), FREE, 1.0)
