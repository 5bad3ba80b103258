"""A book valued at a close: every leg at the mid that the engine would mark it at."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from alvh.advise.instrument import Instrument
from alvh.calendars import session_number
from alvh.contracts.facts import day_number
from alvh.desk.book import Book
from alvh.errors import DataError
from alvh.holdings import Holdings
from alvh.kernel import codes
from alvh.kernel.listed import leg_mark
from alvh.kernel.orders import mark_provenance
from alvh.kernel.revalue import LEG
from alvh.market.history import History
from alvh.market.surfaces import Records, build_surfaces


@dataclass(frozen=True)
class MarkedLeg:
    """One position at its mid: signed contracts, points, USD (0 for a future).

    ``provenance`` is what the mid is: ``quoted`` (the middle of the contract's own quote, or a
    future's settlement), ``fitted`` (a smile of the day's quotes) or ``modelled``.
    """

    sleeve: str
    symbol: str
    quantity: float
    mid: float
    value: float
    provenance: str = "modelled"


@dataclass(frozen=True)
class Marked:
    """A book at one close, USD.

    ``notes`` says what had to be assumed of the market, and what is not used of the session's
    option chains.
    """

    as_of: date
    nav: float
    cash: float
    legs: tuple[MarkedLeg, ...]
    notes: tuple[str, ...] = ()


def mark(history: History, book: Book, as_of: date | None = None) -> Marked:
    """Value a book at a close.

    Parameters
    ----------
    history : History
    book : Book
    as_of : datetime.date, optional
        Session; the last of the history without it.

    Returns
    -------
    Marked
        Marks are the middle of a contract's own quote where the history has the day's chain,
        otherwise of a smile; each leg says which.

    Raises
    ------
    DataError
        If the session has no prices, or something held has expired by it.
    """
    surfaces = build_surfaces(history)
    on = surfaces.dates[-1] if as_of is None else np.datetime64(as_of)
    row = int(np.searchsorted(surfaces.dates, on))
    usable = row < len(surfaces.dates) and surfaces.dates[row] == on
    if not usable or surfaces.days[row]["tradable"] != 1:
        raise DataError(f"{on} is no session of the history with prices; choose another")
    evening: date = on.astype(object)
    folded = book.folded(evening)
    held = folded.positions()
    day, legs = surfaces.days[row], list[MarkedLeg]()
    for (sleeve, one), quantity in held.items():
        record = np.zeros(1, LEG)[0]
        fill_leg(record, one, quantity, evening)
        source = mark_leg(day, surfaces.quotes, record)
        price = float(record["mid"])
        usd = quantity * one.multiplier * price if one.pays_premium else 0.0
        legs.append(MarkedLeg(sleeve, one.symbol, quantity, price, usd, source))
    fund = folded.index_units * float(surfaces.days[row]["spx"])
    nav = folded.cash + fund + sum(leg.value for leg in legs)
    return Marked(evening, nav, folded.cash, tuple(legs), surfaces.said_on(evening))


def marks_of(history: History, book: Holdings) -> tuple[str, ...]:
    """Return what the mark of every leg of a book rests on, in the order of its legs.

    Parameters
    ----------
    history : History
        That the book was marked on.
    book : Holdings

    Returns
    -------
    tuple of str
        ``quoted``, ``fitted`` or ``modelled``.
    """
    surfaces = build_surfaces(history)
    day = surfaces.days[int(np.searchsorted(surfaces.dates, np.datetime64(book.as_of)))]
    return tuple(mark_leg(day, surfaces.quotes, leg) for leg in book.records.copy())


def mark_leg(day: Any, quotes: Records, leg: Any) -> str:
    """Write the mid of a LEG record, and its gap over the smile; return what the mid is."""
    mark = leg_mark(
        day, quotes, leg["root"], leg["right"], leg["expiry"], leg["expiry_session"], leg["strike"]
    )
    leg["mid"], leg["gap"] = mark.mid, mark.gap
    return codes.PROVENANCE[mark_provenance(day, leg["root"], leg["expiry"], mark.quoted)]


def fill_leg(leg: np.void, instrument: Instrument, quantity: float, evening: date) -> None:
    """Write an instrument and its signed contracts into a LEG record; its mark is not touched.

    Raises
    ------
    DataError
        If it has expired by ``evening``.
    """
    leg["root"], leg["right"] = instrument.code, instrument.right
    leg["quantity"], leg["strike"] = quantity, instrument.strike
    if instrument.expiry is None:
        return
    if instrument.expiry <= evening:
        raise DataError(
            f"{instrument} expired on {instrument.expiry} and is still in the book on {evening}; "
            "import its settlement"
        )
    leg["expiry"] = day_number(instrument.expiry)
    leg["expiry_session"] = int(session_number(np.datetime64(instrument.expiry)))
