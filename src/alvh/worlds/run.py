"""Policies through worlds: in shards of constant memory, kept on disk and taken up again."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.engine import (
    DEFAULT_COMMISSION,
    DEFAULT_DEBIT_SPREAD,
    DEFAULT_EQUITY,
    DEFAULT_FILL,
    result_of,
)
from alvh.errors import DataError, PolicyError
from alvh.guides import NO_SCENARIOS, listens, neutral_guides
from alvh.kernel.policies import DAILY
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.run import new_books, new_log, run_batch
from alvh.market.surfaces import Surfaces
from alvh.measures import SESSIONS_PER_YEAR
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme, policy_hash
from alvh.result import Result
from alvh.version import VERSION
from alvh.worlds.calendar import calendar_to, expiries_of
from alvh.worlds.outcome import COLUMNS, KEPT, WorldsResult
from alvh.worlds.shards import Progress, run_shards

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Records = NDArray[np.void]

SHARD = 64  # worlds at once: what they read and write stays near the processor


class Model(Protocol):
    """What worlds are made by."""

    @property
    def name(self) -> str:
        """What the worlds are made by, in one line, with all that changes them."""

    @property
    def digest(self) -> str:
        """Of the history that the model comes from."""

    @property
    def last(self) -> date:
        """Last session of that history; worlds are dated by the sessions up to it."""

    def worlds(self, first: int, count: int, dates: Dates, seed: int) -> Records:
        """Return worlds number ``first`` … as DAY records, shape (count, n_days)."""


@dataclass(frozen=True)
class Worlds:
    """Worlds that are made when they are needed; ``worlds[n]`` is world number n alone.

    Attributes
    ----------
    model : Model
    n_paths, n_days, seed : int
    first : int
        Number of the first of them.
    """

    model: Model
    n_paths: int
    n_days: int
    seed: int
    first: int = 0

    def __len__(self) -> int:
        return self.n_paths

    def __getitem__(self, number: int) -> "Worlds":
        if not 0 <= number < self.n_paths:
            raise IndexError(f"world {number} of {self.n_paths}: from 0 on was wanted")
        return replace(self, n_paths=1, first=self.first + number)

    @property
    def dates(self) -> Dates:
        """Sessions that every one of them is dated by, shape (n_days,)."""
        return calendar_to(self.model.last, self.n_days)

    def shard(self, first: int, count: int) -> Records:
        """Return worlds ``first`` … as day records, shape (count, n_days)."""
        return self.model.worlds(self.first + first, count, self.dates, self.seed)

    def surfaces(self) -> Surfaces:
        """Return the first world as the engine reads a history."""
        return Surfaces(self.shard(0, 1)[0], *expiries_of(self.dates), NO_QUOTES, ())

    def backtest(
        self, hedge: HedgePolicy, condors: CondorProgramme, equity: float, fill: float,
        **costs: float,
    ) -> Result | WorldsResult:  # fmt: skip
        """Run one book: a full result of a single world, what each came to of many."""
        if self.n_paths > 1:
            return run_worlds(self, hedge, condors, equity, fill, **costs)  # type: ignore[arg-type]
        return _lived_through(_Job(self, hedge, condors, equity, fill, **costs))


def simulate(model: Model, n_paths: int, n_days: int, seed: int) -> Worlds:
    """Return worlds drawn from a model; they are made when a run asks for them.

    Parameters
    ----------
    model : Model
        From ``alvh.bootstrap_model``.
    n_paths : int
        Worlds.
    n_days : int
        Sessions of each, dated by the last ones of the model's history.
    seed : int

    Raises
    ------
    DataError
        If there is no world to make, or the calendar does not reach so far.
    """
    if n_paths < 1 or seed < 0:
        raise DataError(f"{n_paths} worlds with seed {seed}: at least one, and a seed from 0 on")
    calendar_to(model.last, n_days)
    return Worlds(model, n_paths, n_days, seed)


def run_worlds(
    worlds: Worlds,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "cndr",
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    fee_scale: float = 1.0,
    commission: float = DEFAULT_COMMISSION,
    debit_spread: float = DEFAULT_DEBIT_SPREAD,
    improvement: float = 0.0,
    folder: Path | None = None,
    progress: Progress | None = None,
    cluster: str | None = None,
) -> WorldsResult:
    """Run a hedge and its unhedged twin through every world.

    Parameters
    ----------
    worlds : Worlds
    hedge, condors, equity, fill, fee_scale, commission, debit_spread, improvement
        As for ``alvh.backtest``.
    folder : Path, optional
        Where finished shards are kept; a run that was interrupted takes them up again.
    progress : callable, optional
        Called with (worlds done, worlds in all) after each shard.
    cluster : str, optional
        Address of a dask scheduler; the same bytes come back.

    Returns
    -------
    WorldsResult

    Raises
    ------
    PolicyError
        If a rule listens to signals, which worlds have none of.
    DataError
        If the folder holds shards of another run.
    """
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    job = _Job(
        worlds, policy, programme, equity, fill, fee_scale, commission, debit_spread, improvement
    )
    figures = run_shards(
        job, worlds.n_paths, SHARD, folder=folder, progress=progress, cluster=cluster
    )
    table = pl.DataFrame(figures, schema=list(KEPT))
    table = table.insert_column(0, pl.Series("world", worlds.first + np.arange(worlds.n_paths)))
    return WorldsResult(table, (worlds.n_days - 1) / SESSIONS_PER_YEAR, job.meta)


class _Job:
    """What is the same for every shard: one hedge and its twin on one book of condors."""

    shape = (len(KEPT),)

    def __init__(
        self,
        worlds: Worlds,
        policy: HedgePolicy,
        programme: CondorProgramme,
        equity: float,
        fill: float,
        fee_scale: float = 1.0,
        commission: float = DEFAULT_COMMISSION,
        debit_spread: float = DEFAULT_DEBIT_SPREAD,
        improvement: float = 0.0,
    ) -> None:
        refuse_listening(policy, programme)
        self.worlds, self.meta = worlds, _meta(worlds, policy, programme) | {
            "equity": equity, "fill": fill, "fee_scale": fee_scale, "commission": commission,
            "debit_spread": debit_spread, "improvement": improvement,
        }  # fmt: skip
        self.hedges = [compile_hedge(policy), compile_hedge(load_policy("none"))]
        self.rules = compile_programme(programme, fill, improvement)
        self.account = compile_account(
            equity, fill, fee_scale, commission, debit_spread, improvement
        )

    def __call__(self, first: int, count: int) -> Floats:
        """Return the figures of worlds ``first`` …, shape (count, 8): hedged, then twin."""
        days = self.worlds.shard(first, count)
        daily = np.zeros((2 * count, self.worlds.n_days), DAILY)
        run_batch(
            days, neutral_guides()[None], NO_SCENARIOS[None], *expiries_of(self.worlds.dates),
            NO_QUOTES, np.concatenate([one for one, _ in self.hedges]),
            np.stack([layers for _, layers in self.hedges]), np.repeat(self.rules, 2),
            np.repeat(self.account, 2), new_books(2 * count), daily, new_log(0, 0, 0),
        )  # fmt: skip
        _refuse_broken(daily["nav"], self.worlds.first + first)
        return _figures(daily, self.meta["equity"]).reshape(count, len(KEPT))


def refuse_listening(policy: HedgePolicy, programme: CondorProgramme) -> None:
    """Refuse rules that hear signals, which worlds have none of."""
    if listens(policy, programme):
        raise PolicyError(
            f"{policy.name} with {programme.name} listens to signals or to the calendar of events, "
            "which drawn worlds do not have; run a static policy, or `alvh backtest` on history"
        )


def _meta(worlds: Worlds, policy: HedgePolicy, programme: CondorProgramme) -> dict[str, Any]:
    return {
        "model": worlds.model.name,
        "n_paths": worlds.n_paths,
        "n_days": worlds.n_days,
        "seed": worlds.seed,
        "first": worlds.first,
        "hedge": policy.name,
        "programme": programme.name,
        "policy_hash": policy_hash(policy),
        "programme_hash": policy_hash(programme),
        "data_digest": worlds.model.digest,
        "code_version": VERSION,
        "model_priced_share": 1.0,
    }


def _lived_through(job: _Job) -> Result:
    """Return everything of one world: levels, trades, decisions and the book at the end."""
    surfaces, meta = job.worlds.surfaces(), job.meta
    note = f"world {meta['first']}, seed {meta['seed']}: {meta['model']}; its dates are borrowed"
    span = {"start": str(surfaces.dates[0]), "end": str(surfaces.dates[-1]), "notes": (note,)}
    return result_of(
        surfaces, slice(0, meta["n_days"]), (neutral_guides(), NO_SCENARIOS),
        (*job.hedges[0], job.rules, job.account), meta | span,
    )  # fmt: skip


def _refuse_broken(nav: Floats, first: int) -> None:
    bad = np.flatnonzero(~np.isfinite(nav).all(axis=1))
    if bad.size:
        raise DataError(
            f"the account value in world {first + bad[0] // 2} is not a number: a day that it was "
            "drawn from lacks a price input; draw from years that `alvh data check` finds complete"
        )


def _figures(daily: Any, equity: float) -> Floats:
    """Return growth, drawdown, hedge profit and costs of every run, shape (runs, 4)."""
    nav = np.maximum(daily["nav"], 0.0)
    years = (nav.shape[1] - 1) / SESSIONS_PER_YEAR
    growth = (nav[:, -1] / equity) ** (1.0 / years) - 1.0
    peak = np.maximum(np.maximum.accumulate(nav, axis=1), equity)
    depth = (nav / peak).min(axis=1) - 1.0
    last = daily[:, -1]
    hedge = last["pnl"][:, 1:].sum(axis=1) - last["cost"][:, 1:].sum(axis=1)
    figures = [growth, depth, hedge / equity, last["cost"].sum(axis=1) / equity]
    return np.stack(figures, axis=1).reshape(len(nav), len(COLUMNS))
