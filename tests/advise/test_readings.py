"""Break-evens, carry, convexity and the quick ratio of real books, recomputed another way."""

from statistics import NormalDist

import numpy as np
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.break_even import flat_curve, trade_break_evens
from alvh.advise.convexity import (
    GRID_DAYS,
    GRID_VIX,
    activation,
    carry_split,
    hedge_break_even,
    hedge_gains,
    payoff_grid,
    unrecovered_cost,
)
from alvh.advise.evening import read_evening
from alvh.advise.quick_ratio import quick_ratio
from alvh.contracts.osi import format_osi
from alvh.contracts.rules import future_margin
from alvh.errors import DataError
from alvh.kernel.vix_smile import vix_sigma, vix_slice

HEDGES = ("alvh-40-40-20", "futures-40-40-20", "spx-puts")


@pytest.mark.parametrize("hedge", HEDGES)
def test_theta_and_roll_down_are_the_engine_s_carry(hedge) -> None:
    held = evening(hedge)
    found = carry_split(held)
    for layer in held.book.layers:
        # a basket's carry of the engine is the change of one calendar day, as here
        assert found[layer.name].carry == pytest.approx(365 * layer.carry_per_day, abs=1e-6)


def test_futures_have_no_theta() -> None:
    assert all(one.theta == 0.0 for one in carry_split(evening("futures-40-40-20")).values())


def test_theta_of_a_call_is_black_s() -> None:
    # Black-76 by hand at a fixed forward, today and a day later, each at its own smile's volatility
    held = evening()
    leg = next(leg for leg in held.book.legs if leg.sleeve == "short")
    one = alvh.quote(bundled(), [format_osi("VIX", leg.expiry, "C", leg.strike)], held.as_of)
    forward, normal = one["forward"][0], NormalDist().cdf

    def price(days: float) -> float:
        sigma = vix_sigma(vix_slice(held.day["vix_smile"], forward, days), leg.strike)
        total = sigma * np.sqrt(days / 365)
        d1 = np.log(forward / leg.strike) / total + total / 2
        discount = np.exp(-held.rate * days / 365)
        return discount * (forward * normal(d1) - leg.strike * normal(d1 - total))

    days = (leg.expiry - held.as_of).days - 0.27
    by_hand = 365 * 100 * leg.quantity * (price(days - 1) - price(days))
    assert carry_split(held)["short"].theta == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("hedge", HEDGES)
def test_efficiency_is_stress_gain_over_yearly_carry(hedge) -> None:
    held = evening(hedge)
    gains = held.gains(0, *held.stress())[0]
    for name, one in carry_split(held).items():
        assert one.stress_gain == pytest.approx(gains[held.in_sleeve(name)].sum())
        if one.carry < 0:
            assert one.efficiency == pytest.approx(one.stress_gain / -one.carry)
        else:
            assert np.isnan(one.efficiency)


@pytest.mark.parametrize("hedge", ["alvh-40-40-20", "futures-40-40-20"])
def test_the_hedge_gains_nothing_at_its_break_even_and_something_above(hedge) -> None:
    held = evening(hedge, "2015-06-24")
    found = hedge_break_even(held)
    assert found.from_today[0] == pytest.approx(held.vix, abs=1e-4)
    deficit = sum(unrecovered_cost(held).values())
    for days, level in found.from_today.items():
        around = hedge_gains(held, days, np.array([level, level + 1.0])).sum(axis=0)
        assert around[0] == pytest.approx(0.0, abs=0.1)
        assert around[1] > 0.0
        if days:
            assert level > held.vix  # calm market: time costs
    for days, level in found.from_cost.items():
        assert hedge_gains(held, days, np.array([level])).sum() == pytest.approx(deficit, abs=0.1)


def test_unrecovered_cost_is_what_was_paid_less_the_mark() -> None:
    held = evening()
    for layer in held.book.layers:
        paid = layer.units * layer.cost
        assert unrecovered_cost(held)[layer.name] == pytest.approx(paid - layer.value)


