"""Where trades and the whole book come out even."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import Evening
from alvh.advise.roots import root

Floats = NDArray[np.float64]

CURVE_SPX = np.round(np.arange(-0.20, 0.1001, 0.01), 2)
CURVE_VIX = np.exp(np.linspace(np.log(8.0), np.log(120.0), 61))
_NAN = float("nan")


@dataclass(frozen=True)
class TradeBreakEven:
    """Index levels at which one open condor comes out even at settlement.

    Attributes
    ----------
    expiry : datetime.date
    quantity : int
    credit, hedge_cost : float
        Points per condor: received, and its share of the hedge's carry over its life, 0 or more.
    put_side, call_side : float
        Index levels, net of the hedge's carry; NaN where that takes the whole credit.
    """

    expiry: date
    quantity: int
    credit: float
    hedge_cost: float
    put_side: float
    call_side: float


def trade_break_evens(evening: Evening) -> tuple[TradeBreakEven, ...]:
    """Find the break-evens of every open condor: short put − c and short call + c.

    c is the credit less the condor's share of the hedge's carry from its opening to its expiry, at
    today's pace, shared out by contracts. A hedge that earns carry today is not counted on to do
    so for weeks: its cost is then 0.
    """
    book = evening.book
    opened = [row["opened"] for row in evening.result.book.condors if row["quantity"] > 0]
    contracts = sum(condor.quantity for condor in book.condors)
    daily = max(-sum(layer.carry_per_day for layer in book.layers), 0.0)
    found = []
    for condor, first in zip(book.condors, opened, strict=True):
        start = evening.result.dates[int(first)].astype(date)
        cost = daily / contracts / 100.0 * (condor.expiry - start).days
        left = condor.credit - cost
        _, short_put, short_call, _ = condor.strikes
        even = left > 0.0
        found.append(
            TradeBreakEven(
                condor.expiry,
                condor.quantity,
                condor.credit,
                cost,
                short_put - left if even else _NAN,
                short_call + left if even else _NAN,
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class FlatCurve:
    """Pairs of S&P 500 move and VIX level at which the whole book gains nothing.

    Attributes
    ----------
    days : int
        Calendar days from today.
    spx_returns, vix : ndarray, shape (n,)
        Points of the curve by ascending S&P 500 move: simple returns, volatility points.
    branch : ndarray of int64, shape (n,)
        0 for the lowest VIX at a move, 1 for the next: points of one branch join up to a line.
    """

    days: int
    spx_returns: Floats
    vix: Floats
    branch: NDArray[np.int64]


def flat_curve(evening: Evening, days: int = 0) -> FlatCurve:
    """Find where the whole book is flat against today, per S&P 500 move of −20 % to +10 %.

    For every move the VIX levels between 8 and 120 at which condors and hedge together gain
    nothing, by Brent's method between the changes of sign on a grid of 61 levels.

    Parameters
    ----------
    evening : Evening
    days : int
        Calendar days that pass before the move.
    """
    points = [
        (move, vix, branch)
        for move in CURVE_SPX
        for branch, vix in enumerate(flat_levels(evening, float(move), days))
    ]
    columns = np.array(points).reshape(-1, 3).T
    return FlatCurve(days, columns[0], columns[1], columns[2].astype(np.int64))


def flat_levels(evening: Evening, move: float, days: int = 0) -> list[float]:
    """Return the VIX levels, ascending, at which the whole book is flat after one S&P 500 move."""

    def gains(vix: Floats) -> Floats:
        moves = np.full(len(vix), move)
        return np.asarray(evening.gains(days, moves, np.log(vix / evening.vix)).sum(axis=1))

    def gain(vix: float) -> float:
        return float(gains(np.array([vix]))[0])

    row = gains(CURVE_VIX)
    turns = np.flatnonzero(np.sign(row[1:]) * np.sign(row[:-1]) < 0)
    return [root(gain, CURVE_VIX[i], CURVE_VIX[i + 1], 1e-6) for i in turns]
