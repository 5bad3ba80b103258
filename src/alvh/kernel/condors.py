"""The condor programmes: settle, mark, manage and enter iron condors."""

import math

import numpy as np

from alvh.contracts.rules import condor_margin
from alvh.kernel.black import black_price
from alvh.kernel.book import no_action, note, settle_leg, trade
from alvh.kernel.codes import (
    AS_PUT,
    CLOSE,
    CONDORS,
    DAILY_ENTRY,
    ESTIMATED,
    FITTED,
    IN_PACKAGE,
    MODELLED,
    ON_EXPIRY,
    OPEN,
    PUBLISHED,
    QUOTED,
    R_BOOK_FULL,
    R_BUYING_POWER,
    R_CREDIT_TOO_SMALL,
    R_EVENT_AHEAD,
    R_EXIT_DAYS,
    R_GATE_CLOSED,
    R_HELD,
    R_NO_EXPIRY,
    R_PREMIUM_LOW,
    R_SCHEDULED_ENTRY,
    R_SETTLED,
    R_SHIFT_ENDED,
    R_SIZE_ZERO,
    R_STOP,
    R_TAKE_PROFIT,
    R_WARM_UP,
    SETTLE,
    WEEKLY,
)
from alvh.kernel.condor_prices import (
    PACKAGE_TICK,
    SIGNS,
    choose_strikes,
    condor_mids,
    leg_half,
    package_price,
    right_of,
    root_of,
    signed_value,
    width_of,
)
from alvh.kernel.jit import internal, merged
from alvh.kernel.quotes import (
    days_to_settlement,
    leg_fee,
    sessions_to_settlement,
    spx_forward,
    unrounded_fill,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.strikes import choose_spx_expiry


@internal
def settle_condors(day, t, state, row, condors, log):
    """Settle what expires today at the opening auction or at the close."""
    for i in range(state.slots):
        condor = condors[i]
        condor.due = 0
        if condor.quantity == 0 or condor.expiry > day.date:
            continue
        index = day.spx_open_settlement if condor.am == 1 else day.spx
        provenance = ESTIMATED if condor.am == 1 else PUBLISHED
        outcome = 0.0
        for leg in range(4):
            strike = condor.strike[leg]
            value = max(strike - index, 0.0) if leg < 2 else max(index - strike, 0.0)
            quantity = SIGNS[leg] * condor.quantity
            terms = (root_of(condor), right_of(leg), condor.expiry, strike)
            profit = settle_leg(
                log, state, row, t, CONDORS, terms, quantity, value, condor.mid[leg],
                R_SETTLED, provenance,
            )  # fmt: skip
            outcome += SIGNS[leg] * value
            if leg < 2:
                row.put_side += profit
            else:
                row.call_side += profit
        _tally(state, condor.credit + outcome)
        note(log, state, t, CONDORS, SETTLE, R_SETTLED, float(condor.quantity), index, -outcome)
        condor.due = condor.quantity if outcome < 0.0 else 0
        condor.loss = -outcome
        if condor.due == 0:
            end_shifts(t, state, condor, log)
        condor.quantity = 0


@internal
def end_shifts(t, state, condor, log):
    """Note what a position that was shifted on has come to: all credits less all losses, points."""
    if condor.shifts > 0:
        total = condor.carried + condor.credit - condor.loss
        no_action(log, state, t, CONDORS, R_SHIFT_ENDED, total, float(condor.shifts))


@internal
def _tally(state, points):
    state.closed += 1
    if points > 0.0:
        state.wins += 1


@internal
def condors_value(state, condors):
    """Return (value at the last marks USD, contracts, margin USD) of all open condors."""
    value, contracts, margin = 0.0, 0, 0.0
    for i in range(state.slots):
        condor = condors[i]
        if condor.quantity > 0:
            value += condor.quantity * 100.0 * signed_value(condor.mid)
            contracts += condor.quantity
            margin += condor.margin
    return value, contracts, margin


@internal
def stress_loss(day, state, condors, spx_return, vix_log, scratch):
    """Return the USD loss of all open condors in an overnight shock (positive: a loss)."""
    loss = 0.0
    for i in range(state.slots):
        condor = condors[i]
        if condor.quantity > 0:
            condor_mids(
                day, root_of(condor), condor.expiry, condor.expiry_session, condor.strike,
                spx_return, vix_log, scratch,
            )  # fmt: skip
            for leg in range(4):  # a quote moves with its smile
                scratch[leg] += condor.gap[leg]
            loss += condor.quantity * 100.0 * (signed_value(condor.mid) - signed_value(scratch))
    return loss


@internal
def _trade_package(day, t, account, state, row, log, condor, tau, fill, side, net, action, reason):
    """Fill four legs at the package's net price; what rounding adds sits on the short put."""
    root, rest = root_of(condor), net
    width = width_of(day, root, tau)
    otherwise = FITTED if day.spx_fitted == 1 else MODELLED
    for leg in (0, 2, 3, 1):
        signed, mid = side * SIGNS[leg], condor.mid[leg]
        half = leg_half(day, width, condor, leg)
        price = unrounded_fill(mid, half, fill, signed > 0.0)
        if leg == 1:
            price = signed * rest
        rest -= signed * price
        fee = leg_fee(account, day, root, max(price, 0.0), IN_PACKAGE)
        provenance = QUOTED if condor.quoted[leg] == 1 else otherwise
        trade(
            log, state, row, t, CONDORS, (root, right_of(leg), condor.expiry, condor.strike[leg]),
            signed * condor.quantity, price, mid, fee, action, reason, provenance,
        )  # fmt: skip


@internal
def _may_exit(day, programme, condor):
    """Rule out most days cheaply: buying back costs at least the mid, less half a tick."""
    if condor.expiry - day.date <= programme.exit_days or not np.isnan(programme.stop):
        return True
    least = -signed_value(condor.mid) - 0.5 * PACKAGE_TICK
    return least <= (1.0 - programme.take_profit) * condor.credit


@internal
def _exit_reason(day, programme, condor, debit):
    """Return why a condor should be closed today, or R_HELD."""
    if debit <= (1.0 - programme.take_profit) * condor.credit:
        return R_TAKE_PROFIT
    if debit >= (1.0 + programme.stop) * condor.credit:  # the loss, not the debit
        return R_STOP
    if programme.exit_days > 0.0 and condor.expiry - day.date <= programme.exit_days:
        return R_EXIT_DAYS
    return R_HELD


@internal
def manage_condors(day, t, account, state, row, log, programme, condors):
    """Close what has reached its profit, its stop or its exit day (NaN rules never act)."""
    for i in range(state.slots):
        condor = condors[i]
        if condor.quantity == 0 or not _may_exit(day, programme, condor):
            continue
        root = root_of(condor)
        tau = days_to_settlement(day, root, condor.expiry)
        debit = package_price(day, root, tau, condor, programme.fill, -1.0)
        reason = _exit_reason(day, programme, condor, debit)
        if reason == R_HELD:
            continue
        _trade_package(
            day, t, account, state, row, log, condor, tau, programme.fill, -1.0, debit, CLOSE,
            reason,
        )  # fmt: skip
        _tally(state, condor.credit - debit)
        note(log, state, t, CONDORS, CLOSE, reason, float(condor.quantity), debit, condor.credit)
        condor.loss = debit
        end_shifts(t, state, condor, log)
        condor.quantity = 0


@internal
def _gate(programme, vix):
    """Return the size factor of the VIX gate for yesterday's VIX."""
    gate = programme.gate
    if gate == 1:
        aggressive = programme.credit_target >= 1.6
        return 0.0 if vix > 20.0 or (vix >= 15.0 and aggressive) else 1.0
    if gate == 2:
        return 1.0 if vix < 28.0 else (0.5 if vix <= 40.0 else 0.0)
    if gate == 3:
        return min(1.0, 20.0 / vix)
    return 1.0


@internal
def is_entry_day(day, programme, state, expired):
    """Say whether the programme's calendar asks for an entry today."""
    if programme.entry == ON_EXPIRY:
        return expired
    if programme.entry == WEEKLY:
        return (day.date + 3) // 7 != state.last_entry_week  # weeks turn on Mondays
    return programme.entry == DAILY_ENTRY


@internal
def free_slot(condors):
    for i in range(condors.shape[0]):
        if condors[i].quantity == 0:
            return i
    return -1


@internal
def condor_size(programme, nav, free, factor, width, credit):
    """Return (contracts wanted, contracts affordable) for one entry.

    ``free`` is the USD that margin may still take; a fixed ``contracts`` overrides the fraction.
    """
    loss = 100.0 * (width - credit)
    if np.isnan(programme.contracts):
        risk = 100.0 * width if programme.on_width == 1 else loss
        wanted = math.floor(programme.risk_fraction * factor * nav / risk)
    else:
        wanted = math.floor(programme.contracts * factor)
    return int(wanted), int(min(wanted, math.floor(max(free, 0.0) / loss)))


@internal
def enter_condor(
    days, t, guide, account, state, row, log, programme, condors, listed, work, scratch
):
    """Open today's condor, or note why there is none. ``work``: NAV, and free USD."""
    day = days[t]
    nav, free = work
    state.last_entry_week = (day.date + 3) // 7
    prior = days[max(t - 1, 0)]
    needs_prior = programme.gate != 0 or not np.isnan(programme.range_multiple)
    scale = guide.range_scale if programme.calibrated == 1 else 1.0
    unknown = np.isnan(scale) or (not np.isnan(programme.premium_floor) and np.isnan(guide.premium))
    if unknown or (needs_prior and (t == 0 or prior.tradable == 0)):
        no_action(log, state, t, CONDORS, R_WARM_UP, 0.0, 0.0)
        return
    if guide.event_ahead == 1:
        no_action(log, state, t, CONDORS, R_EVENT_AHEAD, 0.0, 0.0)
        return
    if guide.premium < programme.premium_floor:  # never, where either is NaN
        no_action(log, state, t, CONDORS, R_PREMIUM_LOW, guide.premium, programme.premium_floor)
        return
    factor = _gate(programme, prior.vix) if needs_prior else 1.0
    if factor == 0.0:
        no_action(log, state, t, CONDORS, R_GATE_CLOSED, prior.vix, 0.0)
        return
    pick = choose_spx_expiry(
        day, listed, state.next_spx, programme.expiry_rule, programme.am, programme.tenor,
        programme.exit_days,
    )  # fmt: skip
    if pick < 0:
        no_action(log, state, t, CONDORS, R_NO_EXPIRY, programme.tenor, 0.0)
        return
    _open_condor(
        day, prior, t, account, state, row, log, programme, condors, listed.quotes,
        listed.spx[pick], (nav, free, factor, scale), scratch,
    )  # fmt: skip


@merged
def _open_condor(
    day, prior, t, account, state, row, log, programme, condors, quotes, expiry, means, scratch
):
    nav, free, factor, scale = means
    slot = free_slot(condors)
    if slot < 0:
        slots = condors.shape[0]
        no_action(log, state, t, CONDORS, R_BOOK_FULL, float(slots), float(slots))
        return
    condor = condors[slot]
    choose_strikes(day, prior, quotes, programme, expiry, scale, condor, scratch)
    root = root_of(condor)
    tau = days_to_settlement(day, root, condor.expiry)
    credit = -package_price(day, root, tau, condor, programme.fill, 1.0)
    width = max(condor.strike[1] - condor.strike[0], condor.strike[3] - condor.strike[2])
    if credit < PACKAGE_TICK or credit >= width:
        no_action(log, state, t, CONDORS, R_CREDIT_TOO_SMALL, credit, PACKAGE_TICK)
        return
    wanted, quantity = condor_size(programme, nav, free, factor, width, credit)
    if quantity < wanted or wanted == 0:
        reason = R_SIZE_ZERO if wanted == 0 else R_BUYING_POWER
        no_action(log, state, t, CONDORS, reason, free, wanted * 100.0 * (width - credit))
    if quantity == 0:
        return
    condor.shifts = 0
    condor.carried = 0.0
    sell_condor(
        day, t, account, state, row, log, programme, condor, slot, quantity, credit,
        R_SCHEDULED_ENTRY,
    )  # fmt: skip


@internal
def sell_condor(
    day, t, account, state, row, log, programme, condor, slot, quantity, credit, reason
):
    """Fill a condor whose expiry, strikes and marks are set; write down what a ticket shows."""
    tau = days_to_settlement(day, root_of(condor), condor.expiry)
    width = max(condor.strike[1] - condor.strike[0], condor.strike[3] - condor.strike[2])
    state.slots = max(state.slots, slot + 1)
    condor.quantity = quantity
    condor.credit = credit
    condor.opened = t
    condor.margin = quantity * condor_margin(
        condor.strike[1] - condor.strike[0], condor.strike[3] - condor.strike[2], credit
    )
    _trade_package(
        day, t, account, state, row, log, condor, tau, programme.fill, 1.0, -credit, OPEN, reason
    )
    state.credits += quantity * 100.0 * credit
    against = width if reason == R_SCHEDULED_ENTRY else condor.loss
    note(log, state, t, CONDORS, OPEN, reason, float(quantity), credit, against)
    _log_entry(day, t, state, log, condor, tau)


@merged
def _log_entry(day, t, state, log, condor, tau):
    """Append the figures a condor ticket shows: probability of profit, expected value, margin."""
    i = state.condors
    state.condors += 1
    if i >= log.entries.shape[0]:
        return
    entry = log.entries[i]
    entry.day = t
    entry.expiry = condor.expiry
    entry.am = condor.am
    entry.quantity = condor.quantity
    entry.credit = condor.credit
    entry.margin = condor.margin
    for leg in range(4):
        entry.strike[leg] = condor.strike[leg]
    root = root_of(condor)
    sessions = sessions_to_settlement(day, root, condor.expiry_session)
    slice_ = spx_slice(day.spx_smile, tau, sessions)
    forward = spx_forward(day, tau)
    low = condor.strike[1] - condor.credit
    high = condor.strike[2] + condor.credit
    entry.probability_of_profit = _below(slice_, forward, tau, high) - _below(
        slice_, forward, tau, low
    )
    entry.expected_value = _expected_value(day, forward, sessions, condor)


@internal
def _below(slice_, forward, tau, strike):
    """Return the risk-neutral probability of settling below ``strike``: slope of the put price."""
    years = tau / 365.0
    up, down = strike + 0.5, strike - 0.5
    above = black_price(forward, up, spx_sigma(slice_, math.log(up / forward)), years, AS_PUT)
    below = black_price(forward, down, spx_sigma(slice_, math.log(down / forward)), years, AS_PUT)
    return min(max(above - below, 0.0), 1.0)


@merged
def _expected_value(day, forward, sessions, condor):
    """Return credit less expected payoff in points if volatility stays at its 20-day realised."""
    sigma = day.vix / 100.0 if np.isnan(day.hv20) else day.hv20
    payoff = 0.0
    for leg in range(4):
        price = black_price(forward, condor.strike[leg], sigma, sessions / 252.0, leg < 2)
        payoff -= SIGNS[leg] * price
    return condor.credit - payoff
