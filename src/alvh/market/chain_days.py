"""The sessions of a history that have chains: fitted, with their quotes, and kept.

Fitting a session takes a tenth of a second, so what a month came to is kept beside its chains, in
``fits/``: under the hash of the chains that it rests on, of the day records that it started from
and of the code. Any of them changed, it is worked out anew; the folder can be deleted at any time.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh._compiled_cache import sources_digest
from alvh.errors import DataError
from alvh.kernel.records import DAY, NO_QUOTES, QUOTE
from alvh.market.chain_quotes import not_of_the_day, quotes_of, stale_snapshot, unjudged
from alvh.market.chain_surfaces import fit_spx, fit_vix
from alvh.market.chains.faults import FATAL, mark
from alvh.market.chains.fitting import closing_quotes
from alvh.market.chains.smiles import Smiles, fit_chain
from alvh.market.chains.store import Store
from alvh.market.chains.table import ROOTS, load_chains, scan_chains
from alvh.market.sources.manifest import whole_file
from alvh.market.surfaces import nothing_taken

Records = NDArray[np.void]
Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

KEPT = 3  # versions of a month that may stay: histories of several folders share chains
FITS = "fits"
MOST = 0.5  # of a moment's quotes: where more are marked, the rest is not believed either


@dataclass(frozen=True)
class ChainDays:
    """What a folder of chains gives to the days of a history.

    Attributes
    ----------
    quotes : ndarray of QUOTE
        Of all days, by session.
    notes : tuple of str
        What was fitted, and what was not and why.
    """

    quotes: Records
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """The close of one session's chain of one index.

    Attributes
    ----------
    date : datetime.date
    under : str
        ``SPX`` or ``VIX``.
    chain : polars.DataFrame
        Of ``CHAIN_SCHEMA`` with the mark ``stale``: the quotes that can be believed; without rows
        where there are quotes and none of them can be.
    smiles : Smiles or None
        None where nothing that can be believed lies ahead of its date.
    quoted : int
        Number of quotes of that moment, those that cannot be believed among them.
    """

    date: date
    under: str
    chain: pl.DataFrame
    smiles: Smiles | None
    quoted: int


@dataclass(frozen=True)
class _Month:
    """Days of one month as they came out, with the quotes of each, one after another."""

    days: Records
    quotes: Records
    said: tuple[str, ...]


def fit_days(
    days: Records, folder: Path, progress: Progress | None = None, vix_range: Floats | None = None
) -> ChainDays:
    """Fit the smiles of every day that has chains, and list their quotes, in place.

    Parameters
    ----------
    days : ndarray of DAY, shape (n,)
        Reconstructed; smiles, widenings and flags of the days with enough quotes are replaced,
        and the rows of their quotes are written down.
    folder : pathlib.Path
        Of imported chains.
    progress : callable, optional
        Called with (sessions done, sessions in all).
    vix_range : ndarray, shape (n, 2), optional
        Low and high of VIX, points, NaN where not known. A chain whose own VIX lies outside gives
        its day nothing.

    Returns
    -------
    ChainDays
    """
    dates = days["date"].astype("datetime64[D]")
    ranges = np.full((len(days), 2), np.nan) if vix_range is None else vix_range
    known = scan_chains(folder).select("date").unique().collect()["date"].sort().to_list()
    ours = np.isin(np.array(known, "datetime64[D]"), dates)
    parts, said, used, done = list[Records](), list[str](), 0, 0
    for _, group in groupby(np.flatnonzero(ours), key=lambda i: known[i].replace(day=1)):
        places = list(group)
        sessions = [known[i] for i in places]
        rows = np.searchsorted(dates, np.array(sessions, "datetime64[D]"))
        before = known[places[0] - 1] if places[0] > 0 else None
        month = _month(days[rows], ranges[rows], folder, sessions, before)
        found = month.days.copy()
        quoted = found["quote_end"] > 0
        for name in ("quote_first", "quote_end"):
            found[name][quoted] += used
        days[rows] = found
        parts.append(month.quotes)
        said += month.said
        used, done = used + len(month.quotes), done + len(rows)
        if progress is not None:
            progress(done, int(ours.sum()))
    counts = {"SPX": int(days["spx_fitted"].sum()), "VIX": int(days["vix_fitted"].sum())}
    notes = [
        f"{under} smiles of {count} sessions are fitted to quotes"
        for under, count in counts.items()
        if count
    ]
    return ChainDays(np.concatenate(parts) if parts else NO_QUOTES, (*notes, *said))


def _month(
    days: Records, ranges: Floats, folder: Path, sessions: list[date], before: date | None
) -> _Month:
    """Return what a month came to, from the folder or worked out."""
    months = {f"{day:%Y-%m}" for day in (*sessions, before or sessions[0])}
    names = [path.name for path in Store.of(folder).parts(ROOTS, months)]
    stated = json.dumps([sources_digest(), names, str(before)]).encode()
    key = hashlib.sha256(stated + days.tobytes() + ranges.tobytes()).hexdigest()[:16]
    file = folder / FITS / f"{sessions[0]:%Y-%m}-{key}.npz"
    kept = _read(file)
    if kept is None:
        kept = _fit_month(days.copy(), ranges, folder, sessions, before)
        _write(file, kept)
    return kept


def _fit_month(
    days: Records, ranges: Floats, folder: Path, sessions: list[date], before: date | None
) -> _Month:
    said, parts, used = list[str](), list[Records](), 0
    for one in snapshots(folder, sessions, before):
        row = sessions.index(one.date)
        refused = _refused(one, days[row], ranges[row])
        if refused:
            said.append(f"{nothing_taken(one.under, one.date)} {refused}")
            continue
        stale = stale_snapshot(one.chain, days[row], one.smiles)  # before the day takes its smile
        trusted = unjudged(one.chain, days[row], one.smiles)
        if trusted:
            said.append(f"the level of the {one.under} chain of {one.date}: {trusted}")
        fit = fit_spx if one.under == "SPX" else fit_vix
        nothing = "nothing in it that can be believed lies ahead of its date"
        reason = nothing if one.smiles is None else fit(days[row : row + 1], one.smiles)
        if reason:
            said.append(f"no smile is fitted to the {one.under} chain of {one.date}: {reason}")
        if stale:
            said.append(f"nothing is filled at the {one.under} chain of {one.date}: {stale}")
            continue
        quotes = quotes_of(one.chain, one.smiles)
        if days["quote_end"][row] == 0:
            days["quote_first"][row] = used
        used += len(quotes)
        days["quote_end"][row] = used
        parts.append(quotes)
    return _Month(days, np.concatenate(parts) if parts else NO_QUOTES, tuple(said))


def _refused(one: Snapshot, day: Any, span: Floats) -> str:
    """Say why nothing of a snapshot is used, or nothing."""
    if one.chain.is_empty():
        return "every quote in it is marked; `alvh chain check` says by what"
    marked = one.quoted - one.chain.height
    if marked > MOST * one.quoted:
        return (
            f"{marked:,} of its {one.quoted:,} quotes are marked, {marked / one.quoted:.0%}, and "
            "the rest is not believed without them; `alvh chain check` says by what"
        )
    return not_of_the_day(one.chain, day, one.smiles, *span.tolist())


def snapshots(folder: Path, sessions: list[date], before: date | None = None) -> Iterator[Snapshot]:
    """Yield the closing chains of some sessions, ascending, S&P 500 before VIX.

    ``before`` is the last session ahead of them that has chains, to tell stale quotes by.
    """
    earlier = None if before is None else _rows(folder, before)
    for when in sessions:
        table = _rows(folder, when)
        quoted = mark(table, earlier).filter(~pl.col("unquoted"))
        closing = closing_quotes(quoted.filter(~pl.any_horizontal(FATAL)))
        earlier = table
        for under in ("SPX", "VIX"):
            ours = pl.col("root").str.starts_with(under)
            chain, every = closing.filter(ours), quoted.filter(ours)
            if every.height:
                yield Snapshot(when, under, chain, _fitted(chain), _at_once(every, chain))


def _at_once(every: pl.DataFrame, chain: pl.DataFrame) -> int:
    """Return how many quotes there are at the moment of a chain; of all moments if it is empty."""
    if chain.is_empty():
        return every.height
    return every.filter(pl.col("time").eq_missing(pl.lit(chain["time"][0]))).height


def _rows(folder: Path, when: date) -> pl.DataFrame:
    return load_chains(folder, None, [when], unquoted=True).collect()


def _fitted(chain: pl.DataFrame) -> Smiles | None:
    try:
        return fit_chain(chain)
    except DataError:
        return None


def _read(file: Path) -> _Month | None:
    """Return a kept month; None where there is none, or it cannot be read."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            month = _Month(stored["days"], stored["quotes"], tuple(json.loads(str(stored["said"]))))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return month if (month.days.dtype, month.quotes.dtype) == (DAY, QUOTE) else None


def _write(file: Path, month: _Month) -> None:
    """Keep a month; a folder that cannot be written to is none to keep it in."""
    try:
        with whole_file(file) as partial, partial.open("wb") as stream:
            np.savez(
                stream, days=month.days, quotes=month.quotes, said=np.array(json.dumps(month.said))
            )
        versions = sorted(
            file.parent.glob(f"{file.name[:7]}-*.npz"), key=lambda p: p.stat().st_mtime
        )
        for old in versions[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return
