"""What the commands that run the engine share: reading the data, and fair warning of a wait."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alvh.cli.console import counting, note, out, say, working
from alvh.cli.desk_options import now
from alvh.priced import priced_words

if TYPE_CHECKING:
    from alvh import CondorProgramme, HedgePolicy, History, Result


def read_history(data: str, *, whole: bool = True) -> "History":
    """Load the market history that ``--data`` names.

    Parameters
    ----------
    data : str
        Folder of downloads, or ``bundled``.
    whole : bool
        Whether all sessions will be looked at: those with chains are fitted beforehand then.

    Returns
    -------
    History
        The history.

    Raises
    ------
    DataError
        If the data cannot be used.
    """
    from alvh import load_history
    from alvh.desk.moments import chicago_day

    with working(f"reading {data}"):
        history = load_history(data, today=chicago_day(now()))
    if history.chains and history.chain_folder is None:
        note(
            f"option chains lie in {data} unimported, {history.chains[0]} among them, and nothing "
            f"is priced by them: alvh chain import {data} --to {data}/imported"
        )
    if whole and history.chain_folder is not None:  # the first time takes a while
        from alvh.market.surfaces import build_surfaces

        with counting("fitting the sessions with chains") as progress:
            build_surfaces(history, progress=progress)
    return history


@contextmanager
def engine_running(text: str) -> Iterator[None]:
    """Show that the engine is at work, and say beforehand if it has to be compiled first.

    Parameters
    ----------
    text : str
        What is running.

    Yields
    ------
    None
    """
    announce_compiling()
    with working(text):
        yield


def announce_compiling() -> None:
    """Say so, once, where no compiled engine is kept on this machine yet."""
    import alvh  # importing it decides where compiled code is kept

    cache = os.environ.get("NUMBA_CACHE_DIR") or str(Path(alvh.__path__[0]))
    if next(Path(cache).rglob("*.nbi"), None) is None:
        note("compiling the engine; this first run takes a minute or so, later ones start at once")


def day(moment: datetime | None) -> date | None:
    """Return the date of a date option.

    Parameters
    ----------
    moment : datetime or None
        As the option was parsed.

    Returns
    -------
    date or None
        The day.
    """
    return None if moment is None else moment.date()


def say_model_share(share: float, fitted: float = 0.0) -> None:
    """Write the line that comes before any figure: how much rests on models, fits and quotes.

    Parameters
    ----------
    share : float
        Share of fills priced by a model, 0 to 1.
    fitted : float
        Share priced by smiles fitted to quotes of their day.
    """
    say(priced_words("fills", share, fitted))


def say_identity(meta: Mapping[str, Any]) -> None:
    """Write the line that comes after all figures: which rules, data and code made them.

    Parameters
    ----------
    meta : mapping
        ``meta`` of a result.
    """
    say(
        f"policy {meta['policy_hash'][:12]} · programme {meta['programme_hash'][:12]} · "
        f"data {meta['data_digest'][:12]} · code {meta['code_version']} · fill {meta['fill']:g}"
        + (f" · improvement {meta['improvement']:g}" if meta.get("improvement") else "")
    )
    for line in meta.get("notes", ()):
        out().out(f"note: {line}", highlight=False)


def book_of_evening(
    market: "History", policy: "HedgePolicy", programme: "CondorProgramme", book: Path | None,
    dates: tuple[date | None, date | None], account: tuple[float, float],
) -> tuple["Result", Any]:  # fmt: skip
    """Return the book that a command looks at: the policy's, or the user's own.

    Parameters
    ----------
    market : History
    policy, programme
        That are run, or that an own book would be run on by.
    book : Path, optional
        File of the user's own book.
    dates : (date, date)
        First session of the run, and the evening; None for the first and the last.
    account : (float, float)
        Equity of the run in USD, and fill.

    Returns
    -------
    result : Result
        A run that ended with the book.
    evening : Evening or None
        The user's own; None where it is the run's.
    """
    import alvh

    if book is None:
        return alvh.backtest(market, policy, programme, *dates, *account), None
    from alvh.desk.book_files import read_book
    from alvh.desk.own import own_book

    own = own_book(market, read_book(book), policy, programme, dates[1], account[1])
    for fault in own.faults:
        note(f"the rules cannot read this of the book, which is valued all the same: {fault}")
    return own.evening.result, own.evening
