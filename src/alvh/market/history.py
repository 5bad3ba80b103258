"""The narrow waist: one frozen, aligned history of the market, with the provenance of its values.

``load_history`` is the only door. Everything behind it (readers, merging, alignment) lives in
``alvh.market.sources`` and can be used apart in tests.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.market.chains.store import INDEX, Store
from alvh.market.sources.assemble import assemble
from alvh.market.sources.bundled import read_bundled
from alvh.market.sources.folder import gather
from alvh.market.sources.futures import empty_futures
from alvh.market.sources.records import (
    Conflict,
    Floats,
    Gap,
    Parts,
    Refusal,
    SeriesReport,
    Unread,
)
from alvh.market.sources.walking import walk

__all__ = [
    "Conflict",
    "Gap",
    "History",
    "Refusal",
    "SeriesReport",
    "Unread",
    "load_history",
]

Dates = NDArray[np.datetime64]


@dataclass(frozen=True)
class History:
    """Daily market data, aligned on the days with an S&P 500 close.

    Only ``dates`` and ``columns`` are needed to build one; the rest defaults to nothing.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)
        Ascending.
    columns : mapping of str to ndarray of float64, shape (n,)
        NaN where there is no value. ``spx``, ``spx_open``, ``spx_high``, ``spx_low`` in index
        points; ``vix``, ``vix_open``, ``vix_high``, ``vix_low``, ``vix9d``, ``vix3m``, ``vix6m``,
        ``vvix`` in volatility points; ``skew``; ``bill_rate`` (bank discount of the three-month
        bill) and ``fed_funds`` decimal; ``policy_uncertainty``; ``reer``, carried from the day a
        month's value is out; ``advances``, ``declines``, ``unchanged``, ``new_highs``,
        ``new_lows``, ``advancing_volume``, ``declining_volume``; ``spy_open`` and ``spy`` as
        traded, USD; ``spy_adjusted``, ``vnq``, ``iyr``, ``bil`` adjusted for distributions, USD;
        and any further series found, under its symbol in lower case and in its own unit.
    futures : polars.DataFrame
        ``date``, ``expiry``, ``settle`` (volatility points, today's scale), ``source``; one row
        per date and expiry, sorted; without rows on settlement days.
    settlements : mapping of date to (float, str)
        VIX expiry to final settlement value, volatility points, and where it was published.
    events : mapping of str to ndarray of datetime64[D]
        Scheduled and past dates, ``"fomc"``, ``"cpi"``, …
    monthly : mapping of str to polars.DataFrame
        ``"shiller"``, ``"baker_wurgler"``: column ``date`` is the first day of the month that a
        row describes, not the day it was published.
    report : tuple of SeriesReport
        Source, range, gaps, refused values and disagreements of every series.
    ignored : tuple of Unread
        Files that were left alone, and why.
    chains : tuple of str
        Files recognised as option chains, which have not been imported.
    chain_folder : pathlib.Path or None
        Imported chains: the days that have some are priced by smiles fitted to them.

    Raises
    ------
    DataError
        If dates do not ascend or a column has another length.
    """

    dates: Dates
    columns: Mapping[str, Floats]
    futures: pl.DataFrame = field(default_factory=empty_futures)
    settlements: Mapping[date, tuple[float, str]] = field(default_factory=dict)
    events: Mapping[str, Dates] = field(default_factory=dict)
    monthly: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    report: tuple[SeriesReport, ...] = ()
    ignored: tuple[Unread, ...] = ()
    chains: tuple[str, ...] = ()
    chain_folder: Path | None = None

    def __post_init__(self) -> None:
        dates = _frozen(np.asarray(self.dates).astype("datetime64[D]"))
        if dates.ndim != 1 or (np.diff(dates) <= np.timedelta64(0, "D")).any():
            raise DataError("history: dates do not ascend; one ascending date a row was wanted")
        columns = {}
        for name, values in self.columns.items():
            columns[name] = _frozen(np.asarray(values, dtype=np.float64))
            if columns[name].shape != dates.shape:
                raise DataError(
                    f"history: column {name} has shape {columns[name].shape}; "
                    f"{dates.shape} was wanted, one value a date"
                )
        events = {name: _frozen(np.asarray(days).astype("datetime64[D]"))
                  for name, days in self.events.items()}  # fmt: skip
        object.__setattr__(self, "dates", dates)
        object.__setattr__(self, "columns", MappingProxyType(columns))
        object.__setattr__(self, "events", MappingProxyType(events))
        object.__setattr__(self, "settlements", MappingProxyType(dict(self.settlements)))
        object.__setattr__(self, "monthly", MappingProxyType(dict(self.monthly)))

    def __len__(self) -> int:
        return len(self.dates)

    def __getitem__(self, name: str) -> Floats:
        """Return a column, shape (n,).

        Raises
        ------
        DataError
            If there is no such column.
        """
        try:
            return self.columns[name]
        except KeyError:
            raise DataError(
                f"history: no series '{name}'; there are {', '.join(sorted(self.columns))}; "
                "add a file that has it"
            ) from None

    def has(self, name: str) -> bool:
        """Tell whether a column is there and has at least one value."""
        return name in self.columns and bool(np.isfinite(self.columns[name]).any())

    def between(self, start: date | str | None = None, end: date | str | None = None) -> "History":
        """Cut the history to a range of days.

        Parameters
        ----------
        start, end : datetime.date or str, optional
            First and last day, included. Events are kept whole: they are schedules.

        Returns
        -------
        History
            Its columns are the same numbers, to the bit. Its report is that of the whole.

        Raises
        ------
        DataError
            If no day is left.
        """
        first = _day(start) if start is not None else self.dates[0]
        last = _day(end) if end is not None else self.dates[-1]
        kept = slice(*np.searchsorted(self.dates, [first, last + np.timedelta64(1, "D")]))
        if not len(self.dates[kept]):
            raise DataError(
                f"history: no session between {first} and {last}; it has {self.dates[0]} to "
                f"{self.dates[-1]}; choose a range inside"
            )
        low, high = first.astype(object), last.astype(object)
        return History(
            dates=self.dates[kept],
            columns={name: values[kept] for name, values in self.columns.items()},
            futures=self.futures.filter(pl.col("date").is_between(low, high)),
            settlements={day: v for day, v in self.settlements.items() if low <= day <= high},
            events=self.events,
            monthly={name: table.filter(pl.col("date") <= high)
                     for name, table in self.monthly.items()},
            report=self.report,
            ignored=self.ignored,
            chains=self.chains,
            chain_folder=self.chain_folder,
        )  # fmt: skip

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, hex: the same values give the same digest from any files."""
        sha = hashlib.sha256()
        _feed(sha, "dates", self.dates.astype(np.int64))
        for name in sorted(self.columns):
            _feed(sha, name, self.columns[name])
        futures = self.futures
        for name in ("date", "expiry"):
            _feed(sha, f"futures.{name}", futures[name].to_physical().to_numpy().astype(np.int64))
        _feed(sha, "futures.settle", futures["settle"].to_numpy())
        settled = sorted(self.settlements)
        _feed(sha, "settlements.date", np.array(settled, "datetime64[D]").astype(np.int64))
        _feed(sha, "settlements", np.array([self.settlements[day][0] for day in settled]))
        for name in sorted(self.events):
            _feed(sha, f"events.{name}", self.events[name].astype(np.int64))
        for name in sorted(self.monthly):
            for column in self.monthly[name].columns:
                values = self.monthly[name][column].to_physical().cast(pl.Float64)
                _feed(sha, f"monthly.{name}.{column}", values.fill_null(np.nan).to_numpy())
        if self.chain_folder is not None:
            sha.update(f"chains:{Store.of(self.chain_folder).digest};".encode())
        return sha.hexdigest()

    def series_report(self) -> pl.DataFrame:
        """Return the report as a table.

        Returns
        -------
        polars.DataFrame
            ``series``, ``source``, ``first``, ``last``, ``count``, ``missing`` (sessions without a
            value in between), ``gaps`` (runs of them), ``refused``, ``conflicts`` (values on which
            files disagree).
        """
        return pl.DataFrame(
            {
                "series": [one.name for one in self.report],
                "source": [one.source for one in self.report],
                "first": [one.first for one in self.report],
                "last": [one.last for one in self.report],
                "count": [one.count for one in self.report],
                "missing": [one.missing for one in self.report],
                "gaps": [len(one.gaps) for one in self.report],
                "refused": [len(one.refused) for one in self.report],
                "conflicts": [sum(c.count for c in one.conflicts) for one in self.report],
            },
            schema_overrides={"first": pl.Date, "last": pl.Date},
        )

    def refusals(self, name: str | None = None) -> tuple[Refusal, ...]:
        """Return every refused value, or those of one series."""
        return tuple(
            note for one in self.report if name in (None, one.name) for note in one.refused
        )

    def describe(self) -> str:
        """Return the report in words, one fact a line."""
        lines = [f"{len(self)} sessions, {self.dates[0]} to {self.dates[-1]}, digest {self.digest}"]
        for one in self.report:
            lines.append(f"{one.name}: {one.count} values, {one.first} to {one.last}, {one.source}")
            if one.gaps:
                longest = max(one.gaps, key=lambda gap: gap.sessions)
                lines.append(
                    f"  {one.missing} sessions without a value in {len(one.gaps)} gaps, the "
                    f"longest {longest.first} to {longest.last}"
                )
            lines += [f"  refused {text}" for text in _grouped(one.refused)]
            lines += [
                f"  {c.dropped} differs from {c.kept} on {c.count} values, first {c.first}, by up "
                f"to {c.largest:.4g}; {c.kept} was followed"
                for c in one.conflicts
            ]
        if self.chain_folder is not None:
            lines.append(f"option chains: {self.chain_folder}")
        lines += [f"option chain, not imported: {path}" for path in self.chains]
        lines += [f"ignored: {one.path}: {one.reason}" for one in self.ignored]
        return "\n".join(lines)


def _grouped(refused: tuple[Refusal, ...]) -> list[str]:
    """Sum up refusals by reason; a single one in full."""
    reasons: dict[str, list[Refusal]] = {}
    for note in refused:
        reasons.setdefault(note.reason, []).append(note)
    lines = []
    for reason, notes in reasons.items():
        first, last = min(n.date for n in notes), max(n.date for n in notes)
        if len(notes) == 1:
            lines.append(f"{notes[0].value} on {first} ({notes[0].where}): {reason}")
        else:
            lines.append(f"{len(notes)} values, {first} to {last}: {reason}")
    return lines


def _frozen(values: NDArray[np.generic]) -> NDArray[np.generic]:
    held = np.array(values)
    held.flags.writeable = False
    return held


def _day(day: date | str) -> np.datetime64:
    try:
        return np.datetime64(day, "D")
    except ValueError:
        raise DataError(
            f"history: '{day}' is not a date; one such as 2020-03-16 was wanted"
        ) from None


def _feed(sha: "hashlib._Hash", name: str, values: NDArray[np.generic]) -> None:
    """Add one named array in a form that does not depend on the machine."""
    canonical = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    if canonical.dtype.kind == "f":
        canonical = np.where(np.isnan(canonical), np.nan, canonical + 0.0)  # one NaN, no −0
    sha.update(f"{name}:{canonical.dtype.str}:{canonical.size};".encode())
    sha.update(canonical.tobytes())


def load_history(
    source: str | Path, *, chains: str | Path | None = None, today: date | None = None
) -> History:
    """Load market history.

    Parameters
    ----------
    source : str or pathlib.Path
        ``"bundled"`` for the real series of 2014 to 2018 that need no download, or a folder of
        downloads in any of the known formats, searched recursively, links followed.
    chains : str or pathlib.Path, optional
        Folder of imported chains (``alvh chain import``); where absent the one inside the source
        folder, if there is one. Days that have chains are priced by smiles fitted to them.
    today : datetime.date, optional
        If given, a price dated later is refused as impossible.

    Returns
    -------
    History
        With the source, range, gaps and refused values of every series in its ``report``.

    Raises
    ------
    DataError
        In one line: which file and line, what it was, what was wanted, what to do.

    Examples
    --------
    >>> history = load_history("bundled")
    >>> len(history), str(history.dates[0]), float(history["vix"][0])
    (1257, '2014-01-03', 13.76)
    """
    if source == "bundled":
        parts = assemble(read_bundled(), place="bundled", today=today)
        return _history(parts, _chain_folder(None, chains))
    folder = Path(source).expanduser()
    parts = assemble(gather(folder), place=str(source), today=today)
    return _history(parts, _chain_folder(folder, chains))


def _chain_folder(folder: Path | None, named: str | Path | None) -> Path | None:
    """Return the folder of imported chains: the one named, or the only one inside the data."""
    if named is not None:
        return Store.of(Path(named).expanduser()).folder
    found = [] if folder is None else _with_chains(folder)
    if len(found) > 1:
        raise DataError(
            f"{folder}: {len(found)} folders of imported chains, {found[0]} and {found[1]} among "
            "them; one was wanted; name it, or import all sources into one"
        )
    return found[0] if found else None


def _with_chains(folder: Path) -> list[Path]:
    found = []
    for base, inner, names in walk(folder):
        if INDEX in names:
            found.append(Path(base))
            inner.clear()
    return sorted(found)


def _history(parts: Parts, chain_folder: Path | None) -> History:
    return History(
        dates=parts.dates.astype("datetime64[D]"),
        columns=parts.columns,
        futures=parts.futures,
        settlements=parts.settlements,
        events={name: days.astype("datetime64[D]") for name, days in parts.events.items()},
        monthly=parts.monthly,
        report=parts.report,
        ignored=parts.ignored,
        chains=parts.chains,
        chain_folder=chain_folder,
    )
