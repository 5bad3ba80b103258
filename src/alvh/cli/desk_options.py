"""What the commands of the desk share: where the ledger is, who asks, and the clock."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from alvh.cli.options import DATE_FORMATS

if TYPE_CHECKING:
    from alvh.ledger import Ledger

DEFAULT_LEDGER = Path("ledger.db")

LedgerFile = Annotated[
    Path,
    typer.Option("--ledger", metavar="FILE", envvar="ALVH_LEDGER", help="The desk's ledger."),
]
KeyFile = Annotated[
    Path,
    typer.Option("--key", metavar="FILE", envvar="ALVH_KEY", help="File of a private key."),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")]


def login() -> str:
    """Return the name under which this program runs.

    Raises
    ------
    typer.BadParameter
        Where the machine has no name for it.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("this login has no name; say who with --by NAME") from error


By = Annotated[
    str,
    typer.Option(
        "--by", metavar="NAME", envvar="USER", default_factory=login, show_default="your login",
        help="Who; it is recorded.",
    ),
]  # fmt: skip
Until = Annotated[
    datetime,
    typer.Option(
        "--until",
        metavar="DATE",
        formats=DATE_FORMATS,
        help="Last day in Chicago on which it holds.",
    ),
]


def now() -> datetime:
    """Return the present moment; the one reading of the clock for all that the desk records.

    Returns
    -------
    datetime
        In UTC.
    """
    return datetime.now(UTC)


def open_ledger(path: Path, mode: Literal["create", "write", "read"] = "write") -> "Ledger":
    """Open the ledger at ``path``.

    Parameters
    ----------
    path : Path
        The file.
    mode : {"create", "write", "read"}
        See :class:`alvh.ledger.Ledger`.

    Returns
    -------
    Ledger
        Open.

    Raises
    ------
    LedgerError
        Where it is absent, cannot be opened or is no ledger.
    """
    from alvh.ledger import Ledger

    return Ledger(path, mode)
