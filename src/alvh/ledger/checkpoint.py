"""Checkpoints: signed statements of how far the chain had come, kept outside the ledger's file.

A chain whose last events were cut off still holds together; a checkpoint that counts more events
than are there shows it. Checkpoints are chained to each other too, so that one taken out of the
middle is missed. Whoever can cut both files at once can hide what came after the last checkpoint
that is left: keep a copy of the checkpoints where the ledger is not.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alvh.errors import LedgerError
from alvh.ledger.chain import GENESIS, Event, canonical
from alvh.ledger.keys import SigningKey, is_signed

PURPOSE = "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """One signed statement.

    Attributes
    ----------
    count, last : int, str
        Events there were, and the hash of the last one.
    at : str
        When, as the events have it.
    previous : str
        SHA-256 of the checkpoint before it; zeros for the first.
    key, signature : str
        Public key and its signature of all of the above, hexadecimal.
    """

    count: int
    last: str
    at: str
    previous: str
    key: str
    signature: str = ""

    @property
    def statement(self) -> dict[str, Any]:
        """What is signed."""
        return {name: value for name, value in asdict(self).items() if name != "signature"}

    @property
    def sha256(self) -> str:
        """What the next checkpoint names it by."""
        return hashlib.sha256(canonical(asdict(self), PURPOSE).encode()).hexdigest()


def add_checkpoint(path: Path, count: int, last: str, at: str, key: SigningKey) -> Checkpoint:
    """Sign a statement and add it to the file ``path``, which is replaced whole.

    Parameters
    ----------
    path : Path
        Checkpoints, one a line; made where it is absent.
    count, last : int, str
        Events of the verified chain, and the hash of the last one.
    at : str
        When, as events have it.
    key : SigningKey
        Who vouches.

    Raises
    ------
    LedgerError
        Where the file holds something else, or cannot be written.
    """
    before = read_checkpoints(path)
    previous = before[-1].sha256 if before else GENESIS
    unsigned = Checkpoint(count, last, at, previous, key.public)
    made = Checkpoint(**unsigned.statement, signature=key.sign(PURPOSE, unsigned.statement))
    _write(path, [*before, made])
    return made


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """Return the checkpoints in the file ``path``, unchecked; none where it is absent.

    Raises
    ------
    LedgerError
        Names the first line that is no checkpoint.
    """
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(_read(json.loads(line.decode())))
        except (ValueError, TypeError) as error:
            raise LedgerError(
                f"{path}:{number}: checkpoint {number} is none; keep the file and restore a copy"
            ) from error
    return found


def _read(plain: dict[str, Any]) -> Checkpoint:
    """Return the checkpoint of a line; TypeError or ValueError where a value can be none."""
    made = Checkpoint(**plain)
    texts = (value for name, value in asdict(made).items() if name != "count")
    if type(made.count) is not int or not all(isinstance(text, str) for text in texts):
        raise TypeError("a count and texts were wanted")
    datetime.fromisoformat(made.at)
    return made


def check_signatures(checkpoints: Iterable[Checkpoint], trusted: Collection[str]) -> None:
    """Refuse checkpoints that are not chained, not signed, or signed by a key not ``trusted``.

    Raises
    ------
    LedgerError
        Names the first one that is wrong.
    """
    previous = GENESIS
    for number, one in enumerate(checkpoints, 1):
        fault = ""
        if one.previous != previous:
            fault = "does not follow the one before it"
        elif one.key not in trusted:
            fault = f"is by the key {one.key}, which was never one of the desk's"
        elif not is_signed(one.key, PURPOSE, one.statement, one.signature):
            fault = "was altered after it was signed"
        if fault:
            raise LedgerError(f"checkpoint {number}, of {one.at}, {fault}; restore a copy")
        previous = one.sha256


def held_to(events: Iterable[Event], checkpoints: Iterable[Checkpoint]) -> Iterator[Event]:
    """Yield events, holding them to the checkpoints on the way.

    Raises
    ------
    LedgerError
        Where a checkpoint vouched for more events than there are, or for another event.
    """
    vouched = {one.count: one for one in checkpoints}
    last = Event(0, "", "", GENESIS)
    for last in events:
        one = vouched.get(last.number)
        if one is not None and one.last != last.sha256:
            raise LedgerError(
                f"event {last.number} is another than the one signed for on {one.at}; "
                "the chain was made anew; restore a copy that verifies"
            )
        yield last
    most = max(vouched, default=0)
    if most > last.number:
        raise LedgerError(
            f"event {last.number + 1} is missing: {most} events were signed for on "
            f"{vouched[most].at}, {last.number} are there; restore a copy that verifies"
        )


def _write(path: Path, checkpoints: list[Checkpoint]) -> None:
    text = "".join(canonical(asdict(one), PURPOSE) + "\n" for one in checkpoints)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise LedgerError(
            f"the checkpoints {path} cannot be written: {error.strerror}; nothing was signed"
        ) from error
    finally:
        beside.unlink(missing_ok=True)
