"""Path-dependent worlds whose parameters are not known either: many fits to resampled years.

One history leaves the parameters of its model in doubt. Each model of the ensemble is fitted to
sessions drawn in blocks of a year on average, the same for every part of the fit, so that what is
learnt together stays together; worlds come from all of them in turn. Their spread is that of the
shocks and of the parameters: what a forecast should have.

References
----------
Politis, D. and Romano, J. (1994). The stationary bootstrap. J. Am. Stat. Assoc. 89, 1303-1313.
Efron, B. and Tibshirani, R. (1993). An introduction to the bootstrap. Chapter 25: intervals for
predictions.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.market.history import History
from alvh.worlds.path_dependent import (
    FITTED_TO,
    Dates,
    PathModel,
    Records,
    gather,
    settled_model,
)
from alvh.worlds.path_fit import Rows, fit_paths

BLOCK = 252  # sessions: a year, longer than a regime of volatility
TOGETHER = 16  # worlds in a row that share their parameters


@dataclass(frozen=True)
class PathEnsemble:
    """Models of one history, each fitted to its years as drawn again.

    Attributes
    ----------
    models : tuple of PathModel
    seed : int
        Of the drawing of years.
    """

    models: tuple[PathModel, ...]
    seed: int

    @property
    def name(self) -> str:
        """What the worlds are made by, in one line."""
        return (
            f"{self.models[0].name}, parameters of {len(self.models)} fits to its years drawn "
            f"again in blocks of {BLOCK} sessions (drawing {self.seed})"
        )

    @property
    def digest(self) -> str:
        """Of the history."""
        return self.models[0].digest

    @property
    def last(self) -> date:
        """Last session of the history."""
        return self.models[0].last

    def worlds(self, first: int, count: int, dates: Dates, seed: int) -> Records:
        """Return worlds number ``first`` … as DAY records, shape (count, n_days).

        Sixteen in a row are of one model, the next sixteen of the next.
        """
        parts, number = [], first
        while number < first + count:
            upto = min((number // TOGETHER + 1) * TOGETHER, first + count)
            model = self.models[number // TOGETHER % len(self.models)]
            parts.append(model.worlds(number, upto - number, dates, seed))
            number = upto
        return np.concatenate(parts)


def path_ensemble(
    history: History,
    count: int,
    start: str | date | None = None,
    end: str | date | None = FITTED_TO,
    *,
    seed: int = 0,
) -> PathEnsemble:
    """Fit the path-dependent model to the years of a history as drawn again, many times.

    Parameters
    ----------
    history, start, end
        As for ``alvh.path_dependent_model``.
    count : int
        Fits; each takes some two seconds of one core.
    seed : int

    Raises
    ------
    DataError
        As ``alvh.path_dependent_model``, or if no fit is asked for.
    """
    if count < 1 or seed < 0:
        raise DataError(f"{count} fits with seed {seed}: at least one, and a seed from 0 on")
    data, parameters = gather(history, start, end)
    models = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        rows, seen = (drawn[blocks(len(drawn), rng)] for drawn in (data.rows, data.seen))
        models.append(settled_model(data, fit_paths(data, rows, seen), parameters))
    return PathEnsemble(tuple(models), seed)


def blocks(count: int, rng: np.random.Generator, mean: int = BLOCK) -> Rows:
    """Return places of a stationary bootstrap, shape (count,): blocks that go round the end."""
    leaves: NDArray[np.bool_] = rng.random(count) < 1.0 / mean
    leaves[0] = True
    starts = rng.integers(0, count, count)
    begun = np.maximum.accumulate(np.where(leaves, np.arange(count), 0))
    found: Rows = (starts[begun] + np.arange(count) - begun) % count
    return found
