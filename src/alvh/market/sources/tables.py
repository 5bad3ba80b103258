"""Event dates and monthly tables: release calendars, Shiller, Baker and Wurgler."""

from datetime import date

import numpy as np
import polars as pl

from alvh.errors import DataError
from alvh.market.sources.recognise import Found
from alvh.market.sources.records import Days, Floats, Refusal
from alvh.market.sources.text import body, clean, dates, numbers, rows

#: Shiller's columns. Price, dividend and earnings in index points, the latter two per year;
#: long_rate in per cent; cape is the price over ten years' average real earnings.
SHILLER = ("price", "dividend", "earnings", "cpi", "long_rate", "cape")
_SHILLER_CSV = (
    "sp500",
    "dividend",
    "earnings",
    "consumer price index",
    "long interest rate",
    "pe10",
)
_SHILLER_XLS = ("P", "D", "E", "CPI", "Rate GS10", "CAPE")

#: Baker and Wurgler's columns: sentiment index orthogonal to the cycle, plain index, number of
#: IPOs in the month, their average first-day return in per cent, dividend premium, closed-end
#: fund discount.
BAKER_WURGLER = ("sentiment_orthogonal", "sentiment", "nipo", "ripo", "pdnd", "cefd")
_BAKER_WURGLER = ("SENT^", "SENT", "nipo", "ripo", "pdnd", "cefd")

_SIGNED = {"long_rate", "sentiment_orthogonal", "sentiment", "ripo", "pdnd", "cefd", "nipo"}


def read_events(found: Found, raw: bytes) -> Days:
    """Read the dates of a release calendar.

    Raises
    ------
    DataError
        For a fault of structure.
    """
    source = rows([body(found.path, clean(raw), found.skip)], len(found.header))
    return np.unique(dates(source)).astype(np.int32)


def read_shiller_csv(found: Found, raw: bytes) -> tuple[pl.DataFrame, list[Refusal]]:
    """Read the re-published monthly table of Shiller's data.

    Its last years hold zeros where a figure is not out yet; they are refused.

    Raises
    ------
    DataError
        For a fault of structure.
    """
    source = rows([body(found.path, clean(raw), found.skip)], len(found.header))
    months = dates(source)
    columns, refused = {}, []
    where = [source.where(row) for row in range(len(months))]
    for name, header in zip(SHILLER, _SHILLER_CSV, strict=True):
        if header not in found.header:
            continue
        values, _, _ = numbers(source, found.header.index(header))
        columns[name], notes = _judge("shiller", name, months, values, where)
        refused += notes
    return _monthly(months, columns), refused


def read_shiller_xls(path: str, raw: bytes) -> tuple[pl.DataFrame, list[Refusal]] | None:
    """Read Shiller's own workbook; None if it has no sheet ``Data`` of the known shape.

    Months are written as 1871.01 … 1871.1 (October), 1871.11, 1871.12.

    Raises
    ------
    DataError
        If the workbook cannot be opened.
    """
    cells = _sheet(path, raw, "Data")
    head = _header_row(cells, "Date") if cells is not None else None
    if cells is None or head is None:
        return None
    header = [str(cell or "").strip() for cell in cells.row(head)]
    lines, months = [], []
    for row in range(head + 1, cells.height):
        month = _shiller_month(cells[row, header.index("Date")])
        if month is not None:
            lines.append(row)
            months.append(month)
    return _workbook_table("shiller", path, cells, (header, lines, months), SHILLER, _SHILLER_XLS)


def read_baker_wurgler(path: str, raw: bytes) -> tuple[pl.DataFrame, list[Refusal]] | None:
    """Read Baker and Wurgler's workbook; None if it has no sheet ``DATA`` of the known shape.

    Raises
    ------
    DataError
        If the workbook cannot be opened.
    """
    cells = _sheet(path, raw, "DATA")
    head = _header_row(cells, "yearmo") if cells is not None else None
    if cells is None or head is None:
        return None
    header = [str(cell or "").strip() for cell in cells.row(head)]
    lines, months = [], []
    for row in range(head + 1, cells.height):
        text = str(cells[row, header.index("yearmo")] or "")
        if len(text) == 6 and text.isdigit():
            lines.append(row)
            months.append(_month(int(text[:4]), int(text[4:])))
    return _workbook_table(
        "baker_wurgler", path, cells, (header, lines, months), BAKER_WURGLER, _BAKER_WURGLER
    )


def _workbook_table(
    table: str,
    path: str,
    cells: pl.DataFrame,
    layout: tuple[list[str], list[int], list[int]],
    names: tuple[str, ...],
    headers: tuple[str, ...],
) -> tuple[pl.DataFrame, list[Refusal]]:
    header, lines, months = layout
    days = np.array(months, np.int32)
    where = [f"{path}:{line + 1}" for line in lines]
    columns, refused = {}, []
    for name, title in zip(names, headers, strict=True):
        if title not in header:
            continue
        text = cells.to_series(header.index(title)).gather(lines)
        values = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy()
        columns[name], notes = _judge(table, name, days, values, where)
        refused += notes
    return _monthly(days, columns), refused


def _sheet(path: str, raw: bytes, name: str) -> pl.DataFrame | None:
    import fastexcel

    try:
        reader = fastexcel.read_excel(raw)
        if name not in reader.sheet_names:
            return None
        loaded = reader.load_sheet(name, header_row=None, dtypes="string", eager=False)
        return loaded.to_polars()
    except fastexcel.FastExcelError as fault:
        raise DataError(
            f"{path}: the workbook cannot be opened ({str(fault).splitlines()[0][:80]}); "
            "download it again"
        ) from fault


def _header_row(cells: pl.DataFrame, first: str) -> int | None:
    column = cells.to_series(0).str.strip_chars()
    at = (column == first).fill_null(False).arg_true()
    return int(at[0]) if len(at) else None


def _shiller_month(cell: str | None) -> int | None:
    year, point, month = str(cell or "").partition(".")
    if not (year.isdigit() and point and month.isdigit() and len(month) <= 2):
        return None
    return _month(int(year), 10 if month == "1" else int(month))


def _month(year: int, month: int) -> int:
    return (date(year, month, 1) - date(1970, 1, 1)).days


def _judge(
    table: str, name: str, months: Days, values: Floats, where: list[str]
) -> tuple[Floats, list[Refusal]]:
    """Refuse a zero or negative figure where none can be."""
    if name in _SIGNED:
        return values, []
    wrong = np.flatnonzero(values <= 0)
    notes = [
        Refusal(
            f"{table}.{name}",
            date.fromordinal(int(months[row]) + date(1970, 1, 1).toordinal()),
            f"{values[row]:g}",
            where[row],
            "zero where a figure is not out yet",
        )
        for row in wrong.tolist()
    ]
    values[wrong] = np.nan
    return values, notes


def _monthly(months: Days, columns: dict[str, Floats]) -> pl.DataFrame:
    dated = {"date": pl.Series(months, dtype=pl.Int32).cast(pl.Date)}
    return (
        pl.DataFrame(
            {
                **dated,
                **{name: pl.Series(values).fill_nan(None) for name, values in columns.items()},
            }
        )
        .unique("date", keep="first")
        .sort("date")
    )
