"""Cboe's delayed quotes: one JSON message with every option of an index at one moment."""

import json
import re
from collections import Counter
from typing import Any, Final

import polars as pl

from alvh.errors import DataError
from alvh.market.chains.layouts import DELAYED_QUOTES
from alvh.market.chains.lines import Block, Cells
from alvh.market.chains.moments import read_message
from alvh.market.chains.recognise import Bound

_OPTIONS: Final = re.compile(r'"options"\s*:\s*\[')
_OPTION: Final = re.compile(r'"option"\s*:')
_TIMESTAMP: Final = re.compile(r'"timestamp"\s*:\s*"([^"]*)"')
_PRICE: Final = re.compile(r'"current_price"\s*:\s*([-+\d.eE]+)')
_LAST_TRADE: Final = re.compile(r'"last_trade_time"\s*:\s*"([^"]*)"')
_TWICE: Final = "\0"  # a name that no field has: which other name an object has twice
_NEARLY_ALL: Final = 0.9  # of the options: a name that so many have, the others lost
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
        text of each option; None for a message without options. An option in which a name stands
        twice is of two options with a hole between them, one that lacks a name that nearly all
        others have has a hole in it; both are set aside.

    Raises
    ------
    DataError
        If the message does not say when it is of, or says something twice.
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
    absent = [name for name in columns if options and not any(name in one for one in options)]
    notes = (note, f"without {', '.join(absent)}") if absent else (note,)
    odd = [*_of_two(options), *_holed(options)] + ([(len(options) + 1, fault, "")] if fault else [])
    table = _table(options, columns).filter(~pl.col("line").is_in([line for line, *_ in odd]))
    block = Block(b"", 1, bool(fault))
    return (
        Bound(DELAYED_QUOTES, columns, 0, says, notes),
        Cells(table, odd, block),
        [_shown(option) for option in options],
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a message; which name stands in it twice is kept."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found[_TWICE] = next(name for name in names if names.count(name) > 1)
    return found


def _of_two(options: list[Any]) -> list[tuple[int, str, str]]:
    """Return place, reason and text of the options in which a name stands twice."""
    return [
        (place, f"'{option[_TWICE]}' stands twice in one option", _shown(option))
        for place, option in enumerate(options, 1)
        if isinstance(option, dict) and _TWICE in option
    ]


def _holed(options: list[Any]) -> list[tuple[int, str, str]]:
    """Return place, reason and text of the options that lack what nearly all others have."""
    having = Counter(name for one in options if isinstance(one, dict) for name in one)
    common = [name for name, count in having.items() if count >= _NEARLY_ALL * len(options)]
    found = []
    for place, option in enumerate(options, 1):
        if isinstance(option, dict) and _TWICE not in option:
            lacking = [name for name in common if name not in option]
            if lacking:
                reason = f"an option without {', '.join(lacking)}, which the others have"
                found.append((place, reason, _shown(option)))
    return found


def _shown(option: Any) -> str:
    if isinstance(option, dict):
        option = {name: value for name, value in option.items() if name != _TWICE}
    return str(option)[:_SHOWN]


def _taken_apart(text: str) -> tuple[Any, Any, Any, list[Any] | None, str]:
    """Return timestamp, index level, time of its last print, options, and where they break off."""
    try:
        message = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return _salvaged(text)
    data = message.get("data") if isinstance(message, dict) else None
    options = data.get("options") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(options, list):
        return None, None, None, None, ""
    for part in (message, data):
        if _TWICE in part:
            raise DataError(
                f"the message says '{part[_TWICE]}' twice; once was wanted, to know which is meant"
            )
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
    decoder = json.JSONDecoder(object_pairs_hook=_object)
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
