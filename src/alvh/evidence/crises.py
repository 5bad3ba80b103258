"""The named crises, and what a book did in each of them.

A window runs from the S&P 500's closing high before the event to its closing low, so that nobody
can choose the days that flatter a hedge. Profit and loss is counted from the close of the first
date to the close of the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import polars as pl

from alvh.evidence.selection import effective_number
from alvh.measures import Array, Dates


@dataclass(frozen=True, slots=True)
class Crisis:
    """One named crisis.

    Attributes
    ----------
    key : str
        Short name for files and columns.
    name : str
        Name to print.
    start, end : date
        Sessions of the closing high and of the closing low of the S&P 500.
    event : str
        What happened, in a line.
    source : str
        Where the event is documented. The dates of the window are those of the index's own closes.
    """

    key: str
    name: str
    start: date
    end: date
    event: str
    source: str


CRISES: tuple[Crisis, ...] = (
    Crisis(
        "2007-09",
        "Bear market 2007–09",
        date(2007, 10, 9),
        date(2009, 3, 9),
        "Sub-prime losses, bank failures and recession: the whole fall, 57 % over 17 months",
        "Financial Crisis Inquiry Commission, Final Report (2011)",
    ),
    Crisis(
        "2008",
        "Autumn 2008",
        date(2008, 8, 11),
        date(2008, 11, 20),
        "Failure of Lehman Brothers on 15 September; its acute part, inside the bear market above",
        "Financial Crisis Inquiry Commission, Final Report (2011), part IV",
    ),
    Crisis(
        "2010-05",
        "May 2010",
        date(2010, 4, 23),
        date(2010, 7, 2),
        "Flash crash of 6 May and the first euro-area debt crisis",
        "CFTC and SEC, Findings Regarding the Market Events of May 6, 2010",
    ),
    Crisis(
        "2011-08",
        "August 2011",
        date(2011, 7, 7),
        date(2011, 8, 8),
        "US debt ceiling, downgrade by Standard & Poor's on 5 August, euro-area contagion",
        "Standard & Poor's, US Long-Term Rating Lowered To 'AA+', 5 August 2011",
    ),
    Crisis(
        "2015-08",
        "August 2015",
        date(2015, 7, 20),
        date(2015, 8, 25),
        "Chinese devaluation; disorderly opening of 24 August",
        "SEC, Research Note: Equity Market Volatility on August 24, 2015",
    ),
    Crisis(
        "2018-02",
        "February 2018",
        date(2018, 1, 26),
        date(2018, 2, 8),
        "Collapse of the short-volatility products; largest one-day rise of VIX in per cent",
        "BIS Quarterly Review, March 2018, The equity market turbulence of 5 February",
    ),
    Crisis(
        "2018-12",
        "December 2018",
        date(2018, 12, 3),
        date(2018, 12, 24),
        "Rate rises and trade dispute: a fall without a lasting spike of VIX",
        "BIS Quarterly Review, March 2019",
    ),
    Crisis(
        "2020-03",
        "March 2020",
        date(2020, 2, 19),
        date(2020, 3, 23),
        "Pandemic; record close of VIX at 82.69 on 16 March",
        "FSB, Holistic Review of the March Market Turmoil (2020)",
    ),
    Crisis(
        "2022",
        "Bear market 2022",
        date(2022, 1, 3),
        date(2022, 10, 12),
        "Inflation and rate rises: a slow fall in which VIX never closed above 37",
        "Federal Reserve, Financial Stability Report, November 2022",
    ),
    Crisis(
        "2024-08",
        "August 2024",
        date(2024, 7, 16),
        date(2024, 8, 5),
        "Unwinding of yen carry trades; VIX 65.73 before the opening, 38.57 at the close",
        "BIS Bulletin 90 and 95 (2024)",
    ),
    Crisis(
        "2025-04",
        "April 2025",
        date(2025, 2, 19),
        date(2025, 4, 8),
        "Tariffs announced on 2 April",
        "IMF, Global Financial Stability Report, April 2025",
    ),
)


class Account(Protocol):
    """What is read of a run: dates, account value and cumulative P&L by sleeve."""

    @property
    def dates(self) -> Dates: ...

    @property
    def nav(self) -> Array: ...

    @property
    def sleeves(self) -> Mapping[str, Array]: ...


class Market(Protocol):
    """What is read of a market history: dates and columns by name."""

    @property
    def dates(self) -> Dates: ...

    def __getitem__(self, name: str) -> Array: ...


def coverage(crisis: Crisis, dates: Dates) -> str:
    """Say whether a series of sessions, shape (n,), holds "all", "part" or "none" of a crisis."""
    if dates.size == 0 or dates[-1] <= _day(crisis.start) or dates[0] >= _day(crisis.end):
        return "none"
    whole = dates[0] <= _day(crisis.start) and dates[-1] >= _day(crisis.end)
    return "all" if whole else "part"


def covered(dates: Dates) -> tuple[Crisis, ...]:
    """List the crises that a series of sessions, shape (n,), holds completely."""
    return tuple(crisis for crisis in CRISES if coverage(crisis, dates) == "all")


def crisis_table(result: Account, twin: Account, history: Market | None = None) -> pl.DataFrame:
    """Set a hedged book against its unhedged twin in every named crisis.

    Parameters
    ----------
    result, twin : Result
        The hedged run and the run of the same programme without a hedge.
    history : History, optional
        For the move of the S&P 500 and of VIX.

    Returns
    -------
    polars.DataFrame
        One row per crisis, those outside the data included with nulls: crisis, start, end (the
        dates counted), coverage ("all", "part", "none"), spx (fraction), vix_from, vix_to
        (points), one column of USD per sleeve, total (USD), hedged and unhedged (fractions of
        the account value at the start of the window), difference.
    """
    return pl.DataFrame(
        [_row(crisis, result, twin, history) for crisis in CRISES], infer_schema_length=None
    )


def crisis_returns(results: Mapping[str, Account]) -> pl.DataFrame:
    """Return of each run over each crisis that lies in its data completely.

    Parameters
    ----------
    results : mapping of str to Result

    Returns
    -------
    polars.DataFrame
        crisis (name), start, end and one column per run: a fraction, null where not covered.
    """
    rows: list[dict[str, object]] = []
    for crisis in CRISES:
        row: dict[str, object] = {"crisis": crisis.name, "start": crisis.start, "end": crisis.end}
        for name, result in results.items():
            inside = coverage(crisis, result.dates) == "all"
            row[name] = _account_return(result, crisis) if inside else None
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


NESTED = ("2008",)  # crises inside another one, which would count twice


def effective_crises(result: Account, twin: Account) -> tuple[float, int]:
    """Say on how many crises a difference between two books rests.

    Parameters
    ----------
    result, twin : Result
        On the same sessions.

    Returns
    -------
    effective : float
        Crises of equal weight that would spread the difference of returns alike.
    counted : int
        Crises, none inside another, that the sessions hold completely.
    """
    apart = [crisis for crisis in covered(result.dates) if crisis.key not in NESTED]
    gaps = [_account_return(result, one) - _account_return(twin, one) for one in apart]
    return effective_number(np.array(gaps)), len(apart)


def _row(
    crisis: Crisis, result: Account, twin: Account, history: Market | None
) -> dict[str, object]:
    state = coverage(crisis, result.dates)
    row: dict[str, object] = {"crisis": crisis.name, "start": crisis.start, "end": crisis.end}
    if state == "none":
        empty = ["spx", "vix_from", "vix_to", *result.sleeves, "total", "hedged", "unhedged"]
        return row | {"coverage": state} | dict.fromkeys([*empty, "difference"], None)
    first, last = _window(crisis, result.dates)
    row |= {"start": result.dates[first].astype(date), "end": result.dates[last].astype(date)}
    row |= {"coverage": state, **_market_moves(history, result.dates[[first, last]])}
    row |= {name: float(path[last] - path[first]) for name, path in result.sleeves.items()}
    row |= {"total": float(result.nav[last] - result.nav[first])}
    hedged, unhedged = _account_return(result, crisis), _account_return(twin, crisis)
    return row | {"hedged": hedged, "unhedged": unhedged, "difference": hedged - unhedged}


def _market_moves(history: Market | None, ends: Dates) -> dict[str, float | None]:
    if history is None:
        return {"spx": None, "vix_from": None, "vix_to": None}
    first, last = np.searchsorted(history.dates, ends, side="right") - 1
    spx, vix = history["spx"], history["vix"]
    moves = {
        "spx": float(spx[last] / spx[first] - 1.0),
        "vix_from": float(vix[first]),
        "vix_to": float(vix[last]),
    }
    return {name: value if np.isfinite(value) else None for name, value in moves.items()}


def _account_return(result: Account, crisis: Crisis) -> float:
    first, last = _window(crisis, result.dates)
    return float(result.nav[last] / result.nav[first] - 1.0)


def _window(crisis: Crisis, dates: Dates) -> tuple[int, int]:
    """Positions of the last sessions on or before the two ends, cut to the data."""
    ends = np.array([_day(crisis.start), _day(crisis.end)])
    first, last = np.searchsorted(dates, ends, side="right") - 1
    return max(int(first), 0), max(int(last), 0)


def _day(day: date) -> np.datetime64:
    return np.datetime64(day, "D")
