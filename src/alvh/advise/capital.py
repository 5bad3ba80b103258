"""What capital costs the book, what the hedge should cost, and what it paid: four old ratios.

All rates are per year and decimal. Betas are slopes of ordinary least squares on the S&P 500 over
the last 252 sessions. Where a figure has no meaning it is NaN, and ``reason`` says why.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import DAYS_PER_YEAR
from alvh.advise.track import Track

Floats = NDArray[np.float64]

WINDOW = 252  # sessions of a trailing year
DIVIDEND_YEARS = 10
SHORTFALL_BUDGET = 0.10  # the method: at most 10 % of premium may go to the spread
_NAN = float("nan")


def martin_bound(vix: float, rate: float) -> float:
    """Return the lower bound of the expected excess return of the S&P 500, decimal per year.

    R_f · (VIX/100)², an annual rate for the next thirty days, with R_f = exp(rate). VIX stands in
    for the simple-variance SVIX, which is a little lower, so that this is a bound only up to that
    difference.

    References
    ----------
    Martin (2017), "What is the Expected Return on the Market?", Quarterly Journal of Economics
    132(1), equations 10 and 13.
    """
    return float(np.exp(rate) * (vix / 100.0) ** 2)


@dataclass(frozen=True)
class Betas:
    """Sensitivities to the S&P 500 over the trailing year.

    Attributes
    ----------
    book, unhedged : float
        Of the account's returns, and of its returns without the profit of the hedge.
    hedge_usd : float
        USD that the hedge gains per unit of S&P 500 return (100 % up).
    hedge : float
        The same per USD of capital in the hedge; NaN without any.
    capital : float
        Mean capital in the hedge, USD.
    reason : str
        Why there are none.
    """

    book: float = _NAN
    unhedged: float = _NAN
    hedge_usd: float = _NAN
    hedge: float = _NAN
    capital: float = _NAN
    reason: str = ""


def betas(track: Track) -> Betas:
    """Measure the betas at the end of a track.

    The hedge's is the slope of its daily profit in USD over its mean capital, and not of its daily
    return, which has no meaning on days when next to nothing is held.

    Returns
    -------
    Betas
        All NaN with fewer than 253 sessions or after ruin.
    """
    if len(track) <= WINDOW:
        return Betas(reason=f"fewer than {WINDOW + 1} sessions so far")
    nav, spx = track.nav[-WINDOW - 1 :], track.spx[-WINDOW - 1 :]
    if (nav <= 0.0).any():
        return Betas(reason="the account was ruined")
    market, hedge = spx[1:] / spx[:-1] - 1.0, np.diff(track.hedge_pnl[-WINDOW - 1 :])
    capital = float(track.hedge_capital[-WINDOW:].mean())
    slope = ols_slope(hedge, market)
    return Betas(
        book=ols_slope(np.diff(nav) / nav[:-1], market),
        unhedged=ols_slope((np.diff(nav) - hedge) / nav[:-1], market),
        hedge_usd=slope,
        hedge=slope / capital if capital > 0.0 else _NAN,
        capital=capital,
        reason="" if capital > 0.0 else "nothing was held",
    )


def ols_slope(y: Floats, x: Floats) -> float:
    """Return the least-squares slope of y on x with an offset, shape (n,) each."""
    centred = x - x.mean()
    return float(centred @ y / (centred @ centred))


@dataclass(frozen=True)
class CostOfCapital:
    """Weighted average cost of capital of the book, and what the hedge adds to it.

    Attributes
    ----------
    equity, debt : float
        Account value and margin loan, USD.
    unhedged, hedged : float
        WACC of the book without the hedge, and with it, its carry included.
    carry : float
        Carry of the hedge over V, the part of ``hedged`` that is not financing.
    drag : float
        ``hedged`` − ``unhedged``.
    """

    equity: float
    debt: float
    unhedged: float
    hedged: float
    carry: float
    drag: float


def cost_of_capital(
    equity: float, cash: float, rate: float, debit_spread: float, premium: float, found: Betas,
    carry_per_year: float,
) -> CostOfCapital:  # fmt: skip
    """Work out (E/V)(r_f + β·ERP) + (D/V)·r_margin, with the hedge and without.

    Parameters
    ----------
    equity, cash : float
        Account value and cash, USD; negative cash is the margin loan D, and V = E + D.
    rate : float
        Money-market rate r_f; the loan pays ``debit_spread`` on top.
    debit_spread : float
    premium : float
        Equity risk premium ERP.
    found : Betas
    carry_per_year : float
        What the hedge loses a year in an unchanged market, USD, positive for a loss.

    References
    ----------
    Brealey, Myers and Allen, "Principles of Corporate Finance", ch. 9 and 19, before tax.
    """
    debt = max(-cash, 0.0)
    value = equity + debt if equity > 0.0 else _NAN  # a ruined account has no cost of capital
    loan = debt / value * (rate + debit_spread)
    unhedged = equity / value * (rate + found.unhedged * premium) + loan
    carry = carry_per_year / value
    hedged = equity / value * (rate + found.book * premium) + loan + carry
    return CostOfCapital(equity, debt, unhedged, hedged, carry, hedged - unhedged)


@dataclass(frozen=True)
class FairCost:
    """What the hedge should have cost by CAPM over the trailing year, and what it did.

    Attributes
    ----------
    fair, realised : float
        USD a year over the interest on its capital; positive is a cost.
    alpha : float
        ``fair`` − ``realised``, USD a year: positive, it cost less than its beta is worth.
    reason : str
    """

    fair: float = _NAN
    realised: float = _NAN
    alpha: float = _NAN
    reason: str = ""


def fair_cost(track: Track, found: Betas, premium: float) -> FairCost:
    """Work out −β_h·ERP·value, the realised cost, and the difference.

    An asset of beta β_h should return r_f + β_h·ERP. The premium is today's, the beta and the
    capital those of the trailing year. Realised is the loss after spread and fees plus interest
    forgone on the money in options and baskets; margin stays in bills.

    References
    ----------
    Jensen (1968), "The Performance of Mutual Funds in the Period 1945–1964", Journal of Finance
    23(2), equation 8, for alpha.
    """
    if not np.isfinite(found.hedge_usd):
        return FairCost(reason=found.reason)
    years = float((track.dates[-1] - track.dates[-WINDOW - 1]).astype(int)) / DAYS_PER_YEAR
    lost = -(track.hedge_pnl[-1] - track.hedge_pnl[-WINDOW - 1]) / years
    interest = float(np.mean(track.rates[-WINDOW:] * track.hedge_value[-WINDOW:]))
    fair, realised = -found.hedge_usd * premium, float(lost + interest)
    return FairCost(fair, realised, fair - realised)


@dataclass(frozen=True)
class DividendValue:
    """The hedge as a stream of pay-outs.

    Attributes
    ----------
    payout, cost : float
        Mean per year of the run so far, USD.
    discount : float
        k = r_f + β_h·ERP, effective.
    value : float
        Σ payout/(1 + k)ᵗ over ten years, USD.
    cost_value : float
        Σ cost/(1 + r_f)ᵗ over ten years, USD.
    ratio : float
        ``cost_value`` / ``value``; above 1 is dear.
    plain_ratio : float
        ``cost`` / ``payout``: the same with both at one rate, whatever that is.
    reason : str
    """

    payout: float = _NAN
    cost: float = _NAN
    discount: float = _NAN
    value: float = _NAN
    cost_value: float = _NAN
    ratio: float = _NAN
    plain_ratio: float = _NAN
    reason: str = ""

    @property
    def verdict(self) -> str:
        """``dear`` or ``cheap`` where both ratios say so, else ``depends on k`` or ``unknown``."""
        known = [x for x in (self.ratio, self.plain_ratio) if np.isfinite(x)]
        if not known:
            return "unknown"
        if all(x > 1.0 for x in known):
            return "dear"
        return "cheap" if all(x <= 1.0 for x in known) else "depends on k"


def dividend_value(track: Track, rate: float, beta: float, premium: float) -> DividendValue:
    """Value the hedge by what it has paid out so far.

    Pay-outs are what monetisation and settlement brought, and the gaining calendar months of
    futures. The cost is everything else: pay-outs less the profit after costs. What is held counts
    at its mark, so a roll is neither.

    Parameters
    ----------
    track : Track
    rate : float
        Money-market rate, continuous.
    beta : float
        β_h, of the hedge per USD of its capital.
    premium : float
        Equity risk premium.

    Returns
    -------
    DividendValue
        NaN in the first year, and where β_h·ERP leaves no positive 1 + k.

    References
    ----------
    Williams (1938), "The Theory of Investment Value", ch. 5: dividends discounted.
    """
    years = float((track.dates[-1] - track.dates[0]).astype(int)) / DAYS_PER_YEAR
    if years < 1.0:
        return DividendValue(reason="less than a year of pay-outs")
    paid = float(track.payouts.sum() + _gaining_months(track)) / years
    cost = paid - float(track.hedge_pnl[-1]) / years
    free = float(np.expm1(rate))
    discount = free + beta * premium
    cost_value = cost * annuity(free)
    if paid <= 0.0:
        return DividendValue(paid, cost, discount, _NAN, cost_value, reason="nothing was paid out")
    plain = cost / paid
    if not discount > -1.0:
        reason = "k is −100 % or less" if discount <= -1.0 else "no beta of the hedge"
        return DividendValue(paid, cost, discount, _NAN, cost_value, _NAN, plain, reason)
    value = paid * annuity(discount)
    return DividendValue(paid, cost, discount, value, cost_value, cost_value / value, plain)


def annuity(rate: float, years: int = DIVIDEND_YEARS) -> float:
    """Return what one USD at the end of each of ``years`` years is worth now."""
    return float(np.sum((1.0 + rate) ** -np.arange(1.0, years + 1.0)))


def _gaining_months(track: Track) -> float:
    if not track.futures.any():
        return 0.0
    months = track.dates.astype("datetime64[M]").astype(int)
    return float(np.maximum(np.bincount(months - months[0], weights=track.futures), 0.0).sum())


@dataclass(frozen=True)
class Shortfall:
    """Implementation shortfall of the trailing 365 days.

    Attributes
    ----------
    usd : dict of str to float
        Σ|q|·100·(fill − mid at decision), adverse positive, by ``condors``, ``hedge``, ``all``.
    share : dict of str to float
        The same over premium traded; NaN where nothing was.
    within_budget : bool
        Whether the share of ``all`` is at most 10 %.
    """

    usd: dict[str, float]
    share: dict[str, float]
    within_budget: bool


def shortfall(track: Track) -> Shortfall:
    """Add up what option fills of the trailing 365 days lost against the mid.

    Futures and baskets are left out: their premium is none. Fees are not part of it.

    References
    ----------
    Perold (1988), "The Implementation Shortfall: Paper versus Reality", Journal of Portfolio
    Management 14(3); here without the part for orders not filled, of which there are none.
    """
    recent = track.dates > track.dates[-1] - np.timedelta64(365, "D")
    usd = {name: float(row[recent].sum()) for name, row in track.shortfall.items()}
    premium = {name: float(row[recent].sum()) for name, row in track.premium.items()}
    usd["all"], premium["all"] = sum(usd.values()), sum(premium.values())
    share = {name: usd[name] / premium[name] if premium[name] > 0.0 else _NAN for name in usd}
    return Shortfall(usd, share, bool(not share["all"] > SHORTFALL_BUDGET))
