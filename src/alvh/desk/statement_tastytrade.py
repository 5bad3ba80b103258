"""tastytrade's transactions as CSV, newest first.

Times have the offset of wherever the file was downloaded: days are those in Chicago, but for money
moved at midnight, which has a day and no time. An option's average price is USD a contract, signed
like its value: negative where it was paid. An expiration prints no side; which it is follows from
what is held.

References
----------
Headings and rows as published in public test data of several readers, 2024 to 2026.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, time

from alvh.advise.instrument import Instrument
from alvh.desk.book_files import csv_rows
from alvh.desk.entries import Flow, read_instrument
from alvh.desk.moments import chicago_day
from alvh.desk.statement_rows import (
    Statement,
    StatementFill,
    check_cash,
    future_symbol,
    moment,
    number,
    numbered,
)
from alvh.errors import BookError
from alvh.formats import quoted

_NEEDED = (
    "Date", "Type", "Sub Type", "Action", "Symbol", "Instrument Type", "Value", "Quantity",
    "Commissions", "Fees",
)  # fmt: skip
_MOMENT = "%Y-%m-%dT%H:%M:%S%z"
_ROOTS = ("SPX", "SPXW", "VIX", "VIXW")
_FLOWS = {
    "Deposit": "deposit", "Withdrawal": "withdrawal", "Credit Interest": "interest",
    "Debit Interest": "interest", "Fee": "fee", "Mark to Market": "variation",
    "Futures Settlement": "variation", "Balance Adjustment": "fee",
}  # fmt: skip
_SETTLES = (
    "Expiration", "Assignment", "Exercise", "Cash Settled Assignment", "Cash Settled Exercise",
)  # fmt: skip


def is_tastytrade(text: str) -> bool:
    """Say whether a text is such a file."""
    return text.lstrip("\ufeff").startswith("Date,Type,Sub Type,Action,Symbol")


def read_tastytrade(text: str, name: str) -> Statement:
    """Read a file of transactions.

    Parameters
    ----------
    text, name : str
        Its content, and how it is called in messages.

    Returns
    -------
    Statement
        Options on SPX and VIX and VX futures; other contracts are skipped and named.

    Raises
    ------
    BookError
        Names the first line that cannot be read.
    """
    rows = list(csv_rows(text.lstrip("\ufeff"), name, needed=_NEEDED))
    fills, flows, skipped = list[StatementFill](), list[Flow](), list[str]()
    keys = numbered(_key(row, where) for where, row in rows)
    for (where, row), key in reversed(list(zip(rows, keys, strict=True))):
        read = _row(row, where, key)
        if isinstance(read, StatementFill):
            fills.append(read)
        elif isinstance(read, Flow):
            flows.append(read)
        elif read:
            skipped.append(read)
    fills.sort(key=lambda fill: (fill.on, fill.settles))
    return Statement("tastytrade", tuple(fills), tuple(flows), tuple(skipped))


def _key(row: Mapping[str, str], where: str) -> str:
    """Return what is the same in every download of a row."""
    at = moment(row["Date"] or "", where, _MOMENT).astimezone(UTC)
    names = ("Order #", "Sub Type", "Symbol", "Quantity", "Value")
    parts = [row.get(name) or "" for name in names]
    return f"tastytrade {at:%Y-%m-%dT%H:%M:%SZ} " + " ".join(parts)


def _row(row: Mapping[str, str], where: str, key: str) -> StatementFill | Flow | str:
    if None in row.values():
        raise BookError(f"{where}: has fewer cells than the heading; download the file anew")
    at = moment(row["Date"], where, _MOMENT)
    on = chicago_day(at)
    if row["Type"] == "Money Movement":
        _check_currency(row, where)
        return _flow(row, at.date() if at.time() == time(0) else on, where, key)
    instrument = _instrument(row, on, where)
    if instrument is None:
        return f"{where}: {row['Instrument Type']} {row['Symbol']}".rstrip()
    if row["Type"] not in ("Trade", "Receive Deliver"):
        raise BookError(
            f"{where}: {quoted(row['Type'])} is no type that is known; take the row out"
        )
    _check_currency(row, where)
    return _fill(row, instrument, on, where, key)


def _check_currency(row: Mapping[str, str], where: str) -> None:
    """Refuse a row in another currency than the dollar; older files do not say which."""
    currency = (row.get("Currency") or "USD").strip()
    if currency != "USD":
        raise BookError(
            f"{where}: {quoted(row['Value'])} in {quoted(currency, ('USD',))}; USD was wanted: "
            "take the row out and write what it came to in USD"
        )


def _flow(row: Mapping[str, str], on: date, where: str, key: str) -> Flow | str:
    kind = _FLOWS.get(row["Sub Type"])
    amount = number(row["Value"], where, "value")
    if row["Sub Type"] == "Transfer":
        kind = "deposit" if amount > 0.0 else "withdrawal"
    fees = number(row["Commissions"], where, "commissions") + number(row["Fees"], where, "fees")
    if kind is None:
        raise BookError(f"{where}: {quoted(row['Sub Type'])} is no money movement that is known")
    if kind == "fee" and amount > 0.0:
        kind = "interest"  # a refund; the only kind of either sign
    return Flow(on, kind, amount + fees, key, where) if amount + fees != 0.0 else ""


def _instrument(row: Mapping[str, str], on: date, where: str) -> Instrument | None:
    symbol = row["Symbol"].strip()
    if row["Instrument Type"] == "Future":
        return future_symbol(symbol, on, where)
    root = re.split(r"[ \d]", symbol)[0]
    if row["Instrument Type"] != "Equity Option" or root not in _ROOTS:
        return None
    return read_instrument(symbol, where)


def _fill(
    row: Mapping[str, str], instrument: Instrument, on: date, where: str, key: str
) -> StatementFill:
    settles = row["Type"] == "Receive Deliver"
    if settles and row["Sub Type"] not in _SETTLES:
        raise BookError(f"{where}: {quoted(row['Sub Type'])} is no settlement that is known")
    size = abs(number(row["Quantity"], where, "quantity"))
    side = {"BUY": 1.0, "SELL": -1.0}.get(row["Action"].split("_")[0].split(" ")[0].upper(), 0.0)
    if side == 0.0 and not settles:
        raise BookError(f"{where}: the action {quoted(row['Action'])} neither buys nor sells")
    value = number(row["Value"], where, "value")
    if size == 0.0:
        raise BookError(f"{where}: a quantity of 0; take the row out")
    price = abs(value) / (size * instrument.multiplier)
    if not instrument.pays_premium:
        price = abs(number(row.get("Average Price", ""), where, "price"))
    quantity = (side or 1.0) * size
    if side != 0.0:
        check_cash(instrument, quantity, price, value, where)
    charged = number(row["Commissions"], where, "commissions") + number(row["Fees"], where, "fees")
    return StatementFill(
        on, row.get("Order #", "") or f"{row['Date']}", instrument, quantity, price,
        -charged + 0.0, settles, side != 0.0, key, where,
    )  # fmt: skip
