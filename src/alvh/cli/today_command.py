"""`alvh today`: the decision of one session, from the book as it stands."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import note, say, say_json, show_table
from alvh.cli.desk_options import now, open_ledger
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Data, Fill, Improvement
from alvh.cli.running import day, engine_running, read_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alvh import History
    from alvh.advise.today import Decision
    from alvh.desk.book import Book

_REFUSED = 1
BookFile = Annotated[
    Path,
    typer.Option("--book", metavar="FILE", envvar="ALVH_BOOK", help="Book, .yaml or .csv."),
]


def today(
    book: BookFile,
    hedge: Annotated[
        str | None,
        typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file."),
    ] = None,
    condors: Annotated[
        str | None,
        typer.Option("--condors", metavar="NAME", help="Condor programme likewise."),
    ] = None,
    data: Data = "bundled",
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", metavar="DATE", formats=DATE_FORMATS,
            help="Past session to decide; default: the last of the data, which must be today's.",
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", metavar="FILE", envvar="ALVH_LEDGER",
                     help="Decide by the rules in force there, and record the decision."),
    ] = None,
    tickets: Annotated[
        Path | None,
        typer.Option("--tickets", metavar="FOLDER",
                     help="Issue tickets, once the decision is recorded, and write them there."),
    ] = None,
    fill: Fill = 0.5,
    improvement: Improvement = 0.0,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Decide today: condor and hedge orders with their reasons, or no trade and why."""
    _refuse_mixed(hedge, condors, ledger, tickets)
    held, history = _inputs(book, data, as_json)
    request = {"as_of": day(as_of), "fill": fill, "improvement": improvement}
    with engine_running("deciding"):
        if ledger is None:
            found, issued = _unrecorded(history, held, hedge, condors, request), None
        else:
            found, issued = _recorded(history, held, ledger, tickets, request)
    if as_json:
        say_json(found.plain() | ({} if issued is None else {"tickets": issued}))
    else:
        say_decision(found)
        _say_issued(issued)
    if found.stopped:
        raise typer.Exit(_REFUSED)


def _inputs(book: Path, data: str, as_json: bool) -> "tuple[Book, History]":
    """Read book and data; what cannot be read is no trade, with a code as for any check."""
    from alvh.desk.book_files import read_book
    from alvh.errors import BookError, DataError

    try:
        return read_book(book), read_history(data, whole=False)
    except (BookError, DataError) as refusal:
        code = "BOOK" if isinstance(refusal, BookError) else "DATA"
        if as_json:
            say_json({"kind": "decision", "verdict": "no trade", "reason": str(refusal),
                      "stopped": [code], "orders": []})  # fmt: skip
        note(f"alvh: no trade, {code}: {' '.join(str(refusal).split())}")
        raise typer.Exit(_REFUSED) from refusal


def _refuse_mixed(
    hedge: str | None, condors: str | None, ledger: Path | None, tickets: Path | None
) -> None:
    if ledger is None and tickets is not None:
        raise typer.BadParameter("--tickets needs --ledger: a decision is recorded before them.")
    if ledger is not None and (hedge is not None or condors is not None):
        raise typer.BadParameter("with --ledger the rules in force there decide.")


def _unrecorded(
    history: "History", held: "Book", hedge: str | None, condors: str | None,
    request: dict[str, Any],
) -> "Decision":  # fmt: skip
    import alvh

    return alvh.today(
        history, held, hedge or "alvh-40-40-20", condors or "monthly45",
        on=request["as_of"] or date.today(), **request,
    )  # fmt: skip


def _recorded(
    history: "History", held: "Book", ledger: Path, tickets: Path | None,
    request: dict[str, Any],
) -> tuple["Decision", dict[str, Any]]:  # fmt: skip
    """Decide by the rules in force, record it, and only then issue and write tickets."""
    from alvh.desk.issuing import decide, issue_tickets, record_decision, write_tickets

    record, at = open_ledger(ledger), now()
    found = decide(record, history, held, at, on=request["as_of"] or date.today(), **request)
    event = record_decision(record, found, at)
    told: dict[str, Any] = {"event": event.number, "sha256": event.sha256}
    if tickets is None or found.stopped:
        return found, told
    issued = issue_tickets(record, found, event, now())
    unsaid = write_tickets(tickets / str(found.as_of), issued.orders)
    told |= {"issued": [order.name for order in issued.orders], "refused": issued.refused}
    return found, told | {"folder": tickets / str(found.as_of), "not written": unsaid}


def _say_issued(issued: dict[str, Any] | None) -> None:
    if issued is None:
        return
    say(f"recorded as event {issued['event']}, {issued['sha256'][:12]}")
    if "issued" in issued:
        names = ", ".join(issued["issued"]) or "none"
        say(f"tickets in {issued['folder']}: {names}")
        for name, why in issued["refused"].items():
            note(f"no ticket {name}: {why}")
        for name, why in issued["not written"].items():
            note(f"not in every form, {name}: {why}")


def say_decision(found: "Decision") -> None:
    """Write a decision for people.

    Parameters
    ----------
    found : Decision
        From ``alvh.today``.
    """
    plain = found.plain()
    legs = Counter(leg.provenance for order in found.orders for leg in order.legs)
    if legs:
        shares = ", ".join(f"{legs[name]} {name}" for name in ("modelled", "fitted", "quoted"))
        say(f"prices of the {legs.total()} legs to trade: {shares}")
    say(f"{found.as_of}, options close at {plain['closes_at'][11:16]} in Chicago: {found.verdict}")
    for check in found.checks:
        (note if check.level == "stop" else say)(f"{check.level} {check.code}: {check.text}")
    _say_ages(found)
    if found.stopped:
        return
    if found.orders:
        show_table(
            "Orders", ("order", "what", "structures", "legs", "limit", "priced", "cash USD", "why"),
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


def _say_ages(found: "Decision") -> None:
    """Say how many series have a value of the session, and how old the others are."""
    old = [f"{name} {age}" for name, age in found.ages.items() if age]
    fresh = len(found.ages) - len(old)
    say(f"{fresh} series of the session; older, in sessions: {', '.join(old) or 'none'}")


def _orders(found: "Decision") -> "Iterator[tuple[str, ...]]":
    for order in found.orders:
        legs = ", ".join(f"{leg.ratio:+d} {leg.instrument.symbol}" for leg in order.legs)
        yield (
            order.name, order.action, str(order.quantity), legs, str(order.limit),
            ", ".join(sorted({leg.provenance for leg in order.legs})),
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
    better = f" · improvement {meta['improvement']:g}" if "improvement" in meta else ""
    say(
        f"policy {meta['policy_hash'][:12]} · programme {meta['programme_hash'][:12]} · "
        f"data {meta['data_digest'][:12]} · book {meta['book_digest'][:12]} · "
        f"code {meta['code_version']} · fill {meta['fill']:g}{better} · "
        f"decision {found.digest[:12]}"
    )
