"""`alvh serve`: the dashboard, on this machine alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import note, say, say_json
from alvh.cli.desk_options import DEFAULT_LEDGER, LedgerFile
from alvh.cli.options import AsJson, Data
from alvh.cli.running import engine_running, read_history
from alvh.errors import AlvhError

if TYPE_CHECKING:
    from alvh.web import Desk

LOOPBACK = ("127.0.0.1", "localhost")
DEFAULT_PORT = 8765
BACKLOG = 128


def serve(
    context: typer.Context,
    data: Data = "bundled",
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="127.0.0.1 or localhost, no other.")
    ] = LOOPBACK[0],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="0 takes a free one.")
    ] = DEFAULT_PORT,
    hedge: Annotated[
        list[Path] | None,
        typer.Option("--hedge", metavar="FILE", help="Hedge policy to offer; repeat."),
    ] = None,
    condors: Annotated[
        list[Path] | None,
        typer.Option("--condors", metavar="FILE", help="Condor programme to offer; repeat."),
    ] = None,
    ledger: LedgerFile = DEFAULT_LEDGER,
    book: Annotated[
        Path | None,
        typer.Option("--book", metavar="FILE", envvar="ALVH_BOOK", help="Book, .yaml or .csv."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open the dashboard in a browser of this machine."""
    if host not in LOOPBACK:
        raise AlvhError(
            f"host {host!r}: the dashboard answers on 127.0.0.1 only, since whoever reaches it "
            "reads the book; leave --host out, and reach another machine's by an SSH tunnel"
        )
    source = context.get_parameter_source("ledger")
    named = source is not None and source.name != "DEFAULT"
    _refuse_absent("ledger", ledger if named else None)
    _refuse_absent("book", book)
    desk = _open(data, hedge or [], condors or [], ledger, book)
    _answer(desk, port, as_json)


def _refuse_absent(option: str, file: Path | None) -> None:
    """Refuse a file that was named and is not there; only the default ledger may be absent."""
    if file is not None and not file.is_file():
        raise AlvhError(
            f"{option} {file}: no such file; correct --{option} or ALVH_{option.upper()}, or leave "
            "it out"
        )


def _open(
    data: str, hedges: list[Path], programmes: list[Path], ledger: Path, book: Path | None
) -> "Desk":
    try:
        from alvh.web import open_desk
        from alvh.web.memory import return_large_blocks
    except ModuleNotFoundError as absent:
        raise AlvhError(
            f"the dashboard needs {absent.name}, which is not installed; install alvh with its "
            "extra: pip install 'alvh[web]'"
        ) from absent
    return_large_blocks()
    history = read_history(data)
    desk = open_desk(data, hedges, programmes, ledger, book, history)
    with engine_running("the first run"):
        desk.warm()
    return desk


def _answer(desk: "Desk", port: int, as_json: bool) -> None:
    import socket

    import uvicorn

    from alvh.web import create_app

    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((LOOPBACK[0], port))
            door.listen(BACKLOG)  # whoever reads the address may come at once
        except OSError as fault:
            raise AlvhError(
                f"port {port} cannot be had: {fault.strerror}; name another with --port"
            ) from fault
        port = door.getsockname()[1]
        app = create_app(desk, [f"{name}:{port}" for name in LOOPBACK])
        url = f"http://{LOOPBACK[0]}:{port}/"
        if as_json:
            say_json({"url": url, "data_digest": desk.history.digest})
        else:
            say(url)
        note("the dashboard answers on this machine alone; Ctrl-C ends it")
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        try:
            uvicorn.Server(config).run(sockets=[door])
        finally:
            desk.jobs.close()
