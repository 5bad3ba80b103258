"""What one signal says on every session of a history, before it is put on a common scale."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.market.history import History

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Reading:
    """One signal on the sessions of a history.

    Parameters
    ----------
    raw : ndarray of float64, shape (n,)
        The value known at the close of each session, in the signal's own unit; NaN where absent.
    observed : ndarray of datetime64[D], shape (n,)
        The day that the value describes, never after the session; NaT where absent. The value's
        age is the session less this day.
    provenance : str
        Which series, file or fall-back the values rest on, in words.
    score : ndarray of float64, shape (n,), optional
        What a tilt uses, where it is not the sign times the trailing z-score of ``raw``.

    Raises
    ------
    DataError
        If the arrays differ in length.
    """

    raw: Floats
    observed: Dates
    provenance: str
    score: Floats | None = None

    def __post_init__(self) -> None:
        arrays: dict[str, NDArray[Any]] = {"observed": self.observed}
        if self.score is not None:
            arrays["score"] = self.score
        for name, values in arrays.items():
            if values.shape != self.raw.shape:
                raise DataError(
                    f"reading: {name} has shape {values.shape}; {self.raw.shape} was wanted, "
                    "as many as there are raw values"
                )


_Answer = TypeVar("_Answer", bound=NDArray[Any])
KEPT = 16  # answers of one function that are kept


def kept(function: Callable[..., _Answer]) -> Callable[..., _Answer]:
    """Keep a function's last answers by the history's digest and its other arguments.

    The arrays are made read-only, as several callers hold them.
    """
    answers: dict[tuple[object, ...], _Answer] = {}

    @wraps(function)
    def ask(history: History, *arguments: object) -> _Answer:
        key = (history.digest, *arguments)
        if key not in answers:
            found = function(history, *arguments)
            found.setflags(write=False)
            while len(answers) >= KEPT:
                del answers[next(iter(answers))]
            answers[key] = found
        return answers[key]

    return ask


def absent(history: History) -> Floats:
    """Return a series without any value on the sessions of a history, shape (n,)."""
    return np.full(len(history), np.nan)


def series(history: History, name: str) -> Floats:
    """Return a column of the history, shape (n,); all NaN where there is no such series."""
    return history[name] if history.has(name) else absent(history)


def cite(history: History, *names: str) -> str:
    """Return which series a reading rests on and which files they came from, in words.

    Parameters
    ----------
    history : History
    *names : str
        Columns, or ``"futures"``.

    Returns
    -------
    str
        A series that is not there is said to be absent.
    """
    sources = {one.name: one.source for one in history.report}
    parts = []
    for name in names:
        there = len(history.futures) > 0 if name == "futures" else history.has(name)
        if not there:
            parts.append(f"{name} (absent)")
        else:
            parts.append(f"{name} ({sources[name]})" if name in sources else name)
    return ", ".join(parts)


def same_day(
    history: History, raw: Floats, provenance: str, score: Floats | None = None
) -> Reading:
    """Return a reading whose values describe the session at whose close they are known."""
    observed = np.where(np.isfinite(raw), history.dates, np.datetime64("NaT", "D"))
    return Reading(raw, observed, provenance, score)
