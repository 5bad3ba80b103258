"""Recording: an event is judged and appended while no other writer can come between."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from alvh.desk import kinds
from alvh.desk.fold import Fold
from alvh.desk.moments import chicago_day, write_moment
from alvh.desk.standing import at_moment, fold, refusal
from alvh.desk.tickets import Ticket
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger, link

_SKEW = timedelta(minutes=1)  # two programs read the clock one after the other


def record(
    ledger: Ledger,
    kind: str,
    content: dict[str, Any],
    at: datetime,
    judge: Callable[[Fold], object] = lambda state: None,
    *,
    lowers: bool = False,
) -> Event:
    """Record an event of ``kind`` at the moment ``at``.

    Parameters
    ----------
    ledger : Ledger
        Verified and folded before the event is appended.
    kind : str
        One of :mod:`alvh.desk.kinds`, or another that has no meaning for the standing.
    content : dict
        What canonical JSON can hold; ``kind`` and ``at`` are added.
    at : datetime
        Aware, and not before the last event by more than a minute.
    judge : callable, optional
        Raises where the event may not follow the state of the desk.
    lowers : bool
        The event can only lower risk: a clock that is behind does not keep it out, it takes the
        moment of the last event.

    Returns
    -------
    Event
        As recorded; it is on disk.

    Raises
    ------
    GovernanceError
        Where the clock went back for what does not lower risk, or ``judge`` refuses.
    LedgerError
        Where the chain does not hold or the disk refuses.
    """

    def permit() -> None:
        state, moment = fold(ledger), at
        if state.clock is not None and at < state.clock - _SKEW and lowers:
            moment = state.clock
            event["at"] = write_moment(moment)
        elif state.clock is not None and at < state.clock - _SKEW:
            raise GovernanceError(
                f"the moment {write_moment(at)} is before the last event, at "
                f"{write_moment(state.clock)}; nothing was recorded; set the clock right"
            )
        state.advance(moment)
        judge(state)
        state.take(link(state.count + 1, state.last, event))  # what cannot be read back is refused

    event = {**content, "kind": kind, "at": write_moment(at)}
    return ledger.append(event, permit)


def issue(ledger: Ledger, ticket: Ticket, order: dict[str, Any], at: datetime) -> Event:
    """Record ``ticket``; only then may it be written for a broker.

    Parameters
    ----------
    ledger : Ledger
        Holds the decision already.
    ticket : Ticket
        What is judged.
    order : dict
        Legs, prices and whatever else describes it.
    at : datetime
        The moment, aware.

    Raises
    ------
    GovernanceError
        Where the desk is halted, a cap would be broken, the decision is not recorded, or the
        ticket was issued before.
    """

    def judge(state: Fold) -> None:
        fault = _fault(state, ticket, at)
        if fault:
            raise GovernanceError(f"ticket {ticket.ticket} is not issued: {fault}")

    content = {**ticket.model_dump(mode="json"), "order": order}
    return record(ledger, kinds.TICKET, content, at, judge)


def _fault(state: Fold, ticket: Ticket, at: datetime) -> str:
    if ticket.ticket in state.tickets:
        return "it was issued before"
    if ticket.decision not in state.decisions:
        return f"the decision {ticket.decision} is not in the ledger; record it first"
    now = at_moment(state, at)
    return refusal(now, ticket, state.risk_on(chicago_day(now.at), ticket.instrument))
