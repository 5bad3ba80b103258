"""What signals say to a policy, session by session: the records that the kernel reads beside days.

A policy that listens to no signal gets one neutral row. For every other the signal table is read
as many sessions back as the policy says (``signal_lag``), turned into the factors of the layers'
weights, and into the flags that rules of rolling, buying and entering ask for. Scheduled events
are known ahead and are read on the day itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.kernel.codes import SLEEVES
from alvh.kernel.policies import SCENARIOS
from alvh.kernel.records import GUIDE
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.policy import CondorProgramme, HedgePolicy, Tilt
from alvh.signals import SignalTable, signal_table
from alvh.signals.events import EVENTS, next_events
from alvh.signals.macro import risk_premium_ratio
from alvh.signals.realised import range_multiples
from alvh.stewardship.levels import Solver

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Rows = NDArray[np.intp]
Records = NDArray[np.void]

LAYER_NAMES = SLEEVES[1:]
RISK_PREMIUM_BOUNDS = (0.5, 1.5)  # the method: clip(ERP / median, ½, 1½)
PROGRAMME_LAG = 1  # sessions between the data of a condor rule and the entry, as for the gates
MINIMUM = 252  # known values that a score needs
NO_SCENARIOS = np.zeros((1, 1, 4))
NO_SCENARIOS.flags.writeable = False


@dataclass(frozen=True)
class LayerTilt:
    """How one layer's weight is asked to move, on every session of a history.

    Attributes
    ----------
    layer : str
    names : tuple of str, length k
        Signals that a policy lets act on the layer.
    weights : ndarray, shape (k,)
    scores : ndarray, shape (n, k)
        NaN where a signal is absent: it then has no say, and no share in the mean.
    score : ndarray, shape (n,)
        Mean of the scores, weighted by size; 0 where no signal is there.
    risk_premium : ndarray, shape (n,)
        Equity risk premium over its median within ½ … 1½; 1 where it does not act.
    factor : ndarray, shape (n,)
        What the weight is multiplied by, within the tilt's bounds.
    """

    layer: str
    names: tuple[str, ...]
    weights: Floats
    scores: Floats
    score: Floats
    risk_premium: Floats
    factor: Floats


def policy_signals(history: History, policy: HedgePolicy) -> SignalTable:
    """Return the signal table standardised on the policy's own window."""
    window = policy.tilt.window
    return signal_table(history, window, min(MINIMUM, window))


def layer_tilts(
    history: History, policy: HedgePolicy, rows: Rows | None = None
) -> tuple[LayerTilt, ...]:
    """Return the tilt of each layer of a policy as the close of every session asks for it.

    Parameters
    ----------
    history : History
    policy : HedgePolicy
    rows : ndarray of int, shape (n,), optional
        Sessions wanted, by row of the history; all of them without it.

    Returns
    -------
    tuple of LayerTilt
        In the order of the policy's layers; row t rests on the close of session t and may act
        ``signal_lag`` sessions later.

    References
    ----------
    factor = clip(1 + strength · Σ c·score / Σ|c|, floor, cap), for the medium layer times
    clip(ERP / median, ½, 1½) and held within the same bounds.
    """
    table = policy_signals(history, policy)
    rows = np.arange(len(history)) if rows is None else rows
    ratio = _risk_premium(history, policy.tilt, rows)
    return tuple(
        _layer_tilt(table, policy.tilt, layer.name, rows, ratio) for layer in policy.layers
    )


def _risk_premium(history: History, tilt: Tilt, rows: Rows) -> Floats | None:
    if not tilt.risk_premium:
        return None
    ratio = risk_premium_ratio(history, tilt.window)[rows]
    return np.where(np.isfinite(ratio), np.clip(ratio, *RISK_PREMIUM_BOUNDS), 1.0)


