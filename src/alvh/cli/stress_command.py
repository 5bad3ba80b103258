"""`alvh stress`: a book under declared shocks and through named crises."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import counting, say, say_json, show_table
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Equity, Fill, Start
from alvh.cli.replay_command import Mode
from alvh.cli.running import announce_compiling, day, read_history, say_identity
from alvh.errors import DataError

if TYPE_CHECKING:
    from alvh.evidence.stress import Stress


def stress(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    book: Annotated[
        Path | None,
        typer.Option("--book", metavar="FILE", help="Own positions: CSV of symbol,quantity."),
    ] = None,
    shock: Annotated[
        list[str] | None,
        typer.Option(
            "--shock", metavar="NAME",
            help="gap, grind, melt-up, vol-crush or none; repeat. Default: all.",
        ),
    ] = None,
    size: Annotated[
        float | None,
        typer.Option("--size", metavar="SHARE", help="Of one shock, as -0.15; of VIX: vol-crush."),
    ] = None,
    sessions: Annotated[
        int | None, typer.Option("--sessions", metavar="N", help="Length of one shock.")
    ] = None,
    crisis: Annotated[
        list[str] | None,
        typer.Option(
            "--crisis", metavar="KEY",
            help="As 2020-03, or none; repeat. Default: all that the data hold.",
        ),
    ] = None,
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
    data: Data = "bundled",
    start: Start = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Draw the paths, as HTML.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the table, as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take a book through declared shocks and the crises of history, moved onto its evening."""
    from alvh import stress as run_stress

    held = hedge if book is None else _positions(book)
    market = read_history(data)
    shocks = _shocks(market, shock, size, sessions, day(as_of))
    announce_compiling()
    with counting("paths") as progress:
        found = run_stress(
            market, held, condors, shocks=shocks, crises=_chosen(crisis), mode=mode.value,
            start=day(start), as_of=day(as_of), equity=equity, fill=fill, progress=progress,
        )  # fmt: skip
    if save is not None:
        from alvh.cli.files import write_whole

        write_whole(save, found.table().write_csv)
    if report is not None:
        from alvh.report.stress import write_stress

        write_stress(found, report)
    if as_json:
        say_json(_as_json(found))
        return
    _say(found)


def _chosen(names: list[str] | None) -> list[str] | None:
    return [] if names == ["none"] else names


def _positions(file: Path) -> dict[str, float]:
    """Read symbols and signed contracts; a symbol that comes twice is added up."""
    import polars as pl

    try:
        table = pl.read_csv(file, schema_overrides={"symbol": pl.String, "quantity": pl.Float64})
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{file}: no table of positions ({error}); wanted a CSV with the columns "
                        "symbol and quantity") from error  # fmt: skip
    missing = {"symbol", "quantity"} - set(table.columns)
    if missing:
        raise DataError(
            f"{file} has the columns {', '.join(table.columns)}; wanted symbol and quantity"
        )
    held: dict[str, float] = {}
    for symbol, quantity in table.select("symbol", "quantity").iter_rows():
        if symbol is None or quantity is None:
            raise DataError(f"{file}: a row without a symbol or a quantity; complete or delete it")
        held[symbol] = held.get(symbol, 0.0) + quantity
    return held


def _shocks(
    market: Any, names: list[str] | None, size: float | None, sessions: int | None, evening: Any
) -> list[Any] | None:
    chosen: list[Any] | None = _chosen(names)
    if size is None and sessions is None:
        return chosen
    if not chosen or len(chosen) != 1:
        raise DataError("--size and --sessions belong to one shock; name it with --shock")
    import numpy as np

    from alvh.advise.shocks import declare

    last = market.dates[-1] if evening is None else np.datetime64(evening, "D")
    known = (market.dates <= last) & np.isfinite(market["vix"])
    if not known.any():
        raise DataError(f"no VIX up to {last}; choose a later evening")
    return [declare(chosen[0], float(market["vix"][known][-1]), size, sessions)]


def _say(found: "Stress") -> None:
    meta, table = found.meta, found.table()
    say("100.0 % of the prices are a model's; shocks are declared, they are not forecasts")
    parts = list(found.paths[0].pnl) if found.paths else []
    numbers = ("sessions", "S&P 500", "VIX", "VIX at most", "at", *parts, "of account", "end")
    title = f"book of {found.as_of}, {found.nav:,.0f} USD, {found.mode}: USD at the lowest session"
    show_table(title, ("path", *numbers), _rows(table, parts), numbers=numbers, spare=parts[:-1])
    for path in found.paths:
        if path.kind == "shock":
            say(f"{path.name}: {path.words}")
    if any(path.kind == "crisis" for path in found.paths):
        say("crises: the S&P 500 and VIX are moved by the same factor as there")
    for path in found.paths:
        if path.warning:
            say(f"warning: {path.name}: {path.warning}")
    if "policy_hash" in meta:
        say_identity(meta)
    else:
        say(f"{meta['positions']} own positions · data {meta['data_digest'][:12]} · "
            f"code {meta['code_version']}")  # fmt: skip


def _rows(table: Any, parts: list[str]) -> Iterator[tuple[str, ...]]:
    for row in table.iter_rows(named=True):
        yield (
            row["name"], str(row["sessions"]), percent(row["spx"], 1), decimal(row["vix"], 1),
            decimal(row["vix_most"], 1),
            str(row["worst_session"]), *(dollars(row[f"worst_{part}"]) for part in parts),
            percent(row["worst_share"], 1), percent(row["end_share"], 1),
        )  # fmt: skip


def _as_json(found: "Stress") -> dict[str, object]:
    return {
        "as_of": found.as_of, "mode": found.mode, "nav": found.nav, "meta": found.meta,
        "table": found.table().to_dicts(), "paths": list(found.paths),
    }  # fmt: skip
