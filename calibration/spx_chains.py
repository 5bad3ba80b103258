"""Real S&P 500 option chains as out-of-the-money quotes, expiry by expiry.

Readers of the layouts that occur in a folder of market downloads, parity forwards, Black
volatilities, and the VIX-type indices that the quotes themselves imply. Nothing here is shipped.
"""

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from alvh.kernel.spx_smile import OVERNIGHT_SHARE
from alvh.market.vix_index import skew_index, strip_variance
from alvh.sessions import sessions

Floats = NDArray[np.float64]
Quotes = dict[float, list[float]]  # strike → call bid, call ask, put bid, put ask

# Settlement in minutes and rate as the papers print them. The days are those on which the third
# Fridays, the index level and VIX agree with the strips; the papers name none.
WHITE_PAPERS = (
    ("vix_wp2019", "near", date(2014, 7, 21), date(2014, 8, 15), True, 35_924, 0.000305),
    ("vix_wp2019", "next", date(2014, 7, 21), date(2014, 8, 22), False, 46_394, 0.000286),
    ("vix_wp2009", "9", date(2008, 11, 12), date(2008, 11, 21), True, 12_960, 0.0038),
    ("vix_wp2009", "37", date(2008, 11, 12), date(2008, 12, 19), True, 53_280, 0.0038),
)


@dataclass(frozen=True)
class Expiry:
    """The quotes of one expiry; arrays by ascending strike, prices in points."""

    chain: str
    day: date
    expiry: date
    am: bool
    tau: float  # calendar days to settlement
    sessions: float
    forward: float
    discount: float
    strike: Floats
    bid: Floats  # of the out-of-the-money side
    ask: Floats
    is_put: NDArray[np.bool_]
    sigma: Floats  # of the mid, decimal; NaN where there is no bid
    atm: float
    strip: dict[str, Floats]  # both sides, as ``alvh.market.vix_index`` takes them
    rate: float

    @property
    def mid(self) -> Floats:
        return (self.bid + self.ask) / 2

    @property
    def years(self) -> float:
        return self.tau / 365.0

    @property
    def log_moneyness(self) -> Floats:
        return np.log(self.strike / self.forward)

    @property
    def delta(self) -> Floats:
        """Forward delta at the quoted volatility."""
        root = self.sigma * np.sqrt(self.years)
        with np.errstate(invalid="ignore"):
            call = ndtr(-self.log_moneyness / root + root / 2)
        return np.where(self.is_put, call - 1.0, call)


@dataclass(frozen=True)
class State:
    """What a chain's quotes say VIX and its family are, points, and SKEW; VVIX as published."""

    vix9d: float
    vix: float
    vix3m: float
    vix6m: float
    skew: float
    vvix: float = np.nan


def black(forward: float, strike: Floats, sigma: Floats, years: float, is_put: Floats) -> Floats:
    """Return undiscounted Black prices."""
    root = sigma * np.sqrt(years)
    d1 = np.log(forward / strike) / root + root / 2
    call = forward * ndtr(d1) - strike * ndtr(d1 - root)
    return np.where(is_put, call - forward + strike, call)


def implied(
    forward: float, strike: Floats, price: Floats, years: float, is_put: NDArray[np.bool_]
) -> Floats:
    """Return Black volatilities by bisection; NaN where the price is not positive."""
    low, high = np.full(strike.shape, 1e-3), np.full(strike.shape, 8.0)
    for _ in range(50):
        middle = (low + high) / 2
        above = black(forward, strike, middle, years, is_put) > price
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    return np.where(price > 0, (low + high) / 2, np.nan)


