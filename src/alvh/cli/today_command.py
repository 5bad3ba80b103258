"""`alvh today`: the decision of one session, from the book as it stands."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import note, say, say_json, show_table
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Fill
from alvh.cli.running import day, engine_running, read_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alvh.advise.today import Decision

_REFUSED = 1
BookFile = Annotated[
    Path,
    typer.Option("--book", metavar="FILE", envvar="ALVH_BOOK", help="Book, .yaml or .csv."),
]


def today(
    book: BookFile,
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    data: Data = "bundled",
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", metavar="DATE", formats=DATE_FORMATS,
            help="Past session to decide; default: the last of the data, which must be today's.",
        ),
    ] = None,
    fill: Fill = 0.5,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Decide today: condor and hedge orders with their reasons, or no trade and why."""
    import alvh
    from alvh.desk.book_files import read_book

    held, chosen = read_book(book), day(as_of)
    history = read_history(data)
    with engine_running("deciding"):
        found = alvh.today(
            history, held, hedge, condors, as_of=chosen, on=chosen or date.today(), fill=fill
        )
    if as_json:
        say_json(found.plain())
    else:
        say_decision(found)
    if found.stopped:
        raise typer.Exit(_REFUSED)


def say_decision(found: "Decision") -> None:
    """Write a decision for people.

    Parameters
    ----------
    found : Decision
        From ``alvh.today``.
    """
    plain = found.plain()
    say(f"{found.as_of}, options close at {plain['closes_at'][11:16]} in Chicago: {found.verdict}")
    for check in found.checks:
        (note if check.level == "stop" else say)(f"{check.level} {check.code}: {check.text}")
    if found.stopped:
        return
    if found.orders:
        show_table(
            "Orders", ("order", "what", "structures", "legs", "limit", "cash USD", "why"),
            _orders(found), numbers=("structures", "cash USD"),
        )  # fmt: skip
    for ticket in found.condors:
        low, high = ticket.break_evens
        say(
            f"{ticket.order}: credit {ticket.credit:.2f}, break-evens {low:,.2f} and {high:,.2f}, "
            f"chance of profit {percent(ticket.probability_of_profit, 1)} where "
            f"{percent(ticket.break_even_win_rate, 1)} break even, margin "
            f"{dollars(ticket.margin)} USD, at most {dollars(ticket.max_loss)} USD lost"
        )
    money = ("traded", "worth", "carry a day", "gap", "grind", "spike")
    show_table(
        "Hedge after the orders, USD: gap S&P 500 -7 % overnight, grind -8 % in 30 days with VIX "
        "as it is, spike VIX doubled",
        ("layer", "before", "after", "weight", *money), _layers(found),
        numbers=("before", "after", "weight", *money),
    )  # fmt: skip
    show_table("Reasons", ("sleeve", "action", "reason"),
               ((one.sleeve, one.action, one.text) for one in found.decided.lines))  # fmt: skip
    show_table("Health after the orders", ("figure", "value"),
               ((name, _figure(value)) for name, value in found.panel.items()),
               numbers=("value",))  # fmt: skip
    _say_identity(found)


def _orders(found: "Decision") -> "Iterator[tuple[str, ...]]":
    for order in found.orders:
        legs = ", ".join(f"{leg.ratio:+d} {leg.instrument.symbol}" for leg in order.legs)
        yield (
            order.name, order.action, str(order.quantity), legs, str(order.limit),
            dollars(order.cash), order.reason,
        )  # fmt: skip


def _layers(found: "Decision") -> "Iterator[tuple[str, ...]]":
    for line in found.layers:
        yield (
            line.layer, str(line.before), str(line.after), percent(line.weight, 1),
            dollars(line.traded), dollars(line.worth), decimal(line.carry, 0), dollars(line.gap),
            dollars(line.grind), dollars(line.spike),
        )  # fmt: skip


def _figure(value: float | str | None) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.2f}" if value is not None and abs(value) >= 1.0 else decimal(value, 4)


def _say_identity(found: "Decision") -> None:
    meta = found.meta
    say(
        f"policy {meta['policy_hash'][:12]} · programme {meta['programme_hash'][:12]} · "
        f"data {meta['data_digest'][:12]} · book {meta['book_digest'][:12]} · "
        f"code {meta['code_version']} · fill {meta['fill']:g} · decision {found.digest[:12]}"
    )
