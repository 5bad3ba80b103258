"""From what the readers found to the pieces of one history: merge, align, refuse, report.

The days of a history are the days with an S&P 500 close. A VIX value on a session without one
stops the load; on a day without a session (Cboe publishes VIX on some US holidays) it is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh import calendars
from alvh.errors import DataError
from alvh.market.sources import catalogue
from alvh.market.sources.futures import merge_futures, merge_settlements
from alvh.market.sources.records import (
    Conflict,
    DailySeries,
    Days,
    Floats,
    Gathered,
    Parts,
    Refusal,
    SeriesReport,
    to_date,
    to_day,
)
from alvh.market.sources.runs import gaps_between

_RELATIVE, _ABSOLUTE = 1e-4, 0.0051  # copies of one file differ by rounding to two decimals
_CLOSED = "no S&P 500 session on that day"


@dataclass(frozen=True, slots=True)
class _Merged:
    """One column out of all the files that feed it."""

    dates: Days
    values: Floats
    origin: NDArray[np.intp]  # index into `series` per value
    series: tuple[DailySeries, ...]
    conflicts: tuple[Conflict, ...]

    def where(self, day: int) -> str:
        """Name the file and line that a day's value came from."""
        row = int(np.searchsorted(self.dates, day))
        one = self.series[int(self.origin[row])]
        return f"{one.source}:{one.lines[int(np.searchsorted(one.dates, day))]}"


def assemble(gathered: Gathered, *, place: str, today: date | None = None) -> Parts:
    """Merge and align everything that was found.

    Parameters
    ----------
    gathered : Gathered
        From the readers.
    place : str
        Folder, for messages.
    today : datetime.date, optional
        If given, values dated later stop the load. Scheduled events may lie ahead.

    Returns
    -------
    Parts
        What a ``History`` is built from.

    Raises
    ------
    DataError
        If SPX or VIX is absent, a VIX session has no SPX close, or a date lies in the future.
    """
    if today is not None:
        _stop_at_future(gathered, to_day(today))
    columns = {name: _merge(one) for name, one in _by_name(gathered.series).items()}
    for name, wanted in (("spx", "S&P 500 closes"), ("vix", "VIX closes")):
        if name not in columns or not len(columns[name].dates):
            raise DataError(
                f"{place}: no file with {wanted}; a CSV such as {name.upper()}_History.csv with "
                "DATE and CLOSE was wanted; add one, or pull it with 'alvh data pull'"
            )
    days, closed = _session_days(columns["spx"])
    _stop_at_vix_without_spx(columns["vix"], days)
    futures, futures_report = merge_futures(gathered.quotes, days)
    last = int(days[-1])
    settlements, settlement_report = merge_settlements(gathered.quotes, gathered.settlements, last)
    aligned = {name: _align(name, one, days) for name, one in sorted(columns.items())}
    reports = [_report(name, one, days, aligned[name]) for name, one in sorted(columns.items())]
    reports = [_with_refused(one, closed) if one.name == "spx" else one for one in reports]
    events, event_reports = _merge_events(gathered.events)
    monthly, monthly_reports = _merge_monthly(gathered)
    extra = [one for one in (futures_report, settlement_report) if one is not None]
    return Parts(
        dates=days,
        columns=aligned,
        futures=futures,
        settlements=settlements,
        events=events,
        monthly=monthly,
        report=(*reports, *extra, *event_reports, *monthly_reports),
        ignored=tuple(gathered.ignored),
        chains=tuple(gathered.chains),
    )


def _stop_at_future(gathered: Gathered, today: int) -> None:
    late = [(one.dates, one.lines, one.source) for one in gathered.series]
    for dates, lines, source in late:
        if len(dates) and dates[-1] > today:
            row = int(np.searchsorted(dates, today, side="right"))
            _raise_future(f"{source}:{lines[row]}", int(dates[row]), today)
    for quotes in gathered.quotes:
        rows = np.flatnonzero(quotes.dates > today)
        if len(rows):
            _raise_future(quotes.where(int(rows[0])), int(quotes.dates[rows[0]]), today)


