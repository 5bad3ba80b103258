"""Worlds of the path-dependent volatility model, under the measure that history is seen under.

A session of a world: the S&P 500 moves by a deviation that VIX sets times a shock; what all past
returns then explain of VIX is read off; a residual, which returns to its recent average, takes
VIX the rest of the way; residuals of the futures curve, of VIX9D, VIX3M, VIX6M and of VVIX do the
same for everything that prices need. Shock and innovations are those of one day of history whose
VIX was near, so that they keep their dependence and their tails.

Unlike the bootstrap, such worlds have crises that history has not had: a chain of falls feeds
volatility, which feeds the size of falls. They are as good as the model; its faults are on
``docs/calibration/worlds.md``.

References
----------
Guyon, J. and Lekeufack, J. (2023). Volatility is (mostly) path-dependent. Quantitative Finance 23.
Barone-Adesi, G., Giannopoulos, K. and Vosper, L. (1999). VaR without correlations for portfolios of
derivative securities. J. Futures Markets 19: shocks drawn from standardised days of history.
"""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from alvh.calendars import vix_expiries
from alvh.engine import session_window
from alvh.errors import DataError
from alvh.kernel.records import DAY
from alvh.kernel.spx_smile import NODE_DAYS
from alvh.kernel.vix_curve import AM_SHARE
from alvh.market.baskets import BASE_PRICE, roll_shares
from alvh.market.curve import curve_basis, curve_nodes
from alvh.market.history import History
from alvh.market.spx_surface import node_clock
from alvh.market.surfaces import REALISED_WINDOW, build_surfaces
from alvh.sessions import session_number
from alvh.signals.path_dependent import PathDependent, yearly_fits
from alvh.worlds.bootstrap import realised
from alvh.worlds.counter import uniform, world_key
from alvh.worlds.path_days import (
    move_baskets,
    spx_table,
    vix_table,
    write_curve,
    write_spx_smile,
    write_vix_smile,
)
from alvh.worlds.path_fit import PathData, PathFit, fit_paths, path_data
from alvh.worlds.path_step import settle, step

Floats = NDArray[np.float64]
Records = NDArray[np.void]
Dates = NDArray[np.datetime64]

FITTED_FROM, FITTED_TO = date(2007, 1, 3), date(2018, 12, 31)  # from VVIX on; later years judge


@dataclass(frozen=True)
class PathModel:
    """The path-dependent model, fitted to a history.

    Attributes
    ----------
    fit : PathFit
    rates : ndarray, shape (m, 2)
        Money-market rate and dividend yield of the days that worlds may begin from.
    tables : tuple of ndarray
        Levels of both smiles; see ``alvh.worlds.path_days``.
    parameters : PathDependent
        What past returns explain of VIX.
    digest, first, fitted_to, last
        Of the history; first and last session of the fit; last session of the history.
    """

    fit: PathFit
    rates: Floats
    tables: tuple[Floats, Floats]
    parameters: PathDependent
    digest: str
    first: date
    fitted_to: date
    last: date

    @property
    def name(self) -> str:
        """What the worlds are made by, in one line."""
        return (
            f"path-dependent volatility with residuals, fitted on {self.first} to "
            f"{self.fitted_to}, {len(self.fit.donors)} days to draw shocks from"
        )

    def worlds(self, first: int, count: int, dates: Dates, seed: int) -> Records:
        """Return worlds number ``first`` … on a calendar of sessions.

        Parameters
        ----------
        first, count : int
        dates : ndarray of datetime64[D], shape (n_days,)
        seed : int

        Returns
        -------
        ndarray of DAY, shape (count, n_days)
            Bills and dividends pay what they did on the day that a world begins from.
        """
        out = np.zeros((count, len(dates)), DAY)
        starts = _starts(seed, first, count, len(self.fit.memories))
        nodes = curve_nodes(dates).astype(np.int64)
        numbers = dates.astype(np.int64)
        basis = curve_basis(np.asarray(nodes - numbers[:, None] - AM_SHARE))
        settled = vix_expiries(dates[0].astype(object), dates[-1].astype(object))["date"]
        clocks = np.stack([node_clock(dates, int(days)) for days in NODE_DAYS[:2]], axis=1)
        shares = roll_shares(numbers.astype(np.int32), nodes[:, 0].astype(np.int32))
        out["date"], out["session"] = numbers, session_number(dates)
        _live(
            seed, first, self.fit.memories[starts], self.rates[starts], self.fit.moves,
            self.fit.donors, nodes, basis, np.isin(numbers, settled), clocks, shares,
            *self.tables, out,
        )  # fmt: skip
        return out


