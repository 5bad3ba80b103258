"""An evening's book through past crises and imagined moves, as figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from alvh.advise.evening import Evening
from alvh.advise.project import project_grid
from alvh.advise.replay import Replay
from alvh.evidence.crises import CRISES
from alvh.kernel import codes
from alvh.market.history import History
from alvh.report.figures import Figure
from alvh.report.layer_figures import COLORS, DASHES
from alvh.result import Result

GAPS = tuple(np.round(np.arange(-0.20, 0.1001, 0.01), 2).tolist())
CRISIS_KEYS = tuple(one.key for one in CRISES)
PARTS = (*codes.SLEEVES, "total")
_COLORS = COLORS | {"condors": "#c97b00", "total": "#e0566b"}
_DASHES = DASHES | {"condors": "dashdot", "total": "solid"}


def path(found: Replay) -> tuple[Figure, pl.DataFrame]:
    """Draw the gain of a book through a stretch, by sleeve, USD, and VIX as the book meets it."""
    days = [str(day) for day in found.dates]
    lines = [_line(name, days, found.pnl[name]) for name in PARTS]
    vix = {"type": "scatter", "mode": "lines", "name": "VIX", "x": days, "yaxis": "y2",
           "y": np.round(found.vix, 2).tolist(),
           "line": {"color": "#8a8f98", "width": 1, "dash": "longdashdot"}}  # fmt: skip
    layout = {
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": "Gain, USD"}, "zeroline": True, "tickformat": ",.3~s"},
        "yaxis2": {"title": {"text": "VIX, points"}, "overlaying": "y", "side": "right",
                   "showgrid": False, "tickmode": "auto", "tickformat": ",.0f"},
        "hovermode": "x unified",
    }  # fmt: skip
    table: dict[str, Any] = {"date": found.dates, "on": found.on, "spx": found.spx,
                             "vix": found.vix}  # fmt: skip
    return {"data": [*lines, vix], "layout": layout}, pl.DataFrame(
        table | {f"{name}_usd": found.pnl[name] for name in PARTS}
    )


def gaps(
    history: History, result: Result, evening: Evening | None = None
) -> tuple[Figure, pl.DataFrame]:
    """Draw the gain of a book over overnight moves of the S&P 500, VIX by its usual answer."""
    grid = project_grid(history, result, 0, GAPS, None, evening)
    x = [round(100 * move, 1) for move in GAPS]
    layout = {
        "xaxis": {"title": {"text": "S&P 500 overnight, %"}},
        "yaxis": {"title": {"text": "Gain, USD"}, "zeroline": True, "tickformat": ",.3~s"},
        "hovermode": "x unified",
    }
    table: dict[str, Any] = {"spx_return": GAPS}
    table |= {f"{name}_usd": grid[name][:, 0] for name in PARTS}
    lines = [_line(name, x, grid[name][:, 0]) for name in PARTS]
    return {"data": lines, "layout": layout}, pl.DataFrame(table)


def _line(name: str, x: Sequence[Any], gains: Any) -> Figure:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": list(x),
        "y": [round(float(gain)) for gain in gains],
        "line": {"color": _COLORS[name], "dash": _DASHES[name],
                 "width": 2.6 if name == "total" else 1.8},
    }  # fmt: skip
