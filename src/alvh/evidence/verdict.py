"""The verdict in words: sentences that follow from the figures, in either direction."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from alvh.evidence.curves import FIGURES, CurvePoint
from alvh.evidence.intervals import Interval
from alvh.evidence.rows import Row

_BASIS = {
    "preset": "At the sizes of their policies",
    "carry": "At equal carry",
    "outlay": "At equal outlay",
}
UNHEDGED_NAMES = ("none", "fewer-condors")


class NoSizes:
    """Stands for: this programme cannot be made smaller, so no smaller book was run."""


NO_SIZES = NoSizes()
_WORTH_NAMING = 5e-5  # half a hundredth of a point: below it a difference prints as zero


def lines(
    rows: Iterable[Row],
    *,
    basis: str,
    reference: str,
    sizes: Sequence[CurvePoint],
    crises: int,
    years: float,
) -> list[str]:
    """Say what a table shows.

    Parameters
    ----------
    rows : iterable of Row
        One basis of a comparison.
    basis : {"preset", "carry", "outlay"}
    reference : str
        Name of the hedge the others were made equal to; it is spoken of first.
    sizes : sequence of CurvePoint
        The unhedged book at smaller sizes, to read off what fewer condors earn at a given risk.
    crises : int
        Named crises that the data hold completely.
    years : float

    Returns
    -------
    list of str
        Sentences for people: one per hedge, then the count against fewer condors, then the limits.
    """
    table = {row.name: row for row in rows}
    hedges = [row for row in table.values() if row.name not in UNHEDGED_NAMES]
    hedges.sort(key=lambda row: row.name != reference)
    said = [unhedged_line(table["none"])] if "none" in table else []
    said += [hedge_line(row, alternative(row, sizes) if sizes else NO_SIZES) for row in hedges]
    if basis != "preset":
        said += [f"{row.name}: {row.note}." for row in hedges if not (row.reached or idle(row))]
    active = [row for row in hedges if not idle(row)]
    said += [count_line(active, sizes, basis)] if sizes and active else []
    return [*said, limits_line(table.values(), crises, years)]


def unhedged_line(row: Row) -> str:
    """Describe the unhedged book."""
    change = "grew" if row.cagr >= 0 else "lost"
    return (
        f"Unhedged, the book {change} {percent(abs(row.cagr))} a year, with a maximum drawdown of "
        f"{percent(-row.max_drawdown)} ({row.drawdown_start} to {row.drawdown_trough}) and a mean "
        f"loss of {percent(-row.cvar_month)} in the worst twentieth of months."
    )


def hedge_line(row: Row, other: CurvePoint | NoSizes | None) -> str:
    """Describe one hedge: what it removed, what it cost, what fewer condors would have earned.

    Parameters
    ----------
    row : Row
    other : CurvePoint, NO_SIZES or None
        The smaller book of the same monthly CVaR; None where there is none; ``NO_SIZES`` for a
        programme without condors, of which nothing is said.
    """
    if idle(row):
        return f"{row.name} never held anything under this programme: there is nothing to compare."
    text = (
        f"{row.name} {_moved(row.drawdown_removed)} the maximum drawdown and "
        f"{_moved(row.cvar_removed)} the monthly CVaR; {_cost(row.hedge_cost_per_year)}, and the "
        f"book grew {_than_unhedged(row.cagr_given_up)}"
    )
    if row.differences is not None:
        text += f" ({_range(row.differences.cagr)})"
    if isinstance(other, NoSizes):
        return f"{text}."
    return f"{text}. {_against_fewer(row, other)}"


def idle(row: Row) -> bool:
    """Whether a hedge never committed any capital and never moved the account."""
    return row.capital_in_hedge == 0 and row.cagr_given_up == 0 and row.cvar_removed == 0


def alternative(row: Row, sizes: Sequence[CurvePoint]) -> CurvePoint | None:
    """Read off the unhedged book of the size that has a hedged book's monthly CVaR.

    Parameters
    ----------
    row : Row
        The hedged book.
    sizes : sequence of CurvePoint
        The unhedged book at sizes up to 1.

    Returns
    -------
    CurvePoint or None
        Linear between the two sizes on either side; None where no size has that risk.
    """
    known = sorted(
        (point for point in sizes if math.isfinite(point.cvar_month)), key=lambda p: -p.cvar_month
    )
    risks = np.array([-point.cvar_month for point in known])
    risk = -row.cvar_month
    if risks.size < 2 or not risks[0] <= risk <= risks[-1] + 1e-12:
        return None

    def read(field: str) -> float:
        return float(np.interp(risk, risks, [getattr(point, field) for point in known]))

    figures: dict[str, Any] = {key: read(key) for key in ("scale", *FIGURES)}
    return CurvePoint(name=known[0].name, **figures)


def count_line(hedges: Sequence[Row], sizes: Sequence[CurvePoint], basis: str) -> str:
    """Count the hedges that earned more than fewer condors of the same monthly CVaR."""
    compared = [(row, alternative(row, sizes)) for row in hedges]
    paired = [(row, other) for row, other in compared if other is not None]
    better = [row.name for row, other in paired if row.cagr > other.cagr]
    text = f"{_BASIS[basis]}, {len(better)} of {len(paired)} hedges"
    if not paired:
        return f"{_BASIS[basis]}, no hedge lowered the monthly CVaR to that of a smaller book."
    text += " that lowered the monthly CVaR beat fewer condors at the same monthly CVaR"
    text += f": {', '.join(better)}" if better else ""
    worse = [row.name for row, other in compared if other is None]
    return f"{text}." + (f" No smaller book matches: {', '.join(worse)}." if worse else "")


def limits_line(rows: Iterable[Row], crises: int, years: float) -> str:
    """Say how little the sample can tell."""
    rows = list(rows)
    priced = _span_of([row.model_priced_share for row in rows])
    priced = priced[0].upper() + priced[1:]
    fitted = [row.fitted_share for row in rows]
    others = f", {_span_of(fitted)} by smiles fitted to quotes" if max(fitted) > 0.0 else ""
    return (
        f"The {years:.1f} years hold {crises} of the named crises, some of them overlapping: that, "
        "and not the number of days, is how often a hedge was put to the test, too few to rank "
        f"similar hedges. {priced} of the fills were priced by a model{others}."
    )


def _span_of(shares: list[float]) -> str:
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    return low if low == high else f"between {low} and {high}"


def percent(value: float) -> str:
    """Print a fraction as per cent with two places, -0.0 as 0."""
    return f"{100 * value + 0.0:.2f} %"


def points(value: float) -> str:
    """Print a fraction as percentage points with two places, without its sign."""
    return f"{abs(100 * value):.2f} points"


def _moved(removed: float) -> str:
    if abs(removed) < _WORTH_NAMING:
        return "did not change"
    return (
        f"{'took' if removed > 0 else 'added'} {points(removed)} {'off' if removed > 0 else 'to'}"
    )


def _cost(cost: float) -> str:
    if abs(cost) < _WORTH_NAMING:
        return "it cost nothing"
    return f"it {'cost' if cost > 0 else 'earned'} {percent(abs(cost))} of the account a year"


def _than_unhedged(given_up: float) -> str:
    if abs(given_up) < _WORTH_NAMING:
        return "as fast as unhedged"
    return f"{points(given_up)} a year {'slower' if given_up > 0 else 'faster'} than unhedged"


def _range(interval: Interval) -> str:
    told = "" if interval.excludes_zero else ", which includes no difference"
    low, high = 100 * interval.low, 100 * interval.high
    return f"95 % interval of the difference {low:+.2f} to {high:+.2f}{told}"


def _against_fewer(row: Row, other: CurvePoint | None) -> str:
    if other is None:
        reason = "did not lower it" if row.cvar_removed <= 0 else "is below the smallest size run"
        return f"No smaller unhedged book has its monthly CVaR: the hedge {reason}."
    gain = other.cagr - row.cagr
    if abs(gain) < _WORTH_NAMING:
        told = "as much"
    else:
        told = f"{points(gain)} a year {'more' if gain > 0 else 'less'}"
    return (
        f"At the same monthly CVaR the unhedged book with fewer condors ({other.scale:.2f} of the "
        f"size) earned {told}."
    )
