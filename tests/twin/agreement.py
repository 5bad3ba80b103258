"""Runs both engines over the same records and lists where they differ."""

from collections import defaultdict
from dataclasses import astuple, dataclass, field, replace
from typing import Any

import numpy as np

from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.guides import NO_SCENARIOS, neutral_guides
from alvh.kernel import codes
from alvh.kernel.policies import DAILY
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.run import new_book, new_log, run_days
from twin.ledger import SLEEVES, Decision, Trade
from twin.market import MULTIPLIER, Contract, Market
from twin.run import Account, Twin

HALF_CENT = 0.005  # USD
POINTS = 1e-7  # of a mid: the engines' two Black-76 agree to about 1e-12 of the forward
SHOWN = 5
REASONS = {
    int(code): name[2:].lower().replace("_", " ")
    for name, code in vars(codes).items()
    if name.startswith("R_")
}


@dataclass(frozen=True)
class World:
    """What a run needs of the market."""

    days: Any
    spx_expiries: Any
    vix_expiries: Any
    quotes: Any = field(default_factory=NO_QUOTES.copy)
    guides: Any = field(default_factory=neutral_guides)
    scenarios: Any = field(default_factory=NO_SCENARIOS.copy)

    def between(self, start, end):
        dates = self.days["date"].astype("datetime64[D]")
        low, high = np.searchsorted(dates, np.array([start, end], "datetime64[D]"))
        guides = self.guides if len(self.guides) == 1 else self.guides[low:high]
        return replace(self, days=self.days[low:high], guides=guides)

    def hearing(self, guides, scenarios=NO_SCENARIOS):
        """The same world with other guides."""
        return replace(self, guides=guides, scenarios=scenarios)


@dataclass(frozen=True)
class Run:
    """What the compiled engine wrote."""

    daily: Any
    trades: list
    decisions: list


def run_compiled(world, policy, programme, account):
    records = (
        *compile_hedge(policy),
        compile_programme(programme, account.fill, account.improvement),
        compile_account(*astuple(account)),
    )
    n = len(world.days)
    daily, log, book = np.zeros(n, DAILY), new_log(40 * n + 100, 12 * n + 100, 0), new_book()
    run_days(
        world.days, world.guides, world.scenarios, world.spx_expiries, world.vix_expiries,
        world.quotes, *records, daily, log, book,
    )  # fmt: skip
    state = book.state[0]
    if state["trades"] > len(log.trades) or state["decisions"] > len(log.decisions):
        raise ValueError("the logs of the comparison are too small")
    return Run(
        daily,
        [_trade(row) for row in log.trades[: state["trades"]]],
        [_decision(row) for row in log.decisions[: state["decisions"]]],
    )


def _trade(row):
    return Trade(
        int(row["day"]), SLEEVES[row["sleeve"]], codes.ACTIONS[row["action"]],
        codes.ROOTS[row["root"]], codes.RIGHTS[row["right"]], int(row["expiry"]),
        float(row["strike"]), float(row["quantity"]), float(row["price"]), float(row["mid"]),
        float(row["fees"]), REASONS[int(row["reason"])], codes.PROVENANCE[row["provenance"]],
    )  # fmt: skip


def _decision(row):
    return Decision(
        int(row["day"]), SLEEVES[row["sleeve"]], codes.ACTIONS[row["action"]],
        REASONS[int(row["reason"])], float(row["quantity"]),
    )  # fmt: skip


def folded_marks(world, trades):
    """USD of open options and baskets at the close of each day: fills folded, marked at mid."""
    held = defaultdict(float)
    by_day = defaultdict(list)
    for row in trades:
        by_day[row.day].append(row)
    sessions = {int(e["date"]): int(e["session"]) for table in (world.spx_expiries,
                world.vix_expiries) for e in table}  # fmt: skip
    for t, record in enumerate(world.days):
        market = Market(record, world.quotes)
        for row in by_day[t]:
            held[row.root, row.right, row.expiry, row.strike] += row.quantity
        yield sum(
            q * MULTIPLIER[key[0]] * market.value(
                Contract(key[0], key[1], key[2], sessions.get(key[2], 0), key[3])
            )
            for key, q in held.items()
            if q and key[0] != "VX"
        )  # fmt: skip


