"""The path-dependent model fitted to a history: residuals, how they move, and days to draw from.

What past returns explain of VIX is ``alvh.signals.path_dependent``; the standing models of the
futures curve, of the VIX family and of VVIX explain the rest of a day from VIX and its past. What
none of them explains are seven residuals, each of which returns to its own recent average, with
the day's move. Ordinary least squares, session on session.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import minimize

from alvh.errors import DataError
from alvh.kernel.vix_curve import AM_SHARE
from alvh.market.curve import CENTRE, SPOT_ONLY, curve_basis
from alvh.market.history import History
from alvh.market.spx_surface import TERM_LOADINGS, published_skew
from alvh.market.surfaces import Records, Surfaces
from alvh.market.vix_surface import PROXY
from alvh.signals.path_dependent import LAGS, PathDependent, daily_returns
from alvh.worlds.memory import (
    FAST,
    LOWEST_EXPLAINED,
    MEMORY,
    RESIDUALS,
    VIX,
    VIX9D,
    VVIX,
    kernels_of,
    remember,
    take_residual,
    take_vvix,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

TYPICAL_VIX = 17.0
USUAL = (0.05, 0.95)  # of the sessions fitted: beyond them the pull is held
PULL = 3  # exponential of past returns that moves a return's deviation: half-life of 9.6 sessions
NEAR, FEWEST = 500, 50  # days of history, of nearest VIX, that one is drawn from; at the edges
FURTHEST_QUOTED, LEAST_QUOTED = 260.0, 4  # days to the last future used, futures in a day's curve
LEAST_SESSIONS = 504
VVIX_CREDIBLE = (45.0, 300.0)  # as for the smile of VIX options

DONOR = np.dtype(
    [
        ("log_vix", np.float64),  # of the session before
        ("shock", np.float64),  # return over its deviation, mean 0, deviation 1
        ("innovation", np.float64, (RESIDUALS,)),
        ("vix_open", np.float64),  # of ln(open / last close), beyond the day's move
        ("spx_open", np.float64),  # likewise, in deviations of the day
    ]
)
RECENT = (
    0,
    2,
    4,
)  # exponentials of past returns that a return takes back: half-lives of 0.5, 3.6 and 26 sessions
MOVES = np.dtype(
    [
        ("kernels", kernels_of(PathDependent(1.0, 0.02, 1.6, 0.05, 0.05, -0.1, 0.8)).dtype),
        ("drift", np.float64),  # log return a session
        ("sigma", np.float64, (3,)),  # ln deviation of a return: at VIX 17, per ln VIX, per pull
        ("pull", np.float64, (2,)),  # the range in which it acts
        ("level", np.float64, (2,)),  # ln(VIX/17): lowest and highest of the years fitted
        ("reversal", np.float64, (len(RECENT),)),  # of returns on the sums of recent ones
        ("vix", np.float64, (8,)),  # VIX's residual on what ``vix_features`` says
        ("others", np.float64, (RESIDUALS, 4)),  # the others' on 1, itself, its average, Δln VIX
        ("vix_open", np.float64),  # share of a day's move of ln VIX that the open has
        ("spx_open", np.float64),
        ("skew", np.float64, (2,)),  # SKEW at VIX 17, per ln VIX
    ]
)


@dataclass(frozen=True)
class PathData:
    """What a model is fitted to.

    Attributes
    ----------
    history : History
    days : ndarray of DAY, shape (n,)
        Of its surfaces.
    memories : ndarray of MEMORY, shape (n,)
    residuals : ndarray, shape (n, RESIDUALS)
        NaN where not known.
    kernels : KERNELS record
    rows : ndarray of int
        Sessions to fit on, after one that is known.
    seen : ndarray of int
        Sessions with VIX and a return up to the last of them: for drift and level.
    """

    history: History
    days: Records
    memories: Records
    residuals: Floats
    kernels: Any
    rows: Rows
    seen: Rows

    def returns(self) -> Floats:
        """Return the log return of every session, shape (n,); NaN of the first."""
        return np.concatenate([[np.nan], np.diff(np.log(self.days["spx"]))])


@dataclass(frozen=True)
class PathFit:
    """A fitted model.

    Attributes
    ----------
    moves : MOVES record, shape (1,)
    donors : ndarray of DONOR, shape (n,)
        By the VIX of the session before, ascending.
    memories : ndarray of MEMORY, shape (m,)
        States that a world may begin from.
    rows : ndarray of int, shape (m,)
        Of the surfaces, whose sessions they are.
    level : float
        Mean of ln VIX over all sessions seen.
    """

    moves: Records
    donors: Records
    memories: Records
    rows: Rows
    level: float


def path_data(
    history: History, surfaces: Surfaces, model: PathDependent, inside: NDArray[np.bool_]
) -> PathData:
    """Gather what the model is fitted to.

    Parameters
    ----------
    history : History
    surfaces : Surfaces
        Of the same history.
    model : PathDependent
        What past returns explain.
    inside : ndarray of bool, shape (n_surfaces,)
        Sessions to fit on; all of them priced.

    Raises
    ------
    DataError
        If fewer than two years of them have a thousand returns behind them.
    """
    n, days, kernels = len(surfaces.days), surfaces.days, kernels_of(model)
    memories, simple = np.zeros(len(history), MEMORY), daily_returns(history["spx"])
    remember(simple, history["vix"], kernels, memories)
    known = np.cumsum(np.isfinite(simple))[-n:] > LAGS
    memories = memories[-n:]
    memories["spx"] = days["spx"]
    residuals = _residuals(history, days, memories)
    residuals[~known, VIX] = np.nan
    for t in range(n):
        _carry(memories, residuals, t)
    usable = inside & known
    rows = np.flatnonzero(usable[1:] & usable[:-1]) + 1
    if len(rows) < LEAST_SESSIONS:
        raise DataError(
            f"{len(rows)} sessions have VIX and a thousand returns of the S&P 500 before them, "
            f"{LEAST_SESSIONS} are needed; load a longer history or fit on more of it"
        )
    there = np.isfinite(days["vix"][1:]) & np.isfinite(simple[-n:][1:])
    seen = np.flatnonzero(there[: rows[-1]]) + 1
    return PathData(history, days, memories, residuals, kernels, rows, seen)


def fit_paths(data: PathData, rows: Rows | None = None, seen: Rows | None = None) -> PathFit:
    """Fit the model.

    Parameters
    ----------
    data : PathData
    rows, seen : ndarray of int, optional
        Sessions in place of those of the data, which may come more than once.
    """
    rows, seen = data.rows if rows is None else rows, data.seen if seen is None else seen
    moves = np.zeros(1, MOVES)
    moves["kernels"], moves["drift"] = data.kernels, data.returns()[seen].mean()
    donors = np.sort(_fit(data, rows, moves[0]), order="log_vix")
    level = float(np.log(data.days["vix"][seen]).mean())
    return PathFit(moves, donors, data.memories[rows], rows, level)


def _carry(memories: Any, residuals: Floats, t: int) -> None:
    """Put a day's residuals, and the averages of those before it, into its memory."""
    if t > 0:
        for name in ("residual", "lasting", "vvix_average"):
            memories[t][name] = memories[t - 1][name]
    for which in range(RESIDUALS):
        take_residual(memories[t], which, residuals[t, which])
    log_vvix = memories[t]["log_vvix"]
    if np.isfinite(log_vvix):
        take_vvix(memories[t], log_vvix)


