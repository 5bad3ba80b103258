"""`alvh compare`: every hedge beside its unhedged twin and beside fewer condors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import ABSENT, err, note, say, say_json, show_table
from alvh.cli.files import refuse_unwritable
from alvh.cli.formats import decimal, dollars, missing, percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import (
    announce_compiling,
    day,
    read_history,
    say_identity,
    say_model_share,
)

if TYPE_CHECKING:
    from alvh import Comparison
    from alvh.evidence.rows import Row

Progress = Callable[[int, int, str], None]


class Equal(StrEnum):
    """What the hedges are made equal in."""

    carry = "carry"
    outlay = "outlay"


_TITLES = {
    "preset": "At the sizes of their policies",
    "carry": "At equal carry",
    "outlay": "At equal outlay",
}
_COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("scale", "scale", decimal),
    ("growth", "cagr", percent),
    ("volatility", "volatility", percent),
    ("Sharpe", "sharpe", decimal),
    ("max drawdown", "max_drawdown", percent),
    ("CVaR month", "cvar_month", percent),
    ("hedge cost", "hedge_cost_per_year", percent),
    ("carry", "carry_per_year", percent),
    ("capital", "capital_in_hedge", percent),
    ("fees, slippage", "costs_per_year", percent),
    ("DD removed", "drawdown_removed", percent),
    ("growth given up", "cagr_given_up", percent),
)
_SPARE = (
    "fees, slippage",
    "capital",
    "volatility",
    "carry",
    "growth given up",
    "DD removed",
    "Sharpe",
    "hedge cost",
)
_CRISIS_NUMBERS = ("SPX", "VIX", "condors", "short", "medium", "tail", "hedged", "unhedged")


def compare(
    hedges: Annotated[
        list[str] | None,
        typer.Option("--hedge", metavar="NAME", help="Hedge to compare; repeat. Default: all."),
    ] = None,
    condors: Condors = "monthly45",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    equal: Annotated[
        Equal | None, typer.Option("--equal", help="Show one basis alone; default: all three.")
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="NAME", help="Hedge the others are made equal to."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="NUMBER", min=0, help="Of the resampling.")
    ] = 0,
    resamples: Annotated[
        int,
        typer.Option(
            "--resamples", metavar="NUMBER", min=0, help="Bootstrap histories; 0: no intervals."
        ),
    ] = 1000,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write an HTML report there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare hedges with none, with one call, and with fewer condors."""
    import alvh

    if report is not None:
        refuse_unwritable(report)
    programme = alvh.load_programme(condors)
    policies = None if not hedges else [alvh.load_policy(name) for name in hedges]
    history = read_history(data)
    announce_compiling()
    with _progress() as progress:
        comparison = alvh.compare(
            history,
            hedges=policies,
            condors=programme,
            equal=None if equal is None else equal.value,
            start=day(start),
            end=day(end),
            equity=equity,
            fill=fill,
            reference=reference,
            seed=seed,
            resamples=resamples,
            progress=progress,
        )
    if as_json:
        say_json(comparison.to_dict())
    else:
        _say_comparison(comparison, None if equal is None else equal.value)
    if report is not None:
        _write_report(comparison, report)


def _say_comparison(comparison: "Comparison", only: str | None) -> None:
    meta = comparison.headline.meta
    summary = comparison.headline.summary()
    say_model_share(summary["model_priced_share"], summary.get("fitted_share", 0.0))
    say(
        f"{meta['programme']}, {meta['start']} to {meta['end']}, {dollars(meta['equity'])} USD; "
        f"rates per year, of the account; the reference is {comparison.reference}"
    )
    headings, left_out = tuple(heading for heading, _, _ in _COLUMNS), tuple[str, ...]()
    for basis in [only] if only else _TITLES:
        rows = (_figures(row) for row in comparison.rows[basis])
        columns = ("hedge", *headings)
        left_out = show_table(_TITLES[basis], columns, rows, numbers=headings, spare=_SPARE)
    if left_out:
        note(f"too narrow for {', '.join(left_out)}: widen the terminal, or use --json")
    _say_crises(comparison)
    for line in comparison.verdict():
        say(line)
    for name, basis, reason in comparison.refused:
        say(f"left out: {name}, {_TITLES[basis].lower()}: {reason}")
    say_identity(meta)


def _figures(row: "Row") -> tuple[str, ...]:
    name = row.name if row.reached else f"{row.name} (not reached)"
    return (name, *(write(getattr(row, key)) for _, key, write in _COLUMNS))


def _say_crises(comparison: "Comparison") -> None:
    held = [row for row in comparison.crises().iter_rows(named=True) if row["coverage"] != "none"]
    if held:
        show_table(
            f"Crises, {comparison.reference}: profit by sleeve in USD, returns of the two books",
            ("crisis", *_CRISIS_NUMBERS),
            (_crisis_cells(row) for row in held),
            numbers=_CRISIS_NUMBERS,
            spare=("tail", "medium", "short", "condors"),
        )


def _crisis_cells(row: dict[str, Any]) -> tuple[str, ...]:
    name = row["crisis"] if row["coverage"] == "all" else f"{row['crisis']} (in part)"
    known = not (missing(row["vix_from"]) or missing(row["vix_to"]))
    vix = f"{row['vix_from']:.1f} → {row['vix_to']:.1f}" if known else ABSENT
    sleeves = (dollars(row[key]) for key in ("condors", "short", "medium", "tail"))
    return (
        name,
        percent(row["spx"], 1),
        vix,
        *sleeves,
        percent(row["hedged"]),
        percent(row["unhedged"]),
    )


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Draw a bar on a terminal; in a pipe, stay silent."""
    console = err()
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, steps, what: bar.update(
            task, completed=done, total=steps, description=what
        )


def _write_report(comparison: "Comparison", path: Path) -> None:
    from alvh.report import write_report

    path.parent.mkdir(parents=True, exist_ok=True)
    write_report(comparison, path)
    note(f"report: {path}")
