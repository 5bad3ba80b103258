"""Positions as the fold of fills: nothing else changes what a book holds.

Fills of one order are taken together. A condor's order is an opening where its lower put is
bought, a closing where it is sold; a layer's closes what is held and otherwise opens or adds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import gcd

from alvh.advise.account import CondorLot, LayerLot
from alvh.advise.instrument import Instrument
from alvh.desk.entries import UNASSIGNED, Entry, Fill, Flow
from alvh.errors import BookError
from alvh.formats import quoted

_CONDOR_LEGS = 4


@dataclass
class Lot:
    """One position being folded: signed contracts by instrument, and what they cost.

    Attributes
    ----------
    sleeve, order : str
    opened : datetime.date
    held : dict of Instrument to float
    units, bought : int
        Structures, of a layer.
    cost : float
        USD per structure, of a layer; points received per condor, of a condor.
    unit : dict of Instrument to int
        Contracts of one structure.
    """

    sleeve: str
    order: str
    opened: date
    held: dict[Instrument, float] = field(default_factory=dict)
    units: int = 0
    bought: int = 0
    cost: float = 0.0
    unit: dict[Instrument, int] = field(default_factory=dict)

    def take(self, instrument: Instrument, quantity: float) -> None:
        """Add signed contracts; what comes to nothing is dropped."""
        left = self.held.get(instrument, 0.0) + quantity
        if left == 0.0:
            self.held.pop(instrument, None)
        else:
            self.held[instrument] = left


@dataclass
class Folded:
    """What a book holds after some of its entries.

    Attributes
    ----------
    cash, index_units : float
    lots : list of Lot
        In the order in which they were opened.
    """

    cash: float = 0.0
    index_units: float = 0.0
    lots: list[Lot] = field(default_factory=list)

    def positions(self) -> dict[tuple[str, Instrument], float]:
        """Return signed contracts by sleeve and instrument."""
        found = dict[tuple[str, Instrument], float]()
        for lot in self.lots:
            for instrument, quantity in lot.held.items():
                key = lot.sleeve, instrument
                found[key] = found.get(key, 0.0) + quantity
        return {key: quantity for key, quantity in found.items() if quantity != 0.0}


def fold(entries: Iterable[Entry]) -> Folded:
    """Fold entries into positions and cash.

    Parameters
    ----------
    entries : iterable of Fill and Flow
        In the order in which they happened.

    Returns
    -------
    Folded

    Raises
    ------
    BookError
        Names the line of the first entry that cannot be: out of order, twice, or closing what is
        not held.
    """
    state, seen, last = Folded(), set[str](), date.min
    for group in _orders(entries):
        for entry in group:
            _check_sequence(entry, seen, last)
            last = entry.on
            state.cash += entry.cash
        fills = [entry for entry in group if isinstance(entry, Fill)]
        if fills:
            _apply(state, fills)
    return state


def _check_sequence(entry: Entry, seen: set[str], last: date) -> None:
    if entry.on < last:
        raise BookError(f"{entry.where}: {entry.on} comes after {last}; sort the rows by date")
    if entry.key and entry.key in seen:
        raise BookError(f"{entry.where}: execution {quoted(entry.key)} stands twice; take one out")
    seen.add(entry.key)


def _orders(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield neighbouring fills of one order together, everything else alone."""
    group: list[Entry] = []
    for entry in entries:
        if group and not _one_order(group[-1], entry):
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def _one_order(before: Entry, entry: Entry) -> bool:
    if isinstance(before, Flow) or isinstance(entry, Flow) or not entry.order:
        return False
    if before.settles or entry.settles:
        return False
    return (before.on, before.sleeve, before.order) == (entry.on, entry.sleeve, entry.order)


def _apply(state: Folded, fills: Sequence[Fill]) -> None:
    first = fills[0]
    if first.instrument.root == "INDEX":
        state.index_units += sum(fill.quantity for fill in fills)
    elif first.settles:
        _reduce(state, fills, first.closes)
    elif first.sleeve == "condors":
        _apply_condor(state, fills)
    elif first.sleeve == UNASSIGNED:
        _apply_unassigned(state, fills)
    else:
        _apply_layer(state, fills)
    state.lots = [lot for lot in state.lots if lot.held]


def _apply_condor(state: Folded, fills: Sequence[Fill]) -> None:
    puts = sorted(
        (fill for fill in fills if fill.instrument.put_call == "P"),
        key=lambda fill: fill.instrument.strike,
    )
    if fills[0].closes or (puts and puts[0].quantity < 0.0):
        _reduce(state, fills, fills[0].closes)
        return
    lot = next((lot for lot in state.lots if lot.order == fills[0].order), None)
    if lot is None:
        lot = Lot("condors", fills[0].order, fills[0].on)
        state.lots.append(lot)
    before = max((abs(quantity) for quantity in lot.held.values()), default=0.0)
    for fill in fills:
        lot.take(fill.instrument, fill.quantity)
    received = -sum(fill.quantity * fill.price for fill in fills)
    now = max((abs(quantity) for quantity in lot.held.values()), default=0.0)
    if now > 0.0:
        lot.cost = (lot.cost * before + received) / now


