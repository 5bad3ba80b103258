"""VIX futures from tables of many contracts: ladder, panel, settlement curve, final settlements.

The ladder gives settlements by rank (VX1 is the contract nearest to expiry), so each value is
tied to the monthly expiry calendar. Compared with the exchange's own files, the ladder in
circulation has three habits that its columns do not show:

- up to October 2014 the ranks move up on the settlement day itself, from November 2014 on the
  day after;
- in 2015 to 2017 VX1 on the settlement day is the last trade of the expiring contract, from
  March 2018 it is the final settlement;
- before July 2008 far ranks without a listed contract repeat an old value.
"""

from bisect import bisect_left
from datetime import date

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.market.sources.cfe import (
    RANKS,
    expiry_at,
    known_misprints,
    modern_scale,
    monthly_expiry,
    stop_at_bad_levels,
    stop_at_jumps,
)
from alvh.market.sources.recognise import Found
from alvh.market.sources.records import (
    Days,
    FinalSettlements,
    Floats,
    FuturesQuotes,
    Refusal,
    to_date,
    to_day,
)
from alvh.market.sources.series_files import stop_at_isolated
from alvh.market.sources.text import Rows, body, clean, dates, numbers, rows

_LADDER_STARTS = to_day(date(2007, 1, 1))  # before, ranks beyond the second are stale
_ROLLS_THE_DAY_AFTER = to_day(date(2014, 11, 1))
_ROLLED_LATE = to_day(date(2008, 2, 19))  # a Tuesday settlement on which the ranks did not move
_LAST_IS_FINAL = to_day(date(2018, 3, 1))
_LISTED_OUT = to_day(date(2008, 7, 1))  # from here all seven ranks are listed contracts
_FIRST_YEAR, _LAST_YEAR = 2004, 2031


def _monthly_expiries() -> list[int]:
    return [
        monthly_expiry(year, month)
        for year in range(_FIRST_YEAR, _LAST_YEAR)
        for month in range(1, 13)
    ]


def _read(found: Found, raw: bytes) -> Rows:
    source = rows([body(found.path, clean(raw), found.skip)], len(found.header))
    if not len(source.lines):
        raise DataError(
            f"{found.path}:1: a header and no data; rows of futures prices were wanted; "
            "download the file again or remove it"
        )
    return source


def _stop_at_unreadable(source: Rows, wrong: NDArray[np.bool_], column: int, what: str) -> None:
    at = np.flatnonzero(wrong)
    if len(at):
        row = int(at[0])
        raise DataError(
            f"{source.where(row)}: the {what} is '{source.cell(row, column)[:20]}'; a number was "
            "wanted; correct the line or download the file again"
        )


def read_ladder(found: Found, raw: bytes) -> FuturesQuotes:
    """Read a table of settlements by rank and tie each to its monthly expiry.

    Parameters
    ----------
    found : Found
        Of kind ``ladder``: a date and columns VX1, VX2, …
    raw : bytes
        Its content.

    Returns
    -------
    FuturesQuotes
        Rows in date and rank order. A row on a settlement day is a final settlement.

    Raises
    ------
    DataError
        For a fault of structure or a price that cannot be right.
    """
    source = _read(found, raw)
    days = dates(source)
    _stop_at_disorder(source, days)
    ranks = len(found.header) - 1
    grid = np.column_stack([_ladder_column(source, days, rank) for rank in range(1, ranks + 1)])
    expiry, final = _ladder_expiries(days, ranks)
    refused = _ladder_refusals(source, days, grid)
    grid[[row for row, _, _ in refused], [rank for _, rank, _ in refused]] = np.nan
    usable = np.isfinite(grid) & ~(final & (days < _LAST_IS_FINAL)[:, None])
    row, rank = np.nonzero(usable)
    return FuturesQuotes(
        source="ladder",
        rank=RANKS["ladder"],
        files=source.names,
        dates=days[row],
        expiries=expiry[row, rank],
        file=np.zeros(len(row), np.int32),
        lines=source.lines[row],
        settle=grid[row, rank],
        refused=(*(note for _, _, note in refused), *_last_trades(source, days, grid, final)),
    )


