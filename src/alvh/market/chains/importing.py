"""Take folders of downloads into a folder of chains: file by file, each whole or not at all."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl

from alvh.errors import DataError
from alvh.market.chains import lines
from alvh.market.chains.accept import Terms, accept, refusals
from alvh.market.chains.day_order import DayOrder, month_first
from alvh.market.chains.delayed import is_message, read_delayed
from alvh.market.chains.lines import Block, Cells
from alvh.market.chains.outcome import GaveWay, ImportReport
from alvh.market.chains.reading import quotes
from alvh.market.chains.recognise import Bound, OtherTicker, bind, separator
from alvh.market.chains.spool import REJECT_SCHEMA, Spool, distinct
from alvh.market.chains.store import (
    INDEX,
    PREFIX,
    READER,
    Displaced,
    Source,
    Store,
    locked,
    write_part,
)
from alvh.market.chains.table import CHAIN_SCHEMA, KEY
from alvh.market.sources.manifest import sweep, whole_file
from alvh.market.sources.records import Unread
from alvh.market.sources.walking import walk

#: Called with (files done, files in all, file, what became of it or how far it is).
Progress = Callable[[int, int, str, str], None]

_TELL: Final = 250_000  # lines between two words of progress
_WORK: Final = ".work"
_PACKED: Final = (".7z", ".rar", ".xz", ".bz2", ".zst", ".tar", ".tgz")


def import_chains(
    sources: Sequence[Path],
    folder: Path,
    *,
    terms: Terms | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Take the option chains of files and folders into a folder of chains.

    A run that is cut off can be repeated: what is listed already is not read again. A line that is
    no quote goes to a reject file with its reason; the lines around it are taken.

    Parameters
    ----------
    sources : sequence of pathlib.Path
        Files, or folders that are searched recursively; ``.zip`` and ``.gz`` are opened.
    folder : pathlib.Path
        Made if absent.
    terms : Terms, optional
        What day it is, and what SPX third Fridays are where a file does not say.
    progress : callable, optional
        Told of each file.

    Returns
    -------
    ImportReport
        What was taken, what was there already, what was left and what was refused.

    Raises
    ------
    DataError
        If a source is absent, the folder's index cannot be read, or another import writes into it.
    """
    files = [found for source in sources for found in _files(source)]
    with locked(folder):
        return _import(files, folder, terms or Terms(), progress)


def _import(
    files: list[tuple[Path, str]], folder: Path, terms: Terms, progress: Progress | None
) -> ImportReport:
    store, report = Store.at(folder), ImportReport()
    sweep(folder)
    store.sweep()
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    try:
        for done, (path, name) in enumerate(files, start=1):

            def say(what: str, done: int = done, name: str = name) -> None:
                if progress is not None:
                    progress(done, len(files), name, what)

            say(_one(path, name, store, terms, report, say))
    finally:
        store.save()
    report.displaced = [
        GaveWay(name, by, count) for (name, by), count in store.gave_way.items() if count
    ]
    return report


