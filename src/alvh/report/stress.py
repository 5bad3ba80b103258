"""Shocks and crises as pictures: what the book gained, and the path that it was taken along."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alvh.evidence.stress import Stress, StressPath
from alvh.measures import Array
from alvh.report.exhibits import Exhibit, traces_table
from alvh.report.html import figure_page

Figure = dict[str, Any]

SHOWN = 130  # sessions drawn at first: half a year; longer paths can be dragged into view

# Lines of one dash have colours that any common colour blindness tells apart, up to 20 lines.
_COLORS = ("#228fad", "#95871a", "#e0566b", "#b5508f", "#2c9347", "#8a8f98", "#3b82c4", "#c97b00")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "2px,6px", "12px,2px",
           "8px,3px,1px,3px,1px,3px")  # fmt: skip


def paths_figure(found: Stress, title: str, values: Callable[[StressPath], Array]) -> Figure:
    """Draw one line a path over sessions since the evening."""
    lines = [
        {
            "type": "scatter", "mode": "lines", "name": path.name,
            "x": list(range(len(path.on))), "y": [round(float(y), 5) for y in values(path)],
            "line": {"color": _COLORS[place % len(_COLORS)], "width": 2,
                     "dash": _DASHES[place % len(_DASHES)]},
        }
        for place, path in enumerate(found.paths)
    ]  # fmt: skip
    layout = {
        "title": {"text": title},
        "xaxis": {"title": {"text": "sessions after the evening"}, "range": [0, SHOWN]},
        "yaxis": {"tickformat": ".0%" if "%" in title else None},
        "hovermode": "x unified",
    }
    return {"data": lines, "layout": layout}


def exhibit(found: Stress, title: str, values: Callable[[StressPath], Array]) -> Exhibit:
    """Return one figure with its caption, and its numbers by sessions after the evening."""
    figure = paths_figure(found, title, values)
    unit = "fraction" if "%" in title else "points"
    sessions = max((len(path.on) - 1 for path in found.paths), default=0)
    return Exhibit(
        title, figure, traces_table(figure, "sessions after the evening", unit),
        f"{title}, on each of up to {sessions} sessions after the close of {found.as_of}; "
        "all prices are a model's.",
    )  # fmt: skip


def write_stress(found: Stress, path: str | Path) -> Path:
    """Write the figures as one self-contained page.

    Parameters
    ----------
    found : Stress
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
        f"Book of {found.as_of}, {found.nav:,.0f} USD, {found.mode}. All prices are a model's. "
        "Shocks are declared, not forecast; crises are moved by the same factor as there.",
        *(f"{one.name}: {one.words}." for one in found.paths if one.kind == "shock"),
        *(f"Warning: {one.name}: {one.warning}." for one in found.paths if one.warning),
        " · ".join(f"{key} {meta[name][:12]}" for key, name in
                   (("policy", "policy_hash"), ("programme", "programme_hash"),
                    ("data", "data_digest"), ("code", "code_version")) if name in meta),
    ]  # fmt: skip
    drawn = {
        "gain": exhibit(found, "Gain of the whole book, % of the account",
                        lambda one: one.pnl["total"] / found.nav),
        "spx": exhibit(found, "S&P 500, % since the evening",
                       lambda one: one.spx / one.spx[0] - 1.0),
        "vix": exhibit(found, "VIX, points", lambda one: one.vix),
    }  # fmt: skip
    return figure_page(path, f"{meta['programme']} with {meta['hedge']} under stress", lines, drawn)
