"""The rows of a book: fills, settlements and cash flows, each checked as it is made."""

from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Literal

import numpy as np

from alvh.advise.instrument import Instrument, parse_instrument
from alvh.calendars import is_session
from alvh.errors import BookError, CalendarError, PricingError
from alvh.formats import quoted

SLEEVES = ("condors", "short", "medium", "tail")
UNASSIGNED = "unassigned"  # as imports leave a row that no ticket explains
FLOWS = ("deposit", "withdrawal", "interest", "fee", "variation")
FlowKind = Literal["deposit", "withdrawal", "interest", "fee", "variation"]
MOST_POINTS = 100_000.0  # of an option or a future; no index that they are on was near it
MOST_FEES, MOST_REBATE = 100.0, 5.0  # USD a contract; a broker takes one to five
_SIGN = {"deposit": 1, "withdrawal": -1, "fee": -1}  # kinds whose amount can have one sign only


@dataclass(frozen=True)
class Fill:
    """A trade, or a settlement, of one contract.

    Parameters
    ----------
    on : datetime.date
        Session.
    sleeve : str
        ``condors``, ``short``, ``medium``, ``tail``, or ``unassigned``.
    order : str
        Fills of one order share it: the four legs of a condor are one order.
    instrument : Instrument
    quantity : float
        Signed contracts: positive bought.
    price : float
        Points, of a settlement what one contract pays; not negative, and of a contract that expires
        at most ``MOST_POINTS``.
    fees : float
        USD, positive paid; of a contract that expires within ``MOST_FEES`` a contract, and not
        below the rebate ``MOST_REBATE``.
    settles : bool
        Whether the contract expired rather than was traded.
    closes : str
        Order of the condor that it closes, where several hold the same contract.
    key : str
        The broker's own number of the execution: a second row with it is the same fill.
    where : str
        File and line, for messages.

    Raises
    ------
    BookError
        If there can be no such fill.
    """

    on: date
    sleeve: str
    order: str
    instrument: Instrument
    quantity: float
    price: float
    fees: float = 0.0
    settles: bool = False
    closes: str = ""
    key: str = ""
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.sleeve not in (*SLEEVES, UNASSIGNED):
            self._refuse(
                f"sleeve {quoted(self.sleeve, SLEEVES)}", f"write one of {', '.join(SLEEVES)}"
            )
        whole = self.instrument.expiry is None or self.quantity == round(self.quantity)
        if not isfinite(self.quantity) or self.quantity == 0.0 or not whole:
            self._refuse(f"quantity {self.quantity:g}", "a whole number other than 0 was wanted")
        if not isfinite(self.price) or self.price < 0.0:
            self._refuse(f"price {self.price:g}", "points of zero or more were wanted")
        if not isfinite(self.fees):
            self._refuse(f"fees {self.fees:g}", "USD were wanted")
        if self.instrument.expiry is not None:
            self._check_size()
        self._check_day()

    def _check_size(self) -> None:
        """Refuse a price or fees that no option or future ever had."""
        if self.price > MOST_POINTS:
            self._refuse(f"price {self.price:,.2f}", f"at most {MOST_POINTS:,.0f} points can be")
        contracts = max(abs(self.quantity), 1.0)
        if not -MOST_REBATE * contracts <= self.fees <= MOST_FEES * contracts:
            self._refuse(
                f"fees {self.fees:,.2f}",
                f"USD paid, from -{MOST_REBATE:g} (a rebate) to {MOST_FEES:g} a contract, can be",
            )

    def _check_day(self) -> None:
        try:
            open_ = bool(is_session(np.datetime64(self.on)))
        except CalendarError as error:
            raise BookError(f"{self.where}: {error}") from error
        if not open_:
            self._refuse(f"date {self.on}", "the market was closed on it")
        expiry = self.instrument.expiry
        if expiry is None:
            return
        if self.settles and self.on < expiry:
            self._refuse(f"settled on {self.on}", f"{self.instrument} expires on {expiry} only")
        if not self.settles and self.on > expiry:
            self._refuse(f"traded on {self.on}", f"{self.instrument} expired on {expiry}")

    def _refuse(self, was: str, remedy: str) -> None:
        raise BookError(f"{self.where or self.on}: {self.instrument} has {was}; {remedy}")

    @property
    def cash(self) -> float:
        """What it brings to the account, USD; a future pays no premium."""
        if not self.instrument.pays_premium:
            return -self.fees
        return -self.quantity * self.price * self.instrument.multiplier - self.fees


@dataclass(frozen=True)
class Flow:
    """Cash that comes or goes without a trade.

    Parameters
    ----------
    on : datetime.date
    kind : str
        ``deposit``, ``withdrawal``, ``interest``, ``fee``, or ``variation`` (the daily
        settlement of futures).
    amount : float
        Signed USD: positive received.
    key, where : str
        As for `Fill`.

    Raises
    ------
    BookError
        If the kind is unknown or the amount has the wrong sign.
    """

    on: date
    kind: str
    amount: float
    key: str = ""
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.kind not in FLOWS:
            raise BookError(
                f"{self.where or self.on}: {quoted(self.kind, FLOWS)} is no kind of row; "
                f"write trade, settle, {', '.join(FLOWS)}"
            )
        sign = _SIGN.get(self.kind, 0)
        if not isfinite(self.amount) or sign * self.amount < 0.0:
            wanted = {1: "a positive amount", -1: "a negative amount"}.get(sign, "an amount")
            raise BookError(
                f"{self.where or self.on}: a {self.kind} of {self.amount:g} USD; {wanted} was "
                "wanted: what the account receives is positive"
            )

    @property
    def cash(self) -> float:
        """The amount, USD."""
        return self.amount


Entry = Fill | Flow


def read_instrument(symbol: str, where: str) -> Instrument:
    """Return the instrument of a symbol, or refuse the line."""
    try:
        return parse_instrument(symbol)
    except (PricingError, CalendarError) as error:
        raise BookError(f"{where}: {error}") from error
