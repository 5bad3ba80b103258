"""One market day as a desk reads it: what every contract is worth, and what trading it costs."""

import math
from dataclasses import dataclass, replace

import numpy as np

from alvh.contracts.rules import exchange_fee, round_to_tick, tick_size
from alvh.contracts.spx_spread import spx_half_spread
from alvh.contracts.vix_spread import vix_half_spread, vx_half_spread
from alvh.kernel import quotes
from alvh.kernel.codes import RIGHTS, ROOTS
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.spx_smile import OVERNIGHT_SHARE, spx_sigma, spx_slice
from alvh.kernel.vix_smile import vix_forward, vix_sigma, vix_slice

MULTIPLIER = {"SPX": 100, "SPXW": 100, "VIX": 100, "VX": 1000, "ETP_SHORT": 1, "ETP_MID": 1}
BASKETS = {"ETP_SHORT": 30, "ETP_MID": 150}  # mean days to expiry of the futures inside
CLOSE_SETTLED = ("SPXW", *BASKETS)
BASKET_HALF_SPREAD = 0.0003
ELASTICITY = ((15.0, -7.2), (20.0, -6.4), (30.0, -4.3), (math.inf, -2.8))  # up to this VIX


@dataclass(frozen=True)
class Contract:
    """What is traded; a basket's expiry is the day it is due to be rebalanced."""

    root: str
    right: str  # "C", "P" or ""
    expiry: int
    expiry_session: int
    strike: float

    @property
    def is_future(self):
        return self.root == "VX"

    @property
    def multiplier(self):
        return MULTIPLIER[self.root]


@dataclass(frozen=True)
class Quote:
    """What the day's chain says of one contract, points; the absolute delta is NaN if not known."""

    bid: float
    ask: float
    delta: float

    @property
    def mid(self):
        return 0.5 * (self.bid + self.ask)

    @property
    def half(self):
        return 0.5 * (self.ask - self.bid)


@dataclass(frozen=True)
class Shock:
    """Days that pass in an unchanged market, then a return of the S&P 500 and a log move of VIX."""

    days: int = 0
    spx: float = 0.0
    vix: float = 0.0


CALM = Shock()


@dataclass(frozen=True)
class Account:
    """Terms of the broker: fill 0 (mid) to 1 (touch), fee multiplier, USD a contract, rate."""

    equity: float
    fill: float
    fee_scale: float
    commission: float
    debit_spread: float
    improvement: float = 0.0  # of fill, saved by every leg of a package after the first

    def phi(self, legs):
        """Share of the half-spread that each of so many legs gives up when traded as one order."""
        return self.fill * (1.0 - self.improvement) ** (legs - 1)


def norm_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def d1(forward, strike, sigma, years):
    total = sigma * math.sqrt(years)
    return math.log(forward / strike) / total + 0.5 * total


def black(forward, strike, sigma, years, right):
    """Undiscounted Black-76, as printed in Black (1976)."""
    sign = 1.0 if right == "C" else -1.0
    if years <= 0.0 or sigma <= 0.0:
        return max(sign * (forward - strike), 0.0)
    one = d1(forward, strike, sigma, years)
    two = one - sigma * math.sqrt(years)
    value = sign * (forward * norm_cdf(sign * one) - strike * norm_cdf(sign * two))
    return max(value, 0.0)


