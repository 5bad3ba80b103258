"""What could be bought this evening: a condor, one structure of each layer, and what each ties up.

The structures are the engine's own, built by its functions. Gains are stated per unit of capital,
in excess of bills: a condor's margin stays in bills, a premium does not. The spread and the fees
of getting in, and out, are spread evenly over the time that the position is meant to be held, as
a week of a position that is held for six should bear a sixth of them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.kernel import codes
from alvh.kernel.condor_prices import SIGNS
from alvh.kernel.policies import COHORT, CONDOR, STATE
from alvh.kernel.quotes import multiplier
from alvh.kernel.readings import scenario_gains, today_menu
from alvh.kernel.revalue import LEG
from alvh.market.surfaces import Records, Surfaces
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.stewardship.scenarios import Scenarios

Floats = NDArray[np.float64]

ITEMS = ("condor", *codes.SLEEVES[1:])


@dataclass(frozen=True)
class Menu:
    """One unit of everything that can be bought.

    Attributes
    ----------
    day : DAY record
    legs : tuple of ndarray of LEG
        By item; empty where it is not to be had.
    capital : ndarray, shape (4,)
        USD that one unit ties up: margin, or premium; NaN where it is not to be had.
    premium : ndarray, shape (4,)
        Part of the capital that earns no interest, USD.
    friction : ndarray, shape (4,)
        Spread and fees of getting in and out, USD.
    held : ndarray, shape (4,)
        Calendar days that the position is meant to be held.
    """

    day: Any
    legs: tuple[Records, ...]
    capital: Floats
    premium: Floats
    friction: Floats
    held: Floats

    def gains(self, scenarios: Scenarios) -> Floats:
        """Return gains over bills per unit of capital, shape (n_scenarios, 4).

        NaN columns are not on the menu.
        """
        out = np.full((len(scenarios.weights), len(ITEMS)), np.nan)
        days = scenarios.calendar_days
        interest = float(np.expm1(self.day["rate"] * days / 365.0))
        for item, legs in enumerate(self.legs):
            if not np.isfinite(self.capital[item]):
                continue
            moves = scenarios.spx_returns, scenarios.vix_logs
            gains = gains_of(self.day, legs, days, *moves).sum(axis=1)
            borne = self.friction[item] * min(days / max(self.held[item], 1.0), 1.0)
            given = borne + interest * self.premium[item]
            out[:, item] = (gains - given) / self.capital[item]
        return out


class MenuMaker:
    """Makes the menus of a programme and a policy, evening by evening.

    Parameters
    ----------
    surfaces : Surfaces
    programme : CondorProgramme
    policy : HedgePolicy
    fill : float
        0 mid to 1 touch.
    commission : float
        USD per contract and side.
    """

    def __init__(
        self,
        surfaces: Surfaces,
        programme: CondorProgramme,
        policy: HedgePolicy,
        fill: float,
        commission: float,
    ) -> None:
        self._surfaces = surfaces
        self._layers = compile_hedge(policy)[1]
        self._programme = compile_programme(programme, fill)
        # only fill and fees are read of this account
        self._account = compile_account(1.0, fill, 1.0, commission, 0.0)

    def menu(self, row: int) -> Menu:
        """Return what could be bought at the close of a row of the surfaces."""
        state, cohorts = np.zeros(1, STATE), np.zeros(codes.LAYERS, COHORT)
        condors, terms = np.zeros(1, CONDOR), np.full((len(ITEMS), 3), np.nan)
        self._start_near(state, row)
        today_menu(
            self._surfaces.days, row, *self._surfaces.listed, self._layers, self._programme,
            self._account, state, cohorts, condors, np.zeros(4), terms,
        )  # fmt: skip
        none = np.zeros(0, LEG)
        legs = [_condor(condors[0]) if condors[0]["quantity"] else none]
        legs += [_structure(i, row) if row["units"] else none for i, row in enumerate(cohorts)]
        day = self._surfaces.days[row]
        premium = np.array([_premium(part) for part in legs])
        premium[0] = 0.0  # a condor is sold: its margin stays in bills
        leave = np.array([self._programme[0]["exit_days"], *self._layers["roll"]])
        friction, held = terms[:, 1] * self._ways(), terms[:, 2] - leave
        return Menu(day, tuple(legs), terms[:, 0], premium, friction, held)

    def _start_near(self, state: Records, row: int) -> None:
        """Begin the search for expiries at today's, as a run would have done by now."""
        today = self._surfaces.days[row]["date"]
        spx, vix = self._surfaces.spx_expiries["date"], self._surfaces.vix_expiries["date"]
        state["next_spx"] = np.searchsorted(spx, today, side="right")
        state["next_vix"] = np.searchsorted(vix, today, side="right")

    def _ways(self) -> Floats:
        """Return how often the stated friction is paid: a condor's is stated for one way."""
        twice = self._programme[0]["exit_days"] > 0.0
        return np.array([2.0 if twice else 1.0, 1.0, 1.0, 1.0])


def _condor(condor: Any) -> Records:
    legs = np.zeros(4, LEG)
    legs["sleeve"] = codes.CONDORS
    legs["root"] = codes.SPX if condor["am"] == 1 else codes.SPXW
    legs["right"] = [codes.PUT, codes.PUT, codes.CALL, codes.CALL]
    legs["quantity"] = SIGNS
    for name in ("expiry", "expiry_session", "strike", "mid", "gap"):
        legs[name] = condor[name]
    return legs


def _structure(layer: int, cohort: Any) -> Records:
    count = int(cohort["legs"])
    legs = np.zeros(count, LEG)
    legs["sleeve"] = codes.SHORT + layer
    legs["quantity"] = cohort["ratio"][:count]
    for name in ("root", "right", "expiry", "expiry_session", "strike", "mid", "gap"):
        legs[name] = cohort[name][:count]
    return legs


def _premium(legs: Records) -> float:
    """Return what a unit's options cost at mid, USD; futures cost nothing."""
    return sum(
        float(leg["quantity"] * leg["mid"] * multiplier(int(leg["root"])))
        for leg in legs
        if leg["root"] != codes.VX
    )


def gains_of(
    day: Any, legs: Records, ages: Floats | int, spx_returns: Floats, vix_logs: Floats
) -> Floats:
    """Return the USD gain of given legs in every scenario, shape (n_scenarios, n_legs)."""
    out = np.zeros((len(spx_returns), len(legs)))
    held = np.broadcast_to(np.asarray(ages, dtype=np.int64), len(spx_returns)).copy()
    scenario_gains(day, legs, held, np.asarray(spx_returns), np.asarray(vix_logs), out)
    return out
