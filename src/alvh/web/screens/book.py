"""Book: what is held on an evening, how it answers the market, and where it breaks even."""

from typing import Annotated, Any

from fastapi import Query, Request

from alvh.holdings import holdings
from alvh.report import book_figures as figures
from alvh.web.desk import Desk
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account

Settings = Annotated[Account, Query()]


def ask(request: Request, account: Settings) -> Shown:
    """Lay out the book that an account's run ends with."""
    desk: Desk = request.app.state.desk
    result = desk.book(account).result
    book = holdings(result)
    levels = {"condors": result.condor_margin[-1], "hedge": result.hedge_margin[-1]}
    facts: dict[str, Any] = {
        "book": book,
        "vix": _vix(desk, book.as_of),
        "margin": {name: float(value) for name, value in levels.items()},
        "hedge_value": sum(layer.value for layer in book.layers),
        "greeks": figures.greeks(desk.history, result).to_dicts(),
    }
    return Shown("/book", account, panels(desk, account, facts["vix"]), facts, result.meta)


router = screen_routes("book", ask)


def panels(desk: Desk, account: Account, vix: float) -> tuple[Panel, ...]:
    """Return the surface with its table, and the positions and greeks as tables alone."""
    result = desk.book(account).result
    figure, table = figures.surface(desk.history, result, vix)
    return (
        Panel("surface", "Gain over the S&P 500, VIX and days", figure, table,
              f"USD gained by the whole book from the close of {result.dates[-1]}, nothing traded; "
              "the thick line is the break-even curve. Every price is the model's.",
              slider="When", wide=True),
        Panel("positions", "", {}, figures.positions(holdings(result)), ""),
        Panel("greeks", "", {}, figures.greeks(desk.history, result), ""),
    )  # fmt: skip


def _vix(desk: Desk, as_of: Any) -> float:
    at = int(desk.history.dates.searchsorted(as_of))
    return float(desk.history["vix"][at])
