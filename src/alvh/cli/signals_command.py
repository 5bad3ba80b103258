"""`alvh signals`: what every signal says, or the history of one."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import ABSENT, say, say_json, show_table
from alvh.cli.formats import decimal, missing
from alvh.cli.options import DATE_FORMATS, AsJson, Data
from alvh.cli.running import read_history

if TYPE_CHECKING:
    from alvh.signals import SignalColumn, SignalTable

_NUMBERS = ("raw", "z", "score", "age")
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def signals(
    name: Annotated[
        str | None, typer.Argument(metavar="SIGNAL", help="One signal; default: all of them.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", metavar="DATE", formats=DATE_FORMATS, help="Session; default: the last."
        ),
    ] = None,
    data: Data = "bundled",
    window: Annotated[
        int, typer.Option("--window", min=60, metavar="N", help="Sessions of the z-score.")
    ] = 756,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the history, as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the signals of the method: value, score, age and what each rests on."""
    from alvh.cli.running import engine_running
    from alvh.signals import signal_table

    history = read_history(data)
    with engine_running("signals"):
        table = signal_table(history, window, min(252, window))
    session = str(as_of.date()) if as_of else str(table.dates[-1])
    if save is not None:
        _save(table, name, save)
    if name is None:
        _say_all(table, session, as_json)
    else:
        _say_one(table[name], table, session, as_json)


def _say_all(table: "SignalTable", session: str, as_json: bool) -> None:
    rows = table.on(session)
    if as_json:
        firsts = dict(zip(table.names, map(str, table.first_usable), strict=True))
        say_json([row._asdict() | {"first_usable": firsts[row.name]} for row in rows])
        return
    first = {n: str(d) for n, d in zip(table.names, table.first_usable, strict=True)}
    cells = (
        (row.name, row.layer or ABSENT, _figure(row.raw), decimal(row.z), decimal(row.score),
         _figure(row.age_days), first[row.name], row.provenance)
        for row in rows
    )  # fmt: skip
    show_table(f"Signals known at the close of {session}",
               ("signal", "moves", *_NUMBERS, "first score", "source"), cells, numbers=_NUMBERS,
               spare=("source",))  # fmt: skip


def _say_one(column: "SignalColumn", table: "SignalTable", session: str, as_json: bool) -> None:
    row = next(one for one in table.on(session) if one.name == column.signal.name)
    if as_json:
        from dataclasses import asdict

        say_json({"signal": asdict(column.signal), "on": row._asdict(), "dates": table.dates,
                  "raw": column.raw, "z": column.z, "score": column.score})  # fmt: skip
        return
    one = column.signal
    say(f"{one.name}: {one.idea}, {one.unit}")
    words = {
        "formula": one.formula,
        "needs": one.source,
        "sign": one.reason,
        "rests on": row.provenance,
        "first score": str(column.first_usable),
    }
    for label, text in words.items():
        say(f"  {label}: {text}")
    say(f"  {session}: {_figure(row.raw)}, z {decimal(row.z)}, score {decimal(row.score)}, "
        f"{_figure(row.age_days)} days old")  # fmt: skip
    names = tuple(f"{100 * share:.0f} %" for share in _QUANTILES)
    show_table("History by year", ("year", "sessions", *names), _years(column, table),
               numbers=("sessions", *names))  # fmt: skip


def _years(column: "SignalColumn", table: "SignalTable") -> Iterator[tuple[str, ...]]:
    import numpy as np

    years = table.dates.astype("datetime64[Y]")
    for year in np.unique(years):
        values = column.raw[(years == year) & np.isfinite(column.raw)]
        if len(values):
            quantiles = np.quantile(values, _QUANTILES)
            yield str(year), str(len(values)), *(_figure(float(x)) for x in quantiles)


def _figure(value: float) -> str:
    if missing(value):
        return ABSENT
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"


def _save(table: "SignalTable", name: str | None, file: Path) -> None:
    import polars as pl

    from alvh.cli.files import write_whole

    names = table.names if name is None else (name,)
    columns: dict[str, Any] = {"date": table.dates}
    for one in names:
        column = table[one]
        columns |= {one: column.raw, f"{one}_z": column.z, f"{one}_score": column.score}
    write_whole(file, pl.DataFrame(columns).write_csv)
