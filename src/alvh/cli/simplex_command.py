"""`alvh simplex`: where a split of the hedge stands among all splits."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import counting, say, say_json, show_table
from alvh.cli.formats import decimal, percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import announce_compiling, day, read_history, say_identity

if TYPE_CHECKING:
    from alvh.evidence.simplex import Simplex

_NUMBERS = ("short", "medium", "tail", "growth", "CVaR month", "carry", "hedge profit", "per carry")
_TITLES = {
    "growth": "growth",
    "risk_removed": "risk removed",
    "per_carry": "risk removed per dollar of carry",
}
_CORNERS = {"all short": 0, "all medium": 1, "all tail": 2}


def simplex(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Three layers whose split is varied.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    step: Annotated[
        int, typer.Option("--step", metavar="PERCENT", min=1, max=100, help="Of the grid.")
    ] = 5,
    seed: Annotated[
        int, typer.Option("--seed", metavar="NUMBER", min=0, help="Of the resampling.")
    ] = 0,
    resamples: Annotated[
        int,
        typer.Option("--resamples", metavar="NUMBER", min=0, help="Histories; 0: no intervals."),
    ] = 500,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Draw the triangles, as HTML.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write every split, as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run every split of a hedge between its layers, and rank its own among them."""
    from alvh import simplex as run_simplex

    market = read_history(data)
    announce_compiling()
    with counting("splits and resampled histories") as progress:
        found = run_simplex(
            market, hedge, condors, day(start), day(end), equity, fill, step=step,
            resamples=resamples, seed=seed, progress=progress,
        )  # fmt: skip
    if save is not None:
        from alvh.cli.files import write_whole

        write_whole(save, found.table().write_csv)
    if report is not None:
        from alvh.report.triangle import write_simplex

        write_simplex(found, report)
    if as_json:
        say_json(_as_json(found))
        return
    show_table(f"{condors}: {len(found.splits)} splits of {hedge}", ("split", *_NUMBERS),
               _rows(found), numbers=_NUMBERS)  # fmt: skip
    say(f"unhedged: growth {percent(found.twin_growth)}, CVaR month "
        f"{percent(found.twin_cvar_month)}")  # fmt: skip
    for line in _standings(found):
        say(line)
    say(f"test that no split grows faster: p = {decimal(found.spa, 3)}")
    say(
        "prices of options are the model's; carry is what an unchanged market gives or takes a year"
    )
    say_identity(found.meta)


def _chosen(found: "Simplex") -> Iterator[tuple[str, int]]:
    yield found.meta["hedge"], found.marked
    for name, standing in found.standings.items():
        yield f"best by {_TITLES[name]}", standing.best
    for name, layer in _CORNERS.items():
        yield name, int(found.splits[:, layer].argmax())


def _rows(found: "Simplex") -> Iterator[tuple[str, ...]]:
    ratio = found.standings["per_carry"].values
    for name, row in _chosen(found):
        yield (
            name, *(percent(share, 0) for share in found.splits[row]), percent(found.growth[row]),
            percent(found.cvar_month[row]), percent(found.carry[row]),
            percent(found.hedge_pnl[row]), decimal(ratio[row], 2),
        )  # fmt: skip


def _standings(found: "Simplex") -> Iterator[str]:
    level, count = found.meta["level"], len(found.splits)
    for name, one in found.standings.items():
        among = "among" if one.region[found.marked] else "not among"
        yield (
            f"by {_TITLES[name]}: rank {one.rank} of {count} ({one.rank_low} to {one.rank_high}), "
            f"{among} the {int(one.region.sum())} that cannot be told from the best "
            f"({percent(level, 0)})"
        )


def _as_json(found: "Simplex") -> dict[str, object]:
    return {
        "meta": found.meta,
        "twin": {"growth": found.twin_growth, "cvar_month": found.twin_cvar_month},
        "spa": found.spa,
        "standings": {
            name: {
                "rank": one.rank, "rank_low": one.rank_low, "rank_high": one.rank_high,
                "best": found.splits[one.best].tolist(), "like_best": int(one.region.sum()),
                "is_like_best": bool(one.region[found.marked]),
            }
            for name, one in found.standings.items()
        },
        "splits": found.table().to_dicts(),
    }  # fmt: skip
