"""Smiles of a chain: one per expiry, within its quotes and free of arbitrage.

The form is ``alvh.market.chains.smile_shape``. S&P 500 expiries of one snapshot are kept free of
calendar spreads too; VIX expiries lean upward (ρ ≥ 0 in the SVI part) and stand alone. Volatilities
are Black's on the parity forward, from out-of-the-money mids, by ``vanilla-option-pricers``.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.errors import PricingError
from alvh.market.chains import smile_batch as batch
from alvh.market.chains.forwards import YEAR, Forwards, fit_forwards, snapshots
from alvh.market.chains.smile_shape import smile_sigmas
from alvh.market.chains.strips import Floats, Strips, pair_quotes

#: Columns of ``Smiles.table`` after those of the forwards. ``at_the_money``, ``miss`` and ``half``
#: are decimal volatilities: of the forward, the mean distance from the mids of liquid quotes and
#: half their mean spread. ``liquid`` quotes have a bid, a forward delta of one per cent and a
#: width of at most half their mid; ``inside`` of them the smile's price lies within bid and ask.
#: ``lowest`` and ``highest`` are ln(strike/forward) of the outermost liquid quotes. ``butterfly``
#: is the least of Durrleman's g, ``calendar`` the least gain of total variance over the expiry
#: before, where that one is liquid, in units of the at-the-money one, ``steepest`` the steeper
#: wing's slope (Lee's bound is 2).
QUALITY = ("at_the_money", "quotes", "liquid", "inside", "miss", "half", "lowest", "highest",
           "butterfly", "calendar", "steepest")  # fmt: skip


@dataclass(frozen=True)
class Smiles:
    """Fitted smiles of every expiry of a set of strips.

    Attributes
    ----------
    strips : Strips
    forwards : Forwards
    smile : ndarray, shape (expiries, SMILE)
        See ``alvh.market.chains.smile_shape``; NaN where an expiry has too few quotes.
    quality : ndarray, shape (expiries, QUALITY)
    is_put : ndarray of bool, shape (rows,)
        Which side of each strike is out of the money.
    bid, ask : ndarray, shape (rows,)
        Of that side, points.
    sigma, half : ndarray, shape (rows,)
        Volatility of the mid and half the spread in volatility, decimal; NaN without a bid.
    """

    strips: Strips
    forwards: Forwards
    smile: Floats
    quality: Floats
    is_put: NDArray[np.bool_]
    bid: Floats
    ask: Floats
    sigma: Floats
    half: Floats

    def table(self) -> pl.DataFrame:
        """Return one row an expiry: names, forward, rate and quality."""
        counts = ("quotes", "liquid", "inside")
        columns = [pl.Series(name, self.quality[:, i]) for i, name in enumerate(QUALITY)]
        table = self.forwards.table(self.strips).with_columns(columns)
        return table.with_columns(pl.col(counts).fill_nan(0.0).cast(pl.Int64))

    def sigmas(self, i: int, strike: Floats) -> Floats:
        """Return Black volatilities of expiry ``i``.

        Parameters
        ----------
        i : int
            Row of ``strips.expiries``.
        strike : array (n,)
            Points, positive.

        Returns
        -------
        ndarray, shape (n,)
            Decimal per √year, act/365.

        Raises
        ------
        PricingError
            If the expiry has no smile.
        """
        if not np.isfinite(self.smile[i, 0]):
            name = self.strips.expiries.row(i, named=True)
            raise PricingError(
                f"{name['root']} {name['expiry']} on {name['date']} has {self.quotes(i)} quotes "
                f"out of the money with a bid; a smile needs {batch.LEAST_QUOTES} on both sides "
                "of its forward: choose another expiry or the reconstruction"
            )
        k = np.log(np.asarray(strike, dtype=np.float64) / self.forwards.forward[i])
        fitted: Floats = smile_sigmas(self.smile[i], k, float(self.strips.tau[i]) / YEAR)
        return fitted

    def quotes(self, i: int) -> int:
        """Return how many quotes of expiry ``i`` a smile can rest on."""
        return int(np.isfinite(self.sigma[self.strips.rows(i)]).sum())


def fit_smiles(strips: Strips, forwards: Forwards) -> Smiles:
    """Fit a smile to every expiry.

    Parameters
    ----------
    strips : Strips
    forwards : Forwards
        Of the same strips.

    Returns
    -------
    Smiles
    """
    counts = np.diff(strips.start)
    is_put = strips.strike < np.repeat(forwards.forward, counts)
    bid = np.where(is_put, strips.put_bid, strips.call_bid)
    ask = np.where(is_put, strips.put_ask, strips.call_ask)
    sigma, half = np.full(bid.size, np.nan), np.full(bid.size, np.nan)
    groups = list(snapshots(strips.expiries))
    runs = np.concatenate([[0], np.cumsum([group.size for group in groups])])
    rising = strips.expiries["root"].str.starts_with("VIX").to_numpy()
    smile, quality = batch.fit_snapshots(
        runs, np.concatenate(groups), strips.start, strips.strike, bid, ask, is_put,
        forwards.forward, forwards.discount, strips.tau / YEAR, rising, sigma, half,
    )  # fmt: skip
    return Smiles(strips, forwards, smile, quality, is_put, bid, ask, sigma, half)


def fit_chain(chain: pl.DataFrame, *, rate: float = 0.0) -> Smiles:
    """Pair, imply and fit: a chain's smiles in one call.

    Parameters
    ----------
    chain : polars.DataFrame
        Columns of ``CHAIN_SCHEMA``.
    rate : float
        Continuously compounded, decimal; only where quotes do not tell.

    Returns
    -------
    Smiles

    Raises
    ------
    DataError
        If a column is missing or nothing lies ahead of its date.
    """
    strips = pair_quotes(chain)
    return fit_smiles(strips, fit_forwards(strips, rate=rate))
