"""Files as blocks of whole lines: plain, gzipped or in a zip, never more than a block in memory.

What the file says is text here. A line with the wrong number of fields is set aside with its
number; the others are cut into cells.
"""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.errors import DataError

BLOCK: Final = 16 << 20  # bytes; about 130,000 quotes
HEAD: Final = 1 << 16  # bytes that recognition looks at
_LONGEST: Final = 256 << 20  # bytes of a line, or of a message that is read at once
_PADDING: Final = (b" ", b"\t", b"\r")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SHOWN: Final = 300  # characters of a line that a refusal keeps
_LINE_END: Final = re.compile(rb"\r*\n|\r")
_TAR_AT: Final = 257  # bytes into a tar archive that its name stands
_NEWLINE, _COMMA = ord("\n"), ord(",")
# A damaged deflate stream may have given wrong bytes before it was noticed: nothing of it is kept.
DAMAGED = (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive whole lines of one file.

    Parameters
    ----------
    data : bytes
        Lines, each ending in ``\\n``.
    first : int
        Number of the first line in the file, counted from one.
    cut : bool
        The file ended without a line end after the last of them, or its archive was cut there.
    """

    data: bytes
    first: int
    cut: bool = False

    def after(self, skipped: int) -> "Block":
        """Return the block without its first ``skipped`` lines."""
        start = 0
        for _ in range(skipped):
            end = self.data.find(b"\n", start)
            start = len(self.data) if end < 0 else end + 1
        return Block(self.data[start:], self.first + skipped, self.cut)


@dataclass(frozen=True, slots=True)
class Cells:
    """The lines of a block that have the fields they should.

    Parameters
    ----------
    table : polars.DataFrame
        Text columns under the names asked for, a blank cell null, and ``line``.
    odd : list of (int, str, str)
        Line number, reason and text of each line that was set aside.
    block : Block
        Where they come from.
    """

    table: pl.DataFrame
    odd: list[tuple[int, str, str]]
    block: Block


@contextmanager
def opened(path: Path) -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """Open a file for reading; of an archive, every file in it, unpacked as it is read.

    Yields
    ------
    iterator of (str, binary file)
        Name of the member, empty for a file that is no archive, and its content.

    Raises
    ------
    DataError
        If an archive cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start.startswith(b"PK\x03\x04"):
            yield _members(path, file)
        elif start.startswith(b"\x1f\x8b"):
            with gzip.open(file) as unpacked:
                yield iter([("", unpacked)])  # type: ignore[list-item]
        else:
            yield iter([("", file)])


def _members(path: Path, file: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    try:
        archive = zipfile.ZipFile(file)
    except (*DAMAGED, OSError, ValueError) as fault:
        raise DataError(f"{path.name}: a damaged zip ({fault}); download it again") from fault
    with archive:
        for member in archive.infolist():
            if not member.is_dir():
                try:
                    content = archive.open(member)
                except (*DAMAGED, RuntimeError, NotImplementedError, OSError) as fault:
                    raise DataError(
                        f"{path.name}/{member.filename}: cannot be unpacked ({fault}); unpack it "
                        "with the program it was packed with and import the folder"
                    ) from fault
                with content:
                    yield member.filename, content  # type: ignore[misc]


def start(stream: BinaryIO) -> bytes:
    """Return the first bytes of a file, enough to recognise it.

    Raises
    ------
    DataError
        If the archive it is in is damaged.
    """
    return _read(stream, HEAD)[0]


def blocks(stream: BinaryIO, head: bytes = b"") -> Iterator[Block]:
    """Cut a file into blocks of whole lines.

    Parameters
    ----------
    stream : binary file
        Read to its end.
    head : bytes
        What was read of it before.

    Raises
    ------
    DataError
        If the archive it is in is damaged, or a line never ends. An archive that was cut off
        ends the file there.
    """
    line, rest, ended = 1, head.removeprefix(_BYTE_ORDER_MARK), False
    while not ended:
        fresh, ended = _read(stream, BLOCK)
        data = rest + fresh
        end = len(data) if ended else _last_end(data)
        whole, rest = data[:end], data[end:]
        if b"\r" in whole:
            whole = _LINE_END.sub(b"\n", whole.replace(b"\r\n", b"\n"))
        if len(rest) > _LONGEST:
            raise DataError(f"line {line} does not end within {_LONGEST >> 20} MB; no such table")
        if whole:
            cut = not whole.endswith(b"\n")
            yield Block(whole + b"\n" if cut else whole, line, cut)
            line += whole.count(b"\n")


def _last_end(data: bytes) -> int:
    """Return where the last line ends; a carriage return at the very end may be half of one."""
    end = data.rfind(b"\n") + 1
    return end if end else data.rfind(b"\r", 0, len(data) - 1) + 1


def unreadable(name: str, head: bytes) -> str:
    """Say why a file, or what an archive holds, is not text that can be read, or nothing."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "the text is UTF-16; save it as UTF-8"
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return f"{name} is an archive in an archive; unpack the outer one and try again"
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return f"{name} holds a tar archive; unpack it and try again"
    return ""


def whole(stream: BinaryIO, head: bytes) -> bytes:
    """Return all of a file that cannot be read in blocks.

    Raises
    ------
    DataError
        If the archive it is in is damaged, or it is larger than any chain of one moment.
    """
    fresh, _ = _read(stream, _LONGEST)
    if len(fresh) >= _LONGEST:
        raise DataError(f"more than {_LONGEST >> 20} MB in one message; no such chain")
    return head + fresh


def _read(stream: BinaryIO, size: int) -> tuple[bytes, bool]:
    """Read on; the file has ended where it gives nothing more or its archive was cut."""
    parts: list[bytes] = []
    held = 0
    while held < size:
        try:
            fresh = stream.read1(size - held)  # type: ignore[attr-defined]
        except EOFError:
            fresh = b""
        except (*DAMAGED, OSError) as fault:
            raise DataError(f"the archive is damaged ({fault}); download it again") from fault
        if not fresh:
            return b"".join(parts), True
        parts.append(fresh)
        held += len(fresh)
    return b"".join(parts), False


def cells(block: Block, fields: int, names: Sequence[tuple[int, str]], cut: bool) -> Cells:
    """Cut the lines of a block into cells.

    Parameters
    ----------
    block : Block
        Lines; blank ones are passed over.
    fields : int
        Number of fields a line must have.
    names : sequence of (int, str)
        Positions of the fields to keep, ascending, and their names.
    cut : bool
        Set a last line without line end aside, because its last field is one to keep.

    Returns
    -------
    Cells
    """
    text = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(text == _NEWLINE)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    commas = np.flatnonzero(text == _COMMA)
    found = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    if b'"' in block.data or (found != fields).any() or (ends == starts).any():
        return _uneven(block, starts, ends, fields, names, cut)
    numbers = block.first + np.arange(len(ends))
    odd: list[tuple[int, str, str]] = []
    data = block.data
    if cut and block.cut and len(ends):
        data, numbers = data[: starts[-1]], numbers[:-1]
        odd = [_cut(block, starts, ends)]
    return Cells(_table(data, fields, names, numbers), odd, block)


def _cut(block: Block, starts: Numbers, ends: Numbers) -> tuple[int, str, str]:
    text = _shown(block.data[starts[-1] : ends[-1]])
    reason = "the file ends in this line without a line end; part of its last number may be missing"
    return block.first + len(ends) - 1, reason, text


def _uneven(
    block: Block,
    starts: Numbers,
    ends: Numbers,
    fields: int,
    names: Sequence[tuple[int, str]],
    cut: bool,
) -> Cells:
    """Cut a block with quoted or odd lines, one line at a time."""
    kept, numbers, odd = [], [], []
    last = len(ends) - 1 if cut and block.cut else -1
    for at, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        line = block.data[start:end]
        if at == last:
            odd.append(_cut(block, starts, ends))
        elif line.strip():
            plain = _unquoted(line) if b'"' in line else line
            count = plain.count(b",") + 1
            if count == fields:
                kept.append(plain)
                numbers.append(block.first + at)
            else:
                reason = f"{count} fields where the header has {fields}"
                odd.append((block.first + at, reason, _shown(line)))
    data = b"".join(line + b"\n" for line in kept)
    return Cells(_table(data, fields, names, np.array(numbers, np.int64)), odd, block)


def _unquoted(line: bytes) -> bytes:
    """Return a line with its quoted fields bare; a comma inside one becomes a space."""
    try:
        row = next(csv.reader(io.StringIO(line.decode("utf-8", "replace"))), [])
    except csv.Error:
        return line
    return ",".join(" ".join(field.replace(",", " ").split()) for field in row).encode()


def _shown(line: bytes) -> str:
    return line[:_SHOWN].decode("utf-8", "replace").replace("\x00", "�")


def shown_lines(block: Block, numbers: Sequence[int]) -> list[str]:
    """Return the text of some lines of a block, for a refusal."""
    if not numbers:
        return []
    lines = block.data.split(b"\n")
    return [_shown(lines[number - block.first]) for number in numbers]


def _table(
    data: bytes, fields: int, names: Sequence[tuple[int, str]], numbers: Numbers
) -> pl.DataFrame:
    if not data:
        schema = {**{name: pl.String for _, name in names}, "line": pl.Int64}
        return pl.DataFrame(schema=schema)
    text = {f"column_{i + 1}": pl.String for i in range(fields)}
    chosen = {f"column_{position + 1}": name for position, name in names}
    read = pl.read_csv(
        data,
        has_header=False,
        schema=text,
        columns=list(chosen),
        quote_char=None,
        encoding="utf8-lossy",
    )
    if any(padding in data for padding in _PADDING):
        read = read.with_columns(pl.all().str.strip_chars().replace("", None))
    return read.rename(chosen).with_columns(line=pl.Series(numbers, dtype=pl.Int64))
