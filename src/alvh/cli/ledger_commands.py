"""`alvh ledger`: the record shown and verified, and the overrides that only lower risk."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import note, say, say_json, show_table
from alvh.cli.desk_options import (
    DEFAULT_LEDGER,
    By,
    KeyFile,
    LedgerFile,
    Reason,
    Until,
    now,
    open_ledger,
)
from alvh.cli.formats import dollars
from alvh.cli.options import DATE_FORMATS, AsJson, Data
from alvh.cli.running import day, read_history

if TYPE_CHECKING:
    from alvh.desk.standing import Standing
    from alvh.ledger import Event, Ledger

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show and verify the record of the desk; halt, reduce, close only, resume.",
)
keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make and show keys.")
app.add_typer(keys, name="key")

Copy = Annotated[
    Path | None,
    typer.Option("--checkpoints", metavar="FILE", help="Copy of the checkpoints kept elsewhere."),
]


@app.command()
def verify(
    ledger: LedgerFile = DEFAULT_LEDGER, checkpoints: Copy = None, as_json: AsJson = False
) -> None:
    """Verify chain, signatures and checkpoints, or name the first event that is wrong."""
    from alvh.desk.audit import audit

    found = audit(open_ledger(ledger, "read"), checkpoints)
    if as_json:
        say_json(found)
        return
    say(f"{ledger}: {found.count} events hold together, the last is {found.last}")
    if found.checkpoints:
        say(f"{found.checkpoints} checkpoints hold; {found.signed_at} vouches for {found.signed}")
    if found.count > found.signed:
        note(f"no checkpoint vouches for the last {found.count - found.signed} events")


@app.command()
def show(
    number: Annotated[int | None, typer.Argument(help="One event, whole.")] = None,
    ledger: LedgerFile = DEFAULT_LEDGER,
    last: Annotated[int, typer.Option("--last", min=1, help="How many events.")] = 20,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the last events, or one of them whole; the chain is verified on the way."""
    from alvh.desk.summaries import summary

    events = _chosen(open_ledger(ledger, "read"), number, kind)[-last:]
    if as_json or number is not None:
        shown = [_whole(event) for event in events]
        say_json(shown[0] if number is not None else shown)
        return
    rows = [(str(event.number), _when(event), _kind(event), summary(event)) for event in events]
    show_table("", ("event", "in Chicago", "kind", "what"), rows, numbers=("event",))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; one event a line.")],
    ledger: LedgerFile = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Write every event with its hashes as JSON lines, once the chain is verified."""
    from alvh.cli.files import refuse_unwritable, write_whole
    from alvh.ledger import canonical, checked

    refuse_unwritable(file)
    events = list(checked(open_ledger(ledger, "read").events()))
    lines = [canonical(_whole(event), f"event {event.number}") for event in events]
    write_whole(file, lambda draft: draft.write_text("\n".join((*lines, "")), encoding="utf-8"))
    if as_json:
        say_json({"file": file, "events": len(events)})
    else:
        say(f"{file}: {len(events)} events")


@app.command()
def standing(ledger: LedgerFile = DEFAULT_LEDGER, as_json: AsJson = False) -> None:
    """Show which rules are in force, what waits, what is overridden and what is left of caps."""
    from alvh.desk.standing import standing as stand

    _say_standing(stand(open_ledger(ledger, "read"), now()), as_json)


@app.command()
def halt(
    reason: Reason,
    by: By,
    ledger: LedgerFile = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Let nothing be opened until a newly signed version says so; it holds across restarts."""
    from alvh.desk.governance import halt as record_halt

    _say_recorded(record_halt(open_ledger(ledger), reason, by, now()), as_json)


@app.command()
def reduce(
    share: Annotated[float, typer.Option("--share", help="Part that may be opened, 0 to below 1.")],
    until: Until,
    reason: Reason,
    by: By,
    ledger: LedgerFile = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Let only a part of what the rules ask for be opened, up to and with a day."""
    from alvh.desk.governance import reduce as record_reduce

    event = record_reduce(open_ledger(ledger), share, until.date(), reason, by, now())
    _say_recorded(event, as_json)


@app.command()
def close(
    until: Until,
    reason: Reason,
    by: By,
    ledger: LedgerFile = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Let nothing be opened, up to and with a day."""
    from alvh.desk.governance import close_only

    event = close_only(open_ledger(ledger), until.date(), reason, by, now())
    _say_recorded(event, as_json)


@app.command()
def resume(key: KeyFile, ledger: LedgerFile = DEFAULT_LEDGER, as_json: AsJson = False) -> None:
    """Sign the rules in force anew, as a version that ends the halt."""
    from alvh.desk.governance import resume as sign_anew
    from alvh.ledger import load_key

    _say_standing(sign_anew(open_ledger(ledger), load_key(key), now()), as_json)


@app.command()
def checkpoint(key: KeyFile, ledger: LedgerFile = DEFAULT_LEDGER, as_json: AsJson = False) -> None:
    """Sign how far the ledger has come, so that a cut end shows; once a day."""
    from alvh.desk.audit import checkpoints_of, sign_checkpoint
    from alvh.ledger import load_key

    opened = open_ledger(ledger)
    made = sign_checkpoint(opened, load_key(key), now())
    if as_json:
        say_json(made)
    else:
        say(f"{checkpoints_of(opened)}: signed for {made.count} events, the last is {made.last}")


@keys.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the key is kept.")],
    as_json: AsJson = False,
) -> None:
    """Make a private key that only you can read, and print its public key."""
    from alvh.ledger import create_key

    _say_key(file, create_key(file).public, as_json)


