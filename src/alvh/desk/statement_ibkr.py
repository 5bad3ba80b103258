"""Interactive Brokers' activity statement as CSV.

Every row begins with its section and says whether it is a heading or data; a section may change
its columns half way. Options are printed by description (``VIX 18MAR20 30 C``); where the section
*Financial Instrument Information* is there, the OSI symbol beside the description decides between
SPX and SPXW.

References
----------
Statements as published in public test data of several readers, 2024 to 2026. How cash-settled
exercises are printed was not seen; their price is taken from the proceeds.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from alvh.advise.instrument import Instrument
from alvh.calendars import third_friday
from alvh.desk.book_files import csv_refusals
from alvh.desk.entries import Flow, read_instrument
from alvh.desk.statement_rows import (
    MONTHS,
    Statement,
    StatementFill,
    check_cash,
    future_symbol,
    moment,
    number,
    numbered,
    option_symbol,
)
from alvh.errors import BookError
from alvh.formats import quoted

_OPTIONS, _FUTURES = "Equity and Index Options", "Futures"
_DESCRIBED = re.compile(r"([A-Z]+) (\d{1,2})([A-Z]{3})(\d{2}) ([\d.]+) ([PC])")
_ROOTS = ("SPX", "SPXW", "VIX", "VIXW")
_TRADES = "Trades"
_TRADE_KINDS = ("Order", "Trade", "ClosedLot")  # an order, a part of it, a lot that it closed
_FLOWS = {"Deposits & Withdrawals": "deposit", "Interest": "interest", "Fees": "fee"}
_LONGEST_FUTURE = 6
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Row:
    """One data row: its section, its cells by heading, and its line."""

    section: str
    cells: dict[str, str]
    where: str

    def __getitem__(self, name: str) -> str:
        try:
            return self.cells[name]
        except KeyError as error:
            raise BookError(
                f"{self.where}: the section {self.section} has no column {name!r}; download the "
                "activity statement with all columns"
            ) from error


def is_ibkr(text: str) -> bool:
    """Say whether a text is such a statement."""
    return bool(re.match(r"(Statement|Trades),Header,", text.lstrip("\ufeff")))


def read_ibkr(text: str, name: str) -> Statement:
    """Read an activity statement.

    Parameters
    ----------
    text, name : str
        Its content, and how it is called in messages.

    Returns
    -------
    Statement
        Options on SPX and VIX and VX futures; other contracts are skipped and named, and so are
        sections that move cash and are not read, with the number of their rows.

    Raises
    ------
    BookError
        Names the first line that cannot be read.
    """
    rows = list(_rows(text, name))
    symbols = _symbols(rows)
    trades = [row for row in rows if row.section == _TRADES]
    kinds = [row["DataDiscriminator"].strip() for row in trades]
    for row, kind in zip(trades, kinds, strict=True):
        if kind not in _TRADE_KINDS:
            raise BookError(
                f"{row.where}: {quoted(kind, _TRADE_KINDS)} is no kind of trade that is known "
                f"({', '.join(_TRADE_KINDS)}); take the row out and write its fill by hand"
            )
    wanted = "Order" if "Order" in kinds else "Trade"
    fills, skipped = list[StatementFill](), list(_passed_over(rows, name))
    for row in (row for row, kind in zip(trades, kinds, strict=True) if kind == wanted):
        fill = _fill(row, symbols)
        if isinstance(fill, str):
            skipped.append(fill)
        else:
            fills.append(fill)
    keys = numbered(fill.key for fill in fills)
    fills = [replace(fill, key=key) for fill, key in zip(fills, keys, strict=True)]
    fills.sort(key=lambda fill: (fill.on, fill.settles, fill.group))
    return Statement("IBKR", tuple(fills), tuple(_flows(rows)), tuple(skipped))


def _rows(text: str, name: str) -> Iterator[Row]:
    headings = dict[str, Sequence[str]]()
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    while True:
        with csv_refusals(name, reader.line_num):
            cells = next(reader, None)
        if cells is None:
            return
        if len(cells) < 2:
            continue
        section, kind, where = cells[0].strip(), cells[1].strip(), f"{name} line {reader.line_num}"
        if kind == "Header":
            headings[section] = [cell.strip() for cell in cells[2:]]
        elif kind == "Data" and section in headings:
            values = dict(zip(headings[section], cells[2:], strict=False))
            yield Row(section, values, where)
        elif kind == "Data" and section in (_TRADES, *_FLOWS):
            raise BookError(
                f"{where}: a row of the section {section} without the section's heading; download "
                "the activity statement anew"
            )


def _symbols(rows: Sequence[Row]) -> dict[str, set[str]]:
    """Return the OSI symbols by description."""
    found = dict[str, set[str]]()
    for row in rows:
        if row.section == "Financial Instrument Information":
            described = row.cells.get("Description", "").strip()
            for symbol in row.cells.get("Symbol", "").split(", "):
                found.setdefault(described, set()).add(symbol.strip())
    return found


def _fill(row: Row, symbols: dict[str, set[str]]) -> StatementFill | str:
    category, symbol = row["Asset Category"].strip(), row["Symbol"].strip()
    root = re.split(r"[ \d]", symbol)[0]
    if category not in (_OPTIONS, _FUTURES) or (category == _OPTIONS and root not in _ROOTS):
        return f"{row.where}: {category} {symbol}"
    if row["Currency"].strip() != "USD":
        raise BookError(f"{row.where}: {symbol} in {row['Currency']}; USD was wanted")
    at = moment(row["Date/Time"], row.where, "%Y-%m-%d, %H:%M:%S")
    instrument = _instrument(symbol, at.date(), symbols, row.where)
    if instrument is None:
        return f"{row.where}: {category} {symbol}"
    return _of_row(row, instrument, at)


def _of_row(row: Row, instrument: Instrument, at: datetime) -> StatementFill:
    quantity = number(row["Quantity"], row.where, "quantity")
    price = number(row["T. Price"], row.where, "price")
    proceeds = number(row["Proceeds"], row.where, "proceeds")
    codes = set(row.cells.get("Code", "").replace(" ", "").split(";"))
    settles = bool(codes & {"Ep", "Ex", "A"})
    if settles and quantity != 0.0 and instrument.pays_premium:
        price = -proceeds / (quantity * instrument.multiplier) + 0.0
    elif instrument.pays_premium:
        check_cash(instrument, quantity, price, proceeds, row.where)
    key = f"IBKR {at:%Y%m%d%H%M%S} {instrument.symbol} {quantity:g} {price:g}"
    fees = -number(row["Comm/Fee"], row.where, "fees") + 0.0
    return StatementFill(
        at.date(), f"{at:%H%M%S}", instrument, quantity, price, fees, settles, True, key, row.where
    )


def _instrument(
    symbol: str, on: date, symbols: dict[str, set[str]], where: str
) -> Instrument | None:
    known = symbols.get(symbol, set())
    if len(known) == 1:
        return read_instrument(next(iter(known)), where)
    described = _DESCRIBED.fullmatch(symbol)
    if described is None and len(symbol) > _LONGEST_FUTURE:
        return read_instrument(symbol, where)
    if described is None:
        return future_symbol(symbol, on, where)
    root, day, month, year, strike, put_call = described.groups()
    if month not in MONTHS:
        raise BookError(f"{where}: {quoted(symbol)} names no month")
    expiry = date(2000 + int(year), MONTHS.index(month) + 1, int(day))
    if root == "SPX":
        root = _spx_root(expiry, symbol, where)
    return option_symbol(root, expiry, put_call, float(strike), where)


def _spx_root(expiry: date, symbol: str, where: str) -> str:
    """Return SPXW where no standard option expires on the day; both are printed as SPX."""
    if third_friday(expiry.year, expiry.month) != expiry:
        return "SPXW"
    raise BookError(
        f"{where}: {quoted(symbol)} may be SPX or SPXW; download the statement with its section "
        "Financial Instrument Information"
    )


def _day_of(row: Row) -> str:
    """Return the day on which a row moves cash; empty for totals and for what moves none."""
    on = row.cells.get("Settle Date", row.cells.get("Date", "")).strip()
    return on if "Amount" in row.cells and _DATE.fullmatch(on) else ""


def _passed_over(rows: Sequence[Row], name: str) -> Iterator[str]:
    """Yield a line for each section that moves cash and is not read."""
    counts = Counter(row.section for row in rows if row.section not in _FLOWS and _day_of(row))
    for section, count in counts.items():
        yield f"{name}: {count} row{'' if count == 1 else 's'} of the section {section}, in cash"


def _flows(rows: Sequence[Row]) -> Iterator[Flow]:
    found = []
    for row in rows:
        kind, on = _FLOWS.get(row.section), _day_of(row)
        if kind is None or not on:
            continue
        if row["Currency"].strip() != "USD":
            raise BookError(
                f"{row.where}: {row.section} in {quoted(row['Currency'].strip(), ('USD',))}; USD "
                "was wanted: take the row out and write what it came to in USD"
            )
        amount = number(row["Amount"], row.where, "amount")
        if kind == "deposit" and amount < 0.0:
            kind = "withdrawal"
        if kind == "fee" and amount > 0.0:
            kind = "interest"  # a refund; the only kind of either sign
        key = f"IBKR {on} {kind} {amount:g} {row.cells.get('Description', '')}"
        found.append(Flow(date.fromisoformat(on), kind, amount, key, row.where))
    keys = numbered(flow.key for flow in found)
    for flow, key in sorted(zip(found, keys, strict=True), key=lambda pair: pair[0].on):
        yield replace(flow, key=key)
