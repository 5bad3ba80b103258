"""Changing the rules and overriding them: what a person may record, and under what conditions."""

from datetime import date, datetime
from typing import Any

from alvh.desk import kinds
from alvh.desk.fold import Fold, Proposal
from alvh.desk.moments import chicago_day
from alvh.desk.recording import record
from alvh.desk.standing import Standing, fold, standing
from alvh.desk.versions import Charter, Version, differences, next_version
from alvh.errors import GovernanceError
from alvh.ledger import GENESIS, Event, Ledger, SigningKey
from alvh.policy.models import CondorProgramme, HedgePolicy


def propose(
    ledger: Ledger,
    hedge: HedgePolicy,
    condors: CondorProgramme,
    charter: Charter,
    at: datetime,
    resumes: str | None = None,
) -> Version:
    """Record the proposal of a new version of the rules, with all that it changes.

    Parameters
    ----------
    ledger : Ledger
        The desk's.
    hedge, condors, charter : HedgePolicy, CondorProgramme, Charter
        What shall hold.
    at : datetime
        The moment, aware.
    resumes : str, optional
        SHA-256 of the event of the halt that it shall end.

    Returns
    -------
    Version
        What is to be signed.

    Raises
    ------
    GovernanceError
        Where it changes nothing, was proposed before, or would end a halt that is not in force.
    """
    state = fold(ledger)
    state.advance(at)
    version = next_version(state.version, hedge, condors, charter, resumes)
    changes = [
        {"key": one.key, "old": one.left, "new": one.right}
        for one in differences(state.version, version)
    ]
    content = {
        "document": version.document,
        "version": version.sha256,
        "differences": changes,
    }
    record(ledger, kinds.VERSION_PROPOSED, content, at, lambda now: _may_propose(now, version))
    return version


def _may_propose(state: Fold, version: Version) -> None:
    fault, halt = "", state.halt.sha256 if state.halt else None
    if version.previous != (state.version.sha256 if state.version else GENESIS):
        fault = "another version came into force meanwhile; propose it again"
    elif version.sha256 in state.proposals:
        fault = "it is proposed already; sign it"
    elif version.resumes is not None and version.resumes != halt:
        fault = "the halt that it would end is not in force"
    elif version.resumes is None and not differences(state.version, version):
        fault = "it changes nothing"
    if fault:
        raise GovernanceError(f"version {version.number} is not proposed: {fault}")


def sign(ledger: Ledger, version: str, key: SigningKey, at: datetime) -> Standing:
    """Record a signature of a proposed version.

    Parameters
    ----------
    ledger : Ledger
        The desk's.
    version : str
        SHA-256 of the version.
    key : SigningKey
        One of the desk's keys.
    at : datetime
        The moment, aware.

    Returns
    -------
    Standing
        With the signature counted: the version is among its proposals, pending, or in force.

    Raises
    ------
    GovernanceError
        Where no such version is proposed, the key is not the desk's, or has signed already.
    """
    state = fold(ledger)
    proposal = _proposal(state, version)
    content = {
        "version": version,
        "key": key.public,
        "signature": proposal.version.signed_by(key),
    }
    record(
        ledger, kinds.VERSION_SIGNED, content, at, lambda now: _may_sign(now, version, key.public)
    )
    return standing(ledger, at)


def _proposal(state: Fold, version: str) -> Proposal:
    if version not in state.proposals:
        known = ", ".join(one[:12] for one in state.proposals) or "none"
        raise GovernanceError(
            f"no version {version} is proposed; proposed and not in force: {known}; "
            "propose it with `alvh policy propose`"
        )
    return state.proposals[version]


def _may_sign(state: Fold, version: str, public: str) -> None:
    proposal = _proposal(state, version)
    if public not in state.judging_charter(proposal.version).keys.values():
        raise GovernanceError(f"the key {public} is not one of the desk's; sign with one that is")
    if public in proposal.signers:
        raise GovernanceError(f"the key {public} has signed version {version} already")


def halt(ledger: Ledger, reason: str, by: str, at: datetime) -> Event:
    """Record that nothing may be opened until a newly signed version says so.

    Parameters
    ----------
    ledger : Ledger
        The desk's.
    reason, by : str
        Why, and who; neither may be empty.
    at : datetime
        The moment, aware.

    Raises
    ------
    GovernanceError
        Where no reason or name is given.
    """
    return _override(ledger, {"action": "halt"}, reason, by, at)


def close_only(ledger: Ledger, until: date, reason: str, by: str, at: datetime) -> Event:
    """Record that nothing may be opened up to and with the day ``until`` in Chicago.

    Parameters are those of :func:`halt`; it cannot be lifted before.

    Raises
    ------
    GovernanceError
        Where ``until`` is past, or no reason or name is given.
    """
    return _override(ledger, {"action": "close", "until": until.isoformat()}, reason, by, at)


def reduce(ledger: Ledger, share: float, until: date, reason: str, by: str, at: datetime) -> Event:
    """Record that only ``share`` of what the rules ask for may be opened up to and with ``until``.

    Parameters are those of :func:`close_only`; of several shares the smallest holds.

    Raises
    ------
    GovernanceError
        Where the share is not from 0 to below 1, ``until`` is past, or no reason or name is given.
    """
    if not 0 <= share < 1:
        raise GovernanceError(
            f"the share is {share}; wanted 0 to below 1, for an override only lowers risk; "
            "to raise it, propose a version"
        )
    content: dict[str, Any] = {"action": "reduce", "share": share, "until": until.isoformat()}
    return _override(ledger, content, reason, by, at)


def resume(ledger: Ledger, key: SigningKey, at: datetime) -> Standing:
    """Propose the version in force anew, as one that ends the halt, and sign it with ``key``.

    Where the desk needs more signatures, the others sign what is proposed.

    Raises
    ------
    GovernanceError
        Where nothing is halted or in force, or the key is not the desk's.
    """
    state = fold(ledger)
    if state.halt is None or state.version is None:
        raise GovernanceError("nothing is resumed: no halt of a version in force is recorded")
    now = state.version
    if key.public not in now.charter.keys.values():
        raise GovernanceError(f"the key {key.public} is not one of the desk's; nothing is resumed")
    again = propose(ledger, now.hedge, now.condors, now.charter, at, state.halt.sha256)
    return sign(ledger, again.sha256, key, at)


def _override(ledger: Ledger, content: dict[str, Any], reason: str, by: str, at: datetime) -> Event:
    if not reason.strip() or not by.strip():
        raise GovernanceError("an override needs a reason and the name of who gives it")
    for name, text in (("reason", reason), ("name", by)):
        if not text.isprintable():
            raise GovernanceError(
                f"the {name} of an override has a character that cannot be printed, {text!a:.60}; "
                "give it in one line of plain text"
            )
    until = content.get("until")
    if until is not None and date.fromisoformat(until) < chicago_day(at):
        raise GovernanceError(f"the override would have ended on {until}; name a day to come")
    told = {**content, "reason": reason, "by": by}
    return record(ledger, kinds.OVERRIDE, told, at, lowers=True)
