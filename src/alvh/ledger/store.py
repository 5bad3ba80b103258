"""The ledger on disk: SQLite in WAL, every append synced before it is acknowledged."""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from alvh.errors import LedgerBusyError, LedgerError
from alvh.ledger.chain import GENESIS, Event, check, link
from alvh.locks import lock

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
_TABLE = (
    "CREATE TABLE events (number INTEGER PRIMARY KEY, body TEXT NOT NULL, "
    "previous TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT"
)
_GUARDS = {
    "events_not_changed": f"CREATE TRIGGER events_not_changed BEFORE UPDATE ON events {_REFUSE}",
    "events_not_removed": f"CREATE TRIGGER events_not_removed BEFORE DELETE ON events {_REFUSE}",
}
_SELECT = "SELECT number, body, previous, sha256 FROM events ORDER BY number"
_BUSY = "the ledger {} is kept locked by another program; nothing was recorded; try again"
_PRIMARY = 0xFF  # the part of SQLite's code of an error that names its kind
_DISK = (
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)  # fmt: skip
_WAIT_SECONDS = 10.0
Mode = Literal["create", "write", "read"]


class Ledger:
    """An append-only chain of events in the file ``path``.

    Parameters
    ----------
    path : str or Path
        The file.
    mode : {"create", "write", "read"}
        Whether it is made where it is absent, must be there, or is only read, as from a copy on a
        disk that cannot be written.

    Raises
    ------
    LedgerError
        Where the file cannot be opened or written, or is no ledger.
    """

    def __init__(self, path: str | Path, mode: Mode = "create") -> None:
        self.path = Path(path)
        if not self.path.exists():
            self._make(mode)
        with self._refusals():
            self._rows = sqlite3.connect(
                self._address(mode), timeout=_WAIT_SECONDS, isolation_level=None, uri=True
            )
            self._check_table()
            if mode != "read":
                self._rows.execute("PRAGMA synchronous = FULL")

    def _make(self, mode: Mode) -> None:
        """Make an empty ledger beside and link it into place, so that no half of one is found."""
        if mode != "create":
            raise LedgerError(
                f"there is no ledger {self.path}; name the one that is meant, or make one with "
                "`alvh policy propose`"
            )
        beside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        with self._refusals(), closing(sqlite3.connect(beside, isolation_level=None)) as rows:
            rows.execute("PRAGMA journal_mode = WAL")
            for statement in (_TABLE, *_GUARDS.values()):
                rows.execute(statement)
        try:
            os.link(beside, self.path)
        except FileExistsError:  # somebody else was quicker; theirs is the ledger
            pass
        finally:
            beside.unlink()

    def _check_table(self) -> None:
        """Refuse a file without the table: one that was emptied is not taken for a new one."""
        names = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'events'"
        if self._rows.execute(names).fetchone() is None:
            raise LedgerError(self._spoilt(1, "it is no ledger, or an emptied one"))

    def _spoilt(self, number: int, fault: object) -> str:
        return (
            f"the ledger {self.path} cannot be read from event {number} on: {fault}; keep the file "
            "and restore a copy that verifies"
        )

    def _first_unread(self) -> int:
        """Return the number of the first event that the file does not give back."""
        number, address = 0, self._address("read")
        with (
            suppress(sqlite3.Error, UnicodeDecodeError),
            closing(sqlite3.connect(address, uri=True)) as rows,
        ):
            for row in rows.execute(_SELECT):
                number = row[0]
        return number + 1

    def _address(self, mode: Mode) -> str:
        """Return the address for SQLite, which wants to write beside even what it only reads."""
        address = self.path.absolute().as_uri()
        if mode != "read":
            return address
        still = not os.access(self.path.parent, os.W_OK) and not self._log.exists()
        return f"{address}?mode=ro" + ("&immutable=1" if still else "")

    @property
    def _log(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")

    def check_guards(self) -> None:
        """Refuse a ledger whose triggers against changes are gone or others.

        Raises
        ------
        LedgerError
            Names the first that is missing.
        """
        with self._refusals():
            statement = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            found = dict(self._rows.execute(statement).fetchall())
        missing = [name for name, guard in _GUARDS.items() if found.get(name) != guard]
        if missing:
            raise LedgerError(
                f"the ledger {self.path} has lost its guard {min(missing)}: somebody could have "
                "changed events; keep the file and restore a copy that verifies"
            )

    def append(self, content: dict[str, Any], permit: Callable[[], object] | None = None) -> Event:
        """Record ``content`` as the next event; when this returns, the event is on disk.

        Parameters
        ----------
        content : dict
            What canonical JSON can hold.
        permit : callable, optional
            Called while no other writer can append; what it raises leaves nothing recorded. A rule
            that reads the ledger is judged here, so that no event comes between rule and record.

        Raises
        ------
        LedgerError
            Where the disk or the file refuses, or the content has no canonical JSON.
        """
        with self._refusals(), self._writing():
            self.check_guards()
            if permit is not None:
                permit()
            last = self._rows.execute(_SELECT + " DESC LIMIT 1").fetchone()
            number, previous = (last[0], last[3]) if last else (0, GENESIS)
            event = link(number + 1, previous, content)
            row = (event.number, event.body, event.previous, event.sha256)
            self._rows.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
        return event

    def events(self) -> Iterator[Event]:
        """Yield the recorded events in their order, unchecked.

        Raises
        ------
        LedgerError
            Names the first event that the file does not give back.
        """
        number = 0
        try:
            for row in self._rows.execute(_SELECT):
                yield Event(*row)
                number = row[0]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if _is_busy(error):
                raise LedgerBusyError(_BUSY.format(self.path)) from error
            raise LedgerError(self._spoilt(number + 1, error)) from error

    def verify(self) -> tuple[int, str]:
        """Return the count of events and the last hash, or name the first event that is wrong.

        Raises
        ------
        LedgerError
            Names the first event that is missing, not chained or altered, or the guard against
            changes that is gone.
        """
        found = check(self.events())
        with self._refusals():
            self.check_guards()
        return found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other writer waiting while the block runs, which must not append."""
        with self._refusals(), self._writing():
            yield

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._next_in_turn():
            self._rows.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._rows.execute("COMMIT")
        finally:
            if self._rows.in_transaction:
                self._rows.execute("ROLLBACK")

    @contextmanager
    def _next_in_turn(self) -> Iterator[None]:
        """Be the only one who waits for SQLite's lock while the block runs.

        SQLite lets a program that writes without pause take its lock again before one that waits
        looks. Whoever waits here keeps that program out: it is free while the program writes. The
        lock is the folder's, so that it needs no file, no disk, and goes with the process.
        """
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            if not lock(folder, _WAIT_SECONDS):
                raise LedgerBusyError(_BUSY.format(self.path))
            yield
        finally:
            os.close(folder)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            if _is_busy(error):
                raise LedgerBusyError(_BUSY.format(self.path)) from error
            if not _is_of_the_disk(error):
                raise LedgerError(self._spoilt(self._first_unread(), error)) from error
            raise LedgerError(
                f"the ledger {self.path} refused: {error}; nothing was recorded; "
                "check the disk, its permissions and that the file is a ledger"
            ) from error


def _is_busy(error: Exception) -> bool:
    """Say whether SQLite gave up because another program kept the file locked."""
    return _code(error) & _PRIMARY in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_of_the_disk(error: Exception) -> bool:
    """Say whether a disk or its permissions refused, rather than what the file holds."""
    if isinstance(error, OSError):
        return True
    code = _code(error)
    return code & _PRIMARY in _DISK and code != sqlite3.SQLITE_IOERR_SHORT_READ


def _code(error: Exception) -> int:
    """Return SQLite's code of an error; 0 where it is none of SQLite's."""
    return int(getattr(error, "sqlite_errorcode", 0))
