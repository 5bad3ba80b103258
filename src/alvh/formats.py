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


def p_value(value: float | None, resamples: int, places: int = 3) -> str:
    """Write a p-value that was counted over resampled histories, with its sign of comparison.

    Parameters
    ----------
    value : float or None
        The share of them that is as far out.
    resamples : int
        How many there were: none can show a p below 1 / (resamples + 1).
    places : int
        Decimals, more where the least value needs them.

    Returns
    -------
    str

    Examples
    --------
    >>> p_value(0.1394, 200), p_value(0.0, 200), p_value(0.0, 1000), p_value(0.0005, 2000)
    ('= 0.139', '< 0.005', '< 0.001', '= 0.0005')
    """
    if missing(value):
        return f"= {ABSENT}"
    least = 1.0 / (resamples + 1.0)
    first = math.ceil(-math.log10(least) - 1e-12)  # the place of its first digit
    bound = math.ceil(least * 10**first - 1e-12) / 10**first
    digits = max(first, 1)
    if float(value or 0.0) < least:
        return f"< {bound:.{digits}f}".rstrip("0").rstrip(".")
    return f"= {decimal(value, max(places, digits))}"


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
