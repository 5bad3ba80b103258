"""From a decision to tickets: recorded first, judged one by one, written last.

A session is decided once. A second decision of it that is the same changes nothing and lets the
tickets be written again, as after a crash; one that is another is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from alvh.advise.account import Account, Memory, read_memory
from alvh.advise.orders import Order, read_order
from alvh.advise.today import Decision, today
from alvh.desk import kinds
from alvh.desk.book import Book
from alvh.desk.book_files import write_text
from alvh.desk.forms import OrderForm, form_of
from alvh.desk.forms.ibkr import basket
from alvh.desk.forms.tastytrade import order_json
from alvh.desk.forms.thinkorswim import order_line
from alvh.desk.recording import issue, record
from alvh.desk.standing import fold, standing
from alvh.desk.tickets import Ticket
from alvh.engine import DEFAULT_FILL
from alvh.errors import BookError, GovernanceError
from alvh.ledger import Event, Ledger
from alvh.market.history import History


@dataclass(frozen=True)
class Issued:
    """What became of the orders of a decision.

    Attributes
    ----------
    orders : tuple of Order
        Those with a ticket, for as many structures as are allowed.
    refused : dict of str to str
        Why the others have none, by name.
    """

    orders: tuple[Order, ...]
    refused: dict[str, str]


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
        *No trade* where book and tickets disagree.

    Raises
    ------
    GovernanceError
        If no version of the rules is in force.
    """
    now = standing(ledger, at)
    session = as_of or history.dates[-1].astype(object)
    memory = last_memory(ledger, session)
    held = book if memory is None else book.remember(memory)
    wrong = tuple(f"book and tickets disagree: {line}" for line in now.differences)
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
        If another decision of the session is recorded.
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
        If another decision of the session is recorded.
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
    return None


def _decisions(ledger: Ledger) -> Iterator[Event]:
    for event in ledger.events():
        if f'"kind":"{kinds.DECISION}"' in event.body and event.content["kind"] == kinds.DECISION:
            yield event


def last_memory(ledger: Ledger, before: date) -> Memory | None:
    """Return what the last recorded decision of a session before ``before`` left; None if none."""
    found = None
    for event in _decisions(ledger):
        told = event.content
        if told.get("memory") and date.fromisoformat(told["as_of"]) < before:
            found = read_memory(told["memory"])
    return found


def issue_tickets(ledger: Ledger, decision: Decision, event: Event, at: datetime) -> Issued:
    """Issue a ticket for every order that the desk's standing allows.

    What closes comes first, so that it is not crowded out. A ticket that was issued for this
    decision before is not issued again: it is handed back.

    Parameters
    ----------
    ledger : Ledger
    decision : Decision
    event : Event
        The decision as recorded.
    at : datetime
        The moment, aware.

    Returns
    -------
    Issued
    """
    orders, refused = list[Order](), dict[str, str]()
    for order in sorted(decision.orders, key=lambda order: order.opens):
        held = fold(ledger).tickets.get(order.name)
        if held is not None and held.ticket.decision == event.sha256:
            orders.append(resized(order, held.ticket.quantity))
            continue
        now = standing(ledger, at)
        allowed = now.allowed(order.quantity) if order.opens else order.quantity
        if allowed == 0:
            refused[order.name] = now.reason or "the restriction in force leaves no whole structure"
            continue
        cut = resized(order, allowed)
        try:
            content = cut.plain() | {"closes": order.closes}
            issue(ledger, ticket_of(cut, order.quantity, decision, event.sha256), content, at)
        except GovernanceError as error:
            refused[order.name] = str(error)
        else:
            orders.append(cut)
    return Issued(tuple(orders), refused)


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


def write_tickets(folder: Path, orders: Sequence[Order]) -> dict[str, str]:
    """Write tickets in every form; return what a form could not say, by file.

    ``basket.csv`` for Interactive Brokers, one ``NAME.json`` each for tastytrade, and
    ``thinkorswim.txt`` with a line each.

    Raises
    ------
    BookError
        If the folder cannot be written.
    """
    forms, unsaid = list[OrderForm](), dict[str, str]()
    for order in orders:
        try:
            forms.append(form_of(order))
        except BookError as error:
            unsaid[order.name] = str(error)
    if not forms:
        return unsaid
    write_text(folder / "basket.csv", basket(forms))
    lines = []
    for form in forms:
        try:
            write_text(folder / f"{form.name}.json", order_json(form) + "\n")
            lines.append(order_line(form))
        except BookError as error:
            unsaid[form.name] = str(error)
    if lines:
        write_text(folder / "thinkorswim.txt", "\n".join(lines) + "\n")
    return unsaid


def ticketed(ledger: Ledger) -> tuple[Order, ...]:
    """Return the orders of all tickets that were issued and not made void.

    Raises
    ------
    LedgerError
        If the chain does not hold, or a ticket of it cannot be read.
    """
    void = {name for name, held in fold(ledger).tickets.items() if held.void}
    found = []
    for event in ledger.events():
        if f'"kind":"{kinds.TICKET}"' not in event.body:
            continue
        told = event.content
        if told["kind"] == kinds.TICKET and told["ticket"] not in void and told["order"]["legs"]:
            found.append(read_order(told["order"]))
    return tuple(found)
