"""The plain records that every reader ends in.

Dates travel as int32 days since 1970-01-01 and become ``date`` only in reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

Days = NDArray[np.int32]
Floats = NDArray[np.float64]

EPOCH = date(1970, 1, 1)


def to_date(day: int) -> date:
    """Turn days since 1970-01-01 into a ``date``."""
    return EPOCH + timedelta(days=int(day))


def to_day(day: date) -> int:
    """Turn a ``date`` into days since 1970-01-01."""
    return (day - EPOCH).days


@dataclass(frozen=True, slots=True)
class Refusal:
    """One value that was read and not believed.

    Parameters
    ----------
    series : str
        Column of the history, or ``"futures"``, ``"settlements"``, …
    date : datetime.date
        Day the value was given for.
    value : str
        What the file said, as text.
    where : str
        ``file:line``.
    reason : str
        Why it is not believed.
    """

    series: str
    date: date
    value: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two files that give the same series and do not agree.

    Parameters
    ----------
    kept, dropped : str
        The file that was followed, and the one that was not.
    count : int
        Number of values that differ.
    first : datetime.date
        First day on which they do.
    largest : float
        Largest absolute difference, in the unit of the series.
    """

    kept: str
    dropped: str
    count: int
    first: date
    largest: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of sessions without a value, first and last missing session included."""

    first: date
    last: date
    sessions: int


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """What is known about one series of a history.

    Parameters
    ----------
    name : str
        Column, or ``"futures"``, ``"settlements"``, ``"events.fomc"``, ``"monthly.shiller"``.
    sources : tuple of str
        Files that supplied values, most trusted first.
    first, last : datetime.date or None
        First and last day with a value; None if there is none.
    count : int
        Number of values.
    gaps : tuple of Gap
        Runs of missing sessions between ``first`` and ``last``.
    refused : tuple of Refusal
        Values that were read and not believed.
    conflicts : tuple of Conflict
        Disagreements between files.
    """

    name: str
    sources: tuple[str, ...]
    first: date | None
    last: date | None
    count: int
    gaps: tuple[Gap, ...] = ()
    refused: tuple[Refusal, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def source(self) -> str:
        """Files that supplied values, in one string."""
        return ", ".join(self.sources)

    @property
    def missing(self) -> int:
        """Number of sessions without a value between ``first`` and ``last``."""
        return sum(gap.sessions for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class DailySeries:
    """One column of one file: ascending dates, finite values, the line each value stood on.

    Parameters
    ----------
    name : str
        Column of the history it feeds.
    source : str
        File, relative to the folder that is read.
    rank : int
        Declared precedence among files that give the same column; the lowest wins.
    dates : ndarray of int32, shape (n,)
        Days since 1970-01-01.
    values : ndarray of float64, shape (n,)
        In the unit of the series.
    lines : ndarray of int32, shape (n,)
        Line of the file.
    refused : tuple of Refusal
        Cells that were not believed and are therefore not in ``values``.
    """

    name: str
    source: str
    rank: int
    dates: Days
    values: Floats
    lines: Days
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class FuturesQuotes:
    """Daily VIX futures settlements of files of one kind, on today's price scale.

    Parameters
    ----------
    source : str
        Kind of file: ``"current"``, ``"legacy"``, ``"curve"``, ``"ladder"``, ``"panel"``.
    rank : int
        Precedence among kinds; the lowest wins.
    files : tuple of str
        File names that ``file`` points into.
    dates, expiries, file, lines : ndarray of int32, shape (n,)
        Trade date, settlement date, index into ``files``, line.
    settle : ndarray of float64, shape (n,)
        Settlement price, volatility points. On the settlement day itself: the final settlement.
    refused : tuple of Refusal
        Cells that were not believed.
    """

    source: str
    rank: int
    files: tuple[str, ...]
    dates: Days
    expiries: Days
    file: Days
    lines: Days
    settle: Floats
    refused: tuple[Refusal, ...] = ()

    def where(self, row: int) -> str:
        """Name the file and line of a row."""
        return f"{self.files[self.file[row]]}:{self.lines[row]}"


@dataclass(frozen=True, slots=True)
class FinalSettlements:
    """Final settlement values by VIX expiry, volatility points on today's scale."""

    source: str
    expiries: Days
    values: Floats
    lines: Days


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was left alone, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Gathered:
    """Everything that the readers found, before anything is merged or aligned."""

    series: list[DailySeries] = field(default_factory=list)
    quotes: list[FuturesQuotes] = field(default_factory=list)
    settlements: list[FinalSettlements] = field(default_factory=list)
    events: dict[str, list[tuple[str, Days]]] = field(default_factory=dict)
    monthly: dict[str, list[tuple[str, pl.DataFrame]]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    ignored: list[Unread] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parts:
    """A history in pieces, merged and aligned; ``History`` is built from it."""

    dates: Days
    columns: Mapping[str, Floats]
    futures: pl.DataFrame
    settlements: Mapping[date, tuple[float, str]]
    events: Mapping[str, Days]
    monthly: Mapping[str, pl.DataFrame]
    report: tuple[SeriesReport, ...]
    ignored: tuple[Unread, ...]
    chains: tuple[str, ...]
