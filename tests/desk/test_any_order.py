"""No sequence of commands raises risk while halted or breaks a cap.

The judge knows nothing of the fold: it reads the events that came to be recorded, one by one, with
the plainest rules that could be written down.
"""

import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from alvh.desk.audit import audit
from alvh.desk.governance import close_only, halt, propose, reduce, resume, sign
from alvh.desk.recording import issue, record
from alvh.desk.standing import standing
from alvh.desk.tickets import Ticket
from alvh.desk.versions import Caps, Charter
from alvh.errors import GovernanceError
from alvh.ledger import Ledger, create_key
from alvh.policy import load_policy, load_programme

START = datetime(2020, 3, 2, 20, 0, tzinfo=UTC)
EQUITY = 1_000_000.0
NOTICE = 3
CAPS = Caps(condor_share=0.10, hedge_spend_per_year=0.02, orders_per_day=4)
TIGHTER = Caps(condor_share=0.05, hedge_spend_per_year=0.01, orders_per_day=3)
RULES = load_policy("alvh-40-40-20"), load_programme("monthly45")


class AnyOrder(RuleBasedStateMachine):
    """People, programs and restarts, in any order."""

    @initialize()
    def found(self) -> None:
        """Put a first version of two of three keys in force."""
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.keys = [create_key(path / name) for name in ("ann", "bob", "cyd")]
        publics = {f"k{n}": key.public for n, key in enumerate(self.keys)}
        self.charter = Charter(keys=publics, signatures=2, notice_days=NOTICE, caps=CAPS)
        self.ledger, self.at, self.count = Ledger(path / "ledger.db"), START, 0
        version = propose(self.ledger, *RULES, self.charter, START)
        for key in self.keys[:2]:
            sign(self.ledger, version.sha256, key, START)
        self.decision = record(self.ledger, "decision", {}, START).sha256

    def _attempt(self, act: Any, *words: Any) -> None:
        with suppress(GovernanceError):
            act(self.ledger, *words)

    def _order(self, **fields: Any) -> None:
        """Ask for a ticket; whether it is issued is the desk's to say."""
        self.count += 1
        plain = {"opens": True, "quantity": 1, "asked": 1, "max_loss": 0.0, "outlay": 0.0}
        ticket = Ticket.model_validate(
            {
                **plain,
                "ticket": f"t{self.count}",
                "decision": self.decision,
                "equity": EQUITY,
                **fields,
            }
        )
        self._attempt(issue, ticket, {}, self.at)

    @rule(losses=st.lists(st.sampled_from([20e3, 60e3, 101e3]), min_size=1, max_size=3))
    def sell_condors(self, losses: list[float]) -> None:
        """Open condors of one structure, several times."""
        for loss in losses:
            self._order(sleeve="condors", instrument="a", max_loss=loss)

    @rule(outlays=st.lists(st.sampled_from([2e3, 9e3]), min_size=1, max_size=3))
    def buy_hedges(self, outlays: list[float]) -> None:
        """Open hedges."""
        for outlay in outlays:
            self._order(sleeve="short", instrument="call", outlay=outlay)

    @rule(quantity=st.integers(1, 4), asked=st.integers(1, 4))
    def order_many(self, quantity: int, asked: int) -> None:
        """Open more or less than the rule asked for."""
        self._order(sleeve="condors", instrument="c", quantity=quantity, asked=asked)

    @rule(sleeve=st.sampled_from(["condors", "short"]))
    def close(self, sleeve: str) -> None:
        """Close something."""
        self._order(sleeve=sleeve, instrument="d", opens=False)

    @rule(cash=st.sampled_from([-1_500.0, 4_000.0]), back=st.integers(0, 5))
    def fill(self, cash: float, back: int) -> None:
        """Fill one of the last tickets."""
        content = {"ticket": f"t{self.count - back}", "cash": cash}
        record(self.ledger, "fill", content, self.at)

    @rule(action=st.sampled_from(["halt", "reduce", "close"]), days=st.sampled_from([0, 0, 2]))
    def override(self, action: str, days: int) -> None:
        """Lower the risk that may be taken."""
        until = START.date() + timedelta(days=(self.at - START).days + days)
        if action == "halt":
            halt(self.ledger, "stop", "ann", self.at)
        elif action == "reduce":
            self._attempt(reduce, 0.5, until, "careful", "ann", self.at)
        else:
            self._attempt(close_only, until, "careful", "ann", self.at)

    @rule(signers=st.sampled_from([1, 2, 2]))
    def go_on(self, signers: int) -> None:
        """Try to resume, with one key or two."""
        self._attempt(resume, self.keys[0], self.at)
        if signers == 2:
            self.second(1)

    @rule(caps=st.sampled_from([CAPS, TIGHTER]), signers=st.integers(0, 2))
    def change(self, caps: Caps, signers: int) -> None:
        """Propose other caps, and have them signed by none, one or two."""
        charter = self.charter.model_copy(update={"caps": caps})
        self._attempt(propose, *RULES, charter, self.at)
        for who in range(signers):
            self.second(who)

    def second(self, who: int) -> None:
        """Sign whatever was proposed last."""
        for one in standing(self.ledger, self.at).proposals[-1:]:
            self._attempt(sign, one.version.sha256, self.keys[who], self.at)

    @rule(hours=st.sampled_from([1, 1, 7, 24, 24 * NOTICE, 24 * 364]))
    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.at += timedelta(hours=hours)

    @rule()
    def restart(self) -> None:
        """Close the file and open it again."""
        path = self.ledger.path
        self.ledger.close()
        self.ledger = Ledger(path, "write")

    def teardown(self) -> None:
        """Judge all that was recorded, and audit the ledger."""
        judge = _Judge()
        for event in self.ledger.events():
            judge.read(event.sha256, event.content)
        audit(self.ledger)
        self.ledger.close()
        self.folder.cleanup()


