"""`alvh data`: fetch, tidy, judge and show the market data that everything else rests on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import ABSENT, err, note, say, say_json, show_table, working
from alvh.cli.formats import decimal, percent
from alvh.cli.options import AsJson, Data
from alvh.cli.running import read_history
from alvh.errors import DataError

if TYPE_CHECKING:
    from alvh import History
    from alvh.market.sources.pull import PullReport

LAST_VALUES = 5  # of a series, shown as a sample

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Fetch, tidy, check and show market data.",
)


@app.command()
def pull(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")],
    sources: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="NAME", help="cboe, cfe or fred; repeat. Default: all."),
    ] = None,
    weeklies: Annotated[
        bool, typer.Option("--weeklies/--no-weeklies", help="Weekly VIX futures too.")
    ] = True,
    pause: Annotated[
        float,
        typer.Option("--pause", min=0.0, metavar="SECONDS", help="Wait between two requests."),
    ] = 0.25,
    as_json: AsJson = False,
) -> None:
    """Download Cboe indices, VIX futures and FRED series."""
    from alvh.market.sources import pull as pulling

    today = date.today()
    wanted = pulling.plan(today, sources=sources or pulling.SOURCES, weeklies=weeklies)
    with file_progress() as progress:
        report = pulling.pull(
            folder,
            wanted,
            today=today,
            manners=pulling.Manners(pause=pause),
            progress=progress,
        )
    if as_json:
        say_json({"folder": folder, **_outcomes(report)})
    else:
        say(
            f"{folder}: {len(report.fetched)} fetched, {len(report.unchanged)} unchanged, "
            f"{len(report.absent)} not offered, {len(report.failed)} failed"
        )
    if report.failed:
        raise DataError(_not_fetched(report.failed, len(wanted)))


def _not_fetched(failed: Sequence[tuple[str, str]], wanted: int) -> str:
    """Say how many files failed, why the first did, and what is there of the others."""
    name, reason = failed[0]
    if len(failed) == wanted:
        return (
            f"none of {wanted} files could be fetched, first {name}: {reason}; see whether this "
            "machine reaches the network, and run the same command again"
        )
    return (
        f"{len(failed)} of {wanted} files could not be fetched, first {name}: {reason}; the others "
        "are in place; run the same command again to take up from here"
    )


@app.command("import")
def import_files(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Folder of downloads.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")],
    as_json: AsJson = False,
) -> None:
    """Copy what is recognised into a tidy folder."""
    from alvh.market.sources.importing import import_folder

    with working(f"reading {source}"):
        report = import_folder(source, folder)
    if as_json:
        say_json(
            {"folder": folder, "copied": report.copied, "same": report.same, "left": report.left}
        )
        return
    for one in report.left:
        say(f"left: {one.path}: {one.reason}")
    say(
        f"{folder}: {len(report.copied)} files copied, {len(report.same)} there already, "
        f"{len(report.left)} left"
    )


@app.command()
def check(data: Data = "bundled", as_json: AsJson = False) -> None:
    """Read everything; say what was refused, and why."""
    history = read_history(data)
    if as_json:
        say_json(_identity(history) | {"refused": history.refusals(), "ignored": history.ignored})
        return
    for line in history.describe().splitlines():
        say(line)


@app.command()
def show(
    data: Data = "bundled",
    series: Annotated[
        str | None, typer.Option("--series", metavar="NAME", help="One series, in detail.")
    ] = None,
    inputs: Annotated[
        bool, typer.Option("--inputs", help="How much was quoted, and how much is the model's.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show every series: source, range, gaps."""
    history = read_history(data)
    if inputs:
        _show_inputs(history, as_json)
    elif series is not None:
        _show_series(history, series, as_json)
    elif as_json:
        say_json(_identity(history) | {"series": history.series_report()})
    else:
        headings = ("series", "first", "last", "count", "missing", "refused", "source")
        rows = (
            tuple(ABSENT if row[key] is None else str(row[key]) for key in headings)
            for row in history.series_report().iter_rows(named=True)
        )
        show_table("", headings, rows, numbers=("count", "missing", "refused"))
        _say_identity(history)


