"""Where the desk stands: the rules in force, halted or not, the caps and what is left of them."""

from dataclasses import dataclass
from datetime import datetime
from math import floor

from alvh.desk.fold import Fold, Override, Proposal
from alvh.desk.moments import chicago_day
from alvh.desk.tickets import Ticket
from alvh.desk.versions import Caps, Version
from alvh.errors import GovernanceError
from alvh.ledger import Ledger, checked
from alvh.policy.models import CondorProgramme, HedgePolicy


@dataclass(frozen=True)
class Standing:
    """What may be ordered at a moment, and why not more.

    Attributes
    ----------
    at : datetime
        The moment, aware; never before the last event.
    version : Version or None
        The rules in force; None before the first version was signed.
    pending : Proposal or None
        What has all its signatures and waits for its notice to end.
    proposals : tuple of Proposal
        All that is proposed and not in force.
    halt : Override or None
        The halt in force, the latest of several.
    restrictions : tuple of Override
        The other overrides in force.
    differences : tuple of str
        In what book and broker disagree.
    orders_today : int
        Tickets of the day in Chicago, void ones included.
    hedge_spent : float
        Outlay for hedges of the last 365 days less what their sales brought, USD, never below 0.
    count, last : int, str
        Events that this rests on, and the hash of the last one.
    """

    at: datetime
    version: Version | None
    pending: Proposal | None
    proposals: tuple[Proposal, ...]
    halt: Override | None
    restrictions: tuple[Override, ...]
    differences: tuple[str, ...]
    orders_today: int
    hedge_spent: float
    count: int
    last: str

    @property
    def halted(self) -> bool:
        """Whether nothing may be opened until a new version is signed."""
        return self.halt is not None

    @property
    def hedge(self) -> HedgePolicy:
        """The hedge policy in force.

        Raises
        ------
        GovernanceError
            Where none is.
        """
        return self._in_force().hedge

    @property
    def condors(self) -> CondorProgramme:
        """The condor programme in force.

        Raises
        ------
        GovernanceError
            Where none is.
        """
        return self._in_force().condors

    @property
    def caps(self) -> Caps:
        """The caps in force.

        Raises
        ------
        GovernanceError
            Where none are.
        """
        return self._in_force().charter.caps

    @property
    def share(self) -> float:
        """Part of what the rules ask for that may be opened, 0 to 1."""
        if self.reason:
            return 0.0
        return min((one.share for one in self.restrictions), default=1.0)

    @property
    def reason(self) -> str:
        """Why nothing may be opened; empty where something may."""
        if self.halt is not None:
            return f"halted by {self.halt.by}, event {self.halt.number}: {self.halt.reason}"
        for one in self.restrictions:
            if one.action == "close":
                return f"close only until {one.until} by {one.by}, event {one.number}: {one.reason}"
        if self.version is None:
            return "no version of the rules is in force; propose and sign one"
        if not self.version.means_what_was_signed():
            return "this code reads more into the policies than was signed; propose them anew"
        return ""

    @property
    def reduction(self) -> str:
        """Which override leaves only a part of what the rules ask for; empty where none does."""
        for one in sorted(self.restrictions, key=lambda one: one.share):
            if one.action == "reduce":
                return (
                    f"reduced to {one.share:g} until {one.until} by {one.by}, event {one.number}: "
                    f"{one.reason}"
                )
        return ""

    @property
    def disagreement(self) -> str:
        """In what book and broker disagree, the first of it; empty where they do not."""
        if not self.differences:
            return ""
        more = len(self.differences) - 1
        return f"book and broker disagree: {self.differences[0]}" + (
            f", and {more} more" if more else ""
        )

    def forbids(self, opens: bool, asked: int) -> str:
        """Return why an order may not be issued at all; empty where it may, in part at least.

        Parameters
        ----------
        opens : bool
            Whether it opens something.
        asked : int
            Structures that the rule asks for.
        """
        if self.disagreement or not opens:
            return self.disagreement
        if self.allowed(asked) == 0:
            return self.reason or f"{self.reduction}; that leaves no whole structure of {asked}"
        return ""

    @property
    def orders_left(self) -> int:
        """Tickets that may still be issued on this day."""
        return max(0, self.caps.orders_per_day - self.orders_today) if self.version else 0

    def hedge_left(self, equity: float) -> float:
        """Return what may still be spent on hedges, USD, with ``equity`` USD."""
        return max(0.0, self.caps.hedge_spend_per_year * equity - self.hedge_spent)

    def condor_limit(self, equity: float) -> float:
        """Return the most that one condor may lose, USD, with ``equity`` USD."""
        return self.caps.condor_share * equity

    def allowed(self, asked: int) -> int:
        """Return how many of the ``asked`` structures of a rule may be opened."""
        return floor(self.share * asked)

    def _in_force(self) -> Version:
        if self.version is None:
            raise GovernanceError(self.reason)
        return self.version


