"""One line for an event, and for where the desk stands."""

from collections.abc import Callable
from typing import Any

from alvh.desk import kinds
from alvh.desk.standing import Standing
from alvh.ledger import Event

_WIDTH = 120  # characters of an event that has no words of its own


def summary(event: Event) -> str:
    """Return one line that says what an event records."""
    content = event.content
    say = _WORDS.get(str(content.get("kind")))
    if say is None:
        return event.body if len(event.body) <= _WIDTH else event.body[: _WIDTH - 1] + "…"
    return say(content)


def rules_line(now: Standing) -> str:
    """Return one line that names the rules in force by their hashes."""
    version = now.version
    if version is None:
        return "no version of the rules is in force"
    return (
        f"version {version.number} {version.sha256[:12]} · "
        f"policy {version.hedge_hash[:12]} {version.hedge.name} · "
        f"programme {version.condors_hash[:12]} {version.condors.name}"
    )


def state_line(now: Standing) -> str:
    """Return one line that says what may be opened."""
    if now.reason:
        return now.reason
    reduced = f", reduced to {now.share:g} of what the rules ask for" if now.share < 1 else ""
    return f"open for orders{reduced}; {now.orders_left} left today"


def _proposed(content: dict[str, Any]) -> str:
    resumes = content["document"]["resumes"]
    ends = f", ends the halt {resumes[:12]}" if resumes else ""
    number, changes = content["document"]["number"], len(content["differences"])
    return f"version {number} {content['version'][:12]} proposed, {changes} values differ{ends}"


def _overridden(content: dict[str, Any]) -> str:
    until = f" until {content['until']}" if "until" in content else ""
    share = f" to {content['share']:g}" if "share" in content else ""
    return f"{content['action']}{share}{until} by {content['by']}: {content['reason']}"


def _ticketed(content: dict[str, Any]) -> str:
    verb = "open" if content["opens"] else "close"
    what = f"{content['quantity']} {content['instrument']}"
    return f"{content['ticket']}: {verb} {what} for {content['sleeve']}"


def _decided(content: dict[str, Any]) -> str:
    stopped = ", ".join(content.get("stopped", ()))
    count = len(content.get("orders", ()))
    orders = f", {count} order{'' if count == 1 else 's'}"
    verdict = content.get("verdict", "decided")
    return f"{content.get('as_of', '')}: {verdict}{f' ({stopped})' if stopped else orders}"


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    kinds.VERSION_PROPOSED: _proposed,
    kinds.VERSION_SIGNED: lambda one: f"version {one['version'][:12]} signed by {one['key'][:12]}",
    kinds.OVERRIDE: _overridden,
    kinds.DECISION: _decided,
    kinds.TICKET: _ticketed,
    kinds.TICKETS_REFUSED: lambda one: (
        "no ticket, as nothing may be opened: " + ", ".join(one["refused"])
    ),
    kinds.TICKET_VOID: lambda one: f"{one['ticket']}: void, {one['reason']}",
    kinds.FILL: lambda one: f"{one['ticket']}: filled for {one['cash']:,.2f} USD",
    kinds.RECONCILIATION: lambda one: "; ".join(one["differences"]) or "book and broker agree",
}