def run_twin(world, policy, programme, account):
    twin = Twin(
        world.days, world.guides, world.scenarios, world.spx_expiries, world.vix_expiries,
        world.quotes, policy, programme,
        Account(*account) if isinstance(account, tuple) else account,
    )  # fmt: skip
    closes = twin.run()
    return closes, twin.ledger.trades, twin.ledger.decisions


def _levels(daily, closes):
    """Pairs of (name, compiled, twin), an array over days each."""
    for name in ("nav", "cash", "interest", "put_side", "call_side", "outlay", "hedge_value",
                 "hedge_margin", "condor_margin", "condors"):  # fmt: skip
        yield name, daily[name], np.array([getattr(close, name) for close in closes])
    groups = (("pnl", SLEEVES), ("cost", SLEEVES), ("carry", SLEEVES[1:]), ("paid", SLEEVES[1:]),
              ("weight", SLEEVES[1:]))  # fmt: skip
    for group, names in groups:
        for i, name in enumerate(names):
            slow = np.array([getattr(close, group).get(name, 0.0) for close in closes])
            yield f"{group} {name}", daily[group][:, i], slow


def _same_trade(fast, slow):
    exact = ("day", "sleeve", "action", "root", "right", "expiry", "strike", "quantity",
             "reason", "provenance")  # fmt: skip
    if any(getattr(fast, name) != getattr(slow, name) for name in exact):
        return False
    near = all(abs(getattr(fast, n) - getattr(slow, n)) <= POINTS for n in ("price", "mid"))
    return near and abs(fast.fees - slow.fees) <= HALF_CENT


def _same_decision(fast, slow):
    exact = ("day", "sleeve", "action", "reason")
    same = all(getattr(fast, name) == getattr(slow, name) for name in exact)
    return same and abs(fast.quantity - slow.quantity) <= POINTS * max(1.0, abs(slow.quantity))


def _place(trade):
    """Where a trade stands in a day's list: by its terms, so that the engines' order is free."""
    terms = (trade.day, trade.sleeve, trade.action, trade.root, trade.expiry, trade.right)
    return *terms, trade.strike, trade.quantity, trade.reason, round(trade.price, 6)


def differences(world, policy, programme, account):
    """Return lines that say where the engines differ; none if they agree."""
    fast = run_compiled(world, policy, programme, account)
    closes, trades, decisions = run_twin(world, policy, programme, account)
    dates = world.days["date"].astype("datetime64[D]")
    lines = []
    for name, compiled, slow in _levels(fast.daily, closes):
        off = np.flatnonzero(~(np.abs(compiled - slow) <= HALF_CENT))
        if len(off):
            t = off[0]
            lines.append(f"{name} first on {dates[t]}: {compiled[t]:.4f} against {slow[t]:.4f}")
    if len(fast.trades) != len(trades):
        lines.append(f"{len(fast.trades)} trades against {len(trades)}")
    pairs = zip(sorted(fast.trades, key=_place), sorted(trades, key=_place), strict=False)
    lines += [f"trade {dates[a.day]} {a}\n    against {b}"
              for a, b in pairs if not _same_trade(a, b)][:SHOWN]  # fmt: skip
    if len(fast.decisions) != len(decisions):
        lines.append(f"{len(fast.decisions)} decisions against {len(decisions)}")
    pairs = zip(sorted(fast.decisions, key=astuple), sorted(decisions, key=astuple), strict=False)
    lines += [f"decision {dates[a.day]} {a}\n    against {b}"
              for a, b in pairs if not _same_decision(a, b)][:SHOWN]  # fmt: skip
    return lines
