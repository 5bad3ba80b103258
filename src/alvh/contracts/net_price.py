"""The price of an order, with a sign that cannot be lost.

Brokers disagree on signs: one writes a credit as a negative limit, another as a positive price
with the word *Credit* beside it. Here a price is what the account receives for one structure,
positive for a credit and negative for a debit, and it is made by saying which of the two it is.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from alvh.errors import PricingError

_PLACES = Decimal("0.0001")  # points; ticks are 0.01 and 0.05, a mean of legs may lie between
Amount = Decimal | float | int | str


@dataclass(frozen=True, order=True)
class NetPrice:
    """Points that the account receives for one structure; negative where it pays.

    Parameters
    ----------
    received : Decimal
        Signed points; use `credit`, `debit` or `of_flow` to make one.

    Examples
    --------
    >>> NetPrice.credit("3.15").received, NetPrice.debit("0.40").received
    (Decimal('3.1500'), Decimal('-0.4000'))
    """

    received: Decimal

    @classmethod
    def credit(cls, points: Amount) -> "NetPrice":
        """Return a price that the account receives; ``points`` must not be negative."""
        return cls(_size(points, "credit"))

    @classmethod
    def debit(cls, points: Amount) -> "NetPrice":
        """Return a price that the account pays; ``points`` must not be negative."""
        return cls(-_size(points, "debit") + 0)

    @classmethod
    def of_flow(cls, received: Amount) -> "NetPrice":
        """Return the price of a signed flow: positive received, negative paid."""
        points = _decimal(received)
        return cls.credit(points) if points > 0 else cls.debit(-points)

    @property
    def is_credit(self) -> bool:
        """Whether the account receives something."""
        return self.received > 0

    @property
    def points(self) -> Decimal:
        """The size of the price without its sign, points."""
        return abs(self.received)

    @property
    def effect(self) -> str:
        """``Credit`` or ``Debit``."""
        return "Credit" if self.is_credit else "Debit"

    def plain(self) -> str:
        """Return the size as text, at least two places and no more than it needs."""
        text = f"{self.points:.4f}".rstrip("0")
        whole, _, places = text.partition(".")
        return f"{whole}.{places:<02}"

    def __str__(self) -> str:
        return f"{self.plain()} {self.effect.lower()}"


def _size(points: Amount, name: str) -> Decimal:
    size = _decimal(points)
    if size < 0:
        raise PricingError(
            f"{name} of {size}: a size of zero or more was wanted; say debit for what is paid and "
            "credit for what is received"
        )
    return size


def _decimal(points: Amount) -> Decimal:
    try:
        value = Decimal(repr(points) if isinstance(points, float) else points)
    except InvalidOperation as error:
        raise PricingError(f"price {points!r} is not a number; write it as 3.15") from error
    if not value.is_finite():
        raise PricingError(f"price {points!r} is not finite; write it as 3.15")
    return value.quantize(_PLACES)
