"""`alvh replay`: an evening's book through any stretch of history."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Equity, Fill, OwnBook, Start
from alvh.cli.repeat_ledger import repeat_ledger
from alvh.cli.running import book_of_evening, day, engine_running, read_history, say_identity

if TYPE_CHECKING:
    from alvh.advise.replay import Replay

_PARTS = ("condors", "short", "medium", "tail", "total")
_ROWS = 15


class Mode(StrEnum):
    """What happens to the book on the way."""

    hold = "hold"
    policy = "policy"


def replay(
    stretch: Annotated[
        datetime | None,
        typer.Argument(metavar="DATE", formats=DATE_FORMATS, help="First session of the stretch."),
    ] = None,
    sessions: Annotated[
        int, typer.Option("--sessions", min=1, max=2600, metavar="N", help="Sessions after it.")
    ] = 63,
    mode: Annotated[
        Mode, typer.Option("--mode", help="Trade nothing, or run on by the policy.")
    ] = Mode.hold,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", metavar="DATE", formats=DATE_FORMATS,
            help="Evening of the book; default: the last.",
        ),
    ] = None,
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    book: OwnBook = None,
    data: Data = "bundled",
    start: Start = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the daily path, as CSV.")
    ] = None,
    from_ledger: Annotated[
        Path | None,
        typer.Option(
            "--from-ledger", metavar="FILE", help="Make its recorded decisions again instead."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Apply the moves of a stretch of history to an evening's market, or repeat a ledger."""
    if from_ledger is not None:
        repeat_ledger(from_ledger, data, as_json)
        return
    if stretch is None:
        raise typer.BadParameter("wanted the first session of a stretch, or --from-ledger")
    import alvh
    from alvh.advise.replay import replay as live_through

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    market = read_history(data)
    with engine_running(f"{programme.name} with {policy.name}"):
        result, evening = book_of_evening(
            market, policy, programme, book, (day(start), day(as_of)), (equity, fill)
        )
        found = live_through(
            market, result, stretch.date(), sessions, mode.value, policy=policy,
            programme=programme, fill=fill, evening=evening,
        )  # fmt: skip
    if save is not None:
        _save(found, save)
    if as_json:
        from dataclasses import asdict

        record = asdict(found) | {"settled": list(found.settled.iter_rows(named=True))}
        told = {"worst": found.worst, "vix_most": found.vix_most, "warning": found.warning}
        say_json({"replay": record | told, "meta": result.meta})
        return
    _say(found)
    say_identity(result.meta)


def _say(found: "Replay") -> None:
    worst, depth = found.worst
    say(
        f"book of {found.as_of}, {found.start_nav:,.0f} USD, through {found.dates[0]} to "
        f"{found.dates[-1]} ({found.mode}); model prices"
    )
    numbers = ("S&P 500", "VIX", *_PARTS)
    show_table(
        "Cumulative gain, USD; VIX is the evening's, moved by the same factor as there",
        ("date", *numbers), _rows(found), numbers=numbers,
    )  # fmt: skip
    share = percent(depth / found.start_nav)
    say(f"lowest on {worst}: {dollars(depth)} USD, {share} of the account")
    say(f"VIX at most {decimal(found.vix_most)}")
    if found.warning:
        say(f"warning: {found.warning}")


def _rows(found: "Replay") -> Iterator[tuple[str, ...]]:
    """Show some fifteen sessions, evenly spread, the last and the lowest among them."""
    count = len(found.dates)
    lowest = int(found.pnl["total"].argmin())
    shown = {round(i * (count - 1) / (_ROWS - 1)) for i in range(_ROWS)} | {lowest}
    for t in sorted(shown):
        moved = found.spx[t] / found.spx[0] - 1.0
        parts = (dollars(float(found.pnl[name][t])) for name in _PARTS)
        yield str(found.dates[t]), percent(float(moved), 1), decimal(float(found.vix[t])), *parts


def _save(found: "Replay", file: Path) -> None:
    import polars as pl

    from alvh.cli.files import write_whole

    table = pl.DataFrame(
        {"date": found.dates, "on": found.on, "spx": found.spx, "vix": found.vix}
        | {name: found.pnl[name] for name in _PARTS}
    )
    write_whole(file, table.write_csv)
