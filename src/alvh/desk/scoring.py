"""Overrides judged afterwards: what the rule's orders would have made, beside what was taken.

An order that a rule asked for on a day with an override, and that was taken in part or not at all,
is followed to a later close: settled if it has expired by then, else at the model's mid. Likewise
what a person ordered that no rule had asked for. Each is held as it was: how the rule would have
gone on with it (taken profits, rolls) is not imagined.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from alvh.advise.instrument import Instrument, parse_instrument
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
class Scores:
    """What all overrides of a ledger made against the rule.

    Attributes
    ----------
    orders : tuple of Scored
        Every order in which an override departed from the rule.
    overrides : tuple of Override
        Those that the orders name: number, action, share, until, reason and by whom.
    until : datetime.date
        Session at whose close what had not expired was marked.
    data_digest : str
        Of the history that settled and marked.
    """

    orders: tuple[Scored, ...]
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
            "overrides": [plain(one) for one in self.overrides],
            "difference": self.difference,
            "priced": priced_of(self.orders).shares,
            "until": self.until.isoformat(),
            "data_digest": self.data_digest,
        }  # fmt: skip


@dataclass
class _Day:
    """A decision, the overrides in force on its day, and the tickets of it."""

    made: date
    content: Mapping[str, Any]
    overrides: set[int] = field(default_factory=set)
    tickets: dict[str, Mapping[str, Any]] = field(default_factory=dict)


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
    orders = score(ledger, history, until)
    named = {number for one in orders for number in one.overrides}
    known = {one.number: one for one in _all_overrides(ledger)}
    found = tuple(known[number] for number in sorted(named))
    return Scores(orders, found, until, history.digest)


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
    """Return every order in which an override departed from the rule.

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
        scored
        for day in _days(ledger)
        if day.overrides
        for scored in _scored(day, history, end)
        if scored.asked != scored.taken
    )


def _days(ledger: Ledger) -> Iterator[_Day]:
    state, days = Fold(), dict[str, _Day]()
    for event in checked(ledger.events()):
        state.take(event)
        if event.sha256 in state.decisions and state.clock is not None:
            days[event.sha256] = _Day(chicago_day(state.clock), event.content)
        if '"kind":"ticket"' in event.body and event.content["kind"] == "ticket":
            days[event.content["decision"]].tickets[event.content["ticket"]] = event.content
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


def _scored(day: _Day, history: History, end: date) -> Iterator[Scored]:
    asked = {order["name"]: order for order in day.content.get("orders", [])}
    for name in dict.fromkeys((*asked, *day.tickets)):
        ticket = day.tickets.get(name)
        order = asked[name] if name in asked else day.tickets[name]["order"]
        each, provenances = _each(order, history, end)
        yield Scored(
            as_of=str(day.content.get("as_of", day.made)),
            order=name,
            sleeve=str(order["sleeve"]),
            overrides=tuple(sorted(day.overrides)),
            asked=int(asked[name]["quantity"]) if name in asked else 0,
            taken=int(ticket["quantity"]) if ticket is not None else 0,
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
