"""Measures of an account: return, risk, tail, and what a hedge cost.

All functions are pure. ``nav`` is an account value per session, USD, shape (n,); ``returns`` are
simple returns per session, decimal, shape (n,). Every rate, drawdown and tail is a **fraction**
(0.05 is five per cent). Losses are negative: a drawdown of a fifth is -0.2, and so is a CVaR.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError

Array = NDArray[np.float64]
Dates = NDArray[np.datetime64]

SESSIONS_PER_YEAR = 252
DAYS_PER_YEAR = 365.25
SESSIONS_PER_MONTH = 21


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of an account from an earlier high.

    Attributes
    ----------
    depth : float
        Lowest value over the preceding high, less one: a fraction, zero or negative.
    start, trough : int
        Positions of the high and of the low in the series.
    recovery : int or None
        Position of the first value at or above the high again; None while under water.
    length : int
        Sessions from the high to the recovery, or to the end of the series without one.
    """

    depth: float
    start: int
    trough: int
    recovery: int | None
    length: int

    def on(self, dates: Dates) -> dict[str, date | None]:
        """Name the three moments by their dates, given the series' own dates, shape (n,)."""
        back = None if self.recovery is None else dates[self.recovery].astype(date)
        return {
            "start": dates[self.start].astype(date),
            "trough": dates[self.trough].astype(date),
            "recovery": back,
        }


def simple_returns(nav: Array) -> Array:
    """Turn an account value per session into simple returns.

    Parameters
    ----------
    nav : ndarray, shape (n,)
        USD, n >= 2.

    Returns
    -------
    ndarray, shape (n - 1,)
        Decimal.

    Raises
    ------
    DataError
        If a value is not finite, or the account was at or below zero on any session, where a
        return has no meaning.
    """
    nav = _series(nav, "account value", least=2)
    if (nav <= 0).any():
        at = int(np.argmax(nav <= 0))
        raise DataError(
            f"account value must be positive to have a return; it was {nav[at]:.2f} USD at "
            f"session {at}: the book was ruined, lower its size"
        )
    return np.asarray(nav[1:] / nav[:-1] - 1.0)


def years_between(dates: Dates) -> float:
    """Length of a series of dates, shape (n,), in years of 365.25 days.

    Raises
    ------
    DataError
        If the dates span no time.
    """
    days = int((dates[-1] - dates[0]) / np.timedelta64(1, "D")) if dates.size else 0
    if days <= 0:
        raise DataError(f"a period of at least two sessions is needed; {dates.size} given")
    return days / DAYS_PER_YEAR


def cagr(nav: Array, years: float) -> float:
    """Compound annual growth rate, decimal.

    Parameters
    ----------
    nav : ndarray, shape (n,)
        USD. The first value is the capital at the start. A final value at or below zero is a
        loss of everything: -1.
    years : float
        Length of the period, from `years_between`.
    """
    nav = _series(nav, "account value", least=2)
    if nav[0] <= 0 or years <= 0:
        raise DataError(f"growth needs capital and time; given {nav[0]:.2f} USD and {years} years")
    if nav[-1] <= 0:
        return -1.0
    return float((nav[-1] / nav[0]) ** (1.0 / years) - 1.0)


def volatility(returns: Array, periods: int = SESSIONS_PER_YEAR) -> float:
    """Standard deviation of returns, shape (n,), with n - 1, per square-root year, decimal."""
    returns = _series(returns, "returns", least=2)
    return float(np.std(returns, ddof=1) * np.sqrt(periods))


def sharpe(returns: Array, bills: Array | None = None, periods: int = SESSIONS_PER_YEAR) -> float:
    """Annualised mean over standard deviation of the excess returns; NaN where they never vary.

    Parameters
    ----------
    returns : ndarray, shape (n,)
        Decimal per session.
    bills : ndarray, shape (n,), optional
        Return of treasury bills over the same sessions. Without it the excess is over zero.

    References
    ----------
    Sharpe (1994), "The Sharpe Ratio", Journal of Portfolio Management 21(1), eq. 3-6.
    """
    excess = _excess(returns, bills)
    spread = float(np.std(excess, ddof=1))
    if spread <= 1e-15:
        return float("nan")
    return float(np.mean(excess) / spread * np.sqrt(periods))