def test_a_layer_carries_the_hedge_where_it_pays_for_the_others() -> None:
    held = evening("alvh-40-40-20", "2015-06-24")
    found = activation(held)
    quiet = hedge_gains(held, 30, np.array([held.vix]))[:, 0]
    for place, name in enumerate(("short", "medium", "tail")):
        level = found[name].carries_hedge
        own = hedge_gains(held, 30, np.array([level]))[place, 0]
        assert own + quiet.sum() - quiet[place] == pytest.approx(0.0, abs=0.1)
        assert level >= found[name].from_today


def test_payoff_grid() -> None:
    held = evening()
    grid = payoff_grid(held)
    assert grid.shape == (3, len(GRID_DAYS), len(GRID_VIX))
    assert (np.diff(grid, axis=2) >= -1e-9).all()  # calls and call spreads only gain with VIX
    assert (grid[:, :, GRID_VIX < 12][:, 0] < 0).all()
    one = hedge_gains(held, int(GRID_DAYS[3]), GRID_VIX[5:6])[:, 0]
    assert grid[:, 3, 5] == pytest.approx(one)


def test_the_whole_book_is_flat_on_its_curve() -> None:
    held = evening()
    curve = flat_curve(held)
    assert len(curve.vix) > 10
    gains = held.gains(0, curve.spx_returns, np.log(curve.vix / held.vix)).sum(axis=1)
    scale = abs(held.gains(0, np.array([-0.1]), np.zeros(1)).sum())
    assert np.abs(gains).max() < 1e-5 * scale
    at_zero = curve.vix[curve.spx_returns == 0.0]
    assert np.abs(at_zero - held.vix).min() < 1e-3  # where it stands now it has gained nothing


def test_trade_break_evens_by_hand() -> None:
    held = evening("alvh-40-40-20", "2015-06-24")
    book = held.book
    daily = -sum(layer.carry_per_day for layer in book.layers)
    contracts = sum(condor.quantity for condor in book.condors)
    entries = held.result.condors
    assert daily > 0
    for trade, condor in zip(trade_break_evens(held), book.condors, strict=True):
        row = entries.filter(
            (entries["expiry"] == condor.expiry) & (entries["credit"] == condor.credit)
        )
        life = (condor.expiry - row["date"][0]).days
        cost = daily * life / contracts / 100
        assert trade.hedge_cost == pytest.approx(cost)
        assert trade.put_side == pytest.approx(condor.strikes[1] - condor.credit + cost)
        assert trade.call_side == pytest.approx(condor.strikes[2] + condor.credit - cost)


def test_a_hedge_that_earns_carry_is_not_counted_on() -> None:
    held = evening("alvh-40-40-20", "2015-08-24")
    assert sum(layer.carry_per_day for layer in held.book.layers) > 0  # inverted curve
    assert all(trade.hedge_cost == 0.0 for trade in trade_break_evens(held))


def test_quick_ratio_by_hand() -> None:
    held = evening()
    found, book = quick_ratio(held), held.book
    widths = {condor.expiry: 0.0 for condor in book.condors}
    for condor in book.condors:
        long_put, short_put, short_call, long_call = condor.strikes
        widths[condor.expiry] += (
            100 * condor.quantity * max(short_put - long_put, long_call - short_call)
        )
    soon = sum(usd for expiry, usd in widths.items() if (expiry - book.as_of).days <= 5)
    assert (found.cash, found.condors_due) == (book.cash, soon)
    assert found.pledged == sum(widths.values()) - soon
    assert found.margin_call == 0.0  # options only
    owed = found.condors_due + found.rolls_due
    assert found.ratio == pytest.approx((found.cash + found.hedge_bid) / owed)
    less = found.cash - found.pledged + found.hedge_bid
    assert found.unencumbered == pytest.approx(less / owed)