def _stop_at_disorder(source: Rows, days: Days) -> None:
    wrong = np.flatnonzero(np.diff(days) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        raise DataError(
            f"{source.where(row)}: {to_date(days[row])} follows {to_date(days[row - 1])}; one row "
            "a date in ascending order was wanted; correct or delete the line"
        )
    stop_at_isolated(source, days, np.arange(len(days)))


def _ladder_column(source: Rows, days: Days, rank: int) -> Floats:
    """Read one rank; raise on what is no number, no VIX future, or far off the day before."""
    values, _, unreadable = numbers(source, rank)
    _stop_at_unreadable(source, unreadable, rank, f"VX{rank}")
    values = modern_scale(days, values)
    at = np.flatnonzero(np.isfinite(values))
    stop_at_bad_levels(source, days, values, at)
    stop_at_jumps(source, days, values, at, np.zeros(len(at), np.int32))
    return values


def _ladder_expiries(days: Days, ranks: int) -> tuple[Days, NDArray[np.bool_]]:
    """Return the expiry of every rank on every day, and where a rank is the expiring contract."""
    listed = _monthly_expiries()
    expiry = np.empty((len(days), ranks), np.int32)
    for row, day in enumerate(days.tolist()):
        nearest = bisect_left(listed, day)
        moved = day < _ROLLS_THE_DAY_AFTER and day != _ROLLED_LATE and listed[nearest] == day
        expiry[row] = listed[nearest + moved : nearest + moved + ranks]
    return expiry, expiry == days[:, None]


def _ladder_refusals(source: Rows, days: Days, grid: Floats) -> list[tuple[int, int, Refusal]]:
    """Return rows and ranks of stale values."""
    stale = np.zeros(grid.shape, np.bool_)
    stale[1:, 2:] = grid[1:, 2:] == grid[:-1, 2:]
    stale &= (days < _LISTED_OUT)[:, None]
    early = np.isfinite(grid) & (days < _LADDER_STARTS)[:, None]
    return [
        (
            int(row),
            int(rank),
            Refusal(
                "futures",
                to_date(days[row]),
                f"{grid[row, rank]:g}",
                source.where(int(row)),
                "ladder before 2007: far ranks repeat old values"
                if early[row, rank]
                else f"VX{rank + 1} repeats the day before: no listed contract behind it",
            ),
        )
        for row, rank in zip(*np.nonzero(stale | early), strict=True)
    ]


def _last_trades(source: Rows, days: Days, grid: Floats, final: NDArray[np.bool_]) -> list[Refusal]:
    """Refuse the ladder's value on settlement days on which it is not the final settlement."""
    at = np.isfinite(grid) & final & (days < _LAST_IS_FINAL)[:, None]
    return [
        Refusal(
            "settlements",
            to_date(days[row]),
            f"{grid[row, rank]:g}",
            source.where(int(row)),
            "ladder before March 2018: last trade of the expiring contract, not its settlement",
        )
        for row, rank in zip(*np.nonzero(at), strict=True)
    ]


def read_panel(found: Found, raw: bytes) -> FuturesQuotes:
    """Read a table of trade date, expiry and settlement that somebody derived from other files.

    Raises
    ------
    DataError
        For a fault of structure or a price that cannot be right.
    """
    source = _read(found, raw)
    days = dates(source, found.header.index("trade_date"))
    expiries = dates(source, found.header.index("expiry"))
    column = found.header.index("settle")
    settle, blank, unreadable = numbers(source, column)
    _stop_at_unreadable(source, blank | unreadable, column, "settlement")
    settle = modern_scale(days, settle)
    bad, misprints = known_misprints(source, days, expiries, settle)
    stop_at_bad_levels(source, days, settle, np.flatnonzero(~bad))
    order = np.lexsort((days, expiries))
    order = order[~bad[order]]
    stop_at_jumps(source, days, settle, order, expiries[order])
    kept = np.flatnonzero(~bad & (days <= expiries))
    return FuturesQuotes(
        source="panel",
        rank=RANKS["panel"],
        files=source.names,
        dates=days[kept],
        expiries=expiries[kept],
        file=np.zeros(len(kept), np.int32),
        lines=source.lines[kept],
        settle=settle[kept],
        refused=tuple(note for _, note in misprints),
    )


def read_curve(found: Found, raw: bytes) -> FuturesQuotes:
    """Read the exchange's daily settlement list of all contracts (symbols ``VX/Q6``, ``VX31/Q6``).

    Raises
    ------
    DataError
        For a fault of structure or a price that cannot be right.
    """
    source = _read(found, raw)
    price = found.header.index("settlement" if "settlement" in found.header else "price")
    symbol = source.text(found.header.index("symbol")).str.strip_chars()
    mine = symbol.str.contains(r"^VX\d{0,2}/[FGHJKMNQUVXZ]\d$").fill_null(False).to_numpy()
    settle, blank, unreadable = numbers(source, price)
    _stop_at_unreadable(source, mine & (blank | unreadable), price, "settlement")
    expiries = dates(source, found.header.index("expiration_date"))
    days = np.full(len(expiries), to_day(date.fromisoformat(found.symbol)), np.int32)
    stop_at_bad_levels(source, days, settle, np.flatnonzero(mine))
    kept = np.flatnonzero(mine & (days < expiries))
    return FuturesQuotes(
        source="curve",
        rank=RANKS["curve"],
        files=source.names,
        dates=days[kept],
        expiries=expiries[kept],
        file=np.zeros(len(kept), np.int32),
        lines=source.lines[kept],
        settle=settle[kept],
    )


def read_final_settlements(found: Found, raw: bytes) -> FinalSettlements:
    """Read the exchange's archive of final settlement values (monthly VX contracts).

    Raises
    ------
    DataError
        For a fault of structure or a value that cannot be right.
    """
    source = _read(found, raw)
    mine = np.flatnonzero(
        (source.text(found.header.index("symbol")) == "VX").fill_null(False).to_numpy()
    )
    year = numbers(source, found.header.index("settlementyear"))[0]
    month = numbers(source, found.header.index("settlementmonth"))[0]
    column = found.header.index("settlementprice")
    price, blank, unreadable = numbers(source, column)
    odd = np.zeros(len(price), np.bool_)
    odd[mine] = (blank | unreadable | ~np.isfinite(year + month))[mine]
    _stop_at_unreadable(source, odd, column, "final settlement")
    expiries = np.zeros(len(price), np.int32)
    expiries[mine] = [
        expiry_at(source.where(row), int(year[row]), int(month[row])) for row in mine.tolist()
    ]
    value = modern_scale(expiries, price)
    stop_at_bad_levels(source, expiries, value, mine)
    return FinalSettlements(found.path, expiries[mine], value[mine], source.lines[mine])
