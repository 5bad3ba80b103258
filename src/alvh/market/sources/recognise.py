"""What kind of file is this? Its first lines decide; its name only where they leave a doubt."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from alvh.errors import DataError
from alvh.market.sources import catalogue
from alvh.market.sources.text import clean

HEAD = 4096  # bytes that recognition looks at

CONTRACT_HEADER = (
    "trade date",
    "futures",
    "open",
    "high",
    "low",
    "close",
    "settle",
    "change",
    "total volume",
    "efp",
    "open interest",
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file and what it was recognised as.

    Parameters
    ----------
    path : str
        Relative to the folder that is read, with forward slashes.
    kind : str
        ``"prices"`` (date, open, high, low, close), ``"value"`` (date and one value), ``"fred"``,
        ``"contract"``, ``"ladder"``, ``"panel"``, ``"final_settlements"``, ``"curve"``,
        ``"etf"``, ``"breadth"``, ``"table"``, ``"events"``, ``"shiller_csv"``,
        ``"shiller_xls"``, ``"baker_wurgler"``, ``"chain"`` or ``"unknown"``.
    symbol : str
        What it is about, where the kind does not say: a symbol, an event, an expiry.
    header : tuple of str
        Column names, lower case.
    skip : int
        Lines above the first data line.
    reason : str
        For ``"unknown"``: why the file is left alone.
    """

    path: str
    kind: str
    symbol: str = ""
    header: tuple[str, ...] = ()
    skip: int = 1
    reason: str = ""

    @property
    def stem(self) -> str:
        """File name without its last suffix."""
        return PurePosixPath(self.path).stem


_CHAIN_STARTS = (
    "#expiry,strike,right",
    "underlying,underlying_last",
    "underlying_symbol,quote_date",
    "[quote_unixtime]",
    "strike,call bid",
    "expiration,days,strike",
    "expiration date,calls",
    "ticker,tradedate,expirdate",
    "ticker,copra",
)
_TEXT_SUFFIXES = {".csv", ".txt", ".dat", ""}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_WORDS = {"date", "observation_date", "trade date", "time"}
_CONTRACT_NAME = re.compile(
    r"(VX_\d{4}-\d{2}-\d{2}|CFE_[FGHJKMNQUVXZ]\d{2}_VX)\.csv$", re.IGNORECASE
)
_HISTORY_NAME = re.compile(r"([A-Z0-9]+)_History\.csv$", re.IGNORECASE)


def recognise(path: str, head: bytes) -> Found:
    """Recognise a file.

    Parameters
    ----------
    path : str
        Relative to the folder that is read.
    head : bytes
        Its first `HEAD` bytes, or all of it.

    Returns
    -------
    Found
        ``kind`` is ``"unknown"``, with a reason, for a file that no reader is for.

    Raises
    ------
    DataError
        If the name promises an exchange file and the content is something else: a web page saved
        in its place, an empty download.
    """
    found = _by_content(PurePosixPath(path), head)
    name = PurePosixPath(path).name
    promised = _CONTRACT_NAME.match(name) or (
        _HISTORY_NAME.match(name) and catalogue.is_known(name.split("_")[0])
    )
    if found.kind == "unknown" and promised:
        raise DataError(
            f"{path}:1: {found.reason}; the exchange's own columns were wanted under this name; "
            "download the file again or remove it"
        )
    return Found(path, found.kind, found.symbol, found.header, found.skip, found.reason)


def _unknown(reason: str) -> Found:
    return Found("", "unknown", reason=reason)


def _by_content(path: PurePosixPath, head: bytes) -> Found:
    if path.suffix.lower() in (".xls", ".xlsx"):
        return _workbook(path.name.lower())
    if path.suffix.lower() == ".json" and b'"options"' in head:
        return Found("", "chain")
    if path.suffix.lower() == ".zip" and re.search(r"quote|chain|eod", path.name, re.IGNORECASE):
        return Found("", "chain")
    if path.suffix.lower() not in _TEXT_SUFFIXES:
        return _unknown(f"no reader for files that end in '{path.suffix}'")
    if not head.strip():
        return _unknown("the file is empty")
    if b"\x00" in head:
        return _unknown("the file is not text")
    lines = clean(head).decode("utf-8", "replace").split("\n")
    if lines[0].lstrip().startswith(("<", "{")):
        return _unknown("the file is a web page or a message, not a table")
    return _table(path, lines)


def _workbook(name: str) -> Found:
    if "shiller" in name or "ie_data" in name:
        return Found("", "shiller_xls")
    if "baker" in name or "wurgler" in name or "sentiment" in name:
        return Found("", "baker_wurgler")
    return _unknown("a workbook that is neither Shiller's nor Baker and Wurgler's")


