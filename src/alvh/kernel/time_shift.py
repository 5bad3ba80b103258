"""The theta time shift: a condor that settled at a loss is sold again, further out."""

from alvh.kernel.book import no_action
from alvh.kernel.codes import (
    AS_CALL,
    AS_PUT,
    CALL,
    CONDORS,
    PUT,
    R_SHIFT_INFEASIBLE,
    R_SHIFTED,
    R_SHIFTS_SPENT,
    SPXW,
)
from alvh.kernel.condor_prices import (
    expected_daily_range,
    mark_condor,
    package_price,
    set_wings,
)
from alvh.kernel.condors import end_shifts, sell_condor
from alvh.kernel.jit import internal, merged
from alvh.kernel.listed import strip_of
from alvh.kernel.quotes import days_to_settlement, sessions_to_settlement, spx_forward
from alvh.kernel.spx_smile import spx_slice
from alvh.kernel.strikes import strike_within_delta


@merged
def _price_shift(day, quotes, programme, expiry, condor, scratch):
    """Write the condor to shift into, with its marks; return its credit, points."""
    tau = days_to_settlement(day, SPXW, expiry.date)
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, SPXW, expiry.session))
    forward, delta = spx_forward(day, tau), programme.shift_delta
    puts = strip_of(day, quotes, SPXW, expiry.date, PUT, forward, tau)
    calls = strip_of(day, quotes, SPXW, expiry.date, CALL, forward, tau)
    condor.expiry, condor.expiry_session, condor.am = expiry.date, expiry.session, expiry.am
    condor.strike[1] = strike_within_delta(puts, slice_, delta, AS_PUT)
    condor.strike[2] = strike_within_delta(calls, slice_, delta, AS_CALL)
    set_wings(programme, slice_, puts, calls, condor.strike)
    mark_condor(day, quotes, SPXW, condor, scratch)
    return -package_price(day, SPXW, tau, condor, programme.fill, 1.0)


@merged
def _shift_one(day, t, account, state, row, log, programme, condor, slot, listed, free, scratch):
    """Sell the nearest condor whose credit covers the loss; return whether there was one."""
    best, spx = 0.0, listed.spx
    for i in range(state.next_spx, spx.shape[0]):
        expiry = spx[i]
        if expiry.date - day.date > programme.shift_days:
            break
        if expiry.listed > day.date or expiry.am == 1:
            continue
        credit = _price_shift(day, listed.quotes, programme, expiry, condor, scratch)
        strike = condor.strike
        width = max(strike[1] - strike[0], strike[3] - strike[2])
        tied = condor.due * 100.0 * (width - credit)
        best = max(best, credit)
        if credit < condor.loss or credit >= width or tied > free:
            continue
        loss, earlier = condor.loss, condor.carried + condor.credit
        condor.shifts += 1
        sell_condor(
            day, t, account, state, row, log, programme, condor, slot, condor.due, credit,
            R_SHIFTED,
        )  # fmt: skip
        condor.carried = earlier - loss
        return True
    no_action(log, state, t, CONDORS, R_SHIFT_INFEASIBLE, best, condor.loss)
    return False


@internal
def shift_losses(
    day, prior, t, account, state, row, log, programme, condors, listed, free, scratch
):
    """Shift on what settled at a loss today, if yesterday's market was one to do it in.

    The number of condors stays; the new one is sold at or below the shift's delta, one to a few
    days out, on the nearest day whose credit is at least the loss.
    """
    rich = expected_daily_range(prior) > programme.shift_range or prior.vix > programme.shift_vix
    for slot in range(state.slots):
        condor = condors[slot]
        if condor.due == 0:
            continue
        done = False
        if condor.shifts >= programme.shift_rolls:
            no_action(log, state, t, CONDORS, R_SHIFTS_SPENT, condor.loss, float(condor.shifts))
        elif rich and prior.tradable == 1:
            done = _shift_one(
                day, t, account, state, row, log, programme, condor, slot, listed, free, scratch
            )
            if done:
                free -= condor.margin
        if not done:
            end_shifts(t, state, condor, log)
        condor.due = 0
