"""From a decision to tickets: recorded first, judged one by one.

A session is decided once, and none before one that was decided. A second decision of it that is
the same changes nothing and lets the tickets be written again, as after a crash: what is open of
them, and may be opened still. One that is another is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from alvh.advise.account import Account, Memory, read_memory
from alvh.advise.orders import Order
from alvh.advise.today import Decision, today
from alvh.desk import kinds
from alvh.desk.book import Book
from alvh.desk.entries import Fill
from alvh.desk.fold import Ticketed
from alvh.desk.reconcile import REMEDY, cash_of, unreconciled
from alvh.desk.recording import issue, record
from alvh.desk.standing import Standing, fold, standing
from alvh.desk.tickets import Ticket
from alvh.engine import DEFAULT_FILL
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger
from alvh.market.history import History

_CENT = 0.005
Judged = tuple[Order | None, str]
"""What of an order may be worked, None for nothing; and why not all of it, or nothing."""


@dataclass(frozen=True)
class Issued:
    """What became of the orders of a decision.

    Attributes
    ----------
    orders : tuple of Order
        Those to be worked, for as many structures as are allowed and not filled.
    refused : dict of str to str
        Why the others are not, by name.
    reduced : dict of str to str
        Why some of ``orders`` are for fewer structures than were decided or ordered, by name.
    """

    orders: tuple[Order, ...]
    refused: dict[str, str]
    reduced: dict[str, str]


def decide(
    ledger: Ledger,
    history: History,
    book: Book,
    at: datetime,
    *,
    as_of: date | None = None,
    on: date | None = None,
    fill: float = DEFAULT_FILL,
    improvement: float = 0.0,
) -> Decision:
    """Decide a session by the rules in force, from the book and the memory of the ledger.

    Parameters
    ----------
    ledger : Ledger
        Says which version of the rules is in force, and what the last decision left.
    history, as_of, on, fill, improvement
        As for ``alvh.today``.
    book : Book
    at : datetime
        The moment, aware.

    Returns
    -------
    Decision
        *No trade* where book and tickets disagree, as was recorded or as they stand: a ticket of an
        earlier session that is neither filled nor void is a difference.

    Raises
    ------
    GovernanceError
        If no version of the rules is in force.
    """
    now = standing(ledger, at)
    session = as_of or history.dates[-1].astype(object)
    memory = last_memory(ledger, session)
    held = book if memory is None else book.remember(memory)
    found = tuple(dict.fromkeys((*now.differences, *unreconciled(ledger, book, session))))
    wrong = (f"book and tickets disagree: {'; '.join(found)}; {REMEDY}",) if found else ()
    return today(
        history, _Disputed(held, wrong), now.hedge, now.condors,
        as_of=as_of, on=on, fill=fill, improvement=improvement,
    )  # fmt: skip


@dataclass(frozen=True)
class _Disputed:
    """A book with the differences that reconciliation found."""

    book: Book
    differences: tuple[str, ...]

    def account(self, as_of: date) -> Account:
        account = self.book.account(as_of)
        return replace(account, faults=account.faults + self.differences)


def record_decision(ledger: Ledger, decision: Decision, at: datetime) -> Event:
    """Record a decision, or return the event of the same one that is recorded already.

    Parameters
    ----------
    ledger : Ledger
    decision : Decision
    at : datetime
        The moment, aware.

    Raises
    ------
    GovernanceError
        If another decision of the session, or one of a later session, is recorded.
    """
    before = recorded(ledger, decision)
    if before is not None:
        return before
    content = decision.plain() | {"digest": decision.digest, "book": decision.account.plain()}
    del content["kind"]
    return record(ledger, kinds.DECISION, content, at)


def recorded(ledger: Ledger, decision: Decision) -> Event | None:
    """Return the event of the same decision; None where its session is not decided yet.

    Raises
    ------
    GovernanceError
        If another decision of the session, or one of a later session, is recorded.
    """
    for event in _decisions(ledger):
        told = event.content
        if told.get("as_of") != decision.as_of.isoformat() or told.get("stopped"):
            continue  # what was stopped may be decided once what stopped it is put right
        if told.get("digest") == decision.digest:
            return event
        raise GovernanceError(
            f"{decision.as_of} was decided in event {event.number} from another book, data or "
            "rules; a session is decided once: work its tickets, or decide the next one"
        )
    later = _later(ledger, decision.as_of)
    if later is not None:
        raise GovernanceError(_too_late(decision.as_of, later))
    return None


def _later(ledger: Ledger, session: date) -> Event | None:
    """Return the first event that decided a session after ``session``; None where none did."""
    for event in _decisions(ledger):
        told = event.content
        if not told.get("stopped") and told.get("as_of", "") > session.isoformat():
            return event
    return None


def _too_late(session: date, later: Event) -> str:
    return (
        f"{later.content['as_of']} was decided in event {later.number}: {session}, which is "
        "before it, is not decided or ordered any more; decide the next session"
    )


def _decisions(ledger: Ledger) -> Iterator[Event]:
    for event in ledger.events():
        if f'"kind":"{kinds.DECISION}"' in event.body and event.content["kind"] == kinds.DECISION:
            yield event


def last_memory(ledger: Ledger, before: date) -> Memory | None:
    """Return what was left by the decision of the latest session before ``before``; None if none.

    It is the session that counts, not the order in which they were recorded.
    """
    found = None
    for event in _decisions(ledger):
        told = event.content
        if told.get("memory") and date.fromisoformat(told["as_of"]) < before:
            memory = read_memory(told["memory"])
            if found is None or memory.as_of >= found.as_of:
                found = memory
    return found


def issue_tickets(
    ledger: Ledger, decision: Decision, event: Event, at: datetime, book: Book
) -> Issued:
    """Issue a ticket for every order that the desk's standing allows.

    What closes comes first, so that it is not crowded out. A ticket that was issued for this
    decision before is not issued again: what is open of it, and allowed still, is handed back.
    What a halt or a restriction leaves without a ticket is recorded as refused.

    Parameters
    ----------
    ledger : Ledger
    decision : Decision
    event : Event
        The decision as recorded.
    at : datetime
        The moment, aware.
    book : Book
        As it is now: nothing is issued while tickets of earlier sessions are open in it, and what
        it says is filled is not handed back.

    Returns
    -------
    Issued
    """
    barred, judged = bar(ledger, decision, book), dict[str, Judged]()
    forbidden = dict[str, str]()
    for order in sorted(decision.orders, key=lambda order: order.opens):
        if barred:
            judged[order.name] = None, barred
            continue
        now, held = standing(ledger, at), fold(ledger).tickets.get(order.name)
        if held is not None and held.ticket.decision == event.sha256:
            judged[order.name] = still_open(order, held, book, now)
            continue
        cut, why = permitted(order, now)
        if cut is None:
            forbidden[order.name] = why
        else:
            try:
                content = cut.plain() | {"closes": order.closes}
                issue(ledger, ticket_of(cut, order.quantity, decision, event.sha256), content, at)
            except GovernanceError as error:
                cut, why = None, str(error)
        judged[order.name] = cut, why
    _record_refused(ledger, event, forbidden, at)
    return sorted_out(judged)


def _record_refused(ledger: Ledger, event: Event, why: Mapping[str, str], at: datetime) -> None:
    """Record which orders were refused, each of them once."""
    kind, known = kinds.TICKETS_REFUSED, set[str]()
    for one in ledger.events():
        if f'"kind":"{kind}"' in one.body and one.content.get("decision") == event.sha256:
            known |= set(one.content["refused"])
    new = {name: reason for name, reason in why.items() if name not in known}
    if new:
        content = {"decision": event.sha256, "refused": new}
        record(ledger, kind, content, at, lowers=True)


def sorted_out(judged: Mapping[str, Judged]) -> Issued:
    """Sort what was judged by name: an order, or None, and why it or the rest is missing."""
    return Issued(
        tuple(order for order, _ in judged.values() if order is not None),
        {name: why for name, (order, why) in judged.items() if order is None},
        {name: why for name, (order, why) in judged.items() if order is not None and why},
    )


def bar(ledger: Ledger, decision: Decision, book: Book) -> str:
    """Return why no order of a decision may be worked; empty where none is barred as such."""
    found, later = unreconciled(ledger, book, decision.as_of), _later(ledger, decision.as_of)
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return f"book and tickets disagree: {found[0]}{more}; {REMEDY}"
    return "" if later is None else _too_late(decision.as_of, later)


def permitted(order: Order, now: Standing) -> Judged:
    """Return what of a new order a halt or a restriction leaves, and why not the rest."""
    why = now.forbids(order.opens, order.quantity)
    if why or not order.opens or now.allowed(order.quantity) == order.quantity:
        return (None, why) if why else (order, "")
    allowed = now.allowed(order.quantity)
    return resized(order, allowed), f"{allowed} of {order.quantity}: {now.reduction}"


def still_open(order: Order, held: Ticketed, book: Book, now: Standing) -> Judged:
    """Return what of an order with a ticket may be worked still, and why not the rest."""
    ticket = held.ticket
    filled = _filled(order, held, book)
    if held.void or filled is None or filled >= ticket.quantity:
        why = "its ticket is void" if held.void else f"all {ticket.quantity} are filled"
        if filled is None and not held.void:
            why = "its legs are not filled alike; complete them by hand, or `alvh fills void` it"
        return None, why
    why = now.forbids(order.opens, ticket.asked)
    if why:
        return None, why
    most = now.allowed(ticket.asked) if order.opens else ticket.quantity
    left = min(ticket.quantity, most) - filled
    done = f"{filled} of {ticket.quantity} are filled" if filled else ""
    cut = now.reduction if min(ticket.quantity, most) < ticket.asked and order.opens else ""
    why = "; ".join(one for one in (done, cut) if one)
    return (resized(order, left), why) if left > 0 else (None, why)


def _filled(order: Order, held: Ticketed, book: Book) -> int | None:
    """Return how many whole structures a book says are filled; None where legs differ.

    Fills that are recorded and not in the book, or of other contracts, differ too.
    """
    fills = [one for one in book.entries if isinstance(one, Fill) and one.order == order.name]
    ratios = {leg.instrument: leg.ratio for leg in order.legs}
    got = dict.fromkeys(ratios, 0.0)
    for fill in (one for one in fills if not one.settles):
        got[fill.instrument] = got.get(fill.instrument, 0.0) + fill.quantity
    structures = {got[one] / ratios[one] if one in ratios else None for one in got}
    recorded = held.received - held.paid
    known = abs(recorded) < 2 * _CENT or cash_of(book, order.name) != 0.0
    if len(structures) > 1 or not known:
        return None
    (whole,) = structures
    return int(whole) if whole is not None and whole >= 0.0 and whole == int(whole) else None


def resized(order: Order, quantity: int) -> Order:
    """Return an order for another number of structures, its fees in proportion."""
    if quantity == order.quantity:
        return order
    share = quantity / order.quantity
    legs = tuple(replace(leg, fees=leg.fees * share) for leg in order.legs)
    return replace(order, quantity=quantity, legs=legs)


def ticket_of(order: Order, asked: int, decision: Decision, event: str) -> Ticket:
    """Return an order as the caps judge it; ``asked`` is the rule's number, ``event`` a SHA-256."""
    outlay = max(-order.cash, 0.0)
    nav = decision.panel.get("nav_usd")
    return Ticket(
        ticket=order.name,
        decision=event,
        sleeve=order.sleeve,  # type: ignore[arg-type]  # the model checks it
        instrument=_structure(order),
        opens=order.opens,
        quantity=order.quantity,
        asked=asked,
        max_loss=round(max_loss(order), 2) if order.opens else 0.0,
        outlay=round(outlay, 2),
        equity=float(nav) if isinstance(nav, float) else decision.account.cash,
    )


