"""The book some days on: repriced leg by leg under moves of the S&P 500 and of VIX.

Time passes first in an unchanged market: forwards and smiles stay, every leg grows older. Then
the S&P 500 and spot VIX move; VIX forwards and the SPX smile follow by their measured betas, as in
every stress of the engine. A leg that expires on the way is worth its payoff at the moved level: a
condor at the index, a VIX option at spot VIX. Nothing is traded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.advise.evening import read_evening
from alvh.errors import DataError
from alvh.kernel import codes
from alvh.kernel.quotes import vix_response
from alvh.kernel.revalue import revalue
from alvh.market.history import History
from alvh.result import Result

Floats = NDArray[np.float64]

MOST_DAYS = 400
GRID_SPX = tuple(np.round(np.arange(-0.12, 0.0601, 0.02), 2).tolist())
GRID_VIX = (-5.0, 0.0, 5.0, 10.0, 20.0, 40.0)


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
        Spot VIX then, points; without one it answers the S&P 500 by its measured elasticity.

    Returns
    -------
    Projection

    Raises
    ------
    DataError
        If a figure is out of its range.

    References
    ----------
    Elasticities and betas: ``alvh.kernel.quotes``.
    """
    _refuse(days, spx_return, vix)
    evening = read_evening(history, result)
    now = evening.vix
    log = float(vix_response(now, spx_return)) if vix is None else float(np.log(vix / now))
    legs, out = evening.legs, np.zeros(len(evening.legs))
    revalue(evening.day, legs, days, spx_return, log, out)
    gains = {name: float(out[legs["sleeve"] == i].sum()) for i, name in enumerate(codes.SLEEVES)}
    due = legs["expiry"] - int(evening.day["date"])
    expired = (due <= days) & (legs["root"] <= codes.VX)
    table = pl.DataFrame(
        {
            "sleeve": [leg.sleeve for leg in evening.book.legs],
            "root": [leg.root for leg in evening.book.legs],
            "put_call": [leg.put_call for leg in evening.book.legs],
            "expiry": [leg.expiry for leg in evening.book.legs],
            "strike": [leg.strike for leg in evening.book.legs],
            "quantity": [leg.quantity for leg in evening.book.legs],
            "mid": [leg.mid for leg in evening.book.legs],
            "gain": out,
            "expired": expired,
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
    days: int = 0,
    spx_returns: Sequence[float] = GRID_SPX,
    vix_points: Sequence[float] = GRID_VIX,
) -> dict[str, Floats]:
    """Reprice the book over a grid of moves.

    Parameters
    ----------
    history, result, days
        As for `project`.
    spx_returns : sequence of float
        Simple returns of the S&P 500.
    vix_points : sequence of float
        Changes of spot VIX, points; VIX does not fall below 5.

    Returns
    -------
    dict of str to ndarray, shape (n_returns, n_points)
        USD gained, by ``condors``, layer and ``total``.

    Raises
    ------
    DataError
        If a figure is out of its range.
    """
    evening = read_evening(history, result)
    shape = len(spx_returns), len(vix_points)
    parts = {name: np.zeros(shape) for name in codes.SLEEVES}
    legs, out = evening.legs, np.zeros(len(evening.legs))
    for i, move in enumerate(spx_returns):
        for j, points in enumerate(vix_points):
            then = max(evening.vix + points, 5.0)
            _refuse(days, move, then)
            revalue(evening.day, legs, days, move, float(np.log(then / evening.vix)), out)
            for s, name in enumerate(codes.SLEEVES):
                parts[name][i, j] = out[legs["sleeve"] == s].sum()
    total: Any = sum(parts.values())
    return parts | {"total": total}


def _refuse(days: int, spx_return: float, vix: float | None) -> None:
    if not 0 <= days <= MOST_DAYS:
        raise DataError(f"days {days}: a whole number from 0 to {MOST_DAYS} was wanted")
    if not -1.0 < spx_return < 10.0:
        raise DataError(
            f"S&P 500 return {spx_return}: a fraction above -1 was wanted, as -0.05 for 5 % down"
        )
    if vix is not None and not 1.0 <= vix <= 500.0:
        raise DataError(f"VIX {vix}: a level from 1 to 500 points was wanted, as 30")
