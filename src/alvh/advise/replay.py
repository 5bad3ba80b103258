"""Today's book through any stretch of history.

The book is moved to the first evening of the stretch: every strike keeps its moneyness (against
the index, or against the VIX forward as far ahead), every expiry its calendar days, and every leg
the money it stands for. Then it lives through the real market of the stretch, with its curve,
smiles and settlements. Moves are therefore relative: a VIX that triples there triples here.

``hold`` trades nothing: what expires settles, the rest is marked. ``policy`` lets the engine run
on from that book, rolling, taking gains and opening condors as the policy says.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.advise.evening import Evening, read_evening
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.engine import DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD, DEFAULT_FILL, run_window
from alvh.errors import DataError
from alvh.guides import build_guides
from alvh.kernel import codes
from alvh.kernel.quotes import leg_mid, multiplier
from alvh.kernel.revalue import revalue
from alvh.kernel.vix_smile import vix_forward
from alvh.market.history import History
from alvh.market.surfaces import Records
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.result import Result
from alvh.sessions import grid

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
    pnl : dict of str to ndarray, shape (n,)
        Cumulative gain since the first close by ``condors``, layer, and ``total``: in ``hold`` at
        mid in today's USD; in ``policy`` after costs and interest, in today's USD by the ratio of
        the index levels.
    start_nav : float
        Account value of the book, USD.
    spx, vix : ndarray, shape (n,)
        Levels of the stretch.
    settled : polars.DataFrame
        In ``hold``: what expired: date, sleeve, root, put_call, strike, quantity, value.
    """

    as_of: date
    mode: Mode
    dates: Dates
    pnl: dict[str, Floats]
    start_nav: float
    spx: Floats
    vix: Floats
    settled: pl.DataFrame

    @property
    def worst(self) -> tuple[date, float]:
        """The day on which the whole book stood lowest, and its gain then, USD."""
        at = int(np.argmin(self.pnl["total"]))
        return self.dates[at].astype(object), float(self.pnl["total"][at])


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

    Returns
    -------
    Replay

    Raises
    ------
    DataError
        If the start is no session with prices, or a policy is missing.
    """
    evening = read_evening(history, result)
    window = _window(evening, start, sessions)
    if mode == "hold":
        return _hold(evening, window)
    if policy is None or programme is None:
        raise DataError("replay by policy: a policy and a programme were wanted; pass both")
    return _by_policy(history, evening, window, policy, programme, fill)


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


def _forward(day: Any, expiry: int) -> float:
    return float(
        vix_forward(day["curve_expiry"], day["curve_forward"], day["vix"], day["date"], expiry)
    )


def _moved_expiry(evening: Evening, there: Any, expiry: int) -> tuple[int, int]:
    """Return (date, session) as many calendar days after the stretch's first, or the next open."""
    wanted = int(there["date"]) + expiry - int(evening.day["date"])
    calendar = grid(scheduled=True)
    days: Any = evening.surfaces.days
    row = int(np.searchsorted(days["date"], wanted))
    moved = int(days[row]["date"]) if row < len(days) else wanted
    first, last = calendar.number(np.array([int(there["date"]), moved]))
    return moved, int(there["session"]) + int(last - first)


def _scale(evening: Evening, there: Any, root: int, expiry: int, moved: int) -> float:
    """Return the level that a leg stands on today over that of the stretch's first evening."""
    day = evening.day
    if root in (codes.VIX, codes.VX):
        return _forward(day, expiry) / _forward(there, moved)
    if root == codes.ETP_SHORT:
        return float(day["etp_short"] / there["etp_short"])
    if root == codes.ETP_MID:
        return float(day["etp_mid"] / there["etp_mid"])
    return float(day["spx"] / there["spx"])


def _transplant(evening: Evening, there: Any) -> tuple[Records, Floats]:
    """Return the book's legs as they stand in the stretch, and the scale of each leg's money."""
    legs = evening.legs.copy()
    scale = np.ones(len(legs))
    for i, leg in enumerate(legs):
        root, expiry = int(leg["root"]), int(leg["expiry"])
        if root <= codes.VX:
            moved, session = _moved_expiry(evening, there, expiry)
            leg["expiry"], leg["expiry_session"] = moved, session
        scale[i] = _scale(evening, there, root, expiry, int(leg["expiry"]))
        leg["strike"] /= scale[i]
        leg["mid"] = leg_mid(
            there, root, int(leg["right"]), int(leg["expiry"]), int(leg["expiry_session"]),
            float(leg["strike"]),
        )  # fmt: skip
    return legs, scale


