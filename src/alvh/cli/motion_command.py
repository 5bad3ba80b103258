"""`alvh motion`: hold to settlement, rebalance daily, or something between?"""

from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.formats import percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import day, engine_running, read_history, say_identity, say_model_share

if TYPE_CHECKING:
    from alvh.evidence.motion import MotionRow

_COLUMNS = (
    ("growth", "cagr"),
    ("max drawdown", "max_drawdown"),
    ("CVaR month", "cvar_month"),
    ("hedge cost", "hedge_cost_per_year"),
    ("fees, slippage", "costs_per_year"),
)


def motion(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
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
        int,
        typer.Option(
            "--resamples", metavar="NUMBER", min=0, help="Bootstrap histories; 0: no intervals."
        ),
    ] = 1000,
    as_json: AsJson = False,
) -> None:
    """Compare a policy with holding to settlement and with rebalancing."""
    import alvh
    from alvh.evidence.motion import motion as compare_motion

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    history = read_history(data)
    with engine_running(f"{policy.name}, held and moved"):
        found = compare_motion(
            history,
            policy,
            programme,
            day(start),
            day(end),
            equity,
            fill,
            seed=seed,
            resamples=resamples,
        )
    result = found.results["policy"]
    if as_json:
        say_json({**found.to_dict(), "meta": result.meta})
        return
    say_model_share(result.model_priced_share, result.fitted_share)
    headings = (*(heading for heading, _ in _COLUMNS), "legs", "growth over the policy")
    show_table(
        f"{policy.name} on {programme.name}: how much to move; rates per year, net of costs",
        ("version", *headings),
        (_cells(row) for row in found.rows),
        numbers=headings,
    )
    for line in found.verdict():
        say(line)
    say_identity(result.meta)


def _cells(row: "MotionRow") -> tuple[str, ...]:
    gap = row.difference.cagr if row.difference else None
    written = f"{percent(gap.low)} to {percent(gap.high)}" if gap and not row.same else ""
    figures = (percent(getattr(row, key)) for _, key in _COLUMNS)
    return row.name, *figures, str(row.trades), written
