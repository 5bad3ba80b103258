"""A stand-in for the engine, simple enough to be worked out by hand.

The condor book earns or loses ``market`` a session; a hedge of a given size pays a constant carry
and wins on the market's bad days, all in proportion to its size. Nothing compounds: the account
value is the equity plus sums.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from alvh.errors import DataError
from alvh.policy.identity import policy_hash

LAYERS = ("short", "medium", "tail")


@dataclass
class SyntheticResult:
    """The attributes of ``alvh.engine.Result``, filled from a daily P&L by sleeve."""

    dates: np.ndarray
    nav: np.ndarray
    sleeves: dict[str, np.ndarray]
    costs_by_sleeve: dict[str, np.ndarray]
    put_side: np.ndarray
    call_side: np.ndarray
    carry: dict[str, np.ndarray]
    outlay: np.ndarray
    hedge_value: np.ndarray
    hedge_margin: np.ndarray
    rates: np.ndarray
    trades: pl.DataFrame
    decisions: pl.DataFrame
    meta: dict[str, Any]
    model_priced_share: float = 0.75
    fitted_share: float = 0.0

    def summary(self) -> dict[str, Any]:
        return {
            "trades": self.trades.height,
            "model_priced_share": self.model_priced_share,
            "fitted_share": self.fitted_share,
        }


@dataclass
class SyntheticHistory:
    """The attributes of ``alvh.market.History`` that evidence and report read."""

    dates: np.ndarray
    columns: dict[str, np.ndarray]
    report: tuple[Any, ...] = ()
    digest: str = "d1" * 32

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]


@dataclass
class SyntheticEngine:
    """Callable in place of ``alvh.backtest``; counts its runs.

    ``strength`` multiplies a hedge by name; ``refuses`` names hedges that have no data.
    """

    dates: np.ndarray
    market: np.ndarray  # USD per session of the condors at full size
    refuses: frozenset[str] = frozenset()
    strength: dict[str, float] = field(default_factory=dict)
    runs: int = 0

    def __call__(self, history, hedge, condors, start, end, equity, fill):
        self.runs += 1
        if hedge.name in self.refuses:
            raise DataError(f"{hedge.name}: no futures on this history; add a VX ladder")
        size = hedge.sizing.scale if hedge.layers else 0.0
        size *= self.strength.get(hedge.name, 1.0)
        book = self.market * condors.risk_fraction / 0.05
        crash = np.maximum(-self.market - 3_000.0, 0.0)
        return synthetic_result(
            self.dates, book, size, crash, equity=equity, fill=fill, hedge=hedge, condors=condors
        )


def synthetic_result(dates, book, size, crash, *, equity, fill, hedge, condors):
    n = dates.size
    names = [layer.name for layer in hedge.layers]
    share = {name: 1.0 / len(names) if name in names else 0.0 for name in LAYERS}
    daily = size * (0.5 * crash - 60.0)  # USD per session: wins in crashes, bleeds 60 otherwise
    slip = -size * 10.0 * fill
    sleeves = {"condors": np.cumsum(book)}
    sleeves |= {name: np.cumsum(share[name] * daily) for name in LAYERS}
    sleeves["cash"] = np.zeros(n)
    costs = {name: np.cumsum(np.full(n, share[name] * slip)) for name in LAYERS}
    costs["condors"] = np.cumsum(np.full(n, -5.0 * fill))
    sleeves["costs"] = sum(costs.values())
    nav = equity + sum(sleeves.values())
    meta = {
        "hedge": hedge.name,
        "programme": condors.name,
        "policy_hash": policy_hash(hedge),
        "programme_hash": policy_hash(condors),
        "data_digest": "d1" * 32,
        "code_version": "0.0.test",
        "fill": fill,
        "equity": equity,
        "start": str(dates[0]),
        "end": str(dates[-1]),
        "notes": ("no dividend series: a yield of 1.9% is assumed",),
    }
    return SyntheticResult(
        dates=dates,
        nav=nav,
        sleeves=sleeves,
        costs_by_sleeve=costs,
        put_side=np.cumsum(np.where(book < 0, book, 0.6 * book)),
        call_side=np.cumsum(np.where(book < 0, 0.0, 0.4 * book)),
        carry={name: np.cumsum(np.full(n, -share[name] * size * 60.0)) for name in LAYERS},
        outlay=np.cumsum(np.full(n, size * 100.0)),
        hedge_value=np.full(n, size * 9_000.0),
        hedge_margin=np.full(n, size * 1_000.0),
        rates=np.full(n, 0.02),
        trades=synthetic_trades(tuple(dates.tolist()), tuple(names)),
        decisions=synthetic_decisions(tuple(dates.tolist())),
        meta=meta,
    )


@cache
def synthetic_trades(dates, names) -> pl.DataFrame:
    rows = [
        {
            "date": day,
            "sleeve": sleeve,
            "action": "open" if place % 2 else "close",
            "root": "VIX" if sleeve in LAYERS else "SPXW",
            "expiry": day + timedelta(days=30),
            "strike": 20.0 + place % 7,
            "put_call": "C",
            "quantity": 3 - place % 5,
            "price": 1.25 + place % 3,
            "mid": 1.20 + place % 3,
            "fees": 2.1,
            "reason": "roll due",
            "provenance": "modelled" if place % 4 else "quoted",
        }
        for place, day in enumerate(dates[::5])
        for sleeve in ["condors", *names]
    ]
    return pl.DataFrame(rows)


@cache
def synthetic_decisions(dates) -> pl.DataFrame:
    rows = [
        {
            "date": day,
            "sleeve": "short",
            "action": "no action" if place % 3 else "open",
            "reason": f"held: {place % 30} days to expiry, roll at 21",
        }
        for place, day in enumerate(dates)
    ]
    return pl.DataFrame(rows)


def sessions(first: str, count: int) -> np.ndarray:
    """Weekdays from a date on; holidays do not matter here."""
    return np.busday_offset(first, np.arange(count), roll="forward")


def crashing_market(count: int, seed: int = 5) -> np.ndarray:
    """Small gains with a loss of 12 000 USD on two sessions in a hundred."""
    rng = np.random.default_rng(seed)
    crash = rng.random(count) < 0.02
    return np.where(crash, -12_000.0, 500.0 + 300.0 * rng.standard_normal(count))
