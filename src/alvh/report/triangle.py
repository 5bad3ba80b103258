"""The split simplex as a picture: a triangle of all splits, and the page around it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import LinearNDInterpolator

from alvh.evidence.grids import Grid
from alvh.evidence.simplex import Simplex
from alvh.formats import p_value
from alvh.measures import Array
from alvh.priced import priced_words
from alvh.report.exhibits import Exhibit
from alvh.report.html import figure_page

Figure = dict[str, Any]

HEIGHT = np.sqrt(3.0) / 2.0
GRID = 121  # points along a side of the drawn surface
_CORNERS = (("all short", 0.0, 0.0), ("all medium", 1.0, 0.0), ("all tail", 0.5, HEIGHT))
TITLES = {
    "growth": "Growth a year",
    "risk_removed": "Risk removed: worst twentieth of months, less unhedged",
    "per_carry": "Risk removed per dollar of carry a year",
}
_SCALE = {"growth": 100.0, "risk_removed": 100.0, "per_carry": 1.0}
_UNITS = {"growth": "% a year", "risk_removed": "% of the account", "per_carry": "ratio"}


def corners_to_plane(splits: Array) -> Array:
    """Return the place of each split in the triangle, shape (n, 2); its sides are 1 long."""
    return np.stack([splits[:, 1] + 0.5 * splits[:, 2], HEIGHT * splits[:, 2]], axis=1)


def triangle(found: Simplex, criterion: str, marked: str = "") -> Figure:
    """Draw one criterion over all splits, the best, its region, and the split asked about.

    Parameters
    ----------
    found : Simplex
    criterion : str
        Of its standings.
    marked : str
        What the split asked about is called; the policy's name by default.
    """
    standing, star = found.standings[criterion], marked or found.meta["hedge"]
    values = _SCALE[criterion] * standing.values
    places = corners_to_plane(found.splits)
    return {
        "data": [
            _surface(places, values, _UNITS[criterion]),
            _points("like the best", places, standing.region, found, values,
                    {"symbol": "circle", "size": 6, "color": "rgba(255,255,255,0.75)",
                     "line": {"color": "#1b1b1b", "width": 1}}),
            _points("best", places, _only(standing.best, values), found, values,
                    {"symbol": "diamond", "size": 14, "color": "#ffffff",
                     "line": {"color": "#1b1b1b", "width": 2}}),
            _points(star, places, _only(found.marked, values), found, values,
                    {"symbol": "star", "size": 17, "color": "#e0566b",
                     "line": {"color": "#1b1b1b", "width": 1}}),
        ],
        "layout": _layout(TITLES[criterion]),
    }  # fmt: skip


def _only(row: int, values: Array) -> Any:
    chosen = np.zeros(len(values), bool)
    chosen[row] = True
    return chosen


def _surface(places: Array, values: Array, unit: str) -> Figure:
    known = np.isfinite(values)
    x, y = np.linspace(0.0, 1.0, GRID), np.linspace(0.0, HEIGHT, GRID)
    z = LinearNDInterpolator(places[known], values[known])(*np.meshgrid(x, y))
    rows = [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in z]
    return {
        "type": "contour", "x": x.round(4).tolist(), "y": y.round(4).tolist(), "z": rows,
        "colorscale": "Cividis", "ncontours": 14, "hoverinfo": "skip",
        "colorbar": {"title": {"text": unit, "side": "top"}, "thickness": 14},
        "line": {"width": 0.6},
    }  # fmt: skip


def _points(
    name: str, places: Array, chosen: Any, found: Simplex, values: Array, marker: Figure
) -> Figure:
    texts = [
        f"{s:.0%} short, {m:.0%} medium, {t:.0%} tail: {v:.3g}"
        for (s, m, t), v in zip(found.splits[chosen], values[chosen], strict=True)
    ]
    return {
        "type": "scatter", "mode": "markers", "name": name, "marker": marker,
        "x": places[chosen, 0].round(4).tolist(), "y": places[chosen, 1].round(4).tolist(),
        "text": texts, "hoverinfo": "text",
    }  # fmt: skip


def _layout(title: str) -> Figure:
    hidden = {"visible": False, "fixedrange": True}
    return {
        "title": {"text": title},
        "xaxis": {**hidden, "range": [-0.12, 1.12]},
        "yaxis": {**hidden, "range": [-0.12, HEIGHT + 0.12], "scaleanchor": "x"},
        "legend": {"orientation": "h", "y": -0.02},
        "annotations": [
            {"text": text, "x": x, "y": y + (0.06 if y else -0.06), "showarrow": False}
            for text, x, y in _CORNERS
        ],
        "height": 560,
        "margin": {"l": 10, "r": 10, "t": 50, "b": 10},
    }


def priced_of(meta: Mapping[str, Any]) -> str:
    """Say what the fills of all splits, or of a whole grid, rest on, by its ``meta``."""
    if not meta["fills"]:
        return "Nothing was traded"
    return priced_words("fills", meta["model_priced_share"], meta["fitted_share"])


def write_simplex(found: Simplex, path: str | Path) -> Path:
    """Write the three triangles as one self-contained page.

    Parameters
    ----------
    found : Simplex
    path : str or Path
        An older file is replaced.

    Returns
    -------
    Path

    Raises
    ------
    AlvhError
        If the folder does not exist or cannot be written to.
    """
    meta = found.meta
    lines = [
        f"{len(found.splits)} splits, {meta['start']} to {meta['end']}, "
        f"{meta['resamples']} resampled histories, mean block {meta['block']} sessions, "
        f"level {meta['level']:.0%}. {priced_of(meta)}.",
        f"Test that no split grows faster than {meta['hedge']}: p "
        f"{p_value(found.spa, meta['resamples'])}.",
        f"policy {meta['policy_hash'][:12]} · programme {meta['programme_hash'][:12]} · data "
        f"{meta['data_digest'][:12]} · code {meta['code_version']} · seed {meta['seed']}",
    ]
    drawn = {
        name: Exhibit(title, triangle(found, name), found.table(), _caption(found, name))
        for name, title in TITLES.items()
    }
    return figure_page(path, f"{meta['programme']}: all splits of {meta['hedge']}", lines, drawn)


def unit_of(criterion: str) -> str:
    """Say in what a criterion is drawn, and in what its numbers stand in the file beside it."""
    return _UNITS[criterion] + (" (in the CSV a fraction)" if _SCALE[criterion] == 100.0 else "")


def _caption(found: Simplex | Grid, criterion: str) -> str:
    """Say what is drawn: units, dates, what the fills rest on, and where the best lies."""
    meta = found.meta
    signs = (
        "the star is the layer's own, the diamond the best" if isinstance(found, Grid) else
        "the star is the policy's own split, the diamond the best; circles cannot be told from it"
    )  # fmt: skip
    return (
        f"{TITLES[criterion]}, {unit_of(criterion)}, {meta['start']} to {meta['end']}; {signs}. "
        f"{priced_of(meta)}."
    )


def heat(found: Grid, criterion: str) -> Figure:
    """Draw one criterion over tenor and delta: the layer's own a star, the best a diamond."""
    tenors, deltas = np.unique(found.tenors), np.unique(found.deltas)
    one = found.standings[criterion]
    unit, factor = _UNITS[criterion], _SCALE[criterion]
    cells = np.full((len(deltas), len(tenors)), np.nan)  # what no policy may have stays blank
    at = np.searchsorted(deltas, found.deltas), np.searchsorted(tenors, found.tenors)
    cells[at] = factor * one.values
    rows = [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in cells]
    axes = {"x": [f"{tenor:.0f}" for tenor in tenors], "y": [f"{delta:.2f}" for delta in deltas]}
    points = [
        {"type": "scatter", "mode": "markers", "name": name, "x": [f"{found.tenors[row]:.0f}"],
         "y": [f"{found.deltas[row]:.2f}"],
         "marker": {"symbol": symbol, "size": 16, "color": "white",
                    "line": {"color": "black", "width": 2}}}
        for name, row, symbol in (
            ("own terms", found.marked, "star"), ("best", one.best, "diamond"),
        )
    ]  # fmt: skip
    bar = {"title": {"text": unit, "side": "top"}, "thickness": 14}
    surface = {"type": "heatmap", "z": rows, "colorscale": "Cividis", "colorbar": bar, **axes}
    layout = {
        "title": {"text": f"{TITLES[criterion]}, {found.layer} layer"}, "height": 460,
        "xaxis": {"type": "category", "title": {"text": "tenor, days"}},
        "yaxis": {"type": "category", "title": {"text": "delta bought"}},
        "legend": {"orientation": "h", "y": -0.2},
    }  # fmt: skip
    return {"data": [surface, *points], "layout": layout}


def write_grid(found: Grid, path: str | Path) -> Path:
    """Write the three maps as one self-contained page; an older file is replaced.

    Raises
    ------
    AlvhError
        If the folder does not exist or cannot be written to.
    """
    meta = found.meta
    lines = [
        f"{len(found.tenors)} pairs of tenor and delta, {meta['start']} to {meta['end']}, "
        f"{meta['resamples']} resampled histories. {priced_of(meta)}.",
        f"Test that none grows faster than the layer's own: p "
        f"{p_value(found.spa, meta['resamples'])}.",
        f"policy {meta['policy_hash'][:12]} · programme {meta['programme_hash'][:12]} · data "
        f"{meta['data_digest'][:12]} · code {meta['code_version']} · seed {meta['seed']}",
    ]
    title = f"{meta['programme']}: tenor and delta of the {found.layer} layer"
    drawn = {
        name: Exhibit(words, heat(found, name), found.table(), _caption(found, name))
        for name, words in TITLES.items()
    }
    return figure_page(path, title, lines, drawn)
