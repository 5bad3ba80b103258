"""Take today's delayed SPX and VIX chains from Cboe and keep them: a history, a day at a time.

The messages are kept as they came, below ``downloads``, and then imported like any other file.
The exchange shows quotes fifteen minutes old; after the close they are the end of the day's. What
day it is, where to ask and how to wait are told by the caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from alvh.errors import DataError
from alvh.market.chains.accept import Terms
from alvh.market.chains.importing import import_chains
from alvh.market.chains.outcome import ImportReport
from alvh.market.sources.pull import Manners, PullReport, Wanted, pull

#: Address of the message of one index; ``{symbol}`` is filled. The exchange's own quote page asks
#: there.
ADDRESS: Final = "https://cdn.cboe.com/api/global/delayed_quotes/options/_{symbol}.json"
SYMBOLS: Final = ("SPX", "VIX")
DOWNLOADS: Final = "downloads"


@dataclass(frozen=True, slots=True)
class ChainPull:
    """What a pull of chains did: the downloads, and what was imported of them."""

    pulled: PullReport
    imported: ImportReport


def pull_chains(
    folder: Path,
    *,
    today: date,
    symbols: Sequence[str] = SYMBOLS,
    address: str = ADDRESS,
    manners: Manners | None = None,
    progress: Callable[[int, int, str, str], None] | None = None,
) -> ChainPull:
    """Fetch the delayed chains and import them into a folder of chains.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent; the messages stay in its ``downloads/<day>``.
    today : datetime.date
        Day of the pull. A chain that is of a later session is refused.
    symbols : sequence of str
        Some of `SYMBOLS`.
    address : str
        Where to ask, with ``{symbol}``.
    manners : Manners, optional
        Pause, retries, timeout.
    progress : callable, optional
        Told of each file, as of ``alvh.market.sources.pull.pull``.

    Returns
    -------
    ChainPull
        A chain that is as it was at the last pull is fetched and not imported again.

    Raises
    ------
    DataError
        For an unknown symbol, or a folder whose records cannot be read.
    """
    unknown = sorted(set(symbols) - set(SYMBOLS))
    if unknown:
        raise DataError(f"chain pull: no chain of {unknown[0]!r}; use {' or '.join(SYMBOLS)}")
    downloads = folder / DOWNLOADS
    wanted = [
        Wanted(f"{today}/_{symbol}.json", address.format(symbol=symbol), ("chain",))
        for symbol in symbols
    ]
    pulled = pull(downloads, wanted, today=today, manners=manners, progress=progress)
    there = [downloads / name for name in (*pulled.fetched, *pulled.unchanged)]
    return ChainPull(pulled, import_chains(there, folder, terms=Terms(today=today)))
