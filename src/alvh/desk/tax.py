"""Section 1256 contracts of a year: marked to market, sixty per cent long-term and forty short.

A contract's gain in a year is the cash of its fills in that year, plus what is held at the last
close of the year at that close's mark, less what was held at the last close of the year before at
that mark: so that every dollar is taxed once, in the year in which it was made. Options on the
S&P 500 and on VIX and VIX futures are such contracts; baskets and the index fund are not. This is
arithmetic, not advice.

References
----------
26 U.S.C. § 1256(a)(1) and (3); § 1256(b)(1); Form 6781, Part I.
"""

import csv
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from alvh.advise.instrument import Instrument
from alvh.calendars import sessions
from alvh.desk.book_files import csv_rows, read_text
from alvh.desk.entries import Entry, Fill, read_instrument
from alvh.errors import BookError, DataError
from alvh.market.history import History
from alvh.market.quote import quote

CONTRACTS = ("SPX", "SPXW", "VIX", "VX")
MODEL_MID = "model mid, "  # followed by what the model is of
LONG_TERM = 0.6
Marker = Callable[[Instrument, date], tuple[float, str]]


@dataclass(frozen=True)
class TaxLine:
    """One contract of one year; USD to the cent.

    Attributes
    ----------
    symbol : str
        The contract.
    held_before, held_after : float
        Signed contracts at the last close of the year before, and of the year.
    mark_before, mark_after : float
        What one was worth then, points; 0 where none was held.
    mark_source : str
        Where the marks come from.
    fees : float
        Of the year's fills.
    gain : float
        Of the year, fees taken off.
    long_term, short_term : float
        Sixty per cent of it, and the rest.
    """

    symbol: str
    held_before: float
    mark_before: float
    held_after: float
    mark_after: float
    mark_source: str
    fees: float
    gain: float
    long_term: float
    short_term: float


def tax_lines(entries: Iterable[Entry], year: int, marker: Marker) -> tuple[TaxLine, ...]:
    """Return the contracts that had a fill in the year or were held at its beginning.

    Parameters
    ----------
    entries : iterable of Fill and Flow
        A book's, of this year and every year before; later ones are left out.
    year : int
        Calendar year.
    marker : callable
        Takes an instrument and a session, returns points and where they come from.

    Raises
    ------
    BookError
        Where a contract is held past its expiry, so that its settlement is missing.
    """
    fills = [
        one
        for one in entries
        if isinstance(one, Fill) and one.on.year <= year and one.instrument.root in CONTRACTS
    ]
    instruments = sorted({one.instrument for one in fills}, key=lambda one: one.symbol)
    lines = (_line(one, [f for f in fills if f.instrument == one], year, marker)
             for one in instruments)  # fmt: skip
    return tuple(line for line in lines if line is not None)


def left_out(entries: Iterable[Entry], year: int) -> tuple[str, ...]:
    """Return what was traded in the year and is no such contract."""
    roots = {one.instrument.symbol for one in entries
             if isinstance(one, Fill) and one.on.year == year
             and one.instrument.root not in CONTRACTS}  # fmt: skip
    return tuple(sorted(roots))


def _line(instrument: Instrument, fills: list[Fill], year: int, marker: Marker) -> TaxLine | None:
    before = sum(one.quantity for one in fills if one.on.year < year)
    own = [one for one in fills if one.on.year == year]
    if not own and before == 0.0:
        return None
    after = before + sum(one.quantity for one in own)
    mark_before, was = _mark(instrument, before, year - 1, marker)
    mark_after, now = _mark(instrument, after, year, marker)
    fees = sum(one.fees for one in own)
    traded = -sum(one.quantity * one.price for one in own)
    points = traded + after * mark_after - before * mark_before
    gain = round(points * instrument.multiplier - fees, 2) + 0.0
    long_term = round(LONG_TERM * gain, 2) + 0.0
    return TaxLine(
        symbol=instrument.symbol,
        held_before=before,
        mark_before=mark_before,
        held_after=after,
        mark_after=mark_after,
        mark_source=", ".join(dict.fromkeys(one for one in (was, now) if one)),
        fees=round(fees, 2),
        gain=gain,
        long_term=long_term,
        short_term=round(gain - long_term, 2) + 0.0,
    )


def _mark(instrument: Instrument, held: float, year: int, marker: Marker) -> tuple[float, str]:
    if held == 0.0:
        return 0.0, ""
    close = last_session(year)
    if instrument.expiry is not None and instrument.expiry <= close:
        raise BookError(
            f"{held:+g} {instrument} are still in the book on {close}, after their expiry; "
            "import their settlement"
        )
    return marker(instrument, close)


def last_session(year: int) -> date:
    """Return the last session of a year."""
    days = sessions()
    place = int(np.searchsorted(days, np.datetime64(f"{year + 1}-01-01"))) - 1
    found: date = days[place].astype(object)
    return found


def market_marker(history: History, own: dict[str, float], year: int) -> Marker:
    """Return marks: the user's own where there are, settlements of futures, then the model's mids.

    Parameters
    ----------
    history : History
        For what the user gives no mark.
    own : dict of str to float
        Points by symbol, as of a broker's statement at the end of ``year``.
    year : int
        Year that the user's own marks are of.
    """

    def mark(instrument: Instrument, on: date) -> tuple[float, str]:
        if on.year == year and instrument.symbol in own:
            return own[instrument.symbol], "own mark"
        if instrument.root == "VX":
            return _settlement(history, instrument, on), "exchange settlement"
        row = quote(history, [instrument.symbol], on).row(0, named=True)
        kind = row["provenance"]
        quoted = kind.startswith("quoted")
        told = kind.replace("quoted", "mid of its quote") if quoted else f"{MODEL_MID}{kind}"
        return float(row["mid"]), told

    return mark


def read_marks(path: Path) -> dict[str, float]:
    """Read marks: a CSV file with the columns ``symbol`` and ``points``.

    Raises
    ------
    BookError
        Names the first line that cannot be.
    """
    found: dict[str, float] = {}
    for where, row in csv_rows(read_text(path), str(path)):
        symbol = read_instrument(row.get("symbol") or "", where).symbol
        try:
            points = float(row.get("points") or "")
        except ValueError:
            points = math.nan
        if not 0.0 <= points < math.inf or symbol in found:
            raise BookError(f"{where}: {row}; wanted each symbol once, with points of 0 or more")
        found[symbol] = points
    return found


def _settlement(history: History, instrument: Instrument, on: date) -> float:
    rows = history.futures.filter((pl.col("date") == on) & (pl.col("expiry") == instrument.expiry))
    if rows.is_empty():
        raise DataError(
            f"the data have no settlement of {instrument} on {on}; give its mark with --marks"
        )
    return float(rows["settle"][0])


def tax_csv(lines: Iterable[TaxLine]) -> str:
    """Write lines and their sum as CSV."""
    names = [one.name for one in fields(TaxLine)]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    held = list(lines)
    for line in held:
        writer.writerow(asdict(line))
    sums = {name: round(sum(getattr(line, name) for line in held), 2)
            for name in ("fees", "gain", "long_term", "short_term")}  # fmt: skip
    writer.writerow({"symbol": "TOTAL", **sums})
    return out.getvalue()
