"""`alvh fills`: what the broker filled, held against the tickets."""

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from alvh.cli.book_commands import say_imported
from alvh.cli.console import note, say, say_json
from alvh.cli.desk_options import DEFAULT_LEDGER, LedgerFile, Reason, now, open_ledger
from alvh.cli.options import AsJson
from alvh.cli.today_command import BookFile

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Import fills and hold them against the tickets.",
)
_REFUSED = 1


def _finite(usd: float | None) -> float | None:
    if usd is not None and not isfinite(usd):
        raise typer.BadParameter(f"{usd} is no amount; write it as 996051.20")
    return usd


Cash = Annotated[
    float | None,
    typer.Option("--cash", metavar="USD", callback=_finite, help="Cash as the broker states it."),
]


@app.command("import")
def import_command(
    statement: Annotated[Path, typer.Argument(metavar="FILE", help="Statement as CSV.")],
    book: BookFile,
    ledger: LedgerFile = DEFAULT_LEDGER,
    cash: Cash = None,
    as_json: AsJson = False,
) -> None:
    """Take a statement into the book by its tickets, and record in what they disagree."""
    from alvh.desk.book_files import alone, read_book, write_book
    from alvh.desk.reconcile import reconcile, ticketed
    from alvh.desk.statements import import_statement, read_statement

    record = open_ledger(ledger)
    with alone(book):
        found = import_statement(read_book(book), read_statement(statement), ticketed(record))
        if found.entries:
            write_book(book, found.book)
        differences = reconcile(record, read_book(book), now(), cash)  # by the book's own lines
    if not as_json:
        say_imported(found, as_json)
    _say_differences(differences, as_json)


@app.command()
def check(
    book: BookFile, ledger: LedgerFile = DEFAULT_LEDGER, cash: Cash = None, as_json: AsJson = False
) -> None:
    """Hold the book against the tickets again, as after a correction."""
    from alvh.desk.book_files import alone, read_book
    from alvh.desk.reconcile import reconcile

    record = open_ledger(ledger)
    with alone(book):
        differences = reconcile(record, read_book(book), now(), cash)
    _say_differences(differences, as_json)


@app.command()
def void(
    ticket: str, reason: Reason, ledger: LedgerFile = DEFAULT_LEDGER, as_json: AsJson = False
) -> None:
    """Record that what is not filled of a ticket never will be."""
    from alvh.desk.reconcile import make_void

    event = make_void(open_ledger(ledger), ticket, reason, now())
    if as_json:
        say_json({"event": event.number, "sha256": event.sha256, "ticket": ticket})
    else:
        say(f"event {event.number}: {ticket} is void")


def _say_differences(found: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        say_json({"differences": found})
    elif not found:
        say("book and tickets agree")
    else:
        for line in found:
            note(f"differs: {line}")
        note("no ticket is issued until they agree; correct the book, or `alvh fills void`")
    if found:
        raise typer.Exit(_REFUSED)
