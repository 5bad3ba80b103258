"""Verdict: where the split stands among all splits, and what becomes of every claim."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

import alvh
from alvh.formats import percent
from alvh.plain import plain
from alvh.report import cards
from alvh.report.triangle import TITLES, priced_of, triangle, unit_of
from alvh.web.desk import Desk
from alvh.web.jobs import Busy, Job, Tell
from alvh.web.pages import page
from alvh.web.panels import Panel, Shown, address
from alvh.web.routes import screen_routes
from alvh.web.settings import Account

Work = Literal["simplex", "claims"]
WORKS: tuple[Work, ...] = ("simplex", "claims")
Key = tuple[object, ...]


class Tried(Account):
    """An account and how surely it is judged."""

    step: int = Field(default=10, ge=5, le=50, description="of the grid of splits, %")
    resamples: int = Field(default=200, ge=0, le=2000, description="resampled histories")
    seed: int = Field(default=0, ge=0, le=2**31, description="of the resampling")


def ask(request: Request, tried: Annotated[Tried, Query()]) -> Shown:
    """Lay out the judgements made of these settings, and the work still under way."""
    desk: Desk = request.app.state.desk
    hedge, programme = desk.hedge(tried), desk.programme(tried)
    jobs = {work: desk.jobs.find(key(work, tried)) for work in WORKS}
    simplex, name = _result(jobs["simplex"]), tried.label(hedge.name)
    facts = {
        "jobs": jobs,
        "simplex": simplex,
        "standings": list(standings(simplex)) if simplex else [],
        "claims": _result(jobs["claims"]),
        "words": cards,
        "name": name,
    }
    meta = {
        "policy_hash": alvh.policy_hash(hedge), "programme_hash": alvh.policy_hash(programme),
        "data_digest": desk.history.digest, "code_version": request.app.version,
        "fill": tried.fill, "hedge": hedge.name, "programme": programme.name,
    }  # fmt: skip
    tables: list[Panel] = []
    if simplex:
        tables.append(Panel("standings", "", {}, standings_table(simplex), ""))
    if facts["claims"] is not None:
        tables.append(Panel("claims", "", {}, cards_table(facts["claims"]), ""))
    return Shown("/verdict", tried, (*panels(simplex, name), *tables), facts, meta)


router = screen_routes("verdict", ask)


@router.post("/verdict/{work}/start", response_class=HTMLResponse)
def start(request: Request, work: Work, tried: Annotated[Tried, Query()]) -> HTMLResponse:
    """Begin the long work that a judgement needs; what is done already is not done again."""
    desk: Desk = request.app.state.desk
    busy = begin(desk, work, tried, address("/verdict", tried))
    return page(
        request, "verdict_answer.html.j2", 422 if busy else 200, shown=ask(request, tried),
        busy=busy, asked=work,
    )  # fmt: skip


@router.post("/verdict/{work}/cancel", response_class=HTMLResponse)
def cancel(request: Request, work: Work, tried: Annotated[Tried, Query()]) -> HTMLResponse:
    """Stop it at its next step."""
    desk: Desk = request.app.state.desk
    desk.jobs.cancel(key(work, tried))
    return page(request, "verdict_answer.html.j2", shown=ask(request, tried))


@router.get("/api/verdict/{work}")
def state(request: Request, work: Work, tried: Annotated[Tried, Query()]) -> dict[str, Any]:
    """Say how far the work has come, with its result where it is done."""
    desk: Desk = request.app.state.desk
    desk.hedge(tried), desk.programme(tried)
    job = desk.jobs.find(key(work, tried))
    if job is None:
        return {"state": "not started", "done": 0, "total": 0, "result": None}
    result = _whole(work, job.result) if job.state == "done" else None
    return {"state": job.state, "done": job.done, "total": job.total, "result": plain(result)}


def begin(desk: Desk, work: Work, tried: Tried, where: str) -> Job | None:
    """Begin some work; return the other one that is under way, where it has to wait for that."""
    of = desk.programme(tried).name
    title = (
        "every claim on " if work == "claims" else f"every split of {desk.hedge(tried).name} on "
    )
    try:
        desk.jobs.start(
            key(work, tried), lambda tell: judge(desk, work, tried, tell), title + of,
            where,
        )  # fmt: skip
    except Busy as refusal:
        return refusal.job
    return None


def key(work: Work, tried: Tried) -> Key:
    """Return what makes two pieces of work the same."""
    left_out = {"hedge", "short", "medium", "tail", "step"} if work == "claims" else set()
    return work, *tried.model_dump(exclude=left_out).items()


def judge(desk: Desk, work: Work, tried: Tried, tell: Tell) -> Any:
    """Do the work."""
    programme = desk.programme(tried)
    account = (tried.start, tried.end, tried.equity, tried.fill)
    if work == "claims":
        return alvh.claims(
            desk.history, programme, *account, resamples=max(tried.resamples, 1),
            seed=tried.seed, progress=tell,
        )  # fmt: skip
    return alvh.simplex(
        desk.history, desk.hedge(tried), programme, *account, step=tried.step,
        resamples=tried.resamples, seed=tried.seed, progress=tell,
    )  # fmt: skip


def standings(found: Any) -> Iterator[dict[str, Any]]:
    """Say of each criterion where the split stands, and which is best."""
    for name, one in found.standings.items():
        yield {
            "title": TITLES[name], "rank": one.rank, "low": one.rank_low, "high": one.rank_high,
            "best": found.splits[one.best], "like_best": int(one.region.sum()),
            "among": bool(one.region[found.marked]),
        }  # fmt: skip


def standings_table(found: Any) -> pl.DataFrame:
    """Return where the split stands by each criterion; the best split as shares from 0 to 1."""
    return pl.DataFrame([
        {name: value for name, value in row.items() if name != "best"}
        | dict(zip(("best_short", "best_medium", "best_tail"), row["best"].tolist(), strict=True))
        for row in standings(found)
    ])  # fmt: skip


def cards_table(found: Any) -> pl.DataFrame:
    """Return the claim cards, a reading a row; one row of a card without any."""
    rows = []
    for card in found.to_dict()["cards"]:
        whole = {name: value for name, value in card.items() if name != "readings"}
        readings: list[dict[str, Any]] = card["readings"] or [{}]
        rows += [whole | {f"reading_{name}": value for name, value in one.items()}
                 for one in readings]  # fmt: skip
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([{name: row.get(name) for name in names} for row in rows],
                        infer_schema_length=None)  # fmt: skip


def panels(found: Any, marked: str) -> tuple[Panel, ...]:
    """Return the three triangles, once they are worked out; the star is named ``marked``."""
    if found is None:
        return ()
    meta, table = found.meta, found.table()
    words = (
        f"all splits of {meta['hedge']}, {meta['start']} to {meta['end']}, "
        f"{meta['resamples']} resampled histories; circles cannot be told from the best at "
        f"{percent(meta['level'], 0)}. {priced_of(meta)}."
    )
    return tuple(
        Panel(
            name,
            title,
            _untitled(triangle(found, name, marked)),
            table,
            f"{title}, {unit_of(name)}; {words}",
        )
        for name, title in TITLES.items()
    )


def _untitled(figure: dict[str, Any]) -> dict[str, Any]:
    """Leave the title to the heading above the figure, and its height to the page."""
    left = {name: value for name, value in figure["layout"].items() if name != "title"}
    return figure | {"layout": left | {"height": 420}}


def _result(job: Job | None) -> Any:
    return job.result if job is not None and job.state == "done" else None


def _whole(work: Work, found: Any) -> Any:
    if work == "claims":
        return found.to_dict()
    return {
        "meta": found.meta,
        "twin": {"growth": found.twin_growth, "cvar_month": found.twin_cvar_month},
        "spa": found.spa,
        "splits": found.table(),
    }
