"""Steward and promoter: two ways to fill the same account, and where the actual book stands.

Both choose from the same menu: today's new condor at the programme's strikes, one structure of
each hedge layer, and cash in bills. The promoter takes the largest expected gain that a limit on
capital lets him have. The steward takes the least tail, the mean of the worst 5 % of weeks, that
still earns a given part of what the promoter expects. The book's score is 1 with the steward's
tail and 0 with the promoter's.

Two rules go with it. Rolls of the hedge are paid before new condors open; the engine's order of
events sees to that. And a score below one half blocks new condors, where the policy makes it
binding.

The horizon is five sessions, or the programme's tenor where that is shorter. Amounts are divisible
here, unlike in the account: a solution is a direction, not an order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from alvh.advise.evening import Evening, Records, read_evening
from alvh.advise.menu import ITEMS, Menu, MenuMaker
from alvh.advise.scenarios import SESSIONS, Past, Scenarios
from alvh.engine import DEFAULT_COMMISSION, DEFAULT_FILL
from alvh.errors import DataError
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.result import Result

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

ALPHA = 0.95
HURDLE = 0.5  # our choice: the steward must earn half of what the promoter expects
MARGIN_LIMIT = 0.5  # our choice: half of the account at work, the other half to survive on
HEDGE_LIMIT = 0.05  # our choice: five times the preset budget; a hedge is not an investment
_SAME = 1e-12  # CVaRs closer than this are one
BLOCKS_BELOW = 0.5  # the method: a score below one half blocks new condors


@dataclass(frozen=True)
class Solution:
    """How one of the two fills the account.

    Attributes
    ----------
    capital : dict of str to float
        Capital in ``condor``, ``short``, ``medium``, ``tail``, fractions of equity.
    expected : float
        Gain over bills in the horizon, fraction of equity.
    cvar : float
        Mean of the worst 5 % of scenarios, fraction of equity, negative.
    """

    capital: dict[str, float]
    expected: float
    cvar: float


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


@dataclass(frozen=True)
class StewardLevels:
    """Tails of steward and promoter on many sessions; see `steward_levels`.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    cvar_steward, cvar_promoter : ndarray, shape (n,)
        Fractions of equity over the horizon, negative; 0 where both hold cash, NaN where there
        are too few past windows or no prices.
    """

    dates: Dates
    cvar_steward: Floats
    cvar_promoter: Floats

    def score(self, book_cvar: Floats) -> Floats:
        """Return the score of books with the given CVaRs, shape (n,); see `Steward.score`."""
        return _score(self.cvar_promoter, book_cvar, self.cvar_steward)

    def held_until(self, sessions: Dates) -> "StewardLevels":
        """Return the levels on other sessions, each the last one known at its close."""
        place = np.searchsorted(self.dates, sessions, side="right") - 1
        known = place >= 0
        take = np.maximum(place, 0)
        return StewardLevels(
            sessions,
            np.where(known, self.cvar_steward[take], np.nan),
            np.where(known, self.cvar_promoter[take], np.nan),
        )


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
    days = evening.surfaces.days
    scenarios = _past(days, programme).scenarios(evening.row)
    if scenarios is None:
        raise DataError(
            f"{evening.as_of}: fewer than 252 past weeks to draw scenarios from; choose a later day"
        )
    maker = MenuMaker(evening.surfaces, programme, policy, fill, commission)
    pair = _solve(maker.menu(evening.row), scenarios, hurdle, (margin_limit, hedge_limit))
    book = book_gains(evening, scenarios) / evening.book.nav
    tail = weighted_cvar(book, scenarios.weights)
    score = _score(np.array(pair[1].cvar), np.array(tail), np.array(pair[0].cvar))
    mean = float(scenarios.weights @ book)
    return Steward(pair[0], pair[1], tail, mean, float(score), scenarios.windows)


def _past(days: Records, programme: CondorProgramme) -> Past:
    """Return windows of a week, or of the programme's tenor where that is shorter."""
    return Past(days["spx"], days["vix"], max(min(SESSIONS, programme.tenor_days), 1))


def book_gains(evening: Evening, scenarios: Scenarios) -> Floats:
    """Return what the actual book gains in every scenario, USD, shape (n_scenarios,)."""
    moves = scenarios.spx_returns, scenarios.vix_logs
    return np.asarray(evening.gains(scenarios.calendar_days, *moves).sum(axis=1))


def _solve(
    menu: Menu, scenarios: Scenarios, hurdle: float, limits: tuple[float, float]
) -> tuple[Solution, Solution]:
    """Return (steward, promoter) of one evening."""
    gains, weights = menu.gains(scenarios), scenarios.weights
    bold = most_gain(gains, weights, limits)
    usable = np.nan_to_num(gains)
    wanted = hurdle * float(weights @ (usable @ bold))
    # a hair below, so that the promoter's own mix, scaled down, is never refused for rounding
    careful = least_tail(gains, weights, wanted * (1.0 - 1e-9), limits) if wanted > 0.0 else bold
    return _solution(careful, usable, weights), _solution(bold, usable, weights)


def _solution(capital: Floats, gains: Floats, weights: Floats) -> Solution:
    outcome = gains @ capital
    named = {name: float(x) for name, x in zip(ITEMS, capital, strict=True)}
    return Solution(named, float(weights @ outcome), weighted_cvar(outcome, weights))


def _score(promoter: Floats, book: Floats, steward: Floats) -> Floats:
    apart = promoter - steward
    same = np.where(book >= promoter - _SAME, 1.0, -np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.where(apart < -_SAME, (promoter - book) / apart, same)
    return np.where(np.isfinite(promoter * book * steward), score, np.nan)


def steward_levels(
    history: History,
    programme: CondorProgramme,
    policy: HedgePolicy,
    days: Dates,
    *,
    hurdle: float = HURDLE,
    margin_limit: float = MARGIN_LIMIT,
    hedge_limit: float = HEDGE_LIMIT,
    fill: float = DEFAULT_FILL,
    commission: float = DEFAULT_COMMISSION,
    progress: Callable[[int, int], None] | None = None,
) -> StewardLevels:
    """Return the tails of steward and promoter on many sessions.

    They depend on the market, the programme and the policy, not on any account: the score of a
    book needs its own CVaR beside them, on the same scenarios (`book_gains`).

    Parameters
    ----------
    history, programme, policy
        As for `steward`.
    days : ndarray of datetime64[D], shape (n,)
        Sessions, ascending.
    hurdle, margin_limit, hedge_limit
        As for `steward`.
    fill, commission
        As for ``alvh.backtest``.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    StewardLevels

    Raises
    ------
    DataError
        If a day is no session of the history.
    """
    surfaces = build_surfaces(history)
    rows = np.searchsorted(surfaces.dates, days)
    wrong = (rows >= len(surfaces.dates)) | (
        surfaces.dates[np.minimum(rows, len(surfaces.dates) - 1)] != days
    )
    if wrong.any():
        raise DataError(f"{days[wrong][0]} is no session of this history; pass its own sessions")
    past = _past(surfaces.days, programme)
    maker = MenuMaker(surfaces, programme, policy, fill, commission)
    tails = np.full((2, len(days)), np.nan)
    for place, row in enumerate(rows):
        scenarios = past.scenarios(int(row)) if surfaces.days[row]["tradable"] == 1 else None
        if scenarios is not None:
            pair = _solve(maker.menu(int(row)), scenarios, hurdle, (margin_limit, hedge_limit))
            tails[:, place] = pair[0].cvar, pair[1].cvar
        if progress is not None:
            progress(place + 1, len(days))
    return StewardLevels(days, tails[0], tails[1])
