"""What each layer costs in a quiet market and pays in a wild one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import DAYS_PER_YEAR, LAYERS, STRESS_SPX, Evening
from alvh.advise.roots import root
from alvh.kernel import codes
from alvh.kernel.quotes import multiplier, vix_response

Floats = NDArray[np.float64]

GRID_VIX = np.array([float(level) for level in range(10, 91, 5)])
GRID_DAYS = np.array([0, 10, 20, 30, 40, 50, 60])
SEARCHED_VIX = np.linspace(5.0, 150.0, 291)  # closes 1990–2026 lay between 9.14 and 82.69
HORIZONS = (0, 7, 30)
ACTIVATION_DAYS = 30
_NAN = float("nan")


@dataclass(frozen=True)
class LayerCarry:
    """What one layer earns in an unchanged market and in the stress.

    Attributes
    ----------
    theta : float
        Gain a year at today's pace if every forward stays where it is, USD; mostly negative.
    roll_down : float
        The rest of the gain in an unchanged market, USD a year: forwards slide along the curve.
    stress_gain : float
        Gain in the named stress, USD.
    efficiency : float
        stress_gain / −(theta + roll_down): what a dollar of yearly carry buys; NaN where the layer
        earns carry.
    """

    theta: float
    roll_down: float
    stress_gain: float
    efficiency: float

    @property
    def carry(self) -> float:
        """Gain a year in an unchanged market, USD: negative where the layer costs."""
        return self.theta + self.roll_down


def carry_split(evening: Evening, spx_return: float = STRESS_SPX) -> dict[str, LayerCarry]:
    """Split every held layer's carry into theta and roll-down, and set its stress gain beside it.

    One calendar day, times 365. An option whose forward is held loses time value alone; the same
    day with the forward of a day nearer to expiry adds the slope of the curve. Futures and baskets
    have roll-down only.

    Returns
    -------
    dict of str to LayerCarry
        By layer that holds something.
    """
    theta = evening.theta()
    total = evening.gains(1, np.zeros(1), np.zeros(1))[0]
    stress = evening.gains(0, *evening.stress(spx_return))[0]
    found = {}
    for layer in evening.book.layers:
        mine = evening.in_sleeve(layer.name)
        carry = DAYS_PER_YEAR * float(total[mine].sum())
        gain, decay = float(stress[mine].sum()), DAYS_PER_YEAR * float(theta[mine].sum())
        efficiency = gain / -carry if carry < 0.0 else _NAN
        found[layer.name] = LayerCarry(decay, carry - decay, gain, efficiency)
    return found


def hedge_gains(evening: Evening, days: int, vix: Floats) -> Floats:
    """Return the gain from today by layer at given VIX levels, USD, shape (3, n).

    The S&P 500 moves with VIX by the elasticity of the stress, which only SPX puts notice. What
    expires on the way is worth its payoff at the level reached, and nothing is rolled.
    """
    vix_logs = np.log(np.asarray(vix) / evening.vix)
    elasticity = float(vix_response(evening.vix, STRESS_SPX)) / np.log1p(STRESS_SPX)
    gains = evening.gains(days, np.expm1(vix_logs / elasticity), vix_logs)
    return np.array([gains[:, evening.in_sleeve(name)].sum(axis=1) for name in LAYERS])


def payoff_grid(evening: Evening) -> Floats:
    """Return the gain from today by layer, days and VIX, USD, shape (3, 7, 17).

    Days are ``GRID_DAYS``, 0 to 60 by 10; VIX ``GRID_VIX``, 10 to 90 by 5.
    """
    return np.stack([hedge_gains(evening, int(days), GRID_VIX) for days in GRID_DAYS], axis=1)


@dataclass(frozen=True)
class HedgeBreakEven:
    """VIX levels from which on the hedge pays, by horizon in days.

    Points; 0 where it does at every level from 5 on, NaN where it does at none up to 150.

    Attributes
    ----------
    from_today : dict of int to float
        At which the gain from today, loss of time value included, turns positive.
    from_cost : dict of int to float
        At which what is held is worth what was paid for it.
    """

    from_today: dict[int, float]
    from_cost: dict[int, float]


def hedge_break_even(evening: Evening) -> HedgeBreakEven:
    """Find the VIX levels from which on the hedge has paid for itself after 0, 7 and 30 days.

    The lowest upward crossing between 5 and 150. After 0 days the gain from today turns positive
    at today's VIX, by definition; that level is a check, not a finding.
    """
    deficit = sum(unrecovered_cost(evening).values())
    today, cost = {}, {}
    for days in HORIZONS:
        gains = hedge_gains(evening, days, SEARCHED_VIX).sum(axis=0)
        today[days] = _crossing(evening, days, gains, LAYERS, 0.0)
        cost[days] = _crossing(evening, days, gains, LAYERS, deficit)
    return HedgeBreakEven(today, cost)


@dataclass(frozen=True)
class Activation:
    """VIX levels from which on one layer matters after 30 days; units as `HedgeBreakEven`.

    Attributes
    ----------
    from_today, from_cost : float
        As for `HedgeBreakEven`, of this layer alone.
    carries_hedge : float
        At which its gain pays for what the other layers lose in 30 days of an unchanged market.
    """

    from_today: float
    from_cost: float
    carries_hedge: float


def activation(evening: Evening, days: int = ACTIVATION_DAYS) -> dict[str, Activation]:
    """Find the VIX levels from which on each held layer pays, and pays for the others."""
    gains = hedge_gains(evening, days, SEARCHED_VIX)
    quiet = hedge_gains(evening, days, np.array([evening.vix]))[:, 0]
    deficits, found = unrecovered_cost(evening), {}
    for layer in evening.book.layers:
        place, name = LAYERS.index(layer.name), (layer.name,)
        others = float(quiet.sum() - quiet[place])
        found[layer.name] = Activation(
            _crossing(evening, days, gains[place], name, 0.0),
            _crossing(evening, days, gains[place], name, deficits[layer.name]),
            _crossing(evening, days, gains[place], name, -others),
        )
    return found


def unrecovered_cost(evening: Evening) -> dict[str, float]:
    """Return by layer what was paid for what is still held, less its value now, USD.

    Futures count with their price on both sides.
    """
    found = {}
    for layer in evening.book.layers:
        worth = sum(
            leg.quantity * leg.mid * float(multiplier(codes.ROOTS.index(leg.root)))
            for leg in layer.legs
        )
        found[layer.name] = layer.units * layer.cost - worth
    return found


def _crossing(
    evening: Evening, days: int, gains: Floats, names: tuple[str, ...], wanted: float
) -> float:
    """Return the lowest VIX at which the gain rises through ``wanted``; see `HedgeBreakEven`."""
    above = gains >= wanted
    turns = np.flatnonzero(~above[:-1] & above[1:])
    if len(evening.book.layers) == 0:
        return _NAN
    if len(turns) == 0:
        return 0.0 if above.all() else _NAN
    places = [LAYERS.index(name) for name in names]

    def excess(vix: float) -> float:
        return float(hedge_gains(evening, days, np.array([vix]))[places].sum()) - wanted

    low, high = SEARCHED_VIX[turns[0]], SEARCHED_VIX[turns[0] + 1]
    return root(excess, low, high, 1e-6)
