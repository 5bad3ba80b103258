"""The user's own book, read anew from its file: marked at a close, and taken through crises."""

from dataclasses import dataclass
from datetime import date

import polars as pl

import alvh
from alvh.desk.book_files import read_book
from alvh.desk.marking import Marked, mark
from alvh.errors import AlvhError
from alvh.web.desk import Desk

OPTIONS = frozenset({"SPX", "SPXW", "VIX", "VIXW"})


@dataclass(frozen=True)
class Own:
    """What can be said of the user's book, or why nothing can.

    Attributes
    ----------
    name : str
        Of the file.
    marked : Marked or None
        Cash, value and legs, USD and points.
    paths : polars.DataFrame or None
        A row a crisis or shock: the lowest session and the end, USD; options alone.
    left_out : tuple of str
        Symbols that a stress does not take: futures and baskets.
    reason : str
        Why something is missing; empty where nothing is.
    """

    name: str
    marked: Marked | None = None
    paths: pl.DataFrame | None = None
    left_out: tuple[str, ...] = ()
    reason: str = ""


def own_book(desk: Desk, as_of: date | None) -> Own | None:
    """Mark the user's book at a close; None where the server was given none."""
    if desk.book_file is None:
        return None
    name = str(desk.book_file)
    try:
        return Own(name, mark(desk.history, read_book(desk.book_file), as_of))
    except AlvhError as refusal:
        return Own(name, reason=str(refusal))


def own_stress(desk: Desk, as_of: date | None) -> Own | None:
    """Take the options of the user's book through every shock and crisis, trading nothing."""
    found = own_book(desk, as_of)
    if desk.book_file is None or found is None or found.marked is None:
        return found
    held, left_out = dict[str, float](), set[str]()
    positions = read_book(desk.book_file).folded(found.marked.as_of).positions()
    for (_, instrument), quantity in positions.items():
        if instrument.root in OPTIONS:
            held[instrument.symbol] = held.get(instrument.symbol, 0.0) + quantity
        else:
            left_out.add(instrument.symbol)
    netted = {symbol: quantity for symbol, quantity in held.items() if quantity != 0.0}
    return _stressed(desk, found, netted, tuple(sorted(left_out)))


def _stressed(desk: Desk, found: Own, held: dict[str, float], left_out: tuple[str, ...]) -> Own:
    if found.marked is None or not held:
        return Own(found.name, found.marked, None, left_out, "it holds no option")
    try:
        paths = alvh.stress(
            desk.history, held, as_of=found.marked.as_of, equity=found.marked.nav
        ).table()
    except AlvhError as refusal:
        return Own(found.name, found.marked, None, left_out, str(refusal))
    return Own(found.name, found.marked, paths, left_out)
