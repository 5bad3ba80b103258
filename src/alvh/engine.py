"""One backtest: a history and two policies in, a ``Result`` out.

Everything that decides or trades is in ``alvh.kernel``; this module prepares its records, runs it,
and presents what it wrote.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.errors import DataError
from alvh.guides import build_guides, deaf_notes
from alvh.kernel.policies import DAILY
from alvh.kernel.run import new_book, new_books, new_log, run_batch, run_days
from alvh.market.history import History
from alvh.market.surfaces import Records, Surfaces, build_surfaces
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme, policy_hash
from alvh.result import COUNTED, Result
from alvh.version import VERSION

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

FIRST_TRADED = {
    "vix_call": (np.datetime64("2006-02-24"), "VIX options"),
    "vix_backspread": (np.datetime64("2006-02-24"), "VIX options"),
    "vix_future": (np.datetime64("2004-03-26"), "VIX futures"),
    "basket": (np.datetime64("2009-01-30"), "funds that hold VIX futures"),
}
DEFAULT_EQUITY = 1_000_000.0
DEFAULT_FILL = 0.5
DEFAULT_COMMISSION = 0.65  # USD per contract and side; usual retail pass-through for SPX and VIX
DEFAULT_DEBIT_SPREAD = 0.01  # a broker's margin loan over bills, per year
_TRADES_PER_DAY, _DECISIONS_PER_DAY = 8, 6


@runtime_checkable
class Imagined(Protocol):
    """Years that never happened, which a policy is run through in place of a history."""

    def backtest(
        self, hedge: HedgePolicy, condors: CondorProgramme, equity: float, fill: float,
        **costs: float,
    ) -> Any:  # fmt: skip
        """Run one book through them; ``costs`` are the keywords of ``alvh.backtest``."""


@overload
def backtest(
    history: History, hedge: str | HedgePolicy = ..., condors: str | CondorProgramme = ...,
    start: str | date | None = ..., end: str | date | None = ..., equity: float = ...,
    fill: float = ..., *, fee_scale: float = ..., commission: float = ...,
    debit_spread: float = ..., improvement: float = ...,
) -> Result: ...  # fmt: skip
@overload
def backtest(
    history: Imagined, hedge: str | HedgePolicy = ..., condors: str | CondorProgramme = ...,
    start: None = ..., end: None = ..., equity: float = ...,
    fill: float = ..., *, fee_scale: float = ..., commission: float = ...,
    debit_spread: float = ..., improvement: float = ...,
) -> Any: ...  # fmt: skip
def backtest(
    history: History | Imagined,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "cndr",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    fee_scale: float = 1.0,
    commission: float = DEFAULT_COMMISSION,
    debit_spread: float = DEFAULT_DEBIT_SPREAD,
    improvement: float = 0.0,
) -> Any:
    """Run one book of condors and hedge through a history, or through worlds.

    Parameters
    ----------
    history : History or Worlds
        From ``alvh.load_history``, or from ``alvh.simulate``.
    hedge : str or HedgePolicy
        Preset name, path of a YAML file, or policy.
    condors : str or CondorProgramme
        Programme likewise.
    start, end : str, date or None
        First and last session; None takes the history's first or last usable one. Worlds have
        none to choose.
    equity : float
        Account value at the start, USD.
    fill : float
        Where between mid (0) and touch (1) trades are filled, unless the programme has its own.
    fee_scale : float
        Multiplier of exchange fees and commission.
    commission : float
        Broker commission, USD per contract and side.
    debit_spread : float
        What negative cash pays over the bill rate, per year.
    improvement : float
        Part of ``fill`` that every leg of a package after the first saves, 0 … 1: n legs traded
        as one order give up fill · (1 − improvement)ⁿ⁻¹ of their half-spreads.

    Returns
    -------
    Result or WorldsResult
        Of a history, or of a single world, everything; of many worlds what each came to, hedged
        and unhedged. ``worlds[n]`` is world number n alone.

    Raises
    ------
    DataError
        If the dates ask for sessions the history does not have.
    PolicyError
        If a policy is not valid.
    """
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    if not isinstance(history, History) and isinstance(history, Imagined):
        _refuse_dates(start, end)
        return history.backtest(
            policy, programme, equity, fill, fee_scale=fee_scale, commission=commission,
            debit_spread=debit_spread, improvement=improvement,
        )  # fmt: skip
    surfaces = build_surfaces(history)
    window = session_window(surfaces, start, end)
    account = compile_account(equity, fill, fee_scale, commission, debit_spread, improvement)
    guides = build_guides(history, policy, programme, surfaces.dates[window])
    meta = (
        _identity(history, policy, programme)
        | {
            "fill": fill,
            "equity": equity,
            "start": str(surfaces.dates[window][0]),
            "end": str(surfaces.dates[window][-1]),
            "notes": (
                *surfaces.notes,
                *_window_notes(surfaces, window, policy),
                *deaf_notes(history, policy, surfaces.dates[window][0]),
            ),
        }
        | ({"improvement": improvement} if improvement else {})
    )
    rules = compile_programme(programme, fill, improvement)
    records = (*compile_hedge(policy), rules, account)
    return result_of(surfaces, window, guides, records, meta)


def _refuse_dates(start: object, end: object) -> None:
    if start is not None or end is not None:
        raise DataError(
            f"start {start}, end {end}: a world has no dates of its own to choose from; give the "
            "model those of the history to draw from"
        )


def result_of(
    surfaces: Surfaces,
    window: slice,
    guides: tuple[Records, Floats],
    records: tuple[Records, ...],
    meta: dict[str, Any],
) -> Result:
    """Run the kernel through some sessions and present what it wrote; see ``run_window``."""
    daily, logs, book = run_window(surfaces, window, guides, records)
    counts = {name: int(book.state[0][name]) for name in COUNTED}
    dates, rates = surfaces.dates[window], surfaces.rates[window]
    return Result(dates, daily, rates, meta, logs, counts, book)


def _identity(history: History, policy: HedgePolicy, programme: CondorProgramme) -> dict[str, Any]:
    """Name what a result was made of."""
    return {
        "hedge": policy.name,
        "programme": programme.name,
        "policy_hash": policy_hash(policy),
        "programme_hash": policy_hash(programme),
        "data_digest": history.digest,
        "code_version": VERSION,
    }


def _window_notes(surfaces: Surfaces, window: slice, policy: HedgePolicy) -> list[str]:
    """Say what of the run did not exist yet, or could not be traded."""
    dates = surfaces.dates[window]
    notes = []
    for prefix, (first, what) in FIRST_TRADED.items():
        if dates[0] < first and any(layer.instrument.startswith(prefix) for layer in policy.layers):
            notes.append(f"{what} first traded on {first}: before it {policy.name} is not itself")
    low, high = np.searchsorted(surfaces.priced, (window.start, window.stop))
    if high - low < len(dates):
        idle = np.delete(dates, surfaces.priced[low:high] - window.start)
        notes.append(
            f"{idle.size} sessions from {idle[0]} to {idle[-1]} lack an input that prices need: "
            "nothing was traded on them"
        )
    unused = len(surfaces.dates) - 1 - int(surfaces.priced[-1])
    if unused > 0:
        notes.append(f"the last {unused} sessions of the S&P 500 have no VIX and are left out")
    return notes


def session_window(surfaces: Surfaces, start: str | date | None, end: str | date | None) -> slice:
    """Return the rows from ``start`` to ``end``; both must lie within the history.

    Raises
    ------
    DataError
        If a date is not a date, lies outside, or fewer than two sessions are left.
    """
    dates, usable = surfaces.dates, surfaces.priced
    first = dates[usable[0]] if start is None else _parse(start, "start")
    last = dates[usable[-1]] if end is None else _parse(end, "end")
    for name, given in (("start", first), ("end", last)):
        if not dates[0] <= given <= dates[-1]:
            raise DataError(
                f"{name} {given} is outside the history, which runs from {dates[0]} to "
                f"{dates[-1]}; choose a date within it"
            )
    low, high = np.searchsorted(dates, first), np.searchsorted(dates, last, side="right")
    low = max(low, usable[0])
    if high - low < 2:
        raise DataError(f"fewer than two sessions lie between {first} and {last}; widen the dates")
    return slice(int(low), int(high))


def _parse(given: str | date, name: str) -> np.datetime64:
    if not isinstance(given, str | date | np.datetime64):
        raise DataError(f"{name} {given!r} is not a date; write it as 2007-01-03")
    try:
        return np.datetime64(date.fromisoformat(given) if isinstance(given, str) else given, "D")
    except ValueError as error:
        raise DataError(f"{name} {given!r} is not a date; write it as 2007-01-03") from error


def run_window(
    surfaces: Surfaces,
    window: slice,
    guides: tuple[Records, Floats],
    records: tuple[Records, ...],
    make_book: Callable[[], Any] = new_book,
) -> tuple[Records, Any, Any]:
    """Run the kernel, once more with larger logs where the first guess was too small.

    Parameters
    ----------
    surfaces : Surfaces
    window : slice
        Rows to run.
    guides : tuple
        From ``build_guides``.
    records : tuple
        Hedge, layers, programme and account, compiled.
    make_book : callable
        Makes the book that the run starts with, afresh each time it is called.

    Returns
    -------
    daily : ndarray of DAILY
    log : Log
    book : Book
        As it is at the last close.
    """
    days = surfaces.days[window]
    n = len(days)
    sizes = [n * _TRADES_PER_DAY + 1000, n * _DECISIONS_PER_DAY + 1000, n + 100]
    while True:
        daily, log, book = np.zeros(n, DAILY), new_log(*sizes), make_book()
        run_days(days, *guides, *surfaces.listed, *records, daily, log, book)
        state = book.state[0]
        needed = [int(state["trades"]), int(state["decisions"]), int(state["condors"])]
        if all(need <= size for need, size in zip(needed, sizes, strict=True)):
            break
        sizes = [max(pair) for pair in zip(needed, sizes, strict=True)]
    _refuse_broken(daily, surfaces.dates[window])
    return daily, log, book


def _refuse_broken(daily: Records, dates: Dates) -> None:
    """Refuse a run that produced a number that is none."""
    bad = ~np.isfinite(daily["nav"])
    if bad.any():
        raise DataError(
            f"the account value on {dates[np.argmax(bad)]} is not a number: a price input of that "
            "day or the one before is missing; run `alvh data check` on the folder"
        )


SWEEP_CHUNK = 64  # policies run at once: bounds memory, the result does not depend on it


@dataclass(frozen=True)
class Sweep:
    """Many hedges on one book of condors.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    nav : ndarray, shape (n_policies, n)
        Account value at the close, USD.
    hedge_pnl : ndarray, shape (n_policies, n)
        Cumulative profit of the hedge after its costs, USD.
    carry : ndarray, shape (n_policies, n)
        Cumulative unchanged-market gain of the hedge, USD.
    fills : ndarray of int, shape (n_policies, 3)
        Fills, those that a model priced, and those that smiles fitted to quotes did.
    """

    dates: Dates
    nav: Floats
    hedge_pnl: Floats
    carry: Floats
    fills: NDArray[np.int64]


def sweep(
    history: History,
    hedges: Sequence[HedgePolicy],
    condors: str | CondorProgramme = "cndr",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Run many hedges against the same condors, in parallel and without logs.

    Parameters
    ----------
    history, condors, start, end, equity, fill
        As for ``backtest``.
    hedges : sequence of HedgePolicy
        At least one.
    progress : callable, optional
        Called with (done, total) after each chunk.

    Returns
    -------
    Sweep
        The same numbers that ``backtest`` gives one by one, to the bit.
    """
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    surfaces = build_surfaces(history)
    window = session_window(surfaces, start, end)
    compiled = [compile_hedge(policy) for policy in hedges]
    rules = compile_programme(programme, fill)
    account = compile_account(equity, fill, 1.0, DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD)
    parts = []
    for low in range(0, len(hedges), SWEEP_CHUNK):
        chunk = compiled[low : low + SWEEP_CHUNK]
        guides = _stack_guides(
            [
                build_guides(history, policy, programme, surfaces.dates[window])
                for policy in hedges[low : low + SWEEP_CHUNK]
            ]
        )
        parts.append(_sweep_chunk(surfaces, window, guides, chunk, rules, account))
        if progress is not None:
            progress(low + len(chunk), len(hedges))
    return Sweep(
        surfaces.dates[window], *(np.concatenate(column) for column in zip(*parts, strict=True))
    )


