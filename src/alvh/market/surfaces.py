"""A history reduced to one record per market day: the engine's only view of the market.

Rows are causal: row t is a function of data up to and including session t, and of exchange
calendars that were public before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.calendars import session_number, spx_expiries, vix_expiries
from alvh.errors import DataError
from alvh.kernel.records import DAY, NO_QUOTES
from alvh.market.baskets import basket_levels
from alvh.market.curve import VixCurve, vix_curve
from alvh.market.history import History
from alvh.market.settlements import spx_open_settlements, vix_settlements
from alvh.market.spx_surface import spx_smile_parameters
from alvh.market.vix_surface import vix_smile_parameters

Records = NDArray[np.void]
Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

LISTING_HORIZON = np.timedelta64(800, "D")  # expiries further out are never chosen
LONG_RUN_DIVIDEND_YIELD = 0.019  # S&P 500 dividend over price, mean of 2005–2023, Shiller
DIVIDEND_LAG = np.timedelta64(92, "D")  # a quarter's dividends are known a quarter later
REALISED_WINDOW = 20


@dataclass(frozen=True)
class Surfaces:
    """All that the engine needs of a history.

    Attributes
    ----------
    days : ndarray of DAY, shape (n,)
    spx_expiries, vix_expiries : ndarray of EXPIRY
        Listed between the first day and two years after the last.
    quotes : ndarray of QUOTE
        Of the days that have chains, by session; a day's record says which rows are its own.
    notes : tuple of str
        What had to be assumed because the history lacks it, and what became of its chains.
    """

    days: Records
    spx_expiries: Records
    vix_expiries: Records
    quotes: Records
    notes: tuple[str, ...]

    @property
    def listed(self) -> tuple[Records, Records, Records]:
        """Expiries of the S&P 500, of VIX, and quotes, as the kernel's runs take them."""
        return self.spx_expiries, self.vix_expiries, self.quotes

    def said_of(self, session: date) -> tuple[str, ...]:
        """Return the notes on the chains of one session: what of them is not used, and why."""
        return tuple(note for note in self.notes if f" chain of {session}:" in note)

    def said_on(self, session: date) -> tuple[str, ...]:
        """Return what is said of all sessions, and of the chains of one."""
        chains = self.said_of(session)
        return tuple(note for note in self.notes if note in chains or " chain of " not in note)

    def takes(self, under: str, session: date) -> bool:
        """Tell whether a session's chain of an index (SPX, VIX) is not left out as a whole."""
        refusal = nothing_taken(under, session)
        return not any(note.startswith(refusal) for note in self.notes)

    @cached_property
    def dates(self) -> NDArray[np.datetime64]:
        """Sessions, shape (n,), read-only."""
        dates = self.days["date"].astype("datetime64[D]")
        dates.flags.writeable = False
        return dates

    @cached_property
    def rates(self) -> NDArray[np.float64]:
        """Money-market rates, shape (n,), continuously compounded, read-only."""
        rates: NDArray[np.float64] = self.days["rate"].copy()
        rates.flags.writeable = False
        return rates

    @cached_property
    def priced(self) -> NDArray[np.int64]:
        """Rows of the sessions that have all that prices need, ascending."""
        return np.flatnonzero(self.days["tradable"])


def nothing_taken(under: str, session: date) -> str:
    """Return how the note begins that nothing of a session's chain of an index is used."""
    return f"nothing is taken from the {under} chain of {session}:"


def unquoted(days: Records) -> None:
    """Take quotes and fits from days that are only made after real ones, in place."""
    for name in ("quote_first", "quote_end", "spx_fitted", "vix_fitted"):
        days[name] = 0


def without_quotes(days: Records) -> Records:
    """Return a copy of days, shape (n,), that prices all by their smiles, fitted or not."""
    copy = days.copy()
    copy["quote_first"] = copy["quote_end"] = 0
    return copy


_CACHE: dict[str, Surfaces] = {}
_LATE: dict[str, tuple[np.datetime64, Surfaces]] = {}
_CACHE_SIZE = 4


