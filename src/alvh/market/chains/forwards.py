"""Forwards, discounts and rates from put-call parity, expiry by expiry.

The slope of parity over strikes is the discount, its zero the forward. One expiry alone knows its
rate to a few basis points a year at three months and to whole per cents within a week, so rates
of one snapshot are smoothed over neighbouring expiries, each weighted by its own precision, and the
forward is fitted again at the smoothed discount.

References
----------
Stoll, H. (1969). The relationship between put and call option prices. J. Finance 24.
van Binsbergen, J., Diamond, W. and Grotteria, M. (2022). Risk-free interest rates. J. Financial
Economics 143: the regression of put less call on strike, and the rate it implies.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.market.chains import parity_line as line
from alvh.market.chains.level import HIGHEST_RATE, LOWEST_RATE
from alvh.market.chains.strips import Floats, Strips

YEAR = 365.0
SMOOTHING = 0.5  # of rates, standard deviation in ln(days)
RATE_FLOOR = 2e-4  # no expiry's rate is believed more than two basis points …
CURVE_ERROR = 1e-3  # … nor the rate of its neighbours more than ten
LARGEST_ERROR = 0.02  # a rate known worse than this says nothing


@dataclass(frozen=True)
class Forwards:
    """Parity of every expiry of a set of strips.

    Attributes
    ----------
    forward, forward_error : ndarray, shape (expiries,)
        Points, with the standard error; NaN where fewer than three strikes serve.
    discount, rate : ndarray, shape (expiries,)
        Smoothed over expiries; rate continuously compounded, act/365, decimal.
    own_rate, rate_error : ndarray, shape (expiries,)
        The expiry's own rate and its standard error, decimal.
    used, refused : ndarray of int64, shape (expiries,)
        Strikes near the money that the line passes through, and that it misses.
    worst : ndarray, shape (expiries,)
        Widest miss among the refused, points.
    serves : ndarray of bool, shape (rows,)
        Which rows of the strips the line rests on.
    """

    forward: Floats
    forward_error: Floats
    discount: Floats
    rate: Floats
    own_rate: Floats
    rate_error: Floats
    used: NDArray[np.int64]
    refused: NDArray[np.int64]
    worst: Floats
    serves: NDArray[np.bool_]

    def table(self, strips: Strips) -> pl.DataFrame:
        """Return one row an expiry beside what names it."""
        names = ("forward", "forward_error", "discount", "rate", "own_rate", "rate_error",
                 "used", "refused", "worst")  # fmt: skip
        return strips.expiries.with_columns(pl.Series(n, getattr(self, n)) for n in names)


def fit_forwards(strips: Strips, *, rate: float = 0.0) -> Forwards:
    """Fit parity to every expiry.

    Parameters
    ----------
    strips : Strips
    rate : float
        Continuously compounded, act/365, decimal; used where no expiry of a snapshot knows its
        own to two per cent a year.

    Returns
    -------
    Forwards
    """
    years = strips.tau / YEAR
    middle, half = line.synthetic(strips.call_bid, strips.call_ask, strips.put_bid, strips.put_ask)
    quotes = (strips.start, strips.strike, middle, half, years)
    own, _ = line.parity_lines(*quotes, np.exp(-rate * years), True)
    with np.errstate(divide="ignore", invalid="ignore"):
        own_rate = -np.log(own[:, line.DISCOUNT]) / years
        error = own[:, line.DISCOUNT_ERROR] / own[:, line.DISCOUNT] / years
    smooth = np.full(years.size, rate)
    for rows in snapshots(strips.expiries):
        smooth[rows] = _smoothed(years[rows], own_rate[rows], error[rows], rate)
    discount = np.exp(-smooth * years)
    fitted, serves = line.parity_lines(*quotes, discount, False)
    return Forwards(
        fitted[:, line.FORWARD], fitted[:, line.FORWARD_ERROR], discount, smooth, own_rate, error,
        fitted[:, line.USED].astype(np.int64), fitted[:, line.REFUSED].astype(np.int64),
        fitted[:, line.WORST], serves,
    )  # fmt: skip


def snapshots(expiries: pl.DataFrame) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each date, time and underlying, by time to settlement."""
    keyed = expiries.select(
        "date", "time", "tau", under=pl.col("root").str.slice(0, 3), row=pl.int_range(pl.len())
    ).sort("date", "time", "under", "tau")
    run = keyed.select(pl.struct("date", "time", "under").rle_id()).to_series().to_numpy()
    rows = keyed["row"].to_numpy()
    yield from np.split(rows, np.flatnonzero(np.diff(run)) + 1)


def _smoothed(years: Floats, own: Floats, error: Floats, otherwise: float) -> Floats:
    """Return rates smoothed over expiries by precision and nearness in ln(time)."""
    known = np.isfinite(own) & (error < LARGEST_ERROR)
    with np.errstate(invalid="ignore"):
        known &= (own > LOWEST_RATE) & (own < HIGHEST_RATE)
    if not known.any():
        return np.full(years.size, otherwise)
    precision = 1.0 / (error[known] ** 2 + RATE_FLOOR**2)
    distance = np.log(years[:, None] / years[known]) / SMOOTHING
    # Far from every known expiry all weights vanish; taken from the nearest they do not.
    nearness = np.exp(-0.5 * (distance**2 - np.min(distance**2, axis=1, keepdims=True)))
    weight = nearness * precision
    smooth: Floats = weight @ own[known] / weight.sum(axis=1)
    trust = CURVE_ERROR**2 * precision / (1.0 + CURVE_ERROR**2 * precision)
    smooth[known] += trust * (own[known] - smooth[known])
    return smooth
