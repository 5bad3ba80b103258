"""Made-up histories that hold every series a signal may read."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from alvh.calendars import sessions
from alvh.market.curve import curve_nodes
from alvh.market.history import History

START = np.datetime64("2015-01-02")


def days(n: int, start: np.datetime64 = START) -> np.ndarray:
    """Return the next n sessions."""
    listed = sessions()
    return listed[np.searchsorted(listed, start) :][:n]


def plain(columns: dict[str, Any], start: np.datetime64 = START, **rest: Any) -> History:
    """Return a history of a few given columns on consecutive sessions."""
    length = len(next(iter(columns.values())))
    return History(dates=days(length, start), columns=columns, **rest)


def futures_table(rows: list[tuple[date, date, float]]) -> pl.DataFrame:
    """Return a futures table of (day, expiry, settlement)."""
    return pl.DataFrame(
        {
            "date": [row[0] for row in rows],
            "expiry": [row[1] for row in rows],
            "settle": [row[2] for row in rows],
            "source": ["made up"] * len(rows),
        },
        schema={"date": pl.Date, "expiry": pl.Date, "settle": pl.Float64, "source": pl.String},
    )


def _walk(rng: np.random.Generator, n: int, start: float, daily: float) -> np.ndarray:
    return start * np.exp(np.cumsum(rng.normal(0.0, daily, n)))


def _holes(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _futures(rng: np.random.Generator, dates: np.ndarray, vix: np.ndarray) -> pl.DataFrame:
    nodes = curve_nodes(dates)[:, :3]
    rows = [
        (day.astype(object), np.datetime64(int(due), "D").astype(object), float(level))
        for day, expiries, spot in zip(dates, nodes, vix, strict=True)
        for due, level in zip(expiries, spot * (1 + rng.normal(0.03, 0.03, 3)), strict=True)
        if rng.random() > 0.01
    ]
    return futures_table(rows)


def _monthly(rng: np.random.Generator, dates: np.ndarray) -> dict[str, pl.DataFrame]:
    months = np.arange(
        dates[0].astype("datetime64[M]") - 130, dates[-1].astype("datetime64[M]") + 1
    ).astype("datetime64[D]")
    price = _walk(rng, len(months), 1500.0, 0.03)
    shiller = {
        "price": price,
        "dividend": price * 0.02,
        "earnings": price / 18.0 * (1 + rng.normal(0, 0.1, len(months))),
        "cpi": 200.0 + np.arange(len(months)) * 0.4,
        "long_rate": np.full(len(months), 3.0),
        "cape": 25.0 + rng.normal(0, 3, len(months)),
    }
    ipos = {
        "nipo": rng.poisson(20, len(months)).astype(float),
        "ripo": rng.normal(15, 5, len(months)),
    }
    return {
        "shiller": pl.DataFrame({"date": months, **shiller}),
        "baker_wurgler": pl.DataFrame({"date": months, **ipos}),
    }  # fmt: skip


def random_history(seed: int, n: int = 420) -> History:
    """Return a history with every series, holes in most of them, and futures for three months."""
    rng = np.random.default_rng(seed)
    dates = days(n)
    spx, vix = _walk(rng, n, 2000.0, 0.01), _walk(rng, n, 17.0, 0.05)
    advances = rng.integers(300, 2500, n).astype(float)
    columns = {
        "spx": spx,
        "vix": _holes(rng, vix, 0.02),
        "vix9d": _holes(rng, vix * _walk(rng, n, 0.95, 0.01), 0.1),
        "vix3m": _holes(rng, vix * _walk(rng, n, 1.1, 0.01), 0.05),
        "vix6m": _holes(rng, vix * _walk(rng, n, 1.2, 0.01), 0.05),
        "vvix": _holes(rng, _walk(rng, n, 90.0, 0.03), 0.05),
        "skew": _holes(rng, _walk(rng, n, 120.0, 0.01), 0.05),
        "advances": np.where(np.arange(n) > n // 2, np.nan, _holes(rng, advances, 0.02)),
        "declines": 2800.0 - advances,
        "sp_breadth": rng.uniform(1.0, 99.0, n),
        "bill_rate": _holes(rng, np.full(n, 0.01) + rng.normal(0, 0.001, n), 0.05),
        "fed_funds": np.full(n, 0.012) + rng.normal(0, 0.001, n),
        "policy_uncertainty": _holes(rng, _walk(rng, n, 100.0, 0.2), 0.03),
        "reer": np.repeat(_walk(rng, n // 21 + 1, 100.0, 0.01), 21)[:n],
        "spy": spx / 10.0,
        "spy_adjusted": spx / 10.0 * 0.95,
        "vnq": _walk(rng, n, 80.0, 0.012),
    }
    return History(
        dates=dates,
        columns=columns,
        futures=_futures(rng, dates, vix),
        events={"fomc": dates[20::31], "cpi": dates[8::21]},
        monthly=_monthly(rng, dates),
    )
