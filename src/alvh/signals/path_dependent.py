"""The VIX that past returns explain: the path-dependent volatility of Guyon and Lekeufack.

Volatility is a line in a trend of past returns and the root of an activity of past squared
returns, each weighted by a power law of time shifted off zero:

    VIX/100 = β₀ + β₁·R₁ + β₂·√R₂,   R₁ = Σ K₁(lag)·r,   R₂ = Σ K₂(lag)·r²,
    K(τ) ∝ (τ + δ)^(−α), τ in years of 252 sessions, Σ K·Δt = 1 over 1000 sessions.

What it does not explain is the residual; a spike without the returns to go with it tends to pass.

Parameters of a session are those fitted on data up to the end of the year before, so that no value
knows its future. ``calibration/path_dependent.py`` makes the table;
``docs/calibration/fair_vix.md`` shows how well it does.

References
----------
Guyon, J. and Lekeufack, J. (2023). Volatility is (mostly) path-dependent. Quantitative Finance 23.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from alvh.market.history import History
from alvh.signals.reading import Floats, Reading, cite, same_day, series
from alvh.signals.windows import loop

LAGS = 1000  # sessions of memory
STEP = 1.0 / 252.0  # years


@dataclass(frozen=True, slots=True)
class PathDependent:
    """Parameters of the model.

    Parameters
    ----------
    alpha1, delta1, alpha2, delta2 : float
        Power, and shift in years, of the trend's and of the activity's kernel.
    beta0, beta1, beta2 : float
        Level, and weights of trend and root activity; VIX/100.
    """

    alpha1: float
    delta1: float
    alpha2: float
    delta2: float
    beta0: float
    beta1: float
    beta2: float


# As the paper has them for VIX, trained 2000–2018.
PUBLISHED = PathDependent(1.06, 0.020, 1.60, 0.052, 0.057, -0.095, 0.82)


def kernel(alpha: float, delta: float) -> Floats:
    """Return the weights of the last 1000 sessions, nearest first; their sum over 252 is 1."""
    weights: Floats = np.power(np.arange(LAGS) * STEP + delta, -alpha)
    scaled: Floats = weights / (weights.sum() * STEP)
    return scaled


def daily_returns(spx: Floats) -> Floats:
    """Return simple returns of closes, shape (n,); NaN at the first and where one is absent."""
    returns = np.full(len(spx), np.nan)
    returns[1:] = spx[1:] / spx[:-1] - 1.0
    return returns


def trend(returns: Floats, alpha: float, delta: float) -> Floats:
    """Return R₁ on every session, shape (n,); NaN where one of its 1000 returns is absent."""
    out = np.full(len(returns), np.nan)
    _weigh(returns, kernel(alpha, delta), out)
    return out


def activity(returns: Floats, alpha: float, delta: float) -> Floats:
    """Return R₂ on every session, shape (n,); NaN where one of its 1000 returns is absent."""
    out = np.full(len(returns), np.nan)
    _weigh(returns * returns, kernel(alpha, delta), out)
    return out


@loop
def _weigh(values: Any, weights: Any, out: Any) -> None:
    """Sum each window afresh, nearest first, so that later sessions change no bit of it."""
    for t in range(weights.shape[0] - 1, values.shape[0]):
        total = 0.0
        for lag in range(weights.shape[0]):
            total += weights[lag] * values[t - lag]
        out[t] = total


def explained(returns: Floats, model: PathDependent) -> Floats:
    """Return the model's VIX on every session, volatility points, shape (n,)."""
    r1 = trend(returns, model.alpha1, model.delta1)
    r2 = activity(returns, model.alpha2, model.delta2)
    return 100.0 * (model.beta0 + model.beta1 * r1 + model.beta2 * np.sqrt(r2))


@lru_cache(maxsize=1)
def yearly_fits() -> dict[int, PathDependent]:
    """Return the parameters in use in each year, fitted on data up to the end of the one before."""
    text = files(__package__).joinpath("path_dependent.csv").read_text(encoding="utf-8")
    names = tuple(PathDependent.__dataclass_fields__)
    return {
        int(row["year"]): PathDependent(*(float(row[name]) for name in names))
        for row in csv.DictReader(text.splitlines())
    }


def fair_values(history: History) -> Floats:
    """Return the VIX that past returns explain, by the parameters of each year, shape (n,)."""
    returns, fits = daily_returns(series(history, "spx")), yearly_fits()
    years = history.dates.astype("datetime64[Y]").astype(int) + 1970
    out = np.full(len(history), np.nan)
    for year in np.unique(years[years >= min(fits)]):
        rows = np.flatnonzero(years == year)
        model = fits[min(int(year), max(fits))]
        first = max(rows[0] - LAGS + 1, 0)
        part = explained(returns[first : rows[-1] + 1], model)
        out[rows] = part[rows - first]
    return out


def fair_vix(history: History) -> Reading:
    """Return the VIX that past returns of the S&P 500 explain, volatility points."""
    words = f"{cite(history, 'spx')}; parameters fitted each year on the years before"
    return same_day(history, fair_values(history), words)


def fair_vix_residual(history: History) -> Reading:
    """Return VIX less what past returns explain, volatility points."""
    raw = series(history, "vix") - fair_values(history)
    words = f"{cite(history, 'vix', 'spx')}; parameters fitted each year on the years before"
    return same_day(history, raw, words)
