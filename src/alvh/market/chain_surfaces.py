"""Day records of the sessions whose option chains the user has: their smiles are fitted to quotes.

What a day without chains takes from indices, a day with them takes from its own quotes: the term
structure of at-the-money variance, the shape of the smile, how wide the market quotes, and the
quotes themselves, which contracts are chosen, marked and filled by. The forms are the kernel's, so
that what is not quoted comes from the same code as on any other day. A record says which of its two
smiles are fitted and which quotes are its own; everything else in it stays as it was.
"""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import least_squares

from alvh.calendars import session_number
from alvh.contracts.spx_spread import spx_half_spread
from alvh.contracts.vix_spread import vix_half_spread
from alvh.kernel import spx_smile as spx
from alvh.kernel import vix_smile as vix
from alvh.market.chains.checks import believable
from alvh.market.chains.fitting import closing_quotes
from alvh.market.chains.smiles import Smiles
from alvh.market.chains.table import load_chains

Floats = NDArray[np.float64]
Records = NDArray[np.void]

SHORTEST, LONGEST = 0.9, 400.0  # days to settlement of the expiries that are fitted
LEAST_EXPIRIES, LEAST_QUOTES = 3, 30  # fewer leave a day to the reconstruction
NEAREST = 50.0  # days; a chain without an expiry so near says nothing of a condor's
TERM_ERROR, SHAPE_ERROR = 0.005, 0.01  # no quote is believed more closely, relative volatility
TERM_PRIOR = 0.5  # ln; how far the term structure may be taken from the reconstruction's
SHAPE_PRIOR = 0.15  # of the shape's coefficients
WORST = 0.10  # median miss of volatility beyond which a fit is refused
WIDENING = (-0.8, 4.0)  # of the modelled widths


def believed_close(folder: Path, when: date, roots: Collection[str] | None = None) -> pl.DataFrame:
    """Return the last snapshot of a session without the quotes that are not to be priced by."""
    return closing_quotes(believable(load_chains(folder, roots, [when], unquoted=True).collect()))


def _served(smiles: Smiles) -> tuple[pl.DataFrame, NDArray[np.intp], NDArray[np.intp]]:
    """Return the table of expiries, the rows of it that serve, and each quote's expiry."""
    table = smiles.table()
    tau = smiles.strips.tau
    known = np.isfinite(smiles.smile[:, 0]) & (tau > SHORTEST) & (tau < LONGEST)
    for name in ("at_the_money", "half"):  # without liquid quotes neither is a number
        known &= np.isfinite(table[name].to_numpy())
    owner = np.repeat(np.arange(len(tau)), np.diff(smiles.strips.start))
    return table, np.flatnonzero(known), owner


def _too_few(smiles: Smiles, served: NDArray[np.intp], quoted: NDArray[np.bool_]) -> str:
    """Say what a day lacks, or nothing."""
    if len(served) < LEAST_EXPIRIES or quoted.sum() < LEAST_QUOTES:
        return (
            f"of the quotes that can be believed {int(quoted.sum())} are out of the money, in "
            f"{len(served)} expiries with a smile; "
            f"{LEAST_QUOTES} and {LEAST_EXPIRIES} are needed"
        )
    if smiles.strips.tau[served].min() > NEAREST:
        return f"no expiry within {NEAREST:.0f} days"
    return ""


def fit_spx(day: Records, smiles: Smiles) -> str:
    """Fit one day's S&P 500 smile, in place; return why not, or nothing.

    Parameters
    ----------
    day : ndarray of DAY, shape (1,)
    smiles : Smiles
        Of its chain.
    """
    table, served, owner = _served(smiles)
    quoted = np.isfinite(smiles.sigma) & np.isin(owner, served)
    lack = _too_few(smiles, served, quoted)
    if lack:
        return lack
    tau = smiles.strips.tau
    sessions = _sessions(day, table)
    money: Floats = table["at_the_money"].to_numpy()
    error = np.maximum(table["half"].to_numpy() / money, TERM_ERROR)
    vector = _spx_term(day[0]["spx_smile"], tau[served], sessions[served], money[served],
                       error[served])  # fmt: skip
    own = owner[quoted]
    k = np.log(smiles.strips.strike[quoted] / smiles.forwards.forward[own])
    x = k / (money[own] * np.sqrt(tau[own] / spx.YEAR))
    ratio, wide = smiles.sigma[quoted] / money[own], smiles.half[quoted] / money[own]
    vector[spx.SHAPE :] = _spx_shape(vector[spx.SHAPE :], tau[own], x, ratio, wide, own)
    fitted = _spx_sigmas(vector, tau[own], sessions[own], k)
    miss = float(np.median(np.abs(fitted / smiles.sigma[quoted] - 1.0)))
    if not miss <= WORST:
        return f"the fit misses its quotes by {miss:.0%} of volatility"
    day["spx_smile"] = vector
    day["spx_widening"] = _widening(day[0], smiles, quoted, tau[own], table["root"].to_numpy()[own])
    day["spx_fitted"] = 1
    return ""


