"""How values are written for people: fractions as per cent, money without pennies, no NaN.

And how a wrong text is repeated in a refusal, which may end in a log, an alert or a ledger.
"""

import difflib
import math
import re
from collections.abc import Iterable, Mapping

ABSENT = "–"
_SECRET = 11  # characters; no password or token worth its name is shorter
_FIGURES = re.compile(r"[\d\s.,:/%+$-]*")
_SYMBOL = re.compile(r"[A-Z]{1,6}\s*\d{6}([CP]\d{1,8})?")
_QUOTED = re.compile(r"""(['"])(.*?)\1""")


def percent(value: float | None, places: int = 2) -> str:
    """Write a fraction as per cent.

    Parameters
    ----------
    value : float or None
        Fraction.
    places : int
        Decimals.

    Returns
    -------
    str
        ``"12.34 %"``, or a dash where there is no value.
    """
    return ABSENT if missing(value) else f"{100 * _number(value, places + 2):.{places}f} %"


def dollars(value: float | None) -> str:
    """Write an amount in whole US dollars.

    Parameters
    ----------
    value : float or None
        USD.

    Returns
    -------
    str
        ``"-1,234"``, or a dash where there is no value.
    """
    return ABSENT if missing(value) else f"{_number(value, 0):,.0f}"


def decimal(value: float | None, places: int = 2) -> str:
    """Write a plain number.

    Parameters
    ----------
    value : float or None
        The number.
    places : int
        Decimals.

    Returns
    -------
    str
        ``"1.23"``, or a dash where there is no value.
    """
    return ABSENT if missing(value) else f"{_number(value, places):.{places}f}"


def quoted(value: object, known: Iterable[str] = ()) -> str:
    """Repeat a wrong value in a refusal, unless it may be a secret that came to the wrong place.

    Parameters
    ----------
    value : object
        What was read.
    known : iterable of str
        Words that were wanted; what is near one of them is a typing error.

    Returns
    -------
    str
        As Python writes it; of a text that is long, neither a number, a date nor a symbol, and
        near no word that was wanted, its length alone.
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {quoted(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(quoted(one, known) for one in value) + "]"
    if not isinstance(value, str) or len(value) < _SECRET:
        return repr(value)
    plain = _FIGURES.fullmatch(value) or _SYMBOL.fullmatch(value)
    if plain or difflib.get_close_matches(value, list(known), n=1):
        return repr(value)
    return f"a text of {len(value)} characters"


def hushed(message: str) -> str:
    """Return a message of another program with every text it quotes as `quoted` writes it."""
    return _QUOTED.sub(lambda found: quoted(found[2]), message)


def missing(value: object) -> bool:
    """Say whether there is nothing to write.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool
        True for None and for numbers that are not finite.
    """
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def _number(value: float | None, places: int) -> float:
    """Round, so that what prints as zero has no minus sign."""
    return round(float(value or 0.0), places) + 0.0
