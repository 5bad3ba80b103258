"""Quoted widths read off a table of premiums; the SPX and the VIX spread models share it."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def width_at(premium: float, premiums: NDArray[np.float64], widths: NDArray[np.float64]) -> float:
    """Return the quoted width of an option of ``premium`` points, points.

    ``premiums`` (ascending) and ``widths`` hold natural logarithms, shape (n,) each. Linear in
    logs between and beyond the last, the first width below the first.
    """
    position = math.log(max(premium, 0.01))
    if position <= premiums[0]:
        return math.exp(widths[0])
    last = premiums.size - 1
    i = 1
    while i < last and premiums[i] < position:
        i += 1
    share = (position - premiums[i - 1]) / (premiums[i] - premiums[i - 1])
    return math.exp(widths[i - 1] + share * (widths[i] - widths[i - 1]))
