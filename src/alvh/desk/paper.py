"""What a broker would report had everything filled as it was decided: for paper trading and tests.

Fills, settlements, interest and the daily settlement of futures are the engine's own, so a book
that is fed with them is the backtest's book.
"""

from collections.abc import Iterator

from alvh.advise.today import Decision
from alvh.desk.entries import Entry, Fill, Flow

_CENT = 0.005


def as_decided(decision: Decision) -> tuple[Entry, ...]:
    """Return the entries of one decision's day, everything filled at its limits.

    Parameters
    ----------
    decision : Decision

    Returns
    -------
    tuple of Fill and Flow
    """
    entries = [*_settled(decision), *_filled(decision)]
    found: list[Entry] = [Flow(decision.as_of, "interest", decision.interest), *entries]
    variation = decision.cash_change - sum(entry.cash for entry in found)
    if abs(variation) > _CENT:
        found.append(Flow(decision.as_of, "variation", variation))
    return tuple(found)


def _settled(decision: Decision) -> Iterator[Fill]:
    for one in decision.decided.settlements:
        yield Fill(
            decision.as_of, one.sleeve, "", one.instrument, -one.quantity, one.value, settles=True
        )


def _filled(decision: Decision) -> Iterator[Fill]:
    for order in decision.orders:
        for leg in order.legs:
            yield Fill(
                decision.as_of, order.sleeve, order.name, leg.instrument,
                order.quantity * leg.ratio, leg.price, leg.fees, closes=order.closes,
            )  # fmt: skip
