"""The hedge layers against their rules: what is bought, when it is rolled, what is sold early."""

from collections import defaultdict

import pytest

from alvh.policy import load_policy, load_programme
from twin import worlds
from twin.agreement import run_compiled
from twin.ledger import SLEEVES
from twin.listing import Listing, listed_strikes
from twin.market import Account, Contract, Market, at_strike
from twin.pairs import HEDGES

ACCOUNT = Account(1_000_000.0, fill=0.5, fee_scale=1.0, commission=0.65, debit_spread=0.01)


@pytest.mark.parametrize("hedge", [load_policy("alvh-40-40-20"), HEDGES["weekly-calls"]],
                         ids=lambda policy: policy.name)  # fmt: skip
def test_gains_are_taken_as_the_ladder_says(hedge):
    """Units by hand from what was bought; the price they brought is at least the rung's multiple.

    Every layer of the two policies has option legs only, so cost and proceeds are cash.
    """
    run = run_compiled(worlds.bundled(), hedge, load_programme("none"), ACCOUNT)
    ladder, checked = hedge.monetisation, 0
    for sleeve in SLEEVES[1:]:
        holding = None
        for t, action, rows in _episodes(run.trades, sleeve):
            cash = -sum(r.quantity * r.price * 100.0 + r.fees for r in rows)
            if action == "open":
                units = _units(rows)
                holding = {"bought": units, "left": units, "cost": -cash / units, "rungs": 0}
            elif action == "monetise":
                said = [d for d in run.decisions if (d.day, d.sleeve, d.action) ==
                        (t, sleeve, action)]  # fmt: skip
                sold = 0
                for decision in said:
                    wanted = max(1, round(ladder.fraction * holding["bought"]))
                    assert decision.quantity == min(wanted, holding["left"])
                    holding["left"] -= decision.quantity
                    sold += decision.quantity
                    holding["rungs"] += 1
                assert _units(rows) == sold
                rung = ladder.multiples[holding["rungs"] - 1]
                assert cash / sold >= rung * holding["cost"] - 1e-6
                checked += 1
            elif action == "close":
                assert _units(rows) == holding["left"]
    assert checked > 10


def _episodes(trades, sleeve):
    """(day, action, rows) of one sleeve, in order."""
    grouped = defaultdict(list)
    for row in trades:
        if row.sleeve == sleeve:
            grouped[row.day, row.action].append(row)
    order = {"settle": 0, "monetise": 1, "close": 2, "open": 3}
    for t, action in sorted(grouped, key=lambda key: (key[0], order[key[1]])):
        yield t, action, grouped[t, action]


def _units(rows):
    """Structures traded: the contracts of the leg with ratio one, several fills added."""
    strikes = defaultdict(float)
    for row in rows:
        strikes[row.expiry, row.strike] += row.quantity
    return max(abs(q) for q in strikes.values())


@pytest.mark.parametrize("name", ["alvh-40-40-20", "spx-puts", "backspreads", "weekly-calls"])
def test_what_a_layer_buys_is_what_its_rule_says(name):
    """Expiry and strikes against every listed one, tried one by one; rolls on their first day."""
    world = worlds.bundled()
    hedge = HEDGES[name] if name in HEDGES else load_policy(name)
    run = run_compiled(world, hedge, load_programme("none"), ACCOUNT)
    listings = {"SPX": Listing(world.spx_expiries), "VIX": Listing(world.vix_expiries)}
    for layer in hedge.layers:
        opened = [rows for _, action, rows in _episodes(run.trades, layer.name)
                  if action == "open"]  # fmt: skip
        assert opened
        for rows in opened[::3]:
            market = Market(world.days[rows[0].day])
            for row in rows:
                _assert_nearest(market, listings[row.root[:3]], layer, row)
        _assert_rolled_on_time(world, run, layer)


def _assert_nearest(market, listing, layer, row):
    dte = row.expiry - market.date
    rows = [e for e in listing.open_on(market.date, layer.roll_days)
            if layer.weeklies or e.monthly or row.root != "VIX"]  # fmt: skip
    gaps = [abs(e.date - market.date - layer.tenor_days) for e in rows]
    assert layer.roll_days < dte
    assert abs(dte - layer.tenor_days) == min(gaps)
    if layer.strike is not None:
        return
    session = next(e.session for e in rows if e.date == row.expiry)
    contract = Contract(row.root, row.right, row.expiry, session, row.strike)
    strikes = listed_strikes(row.root, market.forward(contract), market.tau(contract), market.date)
    target = layer.delta if row.quantity > 0 else layer.short_delta
    gap = {k: abs(market.delta(at_strike(contract, k)) - target) for k in strikes}
    assert row.strike in gap
    assert gap[row.strike] <= min(gap.values()) + 1e-9


def _assert_rolled_on_time(world, run, layer):
    dates = world.days["date"]
    for row in run.trades:
        if row.sleeve == layer.name and row.action == "close":
            assert row.expiry - dates[row.day] <= layer.roll_days < row.expiry - dates[row.day - 1]
