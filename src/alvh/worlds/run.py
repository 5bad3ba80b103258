"""Policies through worlds: in shards of constant memory, kept on disk and taken up again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.engine import (
    DEFAULT_COMMISSION,
    DEFAULT_DEBIT_SPREAD,
    DEFAULT_EQUITY,
    DEFAULT_FILL,
)
from alvh.errors import DataError, PolicyError
from alvh.guides import NO_SCENARIOS, listens, neutral_guides
from alvh.kernel.policies import DAILY
from alvh.kernel.run import new_books, new_log, run_batch
from alvh.measures import cvar
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme, policy_hash
from alvh.version import VERSION
from alvh.worlds.bootstrap import Bootstrap, calendar_of, expiries_of

Floats = NDArray[np.float64]

SHARD = 128  # worlds at once
SESSIONS_PER_YEAR = 252
HALF = 0.5  # an account that has lost so much is counted as ruined
COLUMNS = ("growth", "max_drawdown", "hedge_pnl", "costs")
_KEPT = tuple(f"{book}_{name}" for book in ("hedged", "twin") for name in COLUMNS)


@dataclass(frozen=True)
class Worlds:
    """Worlds that are made when they are needed.

    Attributes
    ----------
    model : Bootstrap
    n_paths, n_days, seed : int
    """

    model: Bootstrap
    n_paths: int
    n_days: int
    seed: int

    def shard(self, first: int, count: int) -> NDArray[np.void]:
        """Return worlds ``first`` … as day records, shape (count, n_days)."""
        return self.model.worlds(first, count, calendar_of(self.model, self.n_days), self.seed)


@dataclass(frozen=True)
class WorldsResult:
    """What one hedge, and no hedge, came to in every world.

    Attributes
    ----------
    table : polars.DataFrame
        One row a world: ``growth`` a year, ``max_drawdown``, ``hedge_pnl`` and ``costs`` as
        fractions of the equity at the start, each for the ``hedged`` book and its unhedged
        ``twin``.
    years : float
        Of one world.
    meta : dict
        Hashes, model, seed and what else made it.
    """

    table: pl.DataFrame
    years: float
    meta: dict[str, Any]

    def summary(self) -> dict[str, dict[str, float]]:
        """Return the distribution over worlds of both books, and of the difference, fractions.

        ``error`` is 1.96 standard errors of the mean difference: of the drawing of worlds only.
        That history has seen few crises, which all worlds are made of, is not in it.
        """
        books = {book: self._book(book) for book in ("hedged", "twin")}
        gap = (self.table["hedged_growth"] - self.table["twin_growth"]).to_numpy()
        depth = (self.table["hedged_max_drawdown"] - self.table["twin_max_drawdown"]).to_numpy()
        error = 1.96 / np.sqrt(max(len(gap) - 1, 1))
        return books | {
            "difference": {
                "growth": float(gap.mean()),
                "growth_error": float(error * gap.std()),
                "max_drawdown": float(depth.mean()),
                "max_drawdown_error": float(error * depth.std()),
                "hedged_is_ahead": float((gap > 0.0).mean()),
                "hedged_falls_less": float((depth > 0.0).mean()),
            }
        }

    def _book(self, book: str) -> dict[str, float]:
        growth = self.table[f"{book}_growth"].to_numpy()
        depth = self.table[f"{book}_max_drawdown"].to_numpy()
        low, middle, high = np.quantile(growth, [0.05, 0.5, 0.95])
        return {
            "growth": float(growth.mean()),
            "growth_05": float(low),
            "growth_50": float(middle),
            "growth_95": float(high),
            "growth_cvar_95": cvar(growth),
            "max_drawdown": float(depth.mean()),
            "max_drawdown_cvar_95": cvar(depth),
            "ruined": float((depth <= -HALF).mean()),
            "hedge_pnl_per_year": self._a_year(f"{book}_hedge_pnl"),
            "costs_per_year": self._a_year(f"{book}_costs"),
        }

    def _a_year(self, name: str) -> float:
        return float(self.table[name].to_numpy().mean()) / self.years


def simulate(model: Bootstrap, n_paths: int, n_days: int, seed: int) -> Worlds:
    """Return worlds drawn from a model; they are made when a run asks for them.

    Parameters
    ----------
    model : Bootstrap
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
    calendar_of(model, n_days)
    return Worlds(model, n_paths, n_days, seed)


