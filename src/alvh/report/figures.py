"""Figures as plain data for the plotting library: no drawing, no page, no library imported.

Every function returns a mapping with ``data`` and ``layout`` in the form plotly.js takes. Colours
of ink and background are left to the page, which knows whether it is read in light or dark.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from alvh import measures as m
from alvh.evidence.curves import CurvePoint
from alvh.evidence.rows import LAYERS, Run
from alvh.measures import Array, Dates

Figure = dict[str, Any]

# Tol's bright scheme, distinguishable with any common colour blindness, darkened a little where it
# would vanish on white; each line also has a dash of its own.
_LINES: dict[str, tuple[str, str, float]] = {
    "none": ("#8a8f98", "solid", 2.0),
    "alvh-40-40-20": ("#3b82c4", "solid", 2.6),
    "single-call": ("#228fad", "dash", 1.6),
    "alvh-4-4-2": ("#b5508f", "dot", 1.8),
    "vxth": ("#95871a", "solid", 1.6),
    "spx-puts": ("#e0566b", "dash", 1.8),
    "futures-40-40-20": ("#2c9347", "dashdot", 1.8),
    "fewer-condors": ("#c97b00", "longdash", 2.4),
}
_SPARE = tuple(_LINES.values())[1:]
_PATTERNS = ("", "/", "x", ".", "-", "\\", "+", "|")  # of bars, in the order of the lines
_SLEEVES = {
    "condors": "#8a8f98",
    "short": "#3b82c4",
    "medium": "#2c9347",
    "tail": "#b5508f",
    "hedge": "#3b82c4",
    "cash": "#228fad",
    "costs": "#e0566b",
}
_DASHES = {  # condors, cash and hedge never stand beside a layer
    "condors": "solid", "short": "solid", "medium": "dash", "tail": "dashdot", "hedge": "longdash",
    "cash": "dash", "costs": "dot",
}  # fmt: skip
_CARRY_DASHES = {"short": "dot", "medium": "2px,6px", "tail": "8px,3px,1px,3px,1px,3px"}
_SIDES = {"put side": "#e0566b", "call side": "#228fad"}


def style(name: str, place: int = 0) -> dict[str, Any]:
    """Return the line of a hedge: its own for a preset, otherwise one by its place in the list."""
    color, dash, width = _LINES.get(name, _SPARE[place % len(_SPARE)])
    return {"color": color, "dash": dash, "width": width}


def fill_of(name: str, place: int = 0) -> dict[str, Any]:
    """Return the bar of a hedge: the colour of its line, and a pattern of its own over it.

    Over it, not in its place: of a thin bar a pattern alone leaves one stripe or nothing.
    """
    color = style(name, place)["color"]
    at = list(_LINES).index(name) if name in _LINES else 1 + place % len(_SPARE)
    return {"color": color, "pattern": {"shape": _PATTERNS[at], "fillmode": "overlay"}}


def thin(dates: Dates, values: Array) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Choose the points worth drawing of a long daily series.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    values : ndarray, shape (n,)

    Returns
    -------
    ndarray of int
        Positions of the last session of each week and of the highest and lowest value of each
        month, so that no peak or trough is lost; both ends are kept.
    """
    weeks = (dates.astype("datetime64[D]").astype(np.int64) + 3) // 7
    keep = np.append(weeks[1:] != weeks[:-1], True)
    keep[0] = True
    start = 0
    for end in m.period_ends(dates):
        month = values[start : end + 1]
        keep[[start + int(np.argmin(month)), start + int(np.argmax(month))]] = True
        start = int(end) + 1
    return np.flatnonzero(keep)


def equity(results: Mapping[str, Run]) -> Figure:
    """Account value of every book, USD."""
    lines = [
        _line(name, run.dates, run.nav, style(name, place), digits=0)
        for place, (name, run) in enumerate(results.items())
    ]
    return {"data": lines, "layout": _dated("Account value, USD", tickformat=",.3~s")}


def drawdown(results: Mapping[str, Run]) -> Figure:
    """Fall of every book from its last high, per cent."""
    lines = [
        _line(name, run.dates, 100 * m.drawdowns(run.nav), style(name, place), digits=3)
        for place, (name, run) in enumerate(results.items())
    ]
    return {"data": lines, "layout": _dated("Below the last high, %")}


