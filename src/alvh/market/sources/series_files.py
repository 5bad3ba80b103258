"""Files with one row a day: Cboe indices, FRED, prices, breadth, funds.

Each yields one `DailySeries` for every column it feeds. Dates must ascend (a file that descends
throughout is turned round); a date twice, or out of order, stops the read.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.market.sources import catalogue
from alvh.market.sources.catalogue import Column
from alvh.market.sources.recognise import Found
from alvh.market.sources.records import DailySeries, Days, Floats, Refusal, to_date
from alvh.market.sources.text import Rows, body, clean, dates, numbers, rows

#: Declared precedence among files that give the same column: the lowest wins.
RANKS = {"prices": 0, "value": 0, "etf": 1, "breadth": 1, "table": 2, "fred": 3, "bundled": 0}

JUMP = 3.0  # no close of SPX or VIX was ever three times, or a third of, the one before
NEIGHBOUR_DAYS = 10  # closes further apart than this are not compared
ISOLATED_DAYS = 45  # a first or last date this far from all others is a misprint
_OLD_OPENS = 7305  # 1990-01-01: vendors fill older S&P 500 opens with 0
_LONGEST_DAY = 5.0  # an open, high or low beyond five times the close is a misprint
_SATURDAY_SESSIONS_END = -6305  # 1952-09-27, the last Saturday session in New York

_FUND_COLUMNS = {"spy": "spy", "vnq": "vnq", "iyr": "iyr", "bil": "bil"}


def read_series(found: Found, raw: bytes) -> list[DailySeries]:
    """Read a file of daily values.

    Parameters
    ----------
    found : Found
        Of kind ``prices``, ``value``, ``fred``, ``etf``, ``breadth`` or ``table``.
    raw : bytes
        Its content.

    Returns
    -------
    list of DailySeries
        One for each column of the history that the file feeds.

    Raises
    ------
    DataError
        For a fault of structure, or a cell of SPX or VIX that cannot be right.
    """
    raw = clean(raw)
    skip = _first_data_line(raw) if found.kind == "etf" else found.skip
    source = rows([body(found.path, raw, skip)], max(len(found.header), 2))
    if not len(source.lines):
        raise DataError(
            f"{found.path}:1: a header and no data; rows of daily values were wanted; "
            "download the file again or remove it"
        )
    days = dates(source)
    order = _ascending(source, days)
    wanted = _columns(found)
    _refuse_odd_dates(source, days[order], order, strict=any(_is_strict(c) for _, c in wanted))
    series = [_series(found, source, days, order, position, name) for position, name in wanted]
    _check_within_day(source, series)
    return series


def _is_strict(name: str) -> bool:
    return name in catalogue.COLUMNS and catalogue.COLUMNS[name].strict


def _first_data_line(raw: bytes) -> int:
    """Number of lines above the first that starts with a digit (fund files have several)."""
    for skip, line in enumerate(raw.split(b"\n", 12)[:12]):
        if line[:1].isdigit():
            return skip
    return 3


def _columns(found: Found) -> list[tuple[int, str]]:
    """Return the field positions to read and the columns they feed."""
    column = catalogue.column_of(found.symbol) if found.symbol else ""
    if found.kind == "breadth":
        return [(1, found.symbol)]
    if found.kind == "table":
        return [
            (position, catalogue.column_of(name))
            for position, name in enumerate(found.header)
            if position and (name in catalogue.COLUMNS or catalogue.is_known(name))
        ]
    if found.kind in ("value", "fred"):
        return [(1, column)]
    return _price_columns(found, column)


def _price_columns(found: Found, column: str) -> list[tuple[int, str]]:
    where = {name: position for position, name in enumerate(found.header)}
    adjusted = where.get("adj close")
    if found.kind == "etf" and adjusted is None:
        adjusted = 1  # a second column called like the first: the close adjusted for distributions
    if column == "spy":
        raw_columns = [(where["open"], "spy_open"), (where["close"], "spy")]
        return raw_columns + ([(adjusted, "spy_adjusted")] if adjusted else [])
    if column in _FUND_COLUMNS:
        return [(adjusted or where["close"], column)]
    if column in ("spx", "vix"):
        parts = [(where[part], f"{column}_{part}") for part in ("open", "high", "low")]
        return [(where["close"], column), *parts]
    return [(where["close"], column)]


def _ascending(source: Rows, days: Days) -> NDArray[np.intp]:
    """Return the row order that makes dates ascend; refuse a date twice or out of order."""
    step = np.diff(days)
    if len(step) and (step < 0).all():
        return np.arange(len(days))[::-1]
    wrong = np.flatnonzero(step <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        earlier = np.flatnonzero(days[:row] == days[row])
        when = to_date(days[row])
        if len(earlier):
            raise DataError(
                f"{source.where(row)}: {when} is there twice (first on line "
                f"{source.lines[earlier[0]]}); one row a date was wanted; delete the wrong line"
            )
        raise DataError(
            f"{source.where(row)}: {when} follows {to_date(days[row - 1])}; ascending dates were "
            "wanted; correct the date or sort the file"
        )
    return np.arange(len(days))


def _refuse_odd_dates(source: Rows, days: Days, order: NDArray[np.intp], *, strict: bool) -> None:
    """Stop at a first or last date far from all others, or a weekend in an exchange series."""
    stop_at_isolated(source, days, order)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday
    weekend = (weekday > 4) & ~((weekday == 5) & (days <= _SATURDAY_SESSIONS_END))
    if strict and weekend.any():
        row = int(np.flatnonzero(weekend)[0])
        raise DataError(
            f"{source.where(int(order[row]))}: {to_date(days[row])} is a weekend; a session of the "
            "exchange was wanted; correct or delete the line"
        )


def stop_at_isolated(source: Rows, days: Days, order: NDArray[np.intp]) -> None:
    """Stop at a first or last date that stands far from all the others of a daily series.

    Parameters
    ----------
    source : Rows
        For the place of a date.
    days : ndarray of int32, shape (n,)
        Ascending dates.
    order : ndarray of intp, shape (n,)
        Row of ``source`` of each date.

    Raises
    ------
    DataError
        Naming the line.
    """
    step = np.diff(days)
    if len(days) < 3 or np.median(step) > NEIGHBOUR_DAYS:
        return
    for edge, beside, gap in ((0, 1, step[0]), (-1, -2, step[-1])):
        if gap > ISOLATED_DAYS:
            raise DataError(
                f"{source.where(int(order[edge]))}: {to_date(days[edge])} is {gap} days from the "
                f"nearest other date ({to_date(days[beside])}); a date within {ISOLATED_DAYS} days "
                "was wanted; correct or delete the line"
            )


def _series(
    found: Found, source: Rows, days: Days, order: NDArray[np.intp], position: int, name: str
) -> DailySeries:
    """Read one column, judge its cells, and convert it to the column's unit."""
    values, blank, unreadable = numbers(source, position)
    rule = catalogue.rules(name, vendor=found.kind)
    if rule.strict:
        _stop_at_bad_cell(found, source, days, name, (values, blank, unreadable), rule)
    refused = _refusals(source, days, position, name, (values, unreadable), rule)
    for cell in refused:
        values[cell[0]] = np.nan
    kept = order[np.isfinite(values[order])]
    series = DailySeries(
        name=name,
        source=found.path,
        rank=RANKS[found.kind],
        dates=days[kept],
        values=values[kept] * rule.scale,
        lines=source.lines[kept],
        refused=tuple(refusal for _, refusal in refused),
    )
    if name in ("spx", "vix"):
        stop_at_jump(series)
    return series


