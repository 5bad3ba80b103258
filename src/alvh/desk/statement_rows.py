"""What every statement is read into, and the reading of numbers and symbols that they share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from alvh.advise.instrument import Instrument
from alvh.calendars import vix_expiry
from alvh.desk.entries import Flow, read_instrument
from alvh.errors import BookError
from alvh.formats import quoted

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FUTURE = re.compile(r"/?VX([FGHJKMNQUVXZ])(\d{1,2})")
_LETTERS = "FGHJKMNQUVXZ"
_TOLERANCE = 0.02  # USD a contract by which a printed price may miss its proceeds


@dataclass(frozen=True)
class StatementFill:
    """One fill as a broker printed it, before it is known what it was for.

    Attributes
    ----------
    on : datetime.date
    group : str
        What fills of one order share: the broker's order number, or the moment.
    instrument : Instrument
    quantity : float
        Signed contracts; of a settlement whose side is not printed, positive.
    price : float
        Points.
    fees : float
        USD, positive paid.
    settles, sided : bool
        Whether it expired; whether the sign of ``quantity`` was printed.
    key, where : str
    """

    on: date
    group: str
    instrument: Instrument
    quantity: float
    price: float
    fees: float
    settles: bool
    sided: bool
    key: str
    where: str


@dataclass(frozen=True)
class Statement:
    """A broker's statement: fills and flows in the order of time, and what was left alone."""

    broker: str
    fills: tuple[StatementFill, ...]
    flows: tuple[Flow, ...]
    skipped: tuple[str, ...] = field(default=())


def number(text: str, where: str, name: str) -> float:
    """Read a number as brokers print it: thousands apart, a dash for nothing.

    Raises
    ------
    BookError
        If it is none.
    """
    plain = text.strip().replace(",", "").replace("$", "")
    if plain in ("", "--", "-"):
        return 0.0
    try:
        return float(plain)
    except ValueError as error:
        raise BookError(f"{where}: {name} {quoted(text)} is not a number") from error


def moment(text: str, where: str, form: str) -> datetime:
    """Read a date and time.

    Raises
    ------
    BookError
        If it is none.
    """
    try:
        return datetime.strptime(text.strip(), form)
    except ValueError as error:
        raise BookError(f"{where}: {quoted(text)} is no moment such as {form}") from error


def future_symbol(symbol: str, on: date, where: str) -> Instrument | None:
    """Return the VX future of a symbol such as ``VXH0`` or ``/VXH20``; None if it is none.

    A one-digit year is the next with that digit.
    """
    found = _FUTURE.fullmatch(symbol.strip())
    if found is None:
        return None
    month, digits = _LETTERS.index(found[1]) + 1, found[2]
    year = 2000 + int(digits)
    if len(digits) == 1:
        year = on.year + (int(digits) - on.year) % 10
    return read_instrument(f"VX{vix_expiry(year, month):%y%m%d}", where)


def option_symbol(root: str, expiry: date, put_call: str, strike: float, where: str) -> Instrument:
    """Return the option that a statement describes in words; VIX stands for its weeklys too.

    Raises
    ------
    BookError
        If no such option was listed, or SPX and SPXW both expire on the day and it is not said
        which.
    """
    if root == "VIX" and vix_expiry(expiry.year, expiry.month) != expiry:
        root = "VIXW"
    return read_instrument(f"{root}{expiry:%y%m%d}{put_call}{round(1000 * strike):08d}", where)


def check_cash(
    instrument: Instrument, quantity: float, price: float, cash: float, where: str
) -> None:
    """Refuse a row whose cash does not follow from its side and price.

    So a credit cannot be read as a debit: what is bought must have cost, what is sold brought.
    """
    if not instrument.pays_premium:
        return
    wanted = -quantity * price * instrument.multiplier
    if abs(cash - wanted) > _TOLERANCE * max(abs(quantity), 1.0) + 1e-6 * abs(wanted):
        raise BookError(
            f"{where}: {quantity:+g} {instrument} at {price:g} come to {wanted:,.2f} USD, the row "
            f"says {cash:,.2f}; correct it or take it out"
        )


def numbered(keys: Iterable[str]) -> list[str]:
    """Return keys with a number behind each repetition, so that no two are the same."""
    seen, found = dict[str, int](), []
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        found.append(key if seen[key] == 1 else f"{key}#{seen[key]}")
    return found
