"""The fold: events in their order, one after the other, into the state of the desk."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError

from alvh.desk import kinds
from alvh.desk.moments import chicago_day, read_moment
from alvh.desk.tickets import Ticket
from alvh.desk.versions import Charter, Version, differences, read_version
from alvh.errors import LedgerError
from alvh.ledger import GENESIS, Event

Action = Literal["halt", "reduce", "close"]


@dataclass(frozen=True)
class Override:
    """A decision of a person, which can only lower risk.

    Attributes
    ----------
    number, sha256 : int, str
        The event that recorded it.
    at : datetime
        When.
    action : {"halt", "reduce", "close"}
        Nothing is opened until a new version says so; less is opened; nothing is opened.
    reason, by : str
        Why, and who.
    share : float
        Part of what the rule asks for that may be opened, 0 to below 1.
    until : date or None
        Last day in Chicago on which it holds; None for a halt.
    """

    number: int
    sha256: str
    at: datetime
    action: Action
    reason: str
    by: str
    share: float
    until: date | None


@dataclass(frozen=True)
class Proposal:
    """A version that is not in force, who signed it, and when it takes effect.

    Attributes
    ----------
    version : Version
        What is proposed.
    number : int
        The event that proposed it.
    signers : tuple of str
        Public keys whose signatures are recorded.
    effective : datetime or None
        From when it holds; None while signatures are missing.
    """

    version: Version
    number: int
    signers: tuple[str, ...] = ()
    effective: datetime | None = None


@dataclass(frozen=True)
class Ticketed:
    """A ticket with the moment of its event and what became of it.

    Attributes
    ----------
    ticket : Ticket
        As recorded.
    at : datetime
        When.
    void : bool
        Whether what is not filled never will be.
    paid, received : float
        What its fills cost and brought, USD.
    """

    ticket: Ticket
    at: datetime
    void: bool = False
    paid: float = 0.0
    received: float = 0.0

    @property
    def cost(self) -> float:
        """What it cost or, while it may still be filled, may cost, USD."""
        return self.paid if self.void else max(self.paid, self.ticket.outlay)


@dataclass
class Fold:
    """The state of the desk after the events taken in so far."""

    clock: datetime | None = None
    version: Version | None = None
    proposals: dict[str, Proposal] = field(default_factory=dict)
    pending: Proposal | None = None
    overrides: list[Override] = field(default_factory=list)
    halt: Override | None = None
    decisions: set[str] = field(default_factory=set)
    tickets: dict[str, Ticketed] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    count: int = 0
    last: str = GENESIS
    keys: set[str] = field(default_factory=set)  # of every version that ever was in force

    def take(self, event: Event) -> None:
        """Take in the next event.

        Raises
        ------
        LedgerError
            Where the event is of a kind known here and breaks a rule that was judged before it was
            recorded, so that something else must have recorded it.
        """
        self.count, self.last = event.number, event.sha256
        content = _content_of_known_kind(event)
        if content is None:
            return
        try:
            self.advance(read_moment(content["at"]))
            _STEPS[content["kind"]](self, event, content)
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise LedgerError(
                f"event {event.number} is no {content['kind']} that this code can read: "
                f"{' '.join(str(error).split())}; keep the file, use the code that recorded it"
            ) from error

    def advance(self, at: datetime) -> None:
        """Let time pass until ``at``; what has waited long enough takes effect."""
        self.clock = at if self.clock is None else max(self.clock, at)
        waiting = self.pending
        if waiting and waiting.effective and waiting.effective <= self.clock:
            self._put_in_force(waiting.version)

    def _put_in_force(self, version: Version) -> None:
        self.version, self.pending, self.proposals = version, None, {}
        self.keys |= version.charter.vouching
        if self.halt is not None and version.resumes == self.halt.sha256:
            self.halt = None

    def judging_charter(self, version: Version) -> Charter:
        """Return the charter whose keys must sign ``version``: the one in force, or its own."""
        return self.version.charter if self.version else version.charter

    def _propose(self, event: Event, content: dict[str, Any]) -> None:
        version = read_version(content["document"], f"event {event.number}")
        if version.sha256 != content["version"]:
            raise ValueError("its document has another hash than it says")
        self.proposals[version.sha256] = Proposal(version, event.number)

    def _sign(self, event: Event, content: dict[str, Any]) -> None:
        proposal = self.proposals[content["version"]]
        version, key = proposal.version, content["key"]
        charter = self.judging_charter(version)
        if key not in charter.keys.values():
            raise ValueError(f"the key {key} is not one of the desk's")
        if not version.is_signed_by(key, content["signature"]):
            raise ValueError("its signature is not that of the version")
        signers = tuple(dict.fromkeys((*proposal.signers, key)))
        proposal = replace(proposal, signers=signers)
        if proposal.effective is None and len(signers) >= charter.signatures:
            now = read_moment(content["at"])
            proposal = replace(proposal, effective=self._effective(version, charter, now))
            self.pending = proposal
        self.proposals[version.sha256] = proposal
        self.advance(read_moment(content["at"]))

    def _effective(self, version: Version, charter: Charter, signed: datetime) -> datetime:
        """Notice is of a change: the first version, and one that only resumes, need none."""
        if self.version is None or not differences(self.version, version):
            return signed
        return signed + timedelta(days=charter.notice_days)

    def _override(self, event: Event, content: dict[str, Any]) -> None:
        action = content["action"]
        if action not in ("halt", "reduce", "close"):
            raise ValueError(f"its action is {action!r}")
        override = Override(
            number=event.number,
            sha256=event.sha256,
            at=read_moment(content["at"]),
            action=action,
            reason=content["reason"],
            by=content["by"],
            share=float(content["share"]) if action == "reduce" else 0.0,
            until=None if action == "halt" else date.fromisoformat(content["until"]),
        )
        self.overrides.append(override)
        if action == "halt":
            self.halt = override

    def _decide(self, event: Event, content: dict[str, Any]) -> None:
        self.decisions.add(event.sha256)

    def _ticket(self, event: Event, content: dict[str, Any]) -> None:
        fields = {name: content[name] for name in Ticket.model_fields}
        ticket = Ticket.model_validate(fields)
        if ticket.ticket in self.tickets:
            raise ValueError(f"the ticket {ticket.ticket} was issued before")
        self.tickets[ticket.ticket] = Ticketed(ticket, read_moment(content["at"]))

    def _void(self, event: Event, content: dict[str, Any]) -> None:
        name = content["ticket"]
        self.tickets[name] = replace(self.tickets[name], void=True)

    def _fill(self, event: Event, content: dict[str, Any]) -> None:
        held = self.tickets.get(content["ticket"])
        if held is None:  # a fill of the broker's that no ticket asked for; reconciliation shows it
            return
        cash = float(content["cash"])
        self.tickets[held.ticket.ticket] = replace(
            held, paid=held.paid - min(cash, 0.0), received=held.received + max(cash, 0.0)
        )

    def _reconcile(self, event: Event, content: dict[str, Any]) -> None:
        self.differences = tuple(content["differences"])

    def orders_on(self, day: date) -> int:
        """Return the count of tickets of a day in Chicago."""
        return sum(chicago_day(held.at) == day for held in self.tickets.values())

    def risk_on(self, day: date, instrument: str) -> float:
        """Return what the condors of one structure opened on a day can lose, USD."""
        return sum(
            held.ticket.max_loss
            for held in self.tickets.values()
            if held.ticket.opens
            and held.ticket.sleeve == "condors"
            and held.ticket.instrument == instrument
            and chicago_day(held.at) == day
        )

    def hedge_spent(self, at: datetime) -> float:
        """Return the net outlay for hedges of the 365 days to ``at``, USD; a gain is no credit."""
        since, spent = at - timedelta(days=365), 0.0
        for held in self.tickets.values():
            if held.ticket.sleeve != "condors" and held.at > since:
                change = held.cost if held.ticket.opens else -held.received
                spent = max(0.0, spent + change)
        return spent


_STEPS: dict[str, Callable[[Fold, Event, dict[str, Any]], None]] = {
    kinds.VERSION_PROPOSED: Fold._propose,
    kinds.VERSION_SIGNED: Fold._sign,
    kinds.OVERRIDE: Fold._override,
    kinds.DECISION: Fold._decide,
    kinds.TICKET: Fold._ticket,
    kinds.TICKET_VOID: Fold._void,
    kinds.FILL: Fold._fill,
    kinds.RECONCILIATION: Fold._reconcile,
}
_MARKS = tuple(f'"kind":"{kind}"' for kind in _STEPS)


def _content_of_known_kind(event: Event) -> dict[str, Any] | None:
    """Return the content of an event that has a meaning here; most have not and stay unparsed."""
    if not any(mark in event.body for mark in _MARKS):
        return None
    content = event.content
    return content if content.get("kind") in _STEPS else None
