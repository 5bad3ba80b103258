"""Ledger: what the desk recorded, whether it holds together, and the one button that only stops."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from alvh.desk import kinds
from alvh.desk.audit import audit
from alvh.desk.governance import halt as record_halt
from alvh.desk.scoring import Scored, priced_of, score, unasked
from alvh.desk.scoring import scores as scored_ledger
from alvh.desk.standing import standing
from alvh.desk.summaries import rules_line, state_line, summary
from alvh.errors import AlvhError
from alvh.ledger import Event, Ledger, checked
from alvh.plain import plain
from alvh.web.desk import Desk
from alvh.web.pages import page
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account, Unasked

MOST_EVENTS = 300  # shown on the page, the last ones; all of them are in the file
MOST_DECISIONS = 40  # likewise
Score = tuple[Scored, ...]
_MADE_BY = (
    ("policy", "policy_hash"), ("programme", "programme_hash"), ("data", "data_digest"),
    ("book", "book_digest"), ("code", "code_version"),
)  # fmt: skip


class Halt(BaseModel):
    """Why trading is to stop, and who says so."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=400)
    by: str = Field(min_length=1, max_length=80)


class Last(BaseModel):
    """How much of the ledger is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    last: int = Field(default=20, ge=1, description="how many events")


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
    table, told = listed(found["events"]), decided(found["events"])
    scored, unscored = judged(desk, account, found)
    facts = {
        "file": desk.ledger, "refused": "", "held": True, "count": table.height,
        "events": table.tail(MOST_EVENTS).reverse().to_dicts(),
        "standing": found["standing"], "rules": rules_line(found["standing"]),
        "state": state_line(found["standing"]), "changes": changes(found["events"]),
        "decisions": told[-MOST_DECISIONS:][::-1], "decision_count": len(told),
        "overrides": overrides(found["events"], scored), "scored": scored, "unscored": unscored,
        "unasked": unasked(found["ledger"]),
        "until": until(desk, account),
        "gained": sum(one.difference for one in scored),
        "priced": priced_of(scored).words("prices at which these orders were opened and valued"),
    }  # fmt: skip
    panels = (
        Panel("events", "", {}, table, ""),
        Panel("decisions", "", {}, reasons(told), ""),
        Panel("score", "", {}, score_table(scored), ""),
    )
    return Shown("/ledger", account, panels, facts, meta)


router = screen_routes("ledger", ask)


@router.get("/ledger/verify", response_class=HTMLResponse)
def verify(request: Request, asked: Annotated[Unasked, Query()]) -> HTMLResponse:
    """Verify chain, signatures and checkpoints, and say what was found."""
    desk: Desk = request.app.state.desk
    found = audit(Ledger(_file(desk), "read"))
    return page(request, "ledger_verified.html.j2", found=found)


@router.get("/api/ledger/verify")
def verified(request: Request, asked: Annotated[Unasked, Query()]) -> dict[str, Any]:
    """Give the audit, as ``alvh ledger verify --json`` does."""
    return dict(plain(audit(Ledger(_file(request.app.state.desk), "read"))))


@router.get("/api/ledger")
def events(request: Request, asked: Annotated[Last, Query()]) -> list[dict[str, Any]]:
    """Give the last events whole, as ``alvh ledger show --last 20 --json`` does."""
    held = list(checked(Ledger(_file(request.app.state.desk), "read").events()))[-asked.last :]
    return [
        {"number": one.number, "previous": one.previous, "sha256": one.sha256,
         "content": one.content}
        for one in held
    ]  # fmt: skip


@router.get("/api/ledger/score")
def scores(request: Request, account: Annotated[Account, Query()]) -> dict[str, Any]:
    """Give what overrides made against the rule, as ``alvh ledger score --json`` does."""
    desk: Desk = request.app.state.desk
    return scored_ledger(Ledger(_file(desk), "read"), desk.history, until(desk, account)).plain()


@router.post("/ledger/halt", response_class=HTMLResponse)
def halt(request: Request, asked: Annotated[Halt, Query()]) -> HTMLResponse:
    """Let nothing be opened until a newly signed version says so, as ``alvh ledger halt`` does."""
    desk: Desk = request.app.state.desk
    record_halt(Ledger(_file(desk), "write"), asked.reason, asked.by, _now())
    return page(request, "ledger_answer.html.j2", shown=ask(request, Account()))


def read(file: Path) -> dict[str, Any]:
    """Read a ledger whole: its events and where the desk stands."""
    ledger = Ledger(file, "read")
    events = list(checked(ledger.events()))
    return {"ledger": ledger, "events": events, "standing": standing(ledger, _now())}


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


def overrides(held: list[Event], scored: Score) -> list[dict[str, Any]]:
    """Return every override with the orders that it changed and what these gained, the last first.

    An order on which several were in force is counted for each of them.
    """
    found = []
    for one in held:
        if one.content.get("kind") == kinds.OVERRIDE:
            mine = [order.difference for order in scored if one.number in order.overrides]
            found.append(one.content | {"number": one.number, "orders": len(mine),
                                        "gained": sum(mine)})  # fmt: skip
    return found[::-1]


def judged(desk: Desk, account: Account, found: dict[str, Any]) -> tuple[Score, str]:
    """Score the overrides; return them, or why they cannot be scored."""
    if not any(one.content.get("kind") == kinds.OVERRIDE for one in found["events"]):
        return (), ""
    try:
        return score(found["ledger"], desk.history, until(desk, account)), ""
    except AlvhError as refusal:
        return (), " ".join(str(refusal).split())


def until(desk: Desk, account: Account) -> date:
    """Return the close at which what is alive is marked."""
    last: date = desk.history.dates[-1].astype(object)
    return account.end or last


def score_row(one: Scored) -> dict[str, Any]:
    """Return one order as ``alvh ledger score --json`` writes it."""
    row = asdict(one) | {"overrides": list(one.overrides)}
    return row | {"rule": one.rule, "actual": one.actual, "difference": one.difference}


def score_table(scored: Score) -> pl.DataFrame:
    """Return the score with an order a row, several overrides and provenances in one cell."""
    rows = [
        score_row(one)
        | {name: ", ".join(map(str, getattr(one, name))) for name in ("overrides", "provenances")}
        for one in scored
    ]
    return pl.DataFrame(rows)


def decided(held: list[Event]) -> list[dict[str, Any]]:
    """Return what is shown of every recorded decision, the first one first."""
    found = [one for one in held if one.content.get("kind") == kinds.DECISION]
    return [
        {
            "event": one.number,
            "as_of": str(one.content.get("as_of", "")),
            "verdict": str(one.content.get("verdict", "")),
            "reason": str(one.content.get("reason", "")),
            "orders": len(one.content.get("orders", ())),
            "lines": [{name: str(line.get(name, "")) for name in ("sleeve", "action", "text")}
                      for line in one.content.get("decisions", ())],
            "made_by": " · ".join(
                f"{word} {str(one.content['meta'][key])[:12]}"
                for word, key in _MADE_BY if key in one.content.get("meta", {})
            ),
        }
        for one in found
    ]  # fmt: skip


def reasons(told: list[dict[str, Any]]) -> pl.DataFrame:
    """Return every rule's line of every decision: event, as_of, verdict, sleeve, action, text."""
    rows = [
        {name: one[name] for name in ("event", "as_of", "verdict")} | line
        for one in told
        for line in one["lines"]
    ]
    text = dict.fromkeys(("as_of", "verdict", "sleeve", "action", "text"), pl.String)
    return pl.DataFrame(rows, schema={"event": pl.Int64, **text})


def _file(desk: Desk) -> Path:
    if desk.ledger is None:
        raise AlvhError(
            "this server was started without a ledger; start it with `alvh serve --ledger FILE`"
        )
    return desk.ledger


def _now() -> datetime:
    return datetime.now(UTC)
