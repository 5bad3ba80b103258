"""What would become of a decision's orders were its tickets asked for now; nothing is recorded."""

from dataclasses import dataclass
from datetime import datetime

from alvh.advise.orders import Order
from alvh.advise.today import Decision
from alvh.desk.fold import Fold, Ticketed
from alvh.desk.issuing import recorded, resized, ticket_of
from alvh.desk.moments import chicago_day
from alvh.desk.standing import Standing, at_moment, fold, refusal
from alvh.errors import GovernanceError
from alvh.ledger import GENESIS, Ledger


@dataclass(frozen=True)
class Preview:
    """What the ledger would say to the orders of a decision.

    Attributes
    ----------
    standing : Standing
        Where the desk stands before them.
    event : int or None
        The event of this decision, where it is recorded already.
    orders : dict of str to Order
        Those that would have a ticket, for as many structures as are allowed, by name.
    refused : dict of str to str
        Why the others would have none, by name.
    """

    standing: Standing
    event: int | None
    orders: dict[str, Order]
    refused: dict[str, str]


def preview(ledger: Ledger, decision: Decision, at: datetime) -> Preview:
    """Judge the orders of a decision as `alvh.desk.issuing.issue_tickets` would, one by one.

    Parameters
    ----------
    ledger : Ledger
        Verified on the way.
    decision : Decision
    at : datetime
        The moment, aware.

    Returns
    -------
    Preview
    """
    state = fold(ledger)
    now = at_moment(state, at)
    try:
        known = recorded(ledger, decision)
    except GovernanceError as other:
        return Preview(now, None, {}, {order.name: str(other) for order in decision.orders})
    event = GENESIS if known is None else known.sha256
    orders, refused = dict[str, Order](), dict[str, str]()
    for order in sorted(decision.orders, key=lambda order: order.opens):
        told = _judged(state, order, decision, event, at)
        if isinstance(told, str):
            refused[order.name] = told
        else:
            orders[order.name] = told
    return Preview(now, None if known is None else known.number, orders, refused)


def _judged(state: Fold, order: Order, decision: Decision, event: str, at: datetime) -> Order | str:
    """Return the order that has or would have a ticket, which ``state`` then holds; or why not."""
    held = state.tickets.get(order.name)
    if held is not None and held.ticket.decision == event:
        return resized(order, held.ticket.quantity)
    now = at_moment(state, at)
    allowed = now.allowed(order.quantity) if order.opens else order.quantity
    if allowed == 0:
        return now.reason or "the restriction in force leaves no whole structure"
    cut = resized(order, allowed)
    ticket = ticket_of(cut, order.quantity, decision, event)
    risk = state.risk_on(chicago_day(now.at), ticket.instrument)
    fault = "it was issued before" if held is not None else refusal(now, ticket, risk)
    if fault:
        return f"ticket {order.name} is not issued: {fault}"
    state.tickets[order.name] = Ticketed(ticket, now.at)
    return cut
