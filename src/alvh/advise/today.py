"""Today's decision: the compiled day step, run once from the account as it stands.

``today`` restores the engine's book from fills and memory, lets the same function decide that a
backtest calls on each of its days, and reads orders and reasons from the same logs. Before that it
checks data and book; where a check stops, the decision is *no trade* with the reason, and it has no
orders.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any, Protocol

import numpy as np
import rfc8785

from alvh.advise.account import Account, Memory
from alvh.advise.evening import Evening
from alvh.advise.orders import Decided, Order, decided
from alvh.advise.outlook import CondorTicket, LayerLine, condor_tickets, layer_lines, panel
from alvh.advise.preflight import Check, chain_checks, closes_at, preflight, series_ages, stops
from alvh.advise.restore import (
    EARLIER,
    YEAR_SESSIONS,
    Records,
    Rules,
    blank_rows,
    fill_track,
    remember,
    restore,
    track_covers,
)
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.engine import DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD, DEFAULT_FILL
from alvh.errors import DataError
from alvh.guides import build_guides
from alvh.holdings import holdings
from alvh.kernel import codes
from alvh.kernel.run import new_log, run_days
from alvh.market.history import History
from alvh.market.surfaces import Surfaces, build_surfaces
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme, policy_hash
from alvh.result import COUNTED, Result
from alvh.version import VERSION

_LOG_ROWS = 4000  # of a day: 48 condors, three layers, every rung and part of each


class Foldable(Protocol):
    """A book of fills, which knows what it held on any evening."""

    def account(self, as_of: date) -> Account:
        """Return positions, cash and memory after the session ``as_of``."""


@dataclass(frozen=True)
class Decision:
    """What is to be done on one session, why, from which data and by which rules.

    Attributes
    ----------
    as_of : datetime.date
        The session.
    stopped : tuple of str
        Reason codes of the checks that stop; with any there are no orders.
    checks : tuple of Check
    decided : Decided
        Orders, expected settlements, and every rule's line, *no action* included.
    condors : tuple of CondorTicket
        Figures of the condors to open.
    layers : tuple of LayerLine
        Every layer after the decision: contracts, cost, carry, and what it pays.
    panel : dict
        Health of the book after the decision; None where a figure does not exist.
    account : Account
        What was held before.
    memory : Memory or None
        What the rules carry to the next session.
    interest, cash_change : float
        USD that cash is expected to earn today, and to change by were everything filled as
        decided, for comparison with the statement.
    index_change : float
        Units of the S&P 500 to buy, or to sell where negative: the programme ``index`` alone.
    ages : dict of str to int
        Age of every series, sessions.
    meta : dict
        policy, programme, their hashes, data_digest, book_digest, code_version, fill,
        and improvement where packages are to fill better than their legs.
    """

    as_of: date
    stopped: tuple[str, ...]
    checks: tuple[Check, ...]
    decided: Decided
    condors: tuple[CondorTicket, ...]
    layers: tuple[LayerLine, ...]
    panel: dict[str, float | str | None]
    account: Account
    memory: Memory | None
    interest: float
    cash_change: float
    index_change: float
    ages: dict[str, int]
    meta: dict[str, Any]

    @property
    def orders(self) -> tuple[Order, ...]:
        """Orders of the day by sleeve, a layer's in the order in which they are to be worked."""
        return self.decided.orders

    @property
    def verdict(self) -> str:
        """``trade``, or ``no trade``."""
        return "trade" if self.orders else "no trade"

    @property
    def reason(self) -> str:
        """Why there is nothing to trade; empty where there is."""
        if self.orders:
            return ""
        if self.stopped:
            return "; ".join(check.text for check in self.checks if check.level == "stop")
        return "; ".join(f"{line.sleeve}: {line.text}" for line in self.decided.lines)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, money to the cent: what is shown, recorded and compared."""
        return {
            "kind": "decision",
            "as_of": self.as_of.isoformat(),
            "closes_at": closes_at(self.as_of).isoformat(),
            "verdict": self.verdict,
            "reason": self.reason,
            "stopped": list(self.stopped),
            "checks": [check.plain() for check in self.checks],
            **self.decided.plain(),
            "closes": {order.name: order.closes for order in self.orders if order.closes},
            "condors": [ticket.plain() for ticket in self.condors],
            "layers": [line.plain() for line in self.layers],
            "health": self.panel,
            "interest_usd": round(self.interest, 2) + 0.0,
            "index_units": round(self.index_change, 6) + 0.0,
            "ages_sessions": self.ages,
            "memory": None if self.memory is None else self.memory.plain(),
            "meta": self.meta,
        }

    @cached_property
    def canonical(self) -> bytes:
        """Canonical JSON (RFC 8785) of `plain`."""
        return rfc8785.dumps(self.plain())

    @property
    def digest(self) -> str:
        """SHA-256 of `canonical`, hex."""
        return sha256(self.canonical).hexdigest()


def today(
    history: History,
    book: Account | Foldable,
    policy: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    *,
    as_of: date | None = None,
    on: date | None = None,
    fill: float = DEFAULT_FILL,
    fee_scale: float = 1.0,
    commission: float = DEFAULT_COMMISSION,
    debit_spread: float = DEFAULT_DEBIT_SPREAD,
    improvement: float = 0.0,
) -> Decision:
    """Decide one session from the account as it stands.

    Parameters
    ----------
    history : History
        From ``alvh.load_history``; what lies after the session decided is not looked at.
    book : Account or book of fills
        What is held at the close before.
    policy : str or HedgePolicy
        In force: preset name, path of a YAML file, or policy.
    condors : str or CondorProgramme
        Likewise.
    as_of : datetime.date, optional
        Session to decide; without it the last of the history.
    on : datetime.date, optional
        Day on which the decision is made, against which data is stale; without it ``as_of``.
    fill, fee_scale, commission, debit_spread, improvement
        As for ``alvh.backtest``.

    Returns
    -------
    Decision

    Raises
    ------
    DataError
        If ``as_of`` is no session of the history, or none precedes it.
    PolicyError
        If a policy is not valid.
    """
    hedge = policy if isinstance(policy, HedgePolicy) else load_policy(policy)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    surfaces = _surfaces(history, as_of, hedge.signal_lag)
    row = _row(history, surfaces, as_of)
    session: date = surfaces.dates[row].astype(object)
    account = book
    if not isinstance(account, Account):
        account = account.account(surfaces.dates[row - 1].astype(object))
    terms = compile_account(1.0, fill, fee_scale, commission, debit_spread, improvement)
    terms["equity"] = account.cash  # nought in an index fund, below it on a margin loan
    rules = Rules(
        *compile_hedge(hedge), compile_programme(programme, fill, improvement), terms,
        policy_hash(hedge), policy_hash(programme),
    )  # fmt: skip
    at = int(np.searchsorted(history.dates, surfaces.dates[row]))
    found = [*preflight(history, at, account, hedge, on or session), *_memory(account, rules)]
    found += chain_checks(surfaces.said_of(session))
    if surfaces.days[row]["tradable"] != 1 and not stops(tuple(found)):
        text = f"{session} lacks an input that prices need; run `alvh data check`"
        found.insert(0, Check("MISSING", "prices", "stop", text))
    checks = tuple(found)
    blank = _blank(history, at, account, rules, hedge, programme)
    if stops(checks):
        return replace(blank, stopped=stops(checks), checks=checks)
    return _decide(replace(blank, checks=checks), history, surfaces, row, rules, hedge, programme)


def _surfaces(history: History, as_of: date | None, lag: int) -> Surfaces:
    """Build the sessions that a decision may look at; all where none of them has prices."""
    last = len(history) - 1
    at = last if as_of is None else int(np.searchsorted(history.dates, np.datetime64(as_of)))
    since = history.dates[max(min(at, last) - lag - YEAR_SESSIONS - 1, 0)]
    surfaces = build_surfaces(history, since)
    before = surfaces.dates < history.dates[min(at, last)]
    return surfaces if surfaces.days["tradable"][before].any() else build_surfaces(history)


def _row(history: History, surfaces: Surfaces, as_of: date | None) -> int:
    if as_of is None:
        return len(surfaces.dates) - 1
    row = int(np.searchsorted(surfaces.dates, np.datetime64(as_of)))
    if row >= len(surfaces.dates) or surfaces.dates[row] != np.datetime64(as_of):
        raise DataError(
            f"{as_of} is no session of the history, which has {surfaces.dates[0]} to "
            f"{surfaces.dates[-1]}; choose a day on which the market was open"
        )
    if not surfaces.days["tradable"][:row].any():
        raise DataError(f"no session before {as_of} has prices; choose a later day")
    return row


def _memory(account: Account, rules: Rules) -> list[Check]:
    memory = account.memory
    if memory is None:
        text = "the book has no decision before this one: the rules start afresh"
        return [Check("FIRST", "memory", "tell", text)]
    if memory.policy_hash != rules.policy_hash:
        text = f"the last decision was by policy {memory.policy_hash[:12]}: its weights are dropped"
        return [Check("POLICY_CHANGED", "memory", "warn", text)]
    return []


def _blank(
    history: History, row: int, account: Account, rules: Rules, hedge: HedgePolicy,
    programme: CondorProgramme,
) -> Decision:  # fmt: skip
    """Return the decision to do nothing, with its identity."""
    as_of: date = history.dates[row].astype(object)
    terms = rules.account[0]
    meta = {
        "policy": hedge.name,
        "programme": programme.name,
        "policy_hash": rules.policy_hash,
        "programme_hash": rules.programme_hash,
        "data_digest": history.between(end=as_of).digest,
        "book_digest": account.digest,
        "code_version": VERSION,
        "fill": float(terms["fill"]),
    }
    if terms["improvement"]:
        meta["improvement"] = float(terms["improvement"])
    return Decision(
        as_of, (), (), Decided((), (), ()), (), (), {}, account, account.memory, 0.0, 0.0, 0.0,
        series_ages(history, row), meta,
    )  # fmt: skip


def _decide(
    blank: Decision, history: History, surfaces: Surfaces, row: int, rules: Rules,
    hedge: HedgePolicy, programme: CondorProgramme,
) -> Decision:  # fmt: skip
    window, last = _window(surfaces, row, rules, blank.account.memory)
    dates = surfaces.dates[window]
    rows, scenarios = build_guides(history, hedge, programme, dates)
    guide = rows[min(len(dates), len(rows)) - 1]
    book = restore(blank.account, rules, surfaces.days[last], surfaces.quotes)
    state, month = book.state[0], str(dates[-1].astype("datetime64[M]"))
    memory = blank.account.memory
    if memory is not None and memory.judged == month:
        state["judged"] = guide["scenarios"] + 1
    state["start"] = len(dates) - 1
    daily, log = blank_rows(len(dates)), new_log(_LOG_ROWS, _LOG_ROWS, len(book.condors))
    fill_track(daily, dates, memory)
    before = book.condors.copy()
    run_days(
        surfaces.days[window], rows, scenarios, *surfaces.listed, rules.hedge, rules.layers,
        rules.programme, rules.account, daily, log, book,
    )  # fmt: skip
    result = _result(surfaces, window, daily, log, book, blank)
    evening = Evening(result, surfaces, row, holdings(result))
    done = decided(log, result.counts, len(dates) - 1, blank.as_of)
    orders, names = _closing(done.orders, before, book.condors, blank.account, len(dates) - 1)
    judged = int(state["judged"]) > 0 and guide["scenarios"] >= 0
    known = "" if memory is None else memory.judged
    return replace(
        blank,
        decided=replace(done, orders=orders),
        condors=condor_tickets(result, orders),
        layers=layer_lines(evening, blank.account, orders),
        panel=panel(evening),
        memory=remember(
            book, rules, blank.as_of, month if judged else known, names, daily, dates, memory
        ),
        interest=float(daily[-1]["interest"] - daily[-2]["interest"]),
        cash_change=float(daily[-1]["cash"]) - blank.account.cash,
        index_change=float(state["index_units"]) - blank.account.index_units,
    )


def _window(surfaces: Surfaces, row: int, rules: Rules, memory: Memory | None) -> tuple[slice, int]:
    """Return the sessions that a decision may look at, and the row of the last marks."""
    usable = np.flatnonzero(surfaces.days["tradable"][:row])
    last = int(usable[-1])
    first = max(min(last, row - rules.lag), 0)
    back = row - rules.lag - YEAR_SESSIONS
    if rules.looks_back and back >= 0:
        wanted = surfaces.dates[[back, row - max(rules.lag, 1)]]
        if track_covers(memory, wanted):
            first = min(first, back)
    return slice(first, row + 1), last


def _result(
    surfaces: Surfaces, window: slice, daily: Records, log: Any, book: Any, blank: Decision
) -> Result:
    counts = {name: int(book.state[0][name]) for name in COUNTED}
    if not np.isfinite(daily[-1]["nav"]):
        raise DataError(
            f"the account value on {blank.as_of} is not a number: a price input of that day or "
            "the one before is missing; run `alvh data check` on the folder"
        )
    if max(counts["trades"], counts["decisions"]) > _LOG_ROWS:
        raise DataError(f"more than {_LOG_ROWS} fills on {blank.as_of}; look at the book")
    meta = blank.meta | {"equity": float(daily[-2]["nav"])}
    rates = surfaces.days[window]["rate"].copy()
    return Result(surfaces.dates[window], daily, rates, meta, log, counts, book)


def _closing(
    orders: tuple[Order, ...], before: Records, after: Records, account: Account, t: int
) -> tuple[tuple[Order, ...], list[str]]:
    """Say which condor each closing order closes; return the orders, and each slot's order."""
    names = [lot.order for lot in account.condors]
    gone = [
        slot
        for slot in range(len(names))
        if after[slot]["quantity"] == 0 or after[slot]["opened"] == t
    ]
    fresh = [one for one in orders if one.sleeve == codes.SLEEVES[0] and one.opens]
    told = []
    for order in orders:
        slot = _closed_slot(order, gone, before)
        if slot is not None:
            gone.remove(slot)
            order = replace(order, closes=names[slot])
        told.append(order)
    names += [""] * (len(after) - len(names))
    for new in np.flatnonzero((after["quantity"] > 0) & (after["opened"] == t)):
        order = next(one for one in fresh if _is_condor(one, after[new]))
        fresh.remove(order)
        names[new] = order.name
    return tuple(told), names


def _closed_slot(order: Order, gone: list[int], before: Records) -> int | None:
    """Return the slot that a closing order empties, or None."""
    if order.sleeve != codes.SLEEVES[0] or order.opens:
        return None
    for slot in gone:
        if _is_condor(order, before[slot]) and before[slot]["opened"] == EARLIER:
            return slot
    return None


def _is_condor(order: Order, condor: Any) -> bool:
    """Say whether an order trades the contracts of a condor, as many as there are."""
    expiry = np.datetime64(order.legs[0].instrument.expiry).astype(np.int64)
    strikes = sorted(leg.instrument.strike for leg in order.legs)
    same = condor["expiry"] == expiry and sorted(condor["strike"]) == strikes
    return bool(same and condor["quantity"] == order.quantity)
