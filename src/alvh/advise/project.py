"""The book some days on: repriced leg by leg under moves of the S&P 500 and of VIX.

Time passes first in an unchanged market: forwards and smiles stay, every leg grows older. Then
the S&P 500 and spot VIX move; VIX forwards and the SPX smile follow by their measured betas, as in
every stress of the engine. A leg that expires on the way is worth its payoff at the moved level: a
condor at the index, a VIX option at spot VIX. What it pays earns nothing, and nothing is traded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.advise.evening import Evening, read_evening
from alvh.errors import DataError
from alvh.kernel import codes
from alvh.kernel.quotes import multiplier, vix_response
from alvh.kernel.revalue import revalue
from alvh.market.history import History
from alvh.result import Result

Floats = NDArray[np.float64]

MOST_DAYS = 400
GRID_SPX = tuple(np.round(np.arange(-0.12, 0.0601, 0.02), 2).tolist())
GRID_VIX = (-5.0, 0.0, 5.0, 10.0, 20.0, 40.0)
GRID_DAYS = (0, 7, 30, 60)
LOWEST_VIX = 5.0  # points; nothing on a grid goes below it


@dataclass(frozen=True)
class Projection:
    """What the book gains by a day in the future.

    Attributes
    ----------
    as_of, on : datetime.date
        The evening, and the day that is looked at.
    days : int
        Calendar days between them.
    spx_return : float
        Simple return of the S&P 500.
    vix, vix_then : float
        Spot VIX now and then, points.
    gains : dict of str to float
        USD by ``condors`` and layer; ``total`` of them.
    legs : polars.DataFrame
        Leg by leg: sleeve, root, put_call, expiry, strike, quantity, mid (points, now), gain
        (USD) and whether it has expired by then.
    """

    as_of: date
    on: date
    days: int
    spx_return: float
    vix: float
    vix_then: float
    gains: dict[str, float]
    legs: pl.DataFrame


def project(
    history: History,
    result: Result,
    days: int = 0,
    spx_return: float = 0.0,
    vix: float | None = None,
    *,
    vix_points: float | None = None,
    vix_return: float | None = None,
    evening: Evening | None = None,
) -> Projection:
    """Reprice the book at the last close of a run after days and moves.

    Parameters
    ----------
    history : History
        The one that the run was made on.
    result : Result
        Run it with ``end`` for an earlier evening.
    days : int
        Calendar days that pass, 0 to 400.
    spx_return : float
        Simple return of the S&P 500, above −1.
    vix : float, optional
        Spot VIX then, points.
    vix_points : float, optional
        Change of spot VIX, points, in place of its level.
    vix_return : float, optional
        Change of spot VIX as a fraction of it, likewise. Without any of the three VIX answers the
        S&P 500 by its measured elasticity.
    evening : Evening, optional
        The book, where it is not the one that the run ended with.

    Returns
    -------
    Projection

    Raises
    ------
    DataError
        If a figure is out of its range, or VIX is given twice.

    References
    ----------
    Elasticities and betas: ``alvh.kernel.quotes``.
    """
    evening = evening or read_evening(history, result)
    now = evening.vix
    then = _vix_then(now, vix, vix_points, vix_return)
    _refuse(days, spx_return, then)
    log = float(vix_response(now, spx_return)) if then is None else float(np.log(then / now))
    legs, out = evening.legs, _gains(evening, days, spx_return, log)
    gains = {name: float(out[legs["sleeve"] == i].sum()) for i, name in enumerate(codes.SLEEVES)}
    table = pl.DataFrame(
        {
            "sleeve": [leg.sleeve for leg in evening.book.legs],
            "root": [leg.root for leg in evening.book.legs],
            "put_call": [leg.put_call for leg in evening.book.legs],
            "expiry": [leg.expiry for leg in evening.book.legs],
            "strike": [leg.strike for leg in evening.book.legs],
            "quantity": [leg.quantity for leg in evening.book.legs],
            "mid": [leg.mid for leg in evening.book.legs],
            "gain": out[: len(evening.book.legs)],
            "expired": _expired(evening, days)[: len(evening.book.legs)],
        },
        schema_overrides={"expiry": pl.Date},
    )
    return Projection(
        evening.as_of, evening.as_of + timedelta(days=days), days, spx_return, now,
        now * float(np.exp(log)), gains | {"total": float(out.sum())}, table,
    )  # fmt: skip


def project_grid(
    history: History,
    result: Result,
    days: int | Sequence[int] = 0,
    spx_returns: Sequence[float] = GRID_SPX,
    vix_points: Sequence[float] | None = GRID_VIX,
    evening: Evening | None = None,
) -> dict[str, Floats]:
    """Reprice the book over a grid of moves.

    Parameters
    ----------
    history, result
        As for `project`.
    days : int or sequence of int
        Calendar days that pass, 0 to 400.
    spx_returns : sequence of float
        Simple returns of the S&P 500.
    vix_points : sequence of float, optional
        Changes of spot VIX, points; VIX does not fall below 5. None: VIX answers the S&P 500 by
        its measured elasticity, one column.
    evening : Evening, optional
        As for `project`.

    Returns
    -------
    dict of str to ndarray, shape (n_returns, n_points)
        USD gained, by ``condors``, layer and ``total``; (n_days, n_returns, n_points) for a
        sequence of days.

    Raises
    ------
    DataError
        If a figure is out of its range.
    """
    evening = evening or read_evening(history, result)
    ages = [days] if isinstance(days, int) else list(days)
    shape = len(ages), len(spx_returns), 1 if vix_points is None else len(vix_points)
    parts = {name: np.zeros(shape) for name in codes.SLEEVES}
    for d, i in np.ndindex(shape[:2]):
        for j, log in enumerate(_vix_logs(evening.vix, spx_returns[i], vix_points)):
            _refuse(ages[d], spx_returns[i], evening.vix * float(np.exp(log)))
            out = _gains(evening, ages[d], spx_returns[i], log)
            for s, name in enumerate(codes.SLEEVES):
                parts[name][d, i, j] = out[evening.legs["sleeve"] == s].sum()
    total: Any = sum(parts.values())
    found = parts | {"total": total}
    return {name: part[0] for name, part in found.items()} if isinstance(days, int) else found


def _vix_logs(now: float, move: float, points: Sequence[float] | None) -> list[float]:
    if points is None:
        _refuse(0, move, None)
        return [float(vix_response(now, move))]
    return [float(np.log(max(now + change, LOWEST_VIX) / now)) for change in points]


def _gains(evening: Evening, days: int, spx_return: float, vix_log: float) -> Floats:
    """Return the USD gain of every leg of the evening's book."""
    legs, out = evening.legs, np.zeros(len(evening.legs))
    revalue(evening.day, legs, days, spx_return, vix_log, out)
    # what has settled was paid at the index itself; a forward with days below nought is not that
    settled = _expired(evening, days) & np.isin(legs["root"], (codes.SPX, codes.SPXW))
    away = float(evening.day["spx"]) * (1.0 + spx_return) - legs["strike"]
    payoff = np.maximum(np.where(legs["right"] == codes.PUT, -away, away), 0.0)
    paid = legs["quantity"] * float(multiplier(codes.SPX)) * (payoff - legs["mid"])
    return np.where(settled, paid, out)


