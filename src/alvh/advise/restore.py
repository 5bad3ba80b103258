"""From an account to the engine's book and back: so that one compiled day step decides for both.

What fills can tell (positions, costs, credits, cash) is taken from the account; what they cannot
(meters, rungs, streaks) from its memory; marks are made anew at the close before, as the engine
makes them. Nothing here decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.account import Account, CondorLot, LayerLot, LayerMemory, Memory
from alvh.advise.instrument import Instrument
from alvh.calendars import session_number
from alvh.contracts.facts import day_number
from alvh.contracts.rules import condor_margin
from alvh.errors import DataError
from alvh.kernel import codes
from alvh.kernel.day import Policy
from alvh.kernel.policies import DAILY, MAX_CONDORS
from alvh.kernel.resume import resume
from alvh.kernel.run import new_book

Records = NDArray[np.void]
LAYERS = codes.SLEEVES[1:]
YEAR_SESSIONS = 252  # that a tilt by trailing return looks back on
_SHARE_SESSIONS = 100_000  # as the engine writes what never expires
EARLIER = -1  # session of opening of what was held before the run
_LAYER_KEYS = (
    "meter", "next_roll", "extrinsic", "outlay", "peak", "stages_left", "stage_date", "deferred",
)  # fmt: skip
_CREDIT_PLACES = 6  # a credit is a whole number of ticks; the fold of its legs may miss by 1e-12


@dataclass(frozen=True)
class Rules:
    """A policy and a programme compiled for the engine, with their hashes and signal lag."""

    hedge: Records
    layers: Records
    programme: Records
    account: Records
    policy_hash: str
    programme_hash: str

    @property
    def lag(self) -> int:
        """Sessions between a signal's close and the decision that hears it."""
        return int(self.hedge[0]["lag"])

    @property
    def policy(self) -> Policy:
        """The four records as the engine takes them."""
        return Policy(self.hedge, self.layers, self.programme, self.account)

    @property
    def looks_back(self) -> bool:
        """Whether weights tilt by trailing return."""
        return bool(self.hedge[0]["trailing_mirr"] > 0.0)


def restore(account: Account, rules: Rules, last: Any, quotes: Records) -> Any:
    """Return the engine's book of an account, marked at a close.

    Parameters
    ----------
    account : Account
    rules : Rules
    last : DAY record
        The last close at which positions were marked.
    quotes : ndarray of QUOTE

    Returns
    -------
    Book

    Raises
    ------
    DataError
        If the account holds more than the engine's book has room for.
    """
    if len(account.condors) > MAX_CONDORS:
        raise DataError(
            f"{len(account.condors)} condors are open; the engine carries {MAX_CONDORS}: close "
            "some, or keep them in another book"
        )
    book: Any = new_book()
    for slot, lot in enumerate(account.condors):
        _set_condor(book.condors[slot], lot, account.memory)
    for held in account.layers:
        _set_layer(book, held, rules, last, account.memory)
    state = book.state[0]
    state["cash"], state["index_units"] = account.cash, account.index_units
    state["slots"] = len(account.condors)
    _set_state(state, account)
    fresh = _set_layer_states(book, account, rules)
    resume(last, quotes, rules.policy, book, fresh)
    return book


def _set_condor(condor: Any, lot: CondorLot, memory: Memory | None) -> None:
    condor["expiry"], condor["am"] = day_number(lot.expiry), lot.settlement == "am"
    condor["expiry_session"] = int(session_number(np.datetime64(lot.expiry)))
    condor["strike"], condor["quantity"] = lot.strikes, lot.quantity
    condor["credit"] = round(lot.credit, _CREDIT_PLACES)
    low, short_put, short_call, high = lot.strikes
    margin = condor_margin(short_put - low, high - short_call, float(condor["credit"]))
    condor["margin"] = lot.quantity * margin
    condor["opened"] = EARLIER
    if memory is not None:
        condor["shifts"], condor["carried"] = memory.shifts.get(lot.order, (0, 0.0))


def _set_layer(book: Any, lot: LayerLot, rules: Rules, last: Any, memory: Memory | None) -> None:
    i = LAYERS.index(lot.layer)
    cohort, kept = book.cohorts[i], _remembered(memory, lot.layer)
    tens = _packing(lot, kept)
    cohort["units"], cohort["bought"] = lot.units // tens, lot.bought // tens
    cohort["legs"] = len(lot.legs)
    for leg, (held, ratio) in enumerate(lot.legs):
        expiry, session = _due(held, lot, rules.layers[i], last)
        cohort["root"][leg], cohort["right"][leg] = held.code, held.right
        cohort["ratio"][leg], cohort["strike"][leg] = ratio * tens, held.strike
        cohort["expiry"][leg], cohort["expiry_session"][leg] = expiry, session
    cohort["base"] = 0.0 if kept is None else kept.base
    cohort["cost"] = lot.cost * tens - cohort["base"]
    cohort["rungs"] = 0 if kept is None else kept.rungs


def _remembered(memory: Memory | None, layer: str) -> LayerMemory | None:
    return None if memory is None else memory.layers.get(layer)


def _packing(lot: LayerLot, kept: LayerMemory | None) -> int:
    """Return how many of the lot's structures the engine counts as one: ten of a synthetic."""
    mine = tuple(ratio for _, ratio in lot.legs)
    if kept is None or len(kept.ratios) != len(mine):
        return 1
    tens = kept.ratios[0] // mine[0]
    whole = tens > 0 and lot.units % tens == 0 and lot.bought % tens == 0
    return tens if whole and kept.ratios == tuple(tens * ratio for ratio in mine) else 1


