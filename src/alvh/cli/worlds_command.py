"""`alvh worlds`: a hedge and its unhedged twin in years that never happened."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import counting, say, say_json, show_table
from alvh.cli.formats import percent
from alvh.cli.options import AsJson, Cluster, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import announce_compiling, day, read_history, say_identity, say_model_share
from alvh.errors import DataError

if TYPE_CHECKING:
    from alvh.worlds import WorldsResult

_ROWS = {
    "growth a year, mean": "growth",
    "growth, 5 % quantile": "growth_05",
    "growth, median": "growth_50",
    "growth, 95 % quantile": "growth_95",
    "growth, mean of the worst 5 %": "growth_cvar_95",
    "maximum drawdown, mean": "max_drawdown",
    "maximum drawdown, mean of the worst 5 %": "max_drawdown_cvar_95",
    "lost half or more": "ruined",
    "hedge profit a year": "hedge_pnl_per_year",
    "costs a year": "costs_per_year",
}


class Maker(StrEnum):
    """What worlds are made by."""

    bootstrap = "bootstrap"
    path_dependent = "path-dependent"


def worlds(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge: a preset or a policy file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    data: Data = "bundled",
    model: Annotated[
        Maker,
        typer.Option("--model", help="Draw from history, or make by the volatility model."),
    ] = Maker.bootstrap,
    start: Start = None,
    end: End = None,
    paths: Annotated[
        int, typer.Option("--paths", metavar="NUMBER", min=1, help="Worlds to draw.")
    ] = 1000,
    days: Annotated[
        int, typer.Option("--days", metavar="NUMBER", min=2, help="Sessions of each world.")
    ] = 252,
    seed: Annotated[int, typer.Option("--seed", metavar="NUMBER", min=0, help="Of the draw.")] = 0,
    block: Annotated[
        int | None,
        typer.Option(
            "--block", metavar="NUMBER", min=1,
            help="Mean block of the bootstrap, sessions; default: 63.",
        ),
    ] = None,
    fits: Annotated[
        int | None,
        typer.Option(
            "--fits", metavar="NUMBER", min=1,
            help="Fit the path-dependent model to so many drawings of its years, not to them once.",
        ),
    ] = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Keep finished shards; resume from them."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write every world, as CSV.")
    ] = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Run a hedge and no hedge through worlds, and compare them."""
    from alvh import run_worlds, simulate

    market = read_history(data)
    announce_compiling()
    maker = made_by(market, model, day(start), day(end), block, fits)
    drawn = simulate(maker, paths, days, seed)
    with counting("worlds") as progress:
        found = run_worlds(
            drawn, hedge, condors, equity, fill, folder=keep, progress=progress, cluster=cluster
        )
    if save is not None:
        from alvh.cli.files import write_whole

        write_whole(save, found.table.write_csv)
    if as_json:
        say_json({"meta": found.meta, "years": found.years, **found.summary()})
        return
    say_model_share(found.meta["model_priced_share"])
    books = ("hedged", "no hedge")
    names = f"{found.meta['programme']} with {found.meta['hedge']}"
    title = f"{names}, {paths:,} worlds of {found.years:.1f} years"
    show_table(title, ("figure", *books), _rows(found), numbers=books)
    gap = found.summary()["difference"]
    say(f"hedged less unhedged: growth {percent(gap['growth'])} ± {percent(gap['growth_error'])} "
        f"a year, drawdown {percent(gap['max_drawdown'])} ± {percent(gap['max_drawdown_error'])}; "
        f"ahead in {percent(gap['hedged_is_ahead'], 0)} of the worlds, falls less in "
        f"{percent(gap['hedged_falls_less'], 0)}")  # fmt: skip
    say("± is the error of drawing worlds alone: " + _LIMITS[model])
    if fits is not None:
        say(f"sixteen worlds in a row share the parameters of one of {fits} fits: what is unknown "
            "of them is in the spread over worlds, not in the ±")  # fmt: skip
    say(found.meta["model"] + f", seed {seed}")
    say_identity(found.meta)


_LIMITS = {
    Maker.bootstrap: "all of them are made of the same history's crises",
    Maker.path_dependent: "that of the model, which has one history to learn from, is not in it",
}


def made_by(
    market: Any, maker: Maker, start: date | None, end: date | None, block: int | None,
    fits: int | None = None,
) -> Any:  # fmt: skip
    """Return the model that a command's options ask for."""
    from alvh import bootstrap_model, path_dependent_model, path_ensemble

    if maker is Maker.bootstrap:
        if fits is not None:
            raise DataError("--fits belongs to the path-dependent model; the bootstrap fits none")
        given = {} if block is None else {"block": block}
        return bootstrap_model(market, start, end, **given)
    if block is not None:
        raise DataError("--block belongs to the bootstrap; the path-dependent model has no blocks")
    until: dict[str, Any] = {} if end is None else {"end": end}
    if fits is not None:
        return path_ensemble(market, fits, start, **until)
    return path_dependent_model(market, start, **until)


def _rows(found: "WorldsResult") -> Iterator[tuple[str, ...]]:
    books = found.summary()
    for text, name in _ROWS.items():
        yield text, percent(books["hedged"][name]), percent(books["twin"][name])
