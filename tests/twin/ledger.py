"""The account: cash, profit by sleeve, costs, and the log of what was done and why."""

import math
from dataclasses import dataclass, field

SLEEVES = ("condors", "short", "medium", "tail")


@dataclass(frozen=True)
class Trade:
    day: int
    sleeve: str
    action: str
    root: str
    right: str
    expiry: int
    strike: float
    quantity: float
    price: float
    mid: float
    fees: float
    reason: str
    provenance: str


@dataclass(frozen=True)
class Decision:
    day: int
    sleeve: str
    action: str
    reason: str
    quantity: float


def _per_sleeve():
    return dict.fromkeys(SLEEVES, 0.0)


@dataclass
class Ledger:
    """Every change of cash passes through here."""

    cash: float
    day: int = 0  # number of the session
    pnl: dict = field(default_factory=_per_sleeve)  # at mid
    cost: dict = field(default_factory=_per_sleeve)
    carry: dict = field(default_factory=_per_sleeve)
    interest: float = 0.0
    put_side: float = 0.0
    call_side: float = 0.0
    outlay: float = 0.0
    paid: dict = field(default_factory=_per_sleeve)  # capital put into each layer
    trades: list = field(default_factory=list)
    decisions: list = field(default_factory=list)

    def decide(self, sleeve, reason, action="no action", quantity=0):
        self.decisions.append(Decision(self.day, sleeve, action, reason, quantity))

    def earn_interest(self, rate, debit_spread, days):
        rate = rate if self.cash >= 0.0 else rate + debit_spread
        interest = self.cash * (math.exp(rate * days / 365.0) - 1.0)
        self.cash += interest
        self.interest += interest

    def profit(self, sleeve, contract, usd):
        self.pnl[sleeve] += usd
        if sleeve == "condors" and contract.right == "P":
            self.put_side += usd
        elif sleeve == "condors":
            self.call_side += usd

    def mark(self, sleeve, contract, quantity, was, mid):
        """Book a move of the mid; a future's is paid in cash."""
        gain = quantity * contract.multiplier * (mid - was)
        self.profit(sleeve, contract, gain)
        if contract.is_future:
            self.cash += gain

    def trade(self, sleeve, contract, quantity, price, mid, fee, action, reason, provenance):
        """Buy (positive) or sell contracts; return USD paid for them, fees included."""
        fees = abs(quantity) * fee
        slippage = quantity * contract.multiplier * (price - mid)
        self.cost[sleeve] += slippage + fees
        self.cash -= slippage + fees
        if not contract.is_future:
            self.cash -= quantity * contract.multiplier * mid
        self._log(sleeve, action, contract, quantity, price, mid, fees, reason, provenance)
        return quantity * contract.multiplier * price + fees

    def settle(self, sleeve, contract, quantity, value, mid, provenance):
        """Turn a position into cash at its settlement value; a future owes its last move only."""
        self.profit(sleeve, contract, quantity * contract.multiplier * (value - mid))
        due = value - mid if contract.is_future else value
        self.cash += quantity * contract.multiplier * due
        self._log(sleeve, "settle", contract, -quantity, value, value, 0.0, "settled", provenance)

    def _log(self, sleeve, action, contract, quantity, price, mid, fees, reason, provenance):
        self.trades.append(
            Trade(self.day, sleeve, action, contract.root, contract.right, contract.expiry,
                  contract.strike, float(quantity), price, mid, fees, reason, provenance)
        )  # fmt: skip
