"""The root of a function between two places, found without keeping what the function knows."""

from collections.abc import Callable


def root(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Return where a function is zero, by Brent's method.

    SciPy's wrapper of the function refers to itself and so lives until the next full collection of
    garbage; a function of an evening would keep that evening's whole run alive with it.

    Parameters
    ----------
    function : callable
    low, high : float
        Between which it changes its sign.
    tolerance : float
        Absolute, of the place.

    Returns
    -------
    float
    """
    from scipy.optimize import brentq  # a quarter of a second to import

    asked = [function]
    try:
        return float(brentq(lambda x: asked[0](x), low, high, xtol=tolerance))
    finally:
        asked.clear()