def sortino(returns: Array, bills: Array | None = None, periods: int = SESSIONS_PER_YEAR) -> float:
    """Annualised mean excess return over its downside deviation; NaN where nothing was lost.

    The downside deviation is the root of the mean of min(excess, 0) squared over **all** sessions.

    References
    ----------
    Sortino and Price (1994), "Performance Measurement in a Downside Risk Framework".
    """
    excess = _excess(returns, bills)
    downside = float(np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2)))
    if downside <= 1e-15:
        return float("nan")
    return float(np.mean(excess) / downside * np.sqrt(periods))


def drawdowns(nav: Array) -> Array:
    """Fall from the highest value so far, per session: shape (n,), fractions, zero or negative."""
    nav = _series(nav, "account value", least=1)
    return np.asarray(nav / np.maximum.accumulate(nav) - 1.0)


def max_drawdown(nav: Array) -> Drawdown:
    """Find the deepest drawdown of an account, shape (n,), USD."""
    nav = _series(nav, "account value", least=1)
    under = drawdowns(nav)
    trough = int(np.argmin(under))
    start = int(np.argmax(nav[: trough + 1]))
    back = np.flatnonzero(nav[trough:] >= nav[start])
    recovery = trough + int(back[0]) if back.size else None
    end = nav.size - 1 if recovery is None else recovery
    return Drawdown(float(under[trough]), start, trough, recovery, end - start)


def ulcer(nav: Array) -> float:
    """Root mean square of all drawdowns, a fraction.

    References
    ----------
    Martin and McCann (1989), "The Investor's Guide to Fidelity Funds", ch. 5 (there in per cent).
    """
    return float(np.sqrt(np.mean(drawdowns(nav) ** 2)))


def cvar(returns: Array, alpha: float = 0.95) -> float:
    """Mean of the worst 1 - alpha of the returns, shape (n,): a return, negative for a loss.

    Where (1 - alpha)·n is not whole, the last observation of the tail counts in part, so that
    the mass of the tail is exact.

    References
    ----------
    Rockafellar and Uryasev (2002), "Conditional value-at-risk for general loss distributions",
    Journal of Banking & Finance 26, Proposition 8.
    """
    returns = _series(returns, "returns", least=1)
    if not 0 < alpha < 1:
        raise DataError(f"alpha must lie between 0 and 1; it was {alpha}")
    mass = (1.0 - alpha) * returns.size
    whole = int(mass + 1e-9)
    worst = np.partition(returns, min(whole, returns.size - 1))
    edge = float(worst[whole]) if whole < returns.size else 0.0
    return float((np.sum(worst[:whole]) + (mass - whole) * edge) / mass)


def rolling_returns(nav: Array, sessions: int = SESSIONS_PER_MONTH) -> Array:
    """Overlapping returns over a number of sessions: shape (n - sessions,), decimal."""
    nav = _series(nav, "account value", least=sessions + 1)
    return np.asarray(nav[sessions:] / nav[:-sessions] - 1.0)


def period_ends(dates: Dates, unit: str = "M") -> NDArray[np.intp]:
    """Positions of the last session of every calendar month ("M") or year ("Y")."""
    period = dates.astype(f"datetime64[{unit}]")
    last = np.append(period[1:] != period[:-1], True) if dates.size else np.zeros(0, bool)
    return np.flatnonzero(last)


def period_changes(cumulative: Array, dates: Dates, unit: str = "M") -> Array:
    """Change of a cumulative P&L within every calendar month or year.

    Parameters
    ----------
    cumulative : ndarray, shape (n,)
        USD since the start, so that the first period counts from zero.
    dates : ndarray of datetime64[D], shape (n,)
    unit : {"M", "Y"}

    Returns
    -------
    ndarray, shape (n_periods,)
        USD; they sum to the last cumulative value.
    """
    return np.diff(np.asarray(cumulative, float)[period_ends(dates, unit)], prepend=0.0)


def monthly_returns(nav: Array, dates: Dates) -> Array:
    """Returns of calendar months, decimal; the first runs from the first session."""
    ends = period_ends(dates)
    return simple_returns(np.concatenate([nav[:1], nav[ends]]))


