"""Which listed contract a rule asks for."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache

from alvh.contracts.rules import strike_step
from alvh.kernel.codes import ROOTS
from twin.market import at_strike

FARTHEST = 1200  # days: no tenor reaches further
LEAST = 8  # quoted strikes of a right that are enough to choose from


@dataclass(frozen=True)
class Expiry:
    """One row of an exchange's listing."""

    date: int
    session: int
    listed: int
    am: bool
    monthly: bool


class Listing:
    """All expiries of one root, ascending."""

    def __init__(self, records):
        self.rows = [
            Expiry(int(r["date"]), int(r["session"]), int(r["listed"]), bool(r["am"]),
                   bool(r["monthly"]))
            for r in records
        ]  # fmt: skip
        self.dates = [row.date for row in self.rows]

    def open_on(self, date, shortest):
        """Expiries tradable on ``date`` with more than ``shortest`` days to go."""
        low = bisect_right(self.dates, date + shortest)
        high = bisect_right(self.dates, date + FARTHEST)
        return [row for row in self.rows[low:high] if row.listed <= date]

    def monthly_settles_on(self, date):
        low, high = bisect_left(self.dates, date), bisect_right(self.dates, date)
        return any(row.monthly for row in self.rows[low:high])

    def next_monthly_after(self, date):
        return next(row for row in self.rows[bisect_right(self.dates, date) :] if row.monthly)


def next_third_friday(listing, market, am, shortest):
    rows = listing.open_on(market.date, shortest)
    return next((row for row in rows if row.monthly and row.am == am), None)


def nearest_spx(listing, market, am, tenor, shortest):
    """Closest to the tenor; a quarter day in favour of the settlement asked for."""
    rows = listing.open_on(market.date, shortest)
    if tenor < 5:
        rows = [row for row in rows if row.session - market.session == tenor]

    def distance(row):
        return abs(row.date - market.date - tenor) + (0.0 if row.am == am else 0.25)

    near = [row for row in rows if distance(row) <= _reach(tenor)]
    quoted = [row for row in near if can_choose(market, "SPX" if row.am else "SPXW", row.date, all)]
    return min(quoted or near, key=distance, default=None)


def nearest_vix(listing, market, weeklies, tenor, shortest):
    """The quoted expiry closest to the tenor if one is near it, else the listed one."""
    rows = [row for row in listing.open_on(market.date, shortest) if row.monthly or weeklies]

    def distance(row):
        return abs(row.date - market.date - tenor)

    quoted = [row for row in rows if distance(row) <= _reach(tenor)
              and can_choose(market, "VIX", row.date, any)]  # fmt: skip
    return min(quoted or rows, key=distance, default=None)


def _reach(tenor):
    """Days from the tenor within which an expiry is what was asked for."""
    return max(tenor / 2.0, 3.0) + 0.25


def quoted_strikes(market, contract):
    """The quoted strikes of the contract's right and expiry; none where they are too few."""
    strikes = market.strikes.get((contract.root, contract.right, contract.expiry), [])
    return strikes if len(strikes) >= LEAST else []


def can_choose(market, root, expiry, of):
    """Whether ``any`` or ``all`` of calls and puts are quoted at enough strikes of an expiry."""
    return of(len(market.strikes.get((root, right, expiry), [])) >= LEAST for right in "CP")


@lru_cache(maxsize=64)
def listed_strikes(root, forward, tau, date):
    """Every strike on the lattice from a tenth of the forward to eight times it."""
    finest = 0.5 if root == "VIX" else 5.0
    low, high = math.floor(0.1 * forward / finest), math.ceil(8.0 * forward / finest)
    if root != "VIX":  # S&P 500 options trade near the money
        low, high = math.floor(0.2 * forward / finest), math.ceil(2.0 * forward / finest)
    code = ROOTS.index(root)
    strikes = (k * finest for k in range(max(low, 1), high + 1))
    return tuple(k for k in strikes if k % strike_step(code, k, forward, tau, date) == 0.0)


def lattice(market, contract):
    return listed_strikes(
        contract.root, market.forward(contract), market.tau(contract), market.date
    )


def nearest_listed(market, contract, target):
    """Closest quoted strike, listed where none is quoted near it; of two as close the lower."""
    listed = lattice(market, contract)
    by_rule = nearest(listed, target)
    quoted = quoted_strikes(market, contract)
    if not quoted:
        return by_rule
    place, found = listed.index(by_rule), nearest(quoted, target)
    near = listed[place + 1] - listed[place - 1]
    return found if abs(found - target) <= near else by_rule


def nearest(strikes, target):
    return min(strikes, key=lambda k: abs(k - target))


def out_by_one(market, contract, strike, direction):
    """The quoted strike next to ``strike``; past the last of them the next listed one."""
    for strikes in (quoted_strikes(market, contract), lattice(market, contract)):
        beyond = [k for k in strikes if (k > strike if direction > 0 else k < strike)]
        if beyond:
            return min(beyond) if direction > 0 else max(beyond)
    raise ValueError(f"no strike beyond {strike}")


def stepped(market, contract, strike, step):
    """The strike one step on; among quoted ones that nearest to it which lies that way at all."""
    strikes = quoted_strikes(market, contract)
    if not strikes:
        return strike + step
    other = nearest(strikes, strike + step)
    if (other - strike) * step > 0.0:
        return other
    return out_by_one(market, contract, strike, +1 if step > 0.0 else -1)


def delta_of(market, contract):
    """The delta that its quote is chosen by where that is known, else the smile's."""
    if contract.strike in quoted_strikes(market, contract):
        quoted = market.quote(contract).delta
        if not math.isnan(quoted):
            return quoted
    return market.delta(contract)


def by_delta(market, contract, target):
    """The quoted strike whose delta is nearest to the target, else the listed one."""
    misses = {
        k: abs(market.quote(at_strike(contract, k)).delta - target)
        for k in quoted_strikes(market, contract)
    }
    near = [k for k, miss in misses.items() if miss < max(target / 2.0, 0.02)]  # never if NaN
    return min(near, key=misses.get) if near else by_smile_delta(market, contract, target)


def by_smile_delta(market, contract, target):
    """Listed strike whose delta is nearest to the target; deltas are monotone in the strike."""
    strikes = lattice(market, contract)
    sign = -1.0 if contract.right == "C" else 1.0

    def rising(k):
        return sign * market.delta(at_strike(contract, k))

    place = bisect_left(strikes, sign * target, key=rising)
    around = strikes[max(place - 1, 0) : place + 1]
    return min(around, key=lambda k: abs(market.delta(at_strike(contract, k)) - target))


def within_delta(market, contract, most):
    """The strike that can be chosen nearest the money whose delta is at most ``most``."""
    strike = by_delta(market, contract, most)
    if delta_of(market, at_strike(contract, strike)) > most:
        return out_by_one(market, contract, strike, +1 if contract.right == "C" else -1)
    return strike
