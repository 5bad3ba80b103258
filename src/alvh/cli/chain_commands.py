"""`alvh chain`: import, pull and check option chains, the real quotes that a model gives way to."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import ABSENT, counting, note, say, say_json, show_table
from alvh.cli.data_commands import file_progress
from alvh.cli.formats import percent
from alvh.cli.options import AsJson
from alvh.errors import DataError

if TYPE_CHECKING:
    from alvh.market.chains.checks import ChainReport
    from alvh.market.chains.outcome import ImportReport

SHORT_DIGEST = 12

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Import, pull, check and fit option chains.",
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of imported chains.")]


class ThirdFridays(StrEnum):
    """What SPX third Fridays are in a file that does not say it."""

    am = "AM"
    pm = "PM"


@app.command("import")
def import_command(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE…", help="Files or folders of chains.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the chains are kept.")],
    third_fridays: Annotated[
        ThirdFridays | None,
        typer.Option(
            "--third-fridays",
            help="SPX third Fridays of a vendor who does not say it; default: refused.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Let these quotes replace others of the same contract and moment."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take chains of any known vendor; refused lines are kept with their reasons.

    Ends with 0 where every file was taken or is none of ours, and with 1 where a chain as a whole
    could not be read; the others are in place then.
    """
    from datetime import date

    from alvh.market.chains.accept import Terms
    from alvh.market.chains.importing import import_chains

    declared = None if third_fridays is None else third_fridays.value
    terms = Terms(date.today(), declared, replace)  # type: ignore[arg-type]
    with file_progress() as progress:
        report = import_chains(sources, to, terms=terms, progress=progress)
    if as_json:
        say_json({"folder": to, **_imported(to, report)})
    else:
        _say_imported(to, report)
    _refuse_unread(report)


