"""The state of one server: a history, what may be chosen, and the runs made lately."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import alvh
from alvh.desk.moments import chicago_day
from alvh.errors import AlvhError, PolicyError
from alvh.web.jobs import Jobs
from alvh.web.settings import Account

KEPT_RUNS = 24  # some 3 MB each
_Policy = TypeVar("_Policy")
_Key = tuple[object, ...]


@dataclass(frozen=True)
class Book:
    """One hedged run and its unhedged twin.

    Attributes
    ----------
    policy : HedgePolicy
    programme : CondorProgramme
    result, twin : Result
    """

    policy: "alvh.HedgePolicy"
    programme: "alvh.CondorProgramme"
    result: "alvh.Result"
    twin: "alvh.Result"


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def chicago_today() -> date:
    """Return the date in Chicago, where the options trade, wherever the server stands."""
    return chicago_day(utc_now())


class Desk:
    """What every screen works on.

    Parameters
    ----------
    history : History
        Read once, when the server starts.
    source : str
        Where it was read from, as the user named it.
    hedges, programmes : mapping of str to policy
        What a page may choose; a page never names a file.
    now : callable
        Gives the present moment, aware.
    ledger : Path, optional
        Of the desk; its rules decide, it is read, and a halt is written to it.
    book_file : Path, optional
        The user's book; read anew for every decision.
    """

    def __init__(
        self,
        history: "alvh.History",
        source: str,
        hedges: Mapping[str, "alvh.HedgePolicy"],
        programmes: Mapping[str, "alvh.CondorProgramme"],
        now: Callable[[], datetime] = utc_now,
        ledger: Path | None = None,
        book_file: Path | None = None,
    ) -> None:
        self.history, self.source, self.now = history, source, now
        self.hedges, self.programmes = dict(hedges), dict(programmes)
        self.jobs, self.ledger, self.book_file = Jobs(), ledger, book_file
        self._runs: OrderedDict[_Key, alvh.Result] = OrderedDict()
        self._lock = Lock()

    def today(self) -> date:
        """Return the date in Chicago."""
        return chicago_day(self.now())

    @property
    def governed(self) -> bool:
        """Whether there is a ledger."""
        return self.ledger is not None and self.ledger.is_file()

    def warm(self) -> None:
        """Make the first run, so that no page has to wait for the market to be prepared.

        What cannot be run is left for the page to say.
        """
        with suppress(AlvhError):
            self.book(Account())

    def hedge(self, account: Account) -> "alvh.HedgePolicy":
        """Return the policy an account asks for, its split replaced where one is given.

        Raises
        ------
        PolicyError
            If it is not on offer, or its split cannot be replaced.
        """
        policy = _offered(self.hedges, account.hedge, "hedge")
        if account.split is None:
            return policy
        if sorted(layer.name for layer in policy.layers) != ["medium", "short", "tail"]:
            raise PolicyError(
                f"{policy.name} has not the three layers short, medium and tail, so it has no "
                "split to choose; leave the split out, or choose another hedge"
            )
        return alvh.with_split(policy, account.split)

    def programme(self, account: Account) -> "alvh.CondorProgramme":
        """Return the programme an account asks for; raises PolicyError if it is not on offer."""
        return _offered(self.programmes, account.condors, "condors")

    def book(self, account: Account) -> Book:
        """Run what an account asks for, and the same condors without a hedge.

        Raises
        ------
        AlvhError
            If it cannot be run; see ``alvh.backtest``.
        """
        policy, programme = self.hedge(account), self.programme(account)
        twin = self.run(alvh.load_policy("none"), programme, account)
        return Book(policy, programme, self.run(policy, programme, account), twin)

    def run(
        self, policy: "alvh.HedgePolicy", programme: "alvh.CondorProgramme", account: Account
    ) -> "alvh.Result":
        """Return one run, from those made lately where it is among them."""
        key = (
            alvh.policy_hash(policy), alvh.policy_hash(programme), account.start, account.end,
            account.equity, account.fill,
        )  # fmt: skip
        with self._lock:
            if key not in self._runs:
                self._runs[key] = alvh.backtest(
                    self.history, policy, programme, account.start, account.end, account.equity,
                    account.fill,
                )  # fmt: skip
                if len(self._runs) > KEPT_RUNS:
                    self._runs.popitem(last=False)
            self._runs.move_to_end(key)
            return self._runs[key]


def open_desk(
    data: str = "bundled",
    hedges: Iterable[Path] = (),
    programmes: Iterable[Path] = (),
    ledger: Path | None = None,
    book_file: Path | None = None,
    history: "alvh.History | None" = None,
) -> Desk:
    """Read the data and the policies that a server offers.

    Parameters
    ----------
    data : str
        Folder of downloads, or ``bundled``.
    hedges, programmes : iterable of Path
        Policy files offered beside the presets, under their own names.
    ledger, book_file : Path, optional
        Of the desk.
    history : History, optional
        What was read from ``data`` already.

    Returns
    -------
    Desk

    Raises
    ------
    AlvhError
        If data or a file cannot be used, or two policies have one name.
    """
    presets = alvh.list_policies()
    offered = (
        [p.name for p in presets if p.kind == "hedge"],
        [p.name for p in presets if p.kind == "programme"],
    )
    own_hedges = [alvh.load_policy(file) for file in hedges]
    own_programmes = [alvh.load_programme(file) for file in programmes]
    _refuse_one_name(offered[0], own_hedges)
    _refuse_one_name(offered[1], own_programmes)
    return Desk(
        alvh.load_history(data, today=chicago_today()) if history is None else history,
        data,
        {name: alvh.load_policy(name) for name in offered[0]} | {p.name: p for p in own_hedges},
        {name: alvh.load_programme(name) for name in offered[1]}
        | {p.name: p for p in own_programmes},
        ledger=ledger,
        book_file=book_file,
    )


def _refuse_one_name(presets: Iterable[str], own: Iterable[Any]) -> None:
    """Refuse a policy that would silently stand in the place of another of its name."""
    taken = set(presets)
    for policy in own:
        if policy.name in taken:
            raise PolicyError(
                f"a policy file is named {policy.name!r}, as a preset or another file is, so that "
                "a page could not tell the two apart; change `name:` in it"
            )
        taken.add(policy.name)


def _offered(menu: Mapping[str, _Policy], name: str, kind: str) -> _Policy:
    if name not in menu:
        raise PolicyError(
            f"{kind} {name!r} is not offered by this server; there are {', '.join(menu)}; choose "
            f"one, or start it with `alvh serve --{kind} FILE`"
        )
    return menu[name]