def _due(held: Instrument, lot: LayerLot, layer: Any, last: Any) -> tuple[int, int]:
    """Return (expiry, session): for a share the day on which it is sold and bought anew."""
    if held.expiry is None:
        return day_number(lot.opened) + int(layer["tenor"]), int(last["session"]) + _SHARE_SESSIONS
    return day_number(held.expiry), int(session_number(np.datetime64(held.expiry)))


def _set_state(state: Any, account: Account) -> None:
    memory = account.memory
    if memory is None:
        weeks = [(day_number(lot.opened) + 3) // 7 for lot in account.condors]
        state["last_entry_week"] = max(weeks, default=-1)
        return
    state["last_entry_week"] = memory.last_entry_week
    state["tilt_streak"], state["drift_streak"] = memory.tilt_streak, memory.drift_streak
    state["cvar"] = memory.cvar


def _set_layer_states(book: Any, account: Account, rules: Rules) -> NDArray[np.uint8]:
    """Write what is remembered of the layers; return which of them have no past."""
    memory, fresh = account.memory, np.zeros(len(LAYERS), np.uint8)
    same = memory is not None and memory.policy_hash == rules.policy_hash
    for i, name in enumerate(LAYERS):
        one, kept = book.layer_states[i], _remembered(memory, name)
        fresh[i] = kept is None
        if kept is not None:
            for key in _LAYER_KEYS:
                one[key] = getattr(kept, key)
            one["weight"] = kept.weight if same else rules.layers[i]["weight"]
    return fresh


def fill_track(daily: Records, dates: NDArray[np.datetime64], memory: Memory | None) -> None:
    """Write the sessions that a memory looks back on into the rows of a run."""
    if memory is None or not memory.track:
        return
    rows = dict(memory.track)
    for t, day in enumerate(dates.astype(np.int64)):
        values = rows.get(int(day))
        if values is not None:
            daily["paid"][t] = values[0:3]
            daily["pnl"][t, codes.SHORT :] = values[3:6]
            daily["worth"][t] = values[6:9]


def track_covers(memory: Memory | None, dates: NDArray[np.datetime64]) -> bool:
    """Say whether a memory knows every one of some sessions."""
    known = {day for day, _ in memory.track} if memory is not None else set()
    return {int(day) for day in dates.astype(np.int64)} <= known


def remember(
    book: Any, rules: Rules, as_of: date, month: str, orders: Sequence[str], daily: Records,
    dates: NDArray[np.datetime64], earlier: Memory | None,
) -> Memory:  # fmt: skip
    """Return what the rules carry on from a book that has been decided.

    Parameters
    ----------
    book : Book
    rules : Rules
    as_of : datetime.date
        The session that was decided.
    month : str
        In which the book's tail was last measured.
    orders : sequence of str
        Name of the order behind each condor slot.
    daily, dates
        Rows of the run and their sessions.
    earlier : Memory or None
        What it began with.
    """
    state = book.state[0]
    layers = {name: _layer_memory(book, i) for i, name in enumerate(LAYERS)}
    shifts = {
        orders[slot]: (int(condor["shifts"]), float(condor["carried"]))
        for slot, condor in enumerate(book.condors[: len(orders)])
        if condor["quantity"] > 0 and condor["shifts"] > 0
    }
    return Memory(
        as_of=as_of,
        policy_hash=rules.policy_hash,
        programme_hash=rules.programme_hash,
        last_entry_week=int(state["last_entry_week"]),
        judged=month,
        cvar=float(state["cvar"]),
        tilt_streak=int(state["tilt_streak"]),
        drift_streak=int(state["drift_streak"]),
        layers=layers,
        shifts=shifts,
        track=_track(daily, dates, earlier, rules) if rules.looks_back else (),
    )


def _layer_memory(book: Any, i: int) -> LayerMemory:
    one, cohort = book.layer_states[i], book.cohorts[i]
    held = int(cohort["units"]) > 0
    return LayerMemory(
        weight=float(one["weight"]),
        meter=float(one["meter"]),
        next_roll=int(one["next_roll"]),
        extrinsic=float(one["extrinsic"]),
        outlay=float(one["outlay"]),
        peak=float(one["peak"]),
        stages_left=int(one["stages_left"]),
        stage_date=int(one["stage_date"]),
        deferred=int(one["deferred"]),
        rungs=int(cohort["rungs"]) if held else 0,
        base=float(cohort["base"]) if held else 0.0,
        ratios=tuple(int(r) for r in cohort["ratio"][: int(cohort["legs"])]) if held else (),
    )


def _track(
    daily: Records, dates: NDArray[np.datetime64], earlier: Memory | None, rules: Rules
) -> tuple[tuple[int, tuple[float, ...]], ...]:
    """Return the sessions that coming decisions look back on, the last one included."""
    rows = dict(earlier.track) if earlier is not None else {}
    last = daily[-1]
    gain = last["pnl"][codes.SHORT :] - last["cost"][codes.SHORT :]
    rows[int(dates[-1].astype(np.int64))] = tuple(
        float(value) for part in (last["paid"], gain, last["worth"]) for value in part
    )
    kept = sorted(rows)[-(YEAR_SESSIONS + rules.lag + 1) :]
    return tuple((day, rows[day]) for day in kept)


def blank_rows(count: int) -> Records:
    """Return empty DAILY rows."""
    return np.zeros(count, DAILY)