def expiry_of(
    chain: str,
    day: date,
    expiry: date,
    am: bool,
    quotes: Quotes,
    rate: float,
    tau: float | None = None,
) -> Expiry | None:
    """Return the out-of-the-money quotes of one expiry, or None where parity cannot be read."""
    strike = np.array(sorted(quotes))
    table = np.array([quotes[k] for k in strike])
    for side in (0, 2):  # a crossed quote is no quote
        table[table[:, side] > table[:, side + 1], side : side + 2] = 0.0
    if tau is None:
        tau = (expiry - day).days - (0.27 if am else 0.0)
    span = session_span(day, expiry) - (1.0 - OVERNIGHT_SHARE if am else 0.0)
    years = tau / 365.0
    call, put = table[:, :2].mean(axis=1), table[:, 2:].mean(axis=1)
    both = (table[:, 0] > 0) & (table[:, 2] > 0)
    if both.sum() < 3:
        return None
    discount = float(np.exp(-rate * years))
    centre = strike[np.argmin(np.where(both, abs(call - put), np.inf))]
    near = both & (abs(strike / centre - 1) < 0.02 * max(1.0, np.sqrt(tau / 30)))
    forward = float(np.median((strike + (call - put) / discount)[near]))
    is_put = strike < forward
    bid = np.where(is_put, table[:, 2], table[:, 0])
    ask = np.where(is_put, table[:, 3], table[:, 1])
    sigma = implied(forward, strike, (bid + ask) / 2 / discount, years, is_put)
    sigma = np.where((bid > 0) & (ask > bid), sigma, np.nan)
    return Expiry(
        chain, day, expiry, am, tau, span, forward, discount, strike, bid, ask, is_put, sigma,
        at_the_money(np.log(strike / forward), sigma, years),
        dict(zip(("strike", "call_bid", "call_ask", "put_bid", "put_ask"),
                 (strike, *table.T), strict=True)),
        rate,
    )  # fmt: skip


def at_the_money(log_moneyness: Floats, sigma: Floats, years: float) -> float:
    """Return the volatility at the forward from a parabola through the quotes around it."""
    quoted = np.isfinite(sigma)
    first = float(np.interp(0.0, log_moneyness[quoted], sigma[quoted]))
    near = quoted & (abs(log_moneyness) < 0.8 * first * np.sqrt(years))
    return float(np.polyfit(log_moneyness[near], sigma[near], 2)[-1]) if near.sum() >= 5 else first


def session_span(day: date, expiry: date) -> int:
    """Return the sessions after ``day`` up to ``expiry``."""
    first, last = np.searchsorted(
        sessions(), np.array([day, expiry], dtype="datetime64[D]"), side="right"
    )
    return int(last - first)


def bill_rates(folder: Path) -> dict[date, float]:
    """Return three-month bill rates, continuously compounded, decimal."""
    path = next(folder.rglob("DTB3*.csv"))
    with path.open() as lines:
        rows = [row for row in csv.reader(lines) if len(row) == 2 and row[1][:1].isdigit()]
    return {
        date.fromisoformat(day): -np.log(1 - float(value) / 100 * 91 / 360) * 365 / 91
        for day, value in rows
    }


def index_closes(folder: Path, symbol: str) -> dict[date, float]:
    """Return the closes of a Cboe index file."""
    with next(folder.rglob(f"{symbol}_History.csv")).open() as lines:
        rows = list(csv.reader(lines))[1:]
    return {datetime.strptime(row[0], "%m/%d/%Y").date(): float(row[-1]) for row in rows if row[-1]}


def read_chains(folder: Path) -> list[Expiry]:
    """Return every usable expiry of every chain under ``folder``."""
    rates = bill_rates(folder)
    found: list[Expiry | None] = []
    for path in sorted(folder.rglob("SPX_2019*.csv")):
        for (day, expiry, am), quotes in sorted(_vendor_rows(path).items()):
            if expiry > day:
                found.append(expiry_of(str(day), day, expiry, am, quotes, _rate_on(rates, day)))
    for path in sorted(folder.rglob("spx_20??-??-??*.csv")):
        day = date.fromisoformat(path.name[4:14])
        for (expiry, am), quotes in sorted(_quote_table_rows(path).items()):
            found.append(expiry_of(str(day), day, expiry, am, quotes, _rate_on(rates, day)))
    for stem, part, day, expiry, am, minutes, rate in WHITE_PAPERS:
        quotes = _white_paper_rows(folder, stem, part)
        found.append(expiry_of(str(day), day, expiry, am, quotes, rate, minutes / 1440))
    return [expiry for expiry in found if expiry is not None]


