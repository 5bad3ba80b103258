"""A book: its entries in their order, and what they come to on any evening."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from alvh.advise.account import Account, CondorLot, LayerLot, Memory
from alvh.desk.entries import UNASSIGNED, Entry
from alvh.desk.positions import Folded, condor_lot, fold, layer_lot


@dataclass(frozen=True)
class Book:
    """A book of fills and cash flows.

    Attributes
    ----------
    name : str
    entries : tuple of Fill and Flow
        By date; within a day in the order in which they happened.
    memory : Memory or None
        What the last decision left; None before the first.

    Raises
    ------
    BookError
        If the entries cannot all be; the message names the first line.
    """

    name: str
    entries: tuple[Entry, ...] = ()
    memory: Memory | None = None

    def __post_init__(self) -> None:
        fold(self.entries)

    def folded(self, as_of: date | None = None) -> Folded:
        """Return positions and cash after the session ``as_of``, or after all entries."""
        return fold(entry for entry in self.entries if as_of is None or entry.on <= as_of)

    def account(self, as_of: date) -> Account:
        """Return what the rules are told of the book on one evening.

        Parameters
        ----------
        as_of : datetime.date
            Entries of later days are left out.

        Returns
        -------
        Account
            Positions that the rules cannot read stand among its faults.
        """
        folded = self.folded(as_of)
        condors, layers, faults = list[CondorLot](), list[LayerLot](), list[str]()
        for lot in folded.lots:
            told: CondorLot | LayerLot | str
            if lot.sleeve == UNASSIGNED:
                held = ", ".join(f"{n:+g} {what}" for what, n in lot.held.items())
                told = f"{held} belong to no sleeve; write one beside their fills"
            else:
                told = condor_lot(lot) if lot.sleeve == "condors" else layer_lot(lot)
            if isinstance(told, str):
                faults.append(told)
            elif isinstance(told, CondorLot):
                condors.append(told)
            else:
                layers.append(told)
        memory = self.memory if self.memory is not None and self.memory.as_of <= as_of else None
        return Account(
            as_of, folded.cash, tuple(condors), tuple(layers), folded.index_units, memory,
            tuple(faults),
        )  # fmt: skip

    def add(self, entries: Iterable[Entry]) -> "Book":
        """Return the book with further entries, all of them or none.

        Raises
        ------
        BookError
            Names the first line that cannot be.
        """
        return replace(self, entries=merge(self.entries, tuple(entries)))

    def remember(self, memory: Memory | None) -> "Book":
        """Return the book with what a decision left."""
        return replace(self, memory=memory)


def merge(held: Sequence[Entry], added: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return entries by date; on one day those that were held come first."""
    return tuple(sorted([*held, *added], key=lambda entry: entry.on))
