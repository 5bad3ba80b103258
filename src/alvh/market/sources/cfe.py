"""VIX futures: the exchange's file per contract, in its current and its legacy form.

All contract files of a folder are read in one pass. What the exchange's files are known for:

- prices ten times today's scale up to 2007-03-23;
- a settlement of 0 beside a good close in current files of early 2013;
- rows of zeros on a contract's first days;
- open and close of 0 and a high below the low on days without a trade (they are bid and ask);
- the final settlement as the last row;
- weekly contracts that carry the label of the monthly one, so that only the file's name tells the
  expiry;
- lines that end in a comma, and lines that are there twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alvh.calendars import vix_expiry
from alvh.errors import CalendarError, DataError
from alvh.market.sources import catalogue
from alvh.market.sources.recognise import CONTRACT_HEADER, Found
from alvh.market.sources.records import (
    Days,
    Floats,
    FuturesQuotes,
    Refusal,
    Unread,
    to_date,
    to_day,
)
from alvh.market.sources.series_files import JUMP, NEIGHBOUR_DAYS
from alvh.market.sources.text import Body, Rows, body, clean, dates, numbers, rows

#: Precedence of the kinds of files that quote VIX futures; the lowest wins.
RANKS = {"current": 0, "legacy": 1, "curve": 2, "ladder": 3, "panel": 4}

RESCALED = to_day(date(2007, 3, 26))  # from this day a point is a point; before, prices × 10
_OLD_SCALE_FLOOR = 60.0  # before that day, prices on the old scale were 95 to 260
LOWEST, HIGHEST = 5.0, 150.0  # settlements on record: 8.75 … 74.5
_LONGEST_LIFE = 1_100  # days from listing to expiry; the longest on record is 761
_ZERO_SETTLES = (to_day(date(2013, 1, 2)), to_day(date(2013, 7, 19)))  # in current files
_MONTHS = "FGHJKMNQUVXZ"
_LABEL = re.compile(r"([FGHJKMNQUVXZ]) \(([A-Z][a-z]{2}) (\d{2}|\d{4})\)")
_PLACEHOLDER = "row of zeros before the first settlement"
_ZERO_2013 = "settlement left at 0 in the exchange's current files of early 2013"
_NO_SETTLE = "no settlement on a day without trades"


@dataclass(frozen=True, slots=True)
class _Contract:
    found: Found
    expiry: int
    legacy: bool


@lru_cache(maxsize=1024)
def monthly_expiry(year: int, month: int) -> int:
    """Return the day number of a monthly VIX expiry."""
    return to_day(vix_expiry(year, month))


def expiry_at(where: str, year: int, month: int) -> int:
    """Return the day number of a monthly VIX expiry that a file names.

    Raises
    ------
    DataError
        If the calendar does not reach it.
    """
    try:
        return monthly_expiry(year, month)
    except CalendarError as fault:
        raise DataError(
            f"{where}: a contract of {year}-{month:02d} ({fault}); a month of the VIX futures "
            "calendar was wanted; correct the file or remove it"
        ) from fault


def modern_scale(days: Days, price: Floats) -> Floats:
    """Bring prices from before 2007-03-26 to today's scale.

    Parameters
    ----------
    days : ndarray of int32, shape (n,)
        Trade dates.
    price : ndarray of float64, shape (n,)
        As in the file. Prices that somebody rescaled already are left alone: on the old scale no
        VIX future ever stood below 60.

    References
    ----------
    CFE information circular IC-2007-003.
    """
    old = (days < RESCALED) & (price > _OLD_SCALE_FLOOR)
    return np.where(old, price / 10.0, price)


def read_contracts(
    files: Sequence[tuple[Found, bytes]],
) -> tuple[list[FuturesQuotes], list[Unread]]:
    """Read all contract files of a folder.

    Parameters
    ----------
    files : sequence of (Found, bytes)
        Files of kind ``contract`` and their content.

    Returns
    -------
    quotes : list of FuturesQuotes
        One for the current files, one for the legacy files, each where there are any.
    unread : list of Unread
        Files whose expiry cannot be told.

    Raises
    ------
    DataError
        For a fault of structure or a price that cannot be right.
    """
    contracts: list[_Contract] = []
    bodies: list[Body] = []
    unread = []
    for found, raw in files:
        part = body(found.path, clean(raw), found.skip)
        first = part.data[: part.data.find(b"\n")].decode("utf-8", "replace").split(",")
        contract = _identify(found, first) if len(part.lines) else None
        if contract is None:
            unread.append(Unread(found.path, _why_unread(part)))
            continue
        contracts.append(contract)
        bodies.append(part)
    return (_quotes(contracts, bodies) if bodies else []), unread


def _why_unread(part: Body) -> str:
    if not len(part.lines):
        return "a contract file without rows"
    return "a contract file whose name does not say its expiry; monthly and weekly share a label"


def _identify(found: Found, first: list[str]) -> _Contract | None:
    """Tell a contract's expiry from its file name, or from a label that cannot mean a weekly."""
    legacy = "/" in first[0]
    stem = found.stem
    named = re.search(r"\d{4}-\d{2}-\d{2}", stem)
    if named:
        return _Contract(found, _day_in_name(found, named.group()), legacy)
    coded = re.search(r"CFE_([FGHJKMNQUVXZ])(\d{2})_VX", stem, re.IGNORECASE)
    if coded:
        month = _MONTHS.index(coded.group(1).upper()) + 1
        return _Contract(found, expiry_at(found.path, 2000 + int(coded.group(2)), month), legacy)
    label = _LABEL.match(first[1]) if len(first) > 1 else None
    if label and len(label.group(3)) == 2:  # two-digit years: before weeklies were listed
        month = _MONTHS.index(label.group(1)) + 1
        return _Contract(found, expiry_at(found.path, 2000 + int(label.group(3)), month), legacy)
    return None