def _residuals(history: History, days: Any, memories: Any) -> Floats:
    """Return what the models leave over of each session, shape (n, RESIDUALS); NaN not known."""
    n, log = len(days), np.log(days["vix"])
    out = np.full((n, RESIDUALS), np.nan)
    out[:, VIX] = log - np.log(np.maximum(memories["explained"], LOWEST_EXPLAINED))
    averages = memories["averages"]
    out[:, FAST : FAST + 2] = _curve_residuals(days, log, averages)
    ones = np.ones(n)
    features = np.stack([ones, log - np.log(TYPICAL_VIX), *(log - averages[:, 3:5].T)])
    modelled = TERM_LOADINGS @ features
    for place, name in enumerate(("vix9d", "vix3m", "vix6m")):
        out[:, VIX9D + place] = np.log(_series(history, name, n)) - log - modelled[place]
    spread = 0.5 * np.log(np.maximum(memories["squares"], 1e-8))
    columns = np.stack([ones, log, *(log - averages[:, 5:7].T), spread])
    vvix = _series(history, "vvix", n)
    vvix = np.where((vvix > VVIX_CREDIBLE[0]) & (vvix < VVIX_CREDIBLE[1]), vvix, np.nan)
    estimate = PROXY @ columns
    out[:, VVIX] = np.log(vvix) - estimate
    memories["log_vvix"] = np.where(np.isfinite(vvix), np.log(vvix), estimate)
    return out


