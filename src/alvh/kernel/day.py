"""One market day: interest, settlement, marks, hedge, condors, in that order.

The hedge is decided before new condors are opened, so a roll is never crowded out by an entry.
"""

import math
from collections import namedtuple

import numpy as np

from alvh.kernel.book import accrue_interest, no_action, note
from alvh.kernel.codes import (
    CONDOR_BOOK,
    CONDORS,
    INDEX_FUND,
    LAYERS,
    R_INPUT_MISSING,
    R_NOT_ENTRY_DAY,
    R_QUICK_RATIO,
    R_RUINED,
    R_STEWARD,
    R_SWEEP,
    REBALANCE,
)
from alvh.kernel.condors import (
    condors_value,
    enter_condor,
    is_entry_day,
    manage_condors,
    settle_condors,
)
from alvh.kernel.jit import internal, merged
from alvh.kernel.layers import (
    layers_value,
    settle_layers,
    step_layer,
    update_carry,
)
from alvh.kernel.limits import book_cvar, quick_ratio
from alvh.kernel.marks import mark_book
from alvh.kernel.orders import Desk
from alvh.kernel.sizing import book_stress
from alvh.kernel.strikes import advance
from alvh.kernel.tilts import layer_worth, rebalance_layers, tilt_weights
from alvh.kernel.time_shift import shift_losses

Log = namedtuple("Log", ["trades", "decisions", "entries"])
Policy = namedtuple("Policy", ["hedge", "layers", "programme", "account"])
Guides = namedtuple("Guides", ["rows", "scenarios"])
Book = namedtuple(
    "Book",
    ["state", "condors", "cohorts", "candidates", "layer_states", "scratch", "gains", "columns"],
)


@merged
def step_day(days, guides, t, listed, policy, book, daily, log):
    """Advance the book by session ``t``; its row of ``daily`` starts from the last one's sums.

    ``guides.rows`` has a row for every session, or one neutral row for a policy that hears none.
    """
    day, state, programme, row = days[t], book.state[0], policy.programme[0], daily[t]
    guide = guides.rows[min(t, guides.rows.shape[0] - 1)]
    state.next_event, state.inverted = guide.next_event, guide.inverted
    account = policy.account[0]
    if t > 0:
        slept = float(day.date - days[t - 1].date)
        accrue_interest(account, state, row, days[t - 1].rate, slept)
    expired = _advance_calendar(day, listed, state)
    settle_condors(day, t, state, row, book.condors, log)
    settle_layers(day, t, state, row, book.cohorts, book.layer_states, log)
    if day.tradable == 0:
        for sleeve in range(LAYERS + 1):
            no_action(log, state, t, sleeve, R_INPUT_MISSING, 0.0, 0.0)
        close_day(day, days[_last_tradable(days, t)].spx, state, row, book)
        return
    last = days[_last_tradable(days, t)]
    # the first day that has all inputs starts the clocks, whatever came before it
    passed = float(day.date - last.date) if last.tradable == 1 else 0.0
    if state.index_units != 0.0:
        row.pnl[CONDORS] += state.index_units * (day.spx - last.spx)
    mark_book(
        day, listed.quotes, state, row, book.condors, book.cohorts, book.layer_states, passed,
        book.columns,
    )  # fmt: skip
    close_day(day, day.spx, state, row, book)
    if row.nav <= 0.0:
        state.ruined = 1
    if state.ruined == 1:
        no_action(log, state, t, CONDORS, R_RUINED, row.nav, 0.0)
        update_carry(day, book.cohorts, book.layer_states)
        return
    if programme.kind == CONDOR_BOOK:
        manage_condors(day, t, account, state, row, log, programme, book.condors)
    _step_hedge(days, t, guide, listed, policy, book, daily, log, passed)
    state.credits = 0.0  # the meters have seen them
    if programme.kind == CONDOR_BOOK:
        _step_condors(days, t, guides, guide, listed, policy, book, row, log, expired)
    elif programme.kind == INDEX_FUND:
        _sweep(day, t, state, log)
    update_carry(day, book.cohorts, book.layer_states)
    state.contracts = condors_value(state, book.condors)[1]
    state.stress_loss = book_stress(day, state, policy.hedge[0], book.condors, book.scratch)
    close_day(day, day.spx, state, row, book)


@internal
def _last_tradable(days, t):
    """Return the session before ``t`` on which positions were marked; the first at the start."""
    before = max(t - 1, 0)
    while before > 0 and days[before].tradable == 0:
        before -= 1
    return before


@internal
def _advance_calendar(day, listed, state):
    """Move past what has expired; return whether a monthly SPX expiry settles today."""
    start = state.next_spx
    state.next_spx = advance(listed.spx, start, day.date)
    state.next_vix = advance(listed.vix, state.next_vix, day.date)
    for i in range(start, state.next_spx):
        expiry = listed.spx[i]
        if expiry.monthly == 1 and expiry.date == day.date:
            return True
    return False


