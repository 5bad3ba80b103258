"""What a broker would report had everything filled as it was decided: for paper trading and tests.

Fills, settlements, interest and the daily settlement of futures are the engine's own, so a book
that is fed with them is the backtest's book.
"""

from collections.abc import Iterator

from alvh.advise.instrument import Instrument
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
    entries = [*_settled(decision), *_filled(decision), *_swept(decision)]
    interest = Flow(decision.as_of, "interest", decision.interest, f"paper {decision.as_of} i")
    found: list[Entry] = [interest, *entries]
    variation = decision.cash_change - sum(entry.cash for entry in found)
    if abs(variation) > _CENT:
        found.append(Flow(decision.as_of, "variation", variation, f"paper {decision.as_of} v"))
    return tuple(found)


def _swept(decision: Decision) -> Iterator[Fill]:
    """Yield what moves between cash and the index fund, at the close."""
    if decision.index_change != 0.0:
        close = decision.panel["spx"]
        yield Fill(
            decision.as_of, "condors", f"{decision.as_of:%Y%m%d}-index", Instrument("INDEX", None),
            decision.index_change, float(close or 0.0), key=f"paper {decision.as_of} index",
        )  # fmt: skip


def _settled(decision: Decision) -> Iterator[Fill]:
    for number, one in enumerate(decision.decided.settlements):
        yield Fill(
            decision.as_of, one.sleeve, "", one.instrument, -one.quantity, one.value, settles=True,
            key=f"paper {decision.as_of} {one.sleeve} {one.instrument.symbol} {number}",
        )  # fmt: skip


def _filled(decision: Decision) -> Iterator[Fill]:
    for order in decision.orders:
        for leg in order.legs:
            yield Fill(
                decision.as_of, order.sleeve, order.name, leg.instrument,
                order.quantity * leg.ratio, leg.price, leg.fees, closes=order.closes,
                key=f"paper {order.name} {leg.instrument.symbol}",
            )  # fmt: skip
