"""Which files may be replaced by one that is written: those that begin as it does, and no other.

A command that is told to write where a ledger, a book, a key or a policy stands was mistyped. What
begins as the new file begins (the same headings, the same keys) was written by the same command.
"""

import json
from pathlib import Path

from alvh.errors import DataError

_BEGINNING = 65_536  # bytes that are looked at
_COMPANIONS = ("-wal", "-shm", ".checkpoints")  # of a ledger; no command is asked to write them
_BINARY = (b"PAR1",)  # formats that are known by their first bytes


def refuse_other(place: Path, draft: Path) -> None:
    """Refuse to replace a file that does not begin as the one that is to be put in its place.

    Parameters
    ----------
    place : Path
        Where it shall be. What is not there yet, or is empty, may be replaced; a file beside a
        ledger that SQLite or the ledger names never, as it comes and goes.
    draft : Path
        The new file, written already.

    Raises
    ------
    DataError
        If something else is there.
    """
    if place.name.endswith(_COMPANIONS):
        raise DataError(
            f"{place}: is the name of a file that belongs to a ledger, and was left as it is; "
            "choose another place"
        )
    was = _beginning(place) if place.exists() else b""
    if was and _kind(was) != _kind(_beginning(draft)):
        raise DataError(
            f"{place}: does not begin as the file to be written does, so that it may be something "
            "else, and was left as it is; choose another place, or move it away"
        )


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_BEGINNING)


def _kind(beginning: bytes) -> object:
    """Return what two files of one kind have in common: keys, headings or the first bytes."""
    for mark in _BINARY:
        if beginning.startswith(mark):
            return mark
    line = beginning.splitlines()[0] if beginning else b""
    try:
        told = json.loads(line)
    except ValueError:
        return line.strip().lower()
    return sorted(told) if isinstance(told, dict) else type(told)
