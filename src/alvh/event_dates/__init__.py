"""Dates of scheduled events as data: FOMC statements, CPI and PPI releases, with their sources.

One file per kind, one row per date: ``date``, ``scheduled`` (0 for a meeting called at short
notice), ``source``. Where the dates come from, and how far they reach, is in
``docs/calendars.md``.
"""

import csv
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError

EVENTS = ("fomc", "cpi", "ppi")
Dates = NDArray[np.datetime64]


@lru_cache(maxsize=len(EVENTS))
def _rows(kind: str) -> tuple[tuple[str, bool, str], ...]:
    if kind not in EVENTS:
        raise DataError(f"no calendar of '{kind}'; there are {', '.join(EVENTS)}")
    text = files(__package__).joinpath(f"{kind}.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple((row["date"], row["scheduled"] == "1", row["source"]) for row in rows)


def written_down(kind: str) -> Dates:
    """Return all dates of one kind that the package knows, ascending.

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
    return np.array([day for day, _, _ in _rows(kind)], dtype="datetime64[D]")


def unscheduled(kind: str) -> Dates:
    """Return the dates of one kind that were on no calendar before they happened."""
    return np.array([day for day, known, _ in _rows(kind) if not known], dtype="datetime64[D]")


def sources(kind: str) -> tuple[str, ...]:
    """Return the sources that the dates of one kind rest on, each once."""
    return tuple(dict.fromkeys(source for _, _, source in _rows(kind)))