def build_surfaces(
    history: History, since: np.datetime64 | None = None, progress: Progress | None = None
) -> Surfaces:
    """Reduce a history to day records; the last few results are kept by the history's digest.

    Parameters
    ----------
    history : History
        Aligned daily series.
    since : datetime64[D], optional
        Session from which on smiles are wanted. Those of earlier ones, four fifths of the work
        for a single decision, may be left out: such a session then counts as not tradable. Records
        from it on are the same to the bit. Asked for an earlier one later, the whole is built.
    progress : callable, optional
        Called with (sessions done, sessions in all) while chains are fitted.

    Returns
    -------
    Surfaces

    Raises
    ------
    DataError
        If no day has what prices need.
    """
    found = _CACHE.get(history.digest)
    if found is not None:
        return found
    if since is not None:
        begun, late = _LATE.get(history.digest, (since, None))
        if late is None:
            late = _build(_with_vix(history), since, progress)
            _keep(_LATE, history.digest, (since, late))
        if since >= begun:
            return late
    found = _build(_with_vix(history), None, progress)
    _keep(_CACHE, history.digest, found)
    return found


def _keep(cache: dict[str, Any], digest: str, found: Any) -> None:
    while len(cache) >= _CACHE_SIZE:
        del cache[next(iter(cache))]
    cache[digest] = found


def _with_vix(history: History) -> History:
    """Cut what lies before the first VIX close; nothing can be priced there."""
    known = np.flatnonzero(np.isfinite(history["vix"]))
    if len(known) == 0:
        raise DataError("the VIX series has no value; check its file")
    return history.between(history.dates[known[0]].astype(object))


def _column(history: History, name: str) -> Floats:
    if history.has(name):
        return history[name]
    return np.full(len(history.dates), np.nan)


def _build(history: History, since: np.datetime64 | None, progress: Progress | None) -> Surfaces:
    dates, notes, quotes = history.dates, list[str](), NO_QUOTES
    first = 0 if since is None else int(np.searchsorted(dates, since))
    rate = money_market_rate(
        _column(history, "bill_rate"), _column(history, "fed_funds"), notes=notes
    )
    dividend_yield = _dividend_yield(history, notes)
    columns = {name: _column(history, name) for name in ("spx", "vix", "vix9d", "vix3m", "vix6m")}
    curve = vix_curve(
        dates=dates, vix=columns["vix"], vix3m=columns["vix3m"], futures=history.futures
    )
    days = np.zeros(len(dates), DAY)
    days["date"] = dates.astype("datetime64[D]").astype(np.int32)
    days["session"] = session_number(dates)
    for name in ("spx", "vix", "vix9d"):
        days[name] = columns[name]
    days["rate"] = rate
    days["dividend_yield"] = dividend_yield
    days["hv20"] = realised_volatility(columns["spx"])
    days["spx_smile"] = spx_smile_parameters(
        dates=dates, skew=_column(history, "skew"), vvix=_column(history, "vvix"), rate=rate,
        dividend_yield=dividend_yield, first=first, **columns,
    )  # fmt: skip
    days["vix_smile"] = vix_smile_parameters(
        dates=dates, vix=columns["vix"], vvix=_column(history, "vvix"), curve=curve,
        first=first,
    )  # fmt: skip
    _fill_curve(days, curve, rate)
    listed = _listed(history, dates)
    _fill_settlements(days, history, listed[1])
    days["tradable"] = _tradable(days)
    if history.chain_folder is not None and days["tradable"].any():
        quotes, said = _fit_quoted(days, history, history.chain_folder, progress)
        notes.extend(said)
    if since is None and not days["tradable"].any():
        raise DataError("no session has both an S&P 500 and a VIX close; check the two files")
    return Surfaces(days, *listed, quotes, tuple(notes))


def _fit_quoted(
    days: Records, history: History, folder: Path, progress: Progress | None
) -> tuple[Records, tuple[str, ...]]:
    """Fit the days that can be priced and have chains; return their quotes, and what to say."""
    from alvh.market.chain_days import fit_days  # needed by few, and slow to import

    known = days["tradable"] == 1
    quoted = days[known]
    span = np.column_stack([_column(history, name) for name in ("vix_low", "vix_high")])
    found = fit_days(quoted, folder, progress, span[known])
    days[known] = quoted
    return found.quotes, found.notes


def _listed(history: History, dates: NDArray[np.datetime64]) -> tuple[Records, Records]:
    start, end = dates[0].astype(object), (dates[-1] + LISTING_HORIZON).astype(object)
    return spx_expiries(start, end), vix_expiries(start, end)