def fold(ledger: Ledger, before: int | None = None) -> Fold:
    """Verify the chain of ``ledger`` and fold it, all of it or the events up to ``before``.

    Raises
    ------
    LedgerError
        Names the first event that is missing, altered, or breaks a rule that events keep.
    """
    ledger.check_guards()
    state = Fold()
    for event in checked(ledger.events()):
        if before is not None and event.number >= before:
            break
        state.take(event)
    return state


def standing(ledger: Ledger, at: datetime, before: int | None = None) -> Standing:
    """Return where the desk stands at a moment.

    Parameters
    ----------
    ledger : Ledger
        Verified on the way.
    at : datetime
        The moment, aware. What was recorded later counts too: a clock that is behind lifts no halt.
    before : int, optional
        Only events with a lower number count, as when a past decision is repeated.

    Raises
    ------
    LedgerError
        As for :func:`fold`.
    """
    return at_moment(fold(ledger, before), at)


def at_moment(state: Fold, at: datetime) -> Standing:
    """Return the standing that ``state`` comes to once time has passed until ``at``."""
    state.advance(at)
    now = state.clock or at
    day = chicago_day(now)
    return Standing(
        at=now,
        version=state.version,
        pending=state.pending,
        proposals=tuple(state.proposals.values()),
        halt=state.halt,
        restrictions=tuple(
            one for one in state.overrides if one.until is not None and day <= one.until
        ),
        differences=state.differences,
        orders_today=state.orders_on(day),
        hedge_spent=state.hedge_spent(now),
        count=state.count,
        last=state.last,
    )


def refusal(standing: Standing, ticket: Ticket, risk_today: float = 0.0) -> str:
    """Return why ``ticket`` may not be issued; empty where it may.

    Parameters
    ----------
    standing : Standing
        Where the desk stands.
    ticket : Ticket
        What shall be issued.
    risk_today : float
        What condors of the same structure that were opened today can lose, USD.
    """
    if standing.disagreement:
        return standing.disagreement
    if ticket.opens and standing.reason:
        return standing.reason
    if standing.version and standing.orders_left == 0:
        return f"all {standing.caps.orders_per_day} orders of the day were issued"
    return _beyond_caps(standing, ticket, risk_today) if ticket.opens else ""


def _beyond_caps(standing: Standing, ticket: Ticket, risk_today: float) -> str:
    most, equity = standing.allowed(ticket.asked), ticket.equity
    if ticket.quantity > most:
        return f"{ticket.quantity} are ordered of {most} allowed; the rule asked for {ticket.asked}"
    risk, limit = ticket.max_loss + risk_today, standing.condor_limit(equity)
    if ticket.sleeve == "condors" and risk > limit:
        return f"the condor can lose {risk:,.0f} USD of {limit:,.0f} allowed"
    left = standing.hedge_left(equity)
    if ticket.sleeve != "condors" and ticket.outlay > left:
        return f"the hedge may cost {ticket.outlay:,.0f} USD of {left:,.0f} left of the year's"
    return ""