def _stop_at_bad_cell(
    found: Found,
    source: Rows,
    days: Days,
    name: str,
    cells: tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]],
    rule: Column,
) -> None:
    """Raise on the first cell of a strict column that is no number or cannot be a price."""
    values, blank, unreadable = cells
    wrong = unreadable | (values <= rule.low) | (values > rule.high)
    if found.kind == "prices" and name in ("spx", "vix"):
        wrong |= blank
    if name.startswith("spx_"):
        wrong &= ~((values == 0) & (days < _OLD_OPENS))
    bad = np.flatnonzero(wrong)
    if len(bad):
        row = int(bad[0])
        text = source.cell(row, _position(found, name))
        raise DataError(
            f"{source.where(row)}: {to_date(days[row])} {name} is '{text}'; "
            f"a number above {rule.low:g} and up to {rule.high:g} was wanted; "
            "correct the line or download the file again"
        )


def _position(found: Found, name: str) -> int:
    return next(position for position, column in _columns(found) if column == name)


def _refusals(
    source: Rows,
    days: Days,
    position: int,
    name: str,
    cells: tuple[Floats, NDArray[np.bool_]],
    rule: Column,
) -> list[tuple[int, Refusal]]:
    """Return rows whose cell is not believed, with the reason."""
    values, unreadable = cells
    with np.errstate(invalid="ignore"):
        outside = (values <= rule.low) | (values > rule.high)
    found: list[tuple[int, str]] = [
        (int(row), "not a number") for row in np.flatnonzero(unreadable)
    ]
    for row in np.flatnonzero(outside):
        found.append((int(row), f"outside {rule.low:g} to {rule.high:g}"))
    for (column, day), (value, reason) in catalogue.KNOWN_BAD.items():
        if column == name:
            at = np.flatnonzero(days == np.datetime64(day, "D").astype(np.int32))
            found += [(int(row), reason) for row in at if abs(values[row] - value) < 0.006]
    reasons = dict(found)  # a known misprint outside the bounds is reported as what it is
    return [
        (
            row,
            Refusal(
                name, to_date(days[row]), source.cell(row, position), source.where(row), reason
            ),
        )
        for row, reason in sorted(reasons.items())
    ]


