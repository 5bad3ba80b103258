"""Runs of the bundled history that several tests read, each made once."""

from functools import cache

import numpy as np

import alvh
from alvh.advise.evening import Evening, read_evening
from alvh.advise.track import Track
from alvh.result import Result


@cache
def bundled() -> alvh.History:
    return alvh.load_history("bundled")


@cache
def run(
    hedge: str = "alvh-40-40-20", end: str = "2016-02-24", condors: str = "monthly45"
) -> Result:
    return alvh.backtest(bundled(), hedge, condors, end=end)


@cache
def evening(hedge: str = "alvh-40-40-20", end: str = "2016-02-24") -> Evening:
    return read_evening(bundled(), run(hedge, end))


def track(**series: object) -> Track:
    """A track of 300 sessions on which nothing happens, but for the series given."""
    n = 300
    nothing = np.zeros(n)
    parts: dict[str, object] = {
        "dates": np.datetime64("2015-01-01") + np.arange(n),
        "nav": np.full(n, 1e6),
        "spx": np.full(n, 2000.0),
        "rates": nothing,
        "hedge_pnl": nothing,
        "hedge_value": np.full(n, 10_000.0),
        "hedge_margin": nothing,
        "condor_margin": nothing,
        "flows": dict.fromkeys(("condors", "short", "medium", "tail"), nothing),
        "payouts": nothing,
        "futures": nothing,
        "premium": {"condors": nothing, "hedge": nothing},
        "shortfall": {"condors": nothing, "hedge": nothing},
    }
    return Track(**(parts | series))  # type: ignore[arg-type]
