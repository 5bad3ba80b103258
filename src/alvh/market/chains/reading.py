"""From a file's text cells to typed ones: numbers, dates, rights and symbols, judged strictly.

Nothing is guessed and nothing lost: what is not what it should be is null here, and its text is
kept for the refusal.
"""

import re
from datetime import date
from typing import Final

import polars as pl

from alvh.market.chains.layouts import FIELDS, LEAN_MINUTES, Layout, View
from alvh.market.chains.recognise import Bound

NUMBERS: Final = (
    "strike",
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "last",
    "volume",
    "open_interest",
    "sigma",
    "delta",
    "underlying",
    "other_underlying",
)
_BLANK: Final = ("", ".", "-", "--", "null", "None", "NA", "N/A", "nan", "NaN", "NAN", "NULL")
_SYMBOL: Final = r"^[A-Za-z]{1,6} *\d{6}[CPcp]\d{8}$"
_OLD_SYMBOL: Final = r"^[A-Za-z]{1,6}$"  # until 2010: letters for class, month and strike
_RIGHTS: Final = {"c": "C", "call": "C", "p": "P", "put": "P"}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?$")
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})$")
_PLAIN = re.compile(r"(\d{4})(\d{2})(\d{2})$")
_WORDS = re.compile(r"[A-Za-z]{3,9},? ([A-Za-z]{3}) (\d{1,2}),? (\d{4})$")
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


def quotes(cells: pl.DataFrame, bound: Bound, view: View) -> pl.DataFrame:
    """Return the quotes of one view as text columns of ``FIELDS``, and ``line``.

    Parameters
    ----------
    cells : polars.DataFrame
        Text columns of the file.
    bound : Bound
        The layout found in it.
    view : View
        One quote of a line.

    Returns
    -------
    polars.DataFrame
        What neither the file nor its layout says is null.
    """
    columns, says = bound.columns(view), {**bound.says, **view.says}
    for given in (columns, says):  # a single level is bid and ask of itself
        if "underlying" in given:
            given.setdefault("other_underlying", given["underlying"])

    def text(field: str) -> pl.Expr:
        if field in columns:
            return pl.col(columns[field]).alias(field)
        return pl.lit(says.get(field), dtype=pl.String).alias(field)

    return cells.select(*(text(field) for field in FIELDS), "line")