def _table(path: PurePosixPath, lines: list[str]) -> Found:
    for skip, line in enumerate(lines[:4]):
        if line.lower().replace('"', "").startswith(_CHAIN_STARTS):
            return Found("", "chain")
        if _fields(line)[: len(CONTRACT_HEADER)] == CONTRACT_HEADER:
            return _contract(path, skip + 1)
    header = _fields(lines[0])
    first = next((line for line in lines[1:] if line.strip()), "")
    for attempt in (_exchange_table, _vendor_table, _event_table, _series_table):
        found = attempt(path, header, first)
        if found is not None:
            return found
    if re.fullmatch(r"\d{8}, *-?[\d.]+", lines[0].strip()):
        return _breadth(path)
    return _unknown(f"columns of no known kind ('{lines[0][:50]}')")


def _fields(line: str) -> tuple[str, ...]:
    return tuple(field.strip().strip('"').lower() for field in line.rstrip("\n").split(","))


def _contract(path: PurePosixPath, skip: int) -> Found:
    other = re.search(r"(?:^|_)(VXM|VA|VT|VM|VN|VXT|RVX|DV|GV|OV)(?:_|\.)", path.name)
    if other and not _CONTRACT_NAME.match(path.name):
        return _unknown(f"a futures contract of another product ({other.group(1)})")
    return Found("", "contract", path.stem, CONTRACT_HEADER, skip)


def _exchange_table(path: PurePosixPath, header: tuple[str, ...], first: str) -> Found | None:
    columns = set(header)
    if header[:2] == ("date", "vx1"):
        return Found("", "ladder", header=header)
    if {"trade_date", "expiry", "settle"} <= columns:
        return Found("", "panel", header=header)
    if {"symbol", "settlementmonth", "settlementyear", "settlementprice"} <= columns:
        return Found("", "final_settlements", header=header)
    plain = tuple(name.replace(" ", "_") for name in header)
    if {"expiration_date", "symbol"} <= set(plain) and {"settlement", "price"} & set(plain):
        day = _ISO.search(path.name)
        if day is None:
            return _unknown("a settlement curve without its date in the file's name")
        return Found("", "curve", day.group(), plain)
    return None


def _vendor_table(path: PurePosixPath, header: tuple[str, ...], first: str) -> Found | None:
    if header[0] == "price" and first.lower().startswith("ticker,"):
        return Found("", "etf", first.split(",")[1].strip(), header)
    if {"sp500", "dividend", "earnings"} <= set(header):
        return Found("", "shiller_csv", header=header)
    return None


def _event_table(path: PurePosixPath, header: tuple[str, ...], first: str) -> Found | None:
    if header[0] not in ("date", "release_date") or len(header) > 2:
        return None
    if len(header) == 2 and header[0] != "release_date":
        return None
    event = re.match(r"[a-z]+", path.name.lower())
    if event is None or not re.match(r"\d", first):
        return _unknown("dates of an event that the file's name does not say")
    return Found("", "events", event.group(), header)


def _series_table(path: PurePosixPath, header: tuple[str, ...], first: str) -> Found | None:
    if header[0] not in _DATE_WORDS or len(header) < 2:
        return None
    if {"open", "high", "low", "close"} <= set(header):
        symbol = _symbol_in_name(path)
        if symbol is None:
            return _unknown("prices of a symbol that the file's name does not say")
        return Found("", "prices", symbol, header)
    if len(header) == 2:
        return _one_value(path, header, first)
    if any(name in catalogue.COLUMNS or catalogue.is_known(name) for name in header[1:]):
        return Found("", "table", header=header)
    return None


def _one_value(path: PurePosixPath, header: tuple[str, ...], first: str) -> Found:
    named = header[1] not in ("value", "close", "price", "adj close", "")
    symbol = header[1] if named else _symbol_in_name(path)
    if symbol is None:
        return _unknown("one value a day of a series that the file's name does not say")
    american = "/" in first.split(",")[0]
    kind = "value" if american or not (named or header[1] == "value") else "fred"
    return Found("", kind, symbol.upper(), header)


def _symbol_in_name(path: PurePosixPath) -> str | None:
    """Return the first known symbol among the words of a file's name, or Cboe's own prefix."""
    words = re.split(r"[_\-. ()]+", path.stem.lstrip("^_"))
    known = next((word for word in words if catalogue.is_known(word)), None)
    if known is not None:
        return known.upper()
    history = _HISTORY_NAME.match(path.name)
    if history:
        return history.group(1).upper()
    return words[0].upper() if re.fullmatch(r"[A-Z][A-Z0-9]{1,19}", words[0]) else None


def _breadth(path: PurePosixPath) -> Found:
    code = path.stem.lower().split("_")[-1]
    column = catalogue.BREADTH.get(code)
    if column is None:
        return _unknown("one number a day without a name; NYSE_advn and the like are known")
    return Found("", "breadth", column, ("date", column), 0)
