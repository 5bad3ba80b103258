"""The error tree.

A message says what was wanted, what it was, where, and what to do about it. Input is judged at
the border; a market that offers nothing suitable is not an error but a decision with a reason.
"""


class AlvhError(Exception):
    """Any refusal by this package; the command line prints it as one line and exits with 1."""


class DataError(AlvhError):
    """Market data that cannot be used as it is."""


class PolicyError(AlvhError):
    """A policy or programme file that is not valid."""


class PricingError(AlvhError):
    """A price that was asked for and cannot be given."""


class CalendarError(AlvhError):
    """A date outside the known calendars, or one that is not a session where one is needed."""


class LedgerError(AlvhError):
    """A ledger that cannot be written, or whose record does not hold together."""


class LedgerBusyError(LedgerError):
    """A ledger that another program kept locked for longer than is waited; nothing was recorded."""


class BookError(AlvhError):
    """A book, statement or ticket that cannot be right; the message names the line."""


class GovernanceError(AlvhError):
    """A change, an override or an order that the desk's own rules do not allow."""
