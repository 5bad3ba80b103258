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
from alvh.kernel import codes
from alvh.kernel.listed import leg_mark
from alvh.kernel.orders import mark_provenance
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
    """A book at one close, USD."""

    as_of: date
    nav: float
    cash: float
    legs: tuple[MarkedLeg, ...]


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
        price, source = _mid(day, surfaces.quotes, one, evening)
        usd = quantity * one.multiplier * price if one.pays_premium else 0.0
        legs.append(MarkedLeg(sleeve, one.symbol, quantity, price, usd, source))
    fund = folded.index_units * float(surfaces.days[row]["spx"])
    nav = folded.cash + fund + sum(leg.value for leg in legs)
    return Marked(evening, nav, folded.cash, tuple(legs))


def _mid(day: Any, quotes: Records, instrument: Instrument, evening: date) -> tuple[float, str]:
    """Return the mid of one contract, points, and what it is."""
    expiry = session = 0
    if instrument.expiry is not None:
        _refuse_expired(instrument, instrument.expiry, evening)
        expiry = day_number(instrument.expiry)
        session = int(session_number(np.datetime64(instrument.expiry)))
    code = instrument.code
    mark = leg_mark(day, quotes, code, instrument.right, expiry, session, instrument.strike)
    return float(mark.mid), codes.PROVENANCE[mark_provenance(day, code, expiry, mark.quoted)]


def _refuse_expired(instrument: Instrument, expiry: date, evening: date) -> None:
    if expiry <= evening:
        raise DataError(
            f"{instrument} expired on {expiry} and is still in the book on {evening}; "
            "import its settlement"
        )
