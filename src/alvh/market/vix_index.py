"""Cboe's VIX and SKEW from two strips of option quotes, as the white papers compute them.

A strip is every quoted strike of one expiry. The variance of an expiry is the price of its
out-of-the-money options, each weighted by the inverse square of its strike; the index interpolates
two expiries to thirty days. Time is counted in minutes to settlement, so the caller decides what
an AM or PM settlement and the clock of the quotes mean.

References
----------
Cboe, White Paper: Cboe Volatility Index (2019, and the CBOE paper of 2009): selection of strikes,
forward, variance and interpolation, with the worked examples 13.69 and 61.22.
CBOE, The CBOE SKEW Index (2010): the three moments and their corrections.
"""

from dataclasses import dataclass

import numpy as np

from alvh.errors import PricingError
from alvh.market.option_strip import Floats, OptionStrip, Strip

MINUTES_PER_DAY = 1_440
MINUTES_PER_YEAR = 525_600  # the index counts 365 days in every year
TARGET_DAYS = 30
_ZERO_BIDS_TO_STOP = 2


@dataclass(frozen=True)
class StripVariance:
    """The variance of one expiry and the quantities the white paper prints on the way.

    Attributes
    ----------
    forward : float
        Forward index level from put-call parity, points.
    strike_below : float
        First strike at or below the forward (K₀ of the paper), points.
    variance : float
        Annualised model-free variance (σ²), decimal.
    contribution : float
        Sum of the option contributions, (2/T)·Σ ΔK/K²·e^(RT)·Q; decimal.
    adjustment : float
        (1/T)·(F/K₀ − 1)², subtracted from the contribution; decimal.
    options : int
        Number of strikes used; the put and the call at `strike_below` count once.
    lowest, highest : float
        First and last strike used, points.
    years : float
        Time to settlement, minutes over 525,600.
    """

    forward: float
    strike_below: float
    variance: float
    contribution: float
    adjustment: float
    options: int
    lowest: float
    highest: float
    years: float


@dataclass(frozen=True)
class VixIndex:
    """A VIX value in volatility points with the two expiries behind it."""

    vix: float
    near: StripVariance
    next_: StripVariance


@dataclass(frozen=True)
class SkewIndex:
    """A SKEW value with the skewness of the two expiries and the weight of the near one."""

    skew: float
    near_skewness: float
    next_skewness: float
    near_weight: float


@dataclass(frozen=True)
class _Selection:
    """The strikes that enter the sums, their widths and undiscounted prices."""

    forward: float
    strike_below: float
    years: float
    strike: Floats
    width: Floats
    price: Floats


def strip_variance(
    strip: Strip, *, minutes: float, rate: float, name: str = "option"
) -> StripVariance:
    """Model-free variance of one expiry.

    Parameters
    ----------
    strip : OptionStrip, polars.DataFrame or mapping
        Columns strike, call_bid, call_ask, put_bid, put_ask in points, strikes ascending.
    minutes : float
        From the time of the quotes to settlement.
    rate : float
        Bond-equivalent yield to the expiry, continuously compounded, decimal.
    name : str
        What to call the strip in an error.

    Returns
    -------
    StripVariance

    Raises
    ------
    PricingError
        If the strip is not usable: see `OptionStrip.of`; or no strike has both a call and a put
        bid, or there is no out-of-the-money quote on one side.

    Examples
    --------
    >>> quotes = {"strike": [90, 100, 110], "call_bid": [11, 4, 1], "call_ask": [12, 5, 2],
    ...           "put_bid": [1, 4, 11], "put_ask": [2, 5, 12]}
    >>> round(strip_variance(quotes, minutes=43_200, rate=0.0).variance, 4)
    0.1847
    """
    chosen = _select(OptionStrip.of(strip, name), minutes, rate, name)
    sum_ = float(np.sum(chosen.width / chosen.strike**2 * chosen.price))
    contribution = 2 / chosen.years * sum_
    adjustment = (chosen.forward / chosen.strike_below - 1) ** 2 / chosen.years
    return StripVariance(
        forward=chosen.forward,
        strike_below=chosen.strike_below,
        variance=contribution - adjustment,
        contribution=contribution,
        adjustment=adjustment,
        options=chosen.strike.size,
        lowest=float(chosen.strike[0]),
        highest=float(chosen.strike[-1]),
        years=chosen.years,
    )


def cboe_vix(
    near: Strip,
    next_: Strip,
    *,
    near_minutes: float,
    next_minutes: float,
    near_rate: float,
    next_rate: float,
) -> VixIndex:
    """VIX from the strips of two expiries, interpolated to thirty days.

    Parameters
    ----------
    near, next_ : OptionStrip, polars.DataFrame or mapping
        Columns strike, call_bid, call_ask, put_bid, put_ask in points, strikes ascending, a
        missing quote as zero.
    near_minutes, next_minutes : float
        From the time of the quotes to each settlement, ascending.
    near_rate, next_rate : float
        Yields to each expiry, continuously compounded, decimal.

    Returns
    -------
    VixIndex
        `vix` in volatility points; `near` and `next_` with forward, strikes and variances.

    Raises
    ------
    PricingError
        If a strip is not usable, the expiries are out of order, or their interpolation to thirty
        days has a negative variance.

    References
    ----------
    Cboe VIX white paper (2019), steps 1 to 3.
    """
    weight = _near_weight(near_minutes, next_minutes)
    first = strip_variance(near, minutes=near_minutes, rate=near_rate, name="near")
    second = strip_variance(next_, minutes=next_minutes, rate=next_rate, name="next")
    total = weight * first.years * first.variance + (1 - weight) * second.years * second.variance
    if total < 0:
        raise PricingError(
            f"thirty-day variance is {total:.3g}, from {first.variance:.6f} at "
            f"{near_minutes:g} minutes and {second.variance:.6f} at {next_minutes:g}; "
            "the expiries are too far from thirty days or the quotes are wrong"
        )
    annual = total * MINUTES_PER_YEAR / (TARGET_DAYS * MINUTES_PER_DAY)
    return VixIndex(100 * float(np.sqrt(annual)), first, second)


