"""Where a layer could be rolled to: the delta is kept, and the least is what the engine buys."""

import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.shift import shift
from alvh.errors import DataError
from alvh.kernel.black import black_price
from alvh.kernel.codes import VX
from alvh.kernel.greeks import leg_greeks
from alvh.kernel.quotes import days_to_settlement, vix_beta
from alvh.kernel.shift import decay_rate, spot_vix_delta
from alvh.policy import HedgePolicy, load_policy

POLICY = load_policy("alvh-40-40-20")


@pytest.mark.parametrize("layer", ["short", "medium", "tail"])
def test_the_delta_is_kept_to_half_a_structure(layer):
    found = shift(bundled(), run(), POLICY, layer)
    offered = [one for one in found.candidates if not one.why_not]
    assert offered
    for one in offered:
        assert abs(one.delta - found.held.delta) <= 0.5 * one.delta / one.structures + 1e-9
        assert one.days > POLICY.layer(layer).roll_days
        assert one.decay_per_day == pytest.approx(one.cost_rate * one.delta)
    assert found.best.cost_rate == min(one.cost_rate for one in offered)
    assert all(one.why_not for one in found.candidates if one not in offered)


def test_the_delta_is_that_of_a_small_move_of_spot_vix():
    """A hundredth of a point of VIX: the forward follows by its beta, volatilities of strikes stay.

    Black's price is taken before and after, twice, so that the slope is in the middle.
    """
    held, cohort = evening(), run().book.cohorts[0]
    assert cohort["legs"] == 1
    root, right = int(cohort["root"][0]), int(cohort["right"][0])
    expiry, strike = int(cohort["expiry"][0]), float(cohort["strike"][0])
    greeks = leg_greeks(held.day, root, right, expiry, int(cohort["expiry_session"][0]), strike)
    forward, sigma, years, discount = greeks[0], greeks[1], greeks[2], greeks[3] / black_price(
        greeks[0], strike, greeks[1], greeks[2], False
    )  # fmt: skip
    beta = vix_beta(days_to_settlement(held.day, root, expiry))

    def price(move: float) -> float:
        moved = forward * ((held.vix + move) / held.vix) ** beta
        return 100.0 * discount * black_price(moved, strike, sigma, years, False)

    by_hand = (price(0.01) - price(-0.01)) / 0.02
    assert float(spot_vix_delta(held.day, cohort)) == pytest.approx(by_hand, rel=1e-6)


def test_the_delta_of_a_future_is_its_beta():
    futures = alvh.backtest(bundled(), "futures-40-40-20", "none", end="2016-02-24")
    day, vix = evening().day, evening().vix
    future = futures.book.cohorts[0]
    by_hand = 0.0
    for leg in range(int(future["legs"])):
        assert future["root"][leg] == VX
        tau = days_to_settlement(day, VX, int(future["expiry"][leg]))
        by_hand += 1000.0 * future["ratio"][leg] * future["mid"][leg] * vix_beta(tau) / vix
    assert by_hand > 0.0
    assert float(spot_vix_delta(day, future)) == pytest.approx(by_hand, rel=1e-12)


def test_decay_counts_spread_and_fees_both_ways():
    from alvh.compile import compile_account

    held, cohort = evening(), run().book.cohorts[1]
    free = compile_account(1.0, 0.0, 0.0, 0.0, 0.0)[0]
    dear = compile_account(1.0, 1.0, 1.0, 0.65, 0.0)[0]
    assert float(decay_rate(held.day, dear, cohort, 10)) > float(
        decay_rate(held.day, free, cohort, 10)
    )


@pytest.mark.parametrize("layer", ["short", "medium", "tail"])
def test_the_best_is_what_the_least_cost_roll_buys(shared_data, layer):
    """On the evening of a roll, what the engine bought is what `shift` finds best."""
    history = alvh.load_history(shared_data)
    values = POLICY.model_dump()
    for one in values["layers"]:
        one["roll_to"] = "least_cost"
    policy = HedgePolicy.model_validate(values)
    trades = alvh.backtest(history, policy, "none", "2014-01-02", "2015-12-31").trades
    bought = trades.filter((trades["sleeve"] == layer) & (trades["action"] == "open"))
    days = bought["date"].unique(maintain_order=True).to_list()[1:]  # rolls, not the first purchase
    assert len(days) >= 4
    for day in days:
        stopped = alvh.backtest(history, policy, "none", "2014-01-02", str(day))
        best = shift(history, stopped, policy, layer).best
        expiries = bought.filter(bought["date"] == day)["expiry"].unique().to_list()
        assert [best.expiry] == expiries


def test_a_layer_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="has no middle layer; there are short, medium, tail"):
        shift(bundled(), run(), POLICY, "middle")
    empty = alvh.backtest(bundled(), POLICY, "none", end="2016-02-24", equity=200.0)
    with pytest.raises(DataError, match="the short layer holds nothing on 2016-02-24"):
        shift(bundled(), empty, POLICY, "short")
    puts = alvh.backtest(bundled(), "spx-puts", "none", end="2016-02-24")
    name = load_policy("spx-puts").layers[0].name
    with pytest.raises(DataError, match="holds no VIX options or futures"):
        shift(bundled(), puts, load_policy("spx-puts"), name)
