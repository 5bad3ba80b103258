"""The path-dependent model fitted to a history: residuals, how they move, and days to draw from.

What past returns explain of VIX is ``alvh.signals.path_dependent``; the standing models of the
futures curve, of the VIX family and of VVIX explain the rest of a day from VIX and its past. What
none of them explains are seven residuals, each of which returns to its own recent average, with
the day's move. Ordinary least squares, session on session.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
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
LOG_WHOLE = float(np.log(0.01 * TYPICAL_VIX / np.sqrt(252.0)))  # VIX 17 as a day's deviation
NEAR = 500  # days of history, of nearest VIX, that one is drawn from
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
        ("sigma", np.float64, (2,)),  # ln deviation of a session's return: at VIX 17, per ln VIX
        ("reversal", np.float64, (len(RECENT),)),  # of returns on the sums of recent ones
        ("vix", np.float64, (8,)),  # VIX's residual on what ``vix_features`` says
        ("others", np.float64, (RESIDUALS, 4)),  # the others' on 1, itself, its average, Δln VIX
        ("vix_open", np.float64),  # share of a day's move of ln VIX that the open has
        ("spx_open", np.float64),
        ("skew", np.float64, (2,)),  # SKEW at VIX 17, per ln VIX
    ]
)


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
    """

    moves: Records
    donors: Records
    memories: Records
    rows: Rows


def fit_paths(
    history: History, surfaces: Surfaces, model: PathDependent, inside: NDArray[np.bool_]
) -> PathFit:
    """Fit the model on some sessions of a history.

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
    n, days = len(surfaces.days), surfaces.days
    moves, memories = np.zeros(1, MOVES), np.zeros(len(history), MEMORY)
    moves["kernels"] = kernels_of(model)
    simple = daily_returns(history["spx"])
    remember(simple, history["vix"], moves[0]["kernels"], memories)
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
    donors = _fit(history, days, memories, residuals, rows, moves)
    return PathFit(moves, np.sort(donors, order="log_vix"), memories[rows], rows)


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


def _fit(
    history: History, days: Any, memories: Any, residuals: Floats, rows: Rows, moves: Any
) -> Records:  # fmt: skip
    """Fill the moves, and return the days to draw from."""
    n = len(days)
    returns = np.full(n, np.nan)
    returns[1:] = np.diff(np.log(days["spx"]))
    before, now = memories[rows - 1], returns[rows]
    level = np.log(before["vix"] / TYPICAL_VIX)
    change = np.log(days["vix"][rows] / before["vix"])
    move = moves[0]
    move["sigma"] = _fit_sigma(now, level)
    sigma = np.exp(log_sigma(move["sigma"], level))
    move["drift"] = np.nanmean(returns[: rows[-1] + 1])
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
    _fit_opens(history, days, rows, now, change, sigma, move, donors)
    skew = published_skew(days["date"].astype("datetime64[D]"), _series(history, "skew", n))
    move["skew"], _ = _regress(np.stack([np.ones(len(rows)), level], axis=1), skew[rows])
    return donors


def _fit_sigma(returns: Floats, level: Floats) -> Floats:
    """Return ln deviation at VIX 17 and its slope on ln VIX, by Gaussian quasi-likelihood."""
    centred = returns - returns.mean()

    def loss(p: Floats) -> float:
        log = log_sigma(p, level)
        return float(np.mean(log + 0.5 * centred**2 * np.exp(-2.0 * log)))

    found: Floats = minimize(loss, np.array([np.log(0.008), 1.0]), method="Nelder-Mead").x
    return found


def log_sigma(parameters: Floats, level: Any) -> Any:
    """Return ln of the deviation of a session's return, by ln(VIX/17).

    A power of VIX, and never more than VIX itself: on the 228 sessions of 1990–2018 after a close
    above 37, where the two meet, returns had 0.97 of it. Beyond, the power would feed on itself.
    """
    power = parameters[0] + parameters[1] * level
    return np.minimum(power, level + LOG_WHOLE)


def _centred(values: Floats, vix: Floats) -> Floats:
    """Return values less the mean of those drawn with them: no drift of their own at any level.

    What little drift history has at one level of VIX would, kept up, hold a world at that level.
    """
    order = np.argsort(vix, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    near = min(NEAR, len(values))
    first = np.clip(np.arange(len(values)) - near // 2, 0, len(values) - near)
    out = np.empty(len(values))
    out[order] = values[order] - (sums[first + near] - sums[first]) / near
    return out


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
    history: History, days: Any, rows: Rows, returns: Floats, change: Floats, sigma: Floats,
    move: Any, donors: Any,
) -> None:  # fmt: skip
    """Fit what opening settlements have of the day's move, through the origin."""
    opens = _series(history, "vix_open", len(days))[rows]
    with np.errstate(invalid="ignore"):
        vix = np.log(np.where(opens > 0.0, opens, np.nan) / days["vix"][rows - 1])
        spx = np.log(days["spx_open_settlement"][rows] / days["spx"][rows - 1]) / sigma
    for name, y, x in (("vix_open", vix, change), ("spx_open", spx, returns / sigma)):
        slope, donors[name] = _regress(x[:, None], y)
        move[name] = slope[0]
