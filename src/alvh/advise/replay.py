"""Today's book through any stretch of history.

Session by session, the changes of a stretch are applied to today's market (`alvh.advise.stretch`):
the S&P 500 and VIX by the same factor, the VIX curve and both smiles likewise. The book is the
book: its strikes, expiries and money stay. Moves are therefore relative: a VIX that triples there
triples here.

``hold`` trades nothing: what expires settles, the rest is marked. ``policy`` lets the engine run
on from the book, rolling, taking gains and opening condors as the policy says.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.advise.evening import Evening, read_evening
from alvh.advise.shocks import beyond_record
from alvh.advise.stretch import move_stretch
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.engine import DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD, DEFAULT_FILL, run_window
from alvh.errors import DataError
from alvh.guides import build_guides
from alvh.kernel import codes
from alvh.kernel.quotes import multiplier
from alvh.kernel.revalue import revalue
from alvh.market.history import History
from alvh.market.surfaces import Records, Surfaces
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.result import COUNTED, Result

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Mode = Literal["hold", "policy"]

MOST_SESSIONS = 2600  # ten years


@dataclass(frozen=True)
class Replay:
    """A book through a stretch of history.

    Attributes
    ----------
    as_of : datetime.date
        The evening of the book.
    mode : {"hold", "policy"}
    dates : ndarray of datetime64[D], shape (n,)
        Sessions of the stretch; the book starts at the close of the first.
    on : ndarray of datetime64[D], shape (n,)
        The sessions that they stand for: the evening of the book, and those after it.
    pnl : dict of str to ndarray, shape (n,)
        Cumulative gain since the first close by ``condors``, layer, and ``total``, USD: in
        ``hold`` at mid; in ``policy`` after costs, ``total`` with interest.
    start_nav : float
        Account value of the book, USD.
    spx, vix : ndarray, shape (n,)
        Levels that the book lives through: today's, moved as those of the stretch.
    settled : polars.DataFrame
        In ``hold``: what expired: date (of ``on``), sleeve, root, put_call, strike, quantity,
        value (points).
    """

    as_of: date
    mode: Mode
    dates: Dates
    on: Dates
    pnl: dict[str, Floats]
    start_nav: float
    spx: Floats
    vix: Floats
    settled: pl.DataFrame

    @property
    def worst(self) -> tuple[date, float]:
        """The session of the stretch on which the whole book stood lowest, its gain then, USD."""
        at = int(np.argmin(self.pnl["total"]))
        return self.dates[at].astype(object), float(self.pnl["total"][at])

    @property
    def vix_most(self) -> float:
        """The highest VIX that the book lives through, points."""
        return float(np.max(self.vix))

    @property
    def warning(self) -> str:
        """Said where VIX goes above its record close; empty otherwise."""
        return beyond_record(self.vix_most, self.pnl)


def replay(
    history: History,
    result: Result,
    start: date | str,
    sessions: int = 63,
    mode: Mode = "hold",
    *,
    policy: HedgePolicy | None = None,
    programme: CondorProgramme | None = None,
    fill: float = DEFAULT_FILL,
    evening: Evening | None = None,
) -> Replay:
    """Take the book at the last close of a run through a stretch of history.

    Parameters
    ----------
    history, result
        The run, stopped at the evening, and its history.
    start : datetime.date or str
        First session of the stretch.
    sessions : int
        Its length after the first, 1 to 2600; shorter where the history ends.
    mode : {"hold", "policy"}
    policy, programme
        Needed for ``policy``.
    fill : float
        As for ``alvh.backtest``.
    evening : Evening, optional
        The book, where it is not the one that the run ended with.

    Returns
    -------
    Replay

    Raises
    ------
    DataError
        If the start is no session with prices, a policy is missing, or the book would live past
        the end of the exchange calendar.
    """
    evening = evening or read_evening(history, result)
    window = _window(evening, start, sessions)
    if mode == "policy" and (policy is None or programme is None):
        raise DataError("replay by policy: a policy and a programme were wanted; pass both")
    moved = move_stretch(evening, window)
    settled = list[dict[str, Any]]()
    if policy is None or programme is None or mode == "hold":
        gains, settled = held(evening.legs, moved)
        pnl = by_sleeve(evening.legs, gains)
    else:
        dates = evening.surfaces.dates[window]
        guides = _moved_guides(build_guides(history, policy, programme, dates), dates, moved)
        pnl = by_policy(evening, moved, guides, policy, programme, fill)
    days: Any = moved.days
    return Replay(
        evening.as_of, mode, evening.surfaces.dates[window], moved.dates, pnl, evening.book.nav,
        days["spx"], days["vix"], pl.DataFrame(settled, schema=_SETTLED),
    )  # fmt: skip


def _window(evening: Evening, start: date | str, sessions: int) -> slice:
    surfaces = evening.surfaces
    if not 1 <= sessions <= MOST_SESSIONS:
        raise DataError(f"{sessions} sessions: a whole number from 1 to {MOST_SESSIONS} was wanted")
    try:
        wanted = np.datetime64(str(start), "D")
    except ValueError:
        raise DataError(f"start {start!r} is not a date; write it as 2020-02-19") from None
    row = int(np.searchsorted(surfaces.dates, wanted))
    if row >= len(surfaces.dates) - 1 or surfaces.dates[row] != wanted:
        raise DataError(
            f"{start} is no session before the last of this history, {surfaces.dates[0]} to "
            f"{surfaces.dates[-1]}; choose a day on which the market was open"
        )
    if surfaces.days[row]["tradable"] == 0:
        raise DataError(f"{start} lacks an input that prices need; choose another day")
    return slice(row, min(row + sessions + 1, len(surfaces.dates)))


def held(legs: Records, moved: Surfaces) -> tuple[Floats, list[dict[str, Any]]]:
    """Return the cumulative gain of every leg, USD, shape (n_days, n_legs), and what settled.

    Parameters
    ----------
    legs : ndarray of LEG, shape (n_legs,)
        Marked at the first of the days.
    moved : Surfaces
        The evening and the days after it; nothing is traded on them.
    """
    days: Any = moved.days
    legs, settled = legs.copy(), list[dict[str, Any]]()
    size = np.array([float(multiplier(int(leg["root"]))) for leg in legs])
    alive = np.ones(len(legs), dtype=bool)
    gains = np.zeros((len(days), len(legs)))
    for t in range(1, len(days)):
        gains[t], day = gains[t - 1], days[t]
        due = alive & (legs["expiry"] <= day["date"]) & (legs["root"] <= codes.VX)
        for i in np.flatnonzero(due):
            value = _settlement(day, legs[i])
            gains[t, i] += size[i] * legs[i]["quantity"] * (value - legs[i]["mid"])
            settled.append(_settled_row(day, legs[i], value))
        alive &= ~due
        if day["tradable"] == 0:
            continue
        held = np.flatnonzero(alive)
        out = np.zeros(len(held))
        revalue(day, legs[held], codes.TODAY, 0.0, 0.0, out)
        gains[t, held] += out
        legs["mid"][held] += out / (size[held] * legs["quantity"][held])
    return gains, settled


def by_sleeve(legs: Records, gains: Floats) -> dict[str, Floats]:
    """Return the gains of legs, shape (n_days, n_legs), by ``condors``, layer and ``total``."""
    pnl = {name: gains[:, legs["sleeve"] == i].sum(axis=1) for i, name in enumerate(codes.SLEEVES)}
    return pnl | {"total": gains.sum(axis=1)}


def _settlement(day: Any, leg: Any) -> float:
    """Return what a leg settles to, as the engine settles, points."""
    root = int(leg["root"])
    if root in (codes.VIX, codes.VX):
        published = float(day["vix_settlement"])
        level = float(day["vix"]) if np.isnan(published) else published
    else:
        level = float(day["spx_open_settlement"] if root == codes.SPX else day["spx"])
    if leg["right"] == codes.OUTRIGHT:
        return level
    away = level - float(leg["strike"])
    return max(-away if leg["right"] == codes.PUT else away, 0.0)


_SETTLED = {
    "date": pl.Date, "sleeve": pl.String, "root": pl.String, "put_call": pl.String,
    "strike": pl.Float64, "quantity": pl.Float64, "value": pl.Float64,
}  # fmt: skip


def _settled_row(day: Any, leg: Any, value: float) -> dict[str, Any]:
    return {
        "date": np.datetime64(int(day["date"]), "D").astype(object),
        "sleeve": codes.SLEEVES[leg["sleeve"]],
        "root": codes.ROOTS[leg["root"]],
        "put_call": codes.RIGHTS[leg["right"]],
        "strike": float(leg["strike"]),
        "quantity": float(leg["quantity"]),
        "value": value,
    }


def _moved_guides(
    guides: tuple[Records, Floats], dates: Dates, moved: Surfaces
) -> tuple[Records, Floats]:
    """Return what the stretch's signals say, its coming events as many days away as there."""
    rows, scenarios = guides
    if len(rows) == len(dates):
        rows = rows.copy()
        later = (moved.dates - dates).astype(np.int64)
        rows["next_event"] += np.where(rows["next_event"] > 0, later, 0)
    return rows, scenarios


