"""Steward and promoter: where the actual book stands between two ways to fill the account.

The two solutions and their menu are in ``alvh.stewardship``. The book's score is 1 with the
steward's tail and 0 with the promoter's.

Two rules go with it. Rolls of the hedge are paid before new condors open; the engine's order of
events sees to that. And a score below one half blocks new condors, where the policy makes it
binding.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import Evening, read_evening
from alvh.engine import DEFAULT_COMMISSION, DEFAULT_FILL
from alvh.errors import DataError
from alvh.market.history import History
from alvh.market.surfaces import Surfaces
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.result import Result
from alvh.stewardship.allocation import weighted_cvar
from alvh.stewardship.levels import (
    HEDGE_LIMIT,
    HURDLE,
    MARGIN_LIMIT,
    Solution,
    Solver,
    score_between,
)
from alvh.stewardship.scenarios import Scenarios

Floats = NDArray[np.float64]

BLOCKS_BELOW = 0.5  # the method: a score below one half blocks new condors


@dataclass(frozen=True)
class Steward:
    """Both solutions of one evening, and the book between them.

    Attributes
    ----------
    steward, promoter : Solution
    book_cvar, book_expected : float
        Of the actual book, fractions of its account value.
    score : float
        (promoter − book) / (promoter − steward) of the CVaRs. Above 1 the book has less tail than
        the steward, who must earn his hurdle; below 0 more than the promoter. Where both hold
        cash because nothing on the menu gains in expectation: 1 for a book without a tail, −∞ for
        one that has one, the limits of the formula.
    windows : int
        Past windows that the scenarios rest on.
    """

    steward: Solution
    promoter: Solution
    book_cvar: float
    book_expected: float
    score: float
    windows: int


def steward(
    history: History,
    result: Result,
    programme: CondorProgramme,
    policy: HedgePolicy,
    *,
    hurdle: float = HURDLE,
    margin_limit: float = MARGIN_LIMIT,
    hedge_limit: float = HEDGE_LIMIT,
    fill: float = DEFAULT_FILL,
    commission: float = DEFAULT_COMMISSION,
) -> Steward:
    """Solve both programmes for the evening a run stopped at, and place its book between them.

    Parameters
    ----------
    history, result
        As for `alvh.advise.evening.read_evening`.
    programme, policy
        What the menu is made of.
    hurdle : float
        Part of the promoter's expected gain that the steward must earn, 0 to 1.
    margin_limit, hedge_limit : float
        Most capital in all, and in the layers, fractions of equity.
    fill, commission : float
        As the run had them.

    Returns
    -------
    Steward

    Raises
    ------
    DataError
        If there are too few past windows (252) or nothing is on the menu.
    """
    evening = read_evening(history, result)
    limits = margin_limit, hedge_limit
    maker = Scorer(evening.surfaces, programme, policy, fill, commission, hurdle, limits)
    found = maker.solve(evening)
    if found is None:
        raise DataError(
            f"{evening.as_of}: fewer than 252 past weeks to draw scenarios from, or nothing left "
            "in the account; choose another day"
        )
    return found


class Scorer:
    """Places the books of one history, programme and policy between steward and promoter.

    Parameters
    ----------
    surfaces : Surfaces
    programme, policy
        What the menu is made of.
    fill, commission
        As for ``alvh.backtest``.
    hurdle : float
    limits : tuple of float
        Most capital in all, and in the layers, fractions of equity.
    """

    def __init__(
        self,
        surfaces: Surfaces,
        programme: CondorProgramme,
        policy: HedgePolicy,
        fill: float = DEFAULT_FILL,
        commission: float = DEFAULT_COMMISSION,
        hurdle: float = HURDLE,
        limits: tuple[float, float] = (MARGIN_LIMIT, HEDGE_LIMIT),
    ) -> None:
        self._solver = Solver(surfaces, programme, policy, fill, commission, hurdle, limits)

    def solve(self, evening: Evening) -> Steward | None:
        """Return both solutions and the book of an evening between them.

        None without a past, and for an account that has nothing left.
        """
        found = self._solver.levels(evening.row)
        if found is None or evening.book.nav <= 0.0:
            return None
        careful, bold, scenarios = found
        book = book_gains(evening, scenarios) / evening.book.nav
        tail = weighted_cvar(book, scenarios.weights)
        score = score_between(np.array(bold.cvar), np.array(tail), np.array(careful.cvar))
        mean = float(scenarios.weights @ book)
        return Steward(careful, bold, tail, mean, float(score), scenarios.windows)

    def score(self, evening: Evening) -> float:
        """Return the score of an evening's book; NaN where `solve` finds none."""
        found = self.solve(evening)
        return float("nan") if found is None else found.score


def book_gains(evening: Evening, scenarios: Scenarios) -> Floats:
    """Return what the actual book gains in every scenario, USD, shape (n_scenarios,)."""
    moves = scenarios.spx_returns, scenarios.vix_logs
    return np.asarray(evening.gains(scenarios.calendar_days, *moves).sum(axis=1))
