"""One run of the twin: the order of events of a day, day after day."""

import math
from copy import copy
from dataclasses import dataclass

from alvh.contracts.rules import future_margin
from twin.condors import CondorDesk
from twin.hearing import read_guide
from twin.layers import HedgeDesk, Means, Now
from twin.ledger import SLEEVES, Ledger
from twin.listing import Listing
from twin.market import Account, Market, Shock


@dataclass(frozen=True)
class Close:
    """The account at one close, USD; profit, costs and carry are cumulative."""

    nav: float
    cash: float
    pnl: dict
    cost: dict
    carry: dict
    interest: float
    put_side: float
    call_side: float
    outlay: float
    hedge_value: float
    hedge_margin: float
    condor_margin: float
    condors: int
    paid: dict
    worth: dict
    weight: dict


class Twin:
    """One policy and one programme in one world."""

    def __init__(
        self, days, guides, scenarios, spx_expiries, vix_expiries, quotes, policy, programme,
        account,
    ):  # fmt: skip
        self.days = [Market(record, quotes) for record in days]
        self.guides = [read_guide(guides[min(t, len(guides) - 1)]) for t in range(len(days))]
        self.scenarios = scenarios
        self.judged, self.tail = None, 0.0  # scenarios that the tail was last measured on
        self.closes = []
        self.policy, self.programme, self.account = policy, programme, account
        self.spx_listing, self.vix_listing = Listing(spx_expiries), Listing(vix_expiries)
        self.ledger = Ledger(cash=account.equity)
        self.condors = CondorDesk(programme, account.fill, account, self.ledger)
        self.hedge = HedgeDesk(policy, account, self.ledger, self.spx_listing, self.vix_listing)
        self.fund_units, self.fund_level = 0.0, 0.0
        self.credits = 0.0  # condor credits since the hedge last looked
        self.last_contracts, self.last_loss = 0, 0.0  # of the condors at the last close
        self.last_traded = None  # the last session with all inputs
        self.worth = dict.fromkeys(SLEEVES[1:], 0.0)
        self.ruined = False

    def run(self):
        for t in range(len(self.days)):
            self.closes.append(self._day(t))
        return self.closes

    def _day(self, t):
        market, self.ledger.day = self.days[t], t
        yesterday = self.days[t - 1] if t else None
        if yesterday:
            days = market.date - yesterday.date
            self.ledger.earn_interest(yesterday.rate, self.account.debit_spread, days)
        self.condors.settle(market)
        self.hedge.settle(market)
        if not market.tradable:
            for sleeve in SLEEVES:
                self.ledger.decide(sleeve, "input missing")
            return self._close(market)
        days = market.date - self.last_traded.date if self.last_traded else 0
        self._mark(market, days)
        self.last_traded = market
        self.ruined = self.ruined or self._nav() <= 0.0
        if self.ruined:
            self.ledger.decide("condors", "ruined")
        else:
            self._act(t, market, yesterday, days)
        self.hedge.note_carry(market)
        return self._close(market)

    def _mark(self, market, days):
        if self.fund_units:
            self.ledger.pnl["condors"] += self.fund_units * (market.spx - self.fund_level)
        self.fund_level = market.spx
        self.condors.mark(market)
        self.hedge.mark(market, days)

    def _act(self, t, market, yesterday, days):
        is_condor_book = self.programme.kind == "condors"
        if is_condor_book:
            self.condors.leave(market)
        guide = self.guides[t]
        now = Now(market, guide, self.days[max(t - self.policy.signal_lag, 0)].vix)
        credits, self.credits = self.credits, 0.0
        self.hedge.step(now, days, credits, lambda: self._means(market), self.closes)
        self.worth = self.hedge.worth(market)
        if is_condor_book:
            self.credits = self._deal(market, guide, yesterday)
            self.last_contracts = self.condors.contracts
            self.last_loss = self._stress_loss(market)
        elif self.programme.kind == "index":
            units = self.ledger.cash / market.spx
            action = "rebalance" if units else "no action"
            self.ledger.decide("condors", "sweep", action, units)
            self.fund_units += units
            self.ledger.cash = 0.0

    def _deal(self, market, guide, yesterday):
        """Shift losses on and open today's condor; return the credits received, USD."""
        means = self._means(market)
        credits = self.condors.shift(market, yesterday, self.spx_listing, means.free)
        if not self.condors.is_entry_day(market, self.spx_listing):
            self.ledger.decide("condors", "not entry day")
            return credits
        least = self.policy.limits.quick_ratio
        if "quick_ratio" in self.policy.limits.binding and self._quick_ratio(market) < least:
            self.ledger.decide("condors", "quick ratio")
            return credits
        if "steward_score" in self.policy.limits.binding and self._tail_is_long(market, guide):
            self.ledger.decide("condors", "steward")
            return credits
        means = self._means(market)
        return credits + self.condors.enter(
            market, guide, yesterday, self.spx_listing, means.nav, means.free
        )

    def _tail_is_long(self, market, guide):
        """Whether the book's worst twentieth is beyond the steward's limit; measured once a set."""
        if guide.scenarios is None:
            return False
        if self.judged != guide.scenarios:
            self.judged = guide.scenarios
            self.tail = self._tail(market, self.scenarios[guide.scenarios]) / self._nav()
        return self.tail < guide.least_cvar

    def _tail(self, market, scenarios):
        outcomes = []
        for spx, vix, weight, days in scenarios:
            shock, gain = Shock(int(days), float(spx), float(vix)), 0.0
            for quantity, leg, mid in [*self.condors.legs(), *self.hedge.legs()]:
                gain += quantity * leg.multiplier * (market.value(leg, shock) - mid)
            if weight > 0.0:
                outcomes.append((gain, weight))
        left, total = 0.05, 0.0
        for gain, weight in sorted(outcomes):
            share = min(left, weight)
            total += share * gain
            left -= share
        return total / 0.05

    def _quick_ratio(self, market):
        """Cash and the hedge at its stressed bid, over what falls due."""
        shock = market.stress(-0.04)
        stressed = copy(market)
        stressed.vix = market.vix * math.exp(shock.vix)  # quotes widen with VIX
        liquid, owed = self.ledger.cash, self.condors.due_within(market, 5)
        for book in self.hedge.books:
            if book.outlay and book.wait_until <= market.date + 21:
                owed += book.outlay
            if book.holding:
                bid, call = self._stressed(market, stressed, shock, book.holding)
                liquid += bid
                owed += call
        return liquid / owed if owed > 0.0 else math.inf if liquid >= 0.0 else -math.inf

    @staticmethod
    def _stressed(market, stressed, shock, held):
        """(USD that selling at the touch brings, more margin that futures call for)."""
        bid, now, then = 0.0, 0.0, 0.0
        for leg, ratio, mid in held.structure.lines():
            after, size = max(market.value(leg, shock), 0.0), held.units * ratio
            gained = after - mid if leg.is_future else after
            given = abs(size) * stressed.modelled_half(leg, after)
            bid += leg.multiplier * (size * gained - given)
            if leg.is_future:
                now = max(now, abs(size) * future_margin(mid, market.tau(leg)))
                then = max(then, abs(size) * future_margin(after, market.tau(leg)))
        return bid, max(then - now, 0.0)

    def _nav(self):
        fund = self.fund_units * self.fund_level
        return self.ledger.cash + fund + self.condors.value + self.hedge.value

    def _means(self, market):
        nav, hedge = self._nav(), self.hedge.value
        free = nav - self.condors.margin - self.hedge.margin(market) - max(hedge, 0.0)
        contracts = max(self.condors.contracts, self.last_contracts)
        if self.programme.kind == "index":
            contracts = 10
        return Means(nav, free, contracts, max(self._stress_loss(market), self.last_loss))

    def _stress_loss(self, market):
        sizing = self.policy.sizing
        if sizing.mode != "offset":
            return 0.0
        return self.condors.stress_loss(market, sizing.stress_spx)

    def _close(self, market):
        ledger = self.ledger
        return Close(
            self._nav(), ledger.cash, dict(ledger.pnl), dict(ledger.cost), dict(ledger.carry),
            ledger.interest, ledger.put_side, ledger.call_side, ledger.outlay, self.hedge.value,
            self.hedge.margin(market), self.condors.margin, self.condors.contracts,
            dict(ledger.paid), dict(self.worth), {b.name: b.weight for b in self.hedge.books},
        )  # fmt: skip


__all__ = ["Account", "Twin"]
