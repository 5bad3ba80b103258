"""What worlds must share with the history that they come from: their stylised facts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE = 0.03  # a move of the S&P 500 that counts as large
MONTH = 21  # sessions

#: how far each may be from history's: relative where the name says share, else absolute
TOLERANCES = {
    "return_mean_year": 0.03,
    "return_sd_year": 0.01,
    "return_skew": 0.35,
    "return_kurtosis": 4.0,
    "large_moves_year": 1.5,
    "log_vix_mean": 0.05,
    "log_vix_sd": 0.05,
    "vix_autocorrelation_1": 0.02,
    "vix_autocorrelation_21": 0.12,
    "vix_spx_beta_low": 0.6,
    "vix_spx_beta_high": 0.6,
    "log_vix_change_sd": 0.005,
    "future_beta_60": 0.06,
}


BLOCK, RESAMPLES = 252, 400


def sampling_errors(days: Any, seed: int = 0) -> dict[str, float]:
    """Return how far from the truth a history's own facts are, by its length alone.

    Parameters
    ----------
    days : ndarray of DAY, shape (n,)
        A history.
    seed : int

    Returns
    -------
    dict
        The standard error of each, by a bootstrap of blocks of a year, which keep regimes of
        volatility whole (Künsch 1989). What is less than two of them off could be the length.
    """
    rng = np.random.default_rng(seed)
    count, length = max(len(days) // BLOCK, 1), min(BLOCK, len(days))
    starts = rng.integers(0, len(days) - length + 1, (RESAMPLES, count))
    drawn = [stylised_facts(days[one[:, None] + np.arange(length)]) for one in starts]
    return {name: float(np.std([one[name] for one in drawn], ddof=1)) for name in drawn[0]}


def stylised_facts(days: Any) -> dict[str, float]:
    """Return moments, dependence and responses of day records.

    Parameters
    ----------
    days : ndarray of DAY, shape (worlds, n) or (n,)

    Returns
    -------
    dict
        Mean and standard deviation of S&P 500 returns a year, their skew and excess kurtosis a
        day, large moves a year; mean and deviation of ln VIX, its autocorrelation a session and a
        month on, the deviation of its daily change, its slope on the day's return below and above
        a VIX of 20; the slope of the 60-day forward's log change on VIX's.
    """
    days = np.atleast_2d(days)
    returns = np.diff(np.log(days["spx"]), axis=1)
    vix = np.log(days["vix"])
    moves, before = np.diff(vix, axis=1), days["vix"][:, :-1]
    calm = before < 20.0
    spread = returns.std()
    standard = (returns - returns.mean()) / spread
    return {
        "return_mean_year": float(252.0 * returns.mean()),
        "return_sd_year": float(np.sqrt(252.0) * spread),
        "return_skew": float((standard**3).mean()),
        "return_kurtosis": float((standard**4).mean() - 3.0),
        "large_moves_year": float(252.0 * (np.abs(returns) > LARGE).mean()),
        "log_vix_mean": float(vix.mean()),
        "log_vix_sd": float(vix.std()),
        "vix_autocorrelation_1": _autocorrelation(vix, 1),
        "vix_autocorrelation_21": _autocorrelation(vix, MONTH),
        "vix_spx_beta_low": _slope(returns[calm], moves[calm]),
        "vix_spx_beta_high": _slope(returns[~calm], moves[~calm]),
        "log_vix_change_sd": float(moves.std()),
        "future_beta_60": forward_beta(days, moves, 60),
    }


def _autocorrelation(values: NDArray[np.float64], lag: int) -> float:
    """Return the correlation with ``lag`` sessions later, about the mean of all."""
    centred = values - values.mean()
    return float((centred[:, lag:] * centred[:, :-lag]).mean() / (centred**2).mean())


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(np.cov(x, y)[0, 1] / np.var(x, ddof=1)) if x.size > 2 else float("nan")


def forward_beta(days: Any, moves: NDArray[np.float64], ahead: int) -> float:
    """Return the log-beta to VIX of the monthly future nearest ``ahead`` days, same contract."""
    left = np.abs(days["curve_expiry"] - days["date"][..., None] - ahead)[:, 1:]
    pick = left.argmin(axis=2)
    now, then = days["curve_forward"][:, 1:], days["curve_forward"][:, :-1]
    after, was = days["curve_expiry"][:, 1:], days["curve_expiry"][:, :-1]
    chosen = np.take_along_axis(after, pick[..., None], 2)
    same = was == chosen
    price = np.take_along_axis(now, pick[..., None], 2)[..., 0]
    earlier = np.where(same, then, 0.0).max(axis=2)
    known = earlier > 0.0
    return _slope(moves[known], np.log(price[known] / earlier[known]))