def _expired(evening: Evening, days: int) -> NDArray[np.bool_]:
    """Mark the legs that settle within so many days; baskets and the index never do."""
    due = evening.legs["expiry"] - int(evening.day["date"])
    found: NDArray[np.bool_] = (due <= days) & (evening.legs["root"] <= codes.VX)
    return found


def _vix_then(
    now: float, level: float | None, points: float | None, fraction: float | None
) -> float | None:
    """Return the level of VIX that is asked for, points; None leaves it to its answer."""
    given = [one for one in (level, points, fraction) if one is not None]
    if len(given) > 1:
        raise DataError("VIX was given twice; give its level, its points or its percentage")
    if points is not None:
        return now + points
    return level if fraction is None else now * (1.0 + fraction)


def _refuse(days: int, spx_return: float, vix: float | None) -> None:
    if not 0 <= days <= MOST_DAYS:
        raise DataError(f"days {days}: a whole number from 0 to {MOST_DAYS} was wanted")
    if not -1.0 < spx_return < 10.0:
        raise DataError(
            f"S&P 500 return {spx_return}: a fraction above -1 was wanted, as -0.05 for 5 % down"
        )
    if vix is not None and not 1.0 <= vix <= 500.0:
        raise DataError(f"VIX {vix}: a level from 1 to 500 points was wanted, as 30")
