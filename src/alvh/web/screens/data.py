"""Data: how old each series is, where it came from, what is missing and what was refused."""

from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
import polars as pl
from fastapi import Query, Request

import alvh
from alvh.plain import plain
from alvh.report.inputs import inputs, inputs_by_year
from alvh.web.desk import Desk
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account, Unasked

MOST_REFUSALS = 200  # shown on the page; all of them are in the file


def ask(request: Request, account: Annotated[Account, Query()]) -> Shown:
    """Lay out what the history says of itself."""
    desk: Desk = request.app.state.desk
    history = desk.history
    report, refused, by_year = ages(desk), refusals(history), inputs_by_year(history)
    facts = {
        "series": report.to_dicts(),
        "gaps": gaps(history).to_dicts(),
        "inputs": inputs(by_year).to_dicts(),
        "years": by_input(by_year),
        "chains": history.chains,
        "refused": refused.head(MOST_REFUSALS).to_dicts(),
        "refused_count": refused.height,
        "ignored": history.ignored,
        "age": (desk.today() - history.dates[-1].astype(object)).days,
    }
    meta = {"data_digest": history.digest, "code_version": request.app.version}
    return Shown("/data", account, panels(desk, by_year), facts, meta)


router = screen_routes("data", ask)


@router.get("/api/data")
def check(request: Request, asked: Annotated[Unasked, Query()]) -> dict[str, Any]:
    """Give identity, refusals and what was left alone, as ``alvh data check --json`` does."""
    history: alvh.History = request.app.state.desk.history
    found = {
        "sessions": len(history), "first": str(history.dates[0]), "last": str(history.dates[-1]),
        "data_digest": history.digest, "refused": history.refusals(), "ignored": history.ignored,
    }  # fmt: skip
    return dict(plain(found))


@router.get("/api/data/inputs")
def quoted(request: Request, asked: Annotated[Unasked, Query()]) -> dict[str, Any]:
    """Give how much was quoted and how much modelled, as ``alvh data show --inputs --json``."""
    history: alvh.History = request.app.state.desk.history
    by_year = inputs_by_year(history)
    found = {
        "sessions": len(history), "first": str(history.dates[0]), "last": str(history.dates[-1]),
        "data_digest": history.digest, "chain_folder": history.chain_folder,
        "inputs": inputs(by_year), "by_year": by_year,
    }  # fmt: skip
    return dict(plain(found))


def by_input(by_year: pl.DataFrame) -> dict[int, list[float | None]]:
    """Return by year the share of each input that is known; None where nothing was to be known."""
    shares = by_year.with_columns(share=pl.col("known") / pl.col("counted")).pivot(
        "input", index="year", values="share", maintain_order=True
    )
    return {row[0]: list(row[1:]) for row in shares.sort("year").iter_rows()}


def ages(desk: Desk) -> pl.DataFrame:
    """Return the series report with the age of each series in days on the desk's today."""
    today = desk.today()
    return desk.history.series_report().with_columns(
        age_days=(pl.lit(today) - pl.col("last").cast(pl.Date)).dt.total_days()
    )


def gaps(history: "alvh.History") -> pl.DataFrame:
    """Return every gap: series, first, last and sessions."""
    rows = [
        {"series": one.name, "first": gap.first, "last": gap.last, "sessions": gap.sessions}
        for one in history.report
        for gap in one.gaps
    ]
    schema = {"series": pl.String, "first": pl.Date, "last": pl.Date, "sessions": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def refusals(history: "alvh.History") -> pl.DataFrame:
    """Return every value refused: series, date, value, where (file and line), reason."""
    rows = [asdict(one) for one in history.refusals()]
    schema = {"series": pl.String, "date": pl.Date, "value": pl.String, "where": pl.String,
              "reason": pl.String}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def panels(desk: Desk, by_year: pl.DataFrame) -> tuple[Panel, ...]:
    """Return the coverage figure and the tables of the screen."""
    history = desk.history
    report = ages(desk)
    return (
        Panel("coverage", "What is there", coverage(report), report,
              f"First to last value of every series; sessions from {history.dates[0]} to "
              f"{history.dates[-1]}; quotes and publications only, nothing modelled.", wide=True),
        Panel("inputs", "", {}, by_year, ""),
        Panel("gaps", "", {}, gaps(history), ""),
        Panel("refused", "", {}, refusals(history), ""),
    )  # fmt: skip


def coverage(report: pl.DataFrame) -> dict[str, Any]:
    """Draw the range of every series as a bar over the years."""
    held = report.drop_nulls(["first", "last"]).sort("first", descending=True)
    days = (held["last"].cast(pl.Date) - held["first"].cast(pl.Date)).dt.total_days()
    bars = {
        "type": "bar", "orientation": "h", "name": "from first to last value",
        "y": held["series"].to_list(), "base": [str(day) for day in held["first"]],
        "x": (np.asarray(days) * 86_400_000.0).tolist(),  # a date axis counts in milliseconds
        "marker": {"color": "#3b82c4"}, "hovertemplate": "%{y} from %{base}<extra></extra>",
    }  # fmt: skip
    layout = {"xaxis": {"type": "date"}, "yaxis": {"type": "category", "tickfont": {"size": 10}},
              "height": max(240, 15 * held.height + 60)}  # fmt: skip
    return {"data": [bars], "layout": layout}
