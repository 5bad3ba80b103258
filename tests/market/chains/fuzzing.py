"""Spoil chain files in every way that damage can be told from data, and judge what is kept.

A case is a small file of one layout, spoilt once by a seeded generator, and imported. It holds if

- nothing but a ``DataError`` inside the import stopped it;
- every row kept is one of the sound file's, to the bit, or with a cell less (null for a number);
- every line that was not touched is kept, unless the file as a whole was refused;
- every line is accounted for: kept, or in the reject file with a reason.

What no reader can tell is not tried: a digit changed into another digit.

Run ``python -m tests.market.chains.fuzzing --cases 10000 --seed 1``.
"""

import argparse
import gzip
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from tests.market.chains import samples

from alvh.market.chains.accept import Terms
from alvh.market.chains.importing import import_chains
from alvh.market.chains.table import CHAIN_SCHEMA, load_chains

TODAY = date(2020, 1, 2)
LINES = 12
MINUTES = "20190425_spxw_minute_quote_european_call_29000000_20190621.csv"
_HARMLESS = "ghjklmqrstuvxyzGHJKMQRUVXYZ;|#%$&*?é\x00\x7f\t "  # letters that no number or root has
_SAID = (*(name for name in CHAIN_SCHEMA if name not in ("source", "line")),)
Rng = np.random.Generator
Taken = tuple[list[dict[str, Any]], pl.DataFrame | None]


@dataclass(frozen=True)
class Base:
    """A sound file: its name, the lines above its quotes and its quotes."""

    name: str
    above: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join([*self.above, *self.lines]) + "\n"


@dataclass
class Spoilt:
    """A spoilt file: its bytes, and the sound line each of its lines is, or None if touched.

    ``whole`` tells that the file as a whole may be refused.
    """

    data: bytes
    origin: list[int | None]
    whole: bool = False
    suffix: str = ""


def _many(line: str, *numbers: str) -> tuple[str, ...]:
    """Repeat a line with other prices, and strikes 5 (VIX: 1) apart."""
    steps = {number: 10.0 ** -len(number.partition(".")[2]) for number in numbers}
    steps |= {"2900": 5, "2875": 5, "2990": 5, "15.000": 1.0, "34200000": 60_000}
    numbers_in = re.compile("|".join(rf"(?<![\d.]){re.escape(number)}(?!\d)" for number in steps))

    def moved(match: re.Match[str], i: int) -> str:
        number = match[0]
        return f"{float(number) + i * steps[number]:.{len(number.partition('.')[2])}f}"

    def line_of(i: int) -> str:
        text = numbers_in.sub(lambda match: moved(match, i), line)
        return text.replace("02900000", f"{2900 + 5 * i:05d}000")

    return tuple(line_of(i) for i in range(LINES))


def _base(name: str, text: str, above: int, *numbers: str, line: int = 0) -> Base:
    lines = text.splitlines()
    return Base(name, tuple(lines[:above]), _many(lines[above + line], *numbers))


BASES = (
    _base("chain.csv", samples.DELTA_NEUTRAL, 1, "62.1", "63.0"),
    _base("calcs.csv", samples.DATASHOP_CALCS, 1, "1.15", "1.25", "1.30"),
    _base("quotes.csv", samples.DATASHOP_QUOTES, 1, "3.10", "3.30", "3.20"),
    _base("spx_eod.txt", samples.OPTIONSDX, 1, "52.490000", "52.660000", "8.100000"),
    _base("strikes.csv", samples.ORATS, 1, "62.1", "63.0", "38.1"),
    _base("near.csv", samples.ORATS_NEAR_EOD, 1, "62.1", "63.0", "38.1"),
    _base("table.csv", samples.QUOTE_TABLE, 4, "62.1", "63.0", "38.1"),
    _base("table.dat", samples.QUOTE_TABLE_DAT, 3, "62.1", "63.0", "38.1"),
    _base("spx_20190425.csv", samples.LEAN_UNIVERSE, 2, "345"),
    _base(MINUTES, samples.LEAN_MINUTES, 0, "621000", "630000"),
)
BY_NAME = BASES[:6]
MESSAGE = Base("_VIX.json", (), tuple(samples.DELAYED.splitlines()))


def _join(base: Base, lines: list[str], end: str = "\n") -> bytes:
    return ("\n".join([*base.above, *lines]) + end).encode("utf-8", "surrogateescape")


def _one_line(base: Base, rng: Rng, change: Callable[[str], str]) -> Spoilt:
    """Change one line."""
    at = int(rng.integers(len(base.lines)))
    lines, origin = list(base.lines), [*range(len(base.lines))]
    lines[at] = change(lines[at])
    return Spoilt(_join(base, lines), [None if i == at else i for i in origin])


