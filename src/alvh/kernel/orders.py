"""Buying and selling whole structures of a layer: fills, fees, and what the layer remembers."""

from collections import namedtuple

from alvh.kernel.book import trade
from alvh.kernel.codes import BUY, FITTED, MODELLED, OPEN, PUT, QUOTED, SELL, SHORT, VIX, VX
from alvh.kernel.elementary import exponential
from alvh.kernel.jit import compiled, internal
from alvh.kernel.quotes import YEAR, days_to_settlement, multiplier
from alvh.kernel.structures import leg_fill, structure_cost
from alvh.kernel.vix_smile import vix_forward

# What a decision of the hedge rests on and writes to; ``vix`` is the level that rules may read.
Desk = namedtuple(
    "Desk", ["day", "t", "guide", "vix", "account", "hedge", "state", "row", "log", "listed"]
)


@internal
def leg_terms(cohort, leg):
    """Return (root, right, expiry, strike) of one leg."""
    return (cohort.root[leg], cohort.right[leg], cohort.expiry[leg], cohort.strike[leg])


@internal
def refill(layer_state, proceeds, cost):
    """Give the spending meter back what a sale recovered, never more than was paid."""
    layer_state.meter += min(max(proceeds, 0.0), max(cost, 0.0))


@internal
def widening(hedge, contracts):
    """Return by how much an order widens the half-spread it pays; larger ones go in slices."""
    return 1.0 + min(contracts, hedge.slice * hedge.depth) / hedge.depth


@internal
def _forward_is_quoted(day, expiry):
    """Say whether the VIX future behind a leg has an exchange settlement today."""
    for node in range(day.curve_expiry.shape[0]):
        if day.curve_expiry[node] >= expiry:
            return day.curve_expiry[node] == expiry and day.curve_quoted[node] == 1
    return False


@compiled
def mark_provenance(day, root, expiry, quoted):
    """Return what the mark of a contract rests on: its quote, a fitted smile, a model."""
    if root == VX:
        return QUOTED if _forward_is_quoted(day, expiry) else MODELLED
    if root > VX:
        return MODELLED
    if quoted == 1:
        return QUOTED
    fitted = day.vix_fitted if root == VIX else day.spx_fitted
    return FITTED if fitted == 1 else MODELLED


@internal
def trade_structures(desk, i, cohort, units, side, action, reason):
    """Buy (+1) or sell (−1) whole structures; return USD paid or received, fees included."""
    flow = 0.0
    for leg in range(cohort.legs):
        root = cohort.root[leg]
        quantity = float(side * units * cohort.ratio[leg])
        price, fee = leg_fill(
            desk.day, desk.account, cohort, leg, side, widening(desk.hedge, abs(quantity))
        )
        provenance = mark_provenance(desk.day, root, cohort.expiry[leg], cohort.quoted[leg])
        trade(
            desk.log, desk.state, desk.row, desk.t, SHORT + i, leg_terms(cohort, leg), quantity,
            price, cohort.mid[leg], fee, action, reason, provenance,
        )  # fmt: skip
        flow += quantity * price * multiplier(root) + abs(quantity) * fee
    return flow


@internal
def sell(desk, i, cohort, layer_state, units, action, reason):
    """Sell ``units`` structures of layer ``i``; return USD received, futures at price."""
    flow = trade_structures(desk, i, cohort, units, SELL, action, reason)
    received = -flow - units * cohort.base
    refill(layer_state, received, units * cohort.cost)
    cohort.units -= units
    return received


@internal
def copy_structure(source, target):
    """Copy a structure's legs."""
    target.legs = source.legs
    target.aged_on = 0
    target.base = source.base
    for leg in range(source.legs):
        target.root[leg] = source.root[leg]
        target.right[leg] = source.right[leg]
        target.ratio[leg] = source.ratio[leg]
        target.expiry[leg] = source.expiry[leg]
        target.expiry_session[leg] = source.expiry_session[leg]
        target.strike[leg] = source.strike[leg]
        target.mid[leg] = source.mid[leg]
        target.half[leg] = source.half[leg]
        target.gap[leg] = source.gap[leg]
        target.quoted[leg] = source.quoted[leg]


@internal
def _pay(desk, i, cohort, layer_state, units, action, reason):
    """Buy ``units`` of a structure; return (USD paid for one, USD that all of them tie up)."""
    capital = units * structure_cost(desk.day, desk.account, cohort)
    flow = trade_structures(desk, i, cohort, units, BUY, action, reason)
    paid = flow - units * cohort.base
    if cohort.root[0] != VX:
        desk.row.outlay += max(paid, 0.0)
    layer_state.meter -= max(paid, 0.0)
    desk.row.paid[i] += capital
    return paid / units, capital


@internal
def buy(desk, i, cohort, candidate, units, layer_state, reason):
    """Buy ``units`` of the candidate structure into an empty layer."""
    copy_structure(candidate, cohort)
    cohort.units = units
    cohort.bought = units
    cohort.rungs = 0
    cohort.cost, layer_state.outlay = _pay(desk, i, cohort, layer_state, units, OPEN, reason)
    layer_state.extrinsic = time_value(desk.day, cohort)
    layer_state.peak = 0.0
    layer_state.deferred = 0


@internal
def add(desk, i, cohort, units, layer_state, action, reason):
    """Buy ``units`` more of what the layer holds; its cost becomes the mean."""
    paid, capital = _pay(desk, i, cohort, layer_state, units, action, reason)
    held = cohort.units
    cohort.cost = (cohort.cost * held + paid * units) / (held + units)
    cohort.units += units
    cohort.bought += units
    layer_state.outlay += capital


@compiled
def time_value(day, cohort):
    """Return what the first option of a structure is worth beyond exercise, points; else 0."""
    root, expiry = cohort.root[0], cohort.expiry[0]
    if root != VIX:
        return 0.0
    forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry)
    sign = -1.0 if cohort.right[0] == PUT else 1.0
    discount = exponential(-day.rate * days_to_settlement(day, root, expiry) / YEAR)
    return cohort.mid[0] - max(sign * (forward - cohort.strike[0]), 0.0) * discount
