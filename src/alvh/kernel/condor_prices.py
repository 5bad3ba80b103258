"""What a condor is worth as a package, and which strikes a programme asks for.

A condor's four legs stand in the order long put, short put, short call, long call.
"""

import math

import numpy as np

from alvh.contracts.rules import round_to_tick
from alvh.contracts.spx_spread import scaled_half_spread, width_factors
from alvh.kernel.black import black_price
from alvh.kernel.codes import AS_CALL, AS_PUT, CALL, PUT, SPX, SPXW
from alvh.kernel.elementary import exponential, log_ratio
from alvh.kernel.jit import compiled, internal, merged
from alvh.kernel.listed import mark_by, strip_of
from alvh.kernel.quotes import (
    days_to_settlement,
    sessions_to_settlement,
    spx_beta,
    spx_forward,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.strikes import nearest_listed, nearest_quoted, next_strike, strike_by_delta

SIGNS = np.array([1.0, -1.0, -1.0, 1.0])
PACKAGE_TICK = 0.05  # SPX complex orders trade in net steps of 0.05 points
CREDIT_STEPS = 60


@internal
def root_of(condor):
    """Return the root of a condor's options, by how they settle."""
    return SPX if condor.am == 1 else SPXW


@internal
def right_of(leg):
    return PUT if leg < 2 else CALL


@internal
def condor_mids(day, root, expiry, expiry_session, strike, spx_return, vix_log, out):
    """Write the smile's prices of the four legs into ``out``, points, the market moved."""
    tau = days_to_settlement(day, root, expiry)
    vol_scale = exponential(spx_beta(tau) * vix_log) if vix_log != 0.0 else 1.0
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, root, expiry_session))
    forward = spx_forward(day, tau) * (1.0 + spx_return)
    years = tau / 365.0
    discount = exponential(-day.rate * years)
    for leg in range(4):
        sigma = spx_sigma(slice_, log_ratio(strike[leg], forward)) * vol_scale
        out[leg] = discount * black_price(forward, strike[leg], sigma, years, leg < 2)


@internal
def mark_condor_leg(day, quotes, root, condor, leg, price):
    """Mark one leg by its quote, or at the smile's ``price`` where it has none; return the mid."""
    mark = mark_by(day, quotes, root, right_of(leg), condor.expiry, condor.strike[leg], price)
    condor.mid[leg], condor.half[leg] = mark.mid, mark.half
    condor.gap[leg], condor.quoted[leg] = mark.gap, mark.quoted
    return mark.mid


@internal
def mark_condor(day, quotes, root, condor, scratch):
    """Mark the four legs of a condor; ``scratch`` has room for four prices."""
    condor_mids(day, root, condor.expiry, condor.expiry_session, condor.strike, 0.0, 0.0, scratch)
    for leg in range(4):
        mark_condor_leg(day, quotes, root, condor, leg, scratch[leg])


@internal
def width_of(day, root, tau):
    """Return what a day and an expiry make of the modelled spread of any leg, for ``leg_half``."""
    return width_factors(tau, day.vix, root == SPX, day.date)


@internal
def leg_half(day, width, condor, leg):
    """Return half the spread of one leg, points: the quoted one, else the modelled."""
    if condor.quoted[leg] == 1:
        return condor.half[leg]
    half = scaled_half_spread(condor.mid[leg], width[0], width[1], width[2])
    return min(half * (1.0 + day.spx_widening), condor.mid[leg])


@internal
def signed_value(prices):
    return SIGNS[0] * prices[0] + SIGNS[1] * prices[1] + SIGNS[2] * prices[2] + SIGNS[3] * prices[3]


@internal
def package_price(day, root, tau, condor, fill, side):
    """Return the net price of the package in points; side +1 buys the four legs as written.

    Positive is paid. Each leg gives up ``fill`` of its half-spread; the net is rounded to the
    nearest package tick.
    """
    net, given, width = 0.0, 0.0, width_of(day, root, tau)
    for leg in range(4):
        net += side * SIGNS[leg] * condor.mid[leg]
        given += fill * leg_half(day, width, condor, leg)
    return round_to_tick(net + given, PACKAGE_TICK, 0)