def _series(history: History, name: str, n: int) -> Floats:
    return history[name][-n:] if history.has(name) else np.full(n, np.nan)


def _curve_residuals(days: Any, log: Floats, averages: Floats) -> Floats:
    """Return what is left of both speeds of the curve: least squares through a day's futures."""
    tau = days["curve_expiry"] - days["date"][:, None] - AM_SHARE
    basis = curve_basis(tau)
    features = np.stack([np.ones(len(log)), log - CENTRE, *(averages[:, :3].T - CENTRE)])
    growth = (SPOT_ONLY @ features).T
    left = np.log(days["curve_forward"]) - log[:, None] - (growth[:, None, :] * basis).sum(2)
    used = (days["curve_quoted"] == 1) & (tau <= FURTHEST_QUOTED) & np.isfinite(left)
    out = np.full((len(log), 2), np.nan)
    for t in np.flatnonzero(used.sum(axis=1) >= LEAST_QUOTED):
        out[t] = np.linalg.lstsq(basis[t][used[t]], left[t][used[t]], rcond=None)[0]
    return out


def _fit(data: PathData, rows: Rows, move: Any) -> Records:
    """Fill the moves, and return the days to draw from."""
    days, residuals = data.days, data.residuals
    before, now = data.memories[rows - 1], data.returns()[rows]
    level = np.log(before["vix"] / TYPICAL_VIX)
    change = np.log(days["vix"][rows] / before["vix"])
    pull = before["trend"][:, PULL] / (0.01 * before["vix"])
    _fit_sigma(now, level, pull, move)
    sigma = np.exp(log_sigma(move, level, pull))
    donors = np.zeros(len(rows), DONOR)
    donors["log_vix"] = np.log(before["vix"])
    past = before["trend"][:, RECENT] / sigma[:, None]
    move["reversal"], left = _regress(past, (now - now.mean()) / sigma)
    shock = _centred(left, before["vix"])
    donors["shock"] = shock / shock.std()
    known = vix_features(before["residual"][:, VIX], before["lasting"][:, VIX], now, level)
    move["vix"], left = _regress(known, residuals[rows, VIX])
    donors["innovation"][:, VIX] = _centred(left, before["vix"])
    for which in range(FAST, RESIDUALS):
        known = np.stack([np.ones(len(rows)), before["residual"][:, which],
                          before["lasting"][:, which], change], axis=1)  # fmt: skip
        move["others"][which], donors["innovation"][:, which] = _regress(
            known, residuals[rows, which]
        )
    _fit_opens(data, rows, now, change, sigma, move, donors)
    dates, skew = days["date"].astype("datetime64[D]"), _series(data.history, "skew", len(days))
    skew = published_skew(dates, skew)[rows]
    move["skew"], _ = _regress(np.stack([np.ones(len(rows)), level], axis=1), skew)
    return donors