def _day_in_name(found: Found, text: str) -> int:
    try:
        return to_day(date.fromisoformat(text))
    except ValueError:
        raise DataError(
            f"{found.path}:1: '{text}' in the file's name is not a date; the contract's "
            "settlement date was wanted there; rename the file"
        ) from None


def _quotes(contracts: list[_Contract], bodies: list[Body]) -> list[FuturesQuotes]:
    source = rows(bodies, len(CONTRACT_HEADER))
    days = dates(source)
    expiries = np.array([one.expiry for one in contracts], np.int32)[source.file]
    legacy = np.array([one.legacy for one in contracts], np.bool_)[source.file]
    _stop_at_bad_dates(source, days, expiries)
    fresh = ~_repeated(source, days)
    settle = _settlements(source, fresh)
    zero, refused = _judge_zeros(source, days, settle, ~legacy)
    settle = modern_scale(days, settle)
    bad, misprints = known_misprints(source, days, expiries, settle)
    usable = fresh & ~zero & ~bad
    _stop_at_bad_price(source, days, settle, usable)
    kinds = []
    for name, mine in (("current", ~legacy), ("legacy", legacy)):
        rows_of = np.flatnonzero(usable & mine)
        notes = tuple(note for row, note in (*refused, *misprints) if mine[row] and fresh[row])
        if mine.any():
            kinds.append(_of_kind(name, source, rows_of, (days, expiries, settle), notes))
    return kinds


def _of_kind(
    name: str,
    source: Rows,
    kept: NDArray[np.intp],
    columns: tuple[Days, Days, Floats],
    refused: tuple[Refusal, ...],
) -> FuturesQuotes:
    days, expiries, settle = columns
    return FuturesQuotes(
        source=name,
        rank=RANKS[name],
        files=source.names,
        dates=days[kept],
        expiries=expiries[kept],
        file=source.file[kept],
        lines=source.lines[kept],
        settle=settle[kept],
        refused=refused,
    )


def _stop_at_bad_dates(source: Rows, days: Days, expiries: Days) -> None:
    """Raise on a trade date that falls back, or that the contract cannot have traded on."""
    same = np.diff(source.file, prepend=-1) == 0
    back = same & (np.diff(days, prepend=days[:1]) < 0)
    alien = (days > expiries) | (expiries - days > _LONGEST_LIFE)
    wrong = np.flatnonzero(back | alien)
    if not len(wrong):
        return
    row = int(wrong[0])
    if alien[row]:
        what = f"is not in the life of the contract that settles on {to_date(expiries[row])}"
    else:
        what = f"follows {to_date(days[row - 1])}"
    raise DataError(
        f"{source.where(row)}: trade date {to_date(days[row])} {what}; ascending dates up to the "
        "settlement date were wanted; correct the line or download the file again"
    )


def _repeated(source: Rows, days: Days) -> NDArray[np.bool_]:
    """Mark rows that repeat the row before; raise where a date is there twice and differs."""
    twice: NDArray[np.bool_] = (np.diff(source.file, prepend=-1) == 0) & (
        np.diff(days, prepend=-(10**6)) == 0
    )
    for row in np.flatnonzero(twice):
        if source.cells.row(int(row)) != source.cells.row(int(row) - 1):
            raise DataError(
                f"{source.where(int(row))}: {to_date(days[row])} is there twice with different "
                "values; one row a date was wanted; delete the wrong line"
            )
    return twice


def _settlements(source: Rows, fresh: NDArray[np.bool_]) -> Floats:
    settle, blank, unreadable = numbers(source, CONTRACT_HEADER.index("settle"))
    wrong = np.flatnonzero((blank | unreadable | (settle < 0)) & fresh)
    if len(wrong):
        row = int(wrong[0])
        text = source.cell(row, CONTRACT_HEADER.index("settle"))
        raise DataError(
            f"{source.where(row)}: the settlement is '{text}'; a price was wanted; "
            "correct the line or download the file again"
        )
    return settle