@compiled
def expected_daily_range(day):
    """Return the expected daily range as a fraction: (0.7·VIX9D + 0.3·HV20)/√252, VIX for VIX9D."""
    vix9d = day.vix if np.isnan(day.vix9d) else day.vix9d
    hv = vix9d / 100.0 if np.isnan(day.hv20) else day.hv20
    return (0.7 * vix9d / 100.0 + 0.3 * hv) / math.sqrt(252.0)


@internal
def set_wings(programme, slice_, puts, calls, strike):
    """Set the long strikes from the shorts, by width or by delta."""
    if not np.isnan(programme.width):
        strike[0] = nearest_listed(puts, strike[1] - programme.width)
        strike[3] = nearest_listed(calls, strike[2] + programme.width)
    else:
        strike[0] = strike_by_delta(puts, slice_, programme.long_delta, AS_PUT)
        strike[3] = strike_by_delta(calls, slice_, programme.long_delta, AS_CALL)
    if strike[0] >= strike[1]:
        strike[0] = next_strike(puts, strike[1], -1.0)
    if strike[3] <= strike[2]:
        strike[3] = next_strike(calls, strike[2], 1.0)


@internal
def _step_short(strip, strike, step):
    """Return the short strike ``step`` points on: of quoted ones the nearest that lies that way.

    A step that falls between two quoted strikes, or past the last of them, still moves the strike.
    """
    if strip.end == strip.first:
        return strike + step
    other = nearest_quoted(strip, strike + step)
    if (other - strike) * step > 0.0:
        return other
    return next_strike(strip, strike, 1.0 if step > 0.0 else -1.0)


@merged
def _shift_to_credit(day, quotes, programme, root, tau, slice_, puts, calls, condor, scratch):
    """Step the shorts until the credit meets its target: richer side out, thinner side in."""
    strike, mids, forward = condor.strike, condor.mid, puts.forward
    previous = 0
    for _ in range(CREDIT_STEPS):
        mark_condor(day, quotes, root, condor, scratch)
        credit = -package_price(day, root, tau, condor, programme.fill, 1.0)
        direction = 1 if credit > programme.credit_target else -1
        if credit == programme.credit_target or direction == -previous:
            return
        previous = direction
        put_richer = mids[1] - mids[0] >= mids[2] - mids[3]
        moves_put = put_richer if direction == 1 else not put_richer
        step = direction * programme.step
        short_put = _step_short(puts, strike[1], -step) if moves_put else strike[1]
        short_call = strike[2] if moves_put else _step_short(calls, strike[2], step)
        if short_put >= forward or short_call <= forward:
            return
        strike[1], strike[2] = short_put, short_call
        set_wings(programme, slice_, puts, calls, strike)


@internal
def choose_strikes(day, prior, quotes, programme, expiry, scale, condor, scratch):
    """Write expiry, strikes and marks of the condor that the programme asks for today.

    ``scale`` is the calibration of the expected daily range, 1 without one; ``scratch`` has room
    for four prices.
    """
    condor.expiry, condor.expiry_session, condor.am = expiry.date, expiry.session, expiry.am
    root, strike = root_of(condor), condor.strike
    tau = days_to_settlement(day, root, expiry.date)
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, root, expiry.session))
    forward = spx_forward(day, tau)
    puts = strip_of(day, quotes, root, expiry.date, PUT, forward, tau)
    calls = strip_of(day, quotes, root, expiry.date, CALL, forward, tau)
    if np.isnan(programme.range_multiple):
        strike[1] = strike_by_delta(puts, slice_, programme.short_delta, AS_PUT)
        strike[2] = strike_by_delta(calls, slice_, programme.short_delta, AS_CALL)
        set_wings(programme, slice_, puts, calls, strike)
    else:
        reach = programme.range_multiple * scale * expected_daily_range(prior)
        step = programme.step
        strike[1] = math.floor(day.spx * (1.0 - reach) / step) * step
        strike[2] = math.ceil(day.spx * (1.0 + reach) / step) * step
        if puts.end > puts.first:
            strike[1] = nearest_listed(puts, strike[1])
        if calls.end > calls.first:
            strike[2] = nearest_listed(calls, strike[2])
        set_wings(programme, slice_, puts, calls, strike)
        if not np.isnan(programme.credit_target):
            _shift_to_credit(
                day, quotes, programme, root, tau, slice_, puts, calls, condor, scratch
            )
    mark_condor(day, quotes, root, condor, scratch)