def state_of(expiries: list[Expiry]) -> State:
    """Return the indices that a chain's own quotes imply, by Cboe's formulas.

    Horizons are interpolated in calendar time between the expiries on Fridays. A white paper's
    two strips reach 30 days only; its other horizons repeat the ratios of the time: closes of
    2014-07-21, and the near strip itself with the slopes of November 2008.
    """
    chain = expiries[0].chain
    weekly = [e for e in expiries if e.tau > 1.5 and (e.am or e.expiry.weekday() == 4)]
    weekly.sort(key=lambda e: e.tau)
    weekly = [e for e, before in zip(weekly, [None, *weekly], strict=False)
              if before is None or e.tau - before.tau > 1.0]  # fmt: skip
    tau = np.array([e.tau for e in weekly])
    total = np.array([strip_variance(e.strip, minutes=e.tau * 1440, rate=e.rate).variance * e.tau
                      for e in weekly])  # fmt: skip
    points = [100 * np.sqrt(np.interp(n, tau, total) / n) for n in (9, 30, 93, 184)]
    near, after = _around(weekly, 30.0)
    skew = skew_index(
        near.strip, after.strip, near_minutes=near.tau * 1440, next_minutes=after.tau * 1440,
        near_rate=near.rate, next_rate=after.rate,
    ).skew  # fmt: skip
    if chain == "2014-07-21":
        points = [points[1] * ratio for ratio in (1.07, 1.0, 1.03, 1.10)]
    if chain == "2008-11-12":
        points = [points[0], points[1], 0.86 * points[1], 0.80 * points[1]]
    return State(*points, skew)


def _around(weekly: list[Expiry], days: float) -> tuple[Expiry, Expiry]:
    after = next(i for i, e in enumerate(weekly) if e.tau > days)
    return weekly[after - 1], weekly[after]


def _rate_on(rates: dict[date, float], day: date) -> float:
    return next(rates[d] for d in (day - timedelta(i) for i in range(10)) if d in rates)


def _vendor_rows(path: Path) -> dict[tuple[date, date, bool], Quotes]:
    rows: dict[tuple[date, date, bool], Quotes] = {}
    with path.open() as lines:
        for row in csv.DictReader(lines):
            root = re.match(r"[A-Z]+", row["optionroot"])
            expiry = datetime.strptime(row["expiration"], "%m/%d/%Y").date()
            day = datetime.strptime(row["quotedate"], "%m/%d/%Y").date()
            am = root is not None and root.group() == "SPX"
            quotes = rows.setdefault((day, expiry, am), {})
            entry = quotes.setdefault(float(row["strike"]), [0.0] * 4)
            first = 0 if row["type"] == "call" else 2
            entry[first : first + 2] = [float(row["bid"]), float(row["ask"])]
    return rows


def _quote_table_rows(path: Path) -> dict[tuple[date, bool], Quotes]:
    rows: dict[tuple[date, bool], Quotes] = {}
    with path.open(encoding="utf-8-sig") as lines:
        for row in csv.reader(lines):
            if len(row) < 22 or row[0] == "Expiration Date":
                continue
            expiry = datetime.strptime(row[0], "%a %b %d %Y").date()
            quotes = rows.setdefault((expiry, not row[1].startswith("SPXW")), {})
            quotes[float(row[11])] = [float(row[i]) for i in (4, 5, 15, 16)]
    return rows


def _white_paper_rows(folder: Path, stem: str, part: str) -> Quotes:
    path = next(folder.rglob(f"{stem}_{'options' if stem.endswith('2009') else part}.csv"))
    columns = ("Call Bid", "Call Ask", "Put Bid", "Put Ask")
    with path.open() as lines:
        return {
            float(row["Strike"]): [float(row[c]) for c in columns]
            for row in csv.DictReader(lines)
            if row.get("Days", part) == part
        }
