"""Stress: the user's own book through the named crises, and through moves of one's own making."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from fastapi import Query, Request
from pydantic import Field

import alvh
from alvh.errors import BookError, DataError
from alvh.plain import plain
from alvh.report import stress_figures as figures
from alvh.report.answers import projected
from alvh.web.desk import Desk
from alvh.web.own import Seen, see
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Held

GRIND_DAYS = 30
MOST_SESSIONS = 2600


class Stressed(Held):
    """An account and what it is put through."""

    crisis: str = Field(default="2020-03", max_length=16, description="key of a named crisis")
    mode: Literal["hold", "policy"] = Field(
        default="hold", description="trade nothing, or run on by the policy"
    )
    gap: float = Field(default=-5.0, ge=-40, le=20, description="S&P 500 overnight, %")
    grind: float = Field(default=-8.0, ge=-40, le=20, description="S&P 500 over 30 days, %")
    crush: float = Field(default=-30.0, ge=-80, le=200, description="VIX overnight, %")


class Stretch(Held):
    """An account and a stretch of history that its book is taken through."""

    stretch: date = Field(description="first session of the stretch")
    sessions: int = Field(default=63, ge=1, le=MOST_SESSIONS, description="sessions after it")
    mode: Literal["hold", "policy"] = "hold"


class Moves(Held):
    """An account and one move of the market."""

    days: int = Field(default=0, ge=0, le=400, description="calendar days that pass")
    spx: float = Field(default=0.0, gt=-100, lt=1000, description="S&P 500, %")
    vix: float | None = Field(default=None, ge=1, le=500, description="VIX then, points")


def ask(request: Request, stressed: Annotated[Stressed, Query()]) -> Shown:
    """Take the user's own book, or that of an account's evening, through all of the screen."""
    desk: Desk = request.app.state.desk
    seen = see(desk, stressed)
    chosen = crisis(desk, stressed.crisis)
    moved = moves(desk, seen, stressed)
    crises = [
        (one, through(desk, seen, one, "hold", stressed))
        for one in alvh.covered(desk.history.dates)
    ]
    facts = {"seen": seen, "moves": moved, "crises": crises, "chosen": chosen}
    tables = (
        Panel("moves", "", {}, moves_table(moved), ""),
        Panel("crises", "", {}, crises_table(crises), ""),
    )
    drawn = panels(desk, seen, stressed, chosen)
    return Shown("/stress", stressed, (*drawn, *tables), facts, seen.meta)


router = screen_routes("stress", ask)


@router.get("/api/replay")
def replay(request: Request, asked: Annotated[Stretch, Query()]) -> dict[str, Any]:
    """Give a book through any stretch of history, as ``alvh replay --json`` does."""
    desk: Desk = request.app.state.desk
    seen = see(desk, asked)
    refuse_running_on(seen, asked.mode)
    found = alvh.replay(
        desk.history, seen.result, asked.stretch, asked.sessions, asked.mode, policy=seen.policy,
        programme=seen.programme, fill=asked.fill, evening=seen.evening,
    )  # fmt: skip
    record = asdict(found) | {
        "settled": found.settled.to_dicts(), "worst": found.worst, "vix_most": found.vix_most,
        "warning": found.warning,
    }  # fmt: skip
    return dict(plain({"replay": record, "meta": seen.meta}))


@router.get("/api/project")
def project(request: Request, asked: Annotated[Moves, Query()]) -> dict[str, Any]:
    """Give a book after days and moves, as ``alvh project --json`` does."""
    desk: Desk = request.app.state.desk
    seen = see(desk, asked)
    found = alvh.project(desk.history, seen.result, asked.days, asked.spx / 100.0, asked.vix,
                         evening=seen.evening)  # fmt: skip
    return dict(plain(projected(desk.history, seen.result, found, seen.evening)))


def crisis(desk: Desk, key: str) -> Any:
    """Return the crisis asked for, or the last one that the data hold; None where none is.

    Raises
    ------
    DataError
        If there is no crisis of that key.
    """
    if key not in figures.CRISIS_KEYS:
        raise DataError(
            f"no crisis {key!r}; there are {', '.join(figures.CRISIS_KEYS)}; choose one"
        )
    held = {one.key: one for one in alvh.covered(desk.history.dates)}
    return held.get(key) or next(reversed(held.values()), None)


def refuse_running_on(seen: Seen, mode: str) -> None:
    """Refuse to let rules run on from a book of which they cannot read a part."""
    if mode == "policy" and seen.own is not None and seen.own.faults:
        raise BookError(
            f"the rules cannot run on from {seen.own.faults[0]}; put that right in the book, or "
            "let the book trade nothing on the way"
        )


def through(desk: Desk, seen: Seen, one: Any, mode: Literal["hold", "policy"],
            asked: Held) -> Any:  # fmt: skip
    """Take a book through a crisis."""
    refuse_running_on(seen, mode)
    ends = np.array([one.start, one.end], "datetime64[D]")
    first, last = np.searchsorted(desk.history.dates, ends)
    return alvh.replay(
        desk.history, seen.result, one.start, int(last - first), mode, policy=seen.policy,
        programme=seen.programme, fill=asked.fill, evening=seen.evening,
    )  # fmt: skip


def moves(desk: Desk, seen: Seen, stressed: Stressed) -> list[tuple[str, Any]]:
    """Return the three imagined moves in words, with what the book gains in each."""
    at = desk.history, seen.result
    now = alvh.project(*at, evening=seen.evening).vix
    gap = alvh.project(*at, 0, stressed.gap / 100.0, evening=seen.evening)
    grind = alvh.project(*at, GRIND_DAYS, stressed.grind / 100.0, now, evening=seen.evening)
    crush = alvh.project(*at, vix_return=stressed.crush / 100.0, evening=seen.evening)
    return [
        (f"Gap: S&P 500 {stressed.gap:+g} % overnight, VIX answers", gap),
        (f"Grind: S&P 500 {stressed.grind:+g} % in {GRIND_DAYS} days, VIX as it is", grind),
        (f"Crush: VIX {stressed.crush:+g} % overnight, S&P 500 as it is", crush),
    ]


def moves_table(moved: list[tuple[str, Any]]) -> pl.DataFrame:
    """Return the imagined moves: move, USD gained by part, VIX then in points."""
    return pl.DataFrame([
        {"move": words} | {f"{part}_usd": gain for part, gain in one.gains.items()}
        | {"vix_then": one.vix_then}
        for words, one in moved
    ])  # fmt: skip


def crises_table(crises: list[tuple[Any, Any]]) -> pl.DataFrame:
    """Return the named crises: their sessions, the lowest point, and USD by part at the end."""
    rows = [
        {"crisis": one.name, "start": one.start, "end": one.end, "sessions": len(found.dates) - 1,
         "vix_most": found.vix_most, "lowest_usd": found.worst[1], "lowest_on": found.worst[0]}
        | {f"{part}_usd": float(gains[-1]) for part, gains in found.pnl.items()}
        for one, found in crises
    ]  # fmt: skip
    return pl.DataFrame(rows) if rows else pl.DataFrame(schema={"crisis": pl.String})


def panels(desk: Desk, seen: Seen, stressed: Stressed, chosen: Any) -> tuple[Panel, ...]:
    """Return the figures of the screen with their tables."""
    as_of = seen.holdings.as_of
    gaps, table = figures.gaps(desk.history, seen.result, seen.evening)
    last = Panel(
        "gaps", "Overnight moves", gaps, table,
        f"USD gained by the book of {as_of} over one night, moves in % (in the CSV a "
        "fraction); VIX by its usual answer. "
        f"{seen.priced}; what the move makes of them is the model's.",
        nothing=seen.nothing,
    )  # fmt: skip
    if chosen is None:
        return (last,)
    found = through(desk, seen, chosen, stressed.mode, stressed)
    figure, path = figures.path(found)
    traded = "trading nothing" if stressed.mode == "hold" else "running on by its policy"
    warned = f" ({found.warning})" if found.warning else ""
    words = (
        f"USD gained by the book of {as_of}, {traded}, through {found.dates[0]} to "
        f"{found.dates[-1]}; VIX moved by the same factor as there, to {found.vix_most:.2f} at "
        f"most{warned}. {seen.priced}; every later price is the model's."
    )
    empty = seen.nothing if stressed.mode == "hold" else ""  # a policy may buy on the way
    return Panel("replay", chosen.name, figure, path, words, nothing=empty), last
