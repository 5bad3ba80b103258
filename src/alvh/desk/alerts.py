"""What a desk wants to be told of, once each: read off a decision, the market and the standing.

An alert has a key; a key is raised once, whoever watches and however often. What may come again has
its day, its position or its event in the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np

from alvh.advise.today import Decision
from alvh.desk import kinds
from alvh.desk.fold import Fold
from alvh.desk.recording import record
from alvh.desk.standing import Standing
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger, checked
from alvh.market.history import History
from alvh.policy import CondorProgramme, HedgePolicy

GATE_LEVELS = {"none": (), "A": (15.0, 20.0), "B": (28.0, 40.0), "C": (20.0,)}
"""Levels of VIX between which a gate's factor is constant, points; above the last of C it falls."""

_TOLD = {
    "SETTLES_TOMORROW": "settlement tomorrow",
    "ROLL_NEAR": "roll due",
    "ROLL_DUE": "roll due",
}


@dataclass(frozen=True)
class Alert:
    """One thing to be told.

    Attributes
    ----------
    key : str
        What makes it the same alert.
    about : str
        ``signal ready``, ``no trade``, ``stale data``, ``short strike breached``,
        ``gate crossed``, ``layer off target``, ``roll due``, ``settlement tomorrow``,
        ``reconciliation mismatch``, ``halted``.
    text : str
        One line.
    """

    key: str
    about: str
    text: str


def alerts(
    decision: Decision,
    history: History,
    standing: Standing,
    hedge: HedgePolicy,
    condors: CondorProgramme,
) -> tuple[Alert, ...]:
    """Return all that there is to be told at one look, whether it was told before or not.

    Parameters
    ----------
    decision : Decision
        Of the last session, by ``hedge`` and ``condors``.
    history : History
        What it was made from.
    standing : Standing
        Where the desk stands.
    hedge, condors : HedgePolicy, CondorProgramme
        The rules in force.
    """
    row = int(np.searchsorted(history.dates, np.datetime64(decision.as_of)))
    return (
        *_verdict(decision, standing),
        *_checks(decision),
        *_breaches(decision, float(history["spx"][row])),
        *_gate(decision, history["vix"][row - 1 : row + 1], condors),
        *_off_target(decision, hedge),
        *desk_alerts(standing),
    )


def desk_alerts(standing: Standing) -> Iterator[Alert]:
    """Yield what the ledger alone has to tell: a halt, a book that the broker does not confirm."""
    if standing.halt is not None:
        yield Alert(f"halt:{standing.halt.number}", "halted", standing.reason)
    if standing.differences:
        text = "; ".join(standing.differences)
        yield Alert(f"mismatch:{_short(text)}", "reconciliation mismatch", text)


def stale_alert(refusal: Exception, as_of: str) -> Alert:
    """Return the alert of data that could not be read at all on the day ``as_of``."""
    text = " ".join(str(refusal).split())
    return Alert(f"data:{as_of}:{_short(text)}", "stale data", text)


def raise_once(ledger: Ledger, found: tuple[Alert, ...], at: datetime) -> tuple[Alert, ...]:
    """Record the alerts whose keys were never raised, and return those.

    Raises
    ------
    LedgerError
        Where the ledger cannot be written.
    """
    return tuple(alert for alert in found if _recorded(ledger, alert, at))


def _recorded(ledger: Ledger, alert: Alert, at: datetime) -> bool:
    def judge(state: Fold) -> None:
        if alert.key in state.alerts:
            raise _RaisedBefore

    content = {"key": alert.key, "about": alert.about, "text": alert.text}
    try:
        record(ledger, kinds.ALERT, content, at, judge)
    except _RaisedBefore:
        return False
    return True


class _RaisedBefore(GovernanceError):
    """The key stands in the ledger already."""


def raised(ledger: Ledger) -> Iterator[tuple[Event, bool]]:
    """Yield every alert event, and whether it was delivered."""
    state, found = Fold(), []
    for event in checked(ledger.events()):
        state.take(event)
        if f'"kind":"{kinds.ALERT}"' in event.body:
            found.append(event)
    for event in found:
        yield event, event.content["key"] in state.delivered


