"""Today: what is checked, what is ordered, and every rule with why and why not."""

from datetime import date
from typing import Annotated, Any

import polars as pl
from fastapi import Query, Request

import alvh
from alvh.desk.book import Book
from alvh.desk.book_files import read_book
from alvh.desk.entries import Flow
from alvh.web.desk import Desk
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account

Settings = Annotated[Account, Query()]
LIGHTS = {"stop": ("■", "bad"), "warn": ("▲", "warn"), "tell": ("●", "soft")}


def ask(request: Request, account: Settings) -> Shown:
    """Decide the session that is asked for, by default the last of the data."""
    desk: Desk = request.app.state.desk
    found = decide(desk, account)
    plain = found.plain()
    facts = {
        "decision": plain,
        "digest": found.digest,
        "lights": LIGHTS,
        "orders": [(order, ticket(order)) for order in found.orders],
        "book": desk.book_file,
        "live": found.as_of == desk.today(),
    }
    return Shown("/today", account, panels(plain), facts, found.meta)


router = screen_routes("today", ask)


@router.get("/api/today")
def today(request: Request, account: Settings) -> dict[str, Any]:
    """Give the decision, as ``alvh today --json`` does."""
    return dict(decide(request.app.state.desk, account).plain())


def decide(desk: Desk, account: Account) -> Any:
    """Decide one session from the user's book, or from cash alone where there is none."""
    return alvh.today(
        desk.history, held(desk, account), desk.hedge(account), desk.programme(account),
        as_of=account.end, on=account.end or desk.today(), fill=account.fill,
    )  # fmt: skip


def held(desk: Desk, account: Account) -> Book:
    """Return the book of the server's file as it is now; without one, an account of cash."""
    if desk.book_file is not None:
        return read_book(desk.book_file)
    first: date = desk.history.dates[0].astype(object)
    return Book("cash alone", (Flow(first, "deposit", account.equity),))


def ticket(order: Any) -> str:
    """Write an order as one block of text, to be copied."""
    legs = [
        f"  {'BUY ' if leg.ratio > 0 else 'SELL'} {abs(leg.ratio) * order.quantity:>4} "
        f"{leg.instrument.symbol}  mid {leg.mid:.2f}"
        for leg in order.legs
    ]
    closes = f"\n  closes {order.closes}" if order.closes else ""
    head = f"{order.name}: {order.action} {order.quantity} at {order.limit}"
    return "\n".join([head, *legs]) + closes


def panels(plain: dict[str, Any]) -> tuple[Panel, ...]:
    """Return the tables of the screen, each with its file."""
    tables = {name: pl.DataFrame(plain[name], infer_schema_length=None)
              for name in ("decisions", "layers", "checks")}  # fmt: skip
    return tuple(Panel(name, "", {}, table, "") for name, table in tables.items())
