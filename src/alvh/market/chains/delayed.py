"""Cboe's delayed quotes: one JSON message with every option of an index at one moment."""

import json
import re
from typing import Any, Final

import polars as pl

from alvh.market.chains.layouts import DELAYED_QUOTES
from alvh.market.chains.lines import Block, Cells
from alvh.market.chains.moments import read_message
from alvh.market.chains.recognise import Bound

_OPTIONS: Final = re.compile(r'"options"\s*:\s*\[')
_OPTION: Final = re.compile(r'"option"\s*:')
_TIMESTAMP: Final = re.compile(r'"timestamp"\s*:\s*"([^"]*)"')
_PRICE: Final = re.compile(r'"current_price"\s*:\s*([-+\d.eE]+)')
_LAST_TRADE: Final = re.compile(r'"last_trade_time"\s*:\s*"([^"]*)"')
_SHOWN: Final = 300  # characters of an option that a refusal keeps


def read_delayed(raw: bytes) -> tuple[Bound, Cells, list[str]] | None:
    """Read a message of delayed quotes.

    Parameters
    ----------
    raw : bytes
        The message; of one that was cut, the options before the cut are read.

    Returns
    -------
    tuple or None
        The layout, the options as text cells with their place in the list as ``line``, and the
        text of each option; None for a message without options.

    Raises
    ------
    DataError
        If the message does not say when it is of.
    """
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    timestamp, price, last_trade, options, fault = _taken_apart(text)
    if options is None:
        return None
    moment = read_message(timestamp, last_trade)
    says = {"date": moment.date.isoformat()}
    if moment.time is not None:
        says["time"] = moment.time
    if price is not None:
        says["underlying"] = str(price)
    of = "the end of" if moment.time is None else f"{moment.time} New York in"
    note = f"message of {timestamp} UTC: quotes of {of} the session {moment.date}"
    columns = tuple(DELAYED_QUOTES.views[0].columns.values())
    odd = [(len(options) + 1, fault, "")] if fault else []
    block = Block(b"", 1, bool(fault))
    return (
        Bound(DELAYED_QUOTES, columns, 0, says, (note,)),
        Cells(_table(options, columns), odd, block),
        [str(option)[:_SHOWN] for option in options],
    )


def _taken_apart(text: str) -> tuple[Any, Any, Any, list[Any] | None, str]:
    """Return timestamp, index level, time of its last print, options, and where they break off."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return _salvaged(text)
    data = message.get("data") if isinstance(message, dict) else None
    options = data.get("options") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(options, list):
        return None, None, None, None, ""
    price, last_trade = data.get("current_price"), data.get("last_trade_time")
    return message.get("timestamp"), price, last_trade, options, ""


def _salvaged(text: str) -> tuple[Any, Any, Any, list[Any] | None, str]:
    """Read the options of a damaged message up to the damage.

    What else it says is read before them, and behind them only where their list is closed: within
    an option the same words speak of that option.
    """
    start = _OPTIONS.search(text)
    if start is None:
        return None, None, None, None, ""
    options, at = _options_from(text, start.end())
    behind = text[at:] if text[at : at + 1] == "]" else ""
    outside = text[: start.start()] + ("" if _OPTION.search(behind) else behind)

    def found(pattern: re.Pattern[str]) -> str | None:
        match = pattern.search(outside)
        return match[1] if match else None

    fault = f"the message is cut or damaged here ('{text[at : at + 40]}'); download it again"
    return found(_TIMESTAMP), found(_PRICE), found(_LAST_TRADE), options, fault


def _options_from(text: str, at: int) -> tuple[list[Any], int]:
    decoder = json.JSONDecoder()
    options: list[Any] = []
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at == len(text) or text[at] != "{":
            return options, at
        try:
            option, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return options, at
        options.append(option)


def _table(options: list[Any], columns: tuple[str, ...]) -> pl.DataFrame:
    """Return the options as text; one that is no record of fields has only blank cells."""
    records = [option if isinstance(option, dict) else {} for option in options]
    cells = {name: [_cell(record.get(name)) for record in records] for name in columns}
    schema = dict.fromkeys(columns, pl.String)
    table = pl.DataFrame(cells, schema=schema)
    return table.with_columns(line=pl.int_range(1, len(options) + 1, dtype=pl.Int64, eager=True))


def _cell(value: Any) -> str | None:
    return None if value is None else str(value).strip()


def is_message(head: bytes) -> bool:
    """Tell whether a file begins as a JSON message does."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