def typed(text: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Type the text columns of quotes.

    Returns
    -------
    polars.DataFrame
        The numbers as float64; ``date`` and ``said`` (the expiry as written); ``right`` as C or P;
        ``root``, ``index``, ``settlement``, ``time`` as text; ``symbol`` and what it says
        (``symbol_day``, ``symbol_right``, ``symbol_strike``); ``*_text`` of what is judged; and
        ``odd``: the first number that is none, as "volume 'x'".
    """
    table = _symbols(_sizes(_times(text, layout)))
    table = _numbers(table)
    symbol_day, right = _days(table["symbol_day"]), _mapped(table["right"], _right)
    return table.with_columns(
        _days(table["date"]).alias("date"),
        _or(_days(table["expiry"]), table["expiry"], symbol_day).alias("said"),
        symbol_day.alias("symbol_day"),
        table["date"].alias("date_text"),
        table["expiry"].alias("expiry_text"),
        table["right"].alias("right_text"),
        _or(right, table["right"], table["symbol_right"]).alias("right"),
        _or(table["strike"], text["strike"], table["symbol_strike"]).alias("strike"),
        pl.col("bid", "ask") / layout.per_point,
    )


def _or(said: pl.Series, cells: pl.Series, symbol: pl.Series) -> pl.Series:
    """Return what a column says, or where its cells are blank what the symbol does."""
    return said if not cells.has_nulls() else said.zip_with(cells.is_not_null(), symbol)


def _right(text: str) -> str | None:
    return _RIGHTS.get(text.lower())


def _times(text: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Read the time of day in whichever form the layout has; what cannot be read stays as it is."""
    if layout is LEAN_MINUTES:  # where every line has a time
        return text.with_columns(time=_mapped(text["time"].fill_null(""), _bar_end))
    for field, read in (("hours", _hour), ("clock", _clock)):
        if text[field].null_count() < text.height:
            return text.with_columns(time=_mapped(text[field], read))
    return text


def _bar_end(cell: str) -> str:
    """Turn the milliseconds at which a bar begins into the minute at which it ends."""
    if not cell.isdecimal() or len(cell) > 8 or int(cell) % 60_000:
        return cell
    return _as_clock(int(cell) // 60_000 + 1)


def _hour(cell: str) -> str | None:
    """Turn hours since midnight into a time; from 16 on it is the end of the day.

    Nought and what is beyond 24 are none.
    """
    if not re.fullmatch(r"\d{1,2}(\.\d*)?", cell):
        return cell
    minutes = round(60 * float(cell))
    if not 0 < minutes < 24 * 60:
        return cell
    return _as_clock(minutes) if minutes < 16 * 60 else None


def _clock(cell: str) -> str:
    """Turn 1546, or 15:46:00, into 15:46."""
    found = re.fullmatch(r"(\d{1,2}):?(\d{2})(?::\d{2})?", cell)
    return f"{int(found[1]):02d}:{found[2]}" if found else cell


def _as_clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _sizes(text: pl.DataFrame) -> pl.DataFrame:
    """Split sizes written as ``395 x 30``."""
    if text["sizes"].null_count() == text.height:
        return text.drop("sizes")
    parts = text["sizes"].str.split_exact("x", 1).struct
    sizes = [parts.field(f"field_{i}").str.strip_chars() for i in (0, 1)]
    return text.drop("sizes").with_columns(bid_size=sizes[0], ask_size=sizes[1])


def _symbols(text: pl.DataFrame) -> pl.DataFrame:
    """Take OSI symbols apart; ``symbol_odd`` marks what is none."""
    symbol = pl.col("symbol")
    if text["symbol"].null_count() == text.height:
        absent = pl.lit(None, dtype=pl.String)
        return text.with_columns(
            symbol_odd=pl.lit(False), old=pl.lit(False), symbol_day=absent,
            symbol_right=absent, symbol_strike=pl.lit(None, dtype=pl.Float64),
        )  # fmt: skip
    good = text["symbol"].str.contains(_SYMBOL).fill_null(False)
    old = pl.lit(False) if good.all() else symbol.str.contains(_OLD_SYMBOL).fill_null(False)
    ours = text.with_columns(good=good, old=old)  # an old symbol says only the class
    tail = pl.when("good").then(symbol)
    return ours.with_columns(
        root=pl.when("good").then(symbol.str.head(-15)).otherwise(pl.col("root")),
        symbol_day=pl.lit("20") + tail.str.tail(15).str.head(6),
        symbol_right=tail.str.tail(9).str.head(1).str.to_uppercase(),
        symbol_strike=tail.str.tail(8).cast(pl.Float64) / 1000.0,
        symbol_odd=symbol.is_not_null() & ~pl.col("good") & ~pl.col("old"),
    ).drop("good")


def _numbers(text: pl.DataFrame) -> pl.DataFrame:
    odd = pl.Series("odd", [None], dtype=pl.String).new_from_index(0, text.height)
    columns: list[pl.Series] = []
    for name in NUMBERS:
        cells = text[name]
        if cells.null_count() == text.height:
            columns.append(cells.cast(pl.Float64))
            continue
        values = cells.cast(pl.Float64, strict=False)
        values, strange = _judged(cells, values)
        columns.append(values)
        if strange is not None:
            shown = pl.format("{} '{}'", pl.lit(name), cells.str.slice(0, 30))
            odd = pl.select(
                pl.when(odd.is_null() & strange).then(shown).otherwise(odd).alias("odd")
            ).to_series()
    return text.with_columns(*columns, odd)


def _judged(cells: pl.Series, values: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """Return finite values, and where a cell is neither blank nor a finite number, if anywhere."""
    doubtful = cells.is_not_null() & ~values.is_finite().fill_null(False)
    if not doubtful.any():
        return values, None
    finite = values.set(doubtful, None)
    strange = doubtful & ~cells.is_in(list(_BLANK))
    return finite, strange if strange.any() else None


def _days(text: pl.Series) -> pl.Series:
    return _mapped(text, _day, pl.Date)


def _mapped(text: pl.Series, read: object, kind: object = pl.String) -> pl.Series:
    """Read each different cell once; there are few."""
    unique = text.unique().drop_nulls()
    values = pl.Series([read(cell) for cell in unique], dtype=kind)  # type: ignore[operator, arg-type]
    return text.replace_strict(unique, values, default=None, return_dtype=kind)  # type: ignore[arg-type]


def _day(cell: str) -> date | None:
    """Read a date: ISO, US, compact or in words; None for anything else."""
    if (found := _ISO.match(cell)) or (found := _PLAIN.match(cell)):
        year, month, day = found.groups()
    elif found := _US.match(cell):
        month, day, year = found.groups()
    elif found := _WORDS.match(cell):
        name, day, year = found.groups()
        at = _MONTHS.find(name.capitalize())
        if at % 3:
            return None
        month = str(at // 3 + 1)
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