def stop_at_jump(series: DailySeries) -> None:
    """Raise at the first close that is three times, or a third of, the close before it.

    Raises
    ------
    DataError
        Naming the line: a price on a scale of its own (a slipped decimal point, a factor of ten).
    """
    near = np.diff(series.dates) <= NEIGHBOUR_DAYS
    ratio = series.values[1:] / series.values[:-1]
    wrong = np.flatnonzero(near & ((ratio > JUMP) | (ratio < 1 / JUMP)))
    if not len(wrong):
        return
    row = int(wrong[0]) + 1
    if row == 1 and len(ratio) > 1 and 1 / JUMP < ratio[1] < JUMP:
        row = 0  # the first value is the odd one
    beside = row - 1 if row else 1
    raise DataError(
        f"{series.source}:{series.lines[row]}: {to_date(series.dates[row])} {series.name} is "
        f"{series.values[row]:g} beside {series.values[beside]:g} on "
        f"{to_date(series.dates[beside])}; a change of less than {JUMP:g} times was wanted; "
        "look for a slipped decimal point or download the file again"
    )


def _check_within_day(source: Rows, series: Sequence[DailySeries]) -> None:
    """Raise where an open, high or low is far off the close of its day."""
    close = next((one for one in series if one.name in ("spx", "vix")), None)
    for other in series:
        if close is None or other is close:
            continue
        _, left, right = np.intersect1d(
            close.dates, other.dates, assume_unique=True, return_indices=True
        )
        ratio = other.values[right] / close.values[left]
        wrong = np.flatnonzero((ratio > _LONGEST_DAY) | (ratio < 1 / _LONGEST_DAY))
        if len(wrong):
            row = right[wrong[0]]
            raise DataError(
                f"{other.source}:{other.lines[row]}: {to_date(other.dates[row])} {other.name} is "
                f"{other.values[row]:g} and the close {close.values[left[wrong[0]]]:g}; a price "
                f"within {_LONGEST_DAY:g} times the close was wanted; look for a slipped decimal "
                "point or download the file again"
            )