def _one_cell(base: Base, rng: Rng, change: Callable[[str], str]) -> Spoilt:
    def changed(line: str) -> str:
        cells = line.split(",")
        at = int(rng.integers(len(cells)))
        cells[at] = change(cells[at])
        return ",".join(cells)

    return _one_line(base, rng, changed)


def truncated(base: Base, rng: Rng) -> Spoilt:
    data = base.text.encode()
    kept = data[: int(rng.integers(len(data)))]
    whole = kept.count(b"\n") - len(base.above)
    return Spoilt(kept, [i if i < whole else None for i in range(len(base.lines))], whole < 1)


def packed_and_cut(base: Base, rng: Rng) -> Spoilt:
    data = gzip.compress(base.text.encode(), mtime=0)
    kept = data[: int(rng.integers(4, len(data) + 1))]
    return Spoilt(kept, [None] * len(base.lines), True, ".gz")


def packed_and_damaged(base: Base, rng: Rng) -> Spoilt:
    data = bytearray(gzip.compress(base.text.encode(), mtime=0))
    data[int(rng.integers(10, len(data) - 8))] ^= 1 << int(rng.integers(8))
    return Spoilt(bytes(data), [None] * len(base.lines), True, ".gz")


def not_a_number(base: Base, rng: Rng) -> Spoilt:
    word = str(rng.choice(["nan", "NaN", "inf", "-inf", "abc", "#REF!", "1,5", "--"]))
    return _one_cell(base, rng, lambda _: word)


def negative(base: Base, rng: Rng) -> Spoilt:
    return _one_cell(base, rng, lambda cell: f"-{cell.strip()}")


def huge(base: Base, rng: Rng) -> Spoilt:
    word = str(rng.choice(["1e300", "99999999999999", "1e400", "1" * 400]))
    return _one_cell(base, rng, lambda _: word)


def future(base: Base, rng: Rng) -> Spoilt:
    def changed(line: str) -> str:
        for old, new in (
            ("04/25/2019", "01/03/2020"),
            ("2019-04-25", "2020-01-03"),
            ("2019-07-03", "2031-01-03"),
        ):
            line = line.replace(old, new)
        return line

    return _one_line(base, rng, changed)


def wrong_root(base: Base, rng: Rng) -> Spoilt:
    root = str(rng.choice(["RUT", "NDX", "XSP", "SPY", "spxx", "QQQQQQQQQ", "3M"]))
    return _one_line(
        base, rng, lambda line: line.replace("SPXW", root).replace("SPX", root).replace("VIX", root)
    )


def wrong_expiry(base: Base, rng: Rng) -> Spoilt:
    pairs = (
        ("06/21/2019", "06/22/2019"),
        ("2019-06-21", "2019-06-22"),
        ("2019-05-22", "2019-05-23"),
        ("2019-07-05", "2019-07-06"),
        ("2019-05-08", "2019-05-09"),
        ("20190621", "20190622"),
        ("Jun 21", "Jun 22"),
        ("190621", "190622"),
    )

    def changed(line: str) -> str:
        for old, new in pairs:
            line = line.replace(old, new)
        return line

    return _one_line(base, rng, changed)


def repeated(base: Base, rng: Rng) -> Spoilt:
    lines, origin = list(base.lines), [*range(len(base.lines))]
    for _ in range(int(rng.integers(1, 4))):
        at, to = (int(one) for one in rng.integers(len(lines), size=2))
        lines.insert(to, lines[at])
        origin.insert(to, origin[at])
    return Spoilt(_join(base, lines), list(origin))


def reordered(base: Base, rng: Rng) -> Spoilt:
    order = rng.permutation(len(base.lines)).tolist()
    return Spoilt(_join(base, [base.lines[i] for i in order]), order)


def shuffled_columns(base: Base, rng: Rng) -> Spoilt:
    if base not in BY_NAME:
        return reordered(base, rng)
    order = rng.permutation(base.above[-1].count(",") + 1)

    def moved(line: str) -> str:
        cells = line.split(",")
        return ",".join(cells[i].strip() for i in order)

    lines = [moved(line) for line in (*base.above, *base.lines)]
    return Spoilt(("\n".join(lines) + "\n").encode(), [*range(len(base.lines))])


def cells_moved(base: Base, rng: Rng) -> Spoilt:
    """Take a cell out of a line, or put one in."""

    def changed(line: str) -> str:
        cells = line.split(",")
        at = int(rng.integers(len(cells)))
        if rng.random() < 0.5:
            del cells[at]
        else:
            cells.insert(at, "7")
        return ",".join(cells)

    return _one_line(base, rng, changed)


