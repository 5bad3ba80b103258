"""Two linear programmes over one menu: the most gain, and the least tail that earns a hurdle."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError

Floats = NDArray[np.float64]

ALPHA = 0.95


def weighted_cvar(gains: Floats, weights: Floats, alpha: float = ALPHA) -> float:
    """Return the mean of the worst 1 − alpha of weighted outcomes: negative for a loss.

    Parameters
    ----------
    gains, weights : ndarray, shape (n,)
        Outcomes in any unit, and their probabilities, which sum to 1. The outcome on the edge of
        the tail counts in part.
    alpha : float

    References
    ----------
    Rockafellar and Uryasev (2002), Journal of Banking & Finance 26, Proposition 8.
    """
    order = np.argsort(gains, kind="stable")
    mass = 1.0 - alpha
    before = np.cumsum(weights[order]) - weights[order]
    share = np.clip(mass - before, 0.0, weights[order])
    return float(share @ gains[order] / mass)


def most_gain(gains: Floats, weights: Floats, capital_limits: tuple[float, float]) -> Floats:
    """Solve the promoter's programme: largest mean gain within the limits on capital.

    Parameters
    ----------
    gains : ndarray, shape (n_scenarios, 4)
        Of one unit of capital in each item of the menu; NaN columns are not on it.
    weights : ndarray, shape (n_scenarios,)
    capital_limits : tuple of float
        Most capital in all items, and in the three layers together, fractions of equity.

    Returns
    -------
    ndarray, shape (4,)
        Capital by item.
    """
    offered = np.isfinite(gains).all(axis=0)
    mean = np.where(offered, weights @ np.where(offered, gains, 0.0), 0.0)
    rows, limits = _capital_rows(capital_limits)
    from scipy.optimize import linprog  # a quarter of a second to import

    found = linprog(-mean, A_ub=rows, b_ub=limits, bounds=_bounds(offered), method="highs")
    return _solved(found)


def least_tail(
    gains: Floats,
    weights: Floats,
    hurdle: float,
    capital_limits: tuple[float, float],
    alpha: float = ALPHA,
) -> Floats:
    """Solve the steward's programme: least CVaR that earns ``hurdle``.

    Minimises t + Σ pₛuₛ/(1 − α) with uₛ ≥ lossₛ − t, uₛ ≥ 0, over the capital by item, t and u.

    Parameters
    ----------
    gains, weights, capital_limits
        As for `most_gain`.
    hurdle : float
        Least mean gain, in the unit of ``gains``.
    alpha : float

    Returns
    -------
    ndarray, shape (4,)
        Capital by item.

    Raises
    ------
    DataError
        If no allocation earns the hurdle.

    References
    ----------
    Rockafellar and Uryasev (2000), "Optimization of Conditional Value-at-Risk", Journal of Risk
    2(3), section 3; solved by HiGHS (Huangfu and Hall 2018).
    """
    offered = np.isfinite(gains).all(axis=0)
    usable = np.where(offered, gains, 0.0)
    count, items = gains.shape
    cost = np.concatenate([np.zeros(items), [1.0], weights / (1.0 - alpha)])
    tails = np.hstack([-usable, -np.ones((count, 1)), -np.eye(count)])
    rows, limits = _capital_rows(capital_limits)
    others = np.vstack([rows, -(weights @ usable)])
    table = np.vstack([tails, np.hstack([others, np.zeros((3, 1 + count))])])
    bound = np.concatenate([np.zeros(count), limits, [-hurdle]])
    bounds = [*_bounds(offered), (None, None), *[(0.0, None)] * count]
    from scipy.optimize import linprog

    found = linprog(cost, A_ub=table, b_ub=bound, bounds=bounds, method="highs")
    return _solved(found)[:items]


def _capital_rows(limits: tuple[float, float]) -> tuple[Floats, Floats]:
    return np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]]), np.array(limits)


def _bounds(offered: Any) -> list[tuple[float | None, float | None]]:
    return [(0.0, None if there else 0.0) for there in offered]


def _solved(found: Any) -> Floats:
    if not found.success:
        raise DataError(
            f"steward and promoter: no allocation meets the hurdle within the limits "
            f"({found.message}); lower the hurdle"
        )
    return np.asarray(found.x)