def sleeves(run: Run) -> Figure:
    """Cumulative P&L of condors, of all hedge layers at mid, of interest and of costs, USD."""
    layers: Array = np.sum([run.sleeves[name] for name in LAYERS], axis=0)
    paths = {
        "condors": run.sleeves["condors"],
        "hedge": layers,
        "cash": run.sleeves["cash"],
        "costs": run.sleeves["costs"],
    }
    lines = [
        _line(_SLEEVE_NAMES[name], run.dates, path, _pen(name), digits=0)
        for name, path in paths.items()
    ]
    return {"data": lines, "layout": _dated("Cumulative P&L, USD", tickformat=",.3~s")}


def layers(run: Run) -> Figure:
    """Cumulative P&L of each hedge layer after its costs, and its carry, USD."""
    lines: list[dict[str, Any]] = []
    for name in LAYERS:
        net = run.sleeves[name] + run.costs_by_sleeve[name]
        if not (np.any(net) or np.any(run.carry[name])):
            continue
        lines.append(_line(name, run.dates, net, _pen(name), digits=0))
        thin_pen = {"color": _SLEEVES[name], "width": 1.2, "dash": _CARRY_DASHES[name]}
        lines.append(_line(f"{name}, carry", run.dates, run.carry[name], thin_pen, digits=0))
    return {"data": lines, "layout": _dated("Cumulative P&L, USD", tickformat=",.3~s")}


def _pen(name: str) -> dict[str, Any]:
    return {"color": _SLEEVES[name], "width": 2, "dash": _DASHES[name]}


def hedge_by_year(run: Run) -> Figure:
    """P&L of each layer at mid, and the hedge's fees and slippage, per calendar year, per cent."""
    costs: Array = np.sum([run.costs_by_sleeve[name] for name in LAYERS], axis=0)
    paths = {name: run.sleeves[name] for name in LAYERS} | {"costs": costs}
    bars = [
        _bars(_SLEEVE_NAMES.get(name, name), *by_year(run, path), _SLEEVES[name], _PATTERNS[at])
        for at, (name, path) in enumerate(paths.items())
        if np.any(path)
    ]
    return {"data": bars, "layout": _yearly("relative", "% of the account at the year's start")}


def sides_by_year(run: Run) -> Figure:
    """P&L at mid of the condors' put side and call side, per calendar year, per cent."""
    paths = {"put side": run.put_side, "call side": run.call_side}
    bars = [_bars(name, *by_year(run, path), _SIDES[name]) for name, path in paths.items()]
    return {"data": bars, "layout": _yearly("group", "% of the account at the year's start")}


def side_losses_by_year(run: Run) -> Figure:
    """Sum of the losing months of each side, per calendar year, per cent."""
    paths = {"put side": run.put_side, "call side": run.call_side}
    bars = []
    for name, path in paths.items():
        months = np.minimum(m.period_changes(path, run.dates), 0.0)
        lost = np.zeros(run.dates.size)
        lost[m.period_ends(run.dates)] = months
        bars.append(_bars(name, *by_year(run, np.cumsum(lost)), _SIDES[name]))
    return {"data": bars, "layout": _yearly("group", "% of the account at the year's start")}


def crises(returns: pl.DataFrame) -> Figure:
    """Return of every book over every crisis that the data hold, per cent."""
    names = [name for name in returns.columns if name not in ("crisis", "start", "end")]
    inside = returns.drop_nulls(names[:1]) if names else returns
    bars = [
        {
            "type": "bar",
            "name": name,
            "x": inside["crisis"].to_list(),
            "y": _rounded(100 * inside[name].cast(pl.Float64).to_numpy(), 3),
            "marker": fill_of(name, place),
            "hovertemplate": "%{y:.2f} %",
        }
        for place, name in enumerate(names)
    ]
    layout = {
        "barmode": "group",
        "hovermode": "x unified",
        "yaxis": {"title": {"text": "Return over the window, %"}, "zeroline": True},
        "xaxis": {"type": "category"},
    }
    return {"data": bars, "layout": layout}


