"""Ledger: what the desk recorded, whether it holds together, and the one button that only stops."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from alvh.desk import kinds
from alvh.desk.audit import audit
from alvh.desk.governance import halt as record_halt
from alvh.desk.standing import standing
from alvh.desk.summaries import rules_line, state_line, summary
from alvh.errors import AlvhError, LedgerError
from alvh.ledger import Event, Ledger, checked
from alvh.plain import plain
from alvh.web.desk import Desk
from alvh.web.pages import page
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account

MOST_EVENTS = 300  # shown on the page, the last ones; all of them are in the file


class Halt(BaseModel):
    """Why trading is to stop, and who says so."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=400)
    by: str = Field(min_length=1, max_length=80)


def ask(request: Request, account: Annotated[Account, Query()]) -> Shown:
    """Lay out the ledger of the desk, verified on the way."""
    desk: Desk = request.app.state.desk
    meta = {"code_version": request.app.version}
    if desk.ledger is None or not desk.ledger.is_file():
        facts: dict[str, Any] = {"file": desk.ledger, "refused": "", "events": [], "held": False}
        return Shown("/ledger", account, (), facts, meta)
    try:
        found = read(desk.ledger)
    except AlvhError as refusal:
        facts = {"file": desk.ledger, "refused": str(refusal), "events": [], "held": True}
        return Shown("/ledger", account, (), facts, meta)
    table = listed(found["events"])
    facts = {
        "file": desk.ledger, "refused": "", "held": True, "count": table.height,
        "events": table.tail(MOST_EVENTS).reverse().to_dicts(),
        "standing": found["standing"], "rules": rules_line(found["standing"]),
        "state": state_line(found["standing"]), "changes": changes(found["events"]),
        "overrides": overrides(found["events"]),
    }  # fmt: skip
    return Shown("/ledger", account, (Panel("events", "", {}, table, ""),), facts, meta)


router = screen_routes("ledger", ask)


@router.get("/ledger/verify", response_class=HTMLResponse)
def verify(request: Request) -> HTMLResponse:
    """Verify chain, signatures and checkpoints, and say what was found."""
    desk: Desk = request.app.state.desk
    found = audit(Ledger(_file(desk), "read"))
    return page(request, "ledger_verified.html.j2", found=found)


@router.get("/api/ledger/verify")
def verified(request: Request) -> dict[str, Any]:
    """Give the audit, as ``alvh ledger verify --json`` does."""
    return dict(plain(audit(Ledger(_file(request.app.state.desk), "read"))))


@router.get("/api/ledger")
def events(request: Request) -> list[dict[str, Any]]:
    """Give every event whole, as ``alvh ledger show --json`` does."""
    held = checked(Ledger(_file(request.app.state.desk), "read").events())
    return [
        {"number": one.number, "previous": one.previous, "sha256": one.sha256,
         "content": one.content}
        for one in held
    ]  # fmt: skip


@router.post("/ledger/halt", response_class=HTMLResponse)
def halt(request: Request, asked: Annotated[Halt, Query()]) -> HTMLResponse:
    """Let nothing be opened until a newly signed version says so, as ``alvh ledger halt`` does."""
    desk: Desk = request.app.state.desk
    record_halt(Ledger(_file(desk), "write"), asked.reason, asked.by, _now())
    return page(request, "ledger_answer.html.j2", shown=ask(request, Account()))


def read(file: Path) -> dict[str, Any]:
    """Read a ledger whole: its events and where the desk stands."""
    ledger = Ledger(file, "read")
    return {"events": list(checked(ledger.events())), "standing": standing(ledger, _now())}


def listed(held: list[Event]) -> pl.DataFrame:
    """Return the events: number, at (UTC), kind, what, sha256."""
    rows = [
        {"number": one.number, "at": str(one.content.get("at", ""))[:19],
         "kind": str(one.content.get("kind", "")), "what": summary(one), "sha256": one.sha256}
        for one in held
    ]  # fmt: skip
    text = dict.fromkeys(("at", "kind", "what", "sha256"), pl.String)
    return pl.DataFrame(rows, schema={"number": pl.Int64, **text})


def changes(held: list[Event]) -> list[dict[str, Any]]:
    """Return every proposed version with the values in which it differs, the last one first."""
    found = [one.content for one in held if one.content.get("kind") == kinds.VERSION_PROPOSED]
    return found[::-1]


def overrides(held: list[Event]) -> list[dict[str, Any]]:
    """Return every override, the last one first."""
    found = [one.content for one in held if one.content.get("kind") == kinds.OVERRIDE]
    return found[::-1]


def _file(desk: Desk) -> Path:
    if desk.ledger is None:
        raise LedgerError(
            "this server was started without a ledger; start it with `alvh serve --ledger FILE`"
        )
    return desk.ledger


def _now() -> datetime:
    return datetime.now(UTC)
