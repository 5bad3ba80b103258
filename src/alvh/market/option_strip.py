"""The quotes of one expiry by strike, judged where they enter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from alvh.errors import PricingError

Floats = NDArray[np.float64]

COLUMNS = ("strike", "call_bid", "call_ask", "put_bid", "put_ask")


@dataclass(frozen=True)
class OptionStrip:
    """The quotes of one expiry, in points, by ascending strike; a missing quote is a zero.

    Attributes
    ----------
    strike, call_bid, call_ask, put_bid, put_ask : ndarray, shape (n,)
        Points.
    """

    strike: Floats
    call_bid: Floats
    call_ask: Floats
    put_bid: Floats
    put_ask: Floats

    @classmethod
    def of(cls, quotes: "Strip", name: str) -> Self:
        """Read a strip from columns and judge it.

        Parameters
        ----------
        quotes : OptionStrip, polars.DataFrame or mapping
            With the columns strike, call_bid, call_ask, put_bid and put_ask.
        name : str
            What to call the strip in an error.

        Raises
        ------
        PricingError
            If a column is missing or ragged, a value is NaN, infinite or negative, the strikes
            do not ascend, or a bid is above its ask.
        """
        strip = cls(*(_column(quotes, column, name) for column in COLUMNS))
        strip._check(name)
        return strip

    @property
    def call_mid(self) -> Floats:
        """Midpoint of the call quotes, points."""
        return (self.call_bid + self.call_ask) / 2

    @property
    def put_mid(self) -> Floats:
        """Midpoint of the put quotes, points."""
        return (self.put_bid + self.put_ask) / 2

    def _check(self, name: str) -> None:
        n = self.strike.size
        for column in COLUMNS:
            values = getattr(self, column)
            if values.shape != (n,) or n == 0:
                raise PricingError(
                    f"{name} strip: column {column} has shape {values.shape}, the strikes "
                    f"{self.strike.shape}; one quote per strike is needed"
                )
            wrong = ~np.isfinite(values) | (values < 0)
            if wrong.any():
                i = int(wrong.argmax())
                raise PricingError(
                    f"{name} strip: {column} is {values[i]} at strike {self.strike[i]:g}; "
                    "write 0 where there is no quote"
                )
        self._check_order(name)

    def _check_order(self, name: str) -> None:
        steps = np.diff(self.strike, prepend=0.0)
        if (steps <= 0).any():
            i = int((steps <= 0).argmax())
            raise PricingError(
                f"{name} strip: strike {self.strike[i]:g} in row {i} does not ascend; "
                "sort the strip by strike and drop duplicates"
            )
        for side, bid, ask in (
            ("call", self.call_bid, self.call_ask),
            ("put", self.put_bid, self.put_ask),
        ):
            crossed = bid > ask
            if crossed.any():
                i = int(crossed.argmax())
                raise PricingError(
                    f"{name} strip: the {side} at strike {self.strike[i]:g} is crossed, bid "
                    f"{bid[i]:g} above ask {ask[i]:g}; drop or correct the quote"
                )


Strip = OptionStrip | Mapping[str, ArrayLike] | pl.DataFrame


def _column(quotes: Strip, column: str, name: str) -> Floats:
    if isinstance(quotes, OptionStrip):
        values: ArrayLike = getattr(quotes, column)
    else:
        try:
            values = quotes[column]
        except (KeyError, pl.exceptions.ColumnNotFoundError):
            raise PricingError(
                f"{name} strip: there is no column {column}; needed are {', '.join(COLUMNS)}"
            ) from None
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PricingError(f"{name} strip: column {column} is not numeric: {error}") from error
