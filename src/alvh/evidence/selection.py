"""What is left of the best of many once it is known that it was chosen: tests and corrections.

Each of them takes series that share every session and says how much of the best one's lead the
choice alone would have given. The bootstrap tests are those of ``arch``; nothing here draws from
anything but the seed it is given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from alvh.errors import DataError
from alvh.measures import Array, skewness

EULER_GAMMA = 0.5772156649015329
MOST_PARTITIONS = 50_000  # of CSCV; 16 blocks make 12,870


@dataclass(frozen=True, slots=True)
class Superiority:
    """Hansen's test that none of many series is better than a benchmark.

    Attributes
    ----------
    lower, consistent, upper : float
        P-values: a liberal bound, Hansen's own, and White's reality check.
    better : tuple of int
        Columns that StepM finds better than the benchmark at the given size, each of them.
    block, resamples : int
        Mean block in sessions, and resampled histories.
    """

    lower: float
    consistent: float
    upper: float
    better: tuple[int, ...]
    block: int
    resamples: int


def superior_ability(
    benchmark: Array,
    others: Array,
    *,
    block: int,
    seed: int,
    resamples: int = 2000,
    size: float = 0.05,
) -> Superiority:
    """Test whether any of many series is better than a benchmark, and which.

    Parameters
    ----------
    benchmark : ndarray, shape (n,)
        What more of is better, per session: log returns for growth.
    others : ndarray, shape (n, k)
    block : int
        Mean length of the resampled blocks, sessions.
    seed : int
    resamples : int
    size : float
        Family-wise rate of false finds of StepM.

    Raises
    ------
    DataError
        If shapes do not fit or nothing differs from the benchmark.

    References
    ----------
    Hansen (2005), "A Test for Superior Predictive Ability", JBES 23; Romano and Wolf (2005),
    "Stepwise Multiple Testing as Formalized Data Snooping", Econometrica 73.
    """
    from arch.bootstrap import SPA, StepM

    moving = _moving(benchmark, others)
    losses = -benchmark, -others[:, moving]
    test = SPA(*losses, block_size=block, reps=resamples, seed=seed)
    test.compute()
    steps = StepM(*losses, size=size, block_size=block, reps=resamples, seed=seed)
    steps.compute()
    better = tuple(np.sort(moving[np.asarray(steps.superior_models, int)]).tolist())
    p = test.pvalues
    return Superiority(
        float(p["lower"]), float(p["consistent"]), float(p["upper"]), better, block, resamples
    )


def confidence_set(
    values: Array, *, block: int, seed: int, resamples: int = 1000, level: float = 0.95
) -> tuple[int, ...]:
    """Return the columns that cannot be told apart from the best.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        What more of is better, per session.
    block : int
        Mean length of the resampled blocks, sessions.
    seed, resamples : int
    level : float
        Share of histories in which the set holds the best.

    References
    ----------
    Hansen, Lunde and Nason (2011), "The Model Confidence Set", Econometrica 79.
    """
    from arch.bootstrap import MCS

    test = MCS(
        -values, size=1.0 - level, block_size=block, reps=resamples, bootstrap="stationary",
        seed=seed,
    )  # fmt: skip
    test.compute()
    return tuple(np.sort(np.asarray(test.included, int)).tolist())


def _moving(benchmark: Array, others: Array) -> NDArray[np.intp]:
    """Return the columns that differ from the benchmark; of equal ones there is nothing to test."""
    if others.ndim != 2 or len(others) != len(benchmark):
        raise DataError(
            f"a benchmark of {len(benchmark)} sessions needs others of shape "
            f"({len(benchmark)}, k); it was {others.shape}"
        )
    moving = np.flatnonzero((others != benchmark[:, None]).any(axis=0))
    if not moving.size:
        raise DataError("none of the series differs from the benchmark: there is nothing to test")
    return moving


def expected_best_sharpe(trials: float, variance: float = 1.0) -> float:
    """Return the Sharpe ratio that the best of many worthless trials is expected to show.

    Parameters
    ----------
    trials : float
        Number of independent trials, above 1.
    variance : float
        Of their Sharpe ratios, per period.

    Raises
    ------
    DataError
        If there is no choice among them, or the variance is negative.

    References
    ----------
    Bailey and López de Prado (2014), "The Deflated Sharpe Ratio", JPM 40(5), eq. 1.
    """
    if not trials > 1 or variance < 0:
        raise DataError(f"wanted more than one trial, variance >= 0; were {trials}, {variance}")
    first, second = norm.ppf(1 - 1 / trials), norm.ppf(1 - 1 / (trials * np.e))
    return float(np.sqrt(variance) * ((1 - EULER_GAMMA) * first + EULER_GAMMA * second))


def probabilistic_sharpe(
    sharpe: float, benchmark: float, periods: int, skew: float, kurtosis: float
) -> float:
    """Return the probability that a true Sharpe ratio exceeds a benchmark.

    Parameters
    ----------
    sharpe, benchmark : float
        Per period, not annualised.
    periods : int
        Number of returns.
    skew, kurtosis : float
        Of the returns; the kurtosis of a normal is 3, it is not the excess.

    References
    ----------
    Bailey and López de Prado (2014), eq. 2.
    """
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if spread <= 0 or periods < 2:
        raise DataError(
            f"a Sharpe ratio of {sharpe:.3f} with skew {skew:.2f} and kurtosis {kurtosis:.2f} over "
            f"{periods} periods has no standard error; check that it is per period"
        )
    return float(norm.cdf((sharpe - benchmark) * np.sqrt((periods - 1) / spread)))


def deflated_sharpe(returns: Array, trial_sharpes: Array, trials: float | None = None) -> float:
    """Return the probability that the Sharpe ratio of a chosen series is more than the choice's.

    Parameters
    ----------
    returns : ndarray, shape (n,)
        Of the chosen series per period, in excess of bills.
    trial_sharpes : ndarray, shape (k,)
        Of everything that was tried, per period; their spread is what luck has to work with.
    trials : float, optional
        Independent trials among them, where that is known to be fewer than k.

    References
    ----------
    Bailey and López de Prado (2014), "The Deflated Sharpe Ratio", JPM 40(5).
    """
    spread = float(np.std(returns))
    if spread == 0:
        raise DataError("the chosen series never varies: it has no Sharpe ratio")
    own = float(np.mean(returns)) / spread
    kurtosis = float(np.mean((returns - np.mean(returns)) ** 4)) / spread**4
    count = len(trial_sharpes) if trials is None else trials
    luck = expected_best_sharpe(count, float(np.var(trial_sharpes, ddof=1)))
    return probabilistic_sharpe(own, luck, len(returns), skewness(returns), kurtosis)


@dataclass(frozen=True, slots=True)
class Overfitting:
    """How often the best in one half of the sessions is below the median in the other.

    Attributes
    ----------
    probability : float
        Share of the partitions whose logit is zero or less.
    logits : ndarray, shape (partitions,)
        ln(w/(1 − w)), w the rank of the choice outside its sample over k + 1.
    """

    probability: float
    logits: Array


def backtest_overfitting(returns: Array, blocks: int = 16) -> Overfitting:
    """Measure overfitting by combinatorially symmetric cross-validation on the Sharpe ratio.

    Parameters
    ----------
    returns : ndarray, shape (n, k)
        Per session of everything that was tried, k >= 2.
    blocks : int
        Even number of contiguous blocks; the last n mod blocks sessions are left out.

    Raises
    ------
    DataError
        If there is no choice, too little time, or too many partitions.

    References
    ----------
    Bailey, Borwein, López de Prado and Zhu (2017), "The Probability of Backtest Overfitting",
    Journal of Computational Finance 20(4), section 3.
    """
    length = len(returns) // blocks if blocks > 0 else 0
    if blocks % 2 or blocks < 2 or comb(blocks, blocks // 2) > MOST_PARTITIONS:
        raise DataError(f"blocks must be even, from 2 to 18; it was {blocks}")
    if returns.ndim != 2 or returns.shape[1] < 2 or length < 2:
        raise DataError(
            f"wanted two series or more of at least {2 * blocks} sessions; shape {returns.shape}"
        )
    cut = returns[: length * blocks].reshape(blocks, length, -1)
    sums, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    halves = np.array(list(combinations(range(blocks), blocks // 2)))
    inside = np.zeros((len(halves), blocks))
    np.put_along_axis(inside, halves, 1.0, axis=1)
    count = length * blocks // 2
    own, other = (_sharpes(part @ sums, part @ squares, count) for part in (inside, 1.0 - inside))
    chosen = np.take_along_axis(other, own.argmax(axis=1)[:, None], axis=1)
    below, ties = (other < chosen).sum(axis=1), (other == chosen).sum(axis=1)
    rank = below + (ties + 1) / 2
    share = rank / (returns.shape[1] + 1)
    logits = np.log(share / (1 - share))
    return Overfitting(float(np.mean(logits <= 0)), logits)


def _sharpes(sums: Array, squares: Array, count: int) -> Array:
    mean = sums / count
    return np.asarray(mean / np.sqrt(np.maximum(squares / count - mean**2, 1e-300)))


def purged_folds(
    sessions: int, folds: int, *, purge: int, least: int
) -> Iterator[tuple[slice, slice]]:
    """Cut a history into what is learnt from and what follows it, with a gap between.

    Parameters
    ----------
    sessions : int
        Length of the history.
    folds : int
        Stretches that are tested, one after the other, all after the first ``least`` sessions.
    purge : int
        Sessions left out before each test: what is held there was opened while learning.
    least : int
        Sessions learnt from before the first test, gap excluded.

    Yields
    ------
    tuple of slice
        Learnt from, always from the first session on, and tested; together they never overlap
        and the tested stretches join without a gap up to the last session.

    Raises
    ------
    DataError
        If the history is too short for it.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, ch. 7.4 (purging), 12.2 (walk
    forward).
    """
    first = least + purge
    if folds < 1 or purge < 0 or least < 1 or sessions - first < folds:
        raise DataError(
            f"{folds} folds after {least} sessions and a gap of {purge} need at least "
            f"{first + max(folds, 1)} sessions; there are {sessions}"
        )
    edges = np.linspace(first, sessions, folds + 1).astype(int)
    for low, high in pairwise(edges):
        yield slice(0, int(low) - purge), slice(int(low), int(high))


def walk_forward(
    returns: Array, *, folds: int, purge: int, least: int
) -> tuple[NDArray[np.intp], Array]:
    """Choose the series of the best growth so far, hold it through the next stretch, and so on.

    Parameters
    ----------
    returns : ndarray, shape (n, k)
        Simple returns per session.
    folds, purge, least : int
        As for `purged_folds`.

    Returns
    -------
    chosen : ndarray of int, shape (folds,)
    returns : ndarray, shape (n - least - purge,)
        Of what was chosen, outside the sample it was chosen on.
    """
    chosen, kept = [], []
    for learnt, tested in purged_folds(len(returns), folds, purge=purge, least=least):
        best = int(np.argmax(np.log1p(returns[learnt]).mean(axis=0)))
        chosen.append(best)
        kept.append(returns[tested, best])
    return np.array(chosen), np.concatenate(kept)


def effective_number(effects: Array) -> float:
    """Return how many equal events would spread an effect as these do: 1 where one makes it all.

    The inverse of the Herfindahl index of the absolute effects, (Σ|x|)² / Σx²; 0 where there is
    none.

    Parameters
    ----------
    effects : ndarray, shape (k,)
        Of each event, in any unit.

    References
    ----------
    Laakso and Taagepera (1979), "Effective Number of Parties", Comparative Political Studies 12.
    """
    squares = float(np.sum(np.square(effects)))
    return float(np.sum(np.abs(effects)) ** 2 / squares) if squares > 0 else 0.0
