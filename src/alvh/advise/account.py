"""What an account holds on the evening before a decision, and what its rules remember.

Positions and cash are facts that a broker can confirm; they come from fills. The memory is what
the rules carry from one session to the next and no broker knows: how much a meter still holds,
which rung of a ladder was taken, since when a signal has been asking. It comes from the decision
before, and an account without one starts as a run starts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from hashlib import sha256
from typing import Any

import rfc8785

from alvh.advise.instrument import Instrument
from alvh.errors import DataError


@dataclass(frozen=True)
class CondorLot:
    """One condor position.

    Attributes
    ----------
    order : str
        Name of the order that opened it.
    opened, expiry : datetime.date
    settlement : str
        ``am`` or ``pm``.
    strikes : tuple of float
        Long put, short put, short call, long call, points.
    quantity : int
    credit : float
        Points received per condor, fees not counted.
    """

    order: str
    opened: date
    expiry: date
    settlement: str
    strikes: tuple[float, float, float, float]
    quantity: int
    credit: float


@dataclass(frozen=True)
class LayerLot:
    """What one hedge layer holds.

    Attributes
    ----------
    layer : str
        ``short``, ``medium`` or ``tail``.
    opened : datetime.date
    units, bought : int
        Structures held now, and bought since it was opened.
    cost : float
        USD paid per structure, fees included, futures at their price.
    legs : tuple of (Instrument, int)
        With signed contracts per structure; the bought option first.
    """

    layer: str
    opened: date
    units: int
    bought: int
    cost: float
    legs: tuple[tuple[Instrument, int], ...]


@dataclass(frozen=True)
class LayerMemory:
    """What the rules remember of one layer; see LAYER_STATE in ``alvh.kernel.policies``.

    Attributes
    ----------
    weight : float
        Share of the hedge in force.
    meter, outlay, base : float
        USD that may still be spent; that the last purchase took; of a synthetic's strike.
    next_roll, stage_date : int
        Days since 1970-01-01; 0 for none.
    extrinsic, peak : float
        Time value paid, points; highest VIX since the first rung.
    rungs, stages_left, deferred : int
    ratios : tuple of int
        Contracts per structure as the engine counts them.
    """

    weight: float
    meter: float = 0.0
    next_roll: int = 0
    extrinsic: float = 0.0
    outlay: float = 0.0
    peak: float = 0.0
    stages_left: int = 0
    stage_date: int = 0
    deferred: int = 0
    rungs: int = 0
    base: float = 0.0
    ratios: tuple[int, ...] = ()


@dataclass(frozen=True)
class Memory:
    """What the rules carry from one session to the next.

    Attributes
    ----------
    as_of : datetime.date
        Session of the decision that left it.
    policy_hash, programme_hash : str
        Of the rules that it belongs to.
    last_entry_week, tilt_streak, drift_streak : int
    judged : str
        Month in which the tail was last measured, as ``2020-02``; empty before.
    cvar : float
        That tail, fraction of NAV.
    layers : dict of str to LayerMemory
    shifts : dict of str to (int, float)
        By order of a condor that was shifted on: how often, and points earned and lost before.
    track : tuple of (int, tuple of float)
        Date and, by layer, capital put in, gain and worth in USD, of the sessions that a tilt by
        trailing return looks back on; empty for every other policy.
    """

    as_of: date
    policy_hash: str = ""
    programme_hash: str = ""
    last_entry_week: int = -1
    judged: str = ""
    cvar: float = 0.0
    tilt_streak: int = 0
    drift_streak: int = 0
    layers: Mapping[str, LayerMemory] = field(default_factory=dict)
    shifts: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    track: tuple[tuple[int, tuple[float, ...]], ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values; `read_memory` is the way back, to the bit."""
        return {"as_of": self.as_of.isoformat()} | {
            one.name: _listed(value)
            for one in fields(self)
            if not isinstance(value := getattr(self, one.name), date)
        }


def _listed(value: Any) -> Any:
    """Return a value with its tuples as lists and its records as mappings, as JSON has them."""
    if isinstance(value, LayerMemory):
        return _listed(asdict(value))
    if isinstance(value, Mapping):
        return {key: _listed(one) for key, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, tuple | list) else value


def read_memory(plain: Mapping[str, Any]) -> Memory:
    """Return the memory that `Memory.plain` wrote.

    Raises
    ------
    DataError
        If a part is missing, unknown or of the wrong kind.
    """
    try:
        layers = {
            name: LayerMemory(**(dict(one) | {"ratios": tuple(one.get("ratios", ()))}))
            for name, one in dict(plain.get("layers", {})).items()
        }
        shifts = {
            order: (int(count), float(points))
            for order, (count, points) in dict(plain.get("shifts", {})).items()
        }
        track = tuple((int(day), tuple(values)) for day, values in plain.get("track", ()))
        known = {one.name for one in fields(Memory)}
        if set(plain) - known:
            raise ValueError(f"unknown key {min(set(plain) - known)}")
        scalars = {name: plain[name] for name in plain if name not in _NESTED}
        return Memory(
            as_of=date.fromisoformat(str(plain["as_of"])), layers=layers, shifts=shifts,
            track=track, **scalars,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"the memory of a book cannot be read ({error}); take the one of a recorded decision"
        ) from error


_NESTED = {"as_of", "layers", "shifts", "track"}


@dataclass(frozen=True)
class Account:
    """Positions, cash and memory on one evening.

    Attributes
    ----------
    as_of : datetime.date
        Last session whose fills, settlements and interest are in it.
    cash : float
        USD.
    condors : tuple of CondorLot
        In the order in which they were opened.
    layers : tuple of LayerLot
        Those that hold something.
    index_units : float
        Units of the S&P 500 held in place of cash.
    memory : Memory or None
        None for an account that starts.
    faults : tuple of str
        What of the book cannot be told to the rules; nothing is traded while there is one.
    """

    as_of: date
    cash: float
    condors: tuple[CondorLot, ...] = ()
    layers: tuple[LayerLot, ...] = ()
    index_units: float = 0.0
    memory: Memory | None = None
    faults: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 in hex of what is held and remembered."""
        return sha256(rfc8785.dumps(self.plain())).hexdigest()

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, money to the cent."""
        return {
            "as_of": self.as_of.isoformat(),
            "cash": round(self.cash, 2) + 0.0,
            "index_units": self.index_units,
            "condors": [
                asdict(lot) | {"opened": str(lot.opened), "expiry": str(lot.expiry),
                               "credit": round(lot.credit, 6)}
                for lot in self.condors
            ],
            "layers": [
                asdict(lot) | {"opened": str(lot.opened), "cost": round(lot.cost, 2),
                               "legs": [[held.symbol, ratio] for held, ratio in lot.legs]}
                for lot in self.layers
            ],
            "memory": None if self.memory is None else self.memory.plain(),
            "faults": list(self.faults),
        }  # fmt: skip

    def layer(self, name: str) -> LayerLot | None:
        """Return what a layer holds, or None."""
        return next((lot for lot in self.layers if lot.layer == name), None)
