"""Download the public files: Cboe indices, VX contracts, FRED.

A pull can be cut off at any moment and taken up again: every file is written whole or not at all,
and the manifest says what is there. It asks for one file at a time with a pause between, asks
again only for what may have changed, and keeps nothing that the readers would refuse.

What day it is and how to wait are told by the caller.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from alvh import calendars
from alvh.errors import DataError
from alvh.market.sources.folder import check_file
from alvh.market.sources.manifest import Entry, Manifest, digest, sweep, whole_file
from alvh.market.sources.records import to_date, to_day

if TYPE_CHECKING:
    import httpx

#: Names that ``sources`` of `pull` may hold.
SOURCES = ("cboe", "cfe", "fred")

INDICES = ("SPX", "VIX", "VIX9D", "VIX3M", "VIX6M", "VVIX", "SKEW")
FRED_SERIES = ("DTB3", "DFF", "USEPUINDXD", "RBUSBIS", "SP500", "VIXCLS")

_USER_AGENT = "alvh (volatility hedge research; one request at a time)"
_MONTHS = "FGHJKMNQUVXZ"
_CURRENT_FROM, _LEGACY_TO = date(2013, 1, 1), date(2014, 12, 31)
_LEGACY_FROM = date(2004, 5, 1)  # the first VX contract settled in May 2004
_LISTED_AHEAD = timedelta(days=280)  # nine monthly contracts
_SETTLED = timedelta(days=7)  # a contract's file does not change once this has passed
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0  # seconds, whatever a server asks for
_GIVE_UP = 5  # files without an answer, one after another, before the rest is not tried
_NO_ANSWER = "no whole answer"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where files are asked for; ``{symbol}``, ``{expiry}``, ``{code}`` and ``{year}`` are filled.

    The addresses are those that the exchange's and the bank's own download pages link to.
    """

    index: str = "https://cdn.cboe.com/api/global/us_indices/daily_prices/{symbol}_History.csv"
    current: str = (
        "https://cdn.cboe.com/data/us/futures/market_statistics/historical_data/VX/VX_{expiry}.csv"
    )
    legacy: str = (
        "https://cdn.cboe.com/resources/futures/archive/volume-and-price/CFE_{code}{year}_VX.csv"
    )
    fred: str = "https://fred.stlouisfed.org/graph/fredgraph.csv?id={symbol}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to fetch.

    Parameters
    ----------
    path : str
        Where it goes, relative to the folder.
    url : str
        Where it is asked for.
    kinds : tuple of str
        What it must be recognised as to be kept.
    final : bool
        Its content does not change any more.
    """

    path: str
    url: str
    kinds: tuple[str, ...]
    final: bool = False


@dataclass(slots=True)
class PullReport:
    """What a pull did, by path relative to the folder."""

    fetched: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Nothing failed."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Manners:
    """How to ask.

    Parameters
    ----------
    pause : float
        Seconds between two requests.
    retries : int
        Further attempts after one that failed for a passing reason.
    timeout : float
        Seconds until a silent server counts as failed.
    sleep : callable
        Waits for a number of seconds.
    """

    pause: float = 0.25
    retries: int = 4
    timeout: float = 30.0
    sleep: Callable[[float], None] = time.sleep


class _Refused(Exception):
    """An attempt that failed; ``again`` says whether another may succeed."""

    def __init__(self, reason: str, *, again: bool, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.again = again
        self.wait = wait


def plan(
    today: date,
    *,
    sources: Sequence[str] = SOURCES,
    weeklies: bool = True,
    endpoints: Endpoints | None = None,
) -> list[Wanted]:
    """List the files of a complete folder.

    Parameters
    ----------
    today : datetime.date
        Contracts listed by then are included.
    sources : sequence of str
        Some of `SOURCES`.
    weeklies : bool
        Include weekly VX contracts (since July 2015).
    endpoints : Endpoints, optional
        Other addresses.

    Returns
    -------
    list of Wanted
        Small and important files first.

    Raises
    ------
    DataError
        For an unknown source.
    """
    unknown = sorted(set(sources) - set(SOURCES))
    if unknown:
        raise DataError(
            f"pull: unknown source '{unknown[0]}'; one of {', '.join(SOURCES)} was wanted"
        )
    at = endpoints or Endpoints()
    wanted = []
    if "cboe" in sources:
        wanted += [_index(at, symbol) for symbol in INDICES]
    if "fred" in sources:
        wanted += [_fred(at, symbol) for symbol in FRED_SERIES]
    if "cfe" in sources:
        wanted += _contracts(at, today, weeklies=weeklies)
    return wanted


def _index(at: Endpoints, symbol: str) -> Wanted:
    url = at.index.format(symbol=symbol)
    return Wanted(f"cboe/{symbol}_History.csv", url, ("prices", "value"))


def _fred(at: Endpoints, symbol: str) -> Wanted:
    return Wanted(f"fred/{symbol}.csv", at.fred.format(symbol=symbol), ("fred",))


def _contracts(at: Endpoints, today: date, *, weeklies: bool) -> list[Wanted]:
    """List the contracts whose settlement dates the calendar knows."""
    wanted = []
    end = today + _LISTED_AHEAD
    for row in calendars.vix_expiries(_LEGACY_FROM, end, contract="future"):
        expiry = to_date(int(row["date"]))
        if int(row["listed"]) > to_day(today) or not (weeklies or row["monthly"]):
            continue
        final = expiry + _SETTLED < today
        if row["monthly"] and expiry <= _LEGACY_TO:
            code, year = _MONTHS[expiry.month - 1], f"{expiry.year % 100:02d}"
            name = f"cfe/contracts_legacy/CFE_{code}{year}_VX.csv"
            wanted.append(
                Wanted(name, at.legacy.format(code=code, year=year), ("contract",), final)
            )
        if expiry >= _CURRENT_FROM:
            name = f"cfe/contracts_current/VX_{expiry}.csv"
            wanted.append(Wanted(name, at.current.format(expiry=expiry), ("contract",), final))
    return wanted


def pull(
    folder: Path,
    wanted: Sequence[Wanted],
    *,
    today: date,
    manners: Manners | None = None,
    progress: Callable[[int, int, str, str], None] | None = None,
) -> PullReport:
    """Fetch files into a folder, taking up where an earlier pull stopped.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent. Its ``manifest.json`` records what is there.
    wanted : sequence of Wanted
        From `plan`.
    today : datetime.date
        Recorded in the manifest.
    manners : Manners, optional
        Pause, retries, timeout.
    progress : callable, optional
        Called after each file with (files done, files in all, path, outcome); the outcome is
        ``"fetched"``, ``"unchanged"``, ``"absent"`` or ``"failed"``.

    Returns
    -------
    PullReport
        What was fetched, left, not there, or failed and why. A file that failed leaves the copy
        that was there before as it was.

    Raises
    ------
    DataError
        If the folder's manifest cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    manifest, report = Manifest.of(folder), PullReport()
    how = manners or Manners()
    failures = 0
    with _client(how) as client:
        for done, one in enumerate(wanted, start=1):
            if failures >= _GIVE_UP:
                report.failed.append((one.path, f"{_NO_ANSWER} for {_GIVE_UP} files in a row"))
                continue
            outcome = _one(client, manifest, one, today, how, report)
            silent = outcome == "failed" and report.failed[-1][1].startswith(_NO_ANSWER)
            failures = failures + 1 if silent else 0
            if progress is not None:
                progress(done, len(wanted), one.path, outcome)
    return report


