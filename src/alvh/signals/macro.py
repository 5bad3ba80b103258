"""The wider economy: risk premium, valuation, dollar, policy uncertainty, real estate, new issues.

Every series is used from the day it was out. A monthly file says which month a row describes, not
when it was published, so each has a lag of its own, taken long rather than short, and a row counts
only until the next one is due: after the end of a file the signal is absent, not frozen.

References
----------
Martin, I. (2017). What is the expected return on the market? QJE 132 (lower bound on the equity
premium). Shiller, R., monthly stock market data. Baker, M. and Wurgler, J. (2006), monthly number
of IPOs. Baker, S., Bloom, N. and Davis, S. (2016), daily policy uncertainty. BIS, real broad
effective exchange rate.
"""

from typing import Any

import numpy as np
import polars as pl

from alvh.market.history import History
from alvh.signals.reading import Dates, Floats, Reading, absent, cite, kept, same_day, series
from alvh.signals.windows import (
    change_over,
    over,
    trailing_mean,
    trailing_quantile,
    trailing_rank,
    trailing_z,
)

# Months from the end of a month to the day its row is taken as known. Shiller's file interpolates
# the quarterly earnings and dividends of S&P, complete about three months after a quarter; its
# prices come within weeks, but are not read. The IPO file is updated about once a year, by whole
# years: with 17 months January of a year is known from July of the next, and December, which came
# in the same update, later than need be. Which file stood on which day is not on record.
SHILLER_LAG = 3
IPO_LAG = 17
GRACE_DAYS = 45  # a row counts until the next is due, and this long if none comes
GROWTH_YEARS = 10
VALUATION_WINDOW = 2520  # sessions: ten years
CLUSTER_MONTHS, CLUSTER_YEARS, CLUSTER_SHARE = 3, 10, 0.80
YEAR_SESSIONS, MONTH_SESSIONS = 252, 21
EXTREME = 2.0  # deviations beyond which REER and REITs speak, by the method
LEAST_PAIRS = 756


def _published(history: History, months: Dates, values: Floats, lag: int) -> tuple[Floats, Dates]:
    """Return monthly values as known on each session, and the last day of their months.

    ``months`` are first days, ascending; a value is known ``lag`` months after its month ended.
    """
    known = np.isfinite(values)
    first, kept = months[known].astype("datetime64[M]"), values[known]
    out, observed = absent(history), np.full(len(history), np.datetime64("NaT", "D"))
    if len(kept) == 0:
        return out, observed
    due = (first + 1 + lag).astype("datetime64[D]")
    place = np.searchsorted(due, history.dates, side="right") - 1
    there = place >= 0
    until = np.append(due[1:], due[-1] + GRACE_DAYS)
    until = np.minimum(until, due + np.timedelta64(31 + GRACE_DAYS, "D"))
    there &= history.dates < until[place]
    out[there] = kept[place[there]]
    ends = (first + 1).astype("datetime64[D]") - 1
    observed[there] = ends[place[there]]
    return out, observed


def _monthly(history: History, file: str, column: str) -> tuple[Dates, Floats]:
    """Return (first days of months, values) of a monthly file; nothing where it is absent."""
    table = history.monthly.get(file)
    if table is None or column not in table.columns:
        return np.array([], "datetime64[D]"), np.array([])
    days = table["date"].to_numpy().astype("datetime64[D]")
    values = table[column].cast(pl.Float64).to_numpy().astype(np.float64, copy=True)
    values[~(values > 0.0)] = np.nan  # the file ends in zeros where nothing is known yet
    return days, values


def _words(history: History, file: str, lag: int, *names: str) -> str:
    there = "" if file in history.monthly else " (absent)"
    rest = f", {cite(history, *names)}" if names else ""
    return f"{file} monthly file{there}, {lag} months after each month{rest}"


def _growth(months: Dates, dividends: Floats) -> Floats:
    """Return the yearly growth of dividends over the last ten years, shape (n_months,)."""
    out = np.full(len(months), np.nan)
    steps = 12 * GROWTH_YEARS
    if len(months) > steps:
        out[steps:] = over(dividends[steps:], dividends[:-steps]) ** (1.0 / GROWTH_YEARS) - 1.0
    return out


