"""All signals of a history side by side, on a common scale.

The row of a session holds what was published by its close. Trading on it a session later is the
engine's business, not this table's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np

from alvh.errors import DataError
from alvh.market.history import History
from alvh.signals import (
    breadth,
    events,
    indicators,
    macro,
    path_dependent,
    premium,
    realised,
    regime,
    term_structure,
)
from alvh.signals.catalogue import SIGNALS, Signal, signal
from alvh.signals.reading import Dates, Floats, Reading
from alvh.signals.windows import trailing_z

CLIP = 4.0  # standard deviations beyond which a score says no more
WINDOW, MINIMUM = 756, 252


class SignalRow(NamedTuple):
    """One signal on one session; ``age_days`` are calendar days since the day it describes."""

    name: str
    raw: float
    z: float
    score: float
    age_days: float
    provenance: str
    layer: str


@dataclass(frozen=True)
class SignalColumn:
    """One signal on every session; fields as in ``SignalTable``, arrays of shape (n,)."""

    signal: Signal
    raw: Floats
    z: Floats
    score: Floats
    age: Floats
    provenance: str
    first_usable: np.datetime64


@dataclass(frozen=True)
class SignalTable:
    """Signals of a history, one column each in the order of the catalogue.

    Attributes
    ----------
    names : tuple of str, length k
    dates : ndarray of datetime64[D], shape (n,)
        The sessions of the history.
    raw : ndarray of float64, shape (n, k)
        Values in the signals' own units, known at the close; NaN where absent, here and below.
    z : ndarray of float64, shape (n, k)
        Distance from the trailing mean in trailing sample deviations (ddof = 1), over the last
        ``window`` known values up to and including the session's, at least ``minimum`` of them.
    score : ndarray of float64, shape (n, k)
        What a tilt uses: the sign times z, or the signal's own score; within ±4. A positive score
        asks for more of the layer's hedge.
    age : ndarray of float64, shape (n, k)
        Calendar days from the day that a value describes to the session.
    provenance : tuple of str, length k
        What each signal rests on.
    first_usable : ndarray of datetime64[D], shape (k,)
        Session of the first finite score; NaT if there is none.
    window, minimum : int
        Of z.
    """

    names: tuple[str, ...]
    dates: Dates
    raw: Floats
    z: Floats
    score: Floats
    age: Floats
    provenance: tuple[str, ...]
    first_usable: Dates
    window: int
    minimum: int

    def index(self, name: str) -> int:
        """Return the column of a signal.

        Raises
        ------
        DataError
            If the table has no such signal.
        """
        if name not in self.names:
            raise DataError(f"signal table: no signal '{name}'; there are {', '.join(self.names)}")
        return self.names.index(name)

    def __getitem__(self, name: str) -> SignalColumn:
        """Return everything about one signal.

        Raises
        ------
        DataError
            If the table has no such signal.
        """
        at = self.index(name)
        return SignalColumn(
            signal(name), self.raw[:, at], self.z[:, at], self.score[:, at], self.age[:, at],
            self.provenance[at], self.first_usable[at],
        )  # fmt: skip

    def on(self, day: date | str | np.datetime64) -> tuple[SignalRow, ...]:
        """Return every signal as it stood at the close of a session.

        Parameters
        ----------
        day : datetime.date, str or datetime64
            A session of the table.

        Raises
        ------
        DataError
            If it is not one.
        """
        row = self._row(day)
        return tuple(
            SignalRow(
                name, float(self.raw[row, at]), float(self.z[row, at]), float(self.score[row, at]),
                float(self.age[row, at]), self.provenance[at], signal(name).layer,
            )
            for at, name in enumerate(self.names)
        )  # fmt: skip

    def _row(self, day: date | str | np.datetime64) -> int:
        try:
            wanted = np.datetime64(str(day), "D")
        except ValueError:
            raise DataError(
                f"signal table: '{day}' is not a date; one such as 2020-03-16 was wanted"
            ) from None
        row = int(np.searchsorted(self.dates, wanted))
        if row == len(self.dates) or self.dates[row] != wanted:
            raise DataError(
                f"signal table: {wanted} is not one of its sessions, {self.dates[0]} to "
                f"{self.dates[-1]}; choose one of them"
            )
        return row


_CACHE: dict[tuple[str, int, int], SignalTable] = {}
_CACHE_SIZE = 4


def signal_table(history: History, window: int = WINDOW, minimum: int = MINIMUM) -> SignalTable:
    """Return every signal of a history; the last few tables are kept by the history's digest.

    Parameters
    ----------
    history : History
    window : int
        Known values that a z-score looks back on, the session's own included.
    minimum : int
        Known values that it needs, at least 2.

    Returns
    -------
    SignalTable
        Row t rests on what was published by the close of session t.

    Raises
    ------
    DataError
        If the window is shorter than the minimum, or a reading describes a day after its session.

    References
    ----------
    Definitions: ``alvh.signals.catalogue``.
    """
    if not 2 <= minimum <= window:
        raise DataError(
            f"signal table: window {window} and minimum {minimum}; a minimum of 2 or more and a "
            "window not shorter were wanted; lower the minimum or widen the window"
        )
    key = (history.digest, window, minimum)
    found = _CACHE.get(key)
    if found is None:
        found = _build(history, window, minimum)
        while len(_CACHE) >= _CACHE_SIZE:
            del _CACHE[next(iter(_CACHE))]
        _CACHE[key] = found
    return found


def readers(window: int, minimum: int) -> dict[str, Callable[[History], Reading]]:
    """Return the function that reads each signal, by name."""
    return {
        "rsi_spx": indicators.rsi_spx,
        "rsi_vix": indicators.rsi_vix,
        "rsi_vx1": indicators.rsi_vx1,
        "rsi_gap": indicators.rsi_gap,
        "hedge_cheap": indicators.hedge_cheap,
        "macd": indicators.macd,
        "breadth": partial(breadth.breadth, window=window, minimum=minimum),
        "advance_decline": breadth.advance_decline,
        "vix_slope": term_structure.vix_slope,
        "contango": term_structure.contango,
        "roll_yield": term_structure.roll_yield,
        "vvix": term_structure.vvix,
        "skew": term_structure.skew,
        "big_top": regime.big_top,
        "variance_premium": realised.variance_premium,
        "expected_range": realised.expected_range,
        "range_multiple": realised.range_multiple,
        "premium_gauge": realised.premium_gauge,
        "fair_vix": path_dependent.fair_vix,
        "fair_vix_residual": path_dependent.fair_vix_residual,
        "vix_premium": premium.vix_premium,
        "basis_distortion": premium.basis_distortion,
        "event_density": events.event_density,
        "event_variance": events.event_variance,
        "equity_risk_premium": macro.equity_risk_premium,
        "reer_residual": partial(macro.reer_residual, window=window, minimum=minimum),
        "policy_uncertainty": macro.policy_uncertainty,
        "reit_strength": partial(macro.reit_strength, window=window, minimum=minimum),
        "ipo_cluster": macro.ipo_cluster,
        "index_pe": macro.index_pe,
    }


def _build(history: History, window: int, minimum: int) -> SignalTable:
    read = readers(window, minimum)
    rows = [one for one in SIGNALS if one.name in read]
    readings = [read[one.name](history) for one in rows]
    shape = (len(history), len(rows))
    raw, z, score, age = (np.full(shape, np.nan) for _ in range(4))
    for at, (one, reading) in enumerate(zip(rows, readings, strict=True)):
        raw[:, at] = reading.raw
        z[:, at] = trailing_z(reading.raw, window, minimum)
        chosen = one.sign * z[:, at] if reading.score is None else reading.score
        score[:, at] = np.clip(chosen, -CLIP, CLIP) + 0.0  # no −0
        age[:, at] = _age(history, one.name, reading)
    usable = np.isfinite(score)
    first = np.where(usable.any(axis=0), history.dates[usable.argmax(axis=0)], np.datetime64("NaT"))
    for values in (raw, z, score, age, first):
        values.setflags(write=False)
    return SignalTable(
        tuple(one.name for one in rows), history.dates, raw, z, score, age,
        tuple(reading.provenance for reading in readings), first, window, minimum,
    )  # fmt: skip


def _age(history: History, name: str, reading: Reading) -> Floats:
    """Return the age of each value in days; a value from after its session is refused."""
    age = (history.dates - reading.observed) / np.timedelta64(1, "D")
    ahead = np.isfinite(reading.raw) & ~(age >= 0.0)
    if ahead.any():
        row = int(np.flatnonzero(ahead)[0])
        raise DataError(
            f"signal {name}: its value of {history.dates[row]} describes {reading.observed[row]}; "
            "a day up to that session was wanted; correct the day that its reading observes"
        )
    return np.where(np.isfinite(reading.raw), age, np.nan)