def _judge_zeros(
    source: Rows, days: Days, settle: Floats, current: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], list[tuple[int, Refusal]]]:
    """Mark settlements of 0 that the exchange is known for; raise on any other."""
    zero = settle == 0
    at = np.flatnonzero(zero)
    if not len(at):
        return zero, []
    wanted = ("open", "high", "low", "close", "total volume", "open interest")
    cells = {name: numbers(source, CONTRACT_HEADER.index(name))[0][at] for name in wanted}
    idle = cells["total volume"] == 0
    quoted = sum(np.abs(cells[name]) for name in ("open", "high", "low", "close")) > 0
    early_2013 = current[at] & (days[at] >= _ZERO_SETTLES[0]) & (days[at] <= _ZERO_SETTLES[1])
    placeholder = idle & ~quoted & (cells["open interest"] == 0)
    faulty = np.flatnonzero(~(early_2013 | placeholder))
    if len(faulty):
        row = int(at[faulty[0]])
        raise DataError(
            f"{source.where(row)}: {to_date(days[row])} the settlement is 0 "
            f"(close {cells['close'][faulty[0]]:g}, open interest "
            f"{cells['open interest'][faulty[0]]:g}); a settlement price was wanted; download the "
            "file again or delete the line"
        )
    reasons = np.where(placeholder, _PLACEHOLDER, _ZERO_2013)
    return zero, [
        (int(row), Refusal("futures", to_date(days[row]), "0", source.where(int(row)), str(reason)))
        for row, reason in zip(at, reasons, strict=True)
    ]


def known_misprints(
    source: Rows, days: Days, expiries: Days, settle: Floats
) -> tuple[NDArray[np.bool_], list[tuple[int, Refusal]]]:
    """Mark the settlements that are known to be wrong in the exchange's files.

    Returns
    -------
    bad : ndarray of bool, shape (n,)
    refused : list of (row, Refusal)
    """
    bad = np.zeros(len(days), np.bool_)
    refused = []
    for (traded, settles), value in catalogue.KNOWN_BAD_FUTURES.items():
        day, expiry = to_day(date.fromisoformat(traded)), to_day(date.fromisoformat(settles))
        for row in np.flatnonzero((days == day) & (expiries == expiry)):
            if abs(settle[row] - value) < 0.006:
                bad[row] = True
                note = Refusal(
                    "futures",
                    to_date(day),
                    f"{settle[row]:g}",
                    source.where(int(row)),
                    f"known misprint of the contract that settles on {settles}",
                )
                refused.append((int(row), note))
    return bad, refused


def _stop_at_bad_price(source: Rows, days: Days, settle: Floats, usable: NDArray[np.bool_]) -> None:
    """Raise on a settlement beyond anything on record, or far off the one before it."""
    at = np.flatnonzero(usable)
    stop_at_bad_levels(source, days, settle, at)
    stop_at_jumps(source, days, settle, at, source.file[at])


def stop_at_jumps(
    source: Rows, days: Days, settle: Floats, at: NDArray[np.intp], contract: Days
) -> None:
    """Raise on the first settlement far off the one before it of the same contract.

    Parameters
    ----------
    source : Rows
        For the place of a row.
    days : ndarray of int32, shape (n,)
        Trade dates.
    settle : ndarray of float64, shape (n,)
        Settlements, volatility points.
    at : ndarray of intp, shape (m,)
        Rows to look at, contract by contract and in date order.
    contract : ndarray of int32, shape (m,)
        Which contract each of them is of.

    Raises
    ------
    DataError
        Naming the line.
    """
    value = settle[at]
    near = (np.diff(contract) == 0) & (np.diff(days[at]) <= NEIGHBOUR_DAYS)
    ratio = value[1:] / value[:-1]
    wrong = np.flatnonzero(near & ((ratio > JUMP) | (ratio < 1 / JUMP)))
    if len(wrong):
        row, before = int(at[wrong[0] + 1]), int(at[wrong[0]])
        raise DataError(
            f"{source.where(row)}: {to_date(days[row])} the settlement is {settle[row]:g} after "
            f"{settle[before]:g} on {to_date(days[before])}; a change of less than {JUMP:g} times "
            "was wanted; look for a slipped decimal point or download the file again"
        )


def stop_at_bad_levels(source: Rows, days: Days, settle: Floats, at: NDArray[np.intp]) -> None:
    """Raise on the first settlement, among rows ``at``, that no VIX future ever had."""
    wrong = at[(settle[at] < LOWEST) | (settle[at] > HIGHEST)]
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{source.where(row)}: {to_date(days[row])} the settlement is {settle[row]:g}; a "
            f"VIX future between {LOWEST:g} and {HIGHEST:g} was wanted; look for a slipped decimal "
            "point or download the file again"
        )