def _layer_tilt(
    table: SignalTable, tilt: Tilt, layer: str, rows: Rows, ratio: Floats | None
) -> LayerTilt:
    mine = [one for one in tilt.signals if one.layer == layer]
    names = tuple(one.name for one in mine)
    weights = np.array([one.weight for one in mine], dtype=np.float64)
    scores = table.score[rows[:, None], [table.index(name) for name in names]]
    present = np.isfinite(scores)
    sizes = (present * np.abs(weights)).sum(axis=1)
    total = (np.where(present, scores, 0.0) * weights).sum(axis=1)
    score = np.divide(total, sizes, out=np.zeros(len(rows)), where=sizes > 0.0)
    factor = np.clip(1.0 + tilt.strength * score, tilt.floor, tilt.cap)
    premium = np.ones(len(score)) if ratio is None or layer != "medium" else ratio
    if ratio is not None and layer == "medium":
        factor = np.clip(factor * premium, tilt.floor, tilt.cap)
    return LayerTilt(layer, names, weights, scores, score, premium, factor)


def neutral_guides() -> Records:
    """Return the one row of a policy that hears nothing, shape (1,)."""
    return _blank(1)


def _blank(count: int) -> Records:
    rows = np.zeros(count, GUIDE)
    rows["factor"] = 1.0
    rows["scenarios"] = -1
    for name in ("range_scale", "premium", "least_cvar"):
        rows[name] = np.nan
    return rows


def listens(policy: HedgePolicy, programme: CondorProgramme) -> bool:
    """Say whether any rule of the two asks for a signal or for the calendar of events."""
    by_layer = any(
        layer.roll_days_inverted is not None or layer.roll_strength is not None or layer.spans_event
        for layer in policy.layers
    )
    by_hedge = (
        (policy.tilt.strength > 0 and bool(policy.tilt.signals))
        or policy.tilt.risk_premium
        or policy.inversion.enabled
        or policy.execution.defer_distortion is not None
    )
    by_condors = (
        "steward_score" in policy.limits.binding
        or bool(programme.skip_events)
        or programme.containment is not None
        or programme.premium_floor is not None
    )
    return by_layer or by_hedge or by_condors


def build_guides(
    history: History, policy: HedgePolicy, programme: CondorProgramme, dates: Dates
) -> tuple[Records, Floats]:
    """Return what the rules of a policy and a programme hear on each session.

    The last few results are kept, by the history's digest and the values of the two policies; the
    rows returned are a copy.

    Parameters
    ----------
    history : History
    policy : HedgePolicy
    programme : CondorProgramme
    dates : ndarray of datetime64[D], shape (n,)
        Sessions of the history that are run.

    Returns
    -------
    rows : ndarray of GUIDE, shape (n,), or (1,) where no rule listens
    scenarios : ndarray, shape (sets, 512, 4), or (1, 1, 4) where no tail is measured; read-only
        S&P 500 return, log move of VIX, weight and calendar days of the moves that rows point to.
    """
    if not listens(policy, programme):
        return neutral_guides(), NO_SCENARIOS
    key = (history.digest, policy, programme, dates.tobytes())
    found = _CACHE.get(key)
    if found is None:
        found = _heard(history, policy, programme, dates)
        while len(_CACHE) >= _CACHE_SIZE:
            del _CACHE[next(iter(_CACHE))]
        _CACHE[key] = found
    rows, scenarios = found
    return rows.view(np.uint8).copy().view(rows.dtype), scenarios  # as bytes: twelve times as fast


_CACHE: dict[tuple[str, HedgePolicy, CondorProgramme, bytes], tuple[Records, Floats]] = {}
_CACHE_SIZE = 4


def _heard(
    history: History, policy: HedgePolicy, programme: CondorProgramme, dates: Dates
) -> tuple[Records, Floats]:
    rows, scenarios = _blank(len(dates)), NO_SCENARIOS
    at = np.searchsorted(history.dates, dates)
    _hear_tilts(rows, at, history, policy)
    _hear_rolls(rows, at, history, policy)
    _hear_condors(rows, at, history, programme)
    if "steward_score" in policy.limits.binding and programme.kind == "condors":
        scenarios = _hear_steward(rows, history, policy, programme, dates)
    return rows, scenarios


def _late(values: NDArray[Any], at: Rows, lag: int, fill: float) -> NDArray[Any]:
    """Return a series of the history as it was known ``lag`` sessions before each row ``at``."""
    late = values[np.maximum(at - lag, 0)]
    late[at < lag] = fill
    return late