def equity_premium(history: History) -> Floats:
    """Return the expected excess return of the S&P 500, fraction a year, shape (n,).

    The larger of Martin's lower bound R_f·(VIX/100)², R_f = 1 + bill rate, and of
    D/P + g − bill rate; of one alone where the other is absent. D/P is Shiller's twelve-month
    dividend that was out, over the close. g is the yearly growth of that dividend over the ten
    years up to its month, nominal as the rate is (Gordon's model with past growth for the future).
    The rate is the three-month bill's bank discount, which stands for a year's.
    """
    return np.fmax(*_premium_parts(history))


def _premium_parts(history: History) -> tuple[Floats, Floats]:
    """Return Martin's bound and dividend yield plus growth less the rate, each shape (n,)."""
    rate = series(history, "bill_rate")
    bound = (1.0 + rate) * (series(history, "vix") / 100.0) ** 2
    months, dividends = _monthly(history, "shiller", "dividend")
    dividend, _ = _published(history, months, dividends, SHILLER_LAG)
    growth, _ = _published(history, months, _growth(months, dividends), SHILLER_LAG)
    return bound, over(dividend, series(history, "spx")) + growth - rate


def equity_risk_premium(history: History) -> Reading:
    """Return the equity risk premium as of each close; see `equity_premium`."""
    bound, payout = (np.isfinite(part) for part in _premium_parts(history))
    words = (
        f"{_words(history, 'shiller', SHILLER_LAG, 'vix', 'bill_rate', 'spx')}; the larger of two "
        f"on {int((bound & payout).sum())} sessions, the bound alone on "
        f"{int((bound & ~payout).sum())}, dividends alone on {int((payout & ~bound).sum())}"
    )
    return same_day(history, equity_premium(history), words)


@kept
def risk_premium_ratio(history: History, window: int = 756) -> Floats:
    """Return the equity risk premium over its trailing median, shape (n,).

    Parameters
    ----------
    history : History
    window : int
        Known values that the median looks back on, the session's own included; 252 at least.
    """
    premium = equity_premium(history)
    return over(premium, trailing_quantile(premium, 0.5, window, min(252, window)))


def index_pe(history: History) -> Reading:
    """Return where price over earnings stands among its last ten years, 0 to 1.

    The close of the S&P 500 over the last twelve months' earnings that were out; earnings stand in
    for cash flow.
    """
    months, earnings = _monthly(history, "shiller", "earnings")
    known, observed = _published(history, months, earnings, SHILLER_LAG)
    ratio = over(series(history, "spx"), known)
    raw = trailing_rank(ratio, VALUATION_WINDOW)
    observed = np.where(np.isfinite(raw), observed, np.datetime64("NaT", "D"))
    return Reading(raw, observed, _words(history, "shiller", SHILLER_LAG, "spx"))


def reer_residual(history: History, window: int = 756, minimum: int = 252) -> Reading:
    """Return the 12-month change of ln REER that the change of rates does not explain.

    Ordinary least squares on every pair known so far, at least 756: the coefficients of a session
    use nothing after it. The federal funds rate stands for the differential, as no foreign rate is
    in the history; its change is that of the last 252 sessions, that of REER the one between the
    months that were out. REER is as published last, not as published first: its revisions are
    not in the history. The score is the z-score beyond ±2, else 0.
    """
    reer = series(history, "reer")
    change = absent(history)
    change[YEAR_SESSIONS:] = np.log(1.0 + change_over(reer, YEAR_SESSIONS)[YEAR_SESSIONS:])
    rate, moved = series(history, "fed_funds"), absent(history)
    moved[YEAR_SESSIONS:] = rate[YEAR_SESSIONS:] - rate[:-YEAR_SESSIONS]
    raw = _residuals(moved, change)
    z = trailing_z(raw, window, minimum)
    score = np.where(np.abs(z) > EXTREME, z, np.where(np.isfinite(z), 0.0, np.nan))
    return Reading(raw, _last_month(history, reer, raw), cite(history, "reer", "fed_funds"), score)


