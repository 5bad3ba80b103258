"""How figures are written for people: fractions as per cent, money without pennies, no NaN."""

import math

ABSENT = "–"


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
