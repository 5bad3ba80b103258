"""A book valued at a close: every leg at the mid that the engine would mark it at."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from alvh.advise.instrument import Instrument
from alvh.calendars import session_number
from alvh.contracts.facts import day_number
from alvh.desk.book import Book
from alvh.errors import DataError
from alvh.kernel.revalue import LEG, revalue
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces


@dataclass(frozen=True)
class MarkedLeg:
    """One position at its mid: signed contracts, points, USD (0 for a future)."""

    sleeve: str
    symbol: str
    quantity: float
    mid: float
    value: float


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
        Marks are a model's, fitted to the close; none is a quote.

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
    records = np.zeros(len(held), LEG)
    for leg, ((_, instrument), quantity) in zip(records, held.items(), strict=True):
        fill_leg(leg, instrument, quantity, evening)
    worth = np.zeros(len(held))
    revalue(surfaces.days[row], records, 0, 0.0, 0.0, worth)  # marks of 0: the gain is the worth
    legs = tuple(
        MarkedLeg(
            sleeve, one.symbol, quantity, float(usd) / (quantity * one.multiplier),
            float(usd) if one.pays_premium else 0.0,
        )
        for ((sleeve, one), quantity), usd in zip(held.items(), worth, strict=True)
    )  # fmt: skip
    fund = folded.index_units * float(surfaces.days[row]["spx"])
    return Marked(evening, folded.cash + fund + sum(leg.value for leg in legs), folded.cash, legs)


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