def garbage(base: Base, rng: Rng) -> Spoilt:
    def changed(line: str) -> str:
        at = int(rng.integers(len(line) + 1))
        return line[:at] + str(rng.choice(list(_HARMLESS))) + line[at:]

    return _one_line(base, rng, changed)


def blank_lines(base: Base, rng: Rng) -> Spoilt:
    lines: list[str] = []
    origin: list[int | None] = []
    for i, line in enumerate(base.lines):
        if rng.random() < 0.3:
            lines.append(" " * int(rng.integers(3)))
            origin.append(-1)
        lines.append(line)
        origin.append(i)
    return Spoilt(_join(base, lines), origin)


def line_ends(base: Base, rng: Rng) -> Spoilt:
    text = base.text.replace("\n", "\r\n")
    mark = "﻿" if rng.random() < 0.5 else ""
    return Spoilt((mark + text).encode(), [*range(len(base.lines))])


def broken_header(base: Base, rng: Rng) -> Spoilt:
    if not base.above:
        return reordered(base, rng)
    lines = [*base.above, *base.lines]
    header = next(i for i, line in enumerate(base.above) if "strike" in line.lower())
    cells = lines[header].split(",")
    at = int(rng.integers(len(cells)))
    cells[at] = str(rng.choice(["", "x", cells[int(rng.integers(len(cells)))]]))
    lines[header] = ",".join(cells)
    return Spoilt(("\n".join(lines) + "\n").encode(), [None] * len(base.lines), True)


def bytes_for_text(base: Base, rng: Rng) -> Spoilt:
    noise = rng.integers(0, 256, int(rng.integers(1, 4000)), np.uint8).tobytes()
    return Spoilt(noise, [None] * len(base.lines), True)


WAYS: tuple[Callable[[Base, Rng], Spoilt], ...] = (
    truncated, packed_and_cut, packed_and_damaged, not_a_number, negative, huge, future,
    wrong_root, wrong_expiry, repeated, reordered, shuffled_columns, cells_moved, garbage,
    blank_lines, line_ends, broken_header, bytes_for_text,
)  # fmt: skip


def _taken(folder: Path, name: str, data: bytes) -> Taken:
    """Import one file; return its rows and its refused lines, None where it gave none at all."""
    (folder / "in").mkdir()
    (folder / "in" / name).write_bytes(data)
    report = import_chains([folder / "in"], folder / "out", terms=Terms(TODAY))
    if not report.imported:
        assert report.left or report.refused, "the file vanished"
        return [], None
    source = report.imported[0]
    rows = load_chains(folder / "out", unquoted=True).collect().to_dicts()
    assert len(rows) == source.rows, "the count of rows is wrong"
    if not source.rejects:
        return rows, pl.DataFrame({"line": [], "reason": []}, schema_overrides={"line": pl.Int64})
    rejects = pl.read_csv(folder / "out" / source.rejects, schema_overrides={"text": pl.String})
    assert rejects["reason"].null_count() == 0, "a line was refused without a reason"
    return rows, rejects


@cache
def _sound(base: Base) -> list[dict[str, Any]]:
    """Return the rows of a sound file."""
    with tempfile.TemporaryDirectory() as folder:
        rows, _ = _taken(Path(folder), base.name, base.text.encode())
    return rows


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("date", "time", "root", "expiry", "strike", "put_call"))


def judge(base: Base, spoilt: Spoilt, folder: Path) -> str:
    """Import the sound and the spoilt file, and raise AssertionError on any breach."""
    sound = _sound(base)
    rows, rejects = _taken(folder, base.name + spoilt.suffix, spoilt.data)
    by_key = {_key(row): row for row in sound}
    assert len(sound) in (LINES, 2 * LINES), "the sound file is not"
    for row in rows:
        original = by_key.get(_key(row))
        assert original is not None, f"a contract that was not there: {_key(row)}"
        assert _key(row)[:2] == _key(original)[:2], f"of another moment: {_key(row)}"
        for name in _SAID:
            kept = row[name]
            assert kept == original[name] or kept is None, f"{name}: {original[name]} → {kept}"
    if rejects is None:
        assert spoilt.whole, "the whole file was given up"
        return "given up"
    _untouched_are_kept(base, spoilt, sound, rows)
    if not spoilt.whole:
        _all_accounted_for(base, spoilt, rows, rejects)
    return "refused" if rejects.height else "kept"


