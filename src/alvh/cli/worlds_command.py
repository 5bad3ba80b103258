"""`alvh worlds`: a hedge and its unhedged twin in years drawn from history."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import counting, say, say_json, show_table
from alvh.cli.formats import percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import announce_compiling, day, read_history, say_identity, say_model_share

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


def worlds(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge: a preset or a policy file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    data: Data = "bundled",
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
        int, typer.Option("--block", metavar="NUMBER", min=1, help="Mean block, sessions.")
    ] = 63,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Keep finished shards; resume from them."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write every world, as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a hedge and no hedge through worlds drawn from history, and compare them."""
    from alvh import bootstrap_model, run_worlds, simulate

    market = read_history(data)
    announce_compiling()
    model = bootstrap_model(market, day(start), day(end), block=block)
    drawn = simulate(model, paths, days, seed)
    with counting("worlds") as progress:
        found = run_worlds(drawn, hedge, condors, equity, fill, folder=keep, progress=progress)
    if save is not None:
        from alvh.cli.files import write_whole

        write_whole(save, found.table.write_csv)
    if as_json:
        say_json({"meta": found.meta, "years": found.years, **found.summary()})
        return
    say_model_share(found.meta["model_priced_share"])
    books = ("hedged", "no hedge")
    title = f"{condors} with {hedge}, {paths:,} worlds of {found.years:.1f} years"
    show_table(title, ("figure", *books), _rows(found), numbers=books)
    gap = found.summary()["difference"]
    say(f"hedged less unhedged: growth {percent(gap['growth'])} ± {percent(gap['growth_error'])} "
        f"a year, drawdown {percent(gap['max_drawdown'])} ± {percent(gap['max_drawdown_error'])}; "
        f"ahead in {percent(gap['hedged_is_ahead'], 0)} of the worlds, falls less in "
        f"{percent(gap['hedged_falls_less'], 0)}")  # fmt: skip
    say("± is the error of drawing worlds alone: all of them are made of the same history's crises")
    say(found.meta["model"] + f", seed {seed}")
    say_identity(found.meta)


def _rows(found: "WorldsResult") -> Iterator[tuple[str, ...]]:
    books = found.summary()
    for text, name in _ROWS.items():
        yield text, percent(books["hedged"][name]), percent(books["twin"][name])
