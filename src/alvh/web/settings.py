"""What a page may ask for: every value has its type and its bounds, and nothing else is taken."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Floats = NDArray[np.float64]


def left_alone(value: Any) -> Any:
    """Return None for an empty field of a form, which was left alone."""
    return None if value == "" else value


def exact(value: float) -> str:
    """Write a number with all of its digits and no more, without an exponent.

    Examples
    --------
    >>> exact(5_000_000.0), exact(1_234_567.89), exact(0.1)
    ('5000000', '1234567.89', '0.1')
    """
    return f"{Decimal(repr(value)).normalize():f}"


Name = Annotated[str, Field(min_length=1, max_length=64)]
Day = Annotated[date | None, BeforeValidator(left_alone)]
Share = Annotated[Annotated[int, Field(ge=0, le=100)] | None, BeforeValidator(left_alone)]


SPLIT = ("short", "medium", "tail")


class Account(BaseModel):
    """The settings that every screen shares: what is run, on which days, with how much."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    hedge: Name = Field(default="alvh-40-40-20", description="hedge policy on offer")
    condors: Name = Field(default="monthly45", description="condor programme on offer")
    start: Day = Field(default=None, description="first session; the first possible by default")
    end: Day = Field(
        default=None, description="last session, or evening; the last of the data by default"
    )
    equity: float = Field(default=1_000_000.0, ge=1_000, le=1e10, description="USD at the start")
    fill: float = Field(default=0.5, ge=0, le=1, description="0 trades at mid, 1 at the touch")
    short: Share = Field(
        default=None, description="share of the short layer, %; own weights by default"
    )
    medium: Share = Field(default=None, description="share of the medium layer, %")
    tail: Share = Field(default=None, description="share of the tail layer, %")

    @model_validator(mode="after")
    def _whole_split(self) -> Self:
        given = [share for share in (self.short, self.medium, self.tail) if share is not None]
        if given and (len(given) < 3 or sum(given) != 100):
            raise ValueError(
                f"a split of {', '.join(map(str, given))} %: three shares that add up to 100 were "
                "wanted; give short, medium and tail, or none of them"
            )
        return self

    @property
    def split(self) -> Floats | None:
        """Shares of short, medium and tail, shape (3,); None for the policy's own weights."""
        if self.short is None or self.medium is None or self.tail is None:
            return None
        return np.array([self.short, self.medium, self.tail]) / 100.0

    def label(self, policy: str) -> str:
        """Name a policy, with the split that stands in place of its own where one was chosen."""
        if self.split is None:
            return policy
        return f"{policy} at {self.short}/{self.medium}/{self.tail}"

    def query(self, *, without: tuple[str, ...] = ()) -> dict[str, str]:
        """Return what differs from the defaults, as the query of an address."""
        values = self.model_dump(mode="json", exclude_defaults=True, exclude=set(without))
        return {
            name: exact(value) if isinstance(value, float) else str(value)
            for name, value in values.items()
        }


class Unasked(BaseModel):
    """No settings: for what has none, so that one that is given is refused and not left aside."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Held(Account):
    """An account, and whose book is looked at."""

    book: Annotated[Literal["own", "policy"] | None, BeforeValidator(left_alone)] = Field(
        default=None,
        description="the user's own book or the policy's; by default the own where there is one",
    )
