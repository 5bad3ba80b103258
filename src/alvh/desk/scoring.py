"""Overrides judged afterwards: what the rule's orders would have made, beside what was taken.

An order that would have opened something, and that an override reduced or refused when its ticket
was asked for, is followed to a later close: settled if it has expired by then, else at the model's
mid. Likewise what a person ordered that no rule had asked for. Each is held as it was: how the rule
would have gone on with it (taken profits, rolls) is not imagined. What closes is never forbidden,
so it is not scored. Where no ticket was asked for, no override withheld one: such decisions are
listed and not scored.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from alvh.advise.instrument import Instrument, parse_instrument
from alvh.desk import kinds
from alvh.desk.fold import Fold, Override
from alvh.desk.moments import chicago_day
from alvh.desk.tax import MODEL_MID, market_marker
from alvh.errors import DataError
from alvh.ledger import Ledger, checked
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.plain import plain
from alvh.priced import FITTED, MODELLED, QUOTED, Priced


@dataclass(frozen=True)
class Scored:
    """One order of a day with an override; USD.

    Attributes
    ----------
    as_of, order, sleeve : str
        Session, name, and what it trades for.
    overrides : tuple of int
        Events of the overrides in force on the day.
    asked, taken : int
        Structures that the rule asked for, and those that were ordered.
    each : float
        What one structure made until the close of the score, fees of the order taken off.
    provenances : tuple of str
        What the prices rest on that it was worked out from: of every leg of the order, then of
        what every leg was worth at the end; a settlement that was not published is ``modelled``.
    rule, actual : float
        What the rule's number of them made, and the number taken.
    """

    as_of: str
    order: str
    sleeve: str
    overrides: tuple[int, ...]
    asked: int
    taken: int
    each: float
    provenances: tuple[str, ...] = ()

    @property
    def rule(self) -> float:
        """What the rule's number made."""
        return round(self.asked * self.each, 2) + 0.0

    @property
    def actual(self) -> float:
        """What the number taken made."""
        return round(self.taken * self.each, 2) + 0.0

    @property
    def difference(self) -> float:
        """What the override gained; negative where the rule would have done better."""
        return round((self.taken - self.asked) * self.each, 2) + 0.0


@dataclass(frozen=True)
class Unasked:
    """A decision on a day with an override whose tickets were never asked for.

    Attributes
    ----------
    as_of : str
        Session.
    overrides : tuple of int
        Events of the overrides in force on the day.
    orders : tuple of str
        What it would have opened, by name.
    """

    as_of: str
    overrides: tuple[int, ...]
    orders: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """What all overrides of a ledger made against the rule.

    Attributes
    ----------
    orders : tuple of Scored
        Every order that an override reduced or refused, or that was a person's own.
    unasked : tuple of Unasked
        Decisions without tickets, which are not scored.
    overrides : tuple of Override
        Those that the orders name: number, action, share, until, reason and by whom.
    until : datetime.date
        Session at whose close what had not expired was marked.
    data_digest : str
        Of the history that settled and marked.
    """

    orders: tuple[Scored, ...]
    unasked: tuple[Unasked, ...]
    overrides: tuple[Override, ...]
    until: date
    data_digest: str

    @property
    def difference(self) -> float:
        """What the overrides gained, USD; negative where the rule would have done better."""
        return round(sum(one.difference for one in self.orders), 2) + 0.0

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "orders": [
                {**plain(one), "rule": one.rule, "actual": one.actual,
                 "difference": one.difference}
                for one in self.orders
            ],
            "unasked": [plain(one) for one in self.unasked],
            "overrides": [plain(one) for one in self.overrides],
            "difference": self.difference,
            "priced": priced_of(self.orders).shares,
            "until": self.until.isoformat(),
            "data_digest": self.data_digest,
        }  # fmt: skip


