"""The ideas of the method as numbers: one column per idea, known by the close of its day.

What lives here: indicators, breadth, the term structure of volatility, implied against realised,
scheduled events and the wider economy, each read from a ``History`` into a ``Reading``, and the
``SignalTable`` that sets them side by side with their standard score, their age and what they rest
on. ``catalogue`` says of every signal what it measures, in which unit, where it acts and why its
sign.

What does not: decisions. A signal knows no layer's weight and no order; whether a score moves
anything is the policy's say, and the session's delay between a reading and a trade is the
engine's. Nothing here reads a file or asks for the time.

The one idea: the row of a session is a function of what was published by its close. Windows look
back and are summed afresh, averages walk forward, nothing is standardised on the whole; so a table
of a shortened history is the beginning of the table of the long one, to the bit. What is absent
is NaN, never zero.
"""

from alvh.signals.catalogue import NAMES, SIGNALS, Signal, signal
from alvh.signals.reading import Reading
from alvh.signals.table import SignalColumn, SignalRow, SignalTable, signal_table

__all__ = [
    "NAMES",
    "SIGNALS",
    "Reading",
    "Signal",
    "SignalColumn",
    "SignalRow",
    "SignalTable",
    "signal",
    "signal_table",
]
