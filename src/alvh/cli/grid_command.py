"""`alvh grid`: where a layer's tenor and delta stand among others."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import counting, say, say_json, show_table
from alvh.cli.formats import decimal, p_value, percent
from alvh.cli.options import AsJson, Cluster, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import announce_compiling, day, read_history, say_identity, say_model_share

if TYPE_CHECKING:
    from alvh.evidence.grids import Grid

_NUMBERS = ("tenor", "delta", "growth", "CVaR month", "carry", "hedge profit", "per carry")


def grid(
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="short, medium or tail.")],
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Whose layer is varied.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    tenors: Annotated[
        list[float] | None,
        typer.Option("--tenor", metavar="DAYS", help="One of the grid; may be repeated."),
    ] = None,
    deltas: Annotated[
        list[float] | None,
        typer.Option("--delta", metavar="DELTA", help="One of the grid; may be repeated."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="NUMBER", min=0, help="Of the resampling.")
    ] = 0,
    resamples: Annotated[
        int,
        typer.Option("--resamples", metavar="NUMBER", min=0, help="Histories; 0: no intervals."),
    ] = 500,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Draw the grid, as HTML.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the grid, as CSV.")
    ] = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Run one layer of a hedge at other tenors and deltas, and rank its own among them."""
    from alvh import grid as run_grid

    market = read_history(data)
    announce_compiling()
    with counting("tenors, deltas and resampled histories") as progress:
        found = run_grid(
            market, layer, hedge, condors, day(start), day(end), equity, fill,
            tenors=tenors or (), deltas=deltas or (), resamples=resamples, seed=seed,
            progress=progress, cluster=cluster,
        )  # fmt: skip
    if save is not None:
        from alvh.cli.files import write_whole

        write_whole(save, found.table().write_csv)
    if report is not None:
        from alvh.report.triangle import write_grid

        write_grid(found, report)
    if as_json:
        say_json(_as_json(found))
        return
    say_model_share(found.meta["model_priced_share"], found.meta["fitted_share"])
    title = f"{found.meta['programme']}: the {layer} layer of {found.meta['hedge']}"
    show_table(title, ("", *_NUMBERS), _rows(found), numbers=_NUMBERS)
    for name, one in found.standings.items():
        among = "among" if one.region[found.marked] else "not among"
        say(f"by {name.replace('_', ' ')}: rank {one.rank} of {len(found.tenors)} "
            f"({one.rank_low} to {one.rank_high}), {among} the {int(one.region.sum())} that "
            "cannot be told from the best")  # fmt: skip
    say(f"test that none grows faster: p {p_value(found.spa, found.meta['resamples'])}")
    say_identity(found.meta)


def _rows(found: "Grid") -> Iterator[tuple[str, ...]]:
    best = found.standings["growth"].best
    ratio = found.standings["per_carry"].values
    for row in range(len(found.tenors)):
        mark = "own" if row == found.marked else "best growth" if row == best else ""
        yield (
            mark, f"{found.tenors[row]:.0f}", decimal(found.deltas[row], 2),
            percent(found.growth[row]), percent(found.cvar_month[row]),
            percent(found.carry[row]), percent(found.hedge_pnl[row]), decimal(ratio[row], 2),
        )  # fmt: skip


def _as_json(found: "Grid") -> dict[str, object]:
    return {
        "meta": found.meta, "layer": found.layer, "spa": found.spa,
        "standings": {
            name: {
                "rank": one.rank, "rank_low": one.rank_low, "rank_high": one.rank_high,
                "best": {"tenor": found.tenors[one.best], "delta": found.deltas[one.best]},
                "like_best": int(one.region.sum()),
                "is_like_best": bool(one.region[found.marked]),
            }
            for name, one in found.standings.items()
        },
        "grid": found.table().to_dicts(),
    }  # fmt: skip
