"""One evening: the book a run ended with, beside the market record it was marked on."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.holdings import Holdings, holdings
from alvh.kernel import codes
from alvh.kernel.quotes import multiplier, vix_response
from alvh.kernel.readings import liquidation_values, theta_gains
from alvh.market.history import History
from alvh.market.surfaces import Surfaces, build_surfaces
from alvh.result import Result
from alvh.stewardship.menu import gains_of

Floats = NDArray[np.float64]
Records = NDArray[np.void]

LAYERS = codes.SLEEVES[1:]
DAYS_PER_YEAR = 365.0
STRESS_SPX = -0.04  # the method's named stress: S&P 500 down 4 % overnight
_SAME_MARK = 1e-6  # points: a mark that can be made again is the same number


@dataclass(frozen=True)
class Evening:
    """The book at the last close of a run, and the market of that close.

    Attributes
    ----------
    result : Result
        The run, stopped at this evening.
    surfaces : Surfaces
        The whole history reduced to day records.
    row : int
        This evening's row in ``surfaces.days``.
    book : Holdings
    """

    result: Result
    surfaces: Surfaces
    row: int
    book: Holdings

    @property
    def as_of(self) -> date:
        """The session."""
        return self.book.as_of

    @property
    def day(self) -> Any:
        """The DAY record of this close."""
        return self.surfaces.days[self.row]

    @property
    def run_days(self) -> Records:
        """DAY records of the run's own sessions, shape (n,)."""
        return self.surfaces.days[self.row + 1 - len(self.result.dates) : self.row + 1]

    @property
    def vix(self) -> float:
        """Spot VIX, points."""
        return float(self.day["vix"])

    @property
    def rate(self) -> float:
        """Money-market rate, continuously compounded, act/365."""
        return float(self.day["rate"])

    @cached_property
    def legs(self) -> Records:
        """Every leg of the book, and the index where the account holds it, LEG records."""
        held = self.book.records
        if self.book.index_units == 0.0:
            return held
        index = np.zeros(1, held.dtype)
        index["sleeve"], index["root"], index["right"] = codes.CONDORS, codes.INDEX, codes.OUTRIGHT
        index["quantity"], index["mid"] = self.book.index_units, self.day["spx"]
        return np.concatenate([held, index])

    def in_sleeve(self, *names: str) -> NDArray[np.bool_]:
        """Mark the legs of some sleeves, shape (n_legs,)."""
        wanted = [codes.SLEEVES.index(name) for name in names]
        return np.isin(self.legs["sleeve"], wanted)

    def gains(self, ages: Floats | int, spx_returns: Floats, vix_logs: Floats) -> Floats:
        """Return the USD gain of every leg in every scenario, shape (n_scenarios, n_legs).

        Parameters
        ----------
        ages : int or ndarray, shape (n_scenarios,)
            Calendar days that pass in an unchanged market before the moves.
        spx_returns, vix_logs : ndarray, shape (n_scenarios,)
            Simple return of the S&P 500, log move of spot VIX.
        """
        return gains_of(self.day, self.legs, ages, spx_returns, vix_logs)

    def theta(self, age: int = 1) -> Floats:
        """Return what every leg gains in ``age`` days with its forward held, USD, (n_legs,)."""
        out = np.zeros(len(self.legs))
        theta_gains(self.day, self.legs, age, out)
        return out

    def stress(self, spx_return: float = STRESS_SPX) -> tuple[Floats, Floats]:
        """Return the one scenario of the named stress as (spx_returns, vix_logs), (1,) each."""
        return np.array([spx_return]), np.array([vix_response(self.vix, spx_return)])

    def liquidation(self, spx_return: float = 0.0) -> Floats:
        """Return what selling every leg at the touch brings after a move, USD, (n_legs,).

        Widths are those of the moved VIX.
        """
        vix_log = float(vix_response(self.vix, spx_return)) if spx_return != 0.0 else 0.0
        quoting = self.surfaces.days[self.row : self.row + 1].copy()
        quoting["vix"] *= np.exp(vix_log)
        out = np.zeros(len(self.legs))
        liquidation_values(self.day, quoting[0], self.legs, spx_return, vix_log, out)
        return out


def read_evening(history: History, result: Result) -> Evening:
    """Put a run's last book beside the market it was marked on.

    Parameters
    ----------
    history : History
        The one that the run was made on, or a longer one that agrees with it.
    result : Result
        Stopped at the evening that is asked about.

    Returns
    -------
    Evening

    Raises
    ------
    DataError
        If the history does not hold the sessions of the run, prices cannot be made on its last
        one, or the book's marks are not those of this history.
    """
    surfaces = build_surfaces(history)
    row = int(np.searchsorted(surfaces.dates, result.dates[-1]))
    first = row + 1 - len(result.dates)
    if row >= len(surfaces.dates) or first < 0 or surfaces.dates[first] != result.dates[0]:
        raise DataError(
            f"the run goes from {result.dates[0]} to {result.dates[-1]}; this history does not "
            "have these sessions; pass the history that the run was made on"
        )
    if surfaces.days[row]["tradable"] != 1:
        raise DataError(
            f"{result.dates[-1]} lacks an input that prices need, so the book cannot be valued; "
            "stop the run at a session before it"
        )
    found = Evening(result, surfaces, row, holdings(result))
    _refuse_other_marks(found)
    return found


def _refuse_other_marks(evening: Evening) -> None:
    """Refuse a book that this history would have marked otherwise."""
    legs = evening.legs
    sizes = np.array([abs(leg["quantity"]) * multiplier(int(leg["root"])) for leg in legs])
    drift = np.abs(evening.gains(0, np.zeros(1), np.zeros(1))[0])
    if (drift > _SAME_MARK * np.maximum(sizes, 1.0)).any():
        raise DataError(
            f"the marks of {evening.as_of} are not those of this history; pass the history that "
            "the run was made on"
        )
