"""What the engine did on one day, as orders, settlements and reasons.

The engine logs fills leg by leg; rows that belong together are one order: the four legs of a
condor, the legs of a layer's structure. Read from a backtest's log or from today's, the same rows
give the same orders.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.instrument import Instrument, instrument_of, parse_instrument
from alvh.contracts.net_price import NetPrice
from alvh.kernel import codes
from alvh.reasons import sentence
from alvh.result import short_reason

Records = NDArray[np.void]
CONDOR_LEGS = 4
_PRICE_PLACES, _USD_PLACES, _READING_PLACES = 6, 2, 6


@dataclass(frozen=True)
class OrderLeg:
    """One leg: signed contracts per structure, the fill decided on and the mid, points.

    ``provenance`` is what the two rest on: ``modelled``, ``fitted`` or ``quoted``.
    """

    instrument: Instrument
    ratio: int
    price: float
    mid: float
    fees: float
    provenance: str

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "symbol": self.instrument.symbol,
            "ratio": self.ratio,
            "price": _rounded(self.price, _PRICE_PLACES),
            "mid": _rounded(self.mid, _PRICE_PLACES),
            "provenance": self.provenance,
        }


@dataclass(frozen=True)
class Order:
    """One order of the day.

    Attributes
    ----------
    name : str
        As ``20200221-short-1``: session, sleeve, number of the day.
    sleeve, action, reason : str
        ``condors`` or a layer; ``open``, ``close``, ``monetise`` or ``rebalance``; short reason.
    quantity : int
        Structures, positive; the legs carry the signs.
    legs : tuple of OrderLeg
    closes : str
        Name of the order whose condor it closes; empty otherwise.
    """

    name: str
    sleeve: str
    action: str
    reason: str
    quantity: int
    legs: tuple[OrderLeg, ...]
    closes: str = ""

    @property
    def opens(self) -> bool:
        """Whether it takes on something new: an opening, or a purchase that trades drift back."""
        adds = self.action == "rebalance" and self.legs[0].ratio > 0
        return self.action == "open" or adds

    @property
    def limit(self) -> NetPrice:
        """Net price of one structure at the fill decided on, points of its first leg's kind."""
        received = sum(
            (-Decimal(leg.ratio) * Decimal(repr(leg.price)) for leg in self.legs), Decimal(0)
        )
        return NetPrice.of_flow(received)

    @property
    def fees(self) -> float:
        """Fees of the whole order, USD."""
        return sum(leg.fees for leg in self.legs)

    @property
    def cash(self) -> float:
        """What it brings to the account, fees taken off, USD; futures pay no premium."""
        flow = sum(
            -leg.ratio * leg.price * leg.instrument.multiplier
            for leg in self.legs
            if leg.instrument.pays_premium
        )
        return self.quantity * flow - self.fees

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values; what depends on the book it closes is left out."""
        return {
            "name": self.name,
            "sleeve": self.sleeve,
            "action": self.action,
            "reason": self.reason,
            "quantity": self.quantity,
            "legs": [leg.plain() for leg in self.legs],
            "limit": {"points": self.limit.plain(), "effect": self.limit.effect.lower()},
            "fees_usd": _rounded(self.fees, _USD_PLACES),
            "cash_usd": _rounded(self.cash, _USD_PLACES),
        }


def read_order(plain: Mapping[str, Any]) -> Order:
    """Return the order that `Order.plain` wrote; prices as rounded there, fees on its first leg.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is none.
    """
    fees = [float(plain["fees_usd"])] + [0.0] * (len(plain["legs"]) - 1)
    legs = tuple(
        OrderLeg(
            parse_instrument(leg["symbol"]), int(leg["ratio"]), float(leg["price"]),
            float(leg["mid"]), fee, str(leg["provenance"]),
        )
        for leg, fee in zip(plain["legs"], fees, strict=True)
    )  # fmt: skip
    name, sleeve, action, reason = (
        str(plain[key]) for key in ("name", "sleeve", "action", "reason")
    )
    closes = str(plain.get("closes", ""))
    return Order(name, sleeve, action, reason, int(plain["quantity"]), legs, closes)


@dataclass(frozen=True)
class Settlement:
    """One leg that settles today: signed contracts held until now, and points each is worth."""

    sleeve: str
    instrument: Instrument
    quantity: float
    value: float
    provenance: str

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "sleeve": self.sleeve,
            "symbol": self.instrument.symbol,
            "quantity": _rounded(self.quantity, _PRICE_PLACES),
            "value": _rounded(self.value, _PRICE_PLACES),
            "provenance": self.provenance,
        }


@dataclass(frozen=True)
class Line:
    """One decision, *no action* included, with the figures that it rested on."""

    sleeve: str
    action: str
    reason: str
    text: str
    quantity: float
    reading: float
    threshold: float

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        numbers = {
            name: _rounded(getattr(self, name), _READING_PLACES)
            for name in ("quantity", "reading", "threshold")
        }
        return {
            "sleeve": self.sleeve, "action": self.action, "reason": self.reason, "text": self.text,
        } | numbers  # fmt: skip


@dataclass(frozen=True)
class Decided:
    """Everything that the engine decided on one day.

    Attributes
    ----------
    orders : tuple of Order
    settlements : tuple of Settlement
    lines : tuple of Line
    """

    orders: tuple[Order, ...]
    settlements: tuple[Settlement, ...]
    lines: tuple[Line, ...]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, the same for a backtest's day and for today's."""
        return {
            "orders": [order.plain() for order in self.orders],
            "settlements": [one.plain() for one in self.settlements],
            "decisions": [line.plain() for line in self.lines],
        }