def test_condors_about_to_expire_are_due_at_their_width() -> None:
    # CNDR holds to settlement: on the Monday of an expiry week its whole width is due
    result = run("none", "2015-06-15", "cndr")
    held = read_evening(bundled(), result)
    (condor,) = held.book.condors
    assert (condor.expiry - held.as_of).days == 4
    found = quick_ratio(held)
    assert found.condors_due == pytest.approx(100 * condor.quantity * condor.width)
    assert found.condors_due == pytest.approx(
        condor.max_loss + 100 * condor.quantity * condor.credit
    )
    assert found.ratio == pytest.approx(held.book.cash / found.condors_due)


def test_bids_are_those_that_are_quoted() -> None:
    held = evening()
    hedge = [leg for leg in held.book.legs if leg.sleeve != "condors"]
    symbols = [format_osi("VIX", leg.expiry, "C", leg.strike) for leg in hedge]
    quotes = alvh.quote(bundled(), symbols, held.as_of)
    sides = np.where([leg.quantity > 0 for leg in hedge], quotes["bid"], quotes["ask"])
    by_quote = sum(100 * leg.quantity * price for leg, price in zip(hedge, sides, strict=True))
    ticks = sum(100 * abs(leg.quantity) * 0.05 for leg in hedge)  # quotes stand on ticks
    assert abs(quick_ratio(held).hedge_bid_now - by_quote) <= ticks


def test_rolls_due_cost_what_the_last_purchase_cost() -> None:
    held = evening()
    trades = held.result.trades
    due = 0.0
    for layer in held.book.layers:
        roll = {"short": 21, "medium": 75, "tail": 150}[layer.name]
        if (layer.legs[0].expiry - held.as_of).days - roll > 21:
            continue
        bought = trades.filter((trades["sleeve"] == layer.name) & (trades["action"] == "open"))
        bought = bought.filter(bought["date"] == bought["date"][-1])
        due += (bought["quantity"] * bought["price"] * 100 + bought["fees"]).sum()
    assert due > 0
    assert quick_ratio(held).rolls_due == pytest.approx(due)


def test_futures_call_for_margin_in_the_stress() -> None:
    held = evening("futures-40-40-20")
    call = 0.0
    gains = held.gains(0, *held.stress())[0]
    for leg, gain in zip(held.book.legs, gains, strict=True):
        if leg.root == "VX":
            tau = (leg.expiry - held.as_of).days - 0.27
            moved = leg.mid + gain / leg.quantity / 1000
            call += leg.quantity * (future_margin(moved, tau) - future_margin(leg.mid, tau))
    assert call > 0
    assert quick_ratio(held).margin_call == pytest.approx(call)


def test_colours() -> None:
    held = evening()
    assert quick_ratio(held).colour == "green"
    assert quick_ratio(evening("none")).ratio == np.inf  # nothing of monthly45 is ever due


def test_a_book_of_another_history_is_refused() -> None:
    wrong = bundled().between("2014-06-02")
    with pytest.raises(DataError, match="does not have these sessions"):
        read_evening(wrong, run())
    columns = dict(bundled().columns)
    columns["vix"] = columns["vix"] * 1.01
    moved = alvh.History(bundled().dates, columns, bundled().futures, bundled().settlements)
    with pytest.raises(DataError, match="not those of this history"):
        read_evening(moved, run())


def test_an_index_account_moves_with_the_index() -> None:
    held = read_evening(bundled(), run("none", "2015-06-24", "index"))
    assert held.book.index_units > 0
    gain = held.gains(0, np.array([-0.05]), np.zeros(1)).sum()
    assert gain == pytest.approx(-0.05 * held.book.nav, rel=1e-9)
    assert held.theta().sum() == 0.0


def test_an_evening_without_prices_is_refused() -> None:
    columns = {name: values.copy() for name, values in bundled().columns.items()}
    columns["vix"][bundled().dates == np.datetime64("2015-06-24")] = np.nan
    holed = alvh.History(bundled().dates, columns, bundled().futures, bundled().settlements)
    result = alvh.backtest(holed, "none", "monthly45", end="2015-06-24")
    with pytest.raises(DataError, match="2015-06-24 lacks an input"):
        read_evening(holed, result)
