"""`alvh book`: what is held, statements taken in, and the book marked at a close."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.desk_options import now
from alvh.cli.formats import decimal, dollars
from alvh.cli.options import DATE_FORMATS, AsJson, Data
from alvh.cli.running import day, engine_running, read_history
from alvh.cli.today_command import BookFile

if TYPE_CHECKING:
    from alvh.desk.book import Book
    from alvh.desk.statements import Imported

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Show the book, import statements, mark it."
)
_BROKERS = ("order", "closes", "key")  # hold numbers of the broker's: they stay in the book
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", metavar="DATE", formats=DATE_FORMATS, help="Evening; default: last."),
]


@app.command()
def show(book: BookFile, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show positions and cash on one evening, and what the rules cannot read of them."""
    from alvh.desk.book_files import read_book
    from alvh.desk.moments import chicago_day

    held = read_book(book)
    evening = day(as_of) or (held.entries[-1].on if held.entries else chicago_day(now()))
    found = _whole(held, evening)
    if as_json:
        say_json(found)
        return
    say(f"{held.name} on {evening}: cash {dollars(found['cash'])} USD")
    show_table(
        "", ("sleeve", "symbol", "quantity"),
        [(one["sleeve"], one["symbol"], f"{one['quantity']:+g}") for one in found["positions"]],
        numbers=("quantity",),
    )  # fmt: skip
    for fault in found["faults"]:
        say(f"fault: {fault}")


def _whole(held: "Book", evening: date) -> dict[str, Any]:
    folded, account = held.folded(evening), held.account(evening)
    positions = [
        {"sleeve": sleeve, "symbol": instrument.symbol, "quantity": quantity}
        for (sleeve, instrument), quantity in folded.positions().items()
    ]
    return {
        "book": held.name,
        "as_of": evening,
        "cash": folded.cash,
        "positions": positions,
        "faults": account.faults,
        "memory_of": None if account.memory is None else account.memory.as_of,
        "book_digest": account.digest,
    }


@app.command("import")
def import_command(
    statement: Annotated[Path, typer.Argument(metavar="FILE", help="Statement as CSV.")],
    book: BookFile,
    sleeve: Annotated[
        str, typer.Option("--sleeve", help="Of what opens a position that nothing explains.")
    ] = "unassigned",
    as_json: AsJson = False,
) -> None:
    """Take a statement of Interactive Brokers or tastytrade into the book, whole or not at all."""
    from alvh.desk.book import Book
    from alvh.desk.book_files import alone, read_book, write_book
    from alvh.desk.statements import import_statement, read_statement

    with alone(book):
        held = read_book(book) if book.exists() else Book(book.stem)
        found = import_statement(held, read_statement(statement), sleeve=sleeve)
        if found.entries:
            write_book(book, found.book)
    say_imported(found, as_json)


def say_imported(found: "Imported", as_json: bool) -> None:
    """Write what a statement did to a book.

    Parameters
    ----------
    found : Imported
    as_json : bool
        Whether as JSON; entries are shown without the broker's numbers of orders and executions.
    """
    from alvh.desk.book_files import entry_row

    rows = [
        {name: value for name, value in entry_row(entry).items() if name not in _BROKERS}
        for entry in found.entries
    ]
    if as_json:
        say_json({"added": rows, "known": found.known, "skipped": found.skipped})
        return
    say(f"{len(rows)} entries added, {found.known} were in the book, {len(found.skipped)} skipped")
    for line in found.skipped:
        say(f"skipped, not ours: {line}")


@app.command()
def mark(
    book: BookFile, data: Data = "bundled", as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """Value the book at a close: every leg at its quote's middle, or else at a model's price."""
    from alvh.desk.book_files import read_book
    from alvh.desk.marking import mark as mark_book
    from alvh.report.answers import marked

    held = read_book(book)
    history = read_history(data)
    with engine_running("marking"):
        found = mark_book(history, held, day(as_of))
        whole = marked(history, held, day(as_of)) if as_json else None
    if whole is not None:
        say_json(whole)
        return
    say(f"{held.name} on {found.as_of}: {dollars(found.nav)} USD, cash {dollars(found.cash)} USD")
    show_table(
        "", ("sleeve", "symbol", "quantity", "mid", "USD", "mid is"),
        [(leg.sleeve, leg.symbol, f"{leg.quantity:+g}", decimal(leg.mid, 4), dollars(leg.value),
          leg.provenance)
         for leg in found.legs], numbers=("quantity", "mid", "USD"),
    )  # fmt: skip
    for said in found.notes:
        say(f"note: {said}")
    say(f"data {history.digest[:12]} · book {held.account(found.as_of).digest[:12]}")