def decided(logs: Any, counts: dict[str, int], t: int, as_of: date) -> Decided:
    """Read what the engine decided on one day from its logs.

    Parameters
    ----------
    logs : Log
    counts : dict
        Rows that are filled, by ``trades`` and ``decisions``.
    t : int
        Row of the day in the run.
    as_of : datetime.date
        Its session.

    Returns
    -------
    Decided
        By sleeve; condors by contract, so that it does not depend on the slots of a book.
    """
    trades = logs.trades[: counts["trades"]]
    trades = trades[trades["day"] == t]
    settles = trades["action"] == codes.SETTLE
    lines = logs.decisions[: counts["decisions"]]
    return Decided(
        _named(list(_orders(trades[~settles])), as_of),
        tuple(sorted(map(_settlement, trades[settles]), key=_settlement_key)),
        tuple(sorted(map(_line, lines[lines["day"] == t]), key=_line_key)),
    )


def _orders(rows: Records) -> Iterator[Order]:
    group: list[Any] = []
    for row in rows:
        if group and not _belongs(row, group):
            yield from _split(group)
            group = []
        group.append(row)
    if group:
        yield from _split(group)


def _belongs(row: Any, group: Sequence[Any]) -> bool:
    """Say whether a fill is another leg of the order that the rows before it began."""
    first = group[0]
    same = all(row[name] == first[name] for name in ("sleeve", "action", "reason"))
    repeated = any(_contract(row) == _contract(one) for one in group)
    full = first["sleeve"] == codes.CONDORS and len(group) == CONDOR_LEGS
    return same and not repeated and not full


def _contract(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("root", "right", "expiry", "strike"))


def _split(group: Sequence[Any]) -> Iterator[Order]:
    """Make one order of the legs that trade on one exchange, options and futures apart."""
    for futures in (False, True):
        rows = [row for row in group if (row["root"] == codes.VX) == futures]
        if rows:
            yield _order(rows)


def _order(rows: Sequence[Any]) -> Order:
    quantity = gcd(*(round(abs(float(row["quantity"]))) for row in rows))
    legs = [
        OrderLeg(
            instrument_of(row["root"], row["right"], row["expiry"], row["strike"]),
            round(float(row["quantity"]) / quantity),
            float(row["price"]),
            float(row["mid"]),
            float(row["fees"]),
            codes.PROVENANCE[row["provenance"]],
        )
        for row in rows
    ]
    first = rows[0]
    return Order(
        "",
        codes.SLEEVES[first["sleeve"]],
        codes.ACTIONS[first["action"]],
        short_reason(int(first["reason"])),
        quantity,
        tuple(sorted(legs, key=_leg_key)) if first["sleeve"] == codes.CONDORS else tuple(legs),
    )


def _leg_key(leg: OrderLeg) -> tuple[float, str]:
    return leg.instrument.strike, leg.instrument.put_call


def _named(orders: list[Order], as_of: date) -> tuple[Order, ...]:
    """Name the orders of a day: a layer's in the order of its rules, condors' closings first."""
    orders.sort(key=_order_key)  # stable: a layer is left as the engine traded it
    named, numbers = [], dict[str, int]()
    for one in orders:
        numbers[one.sleeve] = numbers.get(one.sleeve, 0) + 1
        name = f"{as_of:%Y%m%d}-{one.sleeve}-{numbers[one.sleeve]}"
        named.append(replace(one, name=name))
    return tuple(named)


def _order_key(order: Order) -> tuple[Any, ...]:
    sleeve = codes.SLEEVES.index(order.sleeve)
    if sleeve != codes.CONDORS:
        return (sleeve,)
    contracts = tuple((leg.instrument.symbol, leg.ratio) for leg in order.legs)
    return sleeve, order.opens, order.reason, contracts, order.limit


def _settlement(row: Any) -> Settlement:
    return Settlement(
        codes.SLEEVES[row["sleeve"]],
        instrument_of(row["root"], row["right"], row["expiry"], row["strike"]),
        -float(row["quantity"]),
        float(row["price"]),
        codes.PROVENANCE[row["provenance"]],
    )


def _settlement_key(one: Settlement) -> tuple[Any, ...]:
    return codes.SLEEVES.index(one.sleeve), one.instrument.symbol, one.quantity


def _line(row: Any) -> Line:
    numbers = tuple(float(row[name]) for name in ("quantity", "reading", "threshold"))
    reason = int(row["reason"])
    return Line(
        codes.SLEEVES[row["sleeve"]], codes.ACTIONS[row["action"]], short_reason(reason),
        sentence(reason, *numbers), *numbers,
    )  # fmt: skip


def _line_key(line: Line) -> tuple[Any, ...]:
    return codes.SLEEVES.index(line.sleeve), line.action, line.text


def _rounded(value: float, places: int) -> float | None:
    """Round for the record; what is not a number is null, which JSON has."""
    return round(float(value), places) + 0.0 if np.isfinite(value) else None