def _residuals(x: Floats, y: Floats) -> Floats:
    """Return y less its least-squares line on x, each session's line from the pairs up to it."""
    both = np.isfinite(x) & np.isfinite(y)
    a, b = x[both], y[both]
    count = np.arange(1, len(a) + 1, dtype=np.float64)
    sx, sy, sxx, sxy = (np.cumsum(part) for part in (a, b, a * a, a * b))
    spread = sxx - sx * sx / count
    slope = np.divide(sxy - sx * sy / count, spread, out=np.full(len(a), np.nan),
                      where=spread > 1e-12)  # fmt: skip
    residual = b - (sy - slope * sx) / count - slope * a
    residual[: LEAST_PAIRS - 1] = np.nan
    out = np.full(len(x), np.nan)
    out[both] = residual
    return out


def _last_month(history: History, values: Floats, raw: Floats) -> Dates:
    """Return the last day of the month that a carried value describes.

    A history carries a month's value from the second month after it, so that it is the month two
    before the one in which the value last changed.
    """
    changed = np.zeros(len(values), dtype=bool)
    changed[1:] = values[1:] != values[:-1]
    last = np.maximum.accumulate(np.where(changed, np.arange(len(values)), 0))
    ends = (history.dates[last].astype("datetime64[M]") - 1).astype("datetime64[D]") - 1
    return np.where(np.isfinite(raw), ends, np.datetime64("NaT", "D"))


def policy_uncertainty(history: History) -> Reading:
    """Return the mean of 21 sessions' policy uncertainty, each day's known at the next session.

    The index of a day counts the newspapers of that day and is put out on the next.
    """
    daily = series(history, "policy_uncertainty")
    late = absent(history)
    late[1:] = daily[:-1]
    raw = trailing_mean(late, MONTH_SESSIONS)
    observed = np.full(len(history), np.datetime64("NaT", "D"))
    observed[1:] = history.dates[:-1]
    observed = np.where(np.isfinite(raw), observed, np.datetime64("NaT", "D"))
    return Reading(raw, observed, cite(history, "policy_uncertainty"))


def reit_strength(history: History, window: int = 756, minimum: int = 252) -> Reading:
    """Return the 21-session return of real estate shares less that of SPY.

    VNQ, or IYR where VNQ is absent. The score is minus the z-score where that is below −2, else 0.
    """
    vnq = change_over(series(history, "vnq"), MONTH_SESSIONS)
    iyr = change_over(series(history, "iyr"), MONTH_SESSIONS)
    spy = change_over(series(history, "spy_adjusted"), MONTH_SESSIONS)
    raw = np.where(np.isfinite(vnq), vnq, iyr) - spy
    z = trailing_z(raw, window, minimum)
    score = np.where(z < -EXTREME, -z, np.where(np.isfinite(z), 0.0, np.nan))
    return same_day(history, raw, cite(history, "vnq", "iyr", "spy_adjusted"), score)


def ipo_cluster(history: History) -> Reading:
    """Return where the three-month count of IPOs stands among its last ten years, 0 to 1.

    Each month's count is known ``IPO_LAG`` months after it. The score is 1 above the 80th
    percentile, else 0.
    """
    months, counts = _monthly(history, "baker_wurgler", "nipo")
    raw, observed = _published(history, months, _cluster_ranks(counts), IPO_LAG)
    score: Any = np.where(raw > CLUSTER_SHARE, 1.0, 0.0)
    score = np.where(np.isfinite(raw), score, np.nan)
    return Reading(raw, observed, _words(history, "baker_wurgler", IPO_LAG), score)


def _cluster_ranks(counts: Floats) -> Floats:
    """Return the rank of each three-month sum among the last ten years of them."""
    sums = np.full(len(counts), np.nan)
    for t in range(CLUSTER_MONTHS - 1, len(counts)):
        sums[t] = counts[t] + counts[t - 1] + counts[t - 2]
    return trailing_rank(sums, 12 * CLUSTER_YEARS)