def run_worlds(
    worlds: Worlds,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "cndr",
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> WorldsResult:
    """Run a hedge and its unhedged twin through every world.

    Parameters
    ----------
    worlds : Worlds
    hedge, condors, equity, fill
        As for ``alvh.backtest``.
    folder : Path, optional
        Where finished shards are kept; a run that was interrupted takes them up again.
    progress : callable, optional
        Called with (worlds done, worlds in all) after each shard.

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
    if listens(policy, programme):
        raise PolicyError(
            f"{policy.name} with {programme.name} listens to signals or to the calendar of events, "
            "which drawn worlds do not have; run a static policy, or `alvh backtest` on history"
        )
    meta = _meta(worlds, policy, programme, equity, fill)
    if folder is not None:
        _open_folder(folder, meta)
    job = _Job(worlds, policy, programme, equity, fill)
    parts = []
    for first in range(0, worlds.n_paths, SHARD):
        count = min(SHARD, worlds.n_paths - first)
        file = None if folder is None else folder / f"shard-{first:08d}.npy"
        parts.append(_shard(job, first, count, file))
        if progress is not None:
            progress(first + count, worlds.n_paths)
    table = pl.DataFrame(np.concatenate(parts), schema=list(_KEPT))
    table = table.insert_column(0, pl.Series("world", np.arange(worlds.n_paths)))
    return WorldsResult(table, (worlds.n_days - 1) / SESSIONS_PER_YEAR, meta)


def _meta(
    worlds: Worlds, policy: HedgePolicy, programme: CondorProgramme, equity: float, fill: float
) -> dict[str, Any]:
    return {
        "model": worlds.model.name,
        "n_paths": worlds.n_paths,
        "n_days": worlds.n_days,
        "seed": worlds.seed,
        "hedge": policy.name,
        "programme": programme.name,
        "policy_hash": policy_hash(policy),
        "programme_hash": policy_hash(programme),
        "data_digest": worlds.model.digest,
        "code_version": VERSION,
        "equity": equity,
        "fill": fill,
        "model_priced_share": 1.0,
    }


def _open_folder(folder: Path, meta: dict[str, Any]) -> None:
    """Make the folder this run's, or refuse one that is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest, mine = folder / "manifest.json", meta | {"n_paths": None}  # more worlds may follow
    if manifest.exists():
        theirs = json.loads(manifest.read_text(encoding="utf-8"))
        other = [key for key in mine if theirs.get(key) != mine[key]]
        if other:
            raise DataError(
                f"{folder} holds worlds of another run: {other[0]} was {theirs.get(other[0])!r}, "
                f"now {mine[other[0]]!r}; choose another folder"
            )
        return
    _write(manifest, (json.dumps(mine, indent=2) + "\n").encode())


def _write(file: Path, content: bytes) -> None:
    beside = file.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(file)


def _shard(job: "_Job", first: int, count: int, file: Path | None) -> Floats:
    """Return one shard's figures, from its file where that holds as many worlds."""
    if file is not None and file.exists():
        try:
            kept: Floats = np.load(file)
        except (ValueError, EOFError) as error:
            raise DataError(f"{file} is no shard of worlds ({error}); delete it") from error
        if kept.shape == (count, len(_KEPT)):
            return kept
    found = job.run(first, count)
    if file is not None:
        content = BytesIO()
        np.save(content, found)
        _write(file, content.getvalue())
    return found


class _Job:
    """What is the same for every shard."""

    def __init__(
        self,
        worlds: Worlds,
        policy: HedgePolicy,
        programme: CondorProgramme,
        equity: float,
        fill: float,
    ) -> None:
        self._worlds, self._equity = worlds, equity
        hedges = [compile_hedge(policy), compile_hedge(load_policy("none"))]
        self._hedges = np.concatenate([one for one, _ in hedges])
        self._layers = np.stack([layers for _, layers in hedges])
        account = compile_account(equity, fill, 1.0, DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD)
        self._rules = np.repeat(compile_programme(programme, fill), 2)
        self._account = np.repeat(account, 2)
        self._expiries = expiries_of(calendar_of(worlds.model, worlds.n_days))

    def run(self, first: int, count: int) -> Floats:
        """Return the figures of worlds ``first`` …, shape (count, 8): hedged, then twin."""
        days = self._worlds.shard(first, count)
        daily = np.zeros((2 * count, self._worlds.n_days), DAILY)
        run_batch(
            days, neutral_guides()[None], NO_SCENARIOS[None], *self._expiries, self._hedges,
            self._layers, self._rules, self._account, new_books(2 * count), daily,
            new_log(0, 0, 0),
        )  # fmt: skip
        _refuse_broken(daily["nav"], first)
        return _figures(daily, self._equity).reshape(count, len(_KEPT))


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
    return np.stack([growth, depth, hedge / equity, last["cost"].sum(axis=1) / equity], axis=1)
