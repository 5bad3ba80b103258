"""Laws of days with chains, in markets and chains that are made up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.contracts.rules import tick_size
from alvh.kernel import codes
from alvh.policy import load_policy, load_programme
from twin import chains, listing
from twin.agreement import folded_marks, run_compiled
from twin.market import Account, Contract, Market
from twin.pairs import ADAPTIVE, HEDGES, PROGRAMMES

CENT = 0.01  # USD
ACCOUNT = Account(1_000_000.0, fill=1.0, fee_scale=1.0, commission=0.65, debit_spread=0.01)
SINGLE_LEGS = [HEDGES["weekly-calls"], *map(load_policy, ("single-call", "spx-puts", "vxth"))]
ALL_HEDGES = [load_policy("alvh-40-40-20"), *HEDGES.values(), ADAPTIVE["daily-motion"],
              ADAPTIVE["synthetic"], ADAPTIVE["financed"]]  # fmt: skip
ALL_BOOKS = [*map(load_programme, ("cndr", "monthly45", "daily1", "none")), *PROGRAMMES.values()]
SESSIONS = 160

seeds = st.integers(0, 3)  # worlds are cached, so that an example costs a run only
hedges, books = st.sampled_from(ALL_HEDGES), st.sampled_from(ALL_BOOKS)
few = settings(max_examples=40, deadline=None)


@settings(max_examples=16, deadline=None)
@given(seed=seeds, hedge=st.sampled_from(SINGLE_LEGS))
def test_one_leg_is_bought_at_the_ask_and_sold_at_the_bid(seed, hedge):
    """Exactly where the quote stands on the tick of its price, else at the nearest tick."""
    world = chains.quoted_world(seed)
    run = run_compiled(world, hedge, load_programme("none"), ACCOUNT)
    quoted = [row for row in run.trades if row.provenance == "quoted" and row.right]
    assert quoted
    for row in quoted:
        market = Market(world.days[row.day], world.quotes)
        quote = market.chain[row.root, row.right, row.expiry, row.strike]
        touch = quote.ask if row.quantity > 0 else quote.bid
        tick = tick_size(codes.ROOTS.index(row.root), touch, market.date, False)
        assert row.mid == quote.mid
        assert abs(row.price - touch) <= 0.5 * tick + 1e-9
        if abs(touch / tick - round(touch / tick)) < 1e-9:
            assert abs(row.price - touch) < 1e-9


@few
@given(seed=seeds, hedge=hedges, book=books, fill=st.sampled_from([0.0, 0.5, 1.0]))
def test_profit_and_cash_tell_the_same_account(seed, hedge, book, fill):
    """Equity + profit at mid + interest − costs = NAV = cash + marks by quotes, every day."""
    world, account = chains.quoted_world(seed), replace(ACCOUNT, fill=fill)
    run = run_compiled(world, hedge, book, account)
    daily = run.daily
    told = account.equity + daily["pnl"].sum(1) + daily["interest"] - daily["cost"].sum(1)
    assert np.abs(told - daily["nav"]).max() < CENT
    for t, marks in enumerate(folded_marks(world, run.trades)):
        assert abs(daily["cash"][t] + marks - daily["nav"][t]) < CENT


def _assert_same_past(one, other, end):
    """Both runs are the same to the bit on all sessions before ``end``."""
    assert one.daily[:end].tobytes() == other.daily[:end].tobytes()
    for name in ("trades", "decisions"):
        ours, theirs = ([row for row in getattr(run, name) if row.day < end]
                        for run in (one, other))  # fmt: skip
        assert ours == theirs


@few
@given(seed=seeds, hedge=hedges, book=books, t=st.integers(1, SESSIONS - 1))
def test_a_day_without_its_chain_changes_nothing_before_it(seed, hedge, book, t):
    world = chains.quoted_world(seed)
    days = world.days.copy()
    chained = np.flatnonzero(days["quote_end"] > days["quote_first"])
    gone = chained[np.searchsorted(chained, min(t, chained[-1]))]
    days["quote_end"][gone] = days["quote_first"][gone]
    run, other = (run_compiled(w, hedge, book, ACCOUNT)
                  for w in (world, replace(world, days=days)))  # fmt: skip
    _assert_same_past(run, other, gone)


@few
@given(
    seed=seeds, hedge=hedges, book=books, t=st.integers(0, SESSIONS - 2), other=st.integers(0, 99)
)
def test_no_later_quote_changes_the_past_by_a_bit(seed, hedge, book, t, other):
    """Every quote after session ``t`` is another one, and some of its chains are gone."""
    world, rng = chains.quoted_world(seed), np.random.default_rng(other)
    days, quotes = world.days.copy(), world.quotes.copy()
    later = quotes[days["quote_first"][t + 1] :]
    later["bid"] *= rng.uniform(0.2, 1.0, len(later))
    later["ask"] *= rng.uniform(1.0, 3.0, len(later))
    later["delta"] = rng.uniform(0.0, 1.0, len(later))
    gone = t + 1 + np.flatnonzero(rng.random(len(days) - t - 1) < 0.3)
    days["quote_end"][gone] = days["quote_first"][gone]
    run, changed = (run_compiled(w, hedge, book, ACCOUNT)
                    for w in (world, replace(world, days=days, quotes=quotes)))  # fmt: skip
    _assert_same_past(run, changed, t + 1)


def test_quotes_that_change_are_seen_on_their_day():
    """The two laws above could hold because nobody looks at a quote; somebody does."""
    world = chains.quoted_world(0)
    quotes = world.quotes.copy()
    quotes["ask"] += 0.5
    hedge, book = load_policy("alvh-40-40-20"), load_programme("monthly45")
    run, changed = (run_compiled(w, hedge, book, ACCOUNT)
                    for w in (world, replace(world, quotes=quotes)))  # fmt: skip
    first = np.flatnonzero(run.daily["nav"] != changed.daily["nav"])[0]
    assert world.days["quote_end"][first] > world.days["quote_first"][first]


def _condors(world, book):
    """Return the four legs of every condor that was opened, by strike."""
    rows = [row for row in run_compiled(world, load_policy("none"), book, ACCOUNT).trades
            if row.action == "open"]  # fmt: skip
    return [sorted(four, key=lambda row: row.strike)
            for four in zip(*[iter(rows)] * 4, strict=True)]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("width", [25.0, 100.0])
def test_a_wing_is_near_the_width_asked_for(seed, width):
    """Chains whose strikes lie further apart than the exchange's do not double a wing."""
    world = chains.quoted_world(seed)
    book = load_programme("monthly45").model_copy(update={"width": width, "long_delta": None})
    opened = _condors(world, book)
    assert opened
    sessions = {int(row["date"]): int(row["session"]) for row in world.spx_expiries}
    spreads = [pair for legs in opened for pair in (legs[1::-1], legs[2:])]
    for short, wing in spreads:
        contract = Contract(wing.root, wing.right, wing.expiry, sessions[wing.expiry], wing.strike)
        listed = listing.lattice(Market(world.days[wing.day]), contract)
        target = short.strike + (width if wing.right == "C" else -width)
        place = listed.index(listing.nearest(listed, target))
        assert abs(wing.strike - target) <= listed[place + 1] - listed[place - 1]


def test_an_expiry_with_puts_alone_is_no_expiry_of_a_condor():
    """All calls are taken out of the chains: expiries are then those of days without chains."""
    world, book = chains.quoted_world(1), load_programme("monthly45")
    puts = world.quotes["right"] == codes.PUT
    kept = np.append(0, np.cumsum(puts))
    days, of_puts = world.days.copy(), world.quotes[puts]
    days["quote_first"], days["quote_end"] = kept[days["quote_first"]], kept[days["quote_end"]]
    bare = days.copy()
    bare["quote_end"] = bare["quote_first"]
    half, none = (
        [legs[0].expiry for legs in _condors(replace(world, days=of, quotes=of_puts), book)]
        for of in (days, bare)
    )
    assert half == none
    assert half != [legs[0].expiry for legs in _condors(world, book)]
