"""Greeks of one leg on one day, against its own forward and discounted.

Everything is per contract in points; a multiplier turns it into USD outside. Forward, volatility
and time are those that ``leg_value`` prices the leg with, so the greeks are the derivatives of the
engine's own marks. Volatility and forward are moved one at a time: vega holds the forward, delta
holds the volatility of the strike (sticky strike).
"""

import math
from typing import Any

from alvh.kernel.black import black_cross_greeks, black_greeks
from alvh.kernel.codes import PUT, SPX, SPXW, TODAY, VIX
from alvh.kernel.elementary import exponential, log_ratio
from alvh.kernel.jit import compiled, internal
from alvh.kernel.quotes import (
    SHORTEST_AGED,
    YEAR,
    days_to_settlement,
    leg_value,
    sessions_to_settlement,
    spx_forward,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.vix_smile import vix_forward, vix_sigma, vix_slice


@compiled
def option_greeks(
    forward: float, strike: float, sigma: float, years: float, rate: float, is_put: bool
) -> Any:
    """Return price and greeks of an option on a forward, discounted at ``rate``.

    Parameters
    ----------
    forward, strike : float
        Points.
    sigma : float
        Black volatility, decimal per √year.
    years : float
        Calendar days to settlement over 365.
    rate : float
        Continuously compounded, act/365.
    is_put : bool

    Returns
    -------
    price : float
        Points.
    delta : float
        Points per point of the forward.
    gamma : float
        Delta per point of the forward.
    vega : float
        Points per unit of sigma (1.00, not one volatility point).
    theta : float
        Points per calendar day that passes with forward and sigma held, the unwinding of the
        discount included: e^(−rT)·(∂B/∂t + r·B)/365.
    vanna : float
        Delta per unit of sigma.
    volga : float
        Vega per unit of sigma.

    References
    ----------
    Black, F. (1976). The pricing of commodity contracts. J. Financial Economics 3, 167-179.
    Haug, E. (2007). The Complete Guide to Option Pricing Formulas, 2nd ed., ch. 2.
    """
    price, delta, gamma, vega, theta = black_greeks(forward, strike, sigma, years, is_put)
    vanna, volga = black_cross_greeks(forward, strike, sigma, years)
    discount = exponential(-rate * years)
    return (
        discount * price,
        discount * delta,
        discount * gamma,
        discount * vega,
        discount * (theta + rate * price) / YEAR,
        discount * vanna,
        discount * volga,
    )


@internal
def option_forward(day: Any, root: int, expiry: int, age: int) -> float:
    """Return the forward of an SPX or VIX option after ``age`` days of an unchanged market.

    At and after settlement it is the spot index: there the curve ends.
    """
    if root == VIX:
        forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry - age)
    else:
        tau = max(days_to_settlement(day, root, expiry) - age, 0.0)
        forward = spx_forward(day, tau)
    return float(forward)


@internal
def smile_sigma(
    day: Any, root: int, forward: float, tau: float, sessions: float, strike: float
) -> float:
    """Return the day's smile at any forward and time: a volatility, decimal per √year.

    ``tau`` calendar days and, for the S&P 500, ``sessions`` to settlement. Time may have run on
    from the day's own, as long as there is some left; the smile is not read closer than 0.05.
    """
    if root == VIX:
        return float(vix_sigma(vix_slice(day.vix_smile, forward, tau), strike))
    slice_ = spx_slice(day.spx_smile, max(tau, SHORTEST_AGED), max(sessions, SHORTEST_AGED))
    return float(spx_sigma(slice_, log_ratio(strike, forward)))


@compiled
def option_state(day: Any, root: int, expiry: int, expiry_session: int, strike: float) -> Any:
    """Return (forward in points, sigma, years) that the engine prices an option with today."""
    tau = days_to_settlement(day, root, expiry)
    sessions = sessions_to_settlement(day, root, expiry_session)
    forward = option_forward(day, root, expiry, TODAY)
    sigma = smile_sigma(day, root, forward, tau, sessions, strike)
    return forward, sigma, max(tau, 0.0) / YEAR


@compiled
def leg_greeks(
    day: Any, root: int, right: int, expiry: int, expiry_session: int, strike: float
) -> Any:
    """Return state and greeks of one leg at the close of ``day``.

    Parameters
    ----------
    day : DAY record
    root, right : int
        Codes of ``alvh.kernel.codes``.
    expiry, expiry_session : int
        Settlement date in days since 1970-01-01, and its session number.
    strike : float
        Points; not read for futures, baskets and the index.

    Returns
    -------
    tuple of float
        forward, sigma, years, and price, delta, gamma, vega, theta, vanna, volga as
        ``option_greeks`` has them. A future, a basket and the index are their own forward with a
        delta of one: sigma and years are NaN, the other greeks 0.
    """
    if root == SPX or root == SPXW or root == VIX:
        forward, sigma, years = option_state(day, root, expiry, expiry_session, strike)
        price, delta, gamma, vega, theta, vanna, volga = option_greeks(
            forward, strike, sigma, years, day.rate, right == PUT
        )
        return forward, sigma, years, price, delta, gamma, vega, theta, vanna, volga
    price = leg_value(day, root, right, expiry, expiry_session, strike, TODAY, 0.0, 0.0)
    return price, math.nan, math.nan, price, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