@internal
def _means(day, state, book):
    """Return (NAV, USD that margin and premium may still take)."""
    value, _, condor_margin = condors_value(state, book.condors)
    hedge, hedge_margin = layers_value(day, book.cohorts)
    nav = state.cash + state.index_units * day.spx + value + hedge
    return nav, nav - condor_margin - hedge_margin - max(hedge, 0.0)


@merged
def _step_hedge(days, t, guide, listed, policy, book, daily, log, passed):
    day, state, hedge = days[t], book.state[0], policy.hedge[0]
    kind, layer_states = policy.programme[0].kind, book.layer_states
    vix = days[max(t - hedge.lag, 0)].vix
    desk = Desk(day, t, guide, vix, policy.account[0], hedge, state, daily[t], log, listed)
    value, contracts, condor_margin = condors_value(state, book.condors)
    # A book of one-day condors is empty between its settlement and its next entry.
    contracts = 10 if kind == INDEX_FUND else max(contracts, state.contracts)
    loss = book_stress(day, state, hedge, book.condors, book.scratch)
    fund = state.index_units * day.spx if state.index_units != 0.0 else 0.0
    condors = (value + fund, condor_margin, contracts, max(loss, state.stress_loss))
    if hedge.tilts == 1:
        tilt_weights(t, guide, hedge, policy.layers, state, layer_states, daily, log)
    for i in range(LAYERS):
        if policy.layers[i].weight == 0.0:
            continue
        step_layer(
            desk, policy.layers, i, book.cohorts, book.candidates, layer_states, condors, passed
        )
    if hedge.rebalances == 1:
        rebalance_layers(desk, book.cohorts, layer_states, _means(day, state, book)[1])
    if hedge.trailing_mirr > 0.0:
        for i in range(LAYERS):
            daily[t].worth[i] = layer_worth(day, book.cohorts[i])


@merged
def _step_condors(days, t, guides, guide, listed, policy, book, row, log, expired):
    """Shift losses on, then open today's condor where the health of the book allows it."""
    day, state, programme = days[t], book.state[0], policy.programme[0]
    account = policy.account[0]
    if programme.shift_rolls > 0:
        shift_losses(
            day, days[max(t - 1, 0)], t, account, state, row, log, programme, book.condors,
            listed, _means(day, state, book)[1], book.scratch,
        )  # fmt: skip
    if not is_entry_day(day, programme, state, expired):
        no_action(log, state, t, CONDORS, R_NOT_ENTRY_DAY, 0.0, 0.0)
    elif not _is_barred(day, t, guides, guide, policy.hedge[0], state, book, log):
        enter_condor(
            days, t, guide, account, state, row, log, programme, book.condors, listed,
            _means(day, state, book), book.scratch,
        )  # fmt: skip


@internal
def _is_barred(day, t, guides, guide, hedge, state, book, log):
    """Say whether the health of the book bars new condors: its quick ratio, or its tail."""
    if not np.isnan(hedge.quick_ratio):
        ratio = quick_ratio(day, state, book.condors, book.cohorts, book.layer_states)
        if ratio < hedge.quick_ratio:
            no_action(log, state, t, CONDORS, R_QUICK_RATIO, ratio, hedge.quick_ratio)
            return True
    if hedge.steward == 0 or guide.scenarios < 0:
        return False
    if state.judged != guide.scenarios + 1:  # once for every set of scenarios
        state.judged = guide.scenarios + 1
        scenarios = guides.scenarios[guide.scenarios]
        tail = book_cvar(day, state, book.condors, book.cohorts, scenarios, book.gains)
        state.cvar = tail / _means(day, state, book)[0]
    if state.cvar < guide.least_cvar:
        no_action(log, state, t, CONDORS, R_STEWARD, state.cvar, guide.least_cvar)
        return True
    return False


@internal
def _sweep(day, t, state, log):
    """Invest all cash in the index fund, or sell units to cover what the hedge cost."""
    if state.cash == 0.0:
        no_action(log, state, t, CONDORS, R_SWEEP, 0.0, day.spx)
    else:
        units = state.cash / day.spx
        note(log, state, t, CONDORS, REBALANCE, R_SWEEP, units, state.cash, day.spx)
        state.index_units += units
        state.cash = 0.0


@internal
def close_day(day, spx, state, row, book):
    """Write the day's levels from the last marks; ``spx`` is the index level of those marks."""
    value, contracts, condor_margin = condors_value(state, book.condors)
    hedge, hedge_margin = layers_value(day, book.cohorts)
    row.cash = state.cash
    row.condors = contracts
    row.condor_margin = condor_margin
    row.hedge_value = hedge
    row.hedge_margin = hedge_margin
    for i in range(LAYERS):
        row.weight[i] = book.layer_states[i].weight
    fund = state.index_units * spx if state.index_units != 0.0 else 0.0
    row.nav = state.cash + fund + value + hedge
    if math.isnan(row.nav):
        state.ruined = 2
