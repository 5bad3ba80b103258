"""Fit a folder of imported chains, some sessions at a time."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from alvh.errors import DataError
from alvh.market.chains.checks import believable
from alvh.market.chains.forwards import Forwards, fit_forwards
from alvh.market.chains.indices import implied_indices
from alvh.market.chains.parity import spx_boxes, vix_parity
from alvh.market.chains.smile_shape import SMILE, SPLINE
from alvh.market.chains.smiles import Smiles, fit_smiles
from alvh.market.chains.store import Store
from alvh.market.chains.strips import Strips, pair_quotes
from alvh.market.chains.table import load_chains

SESSIONS = 12  # at a time: some 200,000 quotes, so that memory does not grow with the folder
ENOUGH = 0.5  # of the quotes of the session's fullest moment
SMILE_NUMBERS = ("scale", "a", "b", "rho", "m", "s",
                 *(f"c{j}" for j in range(SMILE - SPLINE)))  # fmt: skip
Progress = Callable[[int, int], None] | None


@dataclass(frozen=True)
class ChainFit:
    """What a folder of chains says once it is fitted.

    Attributes
    ----------
    digest : str
        SHA-256 of the folder's sources.
    expiries : polars.DataFrame
        One row an expiry and snapshot: forward, rates, quality and the smile's numbers; see
        ``Forwards``, ``alvh.market.chains.smiles.QUALITY`` and ``smile_shape``.
    indices : polars.DataFrame
        VIX, SKEW and VVIX by snapshot; see ``implied_indices``.
    left_out : tuple of datetime.date
        Sessions of which no quote can be believed, or none lies ahead of its date.
    """

    digest: str
    expiries: pl.DataFrame
    indices: pl.DataFrame
    left_out: tuple[date, ...] = ()


@dataclass(frozen=True)
class ParityDesk:
    """What calls and puts say of futures and of rates; see ``alvh.market.chains.parity``."""

    digest: str
    vix: pl.DataFrame
    boxes: pl.DataFrame


def fit_folder(
    folder: str | Path, *, roots: Collection[str] | None = None,
    dates: Collection[date] | None = None, rate: float = 0.0,
    progress: Progress = None,
) -> ChainFit:  # fmt: skip
    """Fit every expiry of a folder of chains.

    Parameters
    ----------
    folder : str or Path
        Written by ``alvh chain import`` or ``alvh chain pull``.
    roots : collection of str, optional
        Some of SPX, SPXW, VIX, VIXW; all by default.
    dates : collection of datetime.date, optional
        Sessions; all by default.
    rate : float
        Continuously compounded, decimal; only for snapshots whose quotes do not tell theirs.
    progress : callable, optional
        Called with (sessions done, sessions in all).

    Returns
    -------
    ChainFit
        Of the last moment of each session, without the quotes that ``alvh chain check`` says are
        not to be priced by.

    Raises
    ------
    DataError
        If the folder holds no chains, or none of those asked for.
    """
    expiries, indices = [], []
    for strips, forwards in _batches(folder, roots, dates, rate, progress):
        smiles = fit_smiles(strips, forwards)
        expiries.append(_with_numbers(smiles))
        indices.append(implied_indices(strips, forwards))
    table = pl.concat(expiries)
    left_out = sorted({*_sessions(folder, roots, dates)} - {*table["date"]})
    return ChainFit(_digest(folder), table, pl.concat(indices), tuple(left_out))


def parity_of_folder(
    folder: str | Path, futures: pl.DataFrame, *, dates: Collection[date] | None = None,
    rate: float = 0.0, progress: Progress = None,
) -> ParityDesk:  # fmt: skip
    """Hold a folder's parity against futures and rates.

    Parameters
    ----------
    folder, dates, rate, progress
        As for ``fit_folder``.
    futures : polars.DataFrame
        Columns ``date``, ``expiry`` and ``settle``; see ``History.futures``.

    Returns
    -------
    ParityDesk

    Raises
    ------
    DataError
        If the folder holds no chains, or none of those asked for.
    """
    vix, boxes = [], []
    for strips, forwards in _batches(folder, None, dates, rate, progress):
        vix.append(vix_parity(strips, forwards, futures))
        boxes.append(spx_boxes(strips, forwards))
    return ParityDesk(_digest(folder), pl.concat(vix), pl.concat(boxes))


def closing_quotes(table: pl.DataFrame) -> pl.DataFrame:
    """Return the last moment of each session: the end of the day, or else its latest snapshot.

    A moment with less than ``ENOUGH`` of the quotes of the session's fullest is none.

    Parameters
    ----------
    table : polars.DataFrame
        Of ``CHAIN_SCHEMA``.
    """
    moment = pl.col("time").fill_null("end")  # after every clock time in order of text
    under = pl.col("root").str.slice(0, 3)
    placed = table.with_columns(moment.alias("moment"), under.alias("under"))
    sizes = placed.group_by("date", "under", "moment").len()
    enough = sizes.filter(pl.col("len") >= ENOUGH * pl.col("len").max().over("date", "under"))
    last = enough.group_by("date", "under").agg(pl.col("moment").max())
    keys = ["date", "under", "moment"]
    return placed.join(last, on=keys, how="semi", maintain_order="left").select(table.columns)


def _digest(folder: str | Path) -> str:
    return Store.of(Path(folder)).digest


def _sessions(
    folder: str | Path, roots: Collection[str] | None, dates: Collection[date] | None
) -> list[date]:
    days = load_chains(folder, roots, dates).select("date").unique().collect()["date"]
    return days.sort().to_list()


def _batches(
    folder: str | Path, roots: Collection[str] | None, dates: Collection[date] | None,
    rate: float, progress: Progress,
) -> Iterator[tuple[Strips, Forwards]]:  # fmt: skip
    """Yield strips and forwards of the believable quotes, some sessions at a time."""
    days = _sessions(folder, roots, dates)
    if not days:
        raise DataError(
            f"{folder}: no chain of the roots and dates asked for; `alvh chain check {folder}` "
            "says what is there"
        )
    told = False
    for first in range(0, len(days), SESSIONS):
        some = days[first : first + SESSIONS]
        table = believable(load_chains(folder, roots, some, unquoted=True).collect())
        if table.height:
            strips = pair_quotes(closing_quotes(table))
            yield strips, fit_forwards(strips, rate=rate)
            told = True
        if progress is not None:
            progress(min(first + SESSIONS, len(days)), len(days))
    if not told:
        raise DataError(
            f"{folder}: all quotes of the {len(days)} sessions asked for are marked as not to be "
            f"priced by; `alvh chain check {folder}` says why"
        )


def _with_numbers(smiles: Smiles) -> pl.DataFrame:
    columns = [pl.Series(name, smiles.smile[:, i]) for i, name in enumerate(SMILE_NUMBERS)]
    return smiles.table().with_columns(columns)
