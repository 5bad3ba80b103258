"""What each layer pays, what it costs, and where on the curve it stands, as figures."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.advise.convexity import GRID_DAYS, GRID_VIX, LayerCarry, payoff_grid
from alvh.advise.evening import LAYERS, Evening, read_evening
from alvh.holdings import Holdings, holdings
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.policy import HedgePolicy
from alvh.report.figures import Figure
from alvh.result import Result
from alvh.sessions import sessions

Floats = NDArray[np.float64]

SPX_ROOTS = ("SPX", "SPXW")
COLORS = {"short": "#3b82c4", "medium": "#2c9347", "tail": "#b5508f", "hedge": "#8a8f98"}
DASHES = {"short": "solid", "medium": "dash", "tail": "dot", "hedge": "solid"}


def payoff_of_book(
    history: History, result: Result, evening: Evening | None = None
) -> tuple[Figure, pl.DataFrame]:
    """Draw what each layer of a book pays; see `payoff`, and ``alvh.project`` for the book."""
    found = evening or read_evening(history, result)
    grid = payoff_grid(found)
    return payoff(grid, found.vix), payoff_table(grid)


def spx_follows(book: Holdings) -> str:
    """Say that the S&P 500 moves with VIX, of a book whose hedge it changes; empty of any other.

    See ``alvh.advise.convexity.hedge_gains``.
    """
    layers = [layer.legs for layer in book.layers]
    noticed = any(leg.root in SPX_ROOTS for legs in layers for leg in legs)
    return "the S&P 500 moves with VIX by its usual answer" if noticed else ""


def payoff(grid: Floats, vix: float) -> Figure:
    """Gain of each layer and of the hedge over VIX, one frame for each number of days, USD.

    Parameters
    ----------
    grid : ndarray, shape (3, n_days, n_levels)
        From ``alvh.advise.convexity.payoff_grid``.
    vix : float
        Spot VIX of the evening, points.
    """
    whole = np.concatenate([grid, grid.sum(axis=0, keepdims=True)])
    frames = [
        {"name": "today" if days == 0 else f"in {days} days",
         "data": [_over_vix(name, whole[k, at]) for k, name in enumerate((*LAYERS, "hedge"))]}
        for at, days in enumerate(GRID_DAYS)
    ]  # fmt: skip
    low, high = float(np.nanmin(whole)), float(np.nanmax(whole))
    room = 0.05 * (high - low) or 1.0
    today = {"type": "line", "x0": vix, "x1": vix, "yref": "paper", "y0": 0, "y1": 1,
             "line": {"dash": "dot", "width": 1, "color": "#8a8f98"}}  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "VIX then, points"}},
        "yaxis": {"title": {"text": "Gain from today, USD"}, "tickformat": ",.3~s",
                  "range": [low - room, high + room], "zeroline": True},
        "hovermode": "x unified",
        "shapes": [today],
        "annotations": [{"x": vix, "y": 1, "yref": "paper", "text": "VIX today",
                         "showarrow": False, "xanchor": "left"}],
    }  # fmt: skip
    return {"frames": frames, "layout": layout}


def payoff_table(grid: Floats) -> pl.DataFrame:
    """Return a payoff grid in long form: days, vix, and USD by layer and of the hedge."""
    days, vix = np.meshgrid(GRID_DAYS, GRID_VIX, indexing="ij")
    columns: dict[str, Any] = {"days": days.ravel(), "vix": vix.ravel()}
    columns |= {f"{name}_usd": grid[k].ravel() for k, name in enumerate(LAYERS)}
    return pl.DataFrame(columns | {"hedge_usd": grid.sum(axis=0).ravel()})


def _over_vix(name: str, gains: Any) -> Figure:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": GRID_VIX.tolist(),
        "y": [round(float(gain)) for gain in gains],
        "line": {"color": COLORS[name], "dash": DASHES[name], "width": 2.2},
    }  # fmt: skip


def carry(layers: Mapping[str, LayerCarry]) -> Figure:
    """Theta, roll-down and the gain in the named stress of every layer held, USD."""
    parts = (
        ("time value a year", "theta", "#e0566b", ""),
        ("roll-down a year", "roll_down", "#95871a", "/"),
        ("gain in the stress", "stress_gain", "#228fad", "x"),
    )
    bars = [
        {
            "type": "bar", "name": title, "x": list(layers),
            "y": [round(getattr(one, key)) for one in layers.values()],
            "marker": {"color": color, "pattern": {"shape": shape}},
        }
        for title, key, color, shape in parts
    ]  # fmt: skip
    layout = {
        "barmode": "group",
        "hovermode": "x unified",
        "xaxis": {"type": "category"},
        "yaxis": {"title": {"text": "USD"}, "zeroline": True, "tickformat": ",.3~s"},
    }
    return {"data": bars, "layout": layout}


def carry_table(layers: Mapping[str, LayerCarry]) -> pl.DataFrame:
    """Return theta and roll-down, USD a year, stress gain, USD, and efficiency by layer."""
    rows = [
        {"layer": name, "theta_usd_year": one.theta, "roll_down_usd_year": one.roll_down,
         "stress_gain_usd": one.stress_gain, "efficiency": one.efficiency}
        for name, one in layers.items()
    ]  # fmt: skip
    schema = {"layer": pl.String} | dict.fromkeys(
        ("theta_usd_year", "roll_down_usd_year", "stress_gain_usd", "efficiency"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema)


def term_structure(
    history: History, result: Result, book: Holdings | None = None
) -> tuple[Figure, pl.DataFrame]:
    """Draw the VIX curve of the last close, settlements and model apart, and what is held on it.

    Parameters
    ----------
    history, result
        The run, stopped at the evening.
    book : Holdings, optional
        What is held, where it is not what the run ended with.

    Returns
    -------
    figure : dict
    table : polars.DataFrame
        expiry, forward (points), quoted (whether an exchange settlement), layers (held there),
        spot (VIX, points).
    """
    surfaces = build_surfaces(history)
    row = int(np.searchsorted(surfaces.dates, result.dates[-1]))
    day: Any = surfaces.days[row]
    expiries = day["curve_expiry"].astype("datetime64[D]")
    forwards, quoted = day["curve_forward"], day["curve_quoted"] == 1
    held = _held(book or holdings(result))
    table = pl.DataFrame({"expiry": expiries, "forward": forwards, "quoted": quoted}).with_columns(
        layers=pl.Series([", ".join(held.get(str(one), ())) for one in expiries]),
        spot=pl.lit(float(day["vix"])),
    )
    points = [
        _points("spot", [str(result.dates[-1])], [day["vix"]], "diamond", "#c97b00"),
        _points("settled", expiries[quoted], forwards[quoted], "circle", "#3b82c4"),
        _points("model", expiries[~quoted], forwards[~quoted], "circle-open", "#8a8f98"),
    ]
    layout = {
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": "VIX forward, points"}},
        "hovermode": "closest",
        "shapes": [_mark(expiry) for expiry in held],
        "annotations": [_name(expiry, names) for expiry, names in held.items()],
    }
    return {"data": [one for one in points if one["x"]], "layout": layout}, table


def _held(book: Holdings) -> dict[str, tuple[str, ...]]:
    """Return the layers by the expiry of what they hold."""
    found: dict[str, tuple[str, ...]] = {}
    for layer in book.layers:
        for expiry in sorted({leg.expiry for leg in layer.legs if leg.expiry is not None}):
            found[str(expiry)] = (*found.get(str(expiry), ()), layer.name)
    return found


def _points(name: str, x: Any, y: Any, symbol: str, color: str) -> Figure:
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": [str(one) for one in x],
        "y": [round(float(one), 2) for one in y],
        "marker": {"symbol": symbol, "color": color, "size": 9},
        "hovertemplate": "%{x|%Y-%m-%d}: %{y:.2f}",
    }  # fmt: skip


def _mark(expiry: str) -> Figure:
    line = {"dash": "dot", "width": 1, "color": "#8a8f98"}
    return {"type": "line", "x0": expiry, "x1": expiry, "yref": "paper", "y0": 0, "y1": 1,
            "line": line}  # fmt: skip


def _name(expiry: str, names: tuple[str, ...]) -> Figure:
    return {"x": expiry, "y": 1, "yref": "paper", "text": ", ".join(names), "showarrow": False,
            "xanchor": "right", "yanchor": "top", "textangle": -90}  # fmt: skip


def rolls(book: Holdings, policy: HedgePolicy) -> pl.DataFrame:
    """Return what every layer holds and when a policy rolls it by the calendar.

    Returns
    -------
    polars.DataFrame
        layer, holds, structures, expiry, days (to it), roll (first session on which it is due, null
        for what is held to its expiry or has none), due (whether that is past at the close of the
        book), value and carry_per_day (USD).
    """
    days = {layer.name: layer.roll_days for layer in policy.layers}
    rows = []
    for layer in book.layers:
        expiries = [leg.expiry for leg in layer.legs if leg.expiry is not None]
        first = min(expiries, default=None)
        ahead = days.get(layer.name, 0)  # type: ignore[call-overload]
        roll = None if first is None or not ahead else _session_from(first - timedelta(int(ahead)))
        rows.append(
            {"layer": layer.name, "holds": "; ".join(map(_leg, layer.legs)),
             "structures": layer.units, "expiry": first,
             "days": None if first is None else (first - book.as_of).days,
             "roll": roll, "due": roll is not None and roll <= book.as_of,
             "value": layer.value, "carry_per_day": layer.carry_per_day}
        )  # fmt: skip
    schema = {"layer": pl.String, "holds": pl.String, "structures": pl.Int64, "expiry": pl.Date,
              "days": pl.Int64, "roll": pl.Date, "due": pl.Boolean, "value": pl.Float64,
              "carry_per_day": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def _session_from(day: date) -> date:
    """Return the first session on or after a day."""
    found = int(np.searchsorted(sessions(), np.datetime64(day)))
    session: date = sessions()[found].astype(object)
    return session


def _leg(leg: Any) -> str:
    strike = "" if np.isnan(leg.strike) else f" {leg.strike:g}{leg.put_call}"
    return f"{leg.quantity:+g} {leg.root}{strike}"
