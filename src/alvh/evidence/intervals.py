"""Intervals of differences between two books, resampled together so that they share every day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.measures import SESSIONS_PER_MONTH, Array

LEAST_SESSIONS = 250


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the range that holds it in a given share of the resampled histories.

    Attributes
    ----------
    estimate, low, high : float
        Fractions.
    """

    estimate: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Differences:
    """A book less its twin: growth and monthly tail, each with its interval."""

    cagr: Interval
    cvar: Interval


@dataclass(frozen=True, slots=True)
class Resampling:
    """How the intervals were made, so that they can be made again.

    Attributes
    ----------
    block : int
        Mean length of the resampled blocks, sessions.
    resamples : int
    level : float
        Share of the resamples that an interval holds.
    """

    block: int
    resamples: int
    level: float


def paired_differences(
    returns: Mapping[str, Array],
    twin: Array,
    *,
    periods: float,
    rng: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[dict[str, Differences], Resampling]:
    """Interval of the difference of each book from its twin, by a paired stationary bootstrap.

    Every resample draws the same days for all books, so that what they share cancels. Percentile
    intervals; the mean block is the longest that the twin, any difference from it, or the squares
    of these ask for, and no shorter than a month.

    Parameters
    ----------
    returns : mapping of str to ndarray, shape (n,)
        Simple returns per session of every book, decimal.
    twin : ndarray, shape (n,)
        Those of the unhedged book.
    periods : float
        Sessions per year.
    rng : numpy.random.Generator
        The only source of randomness.
    resamples : int
    level : float

    Returns
    -------
    dict of str to Differences, Resampling

    Raises
    ------
    DataError
        If lengths differ or fewer than 250 sessions are given.

    References
    ----------
    Politis and Romano (1994), "The Stationary Bootstrap", JASA 89; Politis and White (2004) with
    the correction of Patton, Politis and White (2009) for the block length.
    """
    names = list(returns)
    if twin.size < LEAST_SESSIONS or any(returns[name].size != twin.size for name in names):
        raise DataError(
            f"paired intervals need at least {LEAST_SESSIONS} sessions and books of equal length; "
            f"the twin has {twin.size}, the books {[returns[name].size for name in names]}"
        )
    logs = np.log1p(np.vstack([twin, *(returns[name] for name in names)]))
    block = block_length(logs)
    draws = _resample(logs, block, resamples, periods, rng)
    actual = growth_and_tail(logs, periods)
    found = {
        name: Differences(*(_interval(actual[k], draws[:, k], place + 1, level) for k in range(2)))
        for place, name in enumerate(names)
    }
    return found, Resampling(block, resamples, level)


def block_length(logs: Array) -> int:
    """Mean block in sessions: long enough for the level and the size of what is resampled."""
    from arch.bootstrap import optimal_block_length

    # A book equal to its twin has no difference to measure a dependence of.
    moving = [logs[0], *(row for row in logs[1:] - logs[0] if np.ptp(row) > 0)]
    rows = np.column_stack([*moving, *(row**2 for row in moving)])
    longest = float(np.nanmax(optimal_block_length(rows)["stationary"].to_numpy()))
    # Below a month the tail of monthly returns would lose the clustering that makes it.
    return int(np.ceil(min(max(longest, SESSIONS_PER_MONTH), logs.shape[1] / 10)))


def _resample(
    logs: Array, block: int, resamples: int, periods: float, rng: np.random.Generator
) -> Array:
    """Statistics of each resample: shape (resamples, 2, books)."""
    from arch.bootstrap import StationaryBootstrap

    draws = np.empty((resamples, 2, logs.shape[0]))
    bootstrap = StationaryBootstrap(block, np.arange(logs.shape[1]), seed=rng)
    for place, (positions, _) in enumerate(bootstrap.bootstrap(resamples)):
        draws[place] = growth_and_tail(logs[:, positions[0]], periods)
    return draws


def resampled_days(count: int, block: int, resamples: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Yield the days of each resampled history, shape (count,).

    Parameters
    ----------
    count : int
        Days of the history.
    block : int
        Mean length of the blocks, days.
    resamples, seed : int
    """
    from arch.bootstrap import StationaryBootstrap

    if resamples:
        bootstrap = StationaryBootstrap(block, np.arange(count), seed=np.random.default_rng(seed))
        for positions, _ in bootstrap.bootstrap(resamples):
            yield positions[0]


def growth_and_tail(logs: Array, periods: float) -> Array:
    """Growth per year, and mean of the worst twentieth of the 21-session returns, per book."""
    growth = np.expm1(np.mean(logs, axis=1) * periods)
    path = np.concatenate([np.zeros((logs.shape[0], 1)), np.cumsum(logs, axis=1)], axis=1)
    months = path[:, SESSIONS_PER_MONTH:] - path[:, :-SESSIONS_PER_MONTH]
    tail = max(int(0.05 * months.shape[1]), 1)
    worst = np.partition(months, tail - 1, axis=1)[:, :tail]
    return np.stack([growth, np.mean(np.expm1(worst), axis=1)])


def _interval(actual: Array, draws: Array, book: int, level: float) -> Interval:
    spread = draws[:, book] - draws[:, 0]
    low, high = np.quantile(spread, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(actual[book] - actual[0]), float(low), float(high))
