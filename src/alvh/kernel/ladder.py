"""Taking gains before the roll: the ladder, the inverted curve, and coming back in stages."""

from alvh.kernel.book import note
from alvh.kernel.codes import (
    MONETISE,
    R_MONETISE_INVERTED,
    R_MONETISE_MULTIPLE,
    R_MONETISE_VIX,
    SHORT,
)
from alvh.kernel.jit import internal
from alvh.kernel.orders import sell
from alvh.kernel.structures import structure_liquidation, structure_mid, tick_gain


@internal
def _take_rung(desk, i, cohort, layer_state, reason, reading, threshold):
    """Sell one rung's part of what was bought; the last rung may sell less."""
    hedge = desk.hedge
    units = min(cohort.units, max(1, int(round(hedge.fraction * cohort.bought))))
    sell(desk, i, cohort, layer_state, units, MONETISE, reason)
    note(desk.log, desk.state, desk.t, SHORT + i, MONETISE, reason, float(units), reading,
         threshold)  # fmt: skip
    cohort.rungs += 1
    if layer_state.peak == 0.0:
        layer_state.peak = desk.vix


@internal
def monetise(desk, i, cohort, layer_state):
    """Sell the rungs of the ladder that have been reached; return whether anything was sold.

    Multiples are resting orders on the liquidation value. VIX levels are a signal, so they are
    read some sessions back. While the curve is inverted a layer in profit takes its next rung,
    one a session, whatever that rung asks for.
    """
    hedge = desk.hedge
    by_level = hedge.vix_levels > 0
    rungs = hedge.vix_levels if by_level else hedge.multiples
    if hedge.monetise == 0 or cohort.rungs >= rungs:
        return False
    inverted = hedge.takes_inverted == 1 and desk.guide.inverted == 1
    if not by_level or inverted:
        threshold = cohort.cost if inverted else hedge.multiple[cohort.rungs] * cohort.cost
        if cohort.cost <= 0.0 or structure_mid(cohort) + tick_gain(cohort) < threshold:
            if not by_level:
                return False  # selling brings no more than the mid and half a tick a contract
            inverted = False
    worth = 0.0
    if not by_level or inverted:
        worth = structure_liquidation(desk.day, desk.account, cohort) / cohort.cost
    reading = desk.vix if by_level else worth
    reason = R_MONETISE_VIX if by_level else R_MONETISE_MULTIPLE
    sold = False
    while cohort.rungs < rungs and cohort.units > 0:
        rung = cohort.rungs
        threshold = hedge.vix_level[rung] if by_level else hedge.multiple[rung]
        if not reading >= threshold:
            break
        _take_rung(desk, i, cohort, layer_state, reason, reading, threshold)
        sold = True
    if not sold and inverted and worth > 1.0:
        _take_rung(desk, i, cohort, layer_state, R_MONETISE_INVERTED, worth, 1.0)
        sold = True
    return sold


@internal
def comes_back(hedge, layer_state, vix):
    """Say whether VIX has fallen far enough from its high since the first rung to buy anew."""
    if hedge.stages == 0 or layer_state.peak == 0.0:
        return False
    layer_state.peak = max(layer_state.peak, vix)
    return vix <= (1.0 - hedge.retrace) * layer_state.peak