def _untouched_are_kept(
    base: Base, spoilt: Spoilt, sound: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    first = len(base.above) + 1
    wanted = {i for i in spoilt.origin if i is not None and i >= 0}
    kept = {_key(row): row for row in rows}
    for row in sound:
        if row["line"] - first in wanted:
            found = kept.get(_key(row))
            assert found is not None, f"an untouched line was lost: {_key(row)}"
            assert all(found[name] == row[name] for name in _SAID), "an untouched line changed"


def _all_accounted_for(
    base: Base, spoilt: Spoilt, rows: list[dict[str, Any]], rejects: pl.DataFrame
) -> None:
    first = len(base.above) + 1
    seen = {row["line"] for row in rows} | set(rejects["line"].to_list())
    text = spoilt.data.decode("utf-8", "replace").split("\n")
    for at in range(len(base.above), len(text)):
        line = text[at].strip().strip("﻿")
        assert not line or at + 1 in seen, f"line {at + 1} vanished (first is {first})"


def _message(rng: Rng) -> tuple[bytes, bool]:
    """Cut a message, or spoil a byte of it."""
    data = MESSAGE.text.encode()
    if rng.random() < 0.5:
        return data[: int(rng.integers(1, len(data)))], True
    spoilt = bytearray(data)
    spoilt[int(rng.integers(len(spoilt)))] = ord(str(rng.choice(list('{}[]",:xN '))))
    return bytes(spoilt), False


def judge_message(rng: Rng, folder: Path) -> str:
    """Spoil a delayed-quote message; every row kept must be one of the sound message's.

    A damaged key takes its number with it, so a cell may be null, and a moment that is gone is
    refused: it is not taken from one of the options, which last traded on other days.
    """
    sound = _sound(MESSAGE)
    data, _cut = _message(rng)
    rows, rejects = _taken(folder, MESSAGE.name, data)
    by_contract = {_key(row)[2:]: row for row in sound}
    for row in rows:
        original = by_contract.get(_key(row)[2:])
        assert original is not None, f"a contract that was not there: {_key(row)}"
        assert _key(row)[:2] == _key(original)[:2], f"of another moment: {_key(row)}"
        for name in ("bid", "ask", "sigma", "delta", "volume", "open_interest", "last"):
            assert row[name] == original[name] or row[name] is None, name
    return "given up" if rejects is None else "refused" if rejects.height else "kept"


def break_every_header(base: Base) -> int:
    """Rename each column of a file's header in turn, also to its neighbour's name; count them."""
    if not base.above:
        return 0
    header = next(i for i, line in enumerate(base.above) if "strike" in line.lower())
    cells = base.above[header].split(",")
    for at in range(len(cells)):
        for name in ("x", cells[(at + 1) % len(cells)]):
            lines = [*base.above, *base.lines]
            lines[header] = ",".join([*cells[:at], name, *cells[at + 1 :]])
            spoilt = Spoilt(("\n".join(lines) + "\n").encode(), [None] * LINES, True)
            with tempfile.TemporaryDirectory() as folder:
                judge(base, spoilt, Path(folder))
    return 2 * len(cells)


def run(cases: int, seed: int, say: Callable[[int], None] = lambda done: None) -> Counter[str]:
    """Try a number of cases; return how they ended, by way of spoiling.

    Raises
    ------
    AssertionError
        On the first breach, naming the case.
    """
    outcomes: Counter[str] = Counter()
    for case in range(cases):
        rng = np.random.default_rng([seed, case])
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pick = int(rng.integers(len(WAYS) + 1))
            way = "message" if pick == len(WAYS) else WAYS[pick].__name__
            try:
                if pick == len(WAYS):
                    outcome = judge_message(rng, folder)
                else:
                    base = BASES[int(rng.integers(len(BASES)))]
                    outcome = judge(base, WAYS[pick](base, rng), folder)
            except Exception as breach:
                where = way if pick == len(WAYS) else f"{way} of {base.name}"
                raise AssertionError(f"case {case} of seed {seed}, {where}: {breach!r}") from breach
        outcomes[f"{way}: {outcome}"] += 1
        say(case + 1)
    return outcomes


def main() -> None:
    """Run from the command line."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--cases", type=int, default=10_000)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()

    def say(done: int) -> None:
        if done % 500 == 0:
            sys.stderr.write(f"{done} cases\n")

    for outcome, count in sorted(run(given.cases, given.seed, say).items()):
        sys.stdout.write(f"{outcome:40} {count:6}\n")
    broken = sum(break_every_header(base) for base in BASES)
    sys.stdout.write(f"every column of every header: kept {broken:6}\n")


if __name__ == "__main__":
    main()
