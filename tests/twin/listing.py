"""Which listed contract a rule asks for."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache

from alvh.contracts.rules import strike_step
from alvh.kernel.codes import ROOTS
from twin.market import at_strike

FARTHEST = 1200  # days: no tenor reaches further


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

    best = min(rows, key=distance, default=None)
    too_far = best is None or distance(best) > max(tenor / 2.0, 3.0) + 0.25
    return None if too_far else best


def nearest_vix(listing, market, weeklies, tenor, shortest):
    rows = [row for row in listing.open_on(market.date, shortest) if row.monthly or weeklies]
    return min(rows, key=lambda row: abs(row.date - market.date - tenor), default=None)


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
    """Closest listed strike; of two equally close the lower."""
    return min(lattice(market, contract), key=lambda k: abs(k - target))


def out_by_one(market, contract, strike, direction):
    """The listed strike next to ``strike``."""
    strikes = lattice(market, contract)
    if direction > 0:
        return next(k for k in strikes if k > strike)
    return next(k for k in reversed(strikes) if k < strike)


def by_delta(market, contract, target):
    """Listed strike whose delta is nearest to the target; deltas are monotone in the strike."""
    strikes = lattice(market, contract)
    sign = -1.0 if contract.right == "C" else 1.0

    def rising(k):
        return sign * market.delta(at_strike(contract, k))

    place = bisect_left(strikes, sign * target, key=rising)
    around = strikes[max(place - 1, 0) : place + 1]
    return min(around, key=lambda k: abs(market.delta(at_strike(contract, k)) - target))


def within_delta(market, contract, most):
    """The listed strike nearest the money whose delta is at most ``most``."""
    strike = by_delta(market, contract, most)
    if market.delta(at_strike(contract, strike)) > most:
        return out_by_one(market, contract, strike, +1 if contract.right == "C" else -1)
    return strike