def _raise_future(where: str, day: int, today: int) -> None:
    raise DataError(
        f"{where}: {to_date(day)} is in the future; a date up to {to_date(today)} was wanted; "
        "correct or delete the line"
    )


def _by_name(series: Sequence[DailySeries]) -> dict[str, list[DailySeries]]:
    grouped: dict[str, list[DailySeries]] = {}
    for one in series:
        grouped.setdefault(one.name, []).append(one)
    for found in grouped.values():  # a copy has a longer name than its original
        found.sort(key=lambda one: (one.rank, len(one.source), one.source))
    return grouped


def _merge(found: Sequence[DailySeries]) -> _Merged:
    """Merge files that give the same column, day by day, in their declared order."""
    dates = np.concatenate([one.dates for one in found])
    values = np.concatenate([one.values for one in found])
    origin = np.repeat(np.arange(len(found)), [len(one.dates) for one in found])
    if len(found) == 1:
        return _Merged(dates, values, origin, tuple(found), ())
    order = np.lexsort((origin, dates))
    first = np.diff(dates[order], prepend=np.int32(-(10**9))) != 0
    winner = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    apart = np.abs(values[order] - values[winner])
    differing = np.flatnonzero(apart > np.maximum(_ABSOLUTE, _RELATIVE * np.abs(values[order])))
    conflicts = []
    for kept, dropped in sorted(
        {(int(origin[winner[i]]), int(origin[order[i]])) for i in differing}
    ):
        mine = [i for i in differing if origin[winner[i]] == kept and origin[order[i]] == dropped]
        first_day = to_date(dates[order[mine[0]]])
        conflicts.append(
            Conflict(
                found[kept].source,
                found[dropped].source,
                len(mine),
                first_day,
                float(apart[mine].max()),
            )
        )
    kept_rows = order[first]
    return _Merged(
        dates[kept_rows], values[kept_rows], origin[kept_rows], tuple(found), tuple(conflicts)
    )


def _known_sessions() -> Days:
    return calendars.sessions().astype("datetime64[D]").astype(np.int32)


def _closed_days(days: Days) -> NDArray[np.bool_]:
    """Mark days inside the exchange calendar that are no session of it."""
    known = _known_sessions()
    inside: NDArray[np.bool_] = (days >= known[0]) & (days <= known[-1])
    return inside & ~np.isin(days, known)


def _session_days(spx: _Merged) -> tuple[Days, tuple[Refusal, ...]]:
    closed = _closed_days(spx.dates)
    refused = tuple(
        Refusal("spx", to_date(day), f"{value:g}", spx.where(int(day)), "the exchange was closed")
        for day, value in zip(spx.dates[closed], spx.values[closed], strict=True)
    )
    return spx.dates[~closed], refused


def _stop_at_vix_without_spx(vix: _Merged, days: Days) -> None:
    alone = vix.dates[~np.isin(vix.dates, days)]
    alone = alone[(alone > days[0]) & (alone < days[-1])]
    alone = alone[~_closed_days(alone)]
    if len(alone):
        day = int(alone[0])
        raise DataError(
            f"{vix.where(day)}: VIX has a value on {to_date(day)}, a session of the exchange, and "
            f"the S&P 500 file has none ({len(alone)} such days); a close for every session was "
            "wanted; complete the S&P 500 file or download it again"
        )


def _align(name: str, merged: _Merged, days: Days) -> Floats:
    """Put values on the days of the history; NaN where there is none."""
    out = np.full(len(days), np.nan)
    rule = catalogue.COLUMNS.get(name)
    if rule is not None and rule.monthly:
        return _carry_months(merged, days)
    _, here, there = np.intersect1d(days, merged.dates, assume_unique=True, return_indices=True)
    out[here] = merged.values[there]
    return out


