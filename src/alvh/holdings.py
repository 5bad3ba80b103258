"""The book of one evening as values: condors, hedge layers, cash, and every leg of them.

A run is causal, so the book of any past evening is the book at the end of a run that stops there.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.kernel import codes
from alvh.kernel.condor_prices import SIGNS
from alvh.kernel.quotes import multiplier
from alvh.kernel.revalue import LEG
from alvh.result import Result

Records = NDArray[np.void]


@dataclass(frozen=True)
class Leg:
    """One position: signed contracts of one option, future or basket.

    Attributes
    ----------
    sleeve : str
        ``condors``, ``short``, ``medium`` or ``tail``.
    root, put_call : str
        Contract root; ``C``, ``P`` or empty.
    expiry : datetime.date or None
        None for a basket, which does not expire.
    strike : float
        Points; NaN without one.
    quantity : float
        Signed contracts.
    mid : float
        Mark at the close, points.
    """

    sleeve: str
    root: str
    put_call: str
    expiry: date | None
    strike: float
    quantity: float
    mid: float

    @property
    def value(self) -> float:
        """Market value at mid, USD; 0 for a future, whose gains are paid daily."""
        if self.root == "VX":
            return 0.0
        return self.quantity * self.mid * float(multiplier(codes.ROOTS.index(self.root)))


@dataclass(frozen=True)
class OpenCondor:
    """One open condor position.

    Attributes
    ----------
    expiry : datetime.date
    settlement : str
        ``am`` or ``pm``.
    strikes : tuple of float
        Long put, short put, short call, long call, points.
    quantity : int
    credit : float
        Points received per condor.
    margin : float
        Reg-T, USD of the position.
    mids : tuple of float
        Marks of the four legs, points.
    """

    expiry: date
    settlement: str
    strikes: tuple[float, float, float, float]
    quantity: int
    credit: float
    margin: float
    mids: tuple[float, float, float, float]

    @property
    def width(self) -> float:
        """The wider wing, points."""
        return max(self.strikes[1] - self.strikes[0], self.strikes[3] - self.strikes[2])

    @property
    def max_loss(self) -> float:
        """Most the position can lose from its opening, USD."""
        return self.quantity * 100.0 * (self.width - self.credit)


@dataclass(frozen=True)
class OpenLayer:
    """What one hedge layer holds.

    Attributes
    ----------
    name : str
        ``short``, ``medium`` or ``tail``.
    units, bought : int
        Structures held now, and when it was opened.
    cost : float
        USD paid per structure, futures at their price.
    rungs : int
        Rungs of the monetisation ladder taken.
    carry_per_day : float
        USD the layer gains in a calendar day of an unchanged market.
    legs : tuple of Leg
    """

    name: str
    units: int
    bought: int
    cost: float
    rungs: int
    carry_per_day: float
    legs: tuple[Leg, ...]

    @property
    def value(self) -> float:
        """Market value at mid, USD, futures at 0."""
        return sum(leg.value for leg in self.legs)


@dataclass(frozen=True)
class Holdings:
    """The whole book at one close.

    Attributes
    ----------
    as_of : datetime.date
    nav, cash : float
        USD.
    index_units : float
        Units of the S&P 500 held in place of cash.
    condors : tuple of OpenCondor
    layers : tuple of OpenLayer
        Those that hold something.
    records : ndarray of LEG, shape (n_legs,)
        Every leg as the kernel values it; condors' legs first.
    """

    as_of: date
    nav: float
    cash: float
    index_units: float
    condors: tuple[OpenCondor, ...]
    layers: tuple[OpenLayer, ...]
    records: Records

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """Every leg, in the order of ``records``."""
        return tuple(_leg(row) for row in self.records)

    def layer(self, name: str) -> OpenLayer | None:
        """Return what a layer holds, or None where it is empty."""
        return next((layer for layer in self.layers if layer.name == name), None)


def holdings(result: Result) -> Holdings:
    """Return the book at the last close of a result.

    Parameters
    ----------
    result : Result
        From ``alvh.backtest``; run it with ``end`` for the book of an earlier evening.

    Returns
    -------
    Holdings
    """
    book: Any = result.book
    condors = [row for row in book.condors if row["quantity"] > 0]
    cohorts = [(i, row) for i, row in enumerate(book.cohorts) if row["units"] > 0]
    parts = [_condor_legs(row) for row in condors] + [_layer_legs(i, row) for i, row in cohorts]
    records = np.concatenate(parts) if parts else np.zeros(0, LEG)
    return Holdings(
        as_of=result.dates[-1].astype(object),
        nav=float(result.nav[-1]),
        cash=float(result.cash[-1]),
        index_units=float(book.state[0]["index_units"]),
        condors=tuple(_open_condor(row) for row in condors),
        layers=tuple(_open_layer(i, row, book.layer_states[i]) for i, row in cohorts),
        records=records,
    )


def _condor_legs(condor: np.void) -> Records:
    legs = np.zeros(4, LEG)
    legs["sleeve"] = codes.CONDORS
    legs["root"] = codes.SPX if condor["am"] == 1 else codes.SPXW
    legs["right"] = [codes.PUT, codes.PUT, codes.CALL, codes.CALL]
    legs["expiry"], legs["expiry_session"] = condor["expiry"], condor["expiry_session"]
    legs["strike"], legs["mid"], legs["gap"] = condor["strike"], condor["mid"], condor["gap"]
    legs["quantity"] = SIGNS * condor["quantity"]
    return legs


def _layer_legs(layer: int, cohort: np.void) -> Records:
    count = int(cohort["legs"])
    legs = np.zeros(count, LEG)
    legs["sleeve"] = codes.SHORT + layer
    for name in ("root", "right", "expiry", "expiry_session", "strike", "mid", "gap"):
        legs[name] = cohort[name][:count]
    legs["quantity"] = cohort["units"] * cohort["ratio"][:count]
    return legs


def _leg(row: np.void) -> Leg:
    basket = row["root"] > codes.VX
    return Leg(
        sleeve=codes.SLEEVES[row["sleeve"]],
        root=codes.ROOTS[row["root"]],
        put_call=codes.RIGHTS[row["right"]],
        expiry=None if basket else np.datetime64(int(row["expiry"]), "D").astype(object),
        strike=float("nan") if row["right"] == codes.OUTRIGHT else float(row["strike"]),
        quantity=float(row["quantity"]),
        mid=float(row["mid"]),
    )


def _open_condor(row: np.void) -> OpenCondor:
    long_put, short_put, short_call, long_call = (float(strike) for strike in row["strike"])
    first, second, third, fourth = (float(mid) for mid in row["mid"])
    return OpenCondor(
        expiry=np.datetime64(int(row["expiry"]), "D").astype(object),
        settlement="am" if row["am"] == 1 else "pm",
        strikes=(long_put, short_put, short_call, long_call),
        quantity=int(row["quantity"]),
        credit=float(row["credit"]),
        margin=float(row["margin"]),
        mids=(first, second, third, fourth),
    )


def _open_layer(layer: int, cohort: np.void, state: np.void) -> OpenLayer:
    return OpenLayer(
        name=codes.SLEEVES[codes.SHORT + layer],
        units=int(cohort["units"]),
        bought=int(cohort["bought"]),
        cost=float(cohort["cost"]),
        rungs=int(cohort["rungs"]),
        carry_per_day=float(state["carry_rate"]),
        legs=tuple(_leg(row) for row in _layer_legs(layer, cohort)),
    )
