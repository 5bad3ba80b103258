"""Statements read into a book: what each fill was for, found by its ticket or by what is held."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from alvh.advise.instrument import Instrument
from alvh.advise.orders import Order
from alvh.desk.book import Book
from alvh.desk.book_files import read_text
from alvh.desk.entries import UNASSIGNED, Entry, Fill
from alvh.desk.positions import Folded, fold
from alvh.desk.statement_ibkr import is_ibkr, read_ibkr
from alvh.desk.statement_rows import Statement, StatementFill
from alvh.desk.statement_tastytrade import is_tastytrade, read_tastytrade
from alvh.errors import BookError

_CONDOR_LEGS = 4


@dataclass(frozen=True)
class Imported:
    """What a statement did to a book.

    Attributes
    ----------
    book : Book
        With the new entries.
    entries : tuple of Fill and Flow
        Those that are new.
    known : int
        Rows that the book had already.
    skipped : tuple of str
        Rows of contracts that are not ours.
    """

    book: Book
    entries: tuple[Entry, ...]
    known: int
    skipped: tuple[str, ...]


def read_statement(path: str | Path) -> Statement:
    """Read a statement of Interactive Brokers or tastytrade, recognised by its heading.

    Raises
    ------
    BookError
        Names the first line that cannot be read.
    """
    place = Path(path).expanduser()
    text = read_text(place)
    if is_ibkr(text):
        return read_ibkr(text, place.name)
    if is_tastytrade(text):
        return read_tastytrade(text, place.name)
    raise BookError(
        f"{place}: neither an activity statement of Interactive Brokers nor transactions of "
        "tastytrade; download one of the two as CSV"
    )


def import_statement(
    book: Book, statement: Statement, orders: Sequence[Order] = (), sleeve: str = UNASSIGNED
) -> Imported:
    """Take a statement into a book, all of it or nothing.

    Parameters
    ----------
    book : Book
    statement : Statement
        Rows that the book has already, by the broker's own numbers, are passed over.
    orders : sequence of Order
        Tickets that were issued: a fill of the same contracts and sides is one of theirs.
    sleeve : str
        Of what opens a position and is neither on a ticket nor a condor.

    Returns
    -------
    Imported

    Raises
    ------
    BookError
        Names the first line that cannot be.
    """
    have = {entry.key.split("@")[0] for entry in book.entries if entry.key}
    flows = [flow for flow in statement.flows if flow.key not in have]
    fills = [fill for fill in statement.fills if fill.key not in have]
    first = min([one.on for one in flows] + [one.on for one in fills], default=None)
    last = book.entries[-1].on if book.entries else None
    if first is not None and last is not None and first < last:
        raise BookError(
            f"{statement.broker}: a row of {first} is not in the book, which goes to {last}; "
            "import statements in the order of their days"
        )
    entries: list[Entry] = list(flows)
    state = book
    for (on, _, _), group in groupby(fills, key=lambda f: (f.on, f.settles, f.group)):
        held = fold(entry for entry in state.entries if entry.on <= on)
        added = tuple(_entries(list(group), held, orders, sleeve))
        state = state.add(added)
        entries += added
    known = len(statement.flows) + len(statement.fills) - len(flows) - len(fills)
    entries.sort(key=lambda entry: entry.on)
    return Imported(book.add(entries), tuple(entries), known, statement.skipped)


def _entries(
    group: list[StatementFill], held: Folded, orders: Sequence[Order], sleeve: str
) -> Iterator[Fill]:
    if group[0].settles:
        for fill in group:
            yield from _settled(fill, held)
        return
    order = _ticket(group, orders)
    name = f"{group[0].on:%Y%m%d}-{group[0].group}"
    for fill in group:
        if order is not None:
            yield _fill(fill, order.sleeve, order.name, order.closes)
        else:
            yield _fill(fill, _sleeve(group, held, sleeve), name, "")


def _ticket(group: list[StatementFill], orders: Sequence[Order]) -> Order | None:
    """Return the ticket that some fills are a part of, by contracts and sides, or None."""
    mine = {(fill.instrument, fill.quantity > 0.0) for fill in group}
    for order in orders:
        if mine <= {(leg.instrument, leg.ratio > 0) for leg in order.legs}:
            return order
    return None


def _sleeve(group: list[StatementFill], held: Folded, sleeve: str) -> str:
    """Return what some fills are for: the sleeve that they close, condors by shape, or as asked."""
    positions = held.positions()
    for name in dict.fromkeys(one for one, _ in positions):
        closes = [positions.get((name, fill.instrument), 0.0) * fill.quantity for fill in group]
        if all(product < 0.0 for product in closes):
            return name
    roots = {fill.instrument.root for fill in group}
    contracts = {fill.instrument for fill in group}
    if len(contracts) == _CONDOR_LEGS and roots in ({"SPX"}, {"SPXW"}):
        return "condors"
    return sleeve


def _settled(fill: StatementFill, held: Folded) -> Iterator[Fill]:
    """Yield a settlement by the sleeves that hold the contract."""
    left = abs(fill.quantity)
    for name, quantity in _holders(fill.instrument, held):
        wrong = fill.sided and quantity * fill.quantity > 0.0
        taken = min(left, abs(quantity))
        if taken == 0.0 or wrong:
            continue
        left -= taken
        sign = -1.0 if quantity > 0.0 else 1.0
        yield Fill(
            fill.on, name, "", fill.instrument, sign * taken, fill.price,
            fill.fees * taken / abs(fill.quantity), settles=True, key=f"{fill.key}@{name}"
            if taken < abs(fill.quantity) else fill.key, where=fill.where,
        )  # fmt: skip
    if left > 0.0:
        raise BookError(
            f"{fill.where}: settles {abs(fill.quantity):g} {fill.instrument}, of which {left:g} "
            "are not held; look for the fill that opened them"
        )


def _holders(instrument: Instrument, held: Folded) -> list[tuple[str, float]]:
    return [(name, n) for (name, one), n in held.positions().items() if one == instrument]


def _fill(fill: StatementFill, sleeve: str, order: str, closes: str) -> Fill:
    return Fill(
        fill.on, sleeve, order, fill.instrument, fill.quantity, fill.price, fill.fees,
        closes=closes, key=fill.key, where=fill.where,
    )  # fmt: skip
