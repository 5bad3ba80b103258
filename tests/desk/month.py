"""A book that lives through a stretch of history, one evening at a time."""

from collections.abc import Iterator

import rfc8785

import alvh
from alvh.advise.orders import Decided, decided
from alvh.advise.today import Decision
from alvh.desk.book import Book
from alvh.desk.entries import Fill, Flow
from alvh.desk.paper import as_decided
from alvh.result import Result


def days_of(result: Result) -> list:
    return result.dates.astype(object).tolist()


def begin(result: Result, sessions: int) -> Book:
    """The book after some sessions of a backtest, its fills from the backtest's own log.

    What futures paid and interest is one flow a day: the cash that fills do not explain.
    """
    book = Book("main", (Flow(days_of(result)[0], "deposit", float(result.meta["equity"])),))
    for t, day in enumerate(days_of(result)[:sessions]):
        done = decided(result.logs, result.counts, t, day)
        rows = [
            Fill(day, one.sleeve, "", one.instrument, -one.quantity, one.value, settles=True)
            for one in done.settlements
        ] + [
            Fill(day, order.sleeve, order.name, leg.instrument, order.quantity * leg.ratio,
                 leg.price, leg.fees)
            for order in done.orders for leg in order.legs
        ]  # fmt: skip
        book = book.add(rows)
        book = book.add([Flow(day, "variation", float(result.cash[t]) - book.folded().cash)])
    return book


def live(
    history: alvh.History,
    book: Book,
    policy: object,
    programme: object,
    days: list,
    improvement: float = 0.0,
) -> Iterator[tuple[Decision, Book]]:
    """Decide each session, fill it as decided, and hand on decision and book."""
    for day in days:
        decision = alvh.today(history, book, policy, programme, as_of=day, improvement=improvement)
        book = book.add(as_decided(decision)).remember(decision.memory)
        yield decision, book


def canonical(done: Decided) -> bytes:
    return rfc8785.dumps(done.plain())
