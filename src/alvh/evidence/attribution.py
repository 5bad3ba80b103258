"""Attribution: what every leg of a book gained on every day, and to what it was due.

The parts are those of ``alvh.kernel.explain``. They sum to the leg's P&L because the residual is
what is left over; that the P&L is the account's own, to the cent, is what the tests hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.advise.flows import MULTIPLIERS
from alvh.errors import DataError
from alvh.evidence.spans import Spans, held_spans, market_days
from alvh.kernel import codes
from alvh.kernel.explain import EXPLAINED, PARTS, VEGA_PARTS, explain
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.result import Result

__all__ = ["PARTS", "VEGA_PARTS", "Attribution", "attribute"]

Records = NDArray[np.void]
Dates = NDArray[np.datetime64]

TOLERANCE = 0.05  # share of gross that the residual of a day may have
_GROSS = pl.sum_horizontal(pl.col(name).abs() for name in PARTS if name != "residual")
_SUMS = ("pnl", *PARTS, *VEGA_PARTS)


@dataclass(frozen=True)
class Attribution:
    """The P&L of a book by cause.

    Attributes
    ----------
    legs : polars.DataFrame
        One row for each leg and marked day, USD unless said otherwise: ``date``, ``since`` (the
        mark before, days), ``sleeve``, ``root``, ``put_call``, ``expiry``, ``strike`` (points),
        ``quantity`` (signed contracts held through), ``settled``, ``value_start`` (at the mark
        before), ``forward_start``, ``forward_end`` (points), ``sigma_start``, ``sigma_end``
        (decimal; NaN for futures, and at settlement), ``tau_start`` (calendar days), ``pnl``, the
        parts and the three parts of vega.
    meta : dict
        That of the result, and ``greeks``.
    model_priced_share, fitted_share : float
        Of the result's fills, 0 … 1: priced by a model, and by smiles fitted to quotes.
    """

    legs: pl.DataFrame = field(repr=False)
    meta: dict[str, Any]
    model_priced_share: float
    fitted_share: float

    @cached_property
    def by_sleeve_day(self) -> pl.DataFrame:
        """By sleeve and day: ``date``, ``sleeve``, ``pnl``, the parts, ``gross``; USD.

        ``gross`` is the sum of the absolute parts of the row, the residual left out: parts of
        legs that cancel have cancelled before.
        """
        return _sums(self.legs, ["date", "sleeve"])

    @cached_property
    def by_day(self) -> pl.DataFrame:
        """The whole book by day, columns as ``by_sleeve_day`` without ``sleeve``."""
        return _sums(self.legs, ["date"])

    @cached_property
    def by_sleeve(self) -> pl.DataFrame:
        """In total by sleeve: ``sleeve``, ``pnl``, the parts; USD."""
        return _sums(self.legs, ["sleeve"]).drop("gross")

    def coverage(self, tolerance: float = TOLERANCE) -> pl.DataFrame:
        """Return how much of the days the greeks explain, for the book and by sleeve.

        Parameters
        ----------
        tolerance : float
            Share of ``gross`` that an explained day's residual may have.

        Returns
        -------
        polars.DataFrame
            ``sleeve`` (``book`` first), ``days`` with a position, ``explained`` (share of them),
            ``residual_share`` (sum of absolute residuals over sum of gross), ``worst`` (largest
            absolute residual of a day, USD).
        """
        book = self.by_day.with_columns(sleeve=pl.lit("book"))
        rows = pl.concat([book.select(self.by_sleeve_day.columns), self.by_sleeve_day])
        within = pl.col("residual").abs() <= tolerance * pl.col("gross")
        return rows.group_by("sleeve", maintain_order=True).agg(
            days=pl.len(),
            explained=within.mean(),
            residual_share=pl.col("residual").abs().sum() / pl.col("gross").sum(),
            worst=pl.col("residual").abs().max(),
        )

    def misses(self, tolerance: float = TOLERANCE) -> pl.DataFrame:
        """Return the days of a sleeve that the greeks do not explain, the dearest first.

        Parameters
        ----------
        tolerance : float
            Share of ``gross`` above which a residual is listed.

        Returns
        -------
        polars.DataFrame
            ``date``, ``sleeve``, ``pnl``, ``gross``, ``residual`` (USD) and ``why``: the leg with
            the largest residual and how far its forward and volatility moved.
        """
        missed = self.by_sleeve_day.filter(
            pl.col("residual").abs() > tolerance * pl.col("gross")
        ).select("date", "sleeve", "pnl", "gross", "residual")
        worst = (
            self.legs.sort(pl.col("residual").abs(), descending=True)
            .group_by("date", "sleeve", maintain_order=True)
            .first()
        )
        joined = missed.join(worst, on=["date", "sleeve"], suffix="_leg")
        why = [_why(row) for row in joined.iter_rows(named=True)]
        return (
            joined.select(missed.columns)
            .with_columns(why=pl.Series(why, dtype=pl.String))
            .sort(pl.col("residual").abs(), descending=True)
        )


def attribute(history: History, result: Result, *, greeks: str = "path") -> Attribution:
    """Explain the P&L of every leg and day of a backtest.

    Parameters
    ----------
    history : History
        The one the result was made from.
    result : Result
        From ``alvh.backtest``.
    greeks : str
        ``path``: first-order greeks of the evening before, second-order greeks averaged along the
        day's move. ``start``: all greeks of the evening before, a plain second-order expansion.

    Returns
    -------
    Attribution

    Raises
    ------
    DataError
        If the history is not the result's own, or ``greeks`` is neither of the two.
    """
    if greeks not in ("path", "start"):
        raise DataError(f"greeks is {greeks!r}; wanted 'path' or 'start'")
    days = market_days(history, result)
    held = held_spans(result, days)
    explained = np.zeros(len(held.spans), EXPLAINED)
    explain(days, build_surfaces(history).quotes, held.spans, greeks == "path", explained)
    return Attribution(
        _table(result.dates, held, explained),
        result.meta | {"greeks": greeks},
        result.model_priced_share,
        result.fitted_share,
    )


def _table(dates: Dates, held: Spans, explained: Records) -> pl.DataFrame:
    """Turn parts per contract in points into a table in USD, ordered by day."""
    spans = held.spans
    order = np.lexsort(
        (spans["strike"], spans["right"], spans["expiry"], spans["root"], held.sleeve,
         spans["end"])
    )  # fmt: skip
    spans, sleeve, quantity = spans[order], held.sleeve[order], held.quantity[order]
    explained = explained[order]
    usd = quantity * MULTIPLIERS[spans["root"]]
    expiry = spans["expiry"].astype("datetime64[D]")
    expiry[spans["root"] > codes.VX] = np.datetime64("NaT")
    columns: dict[str, Any] = {
        "date": dates[spans["end"]],
        "since": dates[spans["start"]],
        "sleeve": _text(codes.SLEEVES, sleeve),
        "root": _text(codes.ROOTS, spans["root"]),
        "put_call": _text(codes.RIGHTS, spans["right"]),
        "expiry": expiry,
        "strike": np.where(spans["right"] == codes.OUTRIGHT, np.nan, spans["strike"]),
        "quantity": quantity,
        "settled": spans["settled"] == 1,
        "value_start": usd * explained["price"],
    }
    for name in ("forward_start", "forward_end", "sigma_start", "sigma_end", "tau_start"):
        columns[name] = explained[name]
    return pl.DataFrame(columns | {name: usd * explained[name] for name in _SUMS})


def _text(table: Sequence[str], index: NDArray[np.int64]) -> pl.Series:
    return pl.Series(list(table)).gather(index)


def _sums(legs: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    return (
        legs.group_by(keys, maintain_order=True)
        .agg(pl.col(name).sum() for name in _SUMS)
        .with_columns(gross=_GROSS)
    )


def _why(row: dict[str, Any]) -> str:
    """Say which leg the greeks missed most, and how it moved."""
    name = f"{row['root']} {row['expiry']} {row['strike']:g} {row['put_call']}"
    forward = f"forward {row['forward_start']:.5g} to {row['forward_end']:.5g}"
    if row["settled"]:
        return f"{name}: settled, {forward}"
    sigma = f"sigma {row['sigma_start']:.3f} to {row['sigma_end']:.3f}"
    return f"{name}, {row['tau_start']:.0f} days: {forward}, {sigma}"
