"""The one place that writes to the terminal.

On a terminal the tables are coloured and fit its width; in a pipe they are plain text, one row a
line, as wide as they need to be.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alvh.formats import ABSENT
from alvh.plain import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = [
    "ABSENT", "counting", "err", "note", "out", "plain", "say", "say_json", "show_table", "working",
]  # fmt: skip

PIPE_WIDTH = 1000  # columns; wide enough that no row of ours is wrapped
NARROWEST = 12  # columns that a text which may wrap should have
GAP = 3  # columns between two cells


def out() -> "Console":
    """Return the console of the answer, made for whatever standard output is now.

    Returns
    -------
    rich.console.Console
        Plain and unwrapped unless standard output is a terminal.
    """
    return _console(error=False)


def err() -> "Console":
    """Return the console of refusals, notes and progress.

    Returns
    -------
    rich.console.Console
        Plain and unwrapped unless standard error is a terminal.
    """
    return _console(error=True)


def say(text: str) -> None:
    """Write one line of the answer, as it is.

    Parameters
    ----------
    text : str
        The line; no markup is read in it.
    """
    out().out(text, highlight=False)


def note(text: str) -> None:
    """Write one line beside the answer, on the error stream.

    Parameters
    ----------
    text : str
        The line; no markup is read in it.
    """
    err().out(text, highlight=False)


def say_json(value: object) -> None:
    """Write a value as JSON, and nothing else.

    Parameters
    ----------
    value : object
        Plain values, dates, paths, numpy scalars and arrays; a number that is not finite becomes
        null, which JSON has and NaN it has not.
    """
    say(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def show_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    spare: Sequence[str] = (),
) -> tuple[str, ...]:
    """Write a table.

    Parameters
    ----------
    title : str
        Line above the table; empty for none.
    columns : sequence of str
        Headings.
    rows : iterable of sequence of str
        Cells, one per heading; no markup is read in them.
    numbers : sequence of str
        Headings of the columns that are aligned to the right and never cut.
    spare : sequence of str
        Headings that a terminal too narrow for all may do without, the first to go first.

    Returns
    -------
    tuple of str
        Headings that were left out.
    """
    if title:
        say(title)
    console, held = out(), [tuple(row) for row in rows]
    left_out = _to_leave_out(console, columns, held, numbers, spare)
    table = _table(columns, held, numbers, left_out)
    if console.is_terminal:
        console.print(table)
    else:
        say(_plain_lines(console, table))
    return tuple(left_out)


def _to_leave_out(
    console: "Console",
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[str],
    spare: Sequence[str],
) -> Sequence[str]:
    """Return the shortest run of spare columns without which the table fits the console."""
    from rich.cells import cell_len

    widths = {}
    for place, column in enumerate(columns):
        longest = max(cell_len(text) for text in (column, *(row[place] for row in rows)))
        wraps = place > 0 and column not in numbers
        widths[column] = GAP + (min(longest, NARROWEST) if wraps else longest)
    for count in range(len(spare) + 1):
        kept = [width for column, width in widths.items() if column not in spare[:count]]
        if sum(kept) <= console.width:
            return spare[:count]
    return spare


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[str],
    left_out: Sequence[str],
) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    kept = [place for place, column in enumerate(columns) if column not in left_out]
    for place in kept:
        right = columns[place] in numbers
        table.add_column(
            columns[place], justify="right" if right else "left", no_wrap=right or place == 0
        )
    for row in rows:
        table.add_row(*(Text(row[place]) for place in kept))
    return table


def _plain_lines(console: "Console", table: "Table") -> str:
    with console.capture() as captured:
        console.print(table)
    lines = (line.rstrip() for line in captured.get().splitlines())
    return "\n".join(line for line in lines if line)


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something slow is going on; in a pipe, show nothing.

    Parameters
    ----------
    text : str
        What is going on.

    Yields
    ------
    None
    """
    console = err()
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far a long count has come, on a terminal only.

    Parameters
    ----------
    what : str
        What is counted.

    Yields
    ------
    callable
        To be called with (done, total).
    """
    console = err()
    if not console.is_terminal:
        yield lambda done, total: None
        return
    with console.status(what) as status:
        yield lambda done, total: status.update(f"{what}: {done} of {total}")


def _console(*, error: bool) -> "Console":
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=error, width=width, highlight=False, markup=False, emoji=False)
