"""Many legs valued at once under a common change of market: what scenarios and reports run on."""

import numpy as np
from numba import njit

from alvh.kernel.quotes import leg_value, multiplier

LEG = np.dtype(
    [
        ("sleeve", np.int64),
        ("root", np.int64),
        ("right", np.int64),
        ("expiry", np.int64),  # days since 1970-01-01
        ("expiry_session", np.int64),
        ("strike", np.float64),  # points; 0 for futures and baskets
        ("quantity", np.float64),  # signed contracts
        ("mid", np.float64),  # last mark, points
        ("gap", np.float64),  # of a quoted mark over the smile's price, points; else 0
    ]
)


@njit(cache=True)
def revalue(day, legs, age, spx_return, vix_log, out):
    """Write the USD gain of every leg into ``out``, shape (n_legs,).

    Parameters
    ----------
    day : DAY record
    legs : ndarray of LEG, shape (n_legs,)
    age : int
        Calendar days that pass in an unchanged market before the moves. A leg that expires on the
        way is worth its payoff at the moved level.
    spx_return, vix_log : float
        Simple return of the S&P 500 and log move of spot VIX; forwards and smiles follow by their
        betas.
    """
    for i in range(legs.shape[0]):
        leg = legs[i]
        value = leg_value(
            day, leg.root, leg.right, leg.expiry, leg.expiry_session, leg.strike, age,
            spx_return, vix_log,
        )  # fmt: skip
        out[i] = leg.quantity * multiplier(leg.root) * (value + leg.gap - leg.mid)
