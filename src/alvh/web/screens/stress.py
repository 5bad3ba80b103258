"""Stress: the user's own book through the named crises, and through moves of one's own making."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import Query, Request
from pydantic import Field

import alvh
from alvh.plain import plain
from alvh.report import stress_figures as figures
from alvh.web.desk import Book, Desk
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account

GRIND_DAYS = 30
MOST_SESSIONS = 2600


class Stressed(Account):
    """An account and what it is put through."""

    crisis: str = Field(default="2020-03", max_length=16, description="key of a named crisis")
    mode: Literal["hold", "policy"] = Field(
        default="hold", description="trade nothing, or run on by the policy"
    )
    gap: float = Field(default=-5.0, ge=-40, le=20, description="S&P 500 overnight, %")
    grind: float = Field(default=-8.0, ge=-40, le=20, description="S&P 500 over 30 days, %")
    crush: float = Field(default=-30.0, ge=-80, le=200, description="VIX overnight, %")


class Stretch(Account):
    """An account and a stretch of history that its book is taken through."""

    stretch: date = Field(description="first session of the stretch")
    sessions: int = Field(default=63, ge=1, le=MOST_SESSIONS, description="sessions after it")
    mode: Literal["hold", "policy"] = "hold"


class Moves(Account):
    """An account and one move of the market."""

    days: int = Field(default=0, ge=0, le=400, description="calendar days that pass")
    spx: float = Field(default=0.0, gt=-100, lt=1000, description="S&P 500, %")
    vix: float | None = Field(default=None, ge=1, le=500, description="VIX then, points")


def ask(request: Request, stressed: Annotated[Stressed, Query()]) -> Shown:
    """Take the book of an account's evening through everything on the screen."""
    desk: Desk = request.app.state.desk
    book = desk.book(stressed)
    chosen = crisis(desk, stressed.crisis)
    facts = {
        "moves": moves(desk, book, stressed),
        "crises": [(one, through(desk, book, one, "hold", stressed)) for one in covered(desk)],
        "chosen": chosen,
    }
    return Shown("/stress", stressed, panels(desk, book, stressed, chosen), facts,
                 book.result.meta)  # fmt: skip


router = screen_routes("stress", ask)


@router.get("/api/replay")
def replay(request: Request, asked: Annotated[Stretch, Query()]) -> dict[str, Any]:
    """Give a book through any stretch of history, as ``alvh replay --json`` does."""
    desk: Desk = request.app.state.desk
    book = desk.book(asked)
    found = alvh.replay(
        desk.history, book.result, asked.stretch, asked.sessions, asked.mode, policy=book.policy,
        programme=book.programme, fill=asked.fill,
    )  # fmt: skip
    record = asdict(found) | {"settled": found.settled.to_dicts(), "worst": found.worst}
    return dict(plain({"replay": record, "meta": book.result.meta}))


@router.get("/api/project")
def project(request: Request, asked: Annotated[Moves, Query()]) -> dict[str, Any]:
    """Give a book after days and moves, as ``alvh project --json`` does its projection."""
    desk: Desk = request.app.state.desk
    book = desk.book(asked)
    found = alvh.project(desk.history, book.result, asked.days, asked.spx / 100.0, asked.vix)
    record = asdict(found) | {"legs": found.legs.to_dicts()}
    return dict(plain({"projection": record, "meta": book.result.meta}))


def covered(desk: Desk) -> tuple[Any, ...]:
    """Return the crises that the data hold completely."""
    first, last = (day.astype(object) for day in desk.history.dates[[0, -1]])
    return tuple(one for one in alvh.CRISES if first <= one.start and one.end <= last)


def crisis(desk: Desk, key: str) -> Any:
    """Return the crisis asked for, or the last one that the data hold; None where none is."""
    held = {one.key: one for one in covered(desk)}
    return held.get(key) or next(reversed(held.values()), None)


def through(desk: Desk, book: Book, one: Any, mode: Literal["hold", "policy"],
            account: Account) -> Any:  # fmt: skip
    """Take a book through a crisis."""
    ends = np.array([one.start, one.end], "datetime64[D]")
    first, last = np.searchsorted(desk.history.dates, ends)
    return alvh.replay(
        desk.history, book.result, one.start, int(last - first), mode, policy=book.policy,
        programme=book.programme, fill=account.fill,
    )  # fmt: skip


def moves(desk: Desk, book: Book, stressed: Stressed) -> list[tuple[str, Any]]:
    """Return the three imagined moves in words, with what the book gains in each."""
    history, result = desk.history, book.result
    now = alvh.project(history, result).vix
    gap = alvh.project(history, result, 0, stressed.gap / 100.0)
    grind = alvh.project(history, result, GRIND_DAYS, stressed.grind / 100.0, now)
    crush = alvh.project(history, result, 0, 0.0, vix_return=stressed.crush / 100.0)
    return [
        (f"Gap: S&P 500 {stressed.gap:+g} % overnight, VIX answers", gap),
        (f"Grind: S&P 500 {stressed.grind:+g} % in {GRIND_DAYS} days, VIX as it is", grind),
        (f"Crush: VIX {stressed.crush:+g} % overnight, S&P 500 as it is", crush),
    ]


def panels(desk: Desk, book: Book, stressed: Stressed, chosen: Any) -> tuple[Panel, ...]:
    """Return the figures of the screen with their tables."""
    as_of = book.result.dates[-1]
    gaps, table = figures.gaps(desk.history, book.result)
    last = Panel(
        "gaps", "Overnight moves", gaps, table,
        f"USD gained by the book of {as_of} over one night; VIX by its usual answer. Every price "
        "is the model's.",
    )  # fmt: skip
    if chosen is None:
        return (last,)
    found = through(desk, book, chosen, stressed.mode, stressed)
    figure, path = figures.path(found)
    traded = "trading nothing" if stressed.mode == "hold" else "running on by its policy"
    words = (
        f"USD gained by the book of {as_of}, {traded}, through {found.dates[0]} to "
        f"{found.dates[-1]}; VIX moved as it did there. Every price is the model's."
    )
    return Panel("replay", chosen.name, figure, path, words), last