def day_sigmas(day: Any, smiles: Smiles, i: int, strike: Floats) -> Floats:
    """Return the volatilities that a day's smile gives to strikes of an expiry of a chain.

    Parameters
    ----------
    day : DAY record
    smiles : Smiles
        Of a chain of that day; its forward is the expiry's.
    i : int
        Row of ``smiles.strips.expiries``.
    strike : ndarray, shape (n,)
        Points.

    Returns
    -------
    ndarray, shape (n,)
        Decimal per √year, act/365.
    """
    sessions = _sessions(np.array([day]), smiles.strips.expiries[[i]])
    k = np.log(strike / smiles.forwards.forward[i])
    tau = np.full(k.size, smiles.strips.tau[i])
    return np.asarray(_spx_sigmas(day["spx_smile"].copy(), tau, np.full(k.size, sessions[0]), k))


def _sessions(day: Records, table: pl.DataFrame) -> Floats:
    """Return sessions' worth of trading time to each expiry."""
    expiry = table["expiry"].to_numpy().astype("datetime64[D]")
    ahead = (session_number(expiry) - day[0]["session"]).astype(np.float64)
    is_am = (table["settlement"] == "AM").to_numpy()
    return np.asarray(np.where(is_am, ahead - 1.0 + spx.OVERNIGHT_SHARE, ahead))


def _spx_term(start: Floats, tau: Floats, sessions: Floats, money: Floats, error: Floats) -> Floats:
    """Return a day's vector whose at-the-money volatilities are those of its expiries."""
    prior = _to_free(start)

    def misses(free: Floats) -> Floats:
        vector = _from_free(start, free)
        model = _spx_money(vector, tau, sessions)
        return np.concatenate([np.log(model / money) / error, (free - prior) / TERM_PRIOR])

    return _from_free(start, least_squares(misses, prior, method="lm").x)


def _to_free(vector: Floats) -> Floats:
    """Return the logarithms of the gains of variance from node to node and of the short rate."""
    gains = np.diff(vector[:4], prepend=0.0)
    return np.asarray(np.log(np.append(gains, vector[spx.SHORT_RATE])))


def _from_free(start: Floats, free: Floats) -> Floats:
    vector = np.array(start)
    vector[:4] = np.cumsum(np.exp(free[:4]))
    vector[spx.SHORT_RATE] = np.exp(free[4])
    return vector


@njit(cache=True)
def _spx_money(vector: Floats, tau: Floats, sessions: Floats) -> Floats:
    out = np.empty(tau.size)
    for i in range(tau.size):
        total = spx.spx_total_variance(vector, tau[i], sessions[i])
        out[i] = np.sqrt(max(total, 1e-12) * spx.YEAR / tau[i])
    return out


@njit(cache=True)
def _spx_sigmas(vector: Floats, tau: Floats, sessions: Floats, k: Floats) -> Floats:
    out = np.empty(tau.size)
    for i in range(tau.size):
        out[i] = spx.spx_sigma(spx.spx_slice(vector, tau[i], sessions[i]), k[i])
    return out


def _spx_shape(
    start: Floats, tau: Floats, x: Floats, ratio: Floats, wide: Floats, owner: NDArray[np.intp]
) -> Floats:
    """Return the nine shape coefficients: least squares that leans on the reconstruction's.

    The smile is linear in them. Every expiry weighs the same, however many strikes it lists.
    """
    inside = (x > spx.X_LOW) & (x < spx.X_HIGH)
    tau, x, ratio, wide, owner = tau[inside], x[inside], ratio[inside], wide[inside], owner[inside]
    _, place, count = np.unique(owner, return_inverse=True, return_counts=True)
    weight = 1.0 / np.maximum(wide, SHAPE_ERROR) / np.sqrt(count[place])
    knots = np.array(spx.LOG_SHAPE_DAYS)
    share = np.stack([np.interp(np.log(tau), knots, unit) for unit in np.eye(3)])
    design = (share[:, None, :] * _kinks(x)[None, :, :]).reshape(9, -1).T
    lhs = np.vstack([design * weight[:, None], np.eye(9) / SHAPE_PRIOR])
    rhs = np.concatenate([(ratio - 1.0) * weight, start / SHAPE_PRIOR])
    return np.asarray(np.linalg.lstsq(lhs, rhs, rcond=None)[0])