class Market:
    """One day record, with names, and the quotes of the day's chain if it has one."""

    def __init__(self, record, quotes=NO_QUOTES):
        for name in ("date", "session"):
            setattr(self, name, int(record[name]))
        for name in ("spx", "spx_open_settlement", "vix", "vix9d", "hv20", "rate"):
            setattr(self, name, float(record[name]))
        self.dividend_yield = float(record["dividend_yield"])
        self.vix_settlement = float(record["vix_settlement"])
        self.settlement_is_published = bool(record["vix_settlement_quoted"])
        self.tradable = bool(record["tradable"])
        self.basket_price = {
            "ETP_SHORT": float(record["etp_short"]),
            "ETP_MID": float(record["etp_mid"]),
        }
        self.curve_expiry = np.array(record["curve_expiry"])
        self.curve_forward = np.array(record["curve_forward"])
        self.quoted = {
            int(e) for e, q in zip(self.curve_expiry, record["curve_quoted"], strict=True) if q
        }
        self.spx_smile = np.array(record["spx_smile"])
        self.vix_smile = np.array(record["vix_smile"])
        self.is_fitted = {"SPX": bool(record["spx_fitted"]), "VIX": bool(record["vix_fitted"])}
        self.widening = {
            "SPX": 1.0 + float(record["spx_widening"]),
            "VIX": 1.0 + float(record["vix_widening"]),
        }
        self.chain, self.strikes = read_chain(
            quotes[int(record["quote_first"]) : int(record["quote_end"])]
        )

    def quote(self, contract):
        """The quote of exactly this contract, or None."""
        return self.chain.get(_terms(contract))

    def tau(self, contract):
        """Calendar days to settlement."""
        whole = contract.expiry - self.date
        return float(whole) if contract.root in CLOSE_SETTLED else whole - 0.27

    def sessions(self, contract):
        whole = float(contract.expiry_session - self.session)
        return whole if contract.root in CLOSE_SETTLED else whole - 1.0 + OVERNIGHT_SHARE

    def spx_forward(self, tau):
        return self.spx * math.exp((self.rate - self.dividend_yield) * tau / 365.0)

    def vix_forward(self, expiry):
        return vix_forward(self.curve_expiry, self.curve_forward, self.vix, self.date, expiry)

    def sigma(self, contract, forward, strike, days=0):
        """Volatility of a strike on the contract's smile, the contract ``days`` older."""
        tau = self.tau(contract) - days
        if contract.root == "VIX":
            return vix_sigma(vix_slice(self.vix_smile, forward, tau), strike)
        sessions = max(self.sessions(contract) - days * 252.0 / 365.0, 0.05)
        smile = spx_slice(self.spx_smile, max(tau, 0.05), sessions)
        return spx_sigma(smile, math.log(strike / forward))

    def forward(self, contract, shock=CALM):
        """Forward of the contract's settlement after a shock."""
        tau = self.tau(contract) - shock.days
        if contract.root in ("SPX", "SPXW"):
            return self.spx_forward(tau) * (1.0 + shock.spx)
        calm = self.vix_forward(contract.expiry - shock.days)
        return calm * math.exp(vix_beta(tau) * shock.vix)

    def delta(self, contract):
        """N(d1), for a put its distance from one: the absolute forward delta."""
        forward = self.forward(contract)
        years = self.tau(contract) / 365.0
        sigma = self.sigma(contract, forward, contract.strike)
        one = d1(forward, contract.strike, sigma, years)
        return norm_cdf(one) if contract.right == "C" else norm_cdf(-one)

    def vega(self, contract):
        """USD per unit of volatility of one contract."""
        forward, years = self.forward(contract), self.tau(contract) / 365.0
        sigma = self.sigma(contract, forward, contract.strike)
        one = d1(forward, contract.strike, sigma, years)
        density = math.exp(-0.5 * one * one) / math.sqrt(2.0 * math.pi)
        return forward * density * math.sqrt(years) * math.exp(-self.rate * years) * 100.0

    def value(self, contract, shock=CALM):
        """Mid in points: of the quote, else of the smile; a shock moves a quote with its smile."""
        quote = self.quote(contract)
        if quote is None:
            return self.by_smile(contract, shock)
        if shock == CALM:
            return quote.mid
        return self.by_smile(contract, shock) + quote.mid - self.by_smile(contract)

    def by_smile(self, contract, shock=CALM):
        """What curve and smiles say of a contract, today or after a shock."""
        if contract.root in BASKETS:
            return self._basket(contract.root, shock)
        forward = self.forward(contract, shock)
        if contract.is_future:
            return forward
        tau = self.tau(contract) - shock.days
        sigma = self.sigma(contract, forward, contract.strike, shock.days)
        if contract.root != "VIX":
            sigma *= math.exp(spx_beta(tau) * shock.vix)
        years = max(tau, 0.0) / 365.0
        undiscounted = black(forward, contract.strike, sigma, years, contract.right)
        return undiscounted * math.exp(-self.rate * years)

    def _basket(self, root, shock):
        """A share moves with the future at its mean maturity."""
        maturity = BASKETS[root]
        due = self.date + maturity
        rolled = self.vix_forward(due - shock.days) / self.vix_forward(due)
        return self.basket_price[root] * rolled * math.exp(vix_beta(maturity) * shock.vix)

    def stress(self, spx_return):
        """The named stress: the S&P 500 and, by its elasticity at today's level, VIX."""
        elasticity = next(e for level, e in ELASTICITY if self.vix <= level)
        return Shock(spx=spx_return, vix=elasticity * math.log(1.0 + spx_return))

    def half_spread(self, contract, mid):
        """Half of what is quoted between bid and ask; by the model where nothing is."""
        quote = self.quote(contract)
        return self.modelled_half(contract, mid) if quote is None else quote.half

    def modelled_half(self, contract, mid):
        tau = self.tau(contract)
        if contract.root in BASKETS:
            half = BASKET_HALF_SPREAD * mid
        elif contract.root == "VX":
            half = vx_half_spread(mid, tau, self.vix, self.date)
        elif contract.root == "VIX":
            half = vix_half_spread(mid, tau, self.vix, self.date) * self.widening["VIX"]
        else:
            half = spx_half_spread(mid, tau, self.vix, contract.root == "SPX", self.date)
            half *= self.widening["SPX"]
        return min(half, mid)

    def fill(self, contract, mid, phi, side, in_package):
        """Price of one leg that trades at its own (or its package's) tick; side +1 buys."""
        price = mid + side * phi * self.half_spread(contract, mid)
        if contract.root in BASKETS:
            return price
        tick = tick_size(ROOTS.index(contract.root), price, self.date, in_package)
        return max(round_to_tick(price, tick, 0), tick if side > 0 else 0.0)

    def fee(self, contract, price, account, in_package):
        if contract.root in BASKETS:
            return 0.0
        exchange = exchange_fee(ROOTS.index(contract.root), price, self.date, in_package)
        return account.fee_scale * (exchange + account.commission)

    def provenance(self, contract):
        """A quote, also a future's on a listed node; else a smile fitted to the day, or a model."""
        if self.quote(contract) or (contract.is_future and contract.expiry in self.quoted):
            return "quoted"
        if contract.root in ("SPX", "SPXW", "VIX"):
            return "fitted" if self.is_fitted[contract.root[:3]] else "modelled"
        return "modelled"


def _terms(contract):
    return contract.root, contract.right, contract.expiry, contract.strike


def read_chain(rows):
    """({terms: quote}, {(root, right, expiry): its quoted strikes, ascending}) of one session."""
    chain, strikes = {}, {}
    for row in rows:
        root, right = ROOTS[row["root"]], RIGHTS[row["right"]]
        expiry, strike = int(row["expiry"]), float(row["strike"])
        chain[root, right, expiry, strike] = Quote(
            float(row["bid"]), float(row["ask"]), float(row["delta"])
        )
        strikes.setdefault((root, right, expiry), []).append(strike)
    return chain, {key: sorted(found) for key, found in strikes.items()}


def at_strike(contract, strike):
    return replace(contract, strike=float(strike))


def vix_beta(tau):
    return float(np.interp(tau, quotes.BETA_DAYS, quotes.BETA_LOG))


def spx_beta(tau):
    return float(np.interp(tau, quotes.SPX_BETA_DAYS, quotes.SPX_BETA_LOG))
