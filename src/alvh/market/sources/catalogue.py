"""Which symbols feed which columns, in which unit, and what values can be believed.

A ``strict`` column is one the book cannot do without: a cell of it that cannot be right stops the
load. In any other column such a cell is refused and absent.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """Bounds and unit of one column of a history.

    Parameters
    ----------
    low, high : float
        Values at or below ``low``, or above ``high``, are not believed. In the file's unit.
    scale : float
        Factor from the file's unit to the column's.
    strict : bool
        A value that is not believed stops the load.
    every_day : bool
        The series has values on days without a session (rates, policy uncertainty).
    monthly : bool
        One value a month, dated to its first day.
    """

    low: float = 0.0
    high: float = 1e15
    scale: float = 1.0
    strict: bool = False
    every_day: bool = False
    monthly: bool = False


_PERCENT = 0.01

#: Bounds are well outside everything published up to 2026, with the record in the comment.
COLUMNS: dict[str, Column] = {
    "spx": Column(0.0, 1e6, strict=True),
    "spx_open": Column(0.0, 1e6, strict=True),
    "spx_high": Column(0.0, 1e6, strict=True),
    "spx_low": Column(0.0, 1e6, strict=True),
    "vix": Column(5.0, 200.0, strict=True),  # closes 9.14 (2017-11-03) … 82.69 (2020-03-16)
    "vix_open": Column(5.0, 200.0),  # as published, one open (2.58, 2004-11-08) is a misprint
    "vix_high": Column(5.0, 200.0),
    "vix_low": Column(5.0, 200.0),
    "vix9d": Column(3.0, 300.0),  # closes 7.10 … 106.66
    "vix3m": Column(5.0, 150.0),  # closes 11.85 … 72.98
    "vix6m": Column(5.0, 150.0),  # closes 13.75 … 61.47
    "vvix": Column(50.0, 300.0),  # 59.7 (2008-04-23) … 207.6 (2020-03-16)
    "skew": Column(95.0, 220.0),  # 101.2 … 183.1 (2025-02-18)
    "bill_rate": Column(-5.0, 25.0, _PERCENT, every_day=True),
    "fed_funds": Column(-5.0, 30.0, _PERCENT, every_day=True),
    "policy_uncertainty": Column(0.0, 5_000.0, every_day=True),
    "reer": Column(20.0, 400.0, every_day=True, monthly=True),
    "sp_breadth": Column(-1e-9, 100.0),
    "sp_new_low": Column(-1e-9, 100.0),
    "sp_breadth_200": Column(-1e-9, 100.0),
    "gl_breadth": Column(-1e-9, 100.0),
    "gl_new_low": Column(-1e-9, 100.0),
    "advances": Column(-1e-9),
    "declines": Column(-1e-9),
    "unchanged": Column(-1e-9),
    "new_highs": Column(-1e-9),
    "new_lows": Column(-1e-9),
    "advancing_volume": Column(-1e-9),
    "declining_volume": Column(-1e-9),
}

_ANYTHING = Column(-1e15, 1e15, every_day=True)
_POSITIVE = Column()

#: Symbols as vendors write them, upper case, to columns.
ALIASES: dict[str, str] = {
    "SPX": "spx",
    "GSPC": "spx",
    "SP500": "spx",
    "INX": "spx",
    "VIX": "vix",
    "VIXCLS": "vix",
    "VIX9D": "vix9d",
    "VXST": "vix9d",
    "VXSTCLS": "vix9d",
    "VIX3M": "vix3m",
    "VXV": "vix3m",
    "VXVCLS": "vix3m",
    "VIX6M": "vix6m",
    "VXMT": "vix6m",
    "VVIX": "vvix",
    "SKEW": "skew",
    "DTB3": "bill_rate",
    "DFF": "fed_funds",
    "USEPUINDXD": "policy_uncertainty",
    "RBUSBIS": "reer",
    "SPY": "spy",
    "VNQ": "vnq",
    "IYR": "iyr",
    "BIL": "bil",
}

#: Codes in the names of NYSE breadth files to columns.
BREADTH: dict[str, str] = {
    "advn": "advances",
    "decln": "declines",
    "unchn": "unchanged",
    "advv": "advancing_volume",
    "declv": "declining_volume",
    "unchv": "unchanged_volume",
    "newhi": "new_highs",
    "newlo": "new_lows",
}

#: Cells that a vendor is known to have wrong: column, ISO date, the wrong value, how it shows.
KNOWN_BAD: dict[tuple[str, str], tuple[float, str]] = {
    ("vvix", "2006-03-15"): (15.71, "known misprint of the first weeks of VVIX"),
    ("vix_low", "2008-10-10"): (28.13, "known misprint, the day's other prices are 65 to 77"),
    ("vix_open", "2004-01-21"): (36.55, "known misprint, twice the close of a quiet day"),
    ("vix_high", "2004-01-21"): (36.55, "known misprint, twice the close of a quiet day"),
    ("vix_high", "2004-09-27"): (31.36, "known misprint, twice the close of a quiet day"),
    ("vix_high", "2005-06-06"): (26.83, "known misprint, twice the close of a quiet day"),
    ("vix_high", "2005-07-25"): (36.56, "known misprint, three times the close of a quiet day"),
}

#: The same for VX settlements: trade date, settlement date → the wrong value.
KNOWN_BAD_FUTURES: dict[tuple[str, str], float] = {
    ("2008-04-21", "2009-01-21"): 1.00,  # placeholder; the strip stood at 22 to 24
    ("2008-04-21", "2009-02-18"): 1.00,  # placeholder; the contract traded at 22.67
    ("2008-10-30", "2009-08-19"): 18.14,  # untraded; 32.16 the day before, 35.00 the day after
    ("2013-05-28", "2014-02-19"): 10.25,  # 20.10 in the exchange's current file
}


def column_of(symbol: str) -> str:
    """Return the column that a vendor's symbol feeds.

    Parameters
    ----------
    symbol : str
        As in a file's name or header, in any case, with or without a leading ``^`` or ``_``.

    Returns
    -------
    str
        The known column, or the symbol itself in lower case.
    """
    bare = symbol.strip().lstrip("^_.").upper()
    return ALIASES.get(bare, bare.lower())


def is_known(symbol: str) -> bool:
    """Tell whether a symbol is one of the known ones."""
    return symbol.strip().lstrip("^_.").upper() in ALIASES


def rules(column: str, *, vendor: str) -> Column:
    """Return bounds and unit of a column.

    Parameters
    ----------
    column : str
        Column of the history.
    vendor : str
        Kind of file; a rate published by FRED may be zero or negative, a price may not.
    """
    return COLUMNS.get(column, _ANYTHING if vendor == "fred" else _POSITIVE)
