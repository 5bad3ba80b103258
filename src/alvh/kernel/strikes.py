"""Which listed contract a rule asks for: expiry by tenor, strike by delta.

On a day that has a chain, expiries and strikes are chosen among the quoted ones. The listing rules
serve where the chain has nothing like what was asked for: no expiry within half the tenor of it
(for condors, with calls and puts), or no strike near the delta or the level.
"""

import math

from numba.extending import overload

from alvh.contracts.rules import nearest_strike, strike_above, strike_below
from alvh.kernel.black import norm_cdf
from alvh.kernel.codes import SPX, SPXW, THIRD_FRIDAY, VIX
from alvh.kernel.elementary import exponential, log_ratio, logarithm
from alvh.kernel.jit import compiled, internal
from alvh.kernel.listed import has_chain, rights_quoted
from alvh.kernel.spx_smile import spx_sigma
from alvh.kernel.vix_smile import vix_sigma_at

MAX_STEPS = 60
SECANTS = 3
SPX_SLICE_LENGTH = 11
OFF_GRID = 0.1  # points: less than the finest strike interval
# How far the nearest quoted delta may lie from the one asked for: half of it, or two hundredths.
DELTA_SHARE, DELTA_MISS = 0.5, 0.02


@internal
def advance(expiries, start, date):
    """Return the first row at or after ``start`` that expires after ``date``."""
    while start < expiries.shape[0] and expiries[start].date <= date:
        start += 1
    return start


@internal
def _reach(tenor):
    """Return the days from the tenor within which an expiry is what was asked for.

    Gaps are whole quarters of a day, so the eighth only turns "not further" into "nearer than".
    """
    return max(0.5 * tenor, 3.0) + 0.25 + 0.125


@internal
def choose_spx_expiry(day, listed, start, rule, am, tenor, shortest):
    """Return the row of the SPX expiry that the rule asks for, or -1.

    ``third_friday`` takes the next monthly expiry; ``nearest`` the listed one closest to
    ``tenor`` calendar days, preferring the settlement asked for on equal dates. Expiries with
    ``shortest`` days or fewer to go are passed over.
    """
    expiries, chained = listed.spx, has_chain(day)
    best, best_gap = -1, _reach(tenor)
    quoted, quoted_gap = -1, best_gap
    for i in range(start, expiries.shape[0]):
        expiry = expiries[i]
        dte = float(expiry.date - day.date)
        if expiry.listed > day.date or dte <= shortest:
            continue
        if rule == THIRD_FRIDAY:
            if expiry.monthly == 1 and expiry.am == am:
                return i
            continue
        if dte - tenor >= (quoted_gap if chained else best_gap):
            break
        if tenor < 5.0 and expiry.session - day.session != int(tenor):
            continue  # a tenor of a day or two is meant in sessions
        gap = abs(dte - tenor) + (0.0 if expiry.am == am else 0.25)
        if gap < best_gap:
            best, best_gap = i, gap
        if chained and gap < quoted_gap:
            root = SPX if expiry.am == 1 else SPXW
            if rights_quoted(day, listed.quotes, root, expiry.date) == 2:  # condors sell both
                quoted, quoted_gap = i, gap
    return quoted if quoted >= 0 else best


@compiled
def choose_vix_expiry(day, listed, start, weeklies, tenor, shortest):
    """Return the row of the listed VIX expiry closest to ``tenor`` calendar days, or -1."""
    expiries, chained = listed.vix, has_chain(day)
    best, best_gap = -1, 1e9
    quoted, quoted_gap = -1, _reach(tenor)
    for i in range(start, expiries.shape[0]):
        expiry = expiries[i]
        dte = float(expiry.date - day.date)
        if best >= 0 and dte - tenor > (max(best_gap, quoted_gap) if chained else best_gap):
            break
        if expiry.listed > day.date or dte <= shortest:
            continue
        if expiry.monthly == 0 and not weeklies:
            continue
        gap = abs(dte - tenor)
        if gap < best_gap:
            best, best_gap = i, gap
        if chained and gap < quoted_gap and rights_quoted(day, listed.quotes, VIX, expiry.date) > 0:
            quoted, quoted_gap = i, gap
    return quoted if quoted >= 0 else best


@internal
def normal_quantile(p):
    """Return a starting value for the normal quantile (Abramowitz–Stegun 26.2.23, error 4.5e-4)."""
    tail = min(p, 1.0 - p)
    u = math.sqrt(-2.0 * logarithm(tail))
    z = u - (2.515517 + u * (0.802853 + u * 0.010328)) / (
        1.0 + u * (1.432788 + u * (0.189269 + u * 0.001308))
    )
    return z if p > 0.5 else -z


def sigma_at(slice_, log_moneyness):
    """Return the volatility at ln(strike/forward) on an SPX or a VIX slice; compiled code only.

    The two slices are tuples of different lengths, so the compiler picks the smile by type.
    """
    raise NotImplementedError


@overload(sigma_at)
def _sigma_at(slice_, log_moneyness):
    if slice_.count == SPX_SLICE_LENGTH:
        return lambda slice_, log_moneyness: spx_sigma(slice_, log_moneyness)
    return lambda slice_, log_moneyness: vix_sigma_at(slice_, log_moneyness)


@internal
def _excess(slice_, forward, strike, root_years, delta, is_put):
    """Return how far a strike's absolute delta on the smile lies above the target."""
    log_moneyness = log_ratio(strike, forward)
    deviation = sigma_at(slice_, log_moneyness) * root_years
    d1 = 0.5 * deviation - log_moneyness / deviation
    return norm_cdf(-d1 if is_put else d1) - delta