def _files(source: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of a source and their names, passing over folders of chains."""
    if source.is_file():
        yield source, source.name
        return
    if not source.is_dir():
        raise DataError(
            f"{source}: no such file or folder; a chain or a folder of chains was wanted; check "
            "the path"
        )
    for base, inner, names in walk(source):
        if INDEX in names:
            inner.clear()
            continue
        relative = Path(base).relative_to(source)
        for name in names:
            yield Path(base) / name, (relative / name).as_posix()


def _one(
    path: Path,
    name: str,
    store: Store,
    terms: Terms,
    report: ImportReport,
    say: Callable[[str], None],
) -> str:
    """Import one file and file the outcome; return it in words."""
    if path.suffix.lower() in _PACKED:
        report.left.append(Unread(name, f"a packed file ({path.suffix}); unpack it and try again"))
        return "left"
    if path.exists() and not path.is_file():
        report.left.append(Unread(name, "no regular file: a pipe, a socket or a device"))
        return "left"
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        report.refused.append(Unread(name, f"cannot be read: {fault.strerror}"))
        return "refused"
    held = store.sources.get(content)
    if held is not None and _stands(held, terms, store):
        report.same.append(name)
        if held.displaced:
            report.gave_way.append(Unread(name, _gave_way(held)))
        return "same"
    if held is not None and not store.is_whole(held):
        store.forget(content)
        held = None
    spool = Spool(store.folder / _WORK / content[:PREFIX])
    try:
        source = _taken(path, name, content, store, terms, spool, say)
    except OtherTicker as other:
        report.left.append(Unread(name, str(other)))
        return "left"
    except DataError as fault:
        report.refused.append(Unread(name, str(fault)))
        return "refused"
    finally:
        spool.close()
    if source is None:
        report.left.append(Unread(name, "no table of option quotes of a known layout"))
        return "left"
    if source == held:  # read again, and nothing of it is another's that was not before
        report.same.append(name)
        return "same"
    report.imported.append(source)
    return f"{source.rows:,} quotes, {source.rejected:,} lines refused"


def _stands(held: Source, terms: Terms, store: Store) -> bool:
    """Tell whether a file that was imported would come out the same, and is all there."""
    as_now = (held.third_fridays, held.reader) == (terms.third_fridays or "", READER)
    kinds = ("another quote", "duplicate")  # rows of the file that are another's
    others = held.displaced + sum(held.reasons.get(kind, 0) for kind in kinds)
    return as_now and not (terms.replace and others) and store.is_whole(held)


def _gave_way(held: Source) -> str:
    by = ", ".join(held.displaced_by) or "a later file"
    return (
        f"{held.displaced:,} of its rows were displaced by {by}; import it with --replace to take "
        "its quotes back"
    )


def _taken(
    path: Path,
    name: str,
    content: str,
    store: Store,
    terms: Terms,
    spool: Spool,
    say: Callable[[str], None],
) -> Source | None:
    """Read one file, write its parts and its rejects, and list it; None if it is no chain."""
    found = _read_all(path, name, content, terms, spool, say, frozenset())
    turned = frozenset(inner for inner, order in found.orders.items() if order.day_first())
    if turned:
        spool.clear()
        found = _read_all(path, name, content, terms, spool, say, turned)
        found.notes.append("its dates have the day first")
    if not found.layouts:
        return None
    if not found.lines:
        found.notes.append("nothing in it but a header: no quotes, or the file was cut off there")
    return _listed(name, content, store, terms, spool, ", ".join(found.layouts), found.notes)


@dataclass(slots=True)
class _Found:
    """What a file held: lines, layouts, notes, and the dates of each file in it."""

    lines: int = 0
    layouts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    orders: dict[str, DayOrder] = field(default_factory=dict)


def _read_all(
    path: Path,
    name: str,
    content: str,
    terms: Terms,
    spool: Spool,
    say: Callable[[str], None],
    day_first: frozenset[str],
) -> _Found:
    """Read every file in a file into the spool; those named have the day first in their dates."""
    found, told = _Found(), 0
    with lines.opened(path) as members:
        for member, stream in members:
            inner = f"{name}/{member}" if member else name
            source = f"{path.name}/{member}" if member else path.name
            order = found.orders.setdefault(inner, DayOrder())
            for bound, cells, texts in _pieces(inner, stream):
                views = [quotes(cells.table, bound, view) for view in bound.layout.views]
                order.add(views[0])
                if inner in day_first:
                    views = [month_first(view) for view in views]
                _spool(f"{source}#{content[:PREFIX]}", views, bound, cells, texts, terms, spool)
                found.lines += cells.table.height + len(cells.odd)
                if bound.layout.name not in found.layouts:
                    found.layouts.append(bound.layout.name)
                found.notes += [note for note in bound.notes if note not in found.notes]
                if found.lines - told >= _TELL:
                    told = found.lines
                    say(f"{told:,} lines")
    return found


def _pieces(name: str, stream: BinaryIO) -> Iterator[tuple[Bound, Cells, list[str] | None]]:
    """Yield a file's cells block by block, with the texts of its options if it is a message."""
    head = lines.start(stream)
    why = lines.unreadable(name, head)
    if why:
        raise DataError(why)
    if is_message(head):
        message = read_delayed(lines.whole(stream, head))
        if message is not None:
            yield message
        return
    bound = bind(name, head)
    if bound is None:
        other = separator(name, head)
        if other:
            raise DataError(f"its columns are separated by {other}; commas were wanted")
        return
    kept = bound.kept
    cut = bool(kept) and kept[-1][0] == len(bound.header) - 1
    skip = bound.skip
    for block in lines.blocks(stream, head):
        data = block.after(skip)
        skip = 0
        yield bound, lines.cells(data, len(bound.header), kept, cut), None


def _spool(
    source: str,
    views: list[pl.DataFrame],
    bound: Bound,
    cells: Cells,
    texts: list[str] | None,
    terms: Terms,
    spool: Spool,
) -> None:
    """Judge the quotes of a block, as text by view."""
    from_source = pl.lit(source).alias("source")
    for view in views:
        rows, refused = accept(view, bound.layout, terms)
        spool.add(rows.with_columns(from_source).select(list(CHAIN_SCHEMA)))
        numbers = refused["line"].to_list()
        shown = _texts(cells.block, numbers, texts)
        spool.refuse(_rejects(refused, from_source, shown))
    spool.refuse(_rejects(refusals(cells.odd), from_source, [text for *_, text in cells.odd]))


def _texts(block: Block, numbers: list[int], texts: list[str] | None) -> list[str]:
    if texts is None:
        return lines.shown_lines(block, numbers)
    return [texts[number - 1] for number in numbers]


def _rejects(refused: pl.DataFrame, source: pl.Expr, texts: list[str]) -> pl.DataFrame:
    shown = pl.Series("text", texts, dtype=pl.String)
    return refused.with_columns(source, shown).select(list(REJECT_SCHEMA))


def _listed(
    name: str,
    content: str,
    store: Store,
    terms: Terms,
    spool: Spool,
    layout: str,
    notes: list[str],
) -> Source:
    """Write the parts and the reject file of a source, then list it."""
    parts, count, displaced = [], 0, list[Displaced]()
    for root, month, rows in spool.months():
        found = distinct(rows, _others(store, content, root, month), terms.replace)
        spool.refuse(found.repeated)
        if found.kept.height:
            parts.append(write_part(store.folder, root, month, content, found.kept))
            count += found.kept.height
        if found.displaced.height:
            displaced += _displaced(store, content, root, month, found.displaced)
    rejects, where = spool.rejects, ""
    if rejects.height:
        where = f"rejects/{content[:16]}.csv"
        with whole_file(store.folder / where) as partial:
            rejects.write_csv(partial)
    reasons = dict(rejects.group_by("kind").len().sort("kind").iter_rows())
    source = Source(
        name, layout, count, rejects.height, tuple(parts), where, reasons, tuple(notes),
        terms.third_fridays or "", READER,
    )  # fmt: skip
    store.add(content, source, displaced)
    return source


def _others(store: Store, content: str, root: str, month: str) -> pl.LazyFrame | None:
    """Scan what other sources have for a root and month."""
    held = store.sources.get(content)
    own = {store.folder / part for part in held.parts} if held else set()
    paths = [path for path in store.parts([root], [month]) if path not in own]
    return pl.scan_parquet(paths, schema=CHAIN_SCHEMA) if paths else None


def _displaced(
    store: Store, content: str, root: str, month: str, keys: pl.DataFrame
) -> Iterator[Displaced]:
    """Write the parts of all other sources without some contracts and moments; yield which."""
    for other, source in store.sources.items():
        for part in source.parts if other != content else ():
            if part.split("/")[1:3] != [root, month]:
                continue
            rows = pl.read_parquet(store.folder / part)
            left = rows.join(
                keys, on=list(KEY), how="anti", nulls_equal=True, maintain_order="left"
            )
            if left.height < rows.height:
                name = write_part(store.folder, root, month, other, left) if left.height else None
                yield Displaced(other, part, name, rows.height - left.height)
