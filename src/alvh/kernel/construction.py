"""Conversion and reversal: a VIX call bought as such, or as put and future.

Put–call parity on the same-expiry future F makes call − put = (F − K)·e^(−rT). What is left of it
after the marks is the parity gap; buying the put and a tenth of a future instead of the call takes
the gap and pays other spreads, other fees and the cost of the future's margin. One VX future is
ten VIX options, so a synthetic is built in tens.

A sold call becomes put and future only beside a bought one that does: the futures then cancel,
and a call spread becomes a put spread with the distance of its strikes as margin.
"""

import math

from alvh.contracts.rules import future_margin
from alvh.kernel.book import no_action
from alvh.kernel.codes import (
    ALONE,
    CALL,
    FIRST,
    OUTRIGHT,
    PUT,
    R_DIRECT,
    R_SYNTHETIC,
    SECOND,
    SHORT,
    SYNTHETIC,
    VIX,
    VX,
)
from alvh.kernel.jit import compiled, internal, merged
from alvh.kernel.listed import Mark, leg_mark
from alvh.kernel.quotes import (
    FUTURE_MULTIPLIER,
    OPTION_MULTIPLIER,
    YEAR,
    days_to_settlement,
    half_spread,
    leg_fee,
)
from alvh.kernel.structures import affordable, set_mark
from alvh.kernel.vix_smile import vix_forward

TEN = 10  # VIX options of 100 USD a point that one VX future of 1000 stands for


@internal
def _round_trip(day, account, root, mark, expiry, contracts):
    """Return USD that buying and selling again gives up to spread and fees, ticks apart.

    Rounding to a tick is left out: a build chosen for the way its fills round is no cheaper.
    """
    size = FUTURE_MULTIPLIER if root == VX else OPTION_MULTIPLIER
    half = mark.half
    if mark.quoted == 0:
        half = half_spread(day, root, mark.mid, days_to_settlement(day, root, expiry))
    given = account.fill * half * size
    return 2.0 * contracts * (given + leg_fee(account, day, root, mark.mid, ALONE))


@compiled
def parity(day, quotes, expiry, expiry_session, strike):
    """Return (call, put, future, discount, gap): two marks, points, and call − put less parity."""
    call = leg_mark(day, quotes, VIX, CALL, expiry, expiry_session, strike)
    put = leg_mark(day, quotes, VIX, PUT, expiry, expiry_session, strike)
    future = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry)
    discount = math.exp(-day.rate * days_to_settlement(day, VIX, expiry) / YEAR)
    return call, put, future, discount, call.mid - put.mid - discount * (future - strike)


@internal
def _margin_cost(account, usd, days):
    """Return what tying up USD for some days costs: a margin loan's spread over bills."""
    return usd * account.debit_spread * days / YEAR


@internal
def _swap_saving(day, quotes, account, cohort, leg):
    """Return (USD saved on ten structures by holding puts for one leg's calls, parity gap).

    The saving has the gap in it; the future that completes the synthetic is not counted yet.
    """
    expiry, strike, ratio = cohort.expiry[leg], cohort.strike[leg], cohort.ratio[leg]
    session = cohort.expiry_session[leg]
    call, put, _future, _discount, gap = parity(day, quotes, expiry, session, strike)
    contracts = TEN * abs(ratio)
    saved = _round_trip(day, account, VIX, call, expiry, contracts)
    saved -= _round_trip(day, account, VIX, put, expiry, contracts)
    return saved + TEN * ratio * OPTION_MULTIPLIER * gap, gap


@compiled
def synthetic_savings(day, quotes, account, cohort, days):
    """Return (USD saved per ten structures by the bought leg synthetic, by both, parity gap).

    Spread and fees are counted both ways, and the cost of the margin for ``days``. Minus infinity
    where there is no such build. The gap is that of the bought leg, points.
    """
    if cohort.root[0] != VIX or cohort.right[0] != CALL:
        return -math.inf, -math.inf, 0.0
    expiry, futures = cohort.expiry[0], abs(cohort.ratio[0])
    future = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry)
    tied = futures * future_margin(future, days_to_settlement(day, VX, expiry))
    bought, parity_gap = _swap_saving(day, quotes, account, cohort, FIRST)
    one = bought - _round_trip(day, account, VX, Mark(future, 0.0, 0.0, 0), expiry, futures)
    one -= _margin_cost(account, tied, days)
    if cohort.legs != 2 or cohort.ratio[0] != -cohort.ratio[1]:
        return one, -math.inf, parity_gap
    gap = abs(cohort.strike[1] - cohort.strike[0]) * FUTURE_MULTIPLIER
    both = (
        bought
        + _swap_saving(day, quotes, account, cohort, SECOND)[0]
        - _margin_cost(account, gap, days)
    )
    return one, both, parity_gap


@merged
def _make_synthetic(day, quotes, cohort, both):
    """Turn ten structures of calls into one of puts, with a future where only one leg turns."""
    base, last = 0.0, cohort.legs
    for leg in range(last):
        cohort.ratio[leg] *= TEN
        if leg > 0 and not both:
            continue
        _call, put, future, discount, _gap = parity(
            day, quotes, cohort.expiry[leg], cohort.expiry_session[leg], cohort.strike[leg]
        )
        cohort.right[leg] = PUT
        set_mark(cohort, leg, put)
        # worth of the leg as a call is put + future at price less this
        share = 0.0 if both else future
        base += (
            cohort.ratio[leg]
            * OPTION_MULTIPLIER
            * (share - discount * (future - cohort.strike[leg]))
        )
    cohort.base = base
    if not both:
        cohort.root[last] = VX
        cohort.right[last] = OUTRIGHT
        cohort.ratio[last] = cohort.ratio[0] // TEN
        cohort.expiry[last] = cohort.expiry[0]
        cohort.expiry_session[last] = cohort.expiry_session[0]
        cohort.strike[last] = 0.0
        future = vix_forward(
            day.curve_expiry, day.curve_forward, day.vix, day.date, cohort.expiry[0]
        )
        set_mark(cohort, last, Mark(future, 0.0, 0.0, 0))
        cohort.legs = last + 1


@internal
def construct(desk, i, layer, candidate, units, free):
    """Build an order's VIX calls the way the policy says; return the structures to buy.

    Ten structures become one where puts and futures are cheaper, or are asked for; fewer than ten
    stay as they are. What was found is noted: USD saved on ten, and the parity gap in points.
    """
    day, account, quotes = desk.day, desk.account, desk.listed.quotes
    days = layer.tenor - layer.roll
    one, both, gap = synthetic_savings(day, quotes, account, candidate, days)
    best = max(one, both)
    if best == -math.inf:
        return units
    forced = desk.hedge.construction == SYNTHETIC
    tens = units // TEN
    if tens == 0 or not (forced or best > 0.0):
        no_action(desk.log, desk.state, desk.t, SHORT + i, R_DIRECT, best, gap)
        return units
    _make_synthetic(day, quotes, candidate, both > one)
    tens = min(tens, affordable(day, account, candidate, free))
    no_action(desk.log, desk.state, desk.t, SHORT + i, R_SYNTHETIC, best, gap)
    return tens
