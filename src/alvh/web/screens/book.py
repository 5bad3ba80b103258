"""Book: what is held on an evening, how it answers the market, and where it breaks even."""

from typing import Annotated, Any

from fastapi import Query, Request

from alvh.desk.book_files import read_book
from alvh.errors import BookError
from alvh.plain import plain
from alvh.report import book_figures as figures
from alvh.report import layer_figures
from alvh.report.answers import marked
from alvh.web.desk import Desk
from alvh.web.own import Seen, see
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Held


def ask(request: Request, held: Annotated[Held, Query()]) -> Shown:
    """Lay out the user's own book, or the book that an account's run ends with."""
    desk: Desk = request.app.state.desk
    seen = see(desk, held)
    vix = spot_vix(desk, seen.holdings.as_of)
    greeks = figures.greeks(desk.history, seen.result, seen.evening)
    facts: dict[str, Any] = {
        "seen": seen,
        "vix": vix,
        "hedge_value": sum(layer.value for layer in seen.holdings.layers),
        "positions": figures.positions(seen.holdings).to_dicts(),
        "greeks": greeks.to_dicts(),
    }
    return Shown("/book", held, panels(desk, seen, vix, greeks), facts, seen.meta)


router = screen_routes("book", ask)


@router.get("/api/book")
def mark_own(request: Request, held: Annotated[Held, Query()]) -> dict[str, Any]:
    """Give the user's own book at its marks, as ``alvh book mark --json`` does."""
    desk: Desk = request.app.state.desk
    if desk.book_file is None:
        raise BookError(
            "this server was started without a book; start it with `alvh serve --book FILE`"
        )
    return dict(plain(marked(desk.history, read_book(desk.book_file), held.end)))


def panels(desk: Desk, seen: Seen, vix: float, greeks: Any) -> tuple[Panel, ...]:
    """Return the figures with their tables, and the positions and greeks as tables alone."""
    figure, table = figures.surface(desk.history, seen.result, vix, seen.evening)
    paid, levels = layer_figures.payoff_of_book(desk.history, seen.result, seen.evening)
    words = f"{seen.priced}; what a move or days make of them is the model's."
    follows = layer_figures.spx_follows(seen.holdings)
    on = f"from the close of {seen.holdings.as_of}, nothing traded"
    return (
        Panel("surface", "Gain over the S&P 500, VIX and days", figure, table,
              f"USD gained by the whole book {on}; the thick line is the break-even curve; the S&P "
              "500's move in % (in the CSV a fraction). "
              f"{words}",
              slider="When", wide=True, nothing=seen.nothing),
        Panel("paid", "What each layer pays", paid, levels,
              f"USD gained by each layer and by the hedge {on}, at a level of VIX after so many "
              f"days{follows and f'; {follows}'}. {words}",
              slider="When", wide=True, nothing=seen.no_layer),
        Panel("positions", "", {}, figures.positions(seen.holdings), ""),
        Panel("greeks", "", {}, greeks, ""),
    )  # fmt: skip


def spot_vix(desk: Desk, as_of: Any) -> float:
    """Return the close of VIX on an evening, points."""
    at = int(desk.history.dates.searchsorted(as_of))
    return float(desk.history["vix"][at])
