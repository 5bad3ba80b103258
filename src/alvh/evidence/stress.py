"""A book under declared shocks and through named crises, side by side.

Shocks are paths of the S&P 500 and of VIX that somebody declares (``alvh.advise.shocks``); crises
are those of history, moved onto the evening's market as changes (``alvh.advise.stretch``). The
book is that of a run's last close, that of a policy, or one that the user holds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl

from alvh.advise.evening import Evening, read_evening
from alvh.advise.positions import own_evening
from alvh.advise.replay import by_policy, by_sleeve, held, replay
from alvh.advise.shocks import SHOCKS, Shock, beyond_record, declare, shocked
from alvh.engine import DEFAULT_EQUITY, DEFAULT_FILL, backtest
from alvh.errors import DataError, PolicyError
from alvh.evidence.crises import CRISES, Crisis, covered
from alvh.guides import NO_SCENARIOS, listens, neutral_guides
from alvh.market.history import History
from alvh.measures import Array, Dates
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme
from alvh.result import Result
from alvh.version import VERSION

Mode = Literal["hold", "policy"]
Book = str | HedgePolicy | Result | Mapping[str, float]
Rules = tuple[HedgePolicy, CondorProgramme]


@dataclass(frozen=True)
class StressPath:
    """A book on one path.

    Attributes
    ----------
    name, words : str
    kind : {"shock", "crisis"}
    on : ndarray of datetime64[D], shape (n,)
        The evening, and the sessions after it.
    spx, vix : ndarray, shape (n,)
        Levels that the book lives through, points.
    pnl : dict of str to ndarray, shape (n,)
        Cumulative gain since the evening, USD, by part of the book and ``total``.
    """

    name: str
    words: str
    kind: Literal["shock", "crisis"]
    on: Dates
    spx: Array
    vix: Array
    pnl: dict[str, Array]

    @property
    def worst(self) -> int:
        """Sessions after the evening on which the whole book stands lowest."""
        return int(np.argmin(self.pnl["total"]))

    @property
    def vix_most(self) -> float:
        """The highest VIX on the way, points."""
        return float(np.max(self.vix))

    @property
    def warning(self) -> str:
        """Said where VIX goes above its record close; empty otherwise."""
        return beyond_record(self.vix_most, self.pnl)


@dataclass(frozen=True)
class Stress:
    """A book on all paths.

    Attributes
    ----------
    as_of : datetime.date
        Evening of the book.
    mode : {"hold", "policy"}
    nav : float
        Account value that evening, USD.
    paths : tuple of StressPath
    meta : dict
        Hashes and digest of what made it.
    """

    as_of: date
    mode: Mode
    nav: float
    paths: tuple[StressPath, ...]
    meta: dict[str, Any]

    def table(self) -> pl.DataFrame:
        """Return one row a path: furthest moves, the lowest session by part of the book, the end.

        ``spx`` is the furthest return (fraction), ``vix`` the level furthest from the evening's
        (points), ``vix_most`` the highest, ``warning`` said where that is above the record
        close; gains are USD, ``worst_share`` and ``end_share`` fractions of the account.
        """
        return pl.DataFrame([_row(path, self.nav) for path in self.paths])


def stress(
    history: History,
    book: Book = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    *,
    shocks: Sequence[str | Shock] | None = None,
    crises: Sequence[str] | None = None,
    mode: Mode = "hold",
    start: str | date | None = None,
    as_of: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    progress: Callable[[int, int], None] | None = None,
) -> Stress:
    """Take a book through declared shocks and named crises.

    Parameters
    ----------
    history : History
    book : str, HedgePolicy, Result or mapping
        A policy, run with ``condors`` to the evening; a run stopped at it; or positions of the
        user's own, option symbols to signed contracts.
    condors : str or CondorProgramme
        Of a policy.
    shocks : sequence of str or Shock, optional
        Names of ``alvh.advise.shocks.SHOCKS``, or shocks declared by the caller; all four without.
    crises : sequence of str, optional
        Keys of ``alvh.evidence.crises.CRISES``; all that the history holds without.
    mode : {"hold", "policy"}
        Trade nothing; or let the engine run on by the policy.
    start, as_of : str or date, optional
        First session of the run, and evening of the book; the first and last possible without.
    equity, fill : float
        As for ``alvh.backtest``; of the user's own book the account value.
    progress : callable, optional
        Called with (paths done, paths in all).

    Returns
    -------
    Stress

    Raises
    ------
    DataError
        If a shock or crisis is unknown, or the history does not hold the crisis.
    PolicyError
        If ``mode`` is "policy" for a book without one, or the policy listens to signals, which a
        declared shock has none of.
    """
    evening, rules = _evening(history, book, condors, mode, start, as_of, equity, fill)
    declared = [_declared(one, evening.vix) for one in (SHOCKS if shocks is None else shocks)]
    named = covered(history.dates) if crises is None else tuple(_crisis(key) for key in crises)
    if mode == "policy" and declared and listens(*_both(rules)):
        raise PolicyError(
            "the policy listens to signals, which declared shocks do not have; hold the book, or "
            "take it through crises alone"
        )
    calls: list[Callable[[], StressPath]] = [
        *(lambda one=one: _under(evening, one, mode, rules, fill) for one in declared),
        *(lambda one=one: _through(history, evening, one, mode, rules, fill) for one in named),
    ]  # fmt: skip
    paths = []
    for call in calls:
        paths.append(call())
        if progress is not None:
            progress(len(paths), len(calls))
    parts = _own_parts if isinstance(book, Mapping) else dict
    named_paths = tuple(_with(path, parts(path.pnl)) for path in paths)
    return Stress(evening.as_of, mode, evening.book.nav, named_paths, _meta(history, evening, book))


def _evening(
    history: History, book: Book, condors: str | CondorProgramme, mode: Mode,
    start: str | date | None, as_of: str | date | None, equity: float, fill: float,
) -> tuple[Evening, Rules | None]:  # fmt: skip
    if isinstance(book, str | HedgePolicy):
        policy = book if isinstance(book, HedgePolicy) else load_policy(book)
        programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
        result = backtest(history, policy, programme, start, as_of, equity, fill)
        return read_evening(history, result), (policy, programme)
    if mode == "policy":
        raise PolicyError("a book of positions or of a run has no policy with it; hold it, or name "
                          "the policy in its place")  # fmt: skip
    if isinstance(book, Result):
        return read_evening(history, book), None
    return own_evening(history, book, as_of, equity), None


def _both(rules: Rules | None) -> Rules:
    if rules is None:
        raise PolicyError("a policy and a programme are wanted to run on by")
    return rules


def _declared(one: str | Shock, vix: float) -> Shock:
    return declare(one, vix) if isinstance(one, str) else one


def _crisis(key: str) -> Crisis:
    for crisis in CRISES:
        if crisis.key == key:
            return crisis
    keys = ", ".join(crisis.key for crisis in CRISES)
    raise DataError(f"there is no crisis {key!r}; the crises are {keys}")


def _under(
    evening: Evening, shock: Shock, mode: Mode, rules: Rules | None, fill: float
) -> StressPath:
    moved = shocked(evening, shock)
    if mode == "policy":
        guides = neutral_guides(), NO_SCENARIOS
        pnl = by_policy(evening, moved, guides, *_both(rules), fill)
    else:
        pnl = by_sleeve(evening.legs, held(evening.legs, moved)[0])
    days: Any = moved.days
    return StressPath(shock.name, shock.words, "shock", moved.dates, days["spx"], days["vix"], pnl)


def _through(
    history: History, evening: Evening, crisis: Crisis, mode: Mode, rules: Rules | None, fill: float
) -> StressPath:  # fmt: skip
    dates = evening.surfaces.dates
    first, last = np.searchsorted(dates, [np.datetime64(crisis.start), np.datetime64(crisis.end)])
    if first >= len(dates) - 1 or dates[first] != np.datetime64(crisis.start) or last <= first:
        raise DataError(
            f"the history, {dates[0]} to {dates[-1]}, does not hold {crisis.name} "
            f"({crisis.start} to {crisis.end}); leave it out or load a longer one"
        )
    policy, programme = rules or (None, None)
    found = replay(history, evening.result, crisis.start, int(last - first), mode, policy=policy,
                   programme=programme, fill=fill, evening=evening)  # fmt: skip
    return StressPath(crisis.key, crisis.name, "crisis", found.on, found.spx, found.vix, found.pnl)


def _own_parts(pnl: dict[str, Array]) -> dict[str, Array]:
    return {"spx_options": pnl["condors"], "vix_options": pnl["short"], "total": pnl["total"]}


def _with(path: StressPath, pnl: dict[str, Array]) -> StressPath:
    return StressPath(path.name, path.words, path.kind, path.on, path.spx, path.vix, pnl)


def _row(path: StressPath, nav: float) -> dict[str, Any]:
    moves, levels, worst = path.spx / path.spx[0] - 1.0, np.log(path.vix / path.vix[0]), path.worst
    total = path.pnl["total"]
    return {
        "name": path.name,
        "kind": path.kind,
        "sessions": len(path.on) - 1,
        "spx": float(moves[np.abs(moves).argmax()]),
        "vix": float(path.vix[np.abs(levels).argmax()]),
        "vix_most": path.vix_most,
        "warning": path.warning,
        "worst_session": worst,
        **{f"worst_{part}": float(values[worst]) for part, values in path.pnl.items()},
        "worst_share": float(total[worst] / nav),
        "end_total": float(total[-1]),
        "end_share": float(total[-1] / nav),
    }


def _meta(history: History, evening: Evening, book: Book) -> dict[str, Any]:
    if not isinstance(book, Mapping):
        return evening.result.meta | {"model_priced_share": 1.0}
    return {
        "hedge": "own positions", "programme": "own positions", "positions": len(book),
        "data_digest": history.digest, "code_version": VERSION, "model_priced_share": 1.0,
    }  # fmt: skip
