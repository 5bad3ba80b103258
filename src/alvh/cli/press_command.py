"""`alvh press`: what time and volatility take from long VIX calls around events."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import ABSENT, note, say, say_json, show_table
from alvh.cli.files import refuse_unwritable, write_whole
from alvh.cli.formats import missing, percent
from alvh.cli.options import AsJson, Condors, Data, End, Start
from alvh.cli.running import day, engine_running, read_history, say_identity, say_model_share

if TYPE_CHECKING:
    from alvh.evidence.press import PressReport

_MEANS = ("pnl", "forward", "vega", "theta", "second_order", "residual", "press", "surface")
_COLUMNS = ("call", "event", "sessions", "count", *_MEANS, "median press", "less ordinary")
_SPARE = ("residual", "second_order", "surface", "median press", "forward")


def press(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge whose VIX calls are added.")
    ] = "alvh-40-40-20",
    condors: Condors = "cndr",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="NUMBER", min=0, help="Of the resampling.")
    ] = 0,
    resamples: Annotated[
        int, typer.Option("--resamples", metavar="NUMBER", min=1, help="Of the intervals.")
    ] = 1000,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the table, as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure vega and theta of long VIX calls after FOMC, CPI and spikes."""
    import alvh
    from alvh.evidence.press import press_report

    if save is not None:
        refuse_unwritable(save)
    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    history = read_history(data)
    with engine_running(f"{programme.name} with {policy.name}"):
        result = alvh.backtest(
            history, hedge=policy, condors=programme, start=day(start), end=day(end)
        )
        report = press_report(history, result, seed=seed, resamples=resamples)
    if as_json:
        share = {"model_priced_share": result.model_priced_share}
        say_json({"table": report.table, "notes": report.notes, "meta": report.meta} | share)
    else:
        say_model_share(result.model_priced_share, result.fitted_share)
        _say_press(report)
    if save is not None:
        write_whole(save, report.table.write_csv)
        note(f"wrote {save}")


def _say_press(report: "PressReport") -> None:
    say(
        "every option price here is reconstructed: VVIX sets the level of volatility, no quote does"
    )
    for line in report.notes:
        say(line)
    left_out = show_table(
        "Means per call and event, shares of the premium at the start; press = vega + theta",
        _COLUMNS,
        [_cells(row) for row in report.table.iter_rows(named=True)],
        numbers=_COLUMNS[2:],
        spare=_SPARE,
    )
    if left_out:
        note(f"left out for want of width: {', '.join(left_out)}")
    say_identity(report.meta)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    means = (percent(row[name], 1) for name in _MEANS)
    name, event = str(row["position"]), str(row["event"])
    count, sessions = str(row["count"]), str(row["sessions"])
    return name, event, sessions, count, *means, percent(row["press_median"], 1), _excess(row)


def _excess(row: dict[str, Any]) -> str:
    """Write what an event's press is beyond that of ordinary sessions, with its interval."""
    if missing(row["press_excess"]):
        return ABSENT
    low, high = (percent(row[name], 1) for name in ("press_low", "press_high"))
    return f"{percent(row['press_excess'], 1)} [{low}, {high}]"