@keys.command("public")
def public_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of a private key.")],
    as_json: AsJson = False,
) -> None:
    """Print the public key of a private one."""
    from alvh.ledger import load_key

    _say_key(file, load_key(file).public, as_json)


def _say_key(file: Path, public: str, as_json: bool) -> None:
    if as_json:
        say_json({"file": file, "public": public})
    else:
        say(public)


def _say_recorded(event: "Event", as_json: bool) -> None:
    from alvh.desk.summaries import summary

    if as_json:
        say_json(_whole(event))
    else:
        say(f"event {event.number}: {summary(event)}")


def _say_standing(found: "Standing", as_json: bool) -> None:
    from alvh.desk.moments import in_chicago
    from alvh.desk.summaries import rules_line, state_line

    if as_json:
        say_json(standing_json(found))
        return
    say(rules_line(found))
    say(state_line(found))
    for waiting in found.proposals:
        when = f"from {in_chicago(waiting.effective)}" if waiting.effective else "unsigned"
        say(f"proposed: version {waiting.version.sha256[:12]}, {when}")
    for line in found.differences:
        say(f"book and broker disagree: {line}")


def standing_json(found: "Standing") -> dict[str, Any]:
    """Return what ``--json`` prints of a standing.

    Parameters
    ----------
    found : Standing
        The standing.

    Returns
    -------
    dict
        Plain values, dates among them.
    """
    version = found.version
    return {
        "at": found.at,
        "version": version.sha256 if version else None,
        "policy_hash": version.hedge_hash if version else None,
        "programme_hash": version.condors_hash if version else None,
        "caps": version.charter.caps if version else None,
        "halted": found.halted,
        "reason": found.reason,
        "share": found.share,
        "orders_left": found.orders_left,
        "hedge_spent": found.hedge_spent,
        "differences": found.differences,
        "proposals": [
            {
                "version": one.version.sha256,
                "signers": one.signers,
                "effective": one.effective,
            }
            for one in found.proposals
        ],
        "events": found.count,
    }


def _chosen(ledger: "Ledger", number: int | None, kind: str | None) -> "list[Event]":
    from alvh.errors import LedgerError
    from alvh.ledger import checked

    held = list(checked(ledger.events()))
    chosen = [
        event for event in held if number in (None, event.number) and kind in (None, _kind(event))
    ]
    if number is not None and not chosen:
        raise LedgerError(f"there is no event {number} of that kind; the last is {len(held)}")
    return chosen


def _when(event: "Event") -> str:
    """Return the moment of an event; of what is none, the text that stands there."""
    from alvh.desk.moments import in_chicago, read_moment

    told = str(event.content.get("at", ""))
    try:
        return in_chicago(read_moment(told))
    except ValueError:
        return told


def _kind(event: "Event") -> str:
    return str(event.content.get("kind", ""))


def _whole(event: "Event") -> dict[str, Any]:
    return {
        "number": event.number,
        "previous": event.previous,
        "sha256": event.sha256,
        "content": event.content,
    }


@app.command()
def score(
    ledger: LedgerFile = DEFAULT_LEDGER,
    data: Data = "bundled",
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            formats=DATE_FORMATS,
            help="Close at which what is alive is marked; default: the last of the data.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set what overrides left undone, or did of their own, against what the rule asked for."""
    from alvh.desk.scoring import scores

    history = read_history(data)
    found = scores(open_ledger(ledger, "read"), history, day(as_of))
    if as_json:
        say_json(found.plain())
        return
    numbers = ("asked", "taken", "rule USD", "taken USD", "difference")
    show_table(
        f"Orders of days with an override, followed to {found.until}; model prices",
        ("session", "order", "overrides", *numbers),
        (
            (
                one.as_of,
                one.order,
                ", ".join(map(str, one.overrides)),
                str(one.asked),
                str(one.taken),
                dollars(one.rule),
                dollars(one.actual),
                dollars(one.difference),
            )
            for one in found.orders
        ),
        numbers=numbers,
    )
    for apart in found.unasked:
        say(f"{apart.as_of}: not scored, as no ticket was asked for: {', '.join(apart.orders)}")
    gained = dollars(found.difference)
    say(f"overrides made {gained} USD against the rule, each order held as it was")
    say(f"data {history.digest[:12]}")
