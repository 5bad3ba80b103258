"""`alvh replay --from-ledger`: every recorded decision made again, to the byte."""

from pathlib import Path

import typer

from alvh.cli.console import counting, note, say, say_json
from alvh.cli.desk_options import open_ledger
from alvh.cli.running import announce_compiling, read_history
from alvh.version import VERSION

_DIFFERS = 1


def repeat_ledger(file: Path, data: str, as_json: bool) -> None:
    """Make the decisions of a ledger again and say whether each is the same.

    Parameters
    ----------
    file : Path
        The ledger.
    data : str
        Folder of downloads, or ``bundled``.
    as_json : bool
        Whether the answer is JSON.

    Raises
    ------
    typer.Exit
        With code 1 where one differs.
    LedgerError
        Where the ledger does not hold.
    """
    from alvh.desk.decisions import repeat
    from alvh.desk.standing import fold

    ledger = open_ledger(file, "read")
    total = len(fold(ledger).decisions)
    history = read_history(data)
    announce_compiling()
    found = []
    with counting("decisions") as count:
        for one in repeat(ledger, history):
            found.append(one)
            count(len(found), total)
    differing = [one for one in found if one.difference]
    if as_json:
        say_json({"decisions": found, "same": not differing, "data_digest": history.digest})
    elif differing:
        first = differing[0]
        say(f"{len(differing)} of {len(found)} decisions differ; the first is event "
            f"{first.number}, of {first.as_of}: {first.difference}")  # fmt: skip
    else:
        say(f"{len(found)} decisions, every one the same to the byte")
    others = sorted({one.code_version for one in found} - {VERSION})
    if others:
        note(f"recorded by code {', '.join(others)}, repeated by {VERSION}")
    if differing:
        raise typer.Exit(_DIFFERS)
