"""Steward and promoter on any session: two ways to fill an account from the same menu.

Both choose from today's new condor at the programme's strikes, one structure of each hedge layer,
and cash in bills. The promoter takes the largest expected gain that a limit on capital lets him
have. The steward takes the least tail, the mean of the worst 5 % of weeks, that still earns a
given part of what the promoter expects.

The horizon is five sessions, or the programme's tenor where that is shorter. Amounts are divisible
here, unlike in the account: a solution is a direction, not an order.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.market.history import History
from alvh.market.surfaces import Records, Surfaces, build_surfaces
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.stewardship.allocation import least_tail, most_gain, weighted_cvar
from alvh.stewardship.menu import ITEMS, Menu, MenuMaker
from alvh.stewardship.scenarios import SESSIONS, Past, Scenarios

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

DEFAULT_FILL = 0.5  # as the engine's
DEFAULT_COMMISSION = 0.65
HURDLE = 0.5  # our choice: the steward must earn half of what the promoter expects
MARGIN_LIMIT = 0.5  # our choice: half of the account at work, the other half to survive on
HEDGE_LIMIT = 0.05  # our choice: five times the preset budget; a hedge is not an investment
_SAME = 1e-12  # CVaRs closer than this are one


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
class StewardLevels:
    """Tails of steward and promoter on many sessions; see `steward_levels`.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    cvar_steward, cvar_promoter : ndarray, shape (n,)
        Fractions of equity over the horizon, negative; 0 where both hold cash, NaN where there
        are too few past windows or no prices.
    scenarios : tuple of Scenarios or None
        The moves they rest on, by session, for the CVaR of a book; None where there are none.
    """

    dates: Dates
    cvar_steward: Floats
    cvar_promoter: Floats
    scenarios: tuple[Scenarios | None, ...] = ()

    @property
    def limit(self) -> Floats:
        """CVaR of a book whose score is one half, shape (n,): below it new condors are blocked."""
        return 0.5 * (self.cvar_steward + self.cvar_promoter)

    def score(self, book_cvar: Floats) -> Floats:
        """Return the score of books with the given CVaRs, shape (n,); see `Steward.score`."""
        return score_between(self.cvar_promoter, book_cvar, self.cvar_steward)

    def held_until(self, sessions: Dates) -> "StewardLevels":
        """Return the levels on other sessions, each the last one known at its close."""
        place = np.searchsorted(self.dates, sessions, side="right") - 1
        known = place >= 0
        take = np.maximum(place, 0)
        return StewardLevels(
            sessions,
            np.where(known, self.cvar_steward[take], np.nan),
            np.where(known, self.cvar_promoter[take], np.nan),
            tuple(self.scenarios[i] if seen else None for i, seen in zip(take, known, strict=True))
            if self.scenarios
            else (),
        )


class Solver:
    """Solves both programmes on the sessions of one history, programme and policy.

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
        self._tradable = surfaces.days["tradable"] == 1
        self._past = _past(surfaces.days, programme)
        self._maker = MenuMaker(surfaces, programme, policy, fill, commission)
        self._hurdle, self._limits = hurdle, limits

    def levels(self, row: int) -> tuple[Solution, Solution, Scenarios] | None:
        """Return (steward, promoter, scenarios) at the close of a row; None without a past."""
        scenarios = self._past.scenarios(row) if self._tradable[row] else None
        if scenarios is None:
            return None
        pair = _solve(self._maker.menu(row), scenarios, self._hurdle, self._limits)
        return (*pair, scenarios)


def _past(days: Records, programme: CondorProgramme) -> Past:
    """Return windows of a week, or of the programme's tenor where that is shorter."""
    return Past(days["spx"], days["vix"], max(min(SESSIONS, programme.tenor_days), 1))


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


def score_between(promoter: Floats, book: Floats, steward: Floats) -> Floats:
    """Return (promoter − book) / (promoter − steward) of CVaRs; its limits where they agree."""
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
    limits = margin_limit, hedge_limit
    scorer = Solver(surfaces, programme, policy, fill, commission, hurdle, limits)
    tails, moves = np.full((2, len(days)), np.nan), list[Scenarios | None]()
    for place, row in enumerate(rows):
        found = scorer.levels(int(row))
        if found is not None:
            tails[:, place] = found[0].cvar, found[1].cvar
        moves.append(None if found is None else found[2])
        if progress is not None:
            progress(place + 1, len(days))
    return StewardLevels(days, tails[0], tails[1], tuple(moves))