@internal
def _quoted_by_delta(strip, delta):
    """Return the row of the quoted strike closest to ``delta``, or −1 if none is near it."""
    best, best_miss = -1, max(DELTA_SHARE * delta, DELTA_MISS)
    for i in range(strip.first, strip.end):
        miss = abs(strip.quotes[i].delta - delta)  # never nearer where it is not known
        if miss < best_miss:
            best, best_miss = i, miss
    return best


@internal
def _aim(slice_, root_years, z, log_moneyness):
    """Return how far from ``log_moneyness`` its own volatility would put the strike with N(z)."""
    deviation = sigma_at(slice_, log_moneyness) * root_years
    return deviation * (0.5 * deviation - z) - log_moneyness


@internal
def _moneyness_by_delta(slice_, root_years, z):
    """Return ln(strike/forward) at which the forward delta of a call is N(z), nearly.

    By secants from the forward on: near enough, as the listed strikes around it decide.
    """
    before, miss_before = 0.0, _aim(slice_, root_years, z, 0.0)
    now = miss_before
    for _ in range(SECANTS):
        miss = _aim(slice_, root_years, z, now)
        if miss == miss_before:
            break
        step = miss * (now - before) / (miss - miss_before)
        before, miss_before = now, miss
        now -= step
    return now


@compiled
def strike_by_delta(strip, slice_, delta, is_put):
    """Return the listed strike whose forward delta is closest to ``delta`` (absolute)."""
    if strip.end > strip.first:
        row = _quoted_by_delta(strip, delta)
        if row >= 0:
            return strip.quotes[row].strike
    root, forward, tau, date = strip.root, strip.forward, strip.tau, strip.date
    root_years = math.sqrt(tau / 365.0)
    z = normal_quantile(1.0 - delta if is_put else delta)
    exact = forward * exponential(_moneyness_by_delta(slice_, root_years, z))
    strike = nearest_strike(root, exact, forward, tau, date)
    excess = _excess(slice_, forward, strike, root_years, delta, is_put)
    # Too large a delta asks for a strike further out: up for a call, down for a put.
    outwards = -1.0 if is_put else 1.0
    direction = outwards if excess > 0.0 else -outwards
    for _ in range(MAX_STEPS):
        other = _next_by_rule(strip, strike, direction)
        other_excess = _excess(slice_, forward, other, root_years, delta, is_put)
        if abs(other_excess) >= abs(excess):
            break
        strike, excess = other, other_excess
    return strike


@internal
def strike_within_delta(strip, slice_, delta, is_put):
    """Return the listed strike nearest the money whose forward delta is at most ``delta``."""
    strike = strike_by_delta(strip, slice_, delta, is_put)
    row = _row_of(strip, strike)
    excess = strip.quotes[row].delta - delta if row >= 0 else math.nan
    if math.isnan(excess):  # not quoted, or its delta is not known
        root_years = math.sqrt(strip.tau / 365.0)
        excess = _excess(slice_, strip.forward, strike, root_years, delta, is_put)
    return next_strike(strip, strike, -1.0 if is_put else 1.0) if excess > 0.0 else strike


@internal
def _row_at(strip, strike):
    """Return the first row of a strip whose strike is not below ``strike``."""
    low, high = strip.first, strip.end
    while low < high:
        middle = (low + high) // 2
        if strip.quotes[middle].strike < strike:
            low = middle + 1
        else:
            high = middle
    return low


@internal
def _row_of(strip, strike):
    """Return the row of a quoted strike, or −1."""
    row = _row_at(strip, strike)
    return row if row < strip.end and strip.quotes[row].strike == strike else -1


@compiled
def nearest_listed(strip, target):
    """Return the strike nearest to ``target`` points; the lower of two as near.

    It is a quoted one unless that lies further off than the strikes next to the nearest that the
    listing rules allow are apart.
    """
    root, forward, tau, date = strip.root, strip.forward, strip.tau, strip.date
    by_rule = nearest_strike(root, target, forward, tau, date)
    if strip.end == strip.first:
        return by_rule
    quoted = nearest_quoted(strip, target)
    near = _next_by_rule(strip, by_rule, 1.0) - _next_by_rule(strip, by_rule, -1.0)
    return quoted if abs(quoted - target) <= near else by_rule


@internal
def nearest_quoted(strip, target):
    """Return the quoted strike nearest to ``target`` points; the lower of two as near."""
    row = _row_at(strip, target)
    if row == strip.end:
        return strip.quotes[row - 1].strike
    if row == strip.first:
        return strip.quotes[row].strike
    below, above = strip.quotes[row - 1].strike, strip.quotes[row].strike
    return below if target - below <= above - target else above


@internal
def _next_by_rule(strip, strike, direction):
    target = strike + direction * OFF_GRID
    if direction > 0.0:
        return strike_above(strip.root, target, strip.forward, strip.tau, strip.date)
    return strike_below(strip.root, target, strip.forward, strip.tau, strip.date)


@internal
def next_strike(strip, strike, direction):
    """Return the listed strike next to ``strike``, above (+1) or below (-1).

    Past the last quoted one it is the next by the listing rules.
    """
    if direction > 0.0:
        row = _row_at(strip, strike + OFF_GRID)
        if row < strip.end:
            return strip.quotes[row].strike
    else:
        row = _row_at(strip, strike - OFF_GRID) - 1
        if row >= strip.first and row < strip.end:
            return strip.quotes[row].strike
    return _next_by_rule(strip, strike, direction)