@app.command()
def pull(
    folder: Folder,
    symbols: Annotated[
        list[str] | None,
        typer.Option("--symbol", metavar="NAME", help="SPX or VIX; repeat. Default: both."),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option("--address", metavar="URL", help="Another address, with {symbol} in it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep today's delayed SPX and VIX chains."""
    from datetime import date

    from alvh.market.chains.pulling import ADDRESS, SYMBOLS, pull_chains

    with file_progress() as progress:
        done = pull_chains(
            folder,
            today=date.today(),
            symbols=symbols or SYMBOLS,
            address=address or ADDRESS,
            progress=progress,
        )
    pulled = done.pulled
    if as_json:
        failed = [{"file": name, "reason": reason} for name, reason in pulled.failed]
        came = {"fetched": pulled.fetched, "unchanged": pulled.unchanged, "absent": pulled.absent}
        say_json({"folder": folder, **came, "failed": failed, **_imported(folder, done.imported)})
    else:
        say(
            f"{folder}: {len(pulled.fetched)} fetched, {len(pulled.unchanged)} unchanged, "
            f"{len(pulled.absent)} not offered, {len(pulled.failed)} failed"
        )
        _say_imported(folder, done.imported)
    _refuse_unread(done.imported)
    missing = [*pulled.failed, *((name, "not offered") for name in pulled.absent)]
    if missing:
        name, reason = missing[0]
        raise DataError(
            f"{len(missing)} chains could not be fetched, first {name}: {reason}; run the same "
            "command again"
        )


@app.command()
def check(folder: Folder, as_json: AsJson = False) -> None:
    """Judge every quote by the quotes beside it; say what cannot be believed."""
    from alvh.market.chains.checks import check_chains

    with counting(f"checking {folder}") as progress:
        report = check_chains(folder, progress=progress)
    if as_json:
        say_json(_checked(report))
    else:
        _say_checked(report)


def _digest(folder: Path) -> str:
    from alvh.market.chains.store import Store

    return Store.at(folder).digest


def _imported(folder: Path, report: "ImportReport") -> dict[str, Any]:
    return {
        "data_digest": _digest(folder),
        "quotes": report.rows,
        "lines_refused": report.rejected,
        "imported": report.imported,
        "same": report.same,
        "gave_way": report.gave_way,
        "displaced": report.displaced,
        "left": report.left,
        "refused": report.refused,
    }


def _say_imported(folder: Path, report: "ImportReport") -> None:
    for source in report.imported:
        for line in source.notes:
            say(f"{source.name}: {line}")
    if report.imported:
        show_table(
            "",
            ("file", "layout", "quotes", "refused", "why"),
            (
                (one.name, one.layout, f"{one.rows:,}", f"{one.rejected:,}", _reasons(one.reasons))
                for one in report.imported
            ),
            numbers=("quotes", "refused"),
            spare=("layout",),
        )
    for left in report.left:
        say(f"left: {left.path}: {left.reason}")
    for one in report.gave_way:
        say(f"there already: {one.path}: {one.reason}")
    for way in report.displaced:
        say(f"displaced: {way.rows:,} rows of {way.file} gave way to {way.by}")
    for source in report.imported:
        if source.rejects:
            say(f"refused lines of {source.name}: {folder / source.rejects}")
    say(
        f"{folder}: {report.rows:,} quotes of {len(report.imported)} files, "
        f"{report.rejected:,} lines refused, {len(report.same)} files there already, "
        f"{len(report.left)} left; data {_digest(folder)[:SHORT_DIGEST]}"
    )


def _reasons(reasons: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in reasons.items()) or ABSENT


def _refuse_unread(report: "ImportReport") -> None:
    """Leave with a refusal where a chain could not be read at all."""
    if not report.refused:
        return
    for one in report.refused:
        note(f"refused: {one.path}: {one.reason}")
    first = report.refused[0]
    raise DataError(
        f"{len(report.refused)} chains could not be read, first {first.path}: {first.reason}; "
        "the others are in place"
    )


def _checked(report: "ChainReport") -> dict[str, Any]:
    return {
        "data_digest": report.digest,
        "rows": report.rows,
        "not_to_price_by": report.fatal,
        "by_root": report.by_root,
        "sessions": report.sessions,
        "first": report.first,
        "last": report.last,
        "checks": [
            {
                "name": one.check.name,
                "bound": one.check.bound,
                "source": one.check.source,
                "fatal": one.check.fatal,
                "count": one.count,
                "by_root": one.by_root,
                "examples": one.examples,
            }
            for one in report.findings
        ],
        "lines_refused": report.refused,
        "sources": report.sources,
    }


def _say_checked(report: "ChainReport") -> None:
    roots = ", ".join(f"{root} {count:,}" for root, count in report.by_root.items())
    say(f"{report.rows:,} rows ({roots or 'none'}), {report.sessions} sessions, "
        f"{report.first} to {report.last}")  # fmt: skip
    share = percent(report.fatal / report.rows, 2) if report.rows else ABSENT
    say(f"{report.fatal:,} rows ({share}) are not to be priced by")
    show_table(
        "",
        ("check", "rows", "fatal", "what is marked", "why"),
        (
            (one.check.name, f"{one.count:,}", "yes" if one.check.fatal else "no", one.check.bound,
             one.check.source)
            for one in report.findings
        ),
        numbers=("rows",),
        spare=("why",),
    )  # fmt: skip
    for one in report.findings:
        for example in one.examples if one.check.fatal else ():
            say(f"{one.check.name}: {_quoted(example)}")
    if report.refused:
        say(f"lines refused at the import: {_reasons(report.refused)}")
    say(f"data {report.digest[:SHORT_DIGEST]}")


def _quoted(row: dict[str, Any]) -> str:
    moment = f"{row['date']} {row['time']}" if row["time"] else f"{row['date']}"
    return (
        f"{moment} {row['root']} {row['expiry']} {row['strike']:g} {row['put_call']} "
        f"{row['bid']} by {row['ask']} ({row['source']}:{row['line']})"
    )