def by_policy(
    evening: Evening,
    moved: Surfaces,
    guides: tuple[Records, Floats],
    policy: HedgePolicy,
    programme: CondorProgramme,
    fill: float,
) -> dict[str, Floats]:
    """Return the gains of every sleeve as the engine runs on from the book."""
    account = compile_account(1.0, fill, 1.0, DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD)
    account["equity"] = evening.book.cash  # a book that is in an index fund has none
    records = (*compile_hedge(policy), compile_programme(programme, fill), account)
    book = _started(evening)
    whole = slice(0, len(moved.days))
    daily, _, _ = run_window(moved, whole, guides, records, lambda: _copied(book))
    net: Any = daily["pnl"] - daily["cost"]
    pnl = {name: net[:, i] - net[0, i] for i, name in enumerate(codes.SLEEVES)}
    return pnl | {"total": daily["nav"] - daily["nav"][0]}


def _copied(book: Any) -> Any:
    return type(book)(*(part.copy() for part in book))


def _started(evening: Evening) -> Any:
    """Return the engine's book as one that a run starts with, its counters at nought."""
    book = _copied(evening.result.book)
    state = book.state[0]
    state["start"] = 1
    for name in ("next_spx", "next_vix", *COUNTED, "judged"):
        state[name] = 0
    for held in (book.condors, book.cohorts):  # what comes has no quotes: start from the smile
        held["mid"] -= held["gap"]
        held["gap"], held["half"], held["quoted"] = 0.0, 0.0, 0
    return book