def _kinks(x: Floats) -> Floats:
    """Return the three functions the smile is made of, shape (3, n)."""
    put = np.hypot(x - spx.PUT_CENTRE, spx.PUT_WIDTH) - spx.PUT_ORIGIN
    call = np.hypot(x - spx.CALL_CENTRE, spx.CALL_WIDTH) - spx.CALL_ORIGIN
    return np.stack([x, put, call])


def fit_vix(day: Records, smiles: Smiles) -> str:
    """Fit one day's VIX smile, in place; return why not, or nothing.

    The forwards of expiries whose future has no settlement are those of the chain's parity.

    Parameters
    ----------
    day : ndarray of DAY, shape (1,)
    smiles : Smiles
        Of its chain.
    """
    table, served, owner = _served(smiles)
    quoted = np.isfinite(smiles.sigma) & np.isin(owner, served)
    lack = _too_few(smiles, served, quoted)
    if lack:
        return lack
    own = owner[quoted]
    tau, forward = smiles.strips.tau[own], smiles.forwards.forward[own]
    strike, sigma = smiles.strips.strike[quoted], smiles.sigma[quoted]
    _, place, count = np.unique(own, return_inverse=True, return_counts=True)
    error = np.maximum(smiles.half[quoted] / sigma, SHAPE_ERROR) * np.sqrt(count[place])
    start = np.array(day[0]["vix_smile"])
    prior = _vix_free(start)

    def misses(free: Floats) -> Floats:
        model = _vix_sigmas(_vix_vector(start, free), forward, tau, strike)
        return np.concatenate([np.log(model / sigma) / error, (free - prior) / TERM_PRIOR])

    vector = _vix_vector(start, least_squares(misses, prior, method="lm").x)
    miss = float(np.median(np.abs(_vix_sigmas(vector, forward, tau, strike) / sigma - 1.0)))
    if not miss <= WORST:
        return f"the fit misses its quotes by {miss:.0%} of volatility"
    _set_forwards(day, table, smiles.forwards.forward)
    day["vix_smile"] = vector
    day["vix_widening"] = _widening(day[0], smiles, quoted, tau, table["root"].to_numpy()[own])
    day["vix_fitted"] = 1
    return ""


def _set_forwards(day: Records, table: pl.DataFrame, forward: Floats) -> None:
    """Take the forwards of nodes without a settled future from parity, in place."""
    expiry = table["expiry"].to_physical().to_numpy()
    for node in np.flatnonzero(day[0]["curve_quoted"] == 0):
        found = forward[(expiry == day[0]["curve_expiry"][node]) & np.isfinite(forward)]
        if found.size:
            day[0]["curve_forward"][node] = found[0]


def _vix_free(vector: Floats) -> Floats:
    """Return level, its reversion, share, slope and correlation on scales without bounds."""
    level, slow, share, slope, rho = vector[:5]
    return np.array([np.log(level), np.log(slow / level), np.log(share / (1.0 - share)),
                     np.log(slope), np.log(rho / (1.0 - rho))])  # fmt: skip


def _vix_vector(start: Floats, free: Floats) -> Floats:
    vector = np.array(start)
    level = np.exp(free[0])
    share, rho = (1.0 / (1.0 + np.exp(-free[i])) for i in (2, 4))
    vector[:5] = level, level * np.exp(free[1]), share, np.exp(free[3]), rho
    total = vix.vix_total_variance(vector[0], vector[1], share, vix.REFERENCE_DAYS)
    vector[5] = np.sqrt(total * vix.YEAR / vix.REFERENCE_DAYS)
    return vector


@njit(cache=True)
def _vix_sigmas(vector: Floats, forward: Floats, tau: Floats, strike: Floats) -> Floats:
    out = np.empty(tau.size)
    for i in range(tau.size):
        out[i] = vix.vix_sigma(vix.vix_slice(vector, forward[i], tau[i]), strike[i])
    return out


def _widening(
    day: Any, smiles: Smiles, quoted: NDArray[np.bool_], tau: Floats, root: NDArray[np.object_]
) -> float:
    """Return the median of quoted over modelled width, less one."""
    mid = 0.5 * (smiles.bid[quoted] + smiles.ask[quoted])
    half = 0.5 * (smiles.ask[quoted] - smiles.bid[quoted])
    is_vix = root[0] in ("VIX", "VIXW")
    modelled = _half_widths(mid, tau, day["vix"], root == "SPX", int(day["date"]), is_vix)
    return float(np.clip(np.median(half / modelled) - 1.0, *WIDENING))


@njit(cache=True)
def _half_widths(
    mid: Floats, tau: Floats, level: float, am: NDArray[np.bool_], date: int, is_vix: bool
) -> Floats:
    out = np.empty(mid.size)
    for i in range(mid.size):
        if is_vix:
            out[i] = vix_half_spread(mid[i], tau[i], level, date)
        else:
            out[i] = spx_half_spread(mid[i], tau[i], level, am[i], date)
    return out
