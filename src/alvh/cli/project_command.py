"""`alvh project`: the book some days on, under moves of the S&P 500 and VIX."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Equity, Fill, OwnBook, Start
from alvh.cli.running import book_of_evening, day, engine_running, read_history, say_identity

if TYPE_CHECKING:
    from alvh.advise.project import Projection

_LEGS = ("strike", "contracts", "mid", "gain")


def project(
    days: Annotated[
        int, typer.Option("--days", min=0, max=400, metavar="N", help="Calendar days that pass.")
    ] = 0,
    spx: Annotated[
        float, typer.Option("--spx", metavar="PERCENT", help="Move of the S&P 500, as -5.")
    ] = 0.0,
    vix: Annotated[
        float | None,
        typer.Option("--vix", metavar="POINTS", help="VIX then; default: its usual answer."),
    ] = None,
    vix_points: Annotated[
        float | None,
        typer.Option("--vix-points", metavar="POINTS", help="Change of VIX, as 10, instead."),
    ] = None,
    vix_percent: Annotated[
        float | None,
        typer.Option("--vix-percent", metavar="PERCENT", help="Change of VIX, as 50, instead."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", metavar="DATE", formats=DATE_FORMATS, help="Evening; default: the last."
        ),
    ] = None,
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    book: OwnBook = None,
    data: Data = "bundled",
    start: Start = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    as_json: AsJson = False,
) -> None:
    """Reprice the book of an evening after days and moves, leg by leg and over two grids."""
    import alvh
    from alvh.advise.project import GRID_DAYS, GRID_SPX, GRID_VIX
    from alvh.advise.project import project as reprice
    from alvh.report.answers import projected

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    market = read_history(data)
    with engine_running(f"{programme.name} with {policy.name}"):
        result, evening = book_of_evening(
            market, policy, programme, book, (day(start), day(as_of)), (equity, fill)
        )
        found = reprice(
            market, result, days, spx / 100.0, vix, vix_points=vix_points,
            vix_return=None if vix_percent is None else vix_percent / 100.0, evening=evening,
        )  # fmt: skip
        whole = projected(market, result, found, evening)
    if as_json:
        say_json(whole)
        return
    grid, later = whole["grid"]["gains"], whole["ahead"]["gains"]
    _say(found)
    _say_grid(
        f"The whole book after {days} days, USD gained; VIX in points from here",
        [f"VIX {points:+g}" for points in GRID_VIX], GRID_SPX, grid["total"],
    )  # fmt: skip
    _say_grid(
        "The whole book by days, USD gained; VIX by its usual answer",
        [f"{ahead} days" for ahead in GRID_DAYS], GRID_SPX, later["total"][:, :, 0].T,
    )  # fmt: skip
    say_identity(result.meta)


def _say_grid(title: str, names: list[str], moves: Sequence[float], gains: Any) -> None:
    rows = (
        (percent(move, 0), *(dollars(float(gain)) for gain in row))
        for move, row in zip(moves, gains, strict=True)
    )
    show_table(title, ("S&P 500", *names), rows, numbers=names)


def _say(found: "Projection") -> None:
    say(
        f"{found.as_of} to {found.on}: S&P 500 {percent(found.spx_return, 1)}, VIX "
        f"{found.vix:.2f} to {found.vix_then:.2f}; model prices"
    )
    gains = ((name, dollars(gain)) for name, gain in found.gains.items())
    show_table("USD gained", ("part", "gain"), gains, numbers=("gain",))
    rows = (
        (row["sleeve"], f"{row['root']} {row['put_call']}".strip(), str(row["expiry"] or "–"),
         decimal(row["strike"]), f"{row['quantity']:+.0f}", decimal(row["mid"]),
         dollars(row["gain"]), "expired" if row["expired"] else "")
        for row in found.legs.iter_rows(named=True)
    )  # fmt: skip
    show_table("Leg by leg", ("sleeve", "contract", "expiry", *_LEGS, ""), rows, numbers=_LEGS)
