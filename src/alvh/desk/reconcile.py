"""What was filled, held against what was ordered; where they differ the next ticket waits."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from math import isfinite

from alvh.advise.instrument import Instrument
from alvh.advise.orders import Order, read_order
from alvh.desk import kinds
from alvh.desk.book import Book
from alvh.desk.entries import UNASSIGNED, Fill
from alvh.desk.fold import Fold, Ticketed
from alvh.desk.recording import record
from alvh.desk.standing import fold
from alvh.errors import BookError, GovernanceError
from alvh.ledger import Event, Ledger

_TOLERANCE = 0.005  # points a structure by which a mean of fills may miss its limit
_CENT = 0.005
REMEDY = "`alvh fills import` what was filled, or `alvh fills void` the ticket"


def ticketed(ledger: Ledger) -> tuple[Order, ...]:
    """Return the orders of all tickets that were issued and not made void.

    Raises
    ------
    LedgerError
        If the chain does not hold, or a ticket of it cannot be read.
    """
    return _ticketed(ledger, fold(ledger))


def _ticketed(ledger: Ledger, state: Fold) -> tuple[Order, ...]:
    void = {name for name, held in state.tickets.items() if held.void}
    found = []
    for event in ledger.events():
        if f'"kind":"{kinds.TICKET}"' not in event.body:
            continue
        told = event.content
        if told["kind"] == kinds.TICKET and told["ticket"] not in void and told["order"]["legs"]:
            found.append(read_order(told["order"]))
    return tuple(found)


def differences(
    orders: Sequence[Order], book: Book, cash: float | None = None, void: Collection[str] = ()
) -> tuple[str, ...]:
    """Return in what tickets and book disagree.

    Parameters
    ----------
    orders : sequence of Order
        Tickets that were issued and not made void.
    book : Book
        Its trades from the day of the first ticket on are looked at.
    cash : float, optional
        What the broker says, USD.
    void : collection of str
        Tickets that were made void; what was filled of them before is no difference.

    Returns
    -------
    tuple of str
        One line each; empty where all agree.

    Raises
    ------
    BookError
        If ``cash`` is no amount: nothing would differ from it.
    """
    if cash is not None and not isfinite(cash):
        raise BookError(f"cash of {cash} USD at the broker is no amount; write what it states")
    found = list(_of_tickets(orders, book, void))
    for (sleeve, instrument), quantity in book.folded().positions().items():
        if sleeve == UNASSIGNED:
            found.append(f"{quantity:+g} {instrument} belong to no sleeve")
    held = book.folded().cash
    if cash is not None and abs(cash - held) > _CENT:
        found.append(f"cash is {held:,.2f} USD in the book and {cash:,.2f} at the broker")
    return tuple(found)


def unreconciled(ledger: Ledger, book: Book, session: date) -> tuple[str, ...]:
    """Return in what the tickets of earlier sessions and a book disagree, recorded or not.

    Parameters
    ----------
    ledger : Ledger
        Its tickets, but for those made void, must be filled in the book as they were ordered; of
        those made void the book must have what was recorded as filled.
    book : Book
        As it was before ``session``: rows of that day and later ones are not looked at.
    session : datetime.date

    Returns
    -------
    tuple of str
        One line each; empty where nothing of earlier sessions is open.

    Raises
    ------
    LedgerError
        If the chain does not hold, or a ticket of it cannot be read.
    """
    state = fold(ledger)
    orders = [order for order in _ticketed(ledger, state) if _day(order.name) < session]
    void = {name: held for name, held in state.tickets.items() if held.void}
    before = replace(book, entries=tuple(one for one in book.entries if one.on < session))
    found = list(_of_tickets(orders, before, void))
    for name, held in void.items():
        recorded = held.received - held.paid
        missing = recorded - cash_of(before, name)
        if recorded != 0.0 and _day(name) < session and abs(missing) > 2 * _CENT:
            found.append(f"{name}: fills of {missing:+,.2f} USD are recorded and not in the book")
    return tuple(found)


def cash_of(book: Book, ticket: str) -> float:
    """Return what the fills of a ticket brought, USD after fees; negative where they cost."""
    return sum(
        one.cash
        for one in book.entries
        if isinstance(one, Fill) and one.order == ticket and not one.settles
    )


def _of_tickets(orders: Sequence[Order], book: Book, void: Collection[str]) -> Iterator[str]:
    fills = [entry for entry in book.entries if isinstance(entry, Fill) and not entry.settles]
    named = {order.name for order in orders} | set(void)
    since = min((_day(order.name) for order in orders), default=date.max)
    for order in orders:
        yield from _of_ticket(order, fills)
    for fill in fills:
        if fill.on >= since and fill.order not in named:
            yield (
                f"{fill.quantity:+g} {fill.instrument} on {fill.on} is on no ticket "
                f"({fill.where or fill.order})"
            )


def _day(ticket: str) -> date:
    """Return the session that a ticket is named for."""
    return datetime.strptime(ticket[:8], "%Y%m%d").date()


def _of_ticket(order: Order, fills: Sequence[Fill]) -> Iterator[str]:
    mine = [fill for fill in fills if fill.order == order.name]
    filled = dict[Instrument, float]()
    for fill in mine:
        filled[fill.instrument] = filled.get(fill.instrument, 0.0) + fill.quantity
    for leg in order.legs:
        wanted, got = order.quantity * leg.ratio, filled.pop(leg.instrument, 0.0)
        if got != wanted:
            yield f"{order.name}: {got:+g} of {wanted:+d} {leg.instrument} filled"
    for instrument, quantity in filled.items():
        yield f"{order.name}: {quantity:+g} {instrument} filled, which is not on it"
    received = -sum(fill.quantity * fill.price for fill in mine) / order.quantity
    if mine and received < float(order.limit.received) - _TOLERANCE:
        yield f"{order.name}: filled at {received:+.4f} a structure, the limit is {order.limit}"


def reconcile(
    ledger: Ledger, book: Book, at: datetime, cash: float | None = None
) -> tuple[str, ...]:
    """Record what was filled and in what tickets and book disagree.

    What of a ticket's fills is recorded already is not recorded again, so that it may be called
    anew after a crash.

    Parameters
    ----------
    ledger : Ledger
    book : Book
        With the fills taken in.
    at : datetime
        The moment, aware.
    cash : float, optional
        What the broker says, USD.

    Returns
    -------
    tuple of str
        The differences. While there are any, no ticket is issued.

    Raises
    ------
    BookError
        If ``cash`` is no amount.
    LedgerError
        If the chain does not hold or the disk refuses.
    """
    state, orders = fold(ledger), ticketed(ledger)
    void = {name for name, held in state.tickets.items() if held.void}
    found = differences(orders, book, cash, void)
    for name, held in state.tickets.items():
        due = round(cash_of(book, name) - (held.received - held.paid), 2)
        if due != 0.0:
            record(ledger, kinds.FILL, {"ticket": name, "cash": due}, at, _unless_changed(held))
    if found != state.differences:
        record(ledger, kinds.RECONCILIATION, {"differences": list(found)}, at)
    return found


def _unless_changed(held: Ticketed) -> Callable[[Fold], None]:
    """Refuse a fill that was reckoned before another program recorded one of the same ticket."""

    def judge(state: Fold) -> None:
        if state.tickets[held.ticket.ticket] != held:
            raise GovernanceError(
                f"fills of {held.ticket.ticket} were recorded meanwhile; run the command again"
            )

    return judge


def make_void(ledger: Ledger, ticket: str, reason: str, at: datetime) -> Event:
    """Record that what is not filled of a ticket never will be.

    Raises
    ------
    GovernanceError
        If there is no such ticket, it is void already, or no reason is given.
    """
    held = fold(ledger).tickets.get(ticket)
    if held is None or held.void or not reason.strip():
        fault = "needs a reason" if held and not held.void else "is not open"
        raise GovernanceError(f"ticket {ticket} {fault}; look at `alvh ledger show --kind ticket`")
    return record(ledger, kinds.TICKET_VOID, {"ticket": ticket, "reason": reason}, at)