def _fill_curve(days: Records, curve: VixCurve, rate: Floats) -> None:
    days["curve_expiry"] = curve.expiry
    days["curve_forward"] = curve.forward
    days["curve_quoted"] = curve.quoted
    days["etp_short"], days["etp_mid"] = basket_levels(days["date"], curve, rate)


def _fill_settlements(days: Records, history: History, expiries: Records) -> None:
    dates = history.dates
    published = {expiry: value for expiry, (value, _) in history.settlements.items()}
    days["vix_settlement"], days["vix_settlement_quoted"] = vix_settlements(
        dates=dates, vix=_column(history, "vix"), vix_open=_column(history, "vix_open"),
        expiries=expiries["date"].astype("datetime64[D]"), published=published,
    )  # fmt: skip
    # On a third Friday the fund often trades without its dividend: adjusted prices compare.
    adjusted = _column(history, "spy_adjusted")
    spy_open = _column(history, "spy_open") * adjusted / _column(history, "spy")
    days["spx_open_settlement"] = spx_open_settlements(
        dates=dates, spx_open=_column(history, "spx_open"), spx=_column(history, "spx"),
        spy_open=spy_open, spy=adjusted,
    )  # fmt: skip


def _tradable(days: Records) -> NDArray[np.bool_]:
    complete: NDArray[np.bool_] = np.isfinite(days["spx"]) & np.isfinite(days["vix"])
    for field in ("spx_smile", "vix_smile", "curve_forward"):
        complete &= np.isfinite(days[field]).all(axis=1)
    return complete


def carry_forward(values: Floats) -> Floats:
    """Return values with gaps filled by the last one known, shape (n,); leading gaps stay NaN."""
    known = np.where(np.isfinite(values), np.arange(len(values)), -1)
    last = np.maximum.accumulate(known)
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)


def money_market_rate(bill_rate: Floats, fed_funds: Floats, *, notes: list[str]) -> Floats:
    """Return the continuously compounded act/365 rate that cash earns and discounting uses.

    Parameters
    ----------
    bill_rate : ndarray, shape (n,)
        13-week bill discount rate, decimal, act/360; preferred while it is not older than the
        federal funds rate.
    fed_funds : ndarray, shape (n,)
        Effective federal funds rate, decimal, act/360.
    notes : list of str
        Receives what had to be assumed.

    References
    ----------
    US Treasury, 31 CFR 356 appendix B: price = 1 − discount·91/360.
    """
    bills = -np.log1p(-bill_rate * 91.0 / 360.0) * 365.0 / 91.0
    funds = np.log1p(fed_funds / 360.0) * 365.0
    stale = _age(bills) > 10
    rate = carry_forward(np.where(stale & np.isfinite(funds), funds, carry_forward(bills)))
    missing = ~np.isfinite(rate)
    if missing.any():
        notes.append(f"no money-market rate on {int(missing.sum())} sessions: cash earns nothing")
    return np.where(missing, 0.0, rate)


def _age(values: Floats) -> NDArray[np.int64]:
    """Return sessions since the last known value, large before the first."""
    index = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isfinite(values), index, -1))
    return np.where(last >= 0, index - last, 10**6)


def _dividend_yield(history: History, notes: list[str]) -> Floats:
    shiller: Any = history.monthly.get("shiller")
    if shiller is None:
        notes.append(f"no dividend series: a yield of {LONG_RUN_DIVIDEND_YIELD:.1%} is assumed")
        return np.full(len(history.dates), LONG_RUN_DIVIDEND_YIELD)
    paid = shiller.filter((pl.col("dividend") > 0) & (pl.col("price") > 0)).sort("date")
    known = paid["date"].to_numpy().astype("datetime64[D]") + DIVIDEND_LAG
    ratio = (paid["dividend"] / paid["price"]).to_numpy()
    row = np.searchsorted(known, history.dates, side="right") - 1
    return np.where(row >= 0, np.log1p(ratio[np.maximum(row, 0)]), LONG_RUN_DIVIDEND_YIELD)


def realised_volatility(spx: Floats) -> Floats:
    """Return the annualised standard deviation of the last 20 log returns, decimal, shape (n,)."""
    out = np.full(len(spx), np.nan)
    if len(spx) <= REALISED_WINDOW:
        return out
    returns = np.diff(np.log(spx))
    windows = np.lib.stride_tricks.sliding_window_view(returns, REALISED_WINDOW)
    out[REALISED_WINDOW:] = windows.std(axis=1, ddof=1) * np.sqrt(252.0)
    return out
