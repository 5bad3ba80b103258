"""`alvh journal`: trades with their reasons and notes, and a year's Section 1256 statement."""

from pathlib import Path
from typing import Annotated

import typer

from alvh.cli.console import note as aside
from alvh.cli.console import say, say_json, show_table
from alvh.cli.desk_options import DEFAULT_LEDGER, By, LedgerFile, now, open_ledger
from alvh.cli.formats import dollars
from alvh.cli.options import AsJson, Data
from alvh.cli.running import read_history

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show trades with reasons and notes, add a note, write the year's tax statement.",
)


@app.command()
def show(ledger: LedgerFile = DEFAULT_LEDGER, as_json: AsJson = False) -> None:
    """Show every ticket with the reason it was issued for, its fills, and notes."""
    from alvh.desk.journal import journal
    from alvh.desk.moments import in_chicago, read_moment

    lines = journal(open_ledger(ledger, "read"))
    if as_json:
        say_json(lines)
        return
    numbers = ("ordered", "asked", "cash USD")
    show_table(
        "",
        ("in Chicago", "ticket", "what", *numbers, "state", "reason", "notes"),
        (
            (
                in_chicago(read_moment(line.at)),
                line.ticket,
                f"{'open' if line.opens else 'close'} {line.instrument}",
                str(line.quantity),
                str(line.asked),
                dollars(line.cash),
                line.state,
                line.reason,
                "; ".join(line.notes),
            )
            for line in lines
        ),
        numbers=numbers,
    )


@app.command()
def note(
    ticket: Annotated[str, typer.Argument(help="Name of the ticket.")],
    text: Annotated[str, typer.Argument(help="What you think of it.")],
    by: By,
    ledger: LedgerFile = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Add a note to a ticket; it is recorded and stays."""
    from alvh.desk.journal import add_note

    event = add_note(open_ledger(ledger), ticket, text, by, now())
    if as_json:
        say_json({"number": event.number, "sha256": event.sha256, "content": event.content})
    else:
        say(f"event {event.number}: noted on {ticket}")


@app.command()
def tax(
    year: Annotated[int, typer.Argument(min=1990, max=2031, help="Calendar year.")],
    book: Annotated[
        Path,
        typer.Option("--book", metavar="FILE", envvar="ALVH_BOOK", help="Book, .yaml or .csv."),
    ],
    file: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the lines, as CSV.")
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option("--marks", metavar="FILE", help="CSV of symbol and points at the year's end."),
    ] = None,
    data: Data = "bundled",
    as_json: AsJson = False,
) -> None:
    """Mark a year's Section 1256 contracts to market and split the gain sixty to forty."""
    from alvh.cli.files import write_whole
    from alvh.desk.book_files import read_book
    from alvh.desk.tax import left_out, market_marker, read_marks, tax_csv, tax_lines

    held, history = read_book(book), read_history(data)
    own = read_marks(marks) if marks else {}
    lines = tax_lines(held.entries, year, market_marker(history, own, year))
    outside = left_out(held.entries, year)
    text = tax_csv(lines)
    if file is not None:
        write_whole(file, lambda draft: draft.write_text(text, encoding="utf-8"))
    if as_json:
        say_json({"year": year, "lines": lines, "left_out": outside,
                  "data_digest": history.digest})  # fmt: skip
    else:
        say(text.rstrip("\n"))
    if outside:
        aside(f"no Section 1256 contracts, left out: {', '.join(outside)}")
    if any("model" in line.mark_source for line in lines):
        aside("some marks are a model's; a broker's statement gives the ones to file, --marks")
