"""Dates of scheduled events as data: FOMC statements, CPI and PPI releases, with their sources.

One file per kind, one row per date:

``date``
    The day of the statement or release.
``announced``
    The day from whose close the date was on the calendar; empty where it was long before. A
    meeting called at short notice was announced on its own day.
``withdrawn``
    The day from whose close the date was off the calendar again; empty where it was kept. The
    day itself where nothing was said before it passed. Such a date is not one of an event: it is
    what a calendar of the time said.
``source``
    Where the row comes from.

How far the files reach, and what could not be found, is in ``docs/calendars.md``.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError

EVENTS = ("fomc", "cpi", "ppi")
COVERED_FROM = np.datetime64("2000-01-01", "D")  # no date of a kind is missing from here on
Dates = NDArray[np.datetime64]
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class EventRow:
    """One date of a calendar, and when it was on it.

    Parameters
    ----------
    date : datetime64[D]
    announced, withdrawn : datetime64[D]
        As in the file; NaT where empty.
    source : str
    """

    date: np.datetime64
    announced: np.datetime64
    withdrawn: np.datetime64
    source: str


@lru_cache(maxsize=len(EVENTS))
def event_rows(kind: str) -> tuple[EventRow, ...]:
    """Return the rows of one kind, ascending.

    Parameters
    ----------
    kind : {"fomc", "cpi", "ppi"}

    Raises
    ------
    DataError
        If there is no such calendar.
    """
    if kind not in EVENTS:
        raise DataError(f"no calendar of '{kind}'; there are {', '.join(EVENTS)}")
    text = files(__package__).joinpath(f"{kind}.csv").read_text(encoding="utf-8")
    return tuple(
        EventRow(_day(row["date"]), _day(row["announced"]), _day(row["withdrawn"]), row["source"])
        for row in csv.DictReader(text.splitlines())
    )


def _day(text: str) -> np.datetime64:
    return np.datetime64(text, "D") if text else NEVER


def _dates(rows: list[EventRow]) -> Dates:
    return np.array([row.date for row in rows], dtype="datetime64[D]")


def written_down(kind: str) -> Dates:
    """Return all dates of one kind that the package knows, ascending, without withdrawn ones.

    Parameters
    ----------
    kind : {"fomc", "cpi", "ppi"}

    Returns
    -------
    ndarray of datetime64[D]

    Raises
    ------
    DataError
        If there is no such calendar.
    """
    return _dates([row for row in event_rows(kind) if np.isnat(row.withdrawn)])


def unscheduled(kind: str) -> Dates:
    """Return the dates of one kind that were on no calendar before they happened."""
    return _dates([row for row in event_rows(kind) if row.announced == row.date])


def withdrawn(kind: str) -> Dates:
    """Return the dates of one kind that were on the calendar and did not happen."""
    return _dates([row for row in event_rows(kind) if not np.isnat(row.withdrawn)])


def sources(kind: str) -> tuple[str, ...]:
    """Return the sources that the dates of one kind rest on, each once."""
    return tuple(dict.fromkeys(row.source for row in event_rows(kind)))
