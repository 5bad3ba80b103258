"""Decisions in the ledger: recorded with all that they rested on, so that they can be repeated.

Beside the decision stand the account before it, to the last bit, and the arguments. The rules are
those of the version in force; the market data are the user's own, and named by their digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from alvh.advise.account import Account, CondorLot, LayerLot, read_memory
from alvh.advise.instrument import parse_instrument
from alvh.advise.today import Decision, today
from alvh.desk import kinds
from alvh.desk.fold import Fold
from alvh.desk.recording import record
from alvh.desk.versions import Version
from alvh.errors import AlvhError, GovernanceError
from alvh.ledger import Event, Ledger, canonical, checked
from alvh.market.history import History
from alvh.policy.identity import flatten


@dataclass(frozen=True)
class Arguments:
    """What ``alvh.today`` was told besides data, book and rules; see there."""

    on: date
    fill: float = 0.5
    fee_scale: float = 1.0
    commission: float = 0.65
    debit_spread: float = 0.01


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


def record_decision(
    ledger: Ledger, decision: Decision, arguments: Arguments, at: datetime
) -> Event:
    """Record a decision before any ticket of it exists.

    Parameters
    ----------
    ledger : Ledger
        The desk's.
    decision : Decision
        From ``alvh.today``, by the rules in force.
    arguments : Arguments
        With which it was made.
    at : datetime
        The moment, aware.

    Returns
    -------
    Event
        Its ``sha256`` is what tickets name.

    Raises
    ------
    GovernanceError
        Where it was made by other rules than those in force.
    """
    content = {
        "decision": decision.plain(),
        "account": account_content(decision.account),
        "arguments": asdict(arguments) | {"on": arguments.on.isoformat()},
    }
    meta = decision.meta

    def judge(state: Fold) -> None:
        version = state.version
        theirs = (version.hedge_hash, version.condors_hash) if version else None
        if theirs != (meta["policy_hash"], meta["programme_hash"]):
            raise GovernanceError(
                f"the decision of {decision.as_of} is by {meta['policy']} and {meta['programme']}, "
                "which are not the rules in force; decide by those that "
                "`alvh ledger standing` shows, or propose these"
            )

    return record(ledger, kinds.DECISION, content, at, judge)


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
        content = _decision_content(event)
        if content is not None:
            yield _repeat_one(event, content, state.version, history)


def _decision_content(event: Event) -> dict[str, Any] | None:
    if f'"kind":"{kinds.DECISION}"' not in event.body:
        return None
    content = event.content
    return content if content.get("kind") == kinds.DECISION else None


def _repeat_one(
    event: Event, content: Mapping[str, Any], version: Version | None, history: History
) -> Repeated:
    recorded = content["decision"]
    code = str(recorded["meta"]["code_version"])
    try:
        found = _again(content, version, history)
    except AlvhError as refusal:
        return Repeated(event.number, str(recorded["as_of"]), f"refused: {refusal}", code)
    found["meta"] = found["meta"] | {"code_version": code}
    return Repeated(event.number, str(recorded["as_of"]), first_difference(recorded, found), code)


def _again(content: Mapping[str, Any], version: Version | None, history: History) -> dict[str, Any]:
    if version is None:
        raise GovernanceError("no version of the rules was in force")
    arguments = content["arguments"]
    decision = today(
        history,
        read_account(content["account"]),
        version.hedge,
        version.condors,
        as_of=date.fromisoformat(content["decision"]["as_of"]),
        **{**arguments, "on": date.fromisoformat(arguments["on"])},
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


def account_content(account: Account) -> dict[str, Any]:
    """Return an account as JSON values, every number to the last bit."""
    return {
        "as_of": account.as_of.isoformat(),
        "cash": float(account.cash),
        "index_units": float(account.index_units),
        "condors": [_condor_content(lot) for lot in account.condors],
        "layers": [_layer_content(lot) for lot in account.layers],
        "memory": None if account.memory is None else account.memory.plain(),
        "faults": list(account.faults),
    }


def _condor_content(lot: CondorLot) -> dict[str, Any]:
    return {
        "order": lot.order,
        "opened": lot.opened.isoformat(),
        "expiry": lot.expiry.isoformat(),
        "settlement": lot.settlement,
        "strikes": [float(strike) for strike in lot.strikes],
        "quantity": int(lot.quantity),
        "credit": float(lot.credit),
    }


def _layer_content(lot: LayerLot) -> dict[str, Any]:
    return {
        "layer": lot.layer,
        "opened": lot.opened.isoformat(),
        "units": int(lot.units),
        "bought": int(lot.bought),
        "cost": float(lot.cost),
        "legs": [[held.symbol, int(ratio)] for held, ratio in lot.legs],
    }


def read_account(content: Mapping[str, Any]) -> Account:
    """Return the account that :func:`account_content` wrote."""
    return Account(
        as_of=date.fromisoformat(content["as_of"]),
        cash=float(content["cash"]),
        condors=tuple(_read_condor(one) for one in content["condors"]),
        layers=tuple(_read_layer(one) for one in content["layers"]),
        index_units=float(content["index_units"]),
        memory=None if content["memory"] is None else read_memory(content["memory"]),
        faults=tuple(content["faults"]),
    )


def _read_condor(one: Mapping[str, Any]) -> CondorLot:
    put_wing, put, call, call_wing = map(float, one["strikes"])
    return CondorLot(
        order=one["order"],
        opened=date.fromisoformat(one["opened"]),
        expiry=date.fromisoformat(one["expiry"]),
        settlement=one["settlement"],
        strikes=(put_wing, put, call, call_wing),
        quantity=one["quantity"],
        credit=float(one["credit"]),
    )


def _read_layer(one: Mapping[str, Any]) -> LayerLot:
    return LayerLot(
        layer=one["layer"],
        opened=date.fromisoformat(one["opened"]),
        units=one["units"],
        bought=one["bought"],
        cost=float(one["cost"]),
        legs=tuple((parse_instrument(symbol), ratio) for symbol, ratio in one["legs"]),
    )
