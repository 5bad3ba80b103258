"""Is 03/05/2019 of March or of May? What a file's dates say together.

American files write the month first. A file decides it for all its dates by those that can be read
in one way only; where it has none, by its symbols and by what was listed on the days it names.
"""

import re
from collections import Counter
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from alvh import calendars
from alvh.errors import DataError
from alvh.market.chains.identity import NoContract, Said, identify

_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})$")
_CLEAR: Final = 20  # times as many lines: then those of the other order are lines with a wrong date
_SAID: Final = ("date", "expiry", "root", "index", "symbol")
_SLACK: Final = 5  # days that a real expiry may be quoted before the rules have it listed
_AGAINST: Final = ("expiry", "expired", "unlisted", "disagree")

Saying = tuple[str | None, ...]  # of _SAID, as text


class DayOrder:
    """The dates of one file, counted block by block."""

    def __init__(self) -> None:
        self._sayings: Counter[Saying] = Counter()

    def add(self, text: pl.DataFrame) -> None:
        """Count the sayings of a block, text columns of ``FIELDS``; of a symbol root and day."""
        dates = text.select(pl.col("date", "expiry").str.contains("/", literal=True).any())
        if any(dates.row(0)):
            names = text.select(*_SAID[:-1], pl.col("symbol").str.head(-9))
            counted = names.group_by(_SAID).len().rows()
            self._sayings.update({tuple(saying): count for *saying, count in counted})

    def day_first(self) -> bool:
        """Tell whether the day comes first.

        Raises
        ------
        DataError
            If the dates contradict each other, or could be either.
        """
        days, months = self._clear(0), self._clear(1)
        if max(days, months) > _CLEAR * min(days, months):
            return days > months
        if days:
            raise DataError(
                f"of its dates {days} lines are written with the day first and {months} with the "
                "month first; one order was wanted; split the file"
            )
        if not any(one[0] != one[1] for saying in self._sayings for one in _slashed(saying)):
            return False
        against = [self._against(day_first) for day_first in (False, True)]
        if max(against) <= _CLEAR * min(against):
            example = next(cell for saying in self._sayings for cell in saying[:2] if cell)
            raise DataError(
                f"whether '{example}' has the month or the day first can be told neither from its "
                "other dates nor from what was listed; write dates as 2019-05-03"
            )
        return against[1] < against[0]

    def _clear(self, place: int) -> int:
        """Count the lines with a number that is no month in a place, and one in the other."""
        return sum(
            count
            for saying, count in self._sayings.items()
            if any(one[place] > 12 >= one[1 - place] for one in _slashed(saying))
        )

    def _against(self, day_first: bool) -> int:
        """Count the sayings that no contract listed that day bears out."""
        return sum(not _is_possible(saying, day_first) for saying in self._sayings)


def month_first(text: pl.DataFrame) -> pl.DataFrame:
    """Return text columns with their slashed dates turned round."""
    turned = pl.col("date", "expiry").str.replace(f"^{_SLASHED.pattern}", "$2/$1/$3")
    return text.with_columns(turned)


def _slashed(saying: Saying) -> list[tuple[int, int]]:
    found = (_SLASHED.match(cell or "") for cell in saying[:2])
    return [(int(one[1]), int(one[2])) for one in found if one]


def _is_possible(saying: Saying, day_first: bool) -> bool:
    said, expiry, root, index, symbol = saying
    named = _symbol(symbol)
    quoted, due = _read(said, day_first), _read(expiry, day_first)
    if named is not None:
        root, day = named
        due = day if expiry is None else due
        if due != day:
            return False
    if quoted is None or due is None or not calendars.is_session([np.datetime64(quoted)])[0]:
        return False
    try:
        identify(Said(root, index, None, due, quoted), slack=_SLACK)
    except NoContract as fault:
        return fault.kind not in _AGAINST
    return True


def _symbol(head: str | None) -> tuple[str, date] | None:
    """Return root and day of an OSI symbol's beginning."""
    found = re.fullmatch(r"([A-Za-z]{1,6}) *(\d{2})(\d{2})(\d{2})", head or "")
    try:
        return found and (found[1], date(2000 + int(found[2]), int(found[3]), int(found[4])))
    except ValueError:
        return None


def _read(cell: str | None, day_first: bool) -> date | None:
    try:
        if found := _SLASHED.match(cell or ""):
            first, second, year = (int(one) for one in found.groups())
            return date(year, second, first) if day_first else date(year, first, second)
        return date.fromisoformat((cell or "")[:10])
    except ValueError:
        return None