def skewness(returns: Array) -> float:
    """Third standardised moment of the returns, shape (n,), without small-sample correction."""
    returns = _series(returns, "returns", least=2)
    centred = returns - np.mean(returns)
    spread = float(np.mean(centred**2))
    return float(np.mean(centred**3) / spread**1.5) if spread > 1e-30 else float("nan")


def tail_ratio(returns: Array) -> float:
    """Size of the 95th percentile of the returns over that of the 5th; above 1, gains are larger.

    Percentiles are interpolated linearly. NaN where the 5th percentile is zero.
    """
    low, high = np.percentile(_series(returns, "returns", least=2), [5, 95])
    return float(abs(high) / abs(low)) if low != 0 else float("nan")


def win_rate(pnl: Array) -> float:
    """Share of the outcomes that are gains, of those that are not exactly zero; NaN for none."""
    decided = np.asarray(pnl, float)
    decided = decided[decided != 0]
    return float(np.mean(decided > 0)) if decided.size else float("nan")


def losses(cumulative: Array, dates: Dates) -> float:
    """Sum of the losing calendar months of a cumulative P&L, shape (n,): USD, zero or negative.

    Gains are left out on purpose: it answers how much a side of the book lost when it lost, which
    its net P&L hides behind the premium of the quiet months.
    """
    return float(np.minimum(period_changes(cumulative, dates), 0.0).sum())


def yearly_rate(pnl: float, nav: Array, years: float) -> float:
    """P&L in USD as a fraction of the average account value per year; a cost is negative."""
    return float(pnl / np.mean(_series(nav, "account value", least=1)) / years)


def hedge_cost_per_year(hedge_pnl: float, hedge_costs: float, nav: Array, years: float) -> float:
    """What a hedge cost per year, fees and slippage included, as a fraction of the average NAV.

    Parameters
    ----------
    hedge_pnl : float
        P&L of the hedge's layers at mid prices, USD, over the whole period.
    hedge_costs : float
        Its fees and slippage, USD, zero or negative.
    nav : ndarray, shape (n,)
        Account value, USD.
    years : float

    Returns
    -------
    float
        Positive when the hedge lost money, negative when it earned.
    """
    return -yearly_rate(hedge_pnl + hedge_costs, nav, years)


def cost_per_risk_removed(cost: float, risk: float, twin_risk: float) -> float:
    """Cost per year of one unit of risk removed.

    Parameters
    ----------
    cost : float
        Fraction of NAV per year, positive for a cost.
    risk, twin_risk : float
        The same signed measure (CVaR, drawdown: negative) of the hedged book and of its twin.

    Returns
    -------
    float
        0.5 means: half a point a year for one point of tail. NaN where no risk was removed, for
        which there is no price.
    """
    removed = risk - twin_risk
    return float(cost / removed) if removed > 0 else float("nan")


def bill_returns(rates: Array, dates: Dates) -> Array:
    """Return of bills between sessions, at the rate known at the start of each.

    Parameters
    ----------
    rates : ndarray, shape (n,)
        Continuously compounded, act/365, decimal.
    dates : ndarray of datetime64[D], shape (n,)

    Returns
    -------
    ndarray, shape (n - 1,)
        Decimal, over the calendar days between one session and the next.
    """
    days = np.diff(dates) / np.timedelta64(1, "D")
    return np.asarray(np.expm1(_series(rates, "bill rate", least=2)[:-1] * days / 365.0))


def _excess(returns: Array, bills: Array | None) -> Array:
    returns = _series(returns, "returns", least=2)
    if bills is None:
        return returns
    bills = _series(bills, "bill returns", least=2)
    if bills.shape != returns.shape:
        raise DataError(f"{returns.size} returns cannot be set against {bills.size} of bills")
    return np.asarray(returns - bills)


def _series(values: Any, what: str, *, least: int) -> Array:
    series = np.asarray(values, dtype=np.float64)
    if series.ndim != 1 or series.size < least:
        raise DataError(f"{what}: at least {least} values in one row; shape was {series.shape}")
    if not np.isfinite(series).all():
        raise DataError(f"{what}: not a number at position {int(np.argmin(np.isfinite(series)))}")
    return series
