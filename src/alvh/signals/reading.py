"""What one signal says on every session of a history, before it is put on a common scale."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError

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
