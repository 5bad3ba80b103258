"""One run of the twin: the order of events of a day, day after day."""

from dataclasses import dataclass

from twin.condors import CondorDesk
from twin.layers import HedgeDesk, Means
from twin.ledger import SLEEVES, Ledger
from twin.listing import Listing
from twin.market import Account, Market


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


class Twin:
    """One policy and one programme in one world."""

    def __init__(self, days, spx_expiries, vix_expiries, policy, programme, account):
        self.days = [Market(record) for record in days]
        self.policy, self.programme, self.account = policy, programme, account
        self.spx_listing, self.vix_listing = Listing(spx_expiries), Listing(vix_expiries)
        self.ledger = Ledger(cash=account.equity)
        self.condors = CondorDesk(programme, account.fill, account, self.ledger)
        self.hedge = HedgeDesk(policy, account, self.ledger, self.spx_listing, self.vix_listing)
        self.fund_units, self.fund_level = 0.0, 0.0
        self.credits = 0.0  # condor credits since the hedge last looked
        self.last_contracts, self.last_loss = 0, 0.0  # of the condors at the last close
        self.last_traded = None  # the last session with all inputs
        self.ruined = False

    def run(self):
        return [self._day(t) for t in range(len(self.days))]

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
        signal = self.days[max(t - self.policy.signal_lag, 0)].vix
        credits, self.credits = self.credits, 0.0
        self.hedge.step(market, signal, days, credits, lambda: self._means(market))
        if is_condor_book:
            means = self._means(market)
            self.credits = self.condors.enter(
                market, yesterday, self.spx_listing, means.nav, means.free
            )
            self.last_contracts = self.condors.contracts
            self.last_loss = self._stress_loss(market)
        elif self.programme.kind == "index":
            units = self.ledger.cash / market.spx
            action = "rebalance" if units else "no action"
            self.ledger.decide("condors", "sweep", action, units)
            self.fund_units += units
            self.ledger.cash = 0.0

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
        )  # fmt: skip


__all__ = ["Account", "Twin"]
