"""What a contract is: its symbol, its dated facts, and the rules that follow from them.

Here live the option symbol (``osi``), the tables of dated facts with the source of every row
(``facts``), the scalar rules the compiled engine asks (``rules``: tick, strike lattice, fee,
margin) and the half-spread models of SPX and VIX options. Not here: which expiries exist (that is
``alvh.calendars``), what an option is worth (``alvh.kernel``) and what was quoted
(``alvh.market``).

The one idea: a contract's terms are data with a date. A backtest over twenty years crosses four
tick sizes and half a dozen fee schedules; none of them may be a constant in the code. So every
number is a row of ``facts`` that says from when it holds, where it was read, and, where nobody
could tell the exact day, that it could not.

This package imports nothing but the error tree, and importing it compiles nothing.
"""

from alvh.contracts.facts import CONTRACTS, ContractFacts, contract_facts
from alvh.contracts.osi import OptionSymbol, format_osi, parse_osi

__all__ = [
    "CONTRACTS",
    "ContractFacts",
    "OptionSymbol",
    "contract_facts",
    "format_osi",
    "parse_osi",
]
