"""`alvh quote`: what any listed SPX or VIX option was worth on a past day."""

from datetime import datetime
from typing import Annotated

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.formats import decimal, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Data
from alvh.cli.running import engine_running, read_history

_PRICES = ("bid", "mid", "ask", "sigma", "delta", "forward")


def quote(
    symbols: Annotated[
        list[str], typer.Argument(metavar="SYMBOL...", help='OSI, as "SPXW  220916P03500000".')
    ],
    as_of: Annotated[
        datetime,
        typer.Option("--as-of", metavar="DATE", formats=DATE_FORMATS, help="Session to price on."),
    ],
    data: Data = "bundled",
    as_json: AsJson = False,
) -> None:
    """Price listed options at the close of a past day."""
    import alvh
    from alvh.market.surfaces import build_surfaces

    history = read_history(data)
    with engine_running("pricing"):
        prices = alvh.quote(history, symbols, as_of=as_of.date())
        notes = build_surfaces(history).said_of(as_of.date())
    if as_json:
        say_json({"as_of": as_of.date(), "quotes": prices, "notes": notes,
                  "data_digest": history.digest})  # fmt: skip
        return
    writers = {"sigma": percent, "delta": lambda value: decimal(value, 3)}
    rows = (
        (
            row["symbol"],
            *(writers.get(key, decimal)(row[key]) for key in _PRICES),
            row["provenance"],
        )
        for row in prices.iter_rows(named=True)
    )
    show_table(
        f"Close of {as_of.date()}, points",
        ("symbol", *_PRICES, "provenance"),
        rows,
        numbers=_PRICES,
    )
    for said in notes:
        say(f"note: {said}")
    say(f"data {history.digest[:12]}")
