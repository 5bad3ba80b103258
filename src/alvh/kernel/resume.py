"""Going on from a book that was handed over: its marks, and what a close leaves behind."""

from alvh.kernel.codes import LAYERS, SPEND
from alvh.kernel.condor_prices import mark_condor, root_of
from alvh.kernel.condors import condors_value
from alvh.kernel.jit import compiled, internal
from alvh.kernel.layers import layers_value
from alvh.kernel.orders import time_value
from alvh.kernel.sizing import accrue_meter, book_stress
from alvh.kernel.structures import mark_structure


@compiled
def resume(last, quotes, policy, book, fresh):
    """Mark a book at the close ``last`` and note what that close leaves to the next session.

    Parameters
    ----------
    last : DAY record
        The last session on which positions were marked.
    quotes : ndarray of QUOTE
    policy : Policy
    book : Book
        Positions, cash and what rules remember; receives marks, and the condors' number and
        stress loss.
    fresh : ndarray of uint8, shape (3,)
        1 for a layer without a past: it begins as a run's first day lets it begin.
    """
    state = book.state[0]
    for i in range(state.slots):
        condor = book.condors[i]
        mark_condor(last, quotes, root_of(condor), condor, book.scratch)
    for i in range(LAYERS):
        if book.cohorts[i].units > 0:
            mark_structure(last, quotes, book.cohorts[i])
    value, contracts, _ = condors_value(state, book.condors)
    nav = state.cash + state.index_units * last.spx + value + layers_value(last, book.cohorts)[0]
    for i in range(LAYERS):
        if fresh[i] == 1:
            _begin(last, policy.hedge[0], policy.layers[i], book.cohorts[i],
                   book.layer_states[i], nav)  # fmt: skip
    state.contracts = contracts
    state.stress_loss = book_stress(last, state, policy.hedge[0], book.condors, book.scratch)


@internal
def _begin(last, hedge, layer, cohort, layer_state, nav):
    layer_state.weight = layer.weight
    if cohort.units > 0:
        layer_state.next_roll = int(cohort.expiry[0]) - int(layer.roll)
        layer_state.outlay = cohort.units * cohort.cost
        layer_state.extrinsic = time_value(last, cohort)
    if hedge.mode == SPEND:
        accrue_meter(hedge, layer, layer_state, 0.0, nav, 0.0)
