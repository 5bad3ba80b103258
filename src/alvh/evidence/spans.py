"""What a book held between two marks, rebuilt from its trade log alone.

A position that was held overnight is marked again at the next session that has all inputs, or
settles before; each such stretch of one leg is a span. Quantities and settlement values are those
of the log, so that spans and account can be held against each other.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.kernel import codes
from alvh.kernel.explain import SPAN
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.result import Result
from alvh.sessions import grid

Records = NDArray[np.void]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_KEY = np.dtype(
    [("sleeve", "i8"), ("root", "i8"), ("expiry", "i8"), ("right", "i8"), ("strike", "f8")]
)


@dataclass(frozen=True)
class Spans:
    """Stretches from mark to mark, ordered by leg and then by day.

    Attributes
    ----------
    spans : ndarray of SPAN, shape (m,)
    sleeve : ndarray of int, shape (m,)
        Codes of the sleeves.
    quantity : ndarray, shape (m,)
        Signed contracts held through the span.
    """

    spans: Records
    sleeve: Integers
    quantity: Floats


def market_days(history: History, result: Result) -> Records:
    """Return the market days that a result was run on.

    Parameters
    ----------
    history : History
        The one the result was made from.
    result : Result
        From ``alvh.backtest``.

    Returns
    -------
    ndarray of DAY, shape (n,)

    Raises
    ------
    DataError
        If the history is not the result's own.
    """
    made_of = result.meta["data_digest"]
    if made_of != history.digest:
        raise DataError(
            f"the result was made of the data {made_of[:12]}, the history is "
            f"{history.digest[:12]}; give the history that the result was run on"
        )
    surfaces = build_surfaces(history)
    first = int(np.searchsorted(surfaces.dates, result.dates[0]))
    return surfaces.days[first : first + len(result.dates)]


def held_spans(result: Result, days: Records) -> Spans:
    """Rebuild every position of a result between marks.

    Parameters
    ----------
    result : Result
        From ``alvh.backtest``, with its logs.
    days : ndarray of DAY, shape (n,)
        The market days of the result.

    Returns
    -------
    Spans
    """
    tradable = days["tradable"] == 1
    known = np.where(tradable, np.arange(len(days)), -1)
    marked = np.concatenate([[-1], np.maximum.accumulate(known)[:-1]])
    parts = [_traded(result, tradable, marked), _index_fund(result, tradable, marked)]
    return Spans(
        np.concatenate([part.spans for part in parts]),
        np.concatenate([part.sleeve for part in parts]),
        np.concatenate([part.quantity for part in parts]),
    )


def _traded(result: Result, tradable: NDArray[np.bool_], marked: Integers) -> Spans:
    """Return the spans of all legs in the trade log."""
    log = result.logs.trades[: result.counts["trades"]]
    keys = np.zeros(len(log), _KEY)
    for name in _KEY.names or ():
        keys[name] = log[name]
    legs, leg = np.unique(keys, return_inverse=True)
    if not len(legs):
        none, nothing = np.zeros(0, np.int64), np.zeros(0)
        return _spans(legs, none, none, none, none, nothing, nothing)
    lattice = _Lattice(leg, log["day"], log["quantity"], len(tradable))
    is_settled = log["action"] == codes.SETTLE
    traded, settled, value = (np.zeros(lattice.size) for _ in range(3))
    np.add.at(traded, lattice.place, log["quantity"])
    np.add.at(settled, lattice.place[is_settled], -log["quantity"][is_settled])
    value[lattice.place[is_settled]] = log["price"][is_settled]
    overnight = lattice.before(traded)
    remains = np.where(tradable[lattice.day], overnight - settled, 0.0)
    rows = np.concatenate([np.flatnonzero(remains), np.flatnonzero(settled)])
    left = np.repeat([0, 1], [np.count_nonzero(remains), np.count_nonzero(settled)])
    order = np.lexsort((left, rows))
    rows, left = rows[order], left[order]
    quantity = np.where(left == 1, settled[rows], remains[rows])
    end = lattice.day[rows]
    return _spans(legs, lattice.leg[rows], marked[end], end, left, quantity, value[rows])


class _Lattice:
    """Every leg on every day from its first trade to its last, or to the end, laid end to end."""

    def __init__(self, leg: Integers, day: Integers, quantity: Floats, days: int) -> None:
        count = int(leg.max()) + 1
        first, last = np.full(count, days), np.zeros(count, np.int64)
        np.minimum.at(first, leg, day)
        np.maximum.at(last, leg, day)
        last[np.bincount(leg, quantity) != 0.0] = days - 1
        lengths = last - first + 1
        self._starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self.size = int(lengths.sum())
        self.leg = np.repeat(np.arange(count), lengths)
        self.day = np.arange(self.size) - self._starts[self.leg] + first[self.leg]
        self.place = self._starts[leg] + day - first[leg]

    def before(self, traded: Floats) -> Floats:
        """Return the quantity held into each day; whole contracts, so the sums are exact."""
        total = np.concatenate([[0.0], np.cumsum(traded)])[:-1]
        held: Floats = total - total[self._starts][self.leg]
        return held


def _spans(
    legs: Records,
    leg: Integers,
    start: Integers,
    end: Integers,
    settled: Integers,
    quantity: Floats,
    value: Floats,
) -> Spans:
    out = np.zeros(len(leg), SPAN)
    for name in ("root", "right", "expiry", "strike"):
        out[name] = legs[name][leg]
    dated = legs["root"] <= codes.VX
    sessions = np.zeros(len(legs), np.int64)
    sessions[dated] = grid().number(legs["expiry"][dated])
    out["expiry_session"] = sessions[leg]
    out["start"], out["end"], out["settled"], out["value"] = start, end, settled, value
    return Spans(out, legs["sleeve"][leg], quantity)


def _index_fund(result: Result, tradable: NDArray[np.bool_], marked: Integers) -> Spans:
    """Return the spans of the index fund, whose units stand in the decision log."""
    rows: Any = result.logs.decisions[: result.counts["decisions"]]
    rows = rows[(rows["action"] == codes.REBALANCE) & (rows["reason"] == codes.R_SWEEP)]
    bought = np.zeros(len(tradable))
    np.add.at(bought, rows["day"], rows["quantity"])
    overnight = np.concatenate([[0.0], np.cumsum(bought)[:-1]])
    end = np.flatnonzero(tradable & (overnight != 0.0))
    legs = np.zeros(1, _KEY)
    legs["sleeve"], legs["root"], legs["right"] = codes.CONDORS, codes.INDEX, codes.OUTRIGHT
    nought = np.zeros(len(end), np.int64)
    return _spans(legs, nought, marked[end], end, nought, overnight[end], np.zeros(len(end)))
