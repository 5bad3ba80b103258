"""Runs of one history under many sizes: each made once, kept, and brought to equal terms."""

import math
from collections.abc import Callable
from typing import Any, Protocol

from alvh import measures as m
from alvh.errors import DataError, PolicyError, PricingError
from alvh.evidence.matching import Match, match_scale
from alvh.evidence.rows import Run, carry_rate, outlay_rate
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.policy.identity import policy_hash

UNHEDGED = HedgePolicy(name="none", description="No hedge")


class Backtest(Protocol):
    """The engine's door, ``alvh.engine.backtest``, or a stand-in with the same shape."""

    def __call__(
        self,
        history: Any,
        hedge: HedgePolicy,
        condors: CondorProgramme,
        start: Any,
        end: Any,
        equity: float,
        fill: float,
    ) -> Run: ...


class Workbench:
    """One history, one programme, one account: hands out runs and remembers them.

    Parameters
    ----------
    backtest : callable
        The engine.
    history : History
    programme : CondorProgramme
        The book to be hedged, at its full size.
    fill : float
        Fill parameter, 0 mid to 1 touch.
    start, end, equity
        Passed to the engine as they are.
    """

    def __init__(
        self,
        backtest: Backtest,
        history: Any,
        programme: CondorProgramme,
        *,
        fill: float,
        start: Any = None,
        end: Any = None,
        equity: float = 1_000_000.0,
    ) -> None:
        self.history, self.programme, self.fill = history, programme, fill
        self._backtest, self.account = backtest, (start, end, equity)
        self._kept: dict[tuple[str, str, float], Run] = {}

    def run(
        self,
        hedge: HedgePolicy = UNHEDGED,
        *,
        programme: CondorProgramme | None = None,
        fill: float | None = None,
        keep: bool = True,
    ) -> Run:
        """Run a hedge; a question whose answer was kept is answered from memory.

        Parameters
        ----------
        hedge : HedgePolicy
        programme : CondorProgramme, optional
            In place of the bench's own.
        fill : float, optional
            In place of the bench's own.
        keep : bool
            Whether to remember the run. A run of twenty years with its logs takes megabytes, so
            searches and curves, which only measure it, do not.

        Raises
        ------
        AlvhError
            Whatever the engine refuses.
        """
        programme = programme or self.programme
        fill = self.fill if fill is None else fill
        key = (policy_hash(hedge), policy_hash(programme), fill)
        if key in self._kept:
            return self._kept[key]
        start, end, equity = self.account
        made = self._backtest(self.history, hedge, programme, start, end, equity, fill)
        if keep:
            self._kept[key] = made
        return made

    def fewer(self, scale: float, *, keep: bool = True) -> Run:
        """Run the unhedged book at a fraction of its size.

        Parameters
        ----------
        scale : float
            Above 0, at most 1.

        Raises
        ------
        PolicyError
            If the programme holds no condors to make fewer.
        """
        return self.run(programme=scaled_programme(self.programme, scale), keep=keep)


def scaled_programme(programme: CondorProgramme, scale: float) -> CondorProgramme:
    """Return the same programme with fewer condors.

    Parameters
    ----------
    programme : CondorProgramme
    scale : float
        Multiplier of ``risk_fraction``, or of ``contracts`` where their number is fixed, then
        rounded to whole condors and at least one.

    Raises
    ------
    PolicyError
        If the programme has no condors, or the scale is not within (0, 1].
    """
    if programme.kind != "condors":
        raise PolicyError(
            f"programme {programme.name} holds no condors, so there are none to make fewer"
        )
    if not 0 < scale <= 1:
        raise PolicyError(f"fewer condors means a scale above 0 and at most 1; it was {scale}")
    if programme.contracts is not None:
        number = max(round(programme.contracts * scale), 1)
        return programme.model_copy(update={"contracts": number})
    return programme.model_copy(update={"risk_fraction": programme.risk_fraction * scale})


def monthly_risk(run: Run) -> float:
    """Risk that books are brought to equality on: minus the CVaR of 21-session returns.

    It rests on every bad month rather than on the one worst episode that sets the maximum
    drawdown, so that equality is not decided by a single week.
    """
    return -m.cvar(m.rolling_returns(run.nav))


def equalise(
    bench: Workbench, hedge: HedgePolicy, target: float, rate: Callable[[Run], float]
) -> Match:
    """Scale a hedge until a rate of its own, carry or outlay, equals a target.

    Parameters
    ----------
    bench : Workbench
    hedge : HedgePolicy
        At its preset size, which is scale 1.
    target : float
        Fraction of NAV.
    rate : callable
        `carry_rate` or `outlay_rate`.
    """
    return match_scale(
        lambda scale: _or_nan(lambda: rate(bench.run(hedge.scaled(scale), keep=False))), target
    )


def fewer_condors(bench: Workbench, risk: float) -> Match:
    """Make condors fewer until the unhedged book has a given risk, as `monthly_risk` states it.

    A risk at or above that of the full book is met by the full book: selling more condors than
    the programme does is not "fewer condors".

    Raises
    ------
    DataError
        If the risk is not a loss, so that no book but an empty one has it.
    PolicyError
        If the programme holds no condors.
    """
    if not risk > 0:
        raise DataError("the hedged book gains even in its worst months; no size of book does that")
    full = monthly_risk(bench.run())
    if risk >= full:
        note = "the hedged book is no less risky than the unhedged one: nothing to give up"
        return Match(1.0, full, risk, False, 1, note)
    return match_scale(
        lambda scale: _or_nan(lambda: monthly_risk(bench.fewer(scale, keep=False))),
        risk,
        largest=1.0,
    )


def _or_nan(question: Callable[[], float]) -> float:
    try:
        return question()
    except (DataError, PricingError):
        return math.nan


RATES: dict[str, Callable[[Run], float]] = {"carry": carry_rate, "outlay": outlay_rate}
