"""What would become of a decision's orders were its tickets asked for now; nothing is recorded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alvh.advise.orders import Order
from alvh.advise.preflight import Check
from alvh.advise.today import Decision
from alvh.desk.book import Book
from alvh.desk.fold import Fold, Ticketed
from alvh.desk.issuing import (
    Judged,
    bar,
    permitted,
    recorded,
    sorted_out,
    still_open,
    ticket_of,
)
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
    reduced : dict of str to str
        Why some of ``orders`` are for fewer structures than were decided, by name.
    """

    standing: Standing
    event: int | None
    orders: dict[str, Order]
    refused: dict[str, str]
    reduced: dict[str, str]

    def plain(self) -> dict[str, Any]:
        """Return as JSON values what is shown beside a decision, which it is no part of."""
        return {
            "restrictions": [check.plain() for check in restrictions(self.standing)],
            "structures": {name: order.quantity for name, order in self.orders.items()},
            "refused": self.refused,
            "reduced": self.reduced,
        }


def preview(ledger: Ledger, decision: Decision, at: datetime, book: Book) -> Preview:
    """Judge the orders of a decision as `alvh.desk.issuing.issue_tickets` would, one by one.

    Parameters
    ----------
    ledger : Ledger
        Verified on the way.
    decision : Decision
    at : datetime
        The moment, aware.
    book : Book
        As it is now.

    Returns
    -------
    Preview
    """
    state = fold(ledger)
    now = at_moment(state, at)
    try:
        known = recorded(ledger, decision)
    except GovernanceError as other:
        return Preview(now, None, {}, {order.name: str(other) for order in decision.orders}, {})
    event = GENESIS if known is None else known.sha256
    barred, judged = bar(ledger, decision, book), dict[str, Judged]()
    for order in sorted(decision.orders, key=lambda order: order.opens):
        judged[order.name] = (
            (None, barred) if barred else _judged(state, order, decision, event, at, book)
        )
    found = sorted_out(judged)
    orders = {order.name: order for order in found.orders}
    number = None if known is None else known.number
    return Preview(now, number, orders, found.refused, found.reduced)


def _judged(
    state: Fold, order: Order, decision: Decision, event: str, at: datetime, book: Book
) -> Judged:
    """Return what of an order has or would have a ticket, which ``state`` then holds; or why not.

    And why it is for fewer structures, where it is.
    """
    held, now = state.tickets.get(order.name), at_moment(state, at)
    if held is not None and held.ticket.decision == event:
        return still_open(order, held, book, now)
    cut, why = permitted(order, now)
    if cut is None:
        return None, why
    ticket = ticket_of(cut, order.quantity, decision, event)
    risk = state.risk_on(chicago_day(now.at), ticket.instrument)
    fault = "it was issued before" if held is not None else refusal(now, ticket, risk)
    if fault:
        return None, f"ticket {order.name} is not issued: {fault}"
    state.tickets[order.name] = Ticketed(ticket, now.at)
    return cut, why


def restrictions(now: Standing) -> tuple[Check, ...]:
    """Return what people have forbidden or cut, as lines beside those of the preflight.

    They are no part of the decision, which is the rules' and stays as it is.

    Parameters
    ----------
    now : Standing

    Returns
    -------
    tuple of Check
        ``HALTED``, ``CLOSE_ONLY`` and ``REDUCED``, each with who and why.
    """
    found = []
    if now.halt is not None:
        text = (
            f"halted by {now.halt.by}, event {now.halt.number}: {now.halt.reason}; nothing is "
            "opened until a version signed for it is in force, `alvh ledger resume`"
        )
        found.append(Check("HALTED", f"event {now.halt.number}", "warn", text))
    for one in now.restrictions:
        code = "CLOSE_ONLY" if one.action == "close" else "REDUCED"
        what = "nothing is opened" if one.action == "close" else f"reduced to {one.share:g}"
        text = f"{what} until {one.until}, by {one.by}, event {one.number}: {one.reason}"
        found.append(Check(code, f"event {one.number}", "warn", text))
    return tuple(found)
