"""`alvh watch`: look again on a schedule, and say each thing once."""

import time
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import note, say, say_json
from alvh.cli.desk_options import DEFAULT_LEDGER, LedgerFile, now, open_ledger
from alvh.cli.options import DATE_FORMATS, AsJson, Data, Fill, Improvement
from alvh.cli.running import announce_compiling, day, read_history
from alvh.errors import AlvhError, LedgerBusyError

if TYPE_CHECKING:
    from alvh.desk.alerts import Alert
    from alvh.desk.book import Book
    from alvh.desk.delivery import Destinations
    from alvh.desk.standing import Standing
    from alvh.ledger import Ledger, SigningKey


def watch(
    book: Annotated[
        Path,
        typer.Option("--book", metavar="FILE", envvar="ALVH_BOOK", help="Book, .yaml or .csv."),
    ],
    data: Data = "bundled",
    ledger: LedgerFile = DEFAULT_LEDGER,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="FILE", help="YAML of `file` and `notify`; default: alerts.jsonl."
        ),
    ] = None,
    every: Annotated[
        int, typer.Option("--every", min=1, metavar="MINUTES", help="Minutes between two looks.")
    ] = 10,
    once: Annotated[bool, typer.Option("--once", help="Look once and end, as for cron.")] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", metavar="DATE", formats=DATE_FORMATS, help="Past session to look at."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Signs a checkpoint on each day's first look."),
    ] = None,
    fill: Fill = 0.5,
    improvement: Improvement = 0.0,
    as_json: AsJson = False,
) -> None:
    """Read data and book again and again; raise each alert once, to file and through apprise."""
    from alvh.desk.delivery import Destinations, read_destinations

    opened, places = open_ledger(ledger), read_destinations(to) if to else Destinations()
    signer = _signer(key)
    announce_compiling()
    terms = {"fill": fill, "improvement": improvement}
    while True:
        try:
            found = _look(opened, book, data, day(as_of), terms)
            told = _tell(opened, places)
            if signer is not None:
                _sign_daily(opened, signer)
        except LedgerBusyError as busy:
            if once:
                raise
            note(f"{busy}; it is looked at again in {every} minutes")
        else:
            _say(found, told, as_json)
        if once:
            return
        time.sleep(60 * every)


def _say(found: "tuple[Alert, ...]", told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json({"raised": found, **told})
        return
    for alert in found:
        say(f"{alert.about}: {alert.text}")


def _look(
    ledger: "Ledger", book: Path, data: str, as_of: date | None, terms: dict[str, float]
) -> "tuple[Alert, ...]":
    """Look once, and return the alerts that were not raised before."""
    from alvh.desk.alerts import alerts, desk_alerts, raise_once, stale_alert
    from alvh.desk.book_files import read_book
    from alvh.desk.issuing import decide
    from alvh.desk.moments import chicago_day
    from alvh.desk.standing import standing

    at = now()
    stand, held = standing(ledger, at), None
    today = as_of or chicago_day(at)
    try:
        held = read_book(book)
        history = read_history(data)
        decision = decide(ledger, history, held, at, as_of=as_of, on=today, **terms)
        stand = _with_open(ledger, stand, held, decision.as_of)
        found = alerts(decision, history, stand, stand.hedge, stand.condors)
    except LedgerBusyError:
        raise
    except AlvhError as refusal:
        if held is not None:
            stand = _with_open(ledger, stand, held, today)
        found = (stale_alert(refusal, today.isoformat()), *desk_alerts(stand))
    return raise_once(ledger, found, at)


def _with_open(ledger: "Ledger", stand: "Standing", held: "Book", session: date) -> "Standing":
    """Return the standing with what is open of sessions before ``session`` and nobody recorded."""
    from alvh.desk.reconcile import unreconciled

    wrong = (*stand.differences, *unreconciled(ledger, held, session))
    return replace(stand, differences=tuple(dict.fromkeys(wrong)))


def _tell(ledger: "Ledger", places: "Destinations") -> dict[str, Any]:
    """Bring the file up to date and send what was not delivered yet.

    The file is written at every look: an alert of an earlier one may be recorded and not written.
    """
    from alvh.desk.delivery import apprise_sender, deliver, write_alerts

    lines = write_alerts(ledger, Path(places.file))
    if not places.notify:
        return {"file": places.file, "lines": lines}
    sent, failed = deliver(ledger, apprise_sender(places.notify), now())
    if failed:
        note(f"{failed} alerts did not arrive everywhere; they are sent again at the next look")
    return {"file": places.file, "lines": lines, "delivered": sent, "waiting": failed}


def _signer(key: Path | None) -> "SigningKey | None":
    from alvh.ledger import load_key

    return None if key is None else load_key(key)


def _sign_daily(ledger: "Ledger", signer: "SigningKey") -> None:
    """Sign a checkpoint where none is of this day in Chicago."""
    from alvh.desk.audit import checkpoints_of, sign_checkpoint
    from alvh.desk.moments import chicago_day, read_moment
    from alvh.ledger.checkpoint import read_checkpoints

    at, signed = now(), read_checkpoints(checkpoints_of(ledger))
    if not signed or chicago_day(read_moment(signed[-1].at)) < chicago_day(at):
        sign_checkpoint(ledger, signer, at)