def _hear_tilts(rows: Records, at: Rows, history: History, policy: HedgePolicy) -> None:
    if not (policy.tilt.strength > 0 and policy.tilt.signals) and not policy.tilt.risk_premium:
        return
    lag = policy.signal_lag
    for tilt in layer_tilts(history, policy, np.maximum(at - lag, 0)):
        factor = rows["factor"][:, LAYER_NAMES.index(tilt.layer)]
        factor[at >= lag] = tilt.factor[at >= lag]


def _hear_rolls(rows: Records, at: Rows, history: History, policy: HedgePolicy) -> None:
    inverts = policy.inversion.enabled or any(
        layer.roll_days_inverted is not None for layer in policy.layers
    )
    strong = [layer for layer in policy.layers if layer.roll_strength is not None]
    distortion = policy.execution.defer_distortion
    if inverts or strong or distortion is not None:
        table = policy_signals(history, policy)
        lag = policy.signal_lag
        if inverts:
            slope = _late(table["vix_slope"].raw, at, lag, np.nan)
            rows["inverted"] = slope > policy.inversion.threshold
        for layer in strong:
            rsi = _late(table["rsi_vx1"].raw, at, lag, np.nan)
            rows["strong"][:, LAYER_NAMES.index(layer.name)] = rsi > (layer.roll_strength or np.inf)
        if distortion is not None:
            far = _late(table["basis_distortion"].raw, at, lag, np.nan)
            rows["distorted"] = np.abs(far) > distortion
    if any(layer.spans_event for layer in policy.layers):
        first = np.fmin.reduce(next_events(history)[at], axis=1)  # a kind without one is passed
        known = ~np.isnat(first)
        rows["next_event"][known] = first[known].astype(np.int64)


def _hear_condors(rows: Records, at: Rows, history: History, programme: CondorProgramme) -> None:
    if programme.skip_events:
        kinds = [EVENTS.index(kind) for kind in programme.skip_events]
        wait = next_events(history)[at[:, None], kinds] - history.dates[at][:, None]
        near = wait <= np.timedelta64(programme.skip_days, "D")  # never where there is no date
        rows["event_ahead"] = near.any(axis=1)
    if programme.containment is not None:
        scale = range_multiples(history, programme.containment)
        rows["range_scale"] = _late(scale, at, PROGRAMME_LAG, np.nan)
    if programme.premium_floor is not None:
        gauge = signal_table(history)["premium_gauge"].raw
        rows["premium"] = _late(gauge, at, PROGRAMME_LAG, np.nan)


def _hear_steward(
    rows: Records, history: History, policy: HedgePolicy, programme: CondorProgramme, dates: Dates
) -> Floats:
    """Write the steward's limit of every month, and return the scenarios that it rests on.

    Both are those of the last session of the month before; a month without them bars nothing.
    """
    surfaces = build_surfaces(history)
    solver = Solver(surfaces, programme, policy)
    months = dates.astype("datetime64[M]")
    share, sets = policy.limits.steward_score or 0.0, list[Floats]()
    for month in np.unique(months):
        row = int(np.searchsorted(surfaces.dates, month.astype("datetime64[D]"))) - 1
        found = solver.levels(row) if row >= 0 else None
        if found is None:
            continue
        careful, bold, moves = found
        mine = months == month
        rows["scenarios"][mine] = len(sets)
        rows["least_cvar"][mine] = (1.0 - share) * bold.cvar + share * careful.cvar
        padded = np.zeros((SCENARIOS, 4))
        count = len(moves.weights)
        padded[:count, 0], padded[:count, 1] = moves.spx_returns, moves.vix_logs
        padded[:count, 2], padded[:, 3] = moves.weights, moves.calendar_days
        sets.append(padded)
    if not sets:
        return NO_SCENARIOS
    stacked = np.stack(sets)
    stacked.flags.writeable = False
    return stacked


def deaf_notes(history: History, policy: HedgePolicy, start: np.datetime64) -> Sequence[str]:
    """Say which signals of a policy have nothing to say at the start of a run, or ever."""
    if not policy.tilt.active:
        return ()
    table = policy_signals(history, policy)
    notes = []
    for name in dict.fromkeys(one.name for one in policy.tilt.signals):
        first = table[name].first_usable
        if np.isnat(first):
            notes.append(f"signal {name} is absent: it moves nothing in this run")
        elif first > start:
            notes.append(f"signal {name} is first known on {first}: it moves nothing before")
    return tuple(notes)
