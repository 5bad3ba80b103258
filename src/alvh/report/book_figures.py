"""One evening's book as tables and figures: positions, sensitivities, the surface of its P&L."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from alvh.advise.evening import Evening
from alvh.advise.project import project_grid
from alvh.holdings import Holdings
from alvh.kernel import codes
from alvh.market.history import History
from alvh.report.figures import Figure
from alvh.result import Result

SURFACE_SPX = tuple(np.round(np.arange(-0.15, 0.0801, 0.01), 2).tolist())
SURFACE_VIX = (-10.0, -5.0, -2.5, 0.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0)
SURFACE_DAYS = (0, 7, 14, 30, 45, 60)
PARTS = (*codes.SLEEVES, "total")
SPX_STEP = 0.01  # of the index: one per cent either way
VIX_STEP = 1.0  # points either way


def greeks(history: History, result: Result, evening: Evening | None = None) -> pl.DataFrame:
    """Return the book's sensitivities to its two common factors, by sleeve.

    Every leg is moved by its own forward and smile as in each stress of the engine, so that the
    sleeves add up: differences of the whole repricing, one step either way.

    Parameters
    ----------
    history, result, evening
        As for ``alvh.project_grid``.

    Returns
    -------
    polars.DataFrame
        part; USD per ``spx_delta`` 1 % of the S&P 500, ``vix_delta`` point of spot VIX, ``theta``
        calendar day; ``spx_gamma`` and ``vix_gamma`` change of a delta per step; ``vanna`` change
        of the VIX delta per 1 % of the S&P 500; ``usual`` for 1 % down with the VIX that usually
        goes with it.
    """
    moves, points = (-SPX_STEP, 0.0, SPX_STEP), (-VIX_STEP, 0.0, VIX_STEP)
    grid = project_grid(history, result, [0, 1], moves, points, evening)
    usual = project_grid(history, result, 0, (-SPX_STEP,), None, evening)
    return pl.DataFrame([_differences(name, grid[name], float(usual[name][0, 0]))
                         for name in PARTS])  # fmt: skip


def _differences(name: str, gains: Any, usual: float) -> dict[str, Any]:
    """Return central differences of one part's gains, shape (2 days, 3 moves, 3 levels)."""
    now = gains[0]
    return {
        "part": name,
        "spx_delta": (now[2, 1] - now[0, 1]) / 2.0,
        "spx_gamma": now[2, 1] - 2.0 * now[1, 1] + now[0, 1],
        "vix_delta": (now[1, 2] - now[1, 0]) / 2.0,
        "vix_gamma": now[1, 2] - 2.0 * now[1, 1] + now[1, 0],
        "vanna": (now[2, 2] - now[2, 0] - now[0, 2] + now[0, 0]) / 4.0,
        "theta": gains[1, 1, 1] - now[1, 1],
        "usual": usual,
    }


def surface(
    history: History, result: Result, vix: float, evening: Evening | None = None
) -> tuple[Figure, pl.DataFrame]:
    """Draw the whole book's gain over moves of the S&P 500 and levels of VIX, a frame by days.

    Parameters
    ----------
    history, result
        As for ``alvh.project_grid``.
    vix : float
        Spot VIX of the evening, points.
    evening : Evening, optional
        As for ``alvh.project_grid``.

    Returns
    -------
    figure : dict
        The zero line is the break-even curve.
    table : polars.DataFrame
        days, spx_return (fraction), vix_points (change), and USD by sleeve and in all.
    """
    points = tuple(one for one in SURFACE_VIX if vix + one >= 8.0)
    grid = project_grid(history, result, SURFACE_DAYS, SURFACE_SPX, points, evening)
    span = float(np.nanmax(np.abs(grid["total"]))) or 1.0
    frames = [
        {"name": "today" if days == 0 else f"in {days} days",
         "data": _contours(grid["total"][at].T, [vix + one for one in points], span)}
        for at, days in enumerate(SURFACE_DAYS)
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "S&P 500, %"}},
        "yaxis": {"title": {"text": "VIX then, points"}},
        "shapes": [{"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1,
                    "line": {"dash": "dot", "width": 1, "color": "#777777"}}],
    }  # fmt: skip
    return {"frames": frames, "layout": layout}, _long(grid, points)


def _contours(gains: Any, levels: Sequence[float], span: float) -> list[Figure]:
    x = [round(100 * move, 1) for move in SURFACE_SPX]
    shared = {"type": "contour", "x": x, "y": list(levels),
              "z": [[round(float(gain)) for gain in row] for row in gains]}  # fmt: skip
    return [
        shared | {
            "colorscale": "RdBu", "reversescale": True, "zmin": -span, "zmax": span,
            "ncontours": 20, "line": {"width": 0.3},
            "colorbar": {"title": {"text": "USD", "side": "top"}, "thickness": 12,
                         "tickformat": ",.2~s"},
            "hovertemplate": "S&P 500 %{x} %, VIX %{y:.1f}: %{z:,} USD<extra></extra>",
        },
        shared | {
            "name": "break-even", "showlegend": False, "showscale": False, "hoverinfo": "skip",
            "contours": {"start": 0, "end": 0, "size": 1, "coloring": "none"},
            "line": {"width": 3, "color": "#1b1b1b"},
        },
    ]  # fmt: skip


def _long(grid: dict[str, Any], points: Sequence[float]) -> pl.DataFrame:
    days, moves, levels = np.meshgrid(SURFACE_DAYS, SURFACE_SPX, points, indexing="ij")
    columns: dict[str, Any] = {
        "days": days.ravel(), "spx_return": moves.ravel(), "vix_points": levels.ravel()
    }  # fmt: skip
    return pl.DataFrame(columns | {f"{name}_usd": grid[name].ravel() for name in PARTS})


def positions(book: Holdings) -> pl.DataFrame:
    """Return every leg: sleeve, root, put_call, expiry, strike, quantity, mid, value (USD)."""
    rows = [
        {"sleeve": leg.sleeve, "root": leg.root, "put_call": leg.put_call, "expiry": leg.expiry,
         "strike": leg.strike, "quantity": leg.quantity, "mid": leg.mid, "value": leg.value}
        for leg in book.legs
    ]  # fmt: skip
    text, number = dict.fromkeys(("sleeve", "root", "put_call"), pl.String), pl.Float64
    schema = {**text, "expiry": pl.Date} | dict.fromkeys(
        ("strike", "quantity", "mid", "value"), number
    )
    return pl.DataFrame(rows, schema=schema)