def _client(how: Manners) -> "httpx.Client":
    import httpx

    headers = {"User-Agent": _USER_AGENT}
    with suppress(ValueError, ImportError, httpx.InvalidURL):
        return httpx.Client(headers=headers, timeout=how.timeout, follow_redirects=True)
    raise DataError(  # outside, so that no cause repeats a proxy's address and password
        "pull: the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names cannot be used; "
        "http://host:port was wanted; correct the variable or take it out"
    )


def _one(
    client: "httpx.Client",
    manifest: Manifest,
    one: Wanted,
    today: date,
    how: Manners,
    report: PullReport,
) -> str:
    """Fetch one file if it may have changed, and file the outcome."""
    entry = manifest.entries.get(one.path)
    if one.final and entry is not None and (entry.absent or manifest.holds(one.path)):
        (report.absent if entry.absent else report.unchanged).append(one.path)
        return "absent" if entry.absent else "unchanged"
    try:
        found = _with_retries(client, manifest, one, today, how)
    except _Refused as refused:
        report.failed.append((one.path, str(refused)))
        return "failed"
    manifest.entries[one.path] = found[1]
    manifest.save()
    {"fetched": report.fetched, "unchanged": report.unchanged, "absent": report.absent}[
        found[0]
    ].append(one.path)
    return found[0]