def _fit_sigma(returns: Floats, level: Floats, pull: Floats, move: Any) -> None:
    """Fit ``log_sigma`` by Gaussian quasi-likelihood."""
    centred = returns - returns.mean()
    move["level"], move["pull"] = (level.min(), level.max()), np.quantile(pull, USUAL)
    held = np.clip(pull, *move["pull"])

    def loss(p: Floats) -> float:
        log = p[0] + p[1] * level + p[2] * held
        return float(np.mean(log + 0.5 * centred**2 * np.exp(-2.0 * log)))

    start = np.array([np.log(0.008), 1.0, 0.0])
    move["sigma"] = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-6}).x


@njit(cache=True)
def log_sigma(move: Any, level: Any, pull: Any) -> Any:
    """Return ln of the deviation of a session's return.

    A power of VIX, and more after falls than after rises to the same VIX. Options pay for the risk
    of a fall, so that what they say of the days to come is too little after one and too much after
    a rise. The pull alone adds 57 to the log likelihood of 2007–2018, 34 to that of 1994–2006, and
    52 and 29 with the parameters of the other half.
    """
    held = np.minimum(np.maximum(level, move.level[0]), move.level[1])
    pulled = np.minimum(np.maximum(pull, move.pull[0]), move.pull[1])
    return move.sigma[0] + move.sigma[1] * held + (level - held) + move.sigma[2] * pulled


def _centred(values: Floats, vix: Floats) -> Floats:
    """Return values less the mean of those drawn with them: no drift of their own at any level.

    What little drift history has at one level of VIX would, kept up, hold a world at that level.
    """
    order = np.argsort(vix, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    out = np.empty(len(values))
    for place, row in enumerate(order):
        first, near = drawn_with(place, len(values))
        out[row] = values[row] - (sums[first + near] - sums[first]) / near
    return out


@njit(cache=True)
def drawn_with(place: int, count: int) -> tuple[int, int]:
    """Return the first of the days that are drawn at a place among ``count``, and how many.

    As many below as above it, and therefore fewer towards the highest and the lowest VIX: a window
    that leans to the calmer side would give a crisis the skew of lesser days.
    """
    half = min(max(min(place, count - place), FEWEST // 2), NEAR // 2, count // 2)
    return min(max(place - half, 0), count - 2 * half), 2 * half


def vix_features(residual: Any, lasting: Any, returns: Any, level: Any) -> Floats:
    """Return what VIX's next residual is linear in, shape (n, 8).

    The kernels answer a return with points of VIX whatever its level; the terms in the return and
    its size bring the answer to what it is at each level.
    """
    size = np.abs(returns)
    return np.stack(
        [np.ones_like(returns), residual, lasting, returns, returns * level,
         returns * level**2, size, size * level], axis=-1,
    )  # fmt: skip


def _regress(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return coefficients and what is left; where y is not known nothing is left, or learnt."""
    known = np.isfinite(y) & np.isfinite(x).all(axis=1)
    left = np.zeros(len(y))
    if known.sum() < LEAST_SESSIONS:
        return np.zeros(x.shape[1]), left
    found: Floats = np.asarray(np.linalg.lstsq(x[known], y[known], rcond=None)[0], np.float64)
    left[known] = y[known] - x[known] @ found
    return found, left


def _fit_opens(
    data: PathData, rows: Rows, returns: Floats, change: Floats, sigma: Floats, move: Any,
    donors: Any,
) -> None:  # fmt: skip
    """Fit what opening settlements have of the day's move, through the origin."""
    days = data.days
    opens = _series(data.history, "vix_open", len(days))[rows]
    with np.errstate(invalid="ignore"):
        vix = np.log(np.where(opens > 0.0, opens, np.nan) / days["vix"][rows - 1])
        spx = np.log(days["spx_open_settlement"][rows] / days["spx"][rows - 1]) / sigma
    for name, y, x in (("vix_open", vix, change), ("spx_open", spx, returns / sigma)):
        slope, donors[name] = _regress(x[:, None], y)
        move[name] = slope[0]
