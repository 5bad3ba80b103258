"""`alvh backtest`: one condor programme with one hedge, through history."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import note, say_json, show_table
from alvh.cli.files import refuse_unwritable, write_whole
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Improvement, Start
from alvh.cli.running import day, engine_running, read_history, say_identity, say_model_share

if TYPE_CHECKING:
    import polars as pl

    from alvh import Result

_FIGURES = (
    ("growth per year", "cagr", percent),
    ("volatility per year", "volatility", percent),
    ("Sharpe ratio over bills", "sharpe", decimal),
    ("maximum drawdown", "max_drawdown", percent),
    ("mean of the worst 5 % of days", "cvar_95", percent),
    ("ulcer index", "ulcer", percent),
    ("hedge cost per year", "hedge_cost_per_year", percent),
    ("fees and slippage per year", "costs_per_year", percent),
    ("condors won", "win_rate", percent),
    ("account at the end, USD", "final_nav", dollars),
)


def backtest(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "cndr",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    improvement: Improvement = 0.0,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FOLDER",
            help="Write daily, trades, decisions and condors there, as CSV.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run one hedged condor book through history."""
    import alvh

    if save is not None:
        refuse_unwritable(save / "daily.csv")
    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    history = read_history(data)
    with engine_running(f"{programme.name} with {policy.name}"):
        result = alvh.backtest(
            history,
            hedge=policy,
            condors=programme,
            start=day(start),
            end=day(end),
            equity=equity,
            fill=fill,
            improvement=improvement,
        )
    if as_json:
        sleeves = {name: path[-1] for name, path in result.sleeves.items()}
        say_json({"summary": result.summary(), "sleeves": sleeves, "meta": result.meta})
    else:
        _say_result(result)
    if save is not None:
        _save(result, save)


def _say_result(result: "Result") -> None:
    summary = result.summary()
    say_model_share(summary["model_priced_share"], summary["fitted_share"])
    title = (
        f"{summary['programme']} with {summary['hedge']}, {summary['start']} to {summary['end']}"
    )
    rows = [(label, write(summary[key])) for label, key, write in _FIGURES]
    rows.append(("condors opened, legs traded", f"{summary['condors']}, {summary['trades']}"))
    show_table(title, ("figure", "value"), rows, numbers=("value",))
    show_table(
        "Profit by sleeve, USD",
        ("sleeve", "at mid prices", "fees and slippage"),
        _sleeve_rows(result),
        numbers=("at mid prices", "fees and slippage"),
    )
    say_identity(result.meta)


def _sleeve_rows(result: "Result") -> Iterator[tuple[str, str, str]]:
    costs: Mapping[str, Any] = result.costs_by_sleeve
    for name, path in result.sleeves.items():
        if name != "costs":
            cost = dollars(costs[name][-1]) if name in costs else ""
            yield name, dollars(path[-1]), cost
    yield (
        "in all",
        dollars(result.nav[-1] - result.meta["equity"] - result.sleeves["costs"][-1]),
        (dollars(result.sleeves["costs"][-1])),
    )


def _save(result: "Result", folder: Path) -> None:
    tables = {
        "daily": _daily(result),
        "trades": result.trades,
        "decisions": result.decisions,
        "condors": result.condors,
    }
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", table.write_csv)
    note(f"wrote {', '.join(f'{name}.csv' for name in tables)} to {folder}")


def _daily(result: "Result") -> "pl.DataFrame":
    import polars as pl

    columns = {"date": result.dates, "nav": result.nav} | dict(result.sleeves)
    columns |= {"hedge_value": result.hedge_value, "margin": result.margin}
    return pl.DataFrame(columns)
