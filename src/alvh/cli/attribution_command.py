"""`alvh attribution`: what a book's profit was due to, by sleeve, day or leg."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import note, say, say_json, show_table
from alvh.cli.files import refuse_unwritable, write_whole
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import day, engine_running, read_history, say_identity, say_model_share

if TYPE_CHECKING:
    import polars as pl

    from alvh.evidence.attribution import Attribution

SHOWN = 20  # rows of a table that is too long to print


class By(StrEnum):
    """What one row of the table is."""

    sleeve = "sleeve"
    day = "day"
    leg = "leg"


class Greeks(StrEnum):
    """At what greeks the moves are explained."""

    path = "path"
    start = "start"


_KEYS = {
    By.sleeve: ("sleeve",),
    By.day: ("date",),
    By.leg: ("date", "sleeve", "root", "expiry", "strike", "put_call", "quantity"),
}
_SPARE = ("rate", "volga", "vanna", "residual", "gamma")


def attribution(
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "cndr",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    by: Annotated[By, typer.Option("--by", help="What one row is.")] = By.sleeve,
    greeks: Annotated[
        Greeks,
        typer.Option(
            "--greeks",
            help="Second-order greeks: averaged along the day's move, or of the evening before.",
        ),
    ] = Greeks.path,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", metavar="FOLDER", help="Write legs, days, sleeves, misses there, as CSV."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a book's daily profit by delta, gamma, vega, theta, carry and what is left."""
    import alvh
    from alvh.evidence.attribution import attribute

    if save is not None:
        refuse_unwritable(save / "legs.csv")
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
        )
        found = attribute(history, result, greeks=greeks.value)
    if as_json:
        say_json(_answer(found, by))
    else:
        _say_attribution(found, by)
    if save is not None:
        _save(found, save)


def _rows(found: "Attribution", by: By) -> "pl.DataFrame":
    return {By.sleeve: found.by_sleeve, By.day: found.by_day, By.leg: found.legs}[by]


def _answer(found: "Attribution", by: By) -> dict[str, Any]:
    return {
        "by": by.value,
        "rows": _rows(found, by),
        "coverage": found.coverage(),
        "misses": found.misses(),
        "model_priced_share": found.model_priced_share,
        "fitted_share": found.fitted_share,
        "meta": found.meta,
    }


def _say_attribution(found: "Attribution", by: By) -> None:
    from alvh.evidence.attribution import PARTS

    say_model_share(found.model_priced_share, found.fitted_share)
    table, keys = _rows(found, by), _KEYS[by]
    title = f"Profit at mid by cause, USD, {found.meta['start']} to {found.meta['end']}"
    if table.height > SHOWN:
        title += f"; the {SHOWN} largest of {table.height}, --save writes all"
        table = table.sort(table["pnl"].abs(), descending=True).head(SHOWN)
    writers: list[Callable[[Any], str]] = [_text] * len(keys) + [dollars] * (len(PARTS) + 1)
    columns = (*keys, "pnl", *PARTS)
    left_out = _show(title, table, columns, writers, numbers=("pnl", *PARTS))
    if left_out:
        note(f"left out for want of width: {', '.join(left_out)}")
    _say_coverage(found)
    say_identity(found.meta)


def _say_coverage(found: "Attribution") -> None:
    show_table(
        "Days on which the residual is at most 5 % of the gross of the parts",
        ("sleeve", "days", "explained", "residual of gross", "worst day, USD"),
        (
            (one["sleeve"], str(one["days"]), percent(one["explained"]),
             percent(one["residual_share"], 4), dollars(one["worst"]))
            for one in found.coverage().iter_rows(named=True)
        ),
        numbers=("days", "explained", "residual of gross", "worst day, USD"),
    )  # fmt: skip
    misses = found.misses()
    if misses.height == 0:
        say("no day of any sleeve is beyond it")
        return
    _show(
        f"Beyond it, the {min(SHOWN, misses.height)} dearest of {misses.height}",
        misses.head(SHOWN),
        ("date", "sleeve", "pnl", "gross", "residual", "why"),
        [_text, _text, dollars, dollars, dollars, _text],
        numbers=("pnl", "gross", "residual"),
    )


def _show(
    title: str,
    table: "pl.DataFrame",
    columns: Sequence[str],
    writers: Sequence[Callable[[Any], str]],
    numbers: Sequence[str],
) -> tuple[str, ...]:
    rows = (
        [write(cell) for write, cell in zip(writers, row, strict=True)]
        for row in table.select(columns).iter_rows()
    )
    return show_table(title, columns, rows, numbers=numbers, spare=_SPARE)


def _text(cell: object) -> str:
    return decimal(cell, 1) if isinstance(cell, float) or cell is None else str(cell)


def _save(found: "Attribution", folder: Path) -> None:
    tables = {
        "legs": found.legs,
        "sleeve_days": found.by_sleeve_day,
        "days": found.by_day,
        "sleeves": found.by_sleeve,
        "coverage": found.coverage(),
        "misses": found.misses(),
    }
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", table.write_csv)
    note(f"wrote {', '.join(f'{name}.csv' for name in tables)} to {folder}")
