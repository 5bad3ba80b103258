"""The audit of a ledger: chain, rules of the desk, and the checkpoints kept beside it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alvh.desk.fold import Fold
from alvh.desk.moments import read_moment, write_moment
from alvh.desk.standing import standing
from alvh.errors import GovernanceError, LedgerError
from alvh.ledger import Ledger, SigningKey, checked
from alvh.ledger.checkpoint import (
    Checkpoint,
    add_checkpoint,
    check_signatures,
    held_to,
    read_checkpoints,
)


@dataclass(frozen=True)
class Audit:
    """What was found to hold.

    Attributes
    ----------
    count, last : int, str
        Events, and the hash of the last one.
    at : str
        Moment of the last event that has a meaning for the desk; empty where there is none.
    checkpoints : int
        Signed statements that hold.
    signed : int
        Events up to the last checkpoint; what comes after could be cut off unseen.
    signed_at : str
        Moment of the last checkpoint; empty where there is none.
    """

    count: int
    last: str
    at: str
    checkpoints: int
    signed: int
    signed_at: str


def checkpoints_of(ledger: Ledger) -> Path:
    """Return where the checkpoints of a ledger are kept: beside it, unless told otherwise."""
    return ledger.path.with_name(f"{ledger.path.name}.checkpoints")


def audit(ledger: Ledger, checkpoints: Path | None = None) -> Audit:
    """Verify chain, rules and checkpoints.

    Parameters
    ----------
    ledger : Ledger
        What is judged.
    checkpoints : Path, optional
        A copy kept elsewhere, in place of the file beside the ledger.

    Raises
    ------
    LedgerError
        Names the first event or checkpoint that is wrong.
    """
    if checkpoints is not None and not checkpoints.exists():
        raise GovernanceError(f"{checkpoints}: no such file; wanted a copy of the checkpoints")
    statements = read_checkpoints(checkpoints or checkpoints_of(ledger))
    ledger.check_guards()
    state = Fold()
    for event in held_to(checked(ledger.events()), statements):
        state.take(event)
    clock = state.clock
    _let_pass(state, statements)
    check_signatures(statements, state.keys)
    return Audit(
        count=state.count,
        last=state.last,
        at=write_moment(clock) if clock else "",
        checkpoints=len(statements),
        signed=statements[-1].count if statements else 0,
        signed_at=statements[-1].at if statements else "",
    )


def _let_pass(state: Fold, statements: list[Checkpoint]) -> None:
    """Let time pass until the last checkpoint, whose key a version of that time may name."""
    if statements:
        try:
            state.advance(read_moment(statements[-1].at))
        except (ValueError, TypeError) as error:
            raise LedgerError(
                f"checkpoint {len(statements)} has no moment; restore a copy"
            ) from error


def sign_checkpoint(ledger: Ledger, key: SigningKey, at: datetime) -> Checkpoint:
    """Sign how far the ledger has come, once it was found to hold.

    Raises
    ------
    GovernanceError
        Where the key is neither an owner's nor a witness's.
    LedgerError
        As for :func:`audit`.
    """
    with ledger.alone():
        found = audit(ledger)
        version = standing(ledger, at).version
        if version is None or key.public not in version.charter.vouching:
            raise GovernanceError(
                f"the key {key.public} is neither an owner's nor a witness's; nothing was signed; "
                "use one of theirs, or name it in the charter"
            )
        path = checkpoints_of(ledger)
        return add_checkpoint(path, found.count, found.last, write_moment(at), key)
