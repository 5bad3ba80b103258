"""How far colours are apart for an eye that lacks one of its three cones, and against paper.

References
----------
Machado, Oliveira, Fernandes (2009), A Physiologically-based Model for Simulation of Color Vision
Deficiency, IEEE TVCG 15 (6), table 1, severity 1.0. CIE 1976 L*a*b* with the white of D65. WCAG
2.2, relative luminance and contrast ratio.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EYES = {
    "usual": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _XYZ @ np.ones(3)
APART = 20.0  # of L*a*b*: well above the 2.3 that can just be seen, for thin lines far apart
LEAST_CONTRAST = 3.0  # WCAG 1.4.11, for graphical objects


def linear(color: str) -> Floats:
    """Return the linear RGB of ``#rrggbb``, 0 to 1, shape (3,)."""
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: Floats) -> Floats:
    """Return L*a*b* of linear RGB."""
    ratio = _XYZ @ np.clip(rgb, 0.0, 1.0) / _WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str) -> float:
    """Return the least distance of two colours over all eyes, in L*a*b*."""
    return min(
        float(np.linalg.norm(lab(eye @ linear(one)) - lab(eye @ linear(other))))
        for eye in EYES.values()
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    low, high = sorted(float(_XYZ[1] @ linear(color)) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def traces(figure: dict[str, Any]) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """Yield name, colour and shape of every line, bar and point of a figure."""
    data = figure["frames"][0]["data"] if "frames" in figure else figure["data"]
    for one in data:
        if one["type"] == "contour":
            continue
        marker = one.get("marker", {})
        pen = one.get("line", {}) if "lines" in one.get("mode", "") else marker
        pattern = marker.get("pattern", {}).get("shape", "")
        dash = one.get("line", {}).get("dash", "solid") if "lines" in one.get("mode", "") else ""
        shape = one["type"], dash, pattern, marker.get("symbol", "")
        yield str(one["name"]), str(pen["color"]), shape


def confused(figure: dict[str, Any]) -> list[str]:
    """Return the pairs that neither their shape nor their colour tells apart for every eye."""
    return [
        f"{one[0]} and {other[0]}: {distance(one[1], other[1]):.0f}"
        for one, other in combinations(traces(figure), 2)
        if one[2] == other[2] and distance(one[1], other[1]) < APART
    ]


def faint(figure: dict[str, Any], papers: tuple[str, ...]) -> list[str]:
    """Return what does not stand out on one of the papers."""
    return [
        f"{name} {color} on {paper}: {contrast(color, paper):.2f}"
        for name, color, _ in traces(figure)
        for paper in papers
        if color.startswith("#") and color != "#ffffff" and contrast(color, paper) < LEAST_CONTRAST
    ]