def _verdict(decision: Decision, standing: Standing) -> Iterator[Alert]:
    """Yield a signal where something may be ordered; what a person forbids is said with it."""
    told = {order.name: standing.forbids(order.opens, order.quantity) for order in decision.orders}
    ready = [name for name, why in told.items() if not why]
    forbidden = "; ".join(f"{name} may not be ordered: {why}" for name, why in told.items() if why)
    if ready:
        text = f"{decision.as_of}: {len(ready)} orders, {', '.join(ready)}"
        if standing.reduction:
            text += f", {standing.reduction}"
        text += f"; {forbidden}" if forbidden else ""
        yield Alert(f"signal:{decision.as_of}", "signal ready", text)
    else:
        text = f"{decision.as_of}: no trade, {forbidden or decision.reason}"
        yield Alert(f"no trade:{decision.as_of}", "no trade", text)


def _checks(decision: Decision) -> Iterator[Alert]:
    for check in decision.checks:
        if check.code == "BOOK":
            continue  # no fault of the data: `no trade` says it, and so does a mismatch
        if check.level == "stop":
            key = f"{check.code}:{check.subject}:{decision.as_of}"
            yield Alert(key, "stale data", f"{check.code}: {check.text}")
        elif check.code in _TOLD:
            yield Alert(_told_key(decision, check.code, check.subject), _TOLD[check.code],
                        check.text)  # fmt: skip


def _told_key(decision: Decision, code: str, subject: str) -> str:
    """Name a position's own end: a roll is told within five days, within one, and when due."""
    lot = decision.account.layer(subject)
    if code == "SETTLES_TOMORROW" or lot is None or lot.legs[0][0].expiry is None:
        return f"{code}:{subject}"
    text = next(one.text for one in decision.checks if (one.code, one.subject) == (code, subject))
    within = "1" if "within 1)" in text else "5" if code == "ROLL_NEAR" else "0"
    return f"roll:{subject}:{lot.legs[0][0].symbol}:{within}"


def _breaches(decision: Decision, spx: float) -> Iterator[Alert]:
    for lot in decision.account.condors:
        _, put, call, _ = lot.strikes
        for side, strike, beyond in (("put", put, spx <= put), ("call", call, spx >= call)):
            if beyond:
                text = (
                    f"{decision.as_of}: the S&P 500 at {spx:,.2f} is beyond the short {side} "
                    f"{strike:g} of {lot.order}, which expires on {lot.expiry}"
                )
                yield Alert(f"breach:{lot.order}:{side}", "short strike breached", text)


def _gate(decision: Decision, vix: "np.ndarray", condors: CondorProgramme) -> Iterator[Alert]:
    if len(vix) < 2 or not np.isfinite(vix).all():
        return
    before, after = (float(value) for value in vix)
    crossed = [level for level in GATE_LEVELS[condors.gate] if (before < level) != (after < level)]
    if crossed:
        levels = ", ".join(f"{level:g}" for level in crossed)
        text = (
            f"{decision.as_of}: VIX went from {before:.2f} to {after:.2f} across {levels} of gate "
            f"{condors.gate}"
        )
        yield Alert(f"gate:{decision.as_of}", "gate crossed", text)


def _off_target(decision: Decision, hedge: HedgePolicy) -> Iterator[Alert]:
    """Yield layers whose share of the hedge's worth is beyond the band, once for each holding."""
    total = sum(line.worth for line in decision.layers)
    if total <= 0.0:
        return
    for line in decision.layers:
        share, lot = line.worth / total, decision.account.layer(line.layer)
        if lot is not None and abs(share - line.weight) > hedge.rebalancing.band:
            text = (
                f"{decision.as_of}: the {line.layer} layer is {share:.0%} of the hedge's worth, "
                f"its weight is {line.weight:.0%}"
            )
            yield Alert(f"off target:{line.layer}:{lot.opened}", "layer off target", text)


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