def _structure(order: Order) -> str:
    first = order.legs[0].instrument
    strikes = "/".join(f"{leg.instrument.strike:g}" for leg in order.legs)
    return f"{first.root} {first.expiry or ''} {strikes}"


def max_loss(order: Order) -> float:
    """Return the most that what an order opens can lose, fees included, USD.

    A condor its wider wing less the credit; a layer what it costs, or the distance of its strikes
    where it sells the dearer option; a future its price, as VIX cannot fall below nought.
    """
    strikes = [leg.instrument.strike for leg in order.legs]
    cost = max(-order.cash, 0.0)
    if order.sleeve == "condors":
        low, short_put, short_call, high = sorted(strikes)
        width = max(short_put - low, high - short_call)
        return order.quantity * 100.0 * width - order.cash
    if not order.legs[0].instrument.pays_premium:
        price = sum(abs(leg.ratio) * leg.price * leg.instrument.multiplier for leg in order.legs)
        return order.quantity * price + order.fees
    sold = max((-leg.ratio for leg in order.legs), default=0)
    dearer = order.legs[0].ratio == 2 * sold or order.legs[0].instrument.put_call == "P"
    gap = 100.0 * sold * (max(strikes) - min(strikes)) if dearer and sold > 0 else 0.0
    return max(cost, order.quantity * gap - order.cash)