def _apply_unassigned(state: Folded, fills: Sequence[Fill]) -> None:
    for fill in fills:
        lot = next((lot for lot in state.lots if lot.sleeve == UNASSIGNED), None)
        if lot is None:
            lot = Lot(UNASSIGNED, "", fill.on)
            state.lots.append(lot)
        lot.take(fill.instrument, fill.quantity)


def _apply_layer(state: Folded, fills: Sequence[Fill]) -> None:
    sleeve = fills[0].sleeve
    lot = next((lot for lot in state.lots if lot.sleeve == sleeve), None)
    held = {} if lot is None else lot.held
    if any(held.get(fill.instrument, 0.0) * fill.quantity < 0.0 for fill in fills):
        _reduce(state, fills, "")
        return
    if lot is None:
        lot = Lot(sleeve, fills[0].order, fills[0].on)
        state.lots.append(lot)
    _add(lot, fills)


def _add(lot: Lot, fills: Sequence[Fill]) -> None:
    """Buy into a layer: its cost becomes the mean, as the engine's does."""
    for fill in fills:
        lot.take(fill.instrument, fill.quantity)
    paid = sum(fill.quantity * fill.price * fill.instrument.multiplier + fill.fees
               for fill in fills)  # fmt: skip
    spent, before = lot.cost * lot.units, lot.units
    lot.units = _structures(lot)
    lot.unit = {held: round(quantity / lot.units) for held, quantity in lot.held.items()}
    lot.bought += lot.units - before
    lot.cost = (spent + paid) / lot.units


def _structures(lot: Lot) -> int:
    return gcd(*(max(round(abs(quantity)), 1) for quantity in lot.held.values()))


def _reduce(state: Folded, fills: Sequence[Fill], order: str) -> None:
    """Take what is closed or settled out of the lots that hold it, the oldest first."""
    for fill in fills:
        left = fill.quantity
        for lot in state.lots:
            held = lot.held.get(fill.instrument, 0.0)
            if lot.sleeve != fill.sleeve or (order and lot.order != order) or held * left >= 0.0:
                continue
            taken = max(left, -held) if left < 0.0 else min(left, -held)
            lot.take(fill.instrument, taken)
            left -= taken
        if left != 0.0:
            raise BookError(
                f"{fill.where or fill.on}: {'settles' if fill.settles else 'closes'} "
                f"{fill.quantity:+g} {fill.instrument} in {fill.sleeve}, of which {left:+g} are "
                "not held; look for the fill that opened them"
            )
    for lot in state.lots:
        if lot.sleeve != "condors" and lot.held and lot.unit:
            lot.units = _structures(lot)


def condor_lot(lot: Lot) -> CondorLot | str:
    """Return a folded position as a condor, or what is wrong with it."""
    puts = sorted(one for one in lot.held.items() if one[0].put_call == "P")
    calls = sorted(one for one in lot.held.items() if one[0].put_call == "C")
    legs = [*puts, *calls]
    name = f"condor {lot.order or lot.opened}"
    if len(puts) != 2 or len(calls) != 2 or len({(i.root, i.expiry) for i, _ in legs}) != 1:
        return f"{name} has the legs {_written(lot)}; two puts and two calls of one expiry wanted"
    quantity = legs[0][1]
    signs = tuple(one / quantity for _, one in legs)
    expiry = legs[0][0].expiry
    if quantity <= 0.0 or signs != (1.0, -1.0, -1.0, 1.0) or expiry is None:
        return f"{name} has the legs {_written(lot)}; as many of each, the outer ones long, wanted"
    strikes = (legs[0][0].strike, legs[1][0].strike, legs[2][0].strike, legs[3][0].strike)
    settlement = "am" if legs[0][0].root == "SPX" else "pm"
    return CondorLot(lot.order, lot.opened, expiry, settlement, strikes, int(quantity), lot.cost)


def layer_lot(lot: Lot) -> LayerLot | str:
    """Return a folded position as a layer's holding, or what is wrong with it."""
    units = _structures(lot)
    legs = [(held, round(quantity / units)) for held, quantity in lot.held.items()]
    legs.sort(key=lambda leg: (leg[0].root == "VX", leg[1] < 0, leg[0].expiry or date.max))
    if legs[0][1] < 0:
        return f"{lot.sleeve} holds {_written(lot)}: a layer buys what it is named for"
    if dict(legs) != lot.unit:
        return f"{lot.sleeve} holds {_written(lot)}, not whole structures of {len(lot.unit)} legs"
    return LayerLot(lot.sleeve, lot.opened, units, lot.bought, lot.cost, tuple(legs))


def _written(lot: Lot) -> str:
    return ", ".join(f"{quantity:+g} {held}" for held, quantity in lot.held.items()) or "none"