@dataclass
class _Day:
    """A decision, the overrides in force on its day, its tickets, and those refused."""

    made: date
    content: Mapping[str, Any]
    overrides: set[int] = field(default_factory=set)
    tickets: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    @property
    def orders(self) -> dict[str, Mapping[str, Any]]:
        """What the rules asked for, by name."""
        return {order["name"]: order for order in self.content.get("orders", [])}

    @property
    def as_of(self) -> str:
        """The session."""
        return str(self.content.get("as_of", self.made))

    @property
    def unasked(self) -> bool:
        """Whether none of its tickets was asked for, though it would have opened something."""
        asked_for = self.tickets or self.refused
        return not asked_for and any(map(_opens, self.orders.values()))

    @property
    def departures(self) -> Iterator[str]:
        """Names of the orders that an override reduced or refused, and of a person's own."""
        for name, order in self.orders.items():
            ticket = self.tickets.get(name)
            cut = ticket is not None and ticket["quantity"] != order["quantity"]
            if _opens(order) and (cut or (ticket is None and name in self.refused)):
                yield name
        yield from (name for name in self.tickets if name not in self.orders)


def scores(ledger: Ledger, history: History, end: date | None = None) -> Scores:
    """Return what all overrides of a ledger made, with the overrides themselves.

    Parameters
    ----------
    ledger : Ledger
        Verified on the way.
    history : History
        Settles and marks.
    end : datetime.date, optional
        Session at whose close what has not expired is marked; the last of the history by default.

    Raises
    ------
    DataError
        Where the history cannot settle or mark an order.
    """
    until: date = end or history.dates[-1].astype(object)
    orders, apart = score(ledger, history, until), unasked(ledger)
    named = {n for one in orders for n in one.overrides}
    named |= {n for one in apart for n in one.overrides}
    known = {one.number: one for one in _all_overrides(ledger)}
    found = tuple(known[number] for number in sorted(named))
    return Scores(orders, apart, found, until, history.digest)


def unasked(ledger: Ledger) -> tuple[Unasked, ...]:
    """Return the decisions on days with an override whose tickets were never asked for."""
    return tuple(
        Unasked(day.as_of, tuple(sorted(day.overrides)),
                tuple(name for name, order in day.orders.items() if _opens(order)))
        for day in _days(ledger)
        if day.overrides and day.unasked
    )  # fmt: skip


def priced_of(scored: Iterable[Scored]) -> Priced:
    """Count what the prices of some orders rest on, at their beginning and at their end."""
    return Priced.of(one for order in scored for one in order.provenances)


def _all_overrides(ledger: Ledger) -> Iterator[Override]:
    """Yield every override that was in force at some time; a halt again while it lasts."""
    state = Fold()
    for event in checked(ledger.events()):
        state.take(event)
        yield from state.overrides[-1:]
        if state.halt is not None:
            yield state.halt


def score(ledger: Ledger, history: History, end: date) -> tuple[Scored, ...]:
    """Return every order that an override reduced or refused, or that was a person's own.

    Parameters
    ----------
    ledger : Ledger
        Verified on the way.
    history : History
        Settles and marks.
    end : datetime.date
        Session at whose close what has not expired is marked.

    Raises
    ------
    DataError
        Where the history cannot settle or mark an order.
    """
    return tuple(
        _scored(day, name, history, end)
        for day in _days(ledger)
        if day.overrides
        for name in day.departures
    )


def _days(ledger: Ledger) -> Iterator[_Day]:
    state, days = Fold(), dict[str, _Day]()
    for event in checked(ledger.events()):
        state.take(event)
        if event.sha256 in state.decisions and state.clock is not None:
            days[event.sha256] = _Day(chicago_day(state.clock), event.content)
        if '"kind":"ticket"' in event.body and event.content["kind"] == "ticket":
            days[event.content["decision"]].tickets[event.content["ticket"]] = event.content
        refused = f'"kind":"{kinds.TICKETS_REFUSED}"' in event.body
        if refused and event.content["decision"] in days:
            days[event.content["decision"]].refused |= set(event.content["refused"])
        _note_overrides(state, days)
    yield from days.values()


