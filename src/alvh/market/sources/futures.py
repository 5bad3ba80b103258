"""One settlement per trade date and expiry out of all the files that quote VIX futures.

Order of trust: the exchange's current contract file, its legacy file, its daily settlement list,
the ladder, a derived panel. A settlement of 0 never reaches this point, so where a current file
has one the next in the order fills the place. Rows on the settlement day are final settlements
and are kept apart from quotes.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.market.sources.records import (
    Conflict,
    Days,
    FinalSettlements,
    Floats,
    FuturesQuotes,
    Refusal,
    SeriesReport,
    to_date,
)
from alvh.market.sources.runs import gaps_between

#: Columns of ``History.futures``: trade date, settlement date, points, kind of file.
SCHEMA = {"date": pl.Date, "expiry": pl.Date, "settle": pl.Float64, "source": pl.String}

_AGREE = 0.0051  # settlements closer than this are the same (tick 0.01, later 0.0001)


def empty_futures() -> pl.DataFrame:
    """Return a futures table without rows."""
    return pl.DataFrame(schema=SCHEMA)


def merge_futures(
    quotes: Sequence[FuturesQuotes], sessions: Days
) -> tuple[pl.DataFrame, SeriesReport | None]:
    """Merge quotes before the settlement day.

    Parameters
    ----------
    quotes : sequence of FuturesQuotes
        As read.
    sessions : ndarray of int32, shape (n,)
        Days of the history.

    Returns
    -------
    futures : polars.DataFrame
        ``date``, ``expiry``, ``settle``, ``source``; one row per date and expiry, sorted.
    report : SeriesReport or None
        None if there is no file of futures.
    """
    ordered = sorted(quotes, key=lambda one: one.rank)
    if not ordered:
        return empty_futures(), None
    day = np.concatenate([one.dates for one in ordered])
    expiry = np.concatenate([one.expiries for one in ordered])
    settle = np.concatenate([one.settle for one in ordered])
    kind = np.repeat(np.arange(len(ordered)), [len(one.dates) for one in ordered])
    row_in = np.concatenate([np.arange(len(one.dates)) for one in ordered])
    inside = (day < expiry) & (day >= sessions[0]) & (day <= sessions[-1])
    order = np.flatnonzero(inside)
    order = order[np.lexsort((order, expiry[order], day[order]))]
    first = _first_of_each(day[order], expiry[order])
    conflicts = _conflicts(ordered, order, first, day, (settle, kind))
    kept = order[first]
    open_day = np.isin(day[kept], sessions)
    closed = [_closed_day(ordered[kind[at]], int(row_in[at])) for at in kept[~open_day].tolist()]
    kept = kept[open_day]
    report = SeriesReport(
        name="futures",
        sources=tuple(_describe(one) for one in ordered),
        first=to_date(day[kept[0]]) if len(kept) else None,
        last=to_date(day[kept[-1]]) if len(kept) else None,
        count=len(kept),
        gaps=gaps_between(sessions, np.unique(day[kept])),
        refused=(*_notes(ordered, "futures"), *closed),
        conflicts=conflicts,
    )
    return _frame(ordered, day[kept], expiry[kept], settle[kept], kind[kept]), report


def _frame(
    ordered: Sequence[FuturesQuotes],
    day: Days,
    expiry: Days,
    settle: Floats,
    kind: NDArray[np.int_],
) -> pl.DataFrame:
    names = np.array([one.source for one in ordered])
    return pl.DataFrame(
        {
            "date": pl.Series(day, dtype=pl.Int32).cast(pl.Date),
            "expiry": pl.Series(expiry, dtype=pl.Int32).cast(pl.Date),
            "settle": settle,
            "source": pl.Series(names.tolist(), dtype=pl.String).gather(kind),
        }
    )


def _first_of_each(day: Days, expiry: Days) -> NDArray[np.bool_]:
    """Mark the first row of each (day, expiry) in sorted arrays."""
    first = np.ones(len(day), np.bool_)
    first[1:] = (np.diff(day) != 0) | (np.diff(expiry) != 0)
    return first


def _describe(one: FuturesQuotes) -> str:
    count = len(np.unique(one.file))
    if count == 1:
        return one.files[int(one.file[0])]
    return f"{one.source} contract files ({count})"


def _notes(ordered: Sequence[FuturesQuotes], series: str) -> tuple[Refusal, ...]:
    return tuple(note for one in ordered for note in one.refused if note.series == series)


def _closed_day(one: FuturesQuotes, row: int) -> Refusal:
    return Refusal(
        "futures",
        to_date(one.dates[row]),
        f"{one.settle[row]:g}",
        one.where(row),
        "no S&P 500 session on that day",
    )


def _conflicts(
    ordered: Sequence[FuturesQuotes],
    order: NDArray[np.intp],
    first: NDArray[np.bool_],
    day: Days,
    values: tuple[Floats, NDArray[np.int_]],
) -> tuple[Conflict, ...]:
    """Compare every row that lost with the row that won its place."""
    settle, kind = values
    winner = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    apart = np.abs(settle[order] - settle[winner])
    differing = np.flatnonzero(apart > _AGREE)
    found = []
    for kept, dropped in sorted({(int(kind[winner[i]]), int(kind[order[i]])) for i in differing}):
        mine = [i for i in differing if kind[winner[i]] == kept and kind[order[i]] == dropped]
        found.append(
            Conflict(
                kept=_describe(ordered[kept]),
                dropped=_describe(ordered[dropped]),
                count=len(mine),
                first=to_date(day[order[mine[0]]]),
                largest=float(apart[mine].max()),
            )
        )
    return tuple(found)


def merge_settlements(
    quotes: Sequence[FuturesQuotes], archives: Sequence[FinalSettlements], last: int
) -> tuple[Mapping[date, tuple[float, str]], SeriesReport | None]:
    """Merge final settlement values: the exchange's archive first, then rows on settlement days.

    Parameters
    ----------
    quotes : sequence of FuturesQuotes
        As read.
    archives : sequence of FinalSettlements
        As read.
    last : int
        Last day of the history; later settlements are left out.

    Returns
    -------
    settlements : mapping
        Settlement date to (value in volatility points, file or kind of file).
    report : SeriesReport or None
        None if nothing was published.
    """
    merged: dict[int, tuple[float, str]] = {}
    conflicts: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for source, expiries, values in _published(quotes, archives):
        for expiry, value in zip(expiries.tolist(), values.tolist(), strict=True):
            if expiry > last:
                continue
            held = merged.setdefault(expiry, (value, source))
            if abs(held[0] - value) > _AGREE:
                conflicts.setdefault((held[1], source), []).append((expiry, abs(held[0] - value)))
    if not merged:
        return {}, None
    ordered = dict(sorted(merged.items()))
    days = list(ordered)
    report = SeriesReport(
        name="settlements",
        sources=tuple(dict.fromkeys(source for _, source in merged.values())),
        first=to_date(days[0]),
        last=to_date(days[-1]),
        count=len(days),
        refused=_notes(sorted(quotes, key=lambda one: one.rank), "settlements"),
        conflicts=tuple(
            Conflict(kept, dropped, len(found), to_date(min(found)[0]), max(x for _, x in found))
            for (kept, dropped), found in conflicts.items()
        ),
    )
    return {to_date(day): value for day, value in ordered.items()}, report


def _published(
    quotes: Sequence[FuturesQuotes], archives: Sequence[FinalSettlements]
) -> list[tuple[str, Days, Floats]]:
    found = [(one.source, one.expiries, one.values) for one in archives]
    for one in sorted(quotes, key=lambda one: one.rank):
        final = one.dates == one.expiries
        found.append((one.source, one.expiries[final], one.settle[final]))
    return found
