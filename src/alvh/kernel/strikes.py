"""Which listed contract a rule asks for: expiry by tenor, strike by delta."""

import math

from numba.extending import overload

from alvh.contracts.rules import nearest_strike, strike_above, strike_below
from alvh.kernel.black import norm_cdf
from alvh.kernel.codes import THIRD_FRIDAY
from alvh.kernel.elementary import exponential, log_ratio
from alvh.kernel.jit import compiled
from alvh.kernel.spx_smile import spx_sigma
from alvh.kernel.vix_smile import vix_sigma

MAX_STEPS = 60
SPX_SLICE_LENGTH = 11
OFF_GRID = 0.1  # points: less than the finest strike interval


@compiled
def advance(expiries, start, date):
    """Return the first row at or after ``start`` that expires after ``date``."""
    while start < expiries.shape[0] and expiries[start].date <= date:
        start += 1
    return start


@compiled
def choose_spx_expiry(day, expiries, start, rule, am, tenor, shortest):
    """Return the row of the SPX expiry that the rule asks for, or -1.

    ``third_friday`` takes the next monthly expiry; ``nearest`` the listed one closest to
    ``tenor`` calendar days, preferring the settlement asked for on equal dates. Expiries with
    ``shortest`` days or fewer to go are passed over.
    """
    # A listing further than half the tenor away is not what was asked for. Gaps are whole
    # quarters of a day, so the eighth only turns "not further" into "nearer than".
    best, best_gap = -1, max(0.5 * tenor, 3.0) + 0.25 + 0.125
    for i in range(start, expiries.shape[0]):
        expiry = expiries[i]
        dte = float(expiry.date - day.date)
        if expiry.listed > day.date or dte <= shortest:
            continue
        if rule == THIRD_FRIDAY:
            if expiry.monthly == 1 and expiry.am == am:
                return i
            continue
        if dte - tenor >= best_gap:
            break
        if tenor < 5.0 and expiry.session - day.session != int(tenor):
            continue  # a tenor of a day or two is meant in sessions
        gap = abs(dte - tenor) + (0.0 if expiry.am == am else 0.25)
        if gap < best_gap:
            best, best_gap = i, gap
    return best


@compiled
def choose_vix_expiry(day, expiries, start, weeklies, tenor, shortest):
    """Return the row of the listed VIX expiry closest to ``tenor`` calendar days, or -1."""
    best, best_gap = -1, 1e9
    for i in range(start, expiries.shape[0]):
        expiry = expiries[i]
        dte = float(expiry.date - day.date)
        if best >= 0 and dte - tenor > best_gap:
            break
        if expiry.listed > day.date or dte <= shortest:
            continue
        if expiry.monthly == 0 and not weeklies:
            continue
        if abs(dte - tenor) < best_gap:
            best, best_gap = i, abs(dte - tenor)
    return best


@compiled
def normal_quantile(p):
    """Return a starting value for the normal quantile (Abramowitz–Stegun 26.2.23, error 4.5e-4)."""
    tail = min(p, 1.0 - p)
    u = math.sqrt(-2.0 * math.log(tail))
    z = u - (2.515517 + u * (0.802853 + u * 0.010328)) / (
        1.0 + u * (1.432788 + u * (0.189269 + u * 0.001308))
    )
    return z if p > 0.5 else -z


def sigma_at(slice_, forward, strike):
    """Return the volatility at a strike on an SPX or a VIX slice; compiled code only.

    The two slices are tuples of different lengths, so the compiler picks the smile by type.
    """
    raise NotImplementedError


@overload(sigma_at)
def _sigma_at(slice_, forward, strike):
    if slice_.count == SPX_SLICE_LENGTH:
        return lambda slice_, forward, strike: spx_sigma(slice_, log_ratio(strike, forward))
    return lambda slice_, forward, strike: vix_sigma(slice_, strike)


@compiled
def _excess(slice_, forward, strike, years, delta, is_put):
    """Return how far a strike's absolute delta lies above the target."""
    deviation = sigma_at(slice_, forward, strike) * math.sqrt(years)
    d1 = log_ratio(forward, strike) / deviation + 0.5 * deviation
    return norm_cdf(-d1 if is_put else d1) - delta


@compiled
def strike_by_delta(day, root, slice_, forward, tau, delta, is_put):
    """Return the listed strike whose forward delta is closest to ``delta`` (absolute)."""
    years = tau / 365.0
    root_years = math.sqrt(years)
    z = normal_quantile(1.0 - delta if is_put else delta)
    strike = forward
    for _ in range(4):  # near enough: the listed strikes around it decide
        total = sigma_at(slice_, forward, strike) * root_years
        strike = forward * exponential(total * (0.5 * total - z))
    strike = nearest_strike(root, strike, forward, tau, day.date)
    excess = _excess(slice_, forward, strike, years, delta, is_put)
    # Too large a delta asks for a strike further out: up for a call, down for a put.
    outwards = -1.0 if is_put else 1.0
    direction = outwards if excess > 0.0 else -outwards
    for _ in range(MAX_STEPS):
        other = next_strike(root, strike, direction, forward, tau, day.date)
        other_excess = _excess(slice_, forward, other, years, delta, is_put)
        if abs(other_excess) >= abs(excess):
            break
        strike, excess = other, other_excess
    return strike


@compiled
def strike_within_delta(day, root, slice_, forward, tau, delta, is_put):
    """Return the listed strike nearest the money whose forward delta is at most ``delta``."""
    strike = strike_by_delta(day, root, slice_, forward, tau, delta, is_put)
    if _excess(slice_, forward, strike, tau / 365.0, delta, is_put) > 0.0:
        return next_strike(root, strike, -1.0 if is_put else 1.0, forward, tau, day.date)
    return strike


@compiled
def next_strike(root, strike, direction, forward, tau, date):
    """Return the listed strike next to ``strike``, above (+1) or below (-1)."""
    target = strike + direction * OFF_GRID
    if direction > 0.0:
        return strike_above(root, target, forward, tau, date)
    return strike_below(root, target, forward, tau, date)
