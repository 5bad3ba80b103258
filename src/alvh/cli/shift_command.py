"""`alvh shift`: where a layer could be rolled to, and what each place costs."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import ABSENT, say, say_json, show_table
from alvh.cli.formats import decimal, dollars
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Equity, Fill, Start
from alvh.cli.running import day, engine_running, read_history, say_identity

if TYPE_CHECKING:
    from alvh.advise.shift import Candidate, Shift

_NUMBERS = ("days", "structures", "delta", "cash", "decay a day", "per delta")


def shift(
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="short, medium or tail.")],
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
    data: Data = "bundled",
    start: Start = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    as_json: AsJson = False,
) -> None:
    """Compare the expiries that a layer could be rolled to at its spot-VIX delta."""
    import alvh
    from alvh.advise.shift import shift as compare_expiries

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    market = read_history(data)
    with engine_running(f"{programme.name} with {policy.name}"):
        result = alvh.backtest(
            market, policy, programme, start=day(start), end=day(as_of), equity=equity, fill=fill
        )
        found = compare_expiries(market, result, policy, layer, fill=fill)
    if as_json:
        from dataclasses import asdict

        say_json({"shift": asdict(found), "meta": result.meta})
        return
    show_table(
        f"{found.as_of}: the {layer} layer, USD; delta is USD per point of spot VIX, per delta the "
        "decay of a USD of it",
        ("", "expiry", "strikes", *_NUMBERS, "why not"), _rows(found), numbers=_NUMBERS,
    )  # fmt: skip
    say(_verdict(found))
    say_identity(result.meta)


def _verdict(found: "Shift") -> str:
    best, held = found.best, found.held
    if best is None:
        return "no expiry is to be had"
    same = (best.expiry, best.strikes) == (held.expiry, held.strikes)
    return f"least cost per delta: {best.expiry}" + (", which is what is held" if same else "")


def _rows(found: "Shift") -> Iterator[tuple[str, ...]]:
    yield _row("held", found.held)
    for one in found.candidates:
        yield _row("best" if one is found.best else "", one)


def _row(mark: str, one: "Candidate") -> tuple[str, ...]:
    strikes = " / ".join(f"{strike:g}" for strike in one.strikes) or ABSENT
    if one.why_not:
        blank = (ABSENT,) * 5
        return mark, str(one.expiry), strikes, str(one.days), *blank, one.why_not
    return (
        mark, str(one.expiry), strikes, str(one.days), str(one.structures), dollars(one.delta),
        dollars(one.cash), decimal(one.decay_per_day), decimal(one.cost_rate, 4), "",
    )  # fmt: skip
