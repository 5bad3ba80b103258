"""Share prices of the rolling VIX futures baskets that volatility ETPs hold.

The short-term basket moves from the first to the second contract, the mid-term one holds the
fourth to the seventh, by the weights of the S&P VIX futures indices; the fund earns bills and
pays a fee. Prices come from the curve, so they exist on every day; they are quoted where the
curve is.
"""

import numpy as np
from numpy.typing import NDArray

from alvh.calendars import session_number
from alvh.market.curve import VixCurve

FUND_FEE = 0.0089  # a year; investor fee of iPath Series B VXX and VXZ, prospectus
BASE_PRICE = 100.0
SESSIONS_PER_MONTH = 21

Floats = NDArray[np.float64]


def roll_shares(dates: NDArray[np.int32], following: NDArray[np.int32]) -> Floats:
    """Return dr/dt per day: the share of the roll period that is left at the close, shape (n,).

    Parameters
    ----------
    dates : ndarray of int32, shape (n,)
        Days since 1970-01-01, ascending.
    following : ndarray of int32, shape (n,)
        Next monthly VIX settlement after each day.

    References
    ----------
    Barclays iPath pricing supplement of February 2021, PS-27: dt counts business days from one
    VX settlement to the next, dr those still left from the following day on.
    """
    sessions = session_number(dates.astype("datetime64[D]")).astype(np.int64)
    end = session_number(following.astype("datetime64[D]")).astype(np.int64)
    settlements = np.unique(end)
    place = np.searchsorted(settlements, end)
    # The settlement before the first one known lies a month of sessions earlier.
    start = np.where(place > 0, settlements[place - 1], end - SESSIONS_PER_MONTH)
    shares: Floats = (end - sessions - 1) / (end - start)
    return shares


def basket_levels(dates: NDArray[np.int32], curve: VixCurve, rate: Floats) -> tuple[Floats, Floats]:
    """Return share prices of the short-term and the mid-term basket, shape (n,) each.

    Parameters
    ----------
    dates : ndarray of int32, shape (n,)
        Days since 1970-01-01, ascending.
    curve : VixCurve
        Monthly VIX forwards per day.
    rate : ndarray, shape (n,)
        Continuously compounded bill rate the collateral earns.
    """
    share = roll_shares(dates, curve.expiry[:, 0])[:-1, None]
    zeros, ones = np.zeros_like(share), np.ones_like(share)
    short = np.hstack([share, 1.0 - share])
    mid = np.hstack([zeros, zeros, zeros, share, ones, ones, 1.0 - share])
    gap = np.diff(dates.astype(float)) / 365.0
    carry = (rate[:-1] - FUND_FEE) * gap
    return tuple(
        BASE_PRICE * np.cumprod(np.append(1.0, _basket_growth(curve, w) * np.exp(carry)))
        for w in (short, mid)
    )  # type: ignore[return-value]


def _basket_growth(curve: VixCurve, weights: Floats) -> Floats:
    """Return value tomorrow over value today of today's contracts, shape (n − 1,).

    Today's node k stands at k or, once the front contract has settled, at k − 1 tomorrow. A day
    with a hole in the curve leaves the price where it was.
    """
    width = weights.shape[1]
    moved = curve.expiry[1:, 0] != curve.expiry[:-1, 0]
    today = curve.forward[:-1, :width]
    shifted = np.hstack([np.full((len(today), 1), np.nan), curve.forward[1:, : width - 1]])
    tomorrow = np.where(moved[:, None], shifted, curve.forward[1:, :width])
    used = weights > 0.0
    before = np.where(used, weights * today, 0.0).sum(axis=1)
    after = np.where(used, weights * tomorrow, 0.0).sum(axis=1)
    growth = after / before
    return np.where(np.isfinite(growth), growth, 1.0)