def _show_series(history: "History", name: str, as_json: bool) -> None:
    report = next((one for one in history.report if one.name == name), None)
    if report is None:
        known = ", ".join(one.name for one in history.report)
        raise DataError(f"no series {name!r} in this data; wanted one of {known}; check the name")
    last = _last_values(history, name)
    if as_json:
        say_json(_identity(history) | {"report": report, "last_values": last})
        return
    say(f"{name}: {report.count} values, {report.first} to {report.last}, from {report.source}")
    for gap in report.gaps:
        say(f"missing: {gap.first} to {gap.last}, {gap.sessions} sessions")
    for refusal in report.refused:
        say(f"refused: {refusal.value} on {refusal.date} ({refusal.where}): {refusal.reason}")
    for one in report.conflicts:
        say(f"disagree: {one.count} values, {one.kept} followed and not {one.dropped}")
    for day, value in last.items():
        say(f"{day}  {decimal(value, 4)}")
    _say_identity(history)


def _show_inputs(history: "History", as_json: bool) -> None:
    from alvh.report.inputs import inputs, inputs_by_year

    by_year = inputs_by_year(history)
    whole = inputs(by_year)
    if as_json:
        found = {"chain_folder": history.chain_folder, "inputs": whole, "by_year": by_year}
        say_json(_identity(history) | found)
        return
    headings = (
        "input",
        "of",
        "counted",
        "known",
        "modelled",
        "share known",
        "since 2007",
        "first",
        "last",
    )
    rows = (
        (row["input"], row["of"], f"{row['counted']:,}", f"{row['known']:,}",
         f"{row['modelled']:,}", percent(row["share"], 1),
         percent(row["share_since_2007"], 1), str(row["first"] or ABSENT),
         str(row["last"] or ABSENT))
        for row in whole.iter_rows(named=True)
    )  # fmt: skip
    title = "Known: published, settled or quoted on its day; the rest is the model's"
    show_table(title, headings, rows, numbers=headings[2:7])
    say(f"option chains: {history.chain_folder or 'none imported'}")
    _say_identity(history)


def _last_values(history: "History", name: str) -> dict[str, float]:
    """Return the last values of a daily column; nothing for what is not a daily column."""
    if not history.has(name):
        return {}
    pairs = zip(history.dates, history[name], strict=True)
    found = [(str(day), float(value)) for day, value in pairs if value == value]
    return dict(found[-LAST_VALUES:])


def _identity(history: "History") -> dict[str, Any]:
    return {
        "sessions": len(history),
        "first": str(history.dates[0]),
        "last": str(history.dates[-1]),
        "data_digest": history.digest,
    }


def _say_identity(history: "History") -> None:
    first, last = history.dates[0], history.dates[-1]
    say(f"{len(history)} sessions, {first} to {last}, data {history.digest[:12]}")


def _outcomes(report: "PullReport") -> dict[str, Any]:
    failed = [{"file": name, "reason": reason} for name, reason in report.failed]
    return {
        "fetched": report.fetched,
        "unchanged": report.unchanged,
        "absent": report.absent,
        "failed": failed,
    }


@contextmanager
def file_progress() -> Iterator[Callable[[int, int, str, str], None]]:
    """Draw a bar on a terminal; in a pipe, write a line for every file that came or failed.

    Yields
    ------
    callable
        To be called with (files done, files in all, path, outcome).
    """
    console = err()
    if not console.is_terminal:
        yield (
            lambda done, files, path, outcome: (
                note(f"{done}/{files} {path}: {outcome}") if outcome != "unchanged" else None
            )
        )
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, files, path, outcome: bar.update(
            task, completed=done, total=files, description=f"{path}: {outcome}"
        )