def _with_retries(
    client: "httpx.Client", manifest: Manifest, one: Wanted, today: date, how: Manners
) -> tuple[str, Entry]:
    for attempt in range(how.retries + 1):
        how.sleep(how.pause * 2**attempt)
        try:
            return _attempt(client, manifest, one, today)
        except _Refused as refused:
            if not refused.again or attempt == how.retries:
                raise
            if refused.wait:
                how.sleep(min(refused.wait, _LONGEST_WAIT))
    raise _Refused("no attempt was made", again=False)


def _attempt(
    client: "httpx.Client", manifest: Manifest, one: Wanted, today: date
) -> tuple[str, Entry]:
    """Ask once; write what comes beside its place, judge it, and only then move it there."""
    import httpx

    held = manifest.entries.get(one.path) if manifest.holds(one.path) else None
    target = manifest.folder / one.path
    try:
        with client.stream("GET", one.url, headers=_conditions(held)) as answer:
            if answer.status_code == 304 and held is not None:
                return "unchanged", replace(held, on=today.isoformat())
            if answer.status_code in (404, 410) and held is None:
                return "absent", Entry(one.url, on=today.isoformat(), absent=True)
            _refuse_status(answer)
            with whole_file(target) as partial:
                with partial.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
                _refuse_content(partial, one)
                entry = _entry(partial, answer, one, today)
    except httpx.TransportError as fault:
        reason = f"{_NO_ANSWER} ({type(fault).__name__} {fault})"
        raise _Refused(reason, again=True) from fault
    same = held is not None and held.sha256 == entry.sha256
    return ("unchanged" if same else "fetched"), entry


def _conditions(held: Entry | None) -> dict[str, str]:
    if held is None:
        return {}
    asked = {"If-None-Match": held.etag, "If-Modified-Since": held.last_modified}
    return {name: value for name, value in asked.items() if value}


def _refuse_status(answer: "httpx.Response") -> None:
    status = answer.status_code
    if status == 200:
        return
    after = answer.headers.get("Retry-After", "")
    wait = float(after) if after.isdigit() else 0.0
    raise _Refused(f"the server answered {status}", again=status in _TRANSIENT, wait=wait)


def _refuse_content(partial: Path, one: Wanted) -> None:
    """Judge what came by the readers that will have to read it."""
    try:
        found = check_file(partial, one.path)
    except DataError as fault:
        raise _Refused(str(fault), again=True) from fault
    if found.kind not in one.kinds:
        raise _Refused(found.reason or f"a file of kind {found.kind}", again=False)


def _entry(partial: Path, answer: "httpx.Response", one: Wanted, today: date) -> Entry:
    return Entry(
        origin=one.url,
        sha256=digest(partial),
        size=partial.stat().st_size,
        on=today.isoformat(),
        etag=answer.headers.get("ETag", ""),
        last_modified=answer.headers.get("Last-Modified", ""),
    )