def risk_against_cost(points: Sequence[CurvePoint], risk: str) -> Figure:
    """Risk removed against growth given up, as each hedge grows and as the book shrinks.

    Parameters
    ----------
    points : sequence of CurvePoint
    risk : {"cvar_removed", "drawdown_removed"}
    """
    names = list(dict.fromkeys(point.name for point in points))
    lines = [
        _curve([point for point in points if point.name == name], risk, style(name, place))
        for place, name in enumerate(names)
    ]
    what = {"cvar_removed": "Monthly CVaR", "drawdown_removed": "Maximum drawdown"}[risk]
    layout = {
        "xaxis": {"title": {"text": "Growth given up, points a year"}, "zeroline": True},
        "yaxis": {"title": {"text": f"{what} removed, points"}, "zeroline": True},
        "hovermode": "closest",
    }
    _look_where_risk_falls(layout, lines)
    return {"data": lines, "layout": layout}


def _look_where_risk_falls(layout: dict[str, Any], lines: Sequence[Figure]) -> None:
    """Begin with the part of the plane that matters: hedges far too large run far below it."""
    points = np.array([pair for line in lines for pair in zip(line["x"], line["y"], strict=True)])
    top = points[:, 1].max() if points.size else 0.0
    if top <= 0:
        return
    shown = points[points[:, 1] >= -0.6 * top]
    low, high = shown[:, 0].min(), shown[:, 0].max()
    room = 0.06 * (high - low) or 1.0
    layout["yaxis"]["range"] = [float(-0.6 * top), float(1.1 * top)]
    layout["xaxis"]["range"] = [float(low - room), float(high + room)]


def by_year(run: Run, path: Array) -> tuple[list[str], Array]:
    """Change of a cumulative P&L per calendar year, per cent of the account at its start."""
    ends = m.period_ends(run.dates, "Y")
    opening = np.concatenate([[run.nav[0]], run.nav[ends[:-1]]])
    years = [str(year) for year in run.dates[ends].astype("datetime64[Y]")]
    return years, 100 * m.period_changes(path, run.dates, "Y") / opening


_SLEEVE_NAMES = {
    "condors": "condors, at mid",
    "hedge": "hedge, at mid",
    "cash": "interest",
    "costs": "fees and slippage",
}


def _line(name: str, dates: Dates, values: Array, pen: dict[str, Any], *, digits: int) -> Figure:
    kept = thin(dates, values)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [str(day) for day in dates[kept]],
        "y": _rounded(values[kept], digits),
        "line": pen,
    }


def _bars(name: str, years: list[str], values: Array, color: str, pattern: str = "") -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": years,
        "y": _rounded(values, 3),
        "marker": {"color": color, "pattern": {"shape": pattern}},
        "hovertemplate": "%{y:.2f} %",
    }


def _curve(points: list[CurvePoint], risk: str, pen: dict[str, Any]) -> Figure:
    shown = [point for point in points if np.isfinite(point.cagr_given_up)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": points[0].name,
        "x": _rounded(np.array([100 * point.cagr_given_up for point in shown]), 3),
        "y": _rounded(np.array([100 * getattr(point, risk) for point in shown]), 3),
        "text": [f"{point.name}, {point.scale:g} × its size" for point in shown],
        "hovertemplate": "%{text}<br>gives up %{x:.2f}, removes %{y:.2f}<extra></extra>",
        "line": pen,
        "marker": {"size": 5},
    }


def _dated(title: str, tickformat: str | None = None) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": title}}
    if tickformat:
        axis["tickformat"] = tickformat
    return {"xaxis": {"type": "date"}, "yaxis": axis, "hovermode": "x unified"}


def _yearly(barmode: str, title: str) -> dict[str, Any]:
    return {
        "barmode": barmode,
        "hovermode": "x unified",
        "xaxis": {"type": "category"},
        "yaxis": {"title": {"text": title}, "zeroline": True},
    }


def _rounded(values: Array, digits: int) -> list[float | int | None]:
    places = np.round(np.asarray(values, float), digits) + 0.0
    kept = [None if np.isnan(value) else float(value) for value in places]
    return [int(v) if digits == 0 and v is not None else v for v in kept]
