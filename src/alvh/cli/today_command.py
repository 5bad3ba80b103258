"""`alvh today`: the decision of one session, from the book as it stands."""

from collections import Counter
from datetime import datetime
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
    from alvh.desk.preview import Preview

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
    from alvh.desk.closes import not_to_be_sent

    _refuse_mixed(hedge, condors, ledger, tickets)
    held, history = _inputs(book, data, as_json)
    request = {"as_of": day(as_of), "fill": fill, "improvement": improvement}
    with engine_running("deciding"):
        if ledger is None:
            found, seen = _unrecorded(history, held, hedge, condors, request), None
            issued: dict[str, Any] = {}
        else:
            found, seen, issued = _recorded(history, held, ledger, tickets, request)
    warning = not_to_be_sent(found.as_of, now())
    if warning and found.orders:
        note(warning)
    if as_json:
        beside: dict[str, Any] = {"warning": warning}
        if seen is not None:
            beside |= {"may_be_ordered": seen.plain(), "tickets": issued}
        say_json(found.plain() | beside)
    else:
        say_decision(found, seen, warning)
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
    from alvh.desk.moments import chicago_day

    return alvh.today(
        history, held, hedge or "alvh-40-40-20", condors or "monthly45",
        on=request["as_of"] or chicago_day(now()), **request,
    )  # fmt: skip


def _recorded(
    history: "History", held: "Book", ledger: Path, tickets: Path | None,
    request: dict[str, Any],
) -> tuple["Decision", "Preview", dict[str, Any]]:  # fmt: skip
    """Decide by the rules in force, record it, and only then issue and write tickets.

    What a halt, a restriction or a cap leaves of the orders is said beside the decision, which is
    the rules' and the same as the backtest's.
    """
    from alvh.desk.closes import not_to_be_sent
    from alvh.desk.issuing import decide, issue_tickets, record_decision
    from alvh.desk.moments import chicago_day
    from alvh.desk.preview import preview
    from alvh.desk.ticket_files import write_tickets

    record, at = open_ledger(ledger), now()
    found = decide(record, history, held, at, on=request["as_of"] or chicago_day(at), **request)
    event = record_decision(record, found, at)
    seen = preview(record, found, now(), held)
    told: dict[str, Any] = {"event": event.number, "sha256": event.sha256}
    if tickets is None or found.stopped:
        return found, seen, told
    issued = issue_tickets(record, found, event, now(), held)
    unsaid = write_tickets(
        tickets / str(found.as_of), issued.orders, issued.refused,
        not_to_be_sent(found.as_of, now()),
    )  # fmt: skip
    told |= {"issued": [order.name for order in issued.orders], "refused": issued.refused}
    told |= {"reduced": issued.reduced, "folder": tickets / str(found.as_of)}
    return found, seen, told | {"not written": unsaid}


def _say_issued(issued: dict[str, Any]) -> None:
    if not issued:
        return
    say(f"recorded as event {issued['event']}, {issued['sha256'][:12]}")
    if "issued" in issued:
        names = ", ".join(issued["issued"]) or "none"
        say(f"tickets in {issued['folder']}: {names}")
        for name, why in issued["refused"].items():
            note(f"no ticket {name}: {why}")
        for name, why in issued["reduced"].items():
            note(f"not all of {name}: {why}")
        for name, why in issued["not written"].items():
            note(f"not in every form, {name}: {why}")


def say_decision(found: "Decision", seen: "Preview | None" = None, warning: str = "") -> None:
    """Write a decision for people.

    Parameters
    ----------
    found : Decision
        From ``alvh.today``.
    seen : Preview, optional
        What the ledger says to its orders, where there is one.
    warning : str
        Said over the orders.
    """
    plain = found.plain()
    legs = Counter(leg.provenance for order in found.orders for leg in order.legs)
    if legs:
        shares = ", ".join(f"{legs[name]} {name}" for name in ("modelled", "fitted", "quoted"))
        say(f"prices of the {legs.total()} legs to trade: {shares}")
    verdict = found.verdict if seen is None else _governed(found, seen)
    say(f"{found.as_of}, options close at {plain['closes_at'][11:16]} in Chicago: {verdict}")
    _say_checks(found, seen)
    _say_ages(found)
    if not found.orders:
        say(f"no trade: {' '.join(found.reason.split())}")
    if found.stopped:
        return
    if found.orders:
        if warning:
            say(warning)
        _say_orders(found, seen)
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


def _governed(found: "Decision", seen: "Preview") -> str:
    """Return the verdict of the rules with how much of it may be ordered."""
    count, allowed = len(found.orders), len(seen.orders)
    if count == allowed:
        return found.verdict
    return f"{found.verdict} by the rules, of which {allowed or 'none'} of {count} may be ordered"


def _say_checks(found: "Decision", seen: "Preview | None") -> None:
    from alvh.desk.preview import restrictions

    for check in (*found.checks, *(restrictions(seen.standing) if seen else ())):
        (note if check.level == "stop" else say)(f"{check.level} {check.code}: {check.text}")


def _say_orders(found: "Decision", seen: "Preview | None") -> None:
    """Show the orders of the rules; beside each how many structures the ledger lets out."""
    columns = ["order", "what", "structures", "legs", "limit", "priced", "cash USD", "why"]
    rows, numbers = [list(row) for row in _orders(found)], ["structures", "cash USD"]
    if seen is not None:
        columns.insert(3, "allowed")
        numbers.append("allowed")
        for row in rows:
            row.insert(3, str(seen.orders[row[0]].quantity) if row[0] in seen.orders else "none")
    show_table("Orders", columns, rows, numbers=numbers)
    for name, why in (seen.refused | seen.reduced if seen else {}).items():
        what = "not to be ordered" if seen and name in seen.refused else "fewer"
        say(f"{what}, {name}: {why}")


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
