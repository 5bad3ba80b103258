"""Check a folder of chains: how many quotes of each source cannot be believed, and which."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from alvh.market.chains.faults import CHECKS, FATAL, NAMES, Check, mark
from alvh.market.chains.store import Source, Store
from alvh.market.chains.table import CHAIN_SCHEMA, ROOTS, load_chains

EXAMPLES: Final = 3  # shown of each check
BATCH: Final = 400_000  # rows that are judged together; whole sessions, at least one
_SHOWN: Final = (
    "date", "time", "root", "expiry", "strike", "put_call", "bid", "ask", "source", "line",
)  # fmt: skip


@dataclass(slots=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    check : Check
        Its name, bound and source.
    count : int
        Rows marked.
    by_root : dict of str to int
        The same by root.
    examples : list of dict
        The first few, as table rows.
    """

    check: Check
    count: int = 0
    by_root: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class ChainReport:
    """What a folder of chains holds and what of it cannot be believed.

    Parameters
    ----------
    digest : str
        Over the contents of its sources.
    rows : int
        Contracts and moments, quoted or not.
    fatal : int
        Rows that at least one fatal check marks: not to be priced by.
    by_root : dict of str to int
        Rows by root.
    sessions : int
        Number of different sessions.
    first, last : datetime.date or None
        First and last of them.
    findings : list of Finding
        One for each of ``CHECKS``.
    sources : list of Source
        Where the rows come from, with the lines refused at the import by kind of reason.
    """

    digest: str
    rows: int = 0
    fatal: int = 0
    by_root: dict[str, int] = field(default_factory=dict)
    sessions: int = 0
    first: date | None = None
    last: date | None = None
    findings: list[Finding] = field(default_factory=lambda: [Finding(one) for one in CHECKS])
    sources: list[Source] = field(default_factory=list)

    @property
    def refused(self) -> dict[str, int]:
        """Lines refused at the import, by kind of reason."""
        total: dict[str, int] = {}
        for source in self.sources:
            for kind, count in source.reasons.items():
                total[kind] = total.get(kind, 0) + count
        return dict(sorted(total.items()))


def check_chains(
    folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> ChainReport:
    """Judge every quote of a folder of chains by the quotes beside it.

    Parameters
    ----------
    folder : pathlib.Path
        Written by ``alvh chain import`` or ``alvh chain pull``.
    progress : callable, optional
        Called with (sessions done, sessions in all).

    Returns
    -------
    ChainReport
        Counts and examples of each check.

    Raises
    ------
    DataError
        If the folder holds no imported chains.
    """
    store = Store.of(folder)
    report = ChainReport(store.digest)
    report.sources = [store.sources[key] for key in sorted(store.sources)]
    sizes = _sessions(folder)
    report.sessions = len(sizes)
    report.first, report.last = (min(sizes), max(sizes)) if sizes else (None, None)
    done, before = 0, None
    for days in _batches(sizes):
        table = load_chains(folder, dates=days, unquoted=True).collect()
        _note(report, mark(table, before))
        before = table.filter(pl.col("date") == days[-1])
        done += len(days)
        if progress is not None:
            progress(done, len(sizes))
    return report


def believable(table: pl.DataFrame, before: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the quotes that no fatal check marks.

    Parameters
    ----------
    table : polars.DataFrame
        Of ``CHAIN_SCHEMA``, whole sessions.
    before : polars.DataFrame, optional
        The session before the first of them.

    Returns
    -------
    polars.DataFrame
        Of ``CHAIN_SCHEMA``: rows with bid and ask.
    """
    marked = mark(table, before)
    good = ~pl.any_horizontal(FATAL) & ~pl.col("unquoted")
    return marked.filter(good).select(list(CHAIN_SCHEMA))


def _sessions(folder: Path) -> dict[date, int]:
    """Return the number of rows of each session, ascending."""
    counts = load_chains(folder, unquoted=True).group_by("date").len().sort("date").collect()
    return dict(counts.iter_rows())


def _batches(sizes: dict[date, int]) -> Iterator[list[date]]:
    batch: list[date] = []
    held = 0
    for day, rows in sizes.items():
        if batch and held + rows > BATCH:
            yield batch
            batch, held = [], 0
        batch.append(day)
        held += rows
    if batch:
        yield batch


def _note(report: ChainReport, marked: pl.DataFrame) -> None:
    """Add what was marked in a batch to the report."""
    report.rows += marked.height
    report.fatal += int(marked.select(pl.any_horizontal(FATAL).sum()).item())
    _count(report.by_root, marked)
    sums = marked.select(pl.col(NAMES).sum()).row(0)
    for finding, count in zip(report.findings, sums, strict=True):
        if count:
            found = marked.filter(finding.check.name)
            finding.count += count
            _count(finding.by_root, found)
            wanted = max(EXAMPLES - len(finding.examples), 0)
            finding.examples += found.head(wanted).select(_SHOWN).to_dicts()


def _count(total: dict[str, int], table: pl.DataFrame) -> None:
    for root, count in table.group_by("root").len().iter_rows():
        total[root] = total.get(root, 0) + count
    ordered: dict[str, int] = {root: total[root] for root in ROOTS if root in total}
    total.clear()
    total.update(ordered)