def _note_overrides(state: Fold, days: Mapping[str, _Day]) -> None:
    """Note what is in force now on the decisions of this day, the halts that ended on it too."""
    if state.clock is None:
        return
    today = chicago_day(state.clock)
    numbers = {one.number for one in _in_force(state, today)}
    for day in days.values():
        if day.made == today:
            day.overrides |= numbers


def _in_force(state: Fold, today: date) -> Iterator[Override]:
    if state.halt is not None:
        yield state.halt
    yield from (one for one in state.overrides if one.until is not None and today <= one.until)


def _opens(order: Mapping[str, Any]) -> bool:
    """Say of a recorded order whether it opens, as ``alvh.advise.orders.Order.opens`` does."""
    adds = order["action"] == "rebalance" and int(order["legs"][0]["ratio"]) > 0
    return order["action"] == "open" or adds


def _scored(day: _Day, name: str, history: History, end: date) -> Scored:
    asked, ticket = day.orders.get(name), day.tickets.get(name)
    order = day.tickets[name]["order"] if asked is None else asked
    each, provenances = _each(order, history, end)
    return Scored(
        as_of=day.as_of,
        order=name,
        sleeve=str(order["sleeve"]),
        overrides=tuple(sorted(day.overrides)),
        asked=0 if asked is None else int(asked["quantity"]),
        taken=0 if ticket is None else int(ticket["quantity"]),
        each=each,
        provenances=provenances,
    )


def _each(order: Mapping[str, Any], history: History, end: date) -> tuple[float, tuple[str, ...]]:
    """Return what one structure of an order made until ``end``, USD, and what that rests on."""
    made, first, last = 0.0, list[str](), list[str]()
    for leg in order["legs"]:
        instrument = parse_instrument(leg["symbol"])
        value, source = worth(history, instrument, end)
        made += int(leg["ratio"]) * (value - float(leg["price"])) * instrument.multiplier
        first.append(str(leg.get("provenance", MODELLED)))
        last.append(source)
    return made - float(order["fees_usd"]) / int(order["quantity"]), (*first, *last)


def worth(history: History, instrument: Instrument, end: date) -> tuple[float, str]:
    """Return what one contract is worth at a close, points; what it settled to, once expired.

    And what that rests on: ``quoted``, ``fitted`` or ``modelled``.

    Raises
    ------
    DataError
        Where the history has no settlement of it.
    PricingError
        Where it has no prices at ``end``.
    """
    if instrument.expiry is None or instrument.expiry > end:
        value, told = market_marker(history, {}, 0)(instrument, end)
        return value, _provenance(told)
    level, source = _settlement_level(history, instrument, instrument.expiry)
    if not instrument.put_call:
        return level, source
    sign = 1.0 if instrument.put_call == "C" else -1.0
    return max(sign * (level - instrument.strike), 0.0), source


def _provenance(told: str) -> str:
    """Return what a mark rests on, from the words of its marker."""
    if not told.startswith(MODEL_MID):
        return QUOTED
    return FITTED if told.removeprefix(MODEL_MID).startswith(FITTED) else MODELLED


def _settlement_level(history: History, instrument: Instrument, expiry: date) -> tuple[float, str]:
    surfaces = build_surfaces(history)
    row = int(np.searchsorted(surfaces.dates, np.datetime64(expiry)))
    column = {"SPX": "spx_open_settlement", "SPXW": "spx"}.get(instrument.root, "vix_settlement")
    level = np.nan
    if row < len(surfaces.dates) and surfaces.dates[row] == np.datetime64(expiry):
        level = float(surfaces.days[row][column])
    if not np.isfinite(level):
        raise DataError(
            f"the data have no settlement of {instrument} on {expiry}; "
            "choose a folder that has that day"
        )
    published = instrument.root == "SPXW" or (
        column == "vix_settlement" and surfaces.days[row]["vix_settlement_quoted"] == 1
    )
    return level, QUOTED if published else MODELLED