class _Judge:
    """Reads the events of the machine above and objects to what may not stand there."""

    def __init__(self) -> None:
        self.caps: Any = None
        self.halted: str | None = None
        self.versions: dict[str, Any] = {}
        self.signers: dict[str, set[str]] = {}
        self.effective: list[tuple[datetime, str]] = []
        self.overrides: list[Any] = []
        self.tickets: list[tuple[datetime, Any]] = []
        self.cash: dict[str, list[float]] = {}
        self.version: str | None = None

    def read(self, sha256: str, event: dict[str, Any]) -> None:
        at = datetime.fromisoformat(event["at"])
        self._mature(at)
        kind = event["kind"]
        if kind == "version.proposed":
            self.versions[event["version"]] = event["document"]
        elif kind == "version.signed":
            self._signed(event, at)
        elif kind == "override" and event["action"] == "halt":
            self.halted = sha256
        elif kind == "override":
            self.overrides.append(event)
        elif kind == "fill":
            self.cash.setdefault(event["ticket"], []).append(event["cash"])
        elif kind == "ticket":
            self._ordered(event, at)
            self.tickets.append((at, event))

    def _signed(self, event: dict[str, Any], at: datetime) -> None:
        signers = self.signers.setdefault(event["version"], set())
        complete = len(signers) >= 2
        signers.add(event["key"])
        if len(signers) >= 2 and not complete:
            document = self.versions[event["version"]]
            now = self.versions.get(self.version or "", {}).get("charter")
            wait = NOTICE if now not in (None, document["charter"]) else 0
            self.effective = [(at + timedelta(days=wait), event["version"])]
            self._mature(at)

    def _mature(self, at: datetime) -> None:
        for when, version in self.effective:
            if when <= at:
                document = self.versions[version]
                self.version, self.effective = version, []
                self.caps = document["charter"]["caps"]
                if document["resumes"] is not None and document["resumes"] == self.halted:
                    self.halted = None

    def _ordered(self, event: dict[str, Any], at: datetime) -> None:
        day = _day(at)
        same_day = [one for when, one in self.tickets if _day(when) == day]
        assert len(same_day) < self.caps["orders_per_day"]
        if not event["opens"]:
            return
        assert self.halted is None
        shares = [
            one.get("share", 0.0)
            for one in self.overrides
            if day <= date.fromisoformat(one["until"])
        ]
        assert event["quantity"] <= int(min(shares, default=1.0) * event["asked"])
        if event["sleeve"] == "condors":
            others = [
                one["max_loss"]
                for one in same_day
                if one["opens"]
                and one["sleeve"] == "condors"
                and one["instrument"] == event["instrument"]
            ]
            assert sum(others) + event["max_loss"] <= self.caps["condor_share"] * EQUITY
        else:
            spent = self._spent(at) + event["outlay"]
            assert spent <= self.caps["hedge_spend_per_year"] * EQUITY

    def _spent(self, at: datetime) -> float:
        spent = 0.0
        for when, one in self.tickets:
            if one["sleeve"] == "short" and when > at - timedelta(days=365):
                fills = self.cash.get(one["ticket"], [])
                if one["opens"]:
                    spent += max(one["outlay"], -sum(cash for cash in fills if cash < 0))
                else:
                    spent = max(0.0, spent - sum(cash for cash in fills if cash > 0))
        return spent


def _day(at: datetime) -> date:
    return at.astimezone(ZoneInfo("America/Chicago")).date()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=10,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