def skew_index(
    near: Strip,
    next_: Strip,
    *,
    near_minutes: float,
    next_minutes: float,
    near_rate: float,
    next_rate: float,
) -> SkewIndex:
    """SKEW from the strips of two expiries: 100 − 10 times the thirty-day risk-neutral skewness.

    Arguments and refusals as in `cboe_vix`.

    Returns
    -------
    SkewIndex

    References
    ----------
    CBOE SKEW white paper (2010).
    """
    weight = _near_weight(near_minutes, next_minutes)
    first = _skewness(
        _select(OptionStrip.of(near, "near"), near_minutes, near_rate, "near"), "near"
    )
    second = _skewness(
        _select(OptionStrip.of(next_, "next"), next_minutes, next_rate, "next"), "next"
    )
    skew = 100 - 10 * (weight * first + (1 - weight) * second)
    return SkewIndex(skew, first, second, weight)


def _near_weight(near_minutes: float, next_minutes: float) -> float:
    if not 0 < near_minutes < next_minutes < np.inf:
        raise PricingError(
            f"minutes to settlement must ascend from zero: near is {near_minutes:g}, "
            f"next {next_minutes:g}"
        )
    target = TARGET_DAYS * MINUTES_PER_DAY
    return (next_minutes - target) / (next_minutes - near_minutes)


def _select(strip: OptionStrip, minutes: float, rate: float, name: str) -> _Selection:
    """Forward, first strike below it, and the out-of-the-money quotes on both sides."""
    if not (np.isfinite(rate) and 0 < minutes < np.inf):
        raise PricingError(
            f"{name} strip: minutes to settlement are {minutes:g} and the rate is {rate:g}; "
            "a positive time and a finite decimal rate are needed"
        )
    years = minutes / MINUTES_PER_YEAR
    growth = float(np.exp(rate * years))
    forward = _forward(strip, growth, name)
    at = int(np.searchsorted(strip.strike, forward, side="right")) - 1
    if at < 0:
        raise PricingError(f"{name} strip: no strike at or below the forward {forward:.2f}")
    if not (strip.call_bid[at] > 0 and strip.put_bid[at] > 0):
        raise PricingError(
            f"{name} strip: strike {strip.strike[at]:g}, the first below the forward "
            f"{forward:.2f}, has no bid on one side; its price would be halved"
        )
    puts = [at - 1 - i for i in _quoted_outwards(strip.put_bid[:at][::-1])]
    calls = [at + 1 + i for i in _quoted_outwards(strip.call_bid[at + 1 :])]
    for side, used in (("put", puts), ("call", calls)):
        if not used:
            raise PricingError(
                f"{name} strip: no out-of-the-money {side} with a bid around the forward "
                f"{forward:.2f}; the strip is too short to measure variance"
            )
    price = np.concatenate(
        [
            strip.put_mid[puts[::-1]],
            [(strip.put_mid[at] + strip.call_mid[at]) / 2],
            strip.call_mid[calls],
        ]
    )
    strike = strip.strike[[*puts[::-1], at, *calls]]
    return _Selection(
        forward, float(strip.strike[at]), years, strike, _widths(strike), growth * price
    )


def _forward(strip: OptionStrip, growth: float, name: str) -> float:
    """K + e^(RT)·(C − P) at the strike where call and put mids are nearest."""
    both = (strip.call_bid > 0) & (strip.put_bid > 0)
    if not both.any():
        raise PricingError(
            f"{name} strip: no strike has a bid for both the call and the put; "
            "the forward cannot be found from parity"
        )
    difference = strip.call_mid - strip.put_mid
    nearest = int(np.where(both, np.abs(difference), np.inf).argmin())
    return float(strip.strike[nearest] + growth * difference[nearest])


def _quoted_outwards(bids: Floats) -> list[int]:
    """Positions with a bid, going out from the forward, up to two zero bids in a row."""
    used: list[int] = []
    zeros = 0
    for i, bid in enumerate(bids):
        zeros = 0 if bid > 0 else zeros + 1
        if zeros == _ZERO_BIDS_TO_STOP:
            break
        if bid > 0:
            used.append(i)
    return used


def _widths(strike: Floats) -> Floats:
    """Half the distance between the neighbours of each strike; at the ends, to the neighbour."""
    steps = np.diff(strike)
    return np.concatenate([steps[:1], (steps[:-1] + steps[1:]) / 2, steps[-1:]])


def _skewness(chosen: _Selection, name: str) -> float:
    forward, below = chosen.forward, chosen.strike_below
    ratio = float(np.log(below / forward))
    log_moneyness = np.log(chosen.strike / forward)
    weight = chosen.width * chosen.price / chosen.strike**2
    first = -float(np.sum(weight)) - (1 - ratio - forward / below)
    second = float(np.sum(2 * (1 - log_moneyness) * weight))
    second += 2 * ratio * (forward / below - 1) + ratio**2 / 2
    third = float(np.sum(3 * (2 * log_moneyness - log_moneyness**2) * weight))
    third += 3 * ratio**2 * (ratio / 3 - 1 + forward / below)
    variance = second - first**2
    if variance <= 0:
        raise PricingError(f"{name} strip: the second moment is {variance:.3g}, not a variance")
    return float((third - 3 * first * second + 2 * first**3) / variance**1.5)