def _carry_months(merged: _Merged, days: Days) -> Floats:
    """Give each day the latest monthly value that was out by then.

    A value dated to the first of a month describes that month and is published in the course of
    the next; it is used from the first day of the month after that, and for two months at most.
    """
    months = merged.dates.astype("datetime64[D]").astype("datetime64[M]")
    usable_from = (months + 2).astype("datetime64[D]").astype(np.int32)
    usable_to = (months + 4).astype("datetime64[D]").astype(np.int32)
    at = np.searchsorted(usable_from, days, side="right") - 1
    known = (at >= 0) & (days < usable_to[np.maximum(at, 0)])
    return np.where(known, merged.values[np.maximum(at, 0)], np.nan)


def _report(name: str, merged: _Merged, days: Days, aligned: Floats) -> SeriesReport:
    present = days[np.isfinite(aligned)]
    rule = catalogue.COLUMNS.get(name)
    every_day = rule is not None and rule.every_day
    refused = [note for one in merged.series for note in one.refused]
    if not every_day:
        refused += _on_closed_days(name, merged, days)
    return SeriesReport(
        name=name,
        sources=tuple(one.source for one in merged.series),
        first=to_date(present[0]) if len(present) else None,
        last=to_date(present[-1]) if len(present) else None,
        count=len(present),
        gaps=gaps_between(days, present),
        refused=tuple(refused),
        conflicts=merged.conflicts,
    )


def _on_closed_days(name: str, merged: _Merged, days: Days) -> list[Refusal]:
    inside = (merged.dates > days[0]) & (merged.dates < days[-1])
    alone = np.flatnonzero(inside & ~np.isin(merged.dates, days))
    if name == "spx":
        return []
    return [
        Refusal(
            name,
            to_date(merged.dates[row]),
            f"{merged.values[row]:g}",
            merged.where(int(merged.dates[row])),
            _CLOSED,
        )
        for row in alone.tolist()
    ]


def _with_refused(report: SeriesReport, more: tuple[Refusal, ...]) -> SeriesReport:
    return SeriesReport(
        report.name,
        report.sources,
        report.first,
        report.last,
        report.count,
        report.gaps,
        (*report.refused, *more),
        report.conflicts,
    )


def _merge_events(
    events: Mapping[str, list[tuple[str, Days]]],
) -> tuple[dict[str, Days], list[SeriesReport]]:
    merged, reports = {}, []
    for name, found in sorted(events.items()):
        days = np.unique(np.concatenate([one for _, one in found])).astype(np.int32)
        merged[name] = days
        reports.append(
            SeriesReport(
                f"events.{name}",
                tuple(source for source, _ in found),
                to_date(days[0]) if len(days) else None,
                to_date(days[-1]) if len(days) else None,
                len(days),
            )
        )
    return merged, reports


def _merge_monthly(gathered: Gathered) -> tuple[dict[str, pl.DataFrame], list[SeriesReport]]:
    """Merge monthly tables: the first file's values, blanks filled from the next."""
    merged, reports = {}, []
    for name, found in sorted(gathered.monthly.items()):
        table = found[0][1]
        for _, other in found[1:]:
            table = _fill(table, other)
        merged[name] = table.sort("date")
        dates = merged[name]["date"]
        reports.append(
            SeriesReport(
                f"monthly.{name}",
                tuple(source for source, _ in found),
                dates[0] if len(dates) else None,
                dates[-1] if len(dates) else None,
                len(dates),
                refused=tuple(
                    note for note in gathered.refused if note.series.startswith(f"{name}.")
                ),
            )
        )
    return merged, reports


def _fill(table: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    joined = table.join(other, on="date", how="full", coalesce=True, suffix="_other")
    filled = []
    for name in table.columns:
        same = pl.col(name)
        both = name != "date" and f"{name}_other" in joined.columns
        filled.append(pl.coalesce(same, pl.col(f"{name}_other")) if both else same)
    return joined.select(filled)