def path_dependent_model(
    history: History,
    start: str | date | None = None,
    end: str | date | None = FITTED_TO,
    *,
    parameters: PathDependent | None = None,
) -> PathModel:
    """Fit the path-dependent model to a history.

    Parameters
    ----------
    history : History
    start, end : str, date or None
        Days to fit on, and to draw shocks from; by default from 2007, when VVIX begins, or later,
        to the end of 2018, so that later years can judge it.
    parameters : PathDependent, optional
        What past returns explain; without it those fitted on the years up to ``end``.

    Raises
    ------
    DataError
        If fewer than two years with a thousand returns before them are left, or there are no
        parameters for so early an end.
    """
    data, parameters = gather(history, start, end, parameters)
    return settled_model(data, fit_paths(data), parameters)


def gather(
    history: History, start: str | date | None, end: str | date | None,
    parameters: PathDependent | None = None,
) -> tuple[PathData, PathDependent]:  # fmt: skip
    """Return what the model is fitted to, and what past returns explain; as the model is asked."""
    surfaces = build_surfaces(history)
    first = max(np.datetime64(FITTED_FROM), surfaces.dates[0]).astype(object)
    window = session_window(surfaces, first if start is None else start, end)
    inside = np.zeros(len(surfaces.days), bool)
    inside[window] = surfaces.days["tradable"][window] == 1
    parameters = parameters or _parameters_known(surfaces.dates[window][-1].astype(object))
    return path_data(history, surfaces, parameters, inside), parameters


def settled_model(data: PathData, fit: PathFit, parameters: PathDependent) -> PathModel:
    """Match the level of a fit in the long run, and return the model."""
    settle(fit.moves, fit.donors, fit.memories, fit.level)
    days, dates = data.days, data.days["date"].astype("datetime64[D]")
    tradable = np.flatnonzero(days["tradable"])
    rates = np.stack([days[name][fit.rows] for name in ("rate", "dividend_yield")], axis=1)
    return PathModel(
        fit, rates, (spx_table(fit.moves[0]["skew"]), vix_table()), parameters,
        data.history.digest,
        *(dates[row].astype(object) for row in (data.rows[0], data.rows[-1], tradable[-1])),
    )  # fmt: skip


def _parameters_known(last: date) -> PathDependent:
    """Return the parameters that were fitted on no day after ``last``."""
    fits = yearly_fits()
    year = last.year + 1 if (last.month, last.day) >= (12, 20) else last.year
    if year < min(fits):
        raise DataError(
            f"the path-dependent model has no parameters known by {last}; fit to the end of "
            f"{min(fits) - 1} at least"
        )
    return fits[min(year, max(fits))]


@njit(cache=True)
def _starts(seed: int, first: int, count: int, states: int) -> NDArray[np.int64]:
    """Return the state that each world begins from."""
    out = np.empty(count, np.int64)
    for n in range(count):
        out[n] = int(uniform(world_key(seed, first + n), 0) * states)
    return out


@njit(cache=True, parallel=True)
def _live(
    seed: int, first: int, memories: Any, rates: Floats, moves: Any, donors: Any, nodes: Any,
    basis: Floats, settles: Any, clocks: Floats, shares: Floats, spx: Floats, vix: Floats, out: Any,
) -> None:  # fmt: skip
    """Make worlds, each in its own row of ``out`` and from its own row of ``memories``."""
    for world in prange(out.shape[0]):
        key, memory = world_key(seed, first + world), memories[world]
        changes = np.zeros(out.shape[1])
        for t in range(out.shape[1]):
            day, last = out[world, t], out[world, max(t - 1, 0)]
            day.tradable = 1
            day.rate, day.dividend_yield = rates[world, 0], rates[world, 1]
            if t == 0:
                _open(day, memory)
            else:
                _move_on(day, last, memory, moves[0], donors, uniform(key, t), settles[t])
            write_curve(day, memory, nodes[t], basis[t])
            write_spx_smile(day, memory, clocks[t], moves[0].skew, spx)
            write_vix_smile(day, memory, vix)
            if t > 0:
                move_baskets(day, last, shares[t - 1])
                changes[t] = np.log(day.spx / last.spx)
            known = t >= REALISED_WINDOW
            day.hv20 = realised(changes, t) if known else 0.01 * memory.explained


@njit(cache=True)
def _open(day: Any, memory: Any) -> None:
    """Begin a world as the day that it begins from ended."""
    day.spx, day.spx_open_settlement, day.vix = memory.spx, memory.spx, memory.vix
    day.vix_settlement = np.nan
    day.etp_short, day.etp_mid = BASE_PRICE, BASE_PRICE


@njit(cache=True)
def _move_on(
    day: Any, last: Any, memory: Any, moves: Any, donors: Any, chance: float, settles: bool
) -> None:
    """Move a world on by a session, and write its levels and what settled at its opening."""
    before = memory.vix
    log_return, spx_open, vix_open = step(memory, moves, donors, chance)
    day.spx, day.vix = last.spx * math.exp(log_return), memory.vix
    day.spx_open_settlement = last.spx * math.exp(spx_open)
    day.vix_settlement = before * math.exp(vix_open) if settles else np.nan
