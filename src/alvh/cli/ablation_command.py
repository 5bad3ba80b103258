"""`alvh ablation`: each signal and each rule alone against the static hedge, and all of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import ABSENT, counting, say, say_json, show_table
from alvh.cli.formats import decimal, p_value, percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import announce_compiling, day, read_history, say_identity

if TYPE_CHECKING:
    from alvh.evidence.ablation import Ablation

_NUMBERS = ("CAGR", "less static", "from", "to", "drawdown", "CVaR month", "costs", "moves")


def ablation(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="The static hedge that is varied.")
    ] = "alvh-40-40-20",
    everything: Annotated[
        str, typer.Option("--everything", metavar="NAME", help="The hedge with all rules.")
    ] = "alvh-adaptive",
    condors: Condors = "monthly45",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    seed: Annotated[
        int, typer.Option("--seed", metavar="NUMBER", min=0, help="Of the resampling.")
    ] = 0,
    resamples: Annotated[
        int, typer.Option("--resamples", metavar="NUMBER", min=0, help="Of the intervals.")
    ] = 1000,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the table, as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run every signal and every rule alone against the static hedge, and count the trials."""
    from alvh.evidence.ablation import ablation as take_apart

    market = read_history(data)
    announce_compiling()
    with counting("variants") as progress:
        found = take_apart(
            market, hedge, condors, everything, day(start), day(end), equity, fill, seed=seed,
            resamples=resamples, progress=progress,
        )  # fmt: skip
    if save is not None:
        import polars as pl

        from alvh.cli.files import write_whole

        write_whole(save, pl.DataFrame(found.to_dict()["rows"]).write_csv)
    if as_json:
        say_json(found.to_dict())
        return
    names = f"{found.meta['programme']} with {found.meta['hedge']}"
    show_table(f"{names}, fill {fill:g}; 95 % intervals of growth less static",
               ("variant", "group", *_NUMBERS), _rows(found), numbers=_NUMBERS)  # fmt: skip
    say(f"{found.trials} of {len(found.rows) - 1} variants ever differ from the static hedge; "
        f"{found.beyond} intervals exclude zero, {decimal(0.05 * found.trials, 1)} would by "
        "chance")  # fmt: skip
    p = p_value(found.spa, found.resamples)
    say(f"test that none grows faster than the static hedge: p {p}")
    say_identity(found.meta)


def _rows(found: "Ablation") -> Iterator[tuple[str, ...]]:
    for row in found.rows:
        gap = row.difference.cagr if row.difference else None
        parts = (ABSENT,) * 3 if gap is None else (
            percent(gap.estimate), percent(gap.low), percent(gap.high)
        )  # fmt: skip
        yield (
            row.name, row.group, percent(row.cagr), *parts, percent(row.max_drawdown, 1),
            percent(row.cvar_month), percent(row.costs_per_year), str(row.moves),
        )  # fmt: skip
