"""What a roll takes and what holding costs: by hand from the engine's own fills."""

import numpy as np
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.shift import shift
from alvh.compile import compile_account
from alvh.kernel import codes
from alvh.kernel.quotes import fill_price, half_spread, leg_fee, leg_value
from alvh.kernel.structures import structure_liquidation
from alvh.kernel.vix_curve import vix_forward
from alvh.policy import HedgePolicy, load_policy

POLICY, FUTURES = load_policy("alvh-40-40-20"), load_policy("futures-40-40-20")
AM = 0.27  # days between the opening auction and the close, from docs/engine.md
LAYERS = ("short", "medium", "tail")


def _account(fill=0.5):
    return compile_account(1.0, fill, 1.0, 0.65, 0.0)[0]


def _least_cost(policy):
    values = policy.model_dump()
    for layer in values["layers"]:
        if layer["instrument"].startswith("vix_"):
            layer["roll_to"] = "least_cost"
    return HedgePolicy.model_validate(values)


@pytest.mark.parametrize("name", ["alvh-40-40-20", "futures-40-40-20"])
def test_the_best_on_a_roll_is_what_the_engine_bought(shared_data, name):
    """Same market, same account, same rule: every roll of three years, in all layers."""
    history = alvh.load_history(shared_data)
    policy = _least_cost(load_policy(name))
    full = alvh.backtest(history, policy, "none", "2015-01-02", "2017-12-29")
    trades = full.trades.filter(full.trades["date"] > full.dates[0].astype(object))
    opened = trades.filter(
        (trades["action"] == "open")
        & (trades["quantity"] > 0)
        & trades["root"].is_in(["VIX", "VX"])
    )
    agreed = []
    for row in opened.iter_rows(named=True):
        stopped = alvh.backtest(history, policy, "none", "2015-01-02", row["date"])
        best = shift(history, stopped, policy, row["sleeve"]).best
        agreed.append(best.expiry == row["expiry"])
    assert len(agreed) > 20
    assert all(agreed)


def test_a_roll_of_options_takes_premium_less_what_the_held_ones_bring():
    """The tail's call: one leg, so that a package's ticks do not matter."""
    found, day = shift(bundled(), run(), POLICY, "tail"), evening().day
    held = run().book.cohorts[2]
    account = _account()
    back = held["units"] * structure_liquidation(day, account, held)
    expiries = evening().surfaces.vix_expiries
    for one in found.candidates:
        if one.why_not or (one.expiry, one.strikes) == (found.held.expiry, found.held.strikes):
            continue
        expiry = np.datetime64(one.expiry).astype(int)
        session = expiries["session"][np.searchsorted(expiries["date"], expiry)]
        mid = leg_value(day, codes.VIX, codes.CALL, expiry, session, one.strikes[0], 0, 0.0, 0.0)
        half = half_spread(day, codes.VIX, mid, float(one.days) - AM)
        ask = fill_price(day, codes.VIX, mid, half, 0.5, True, False)
        paid = one.structures * (100.0 * ask + leg_fee(account, day, codes.VIX, ask, False))
        assert one.cash == pytest.approx(paid - back, abs=1e-6)


@pytest.mark.parametrize("layer", ["short", "tail"])
def test_a_roll_of_futures_takes_spread_and_fees_alone(layer):
    """No premium changes hands and margin is not paid: fills against the mids, by hand."""
    result = alvh.backtest(bundled(), FUTURES, "none", end="2016-03-24")
    held = result.book.cohorts[LAYERS.index(layer)]
    day = evening(end="2016-03-24").day
    account = _account(1.0)
    found = shift(bundled(), result, FUTURES, layer, fill=1.0)

    def given(mid, left, buys):
        half = half_spread(day, codes.VX, mid, left - AM)
        price = fill_price(day, codes.VX, mid, half, 1.0, buys, False)
        away = price - mid if buys else mid - price
        return 1000.0 * away + leg_fee(account, day, codes.VX, price, False)

    sold = held["units"] * given(held["mid"][0], float(found.held.days), False)
    moved = [one for one in found.candidates if not one.why_not and one.cash != 0.0]
    assert moved
    for one in moved:
        expiry = np.datetime64(one.expiry).astype(int)
        curve = day["curve_expiry"], day["curve_forward"], day["vix"], day["date"]
        bought = one.structures * given(vix_forward(*curve, expiry), float(one.days), True)
        assert one.cash == pytest.approx(bought + sold, abs=1e-6)
        assert one.strikes == ()


def test_what_is_held_already_takes_nothing():
    """On the evening of a purchase the layer's rule still picks what was bought."""
    opened = run().trades.filter(run().trades["action"] == "open")
    for layer in LAYERS:
        bought = opened.filter(opened["sleeve"] == layer)["date"].max()
        stopped = alvh.backtest(bundled(), POLICY, "monthly45", end=bought)
        found = shift(bundled(), stopped, POLICY, layer)
        offered = [one for one in found.candidates if not one.why_not]
        own = [one for one in offered if one.expiry == found.held.expiry]
        assert [(one.strikes, one.structures, one.cash) for one in own] == [
            (found.held.strikes, found.held.structures, 0.0)
        ]
        assert all(one.cash != 0.0 for one in offered if one not in own)


def test_holding_on_pays_for_the_sale_alone():
    """Slide by hand from the price after so many days; the purchase is past."""
    found, day = shift(bundled(), run(), POLICY, "tail"), evening().day
    held, rule = run().book.cohorts[2], POLICY.layer("tail")
    left = int(held["expiry"][0] - day["date"])
    days = int(min(rule.tenor_days - rule.roll_days, left - rule.roll_days))
    aged = leg_value(
        day, held["root"][0], held["right"][0], held["expiry"][0], held["expiry_session"][0],
        held["strike"][0], days, 0.0, 0.0,
    )  # fmt: skip
    mid = held["mid"][0]
    half = half_spread(day, held["root"][0], mid, left - AM)
    bid = fill_price(day, held["root"][0], mid, half, 0.5, False, False)
    sale = 100.0 * (mid - bid) + leg_fee(_account(), day, held["root"][0], bid, False)
    wanted = held["units"] * (100.0 * (mid - aged) + sale) / days
    assert found.held.decay_per_day == pytest.approx(wanted, rel=1e-9)
    assert found.held.cash == 0.0


def test_only_what_is_listed_is_shown():
    """In February 2016 weeklies were listed six weeks ahead, monthlies beyond."""
    found = shift(bundled(), run(), POLICY, "tail")
    assert all(one.why_not != "not listed yet" for one in found.candidates)
    weekly = [one for one in found.candidates if one.why_not.startswith("a weekly")]
    assert weekly
    assert max(one.days for one in weekly) <= 50
