"""`alvh simplex`: where a split of the hedge stands among all splits."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import counting, say, say_json, show_table
from alvh.cli.formats import decimal, p_value, percent
from alvh.cli.options import AsJson, Cluster, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import (
    announce_compiling,
    day,
    read_history,
    say_identity,
    say_model_share,
)
from alvh.cli.worlds_command import Maker, made_by
from alvh.errors import DataError

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
    worlds: Annotated[
        int | None,
        typer.Option(
            "--worlds", metavar="NUMBER", min=2,
            help="Trade every split through so many drawn histories, not one; see --keep.",
        ),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", metavar="NUMBER", min=64, help="Sessions of each of them.")
    ] = 4788,
    model: Annotated[
        Maker, typer.Option("--model", help="Draw them from history, or make them by the model.")
    ] = Maker.bootstrap,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Keep finished worlds; resume from them."),
    ] = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Run every split of a hedge between its layers, and rank its own among them."""
    from alvh import simplex as run_simplex

    market = read_history(data)
    if worlds is not None:
        if report is not None:
            raise DataError("--report draws one history; leave it out with --worlds, or use --save")
        made = made_by(market, model, day(start), day(end), None)
        options = {"step": step, "folder": keep, "cluster": cluster}
        _in_worlds(
            made, (worlds, days, seed), (hedge, condors, equity, fill), options, save, as_json
        )
        return
    if keep is not None:
        raise DataError("--keep belongs to --worlds; give the number of worlds")
    announce_compiling()
    with counting("splits and resampled histories") as progress:
        found = run_simplex(
            market, hedge, condors, day(start), day(end), equity, fill, step=step,
            resamples=resamples, seed=seed, progress=progress, cluster=cluster,
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
    say_model_share(found.meta["model_priced_share"], found.meta["fitted_share"])
    title = f"{found.meta['programme']}: {len(found.splits)} splits of {found.meta['hedge']}"
    show_table(title, ("split", *_NUMBERS),
               _rows(found), numbers=_NUMBERS)  # fmt: skip
    say(f"unhedged: growth {percent(found.twin_growth)}, CVaR month "
        f"{percent(found.twin_cvar_month)}")  # fmt: skip
    for line in _standings(found):
        say(line)
    say(f"test that no split grows faster: p {p_value(found.spa, found.meta['resamples'])}")
    say("carry is what an unchanged market gives or takes a year")
    say_identity(found.meta)


def _in_worlds(
    model: Any, drawn: tuple[int, int, int], books: tuple[str, str, float, float],
    options: dict[str, Any], save: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Run every split through drawn histories, and say how the rank is distributed."""
    from alvh import simulate, split_worlds

    announce_compiling()
    with counting("worlds, all splits in each") as progress:
        found = split_worlds(simulate(model, *drawn), *books, progress=progress, **options)
    if save is not None:
        from alvh.cli.files import write_whole

        write_whole(save, found.table().write_csv)
    summary = found.summary()
    if as_json:
        say_json({"meta": found.meta, "summary": summary, "splits": found.table().to_dicts()})
        return
    numbers = ("rank", "5 %", "95 %", "best in", "first tenth", "better half", "a best is best in")
    show_table(
        f"{books[1]}: rank of {books[0]} among {len(found.splits)} splits, {drawn[0]:,} histories "
        f"of {found.years:.1f} years", ("criterion", *numbers),
        (_rank_cells(name, summary[name]) for name in summary), numbers=numbers,
    )  # fmt: skip
    say("rank: median, 1 the best; the last column: share of histories in which the split that is")
    say("most often best is best. Prices of options are the model's.")
    say(f"{found.meta['model']}, seed {drawn[2]}")
    say_identity(found.meta)


def _rank_cells(name: str, row: dict[str, float]) -> tuple[str, ...]:
    ranks = (f"{row[key]:.0f}" for key in ("rank_50", "rank_05", "rank_95"))
    shares = (percent(row[key], 0) for key in ("best", "first_tenth", "above_half", "share_best"))
    return _TITLES[name], *ranks, *shares


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
    if not found.meta["resamples"]:
        for name, one in found.standings.items():
            yield f"by {_TITLES[name]}: rank {one.rank} of {count}"
        return
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