def _stack_guides(heard: list[tuple[Records, Floats]]) -> tuple[Records, Floats]:
    """Return guides of many policies, one row each, as long as the longest; see ``run_batch``."""
    longest = max(len(rows) for rows, _ in heard)
    sets, moves = (max(scenarios.shape[axis] for _, scenarios in heard) for axis in (0, 1))
    stacked = np.zeros((len(heard), sets, moves, 4))
    for row, (_, scenarios) in zip(stacked, heard, strict=True):
        row[: scenarios.shape[0], : scenarios.shape[1]] = scenarios
    stacked.flags.writeable = False  # as those of one policy are
    return np.stack([np.resize(rows, longest) for rows, _ in heard]), stacked


def _sweep_chunk(
    surfaces: Surfaces,
    window: slice,
    guides: tuple[Records, Floats],
    compiled: list[tuple[Records, Records]],
    rules: Records,
    account: Records,
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    count, days = len(compiled), surfaces.days[window]
    daily, books = np.zeros((count, len(days)), DAILY), new_books(count)
    run_batch(
        days[None, :], *guides, *surfaces.listed,
        np.concatenate([hedge for hedge, _ in compiled]),
        np.stack([layers for _, layers in compiled]),
        np.repeat(rules, count), np.repeat(account, count),
        books, daily, new_log(0, 0, 0),
    )  # fmt: skip
    for rows in daily:
        _refuse_broken(rows, surfaces.dates[window])
    hedge = daily["pnl"][:, :, 1:].sum(axis=2) - daily["cost"][:, :, 1:].sum(axis=2)
    fills = np.stack([books.state[name] for name in COUNTED[:3]], axis=1)
    return daily["nav"].copy(), hedge, daily["carry"].sum(axis=2), fills
