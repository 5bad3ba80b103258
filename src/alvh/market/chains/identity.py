"""Which contract is it? From what a file says to the root and expiry that the exchange listed.

A symbol or a root says it. A file that has only the index and a date leaves it to the exchange's
rules: every SPX expiry but third Fridays has one settlement, and of a third Friday the closing
one was listed later and still trades when the other has settled. What remains undecided is
refused, unless the caller declares what his vendor's third Fridays are.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, Literal

from alvh.calendars import contract_expiry, spx_expiries, third_friday, vix_expiries
from alvh.contracts import OptionSymbol
from alvh.contracts.facts import day_number
from alvh.errors import AlvhError, PricingError

ThirdFriday = Literal["AM", "PM"]

# Until February 2015 standard options were dated on the Saturday after the third Friday.
_SATURDAYS_UNTIL: Final = date(2015, 2, 15)
_ANY_STRIKE: Final = 1000.0  # of every root's grid: an expiry is looked up, not a strike
#: Roots under which what is SPXW now was listed: PM third Fridays, quarter-ends, weeklys.
_SPXW_ONCE: Final = ("SPXW", "SPXPM", "SPXQ", "JXA", "JXB", "JXD", "JXE")
_RENAMED: Final = date(2017, 5, 1)  # [S] SPXPM became SPXW; the others had by then [U]
#: Days before the day on which the rules of `alvh.contracts.listings` have an expiry listed. Real
#: chains have it up to 3 days before that; where a rule's first day is not known it may be more.
LISTED_SLACK: Final = 92
_ROOTS: Final = {**dict.fromkeys(_SPXW_ONCE, "SPXW"), "SPX": "SPX", "VIX": "VIX", "VIXW": "VIXW"}
_SETTLEMENTS: Final = {"AM": "AM", "A": "AM", "PM": "PM", "P": "PM"}


@dataclass(frozen=True, slots=True)
class Said:
    """What a line says of its contract.

    Parameters
    ----------
    root, index, settlement : str or None
        As written; at least one of root and index.
    expiry, date : datetime.date
        Expiry as written, and the session quoted.
    """

    root: str | None
    index: str | None
    settlement: str | None
    expiry: date
    date: date


@dataclass(frozen=True, slots=True)
class Identity:
    """A contract's root, expiry and settlement ("AM" or "PM")."""

    root: str
    expiry: date
    settlement: str


class NoContract(Exception):
    """No such contract, or not to be told which; ``kind`` names the fault in one word."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def identify(
    said: Said, third_fridays: ThirdFriday | None = None, *, slack: int = LISTED_SLACK
) -> Identity:
    """Return the contract that a line speaks of.

    Parameters
    ----------
    said : Said
        What the line says.
    third_fridays : {"AM", "PM"}, optional
        What SPX third Fridays are in a file that does not say it, on days with both.
    slack : int
        Days that it may be quoted before it was listed by rule.

    Raises
    ------
    NoContract
        With the fault's kind and reason.

    Examples
    --------
    >>> identify(Said("SPX", None, None, date(2012, 6, 16), date(2012, 5, 1))).expiry
    datetime.date(2012, 6, 15)
    """
    index, root = _index(said.index), _root(said.root, said.date)
    if root is not None and index is not None and root[:3] != index:
        raise NoContract("disagree", f"root {root} is no option on {index}")
    if root is None and index is None:
        raise NoContract("root", "neither a root nor an underlying is given")
    day = _settling_day(said.expiry, root or f"{index}")
    settlement = _settlement(said.settlement)
    if root is None:
        root = _root_by_rule(f"{index}", day, said.date, settlement, third_fridays)
    found, listed = _listed(root, day)
    if settlement is not None and settlement != found.settlement:
        raise NoContract(
            "settlement",
            f"{root} of {day} settles {found.settlement}, the line says {settlement}",
        )
    if found.expiry < said.date:
        raise NoContract("expired", f"expired on {found.expiry}, before it was quoted")
    if day_number(said.date) < listed - slack:
        raise NoContract("unlisted", f"{root} of {day} was not listed yet on {said.date}")
    return found


def _letters(text: str | None) -> str:
    return "" if text is None else text.strip().strip("^$.").removesuffix(".X").upper()


def _index(text: str | None) -> str | None:
    name = _letters(text)
    if not name:
        return None
    root = _ROOTS.get(name)
    if root is None:
        raise NoContract("root", f"underlying {name[:20]!r} is neither SPX nor VIX")
    return root[:3]


def _root(text: str | None, quoted: date) -> str | None:
    name = _letters(text)
    if not name:
        return None
    renamed = name in _SPXW_ONCE[1:] and quoted >= _RENAMED
    if name not in _ROOTS or renamed:
        raise NoContract("root", f"root {name[:20]!r} is none of SPX, SPXW, VIX, VIXW")
    return _ROOTS[name]


def _settlement(text: str | None) -> str | None:
    name = _letters(text)
    if not name:
        return None
    if name not in _SETTLEMENTS:
        raise NoContract("settlement", f"settlement {name[:20]!r} is neither AM nor PM")
    return _SETTLEMENTS[name]


def _settling_day(expiry: date, root: str) -> date:
    """Return the third Friday for the Saturday after it, as long as symbols carried that."""
    friday = expiry - timedelta(1)
    saturday = expiry.weekday() == 5 and 15 <= friday.day <= 21
    if saturday and expiry < _SATURDAYS_UNTIL and expiry.year >= 1990 and root.startswith("SPX"):
        return third_friday(expiry.year, expiry.month)
    return expiry


@lru_cache(maxsize=65536)
def _listed(root: str, day: date) -> tuple[Identity, int]:
    """Return the contract of a root and the day it was listed."""
    try:
        record = contract_expiry(OptionSymbol(root, day, "C", _ANY_STRIKE))
    except PricingError as refusal:
        problem = str(refusal).partition(": ")[2] or str(refusal)
        raise NoContract("expiry", problem) from refusal
    return Identity(root, day, "AM" if record["am"] else "PM"), int(record["listed"])


def _root_by_rule(
    index: str,
    day: date,
    quoted: date,
    settlement: str | None,
    third_fridays: ThirdFriday | None,
) -> str:
    records = _on_day(index, day)
    if not records:
        raise NoContract("expiry", f"{day} is no {index} expiry")
    if index == "VIX":
        return "VIX" if records[0][1] else "VIXW"
    standard = [bool(am and monthly) for am, monthly, _ in records]
    if len(records) == 1:
        return "SPX" if standard[0] else "SPXW"
    return _third_friday_root(day, quoted, settlement or third_fridays, records)


def _third_friday_root(
    day: date, quoted: date, settlement: str | None, records: tuple[tuple[bool, bool, int], ...]
) -> str:
    if settlement is not None:
        return "SPX" if settlement == "AM" else "SPXW"
    if quoted >= day:
        return "SPXW"  # the standard option has settled that morning
    if records[1][2] > day_number(quoted):
        return "SPX"  # the one settled at the close was not listed yet
    raise NoContract(
        "undecided",
        f"{day} is a third Friday: SPX (AM) and SPXW (PM) were both listed, the line does not say "
        "which",
    )


@lru_cache(maxsize=16384)
def _on_day(index: str, day: date) -> tuple[tuple[bool, bool, int], ...]:
    """Return (settled at the open, monthly, day it was listed) of what expires on a day."""
    try:
        table: Any = spx_expiries(day, day) if index == "SPX" else vix_expiries(day, day)
    except AlvhError:
        return ()
    return tuple((bool(one["am"]), bool(one["monthly"]), int(one["listed"])) for one in table)