def _hold(evening: Evening, window: slice) -> Replay:
    days: Any = evening.surfaces.days[window]
    legs, scale = _transplant(evening, days[0])
    size = np.array([float(multiplier(int(leg["root"]))) for leg in legs])
    alive, settled = np.ones(len(legs), dtype=bool), []
    gains = np.zeros((len(days), len(legs)))
    for t in range(1, len(days)):
        gains[t] = gains[t - 1]
        day = days[t]
        for i in np.flatnonzero(alive & (legs["expiry"] <= day["date"])):
            if legs[i]["root"] > codes.VX:
                continue
            value = _settlement(day, legs[i])
            leg = legs[i]
            gains[t, i] += scale[i] * size[i] * leg["quantity"] * (value - leg["mid"])
            settled.append((evening, day, leg.copy(), value * scale[i], scale[i]))
            alive[i] = False
        if day["tradable"] == 0:
            continue
        held = np.flatnonzero(alive)
        out = np.zeros(len(held))
        revalue(day, legs[held], codes.TODAY, 0.0, 0.0, out)
        gains[t, held] += scale[held] * out
        legs["mid"][held] += out / (size[held] * legs["quantity"][held])
    pnl = {name: gains[:, legs["sleeve"] == i].sum(axis=1) for i, name in enumerate(codes.SLEEVES)}
    return Replay(
        evening.as_of, "hold", evening.surfaces.dates[window], pnl | {"total": gains.sum(axis=1)},
        evening.book.nav, days["spx"].copy(), days["vix"].copy(), _settled_table(settled),
    )  # fmt: skip


def _settlement(day: Any, leg: Any) -> float:
    """Return what a leg settles to, as the engine settles: points of the stretch."""
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


def _settled_table(settled: list[Any]) -> pl.DataFrame:
    rows = [
        {
            "date": np.datetime64(int(day["date"]), "D").astype(object),
            "sleeve": codes.SLEEVES[leg["sleeve"]],
            "root": codes.ROOTS[leg["root"]],
            "put_call": codes.RIGHTS[leg["right"]],
            "strike": float(leg["strike"] * scale),
            "quantity": float(leg["quantity"]),
            "value": float(value),
        }
        for _, day, leg, value, scale in settled
    ]
    names = {"date": pl.Date, "sleeve": pl.String, "root": pl.String, "put_call": pl.String,
             "strike": pl.Float64, "quantity": pl.Float64, "value": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=names)


def _by_policy(
    history: History,
    evening: Evening,
    window: slice,
    policy: HedgePolicy,
    programme: CondorProgramme,
    fill: float,
) -> Replay:
    surfaces = evening.surfaces
    there: Any = surfaces.days[window.start]
    ratio = float(evening.day["spx"] / there["spx"])
    book, equity = _moved_book(evening, there, ratio)
    records = (
        *compile_hedge(policy),
        compile_programme(programme, fill),
        compile_account(equity, fill, 1.0, DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD),
    )
    guides = build_guides(history, policy, programme, surfaces.dates[window])
    daily, _, _ = run_window(surfaces, window, guides, records, lambda: _copied(book))
    net: Any = daily["pnl"] - daily["cost"]
    pnl = {name: ratio * (net[:, i] - net[0, i]) for i, name in enumerate(codes.SLEEVES)}
    days: Any = surfaces.days[window]
    return Replay(
        evening.as_of, "policy", surfaces.dates[window],
        pnl | {"total": ratio * (daily["nav"] - daily["nav"][0])}, evening.book.nav,
        days["spx"].copy(), days["vix"].copy(), _settled_table([]),
    )  # fmt: skip


def _copied(book: Any) -> Any:
    return type(book)(*(part.copy() for part in book))


def _moved_book(evening: Evening, there: Any, ratio: float) -> tuple[Any, float]:
    """Return the engine's book as it stands in the stretch, and its cash, USD of the stretch.

    Cash is set so that the account is worth today's over the ratio of the index levels.
    """
    book = _copied(evening.result.book)
    legs, scale = _transplant(evening, there)
    at, value = 0, 0.0
    for condor in book.condors:
        if condor["quantity"] == 0:
            continue
        four, factor = legs[at : at + 4], float(scale[at])
        condor["expiry"], condor["expiry_session"] = four[0]["expiry"], four[0]["expiry_session"]
        condor["strike"], condor["mid"] = four["strike"], four["mid"]
        for name in ("credit", "margin", "carried", "loss"):
            condor[name] /= factor
        value += 100.0 * float(four["quantity"] @ four["mid"])
        at += 4
    for i, cohort in enumerate(book.cohorts):
        count = int(cohort["legs"]) if cohort["units"] > 0 else 0
        if count == 0:
            continue
        mine, factor = legs[at : at + count], float(scale[at])
        for name in ("expiry", "expiry_session", "strike", "mid"):
            cohort[name][:count] = mine[name]
        cohort["cost"] /= factor
        cohort["base"] /= factor
        ahead = int(there["date"] - evening.day["date"])
        book.layer_states[i]["next_roll"] += ahead
        book.layer_states[i]["stage_date"] += ahead
        book.layer_states[i]["carry_rate"] = 0.0
        size = np.array([float(multiplier(int(leg["root"]))) for leg in mine])
        paid = mine["root"] != codes.VX
        value += float((size * mine["quantity"] * mine["mid"])[paid].sum())
        at += count
    state, weeks = book.state[0], _week(evening.day) - _week(there)
    state["start"] = 1
    state["last_entry_week"] -= weeks
    for name in ("next_spx", "next_vix", "fills", "fills_modelled", "trades", "decisions",
                 "condors", "wins", "closed", "judged"):  # fmt: skip
        state[name] = 0
    for name in ("credits", "stress_loss"):
        state[name] /= ratio
    value += float(state["index_units"]) * float(there["spx"])
    return book, evening.book.nav / ratio - value


def _week(day: Any) -> int:
    return int(day["date"] + 3) // 7  # weeks turn on Mondays, as in the engine
