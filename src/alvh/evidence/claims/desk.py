"""What every trial needs: runs made once, the days of each resampled history, readings."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.evidence.crises import effective_crises
from alvh.evidence.intervals import LEAST_SESSIONS, block_length, resampled_days
from alvh.evidence.workbench import UNHEDGED, Workbench
from alvh.market.history import History
from alvh.measures import Array
from alvh.policy import HedgePolicy, load_policy

Rows = NDArray[np.intp]


class NotTestable(Exception):
    """The data cannot decide; the message says what is missing."""


@dataclass(frozen=True)
class Reading:
    """One measured quantity.

    Attributes
    ----------
    name, unit : str
        ``unit`` is ``share`` (a fraction), ``share a year``, or ``points``.
    estimate, low, high : float
        The interval holds the value in 95 % of resampled histories; NaN where there is none.
    draws : ndarray
        Of the resampled histories.
    """

    name: str
    unit: str
    estimate: float
    low: float
    high: float
    draws: Array

    def p_value(self, level: float, above: bool) -> float:
        """Return the share of resampled histories on the wrong side of a level; NaN without."""
        if not len(self.draws):
            return math.nan
        wrong = self.draws <= level if above else self.draws >= level
        return float((1 + wrong.sum()) / (1 + len(self.draws)))


@dataclass(frozen=True)
class Finding:
    """What a trial found.

    Attributes
    ----------
    readings : tuple of Reading
    sample : str
        What it rests on, in words.
    model_priced_share : float
        Of the fills that it rests on; NaN where it rests on no fills.
    fitted_share : float
        Of the same, by smiles fitted to quotes.
    effective_crises, crises : float, int
        Crises of equal weight that would spread the difference alike, and crises covered.
    note : str
    """

    readings: tuple[Reading, ...]
    sample: str
    model_priced_share: float = math.nan
    effective_crises: float = math.nan
    crises: int = 0
    note: str = ""
    fitted_share: float = math.nan


class Desk:
    """One history and one programme, on which trials are run.

    Parameters
    ----------
    bench : Workbench
    history : History
    resamples, seed : int
    level : float
        Of the intervals.
    """

    def __init__(
        self, bench: Workbench, history: History, *, resamples: int, seed: int, level: float
    ) -> None:
        self.bench, self.history = bench, history
        self.resamples, self.seed, self.level = resamples, seed, level

    def run(self, hedge: str | HedgePolicy | None) -> Any:
        """Run a hedge, or none."""
        if hedge is None:
            return self.bench.run(UNHEDGED)
        return self.bench.run(hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge))

    def rows_of(self, run: Any) -> Rows:
        """Return the rows of the history that a run's sessions are."""
        rows: Rows = np.searchsorted(self.history.dates, run.dates)
        return rows

    def reading(
        self, name: str, unit: str, statistic: Callable[..., float], *columns: Array
    ) -> Reading:
        """Work out a statistic of columns of equal length, and its interval.

        The columns are resampled together, in blocks as long as the dependence of the first asks
        for; ``statistic`` takes them and returns a float, NaN where a resample leaves nothing.

        Raises
        ------
        NotTestable
            On fewer than 250 sessions, or where there is nothing to measure.
        """
        count = len(columns[0])
        if count < LEAST_SESSIONS:
            raise NotTestable(f"{count} sessions; an interval needs {LEAST_SESSIONS}")
        estimate = statistic(*columns)
        if not math.isfinite(estimate):
            raise NotTestable(f"nothing to measure {name} on in this data")
        block = block_length(np.nan_to_num(np.atleast_2d(columns[0])))
        return self._with_interval(name, unit, estimate, statistic, columns, block)

    def monthly(
        self, name: str, unit: str, statistic: Callable[..., float], *columns: Array
    ) -> Reading:
        """Work out a statistic of monthly columns; blocks of a quarter."""
        if len(columns[0]) < MONTHS:
            raise NotTestable(f"{len(columns[0])} months; an interval needs {MONTHS}")
        estimate = statistic(*columns)
        if not math.isfinite(estimate):
            raise NotTestable(f"nothing to measure {name} on in this data")
        return self._with_interval(name, unit, estimate, statistic, columns, QUARTER)

    def _with_interval(
        self, name: str, unit: str, estimate: float, statistic: Callable[..., float],
        columns: tuple[Array, ...], block: int,
    ) -> Reading:  # fmt: skip
        days = resampled_days(len(columns[0]), block, self.resamples, self.seed)
        draws = np.array([statistic(*(column[rows] for column in columns)) for rows in days])
        draws = draws[np.isfinite(draws)]
        if not len(draws):
            return Reading(name, unit, estimate, math.nan, math.nan, draws)
        low, high = np.quantile(draws, [(1 - self.level) / 2, (1 + self.level) / 2])
        return Reading(name, unit, estimate, float(low), float(high), draws)

    def finding(
        self, run: Any, readings: tuple[Reading, ...], *, twin: Any = None, note: str = "",
        sample: str = "",
    ) -> Finding:  # fmt: skip
        """Return what was read of a run, with the sample, the model's share and the crises."""
        words = sample or f"{len(run.dates)} sessions, {run.dates[0]} to {run.dates[-1]}"
        share, fitted = float(run.model_priced_share), float(run.fitted_share)
        if twin is None:
            return Finding(readings, words, share, note=note, fitted_share=fitted)
        effective, counted = effective_crises(run, twin)
        return Finding(readings, words, share, effective, counted, note, fitted)


MONTHS = 36
QUARTER = 3
