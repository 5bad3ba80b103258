"""The kinds of event that the desk records, and what stands in each beside ``kind`` and ``at``."""

from typing import Final

VERSION_PROPOSED: Final = "version.proposed"
"""``document`` (see :mod:`alvh.desk.versions`), ``version`` (its SHA-256), ``differences``."""

VERSION_SIGNED: Final = "version.signed"
"""``version``, ``key`` and ``signature``, all hexadecimal."""

OVERRIDE: Final = "override"
"""``action`` (halt, reduce, close), ``reason``, ``by``; the last two actions also ``until``, the
last day they hold (ISO), and reduce the ``share`` of what the rule asks for that may be opened."""

DECISION: Final = "decision"
"""What the rules decided for a session, with policy hash, data digest and code version."""

TICKET: Final = "ticket"
"""The fields of :class:`alvh.desk.tickets.Ticket`, and ``order``, whatever else describes it."""

TICKETS_REFUSED: Final = "tickets.refused"
"""``decision`` (SHA-256) and ``refused``: why a halt or a restriction left an order without a
ticket when tickets were asked for, by the order's name."""

TICKET_VOID: Final = "ticket.void"
"""``ticket`` and ``reason``: it was not filled, in whole or in the rest, and never will be."""

FILL: Final = "fill"
"""``ticket`` and ``cash``, USD, received positive and paid negative, after fees."""

RECONCILIATION: Final = "reconciliation"
"""``differences``: lines in which book and broker disagree; empty once they agree."""

ALERT: Final = "alert"
"""``key`` (raised once), ``about`` and ``text``."""

ALERT_DELIVERED: Final = "alert.delivered"
"""``key`` of an alert that arrived at every destination."""

NOTE: Final = "note"
"""``ticket``, ``text`` and ``by``: what somebody thought of it."""
