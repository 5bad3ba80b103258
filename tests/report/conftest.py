"""One comparison on the synthetic engine, shared by the tests of the report."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from alvh.evidence.comparison import compare
from evidence.synthetic import SyntheticEngine, SyntheticHistory, crashing_market, sessions


@dataclass
class Gap:
    sessions: int


@dataclass
class Refusal:
    reason: str


@dataclass
class Series:
    name: str
    sources: tuple[str, ...]
    first: date | None
    last: date | None
    count: int
    gaps: tuple[Gap, ...] = ()
    refused: tuple[Refusal, ...] = ()


@pytest.fixture(scope="session")
def comparison():
    dates = sessions("2017-06-01", 800)
    report = (
        Series(
            "vix",
            ("cboe/VIX_History.csv", "b.csv", "c.csv", "d.csv"),
            date(1990, 1, 2),
            date(2026, 7, 9),
            9_192,
            (Gap(1), Gap(3)),
            (Refusal("zero"), Refusal("zero"), Refusal("no <session>")),
        ),
        Series("reer", (), None, None, 0),
    )
    history = SyntheticHistory(
        dates, {"spx": np.linspace(2_400, 2_900, 800), "vix": np.full(800, 15.0)}, report
    )
    engine = SyntheticEngine(
        dates, crashing_market(800), strength={"vxth": 0.1}, refuses=frozenset({"spx-puts"})
    )
    return compare(history, equal="outlay", backtest=engine, resamples=50, seed=9)
