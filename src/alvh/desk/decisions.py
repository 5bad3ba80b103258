"""Recorded decisions, made again from what stands beside them, to the byte.

Beside a decision stand the account before it and the digest of its bytes. The rules are those of
the version that was in force; the market data are the user's own, and named by their digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from alvh.advise.account import read_account
from alvh.advise.today import today
from alvh.desk.fold import Fold
from alvh.desk.moments import chicago_day, read_moment
from alvh.desk.versions import Version
from alvh.errors import AlvhError, GovernanceError
from alvh.ledger import Event, Ledger, canonical, checked
from alvh.market.history import History
from alvh.policy.identity import flatten

_BESIDE = ("at", "book", "digest")  # what the event holds that is not of the decision


@dataclass(frozen=True)
class Repeated:
    """A recorded decision, made again.

    Attributes
    ----------
    number : int
        Its event.
    as_of : str
        Its session.
    difference : str
        The first value that differs, or why it could not be made again; empty where every byte is
        the same.
    code_version : str
        Of the code that recorded it; the one value that may differ.
    """

    number: int
    as_of: str
    difference: str
    code_version: str


def repeat(ledger: Ledger, history: History) -> Iterator[Repeated]:
    """Make every recorded decision again, in order.

    Parameters
    ----------
    ledger : Ledger
        Verified on the way.
    history : History
        What the decisions looked at and, perhaps, later days.

    Yields
    ------
    Repeated
        One for each decision.
    """
    state = Fold()
    for event in checked(ledger.events()):
        state.take(event)
        if event.sha256 in state.decisions:
            yield _repeat_one(event, state.version, history)


def _repeat_one(event: Event, version: Version | None, history: History) -> Repeated:
    content = event.content
    recorded = {key: value for key, value in content.items() if key not in _BESIDE}
    as_of, code = str(recorded.get("as_of", "")), ""
    try:
        code = str(recorded["meta"]["code_version"])
        difference = _difference(content, recorded, version, history)
    except AlvhError as refusal:
        difference = f"refused: {refusal}"
    except (KeyError, TypeError, ValueError) as error:
        difference = f"cannot be read: {error!r}"
    return Repeated(event.number, as_of, difference, code)


def _difference(
    content: Mapping[str, Any],
    recorded: dict[str, Any],
    version: Version | None,
    history: History,
) -> str:
    if sha256(canonical(recorded, "a decision").encode()).hexdigest() != content["digest"]:
        return "its bytes have another digest than the one beside them"
    found = ""
    for on in _days(content):
        again = _again(content, version, history, on)
        again["meta"] = again["meta"] | {"code_version": recorded["meta"]["code_version"]}
        difference = first_difference(recorded, again)
        if not difference:
            return ""
        found = found or difference
    return found


def _days(content: Mapping[str, Any]) -> tuple[date, ...]:
    """Return the days on which it may have been made: its session or, where stale, its event's."""
    as_of = date.fromisoformat(content["as_of"])
    made = chicago_day(read_moment(content["at"]))
    return (as_of, made) if content["stopped"] and made > as_of else (as_of,)


def _again(
    content: Mapping[str, Any], version: Version | None, history: History, on: date
) -> dict[str, Any]:
    if version is None:
        raise GovernanceError("no version of the rules was in force")
    decision = today(
        history,
        read_account(content["book"]),
        version.hedge,
        version.condors,
        as_of=date.fromisoformat(content["as_of"]),
        on=on,
        fill=float(content["meta"]["fill"]),
        improvement=float(content["meta"].get("improvement", 0.0)),
    )
    return decision.plain()


def first_difference(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Name the first value in which two decisions differ; empty where no byte does."""
    ours, theirs = (canonical(dict(one), "a decision") for one in (recorded, found))
    if ours == theirs:
        return ""
    was, now = (dict(flatten(_numbered(dict(one)))) for one in (recorded, found))
    for key in (*was, *(key for key in now if key not in was)):
        if was.get(key) != now.get(key):
            return f"{key} was {was.get(key)!r}, is {now.get(key)!r}"
    return "the same values, written otherwise"


def _numbered(value: Any) -> Any:
    """Turn lists into mappings by position, so that every value has a key of its own."""
    if isinstance(value, dict):
        return {key: _numbered(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return {str(place): _numbered(child) for place, child in enumerate(value)}
    return value
