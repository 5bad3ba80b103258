"""Layers: what each pays, what it costs while nothing happens, and when it is rolled."""

from dataclasses import asdict
from typing import Annotated, Any

import polars as pl
from fastapi import Query, Request

import alvh
from alvh.formats import percent
from alvh.plain import plain
from alvh.report import layer_figures as figures
from alvh.web.desk import Book, Desk
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account

Settings = Annotated[Account, Query()]


def ask(request: Request, account: Settings) -> Shown:
    """Read the layers on the evening that an account's run ends on."""
    desk: Desk = request.app.state.desk
    book = desk.book(account)
    found = read_health(desk, book)
    facts = {
        "health": found,
        "layers": [(name, one, found.activation[name]) for name, one in found.layers.items()],
        "rolls": figures.rolls(book.result, book.policy).to_dicts(),
    }
    return Shown("/layers", account, panels(desk, book, found), facts, book.result.meta)


router = screen_routes("layers", ask)


@router.get("/api/health")
def health(request: Request, account: Settings) -> dict[str, Any]:
    """Give the health of an evening's book, as ``alvh health --json`` does."""
    desk: Desk = request.app.state.desk
    book = desk.book(account)
    found = read_health(desk, book)
    record = asdict(found) | {"figures": found.figures(), "reasons": found.reasons()}
    return dict(plain({"health": record, "meta": book.result.meta}))


def read_health(desk: Desk, book: Book) -> Any:
    """Read the health of a book at the end of its run, under its policy's own stress."""
    return alvh.health(desk.history, book.result, stress_spx=book.policy.sizing.stress_spx)


def panels(desk: Desk, book: Book, found: Any) -> tuple[Panel, ...]:
    """Return the figures of the screen with their tables."""
    on = f"At the close of {found.as_of}; every price is the model's."
    curve, nodes = figures.term_structure(desk.history, book.result)
    settled = nodes["quoted"].cast(pl.Float64).to_numpy().mean()
    stress = f"{100 * book.policy.sizing.stress_spx:+.0f} %"
    return (
        Panel("payoff", "What each layer pays", figures.payoff(found),
              figures.payoff_table(found),
              f"Gain from today, USD, at a level of VIX after so many days, nothing rolled. {on}",
              slider="When", wide=True),
        Panel("carry", "What each layer costs", figures.carry(found.layers),
              figures.carry_table(found.layers),
              f"USD a year in an unchanged market, at today's pace, and USD gained if the S&P 500 "
              f"moves by {stress} overnight. {on}"),
        Panel("curve", "Where the layers stand on the curve", curve, nodes,
              f"VIX forwards by expiry at the close of {found.as_of}, points; "
              f"{percent(settled, 0)} of them exchange settlements, the rest modelled."),
    )  # fmt: skip
