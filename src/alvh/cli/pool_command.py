"""`alvh pool`: the layers as a weighted pool, and the band in which not to trade."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import day, engine_running, read_history, say_identity, say_model_share

if TYPE_CHECKING:
    from alvh.advise.pool import Pool

_CURVE = ("drift loss", "cost", "together", "trades a year", "realised growth")


def pool(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    depth: Annotated[
        float | None,
        typer.Option(
            "--depth",
            min=1.0,
            metavar="NUMBER",
            help="Contracts shown at the touch; default: deep.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Weigh what the layers lose by drifting against what rebalancing costs."""
    import alvh
    from alvh.advise.pool import pool as read_pool

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    history = read_history(data)
    with engine_running(f"{programme.name} with {policy.name}"):
        result = alvh.backtest(
            history, policy, programme, start=day(start), end=day(end), equity=equity, fill=fill
        )
        weights = {str(layer.name): layer.weight for layer in policy.layers}
        found = read_pool(result, weights, depth=math.inf if depth is None else depth)
    if as_json:
        say_json({"pool": _whole(found), "meta": result.meta})
        return
    say_model_share(result.model_priced_share, result.fitted_share)
    _say(found)
    say_identity(result.meta)


def _whole(found: "Pool") -> dict[str, Any]:
    from dataclasses import asdict

    record = asdict(found)
    record["curve"] |= {"total": found.curve.total, "best": found.curve.best}
    return record


def _say(found: "Pool") -> None:
    names = ", ".join(found.layers)
    say(
        f"{names}: {dollars(found.value)} USD on average, {found.sessions} sessions; a pool that "
        f"traded at stale prices would give away {percent(found.drift_rate)} of it a year"
    )
    curve = found.curve
    columns = (curve.bands, curve.drift_loss, curve.cost, curve.total, curve.trades, curve.growth)
    writers = (_whole_percent, percent, percent, percent, _tenths, percent)
    rows = (
        tuple(write(float(x)) for write, x in zip(writers, row, strict=True))
        for row in zip(*columns, strict=True)
    )
    show_table("By band, of the pool a year", ("band", *_CURVE), rows, numbers=("band", *_CURVE))
    say(f"least loss at a band of {percent(curve.best, 0)}")


def _whole_percent(value: float) -> str:
    return percent(value, 0)


def _tenths(value: float) -> str:
    return decimal(value, 1)
