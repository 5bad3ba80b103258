"""A claim as data: what is said, what is measured, and when it counts as supported."""

from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

import rfc8785
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alvh.errors import DataError


class Condition(BaseModel):
    """One bound of one reading that must lie on one side of a level."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reading: str
    bound: Literal["low", "estimate", "high"]
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("a condition has either 'above' or 'below'")
        return self

    @property
    def level(self) -> float:
        """The level that the bound is held against."""
        return self.above if self.above is not None else self.below or 0.0

    def holds(self, value: float) -> bool:
        """Say whether a bound of this value meets the condition; NaN never does."""
        return value > self.level if self.above is not None else value < self.level

    def refuted(self, low: float, high: float) -> bool:
        """Say whether the whole interval lies on the other side of the level."""
        return high < self.level if self.above is not None else low > self.level

    def words(self) -> str:
        """Say the condition in words."""
        ends = {"low": "lower end of ", "estimate": "", "high": "upper end of "}
        side = "above" if self.above is not None else "below"
        return f"{ends[self.bound]}{self.reading} {side} {self.level:g}"


class Claim(BaseModel):
    """One claim of ``claims.yaml``.

    Attributes
    ----------
    key, of, claim, test : str
        Name; whether the ``text`` or the ``market`` says it; what is said; what is measured.
    trial : str
        Function of ``alvh.evidence.claims.trials`` or ``market_trials``.
    options : dict
        Its keyword arguments.
    needs : tuple of str
        Signals without which it cannot be tried.
    accept : tuple of Condition
        All must hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    of: Literal["text", "market"]
    claim: str
    test: str
    trial: str
    options: dict[str, Any]
    needs: tuple[str, ...] = ()
    accept: tuple[Condition, ...] = Field(min_length=1)

    def rule(self) -> str:
        """Say the rule of acceptance in words."""
        return " and ".join(condition.words() for condition in self.accept)


def load_claims(path: str | Path | None = None, only: Sequence[str] = ()) -> tuple[Claim, ...]:
    """Read the claims.

    Parameters
    ----------
    path : str or Path, optional
        Of a YAML file like ``claims.yaml``; the program's own where absent.
    only : sequence of str
        Keys of the ones wanted; all where empty.

    Raises
    ------
    DataError
        If the file is no list of claims, or a key is not in it.
    """
    source = Path(path) if path is not None else files("alvh.evidence.claims") / "claims.yaml"
    try:
        rows = yaml.safe_load(source.read_text(encoding="utf-8"))
        found = tuple(Claim.model_validate(row) for row in rows)
    except (OSError, TypeError, yaml.YAMLError, ValidationError) as error:
        raise DataError(
            f"{source}: wanted a YAML list of claims, each with key, of, claim, test, trial, "
            f"options and accept; {error}"
        ) from error
    known = [claim.key for claim in found]
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise DataError(f"no claim {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(claim for claim in found if not only or claim.key in only)


def claims_hash(claims: Sequence[Claim]) -> str:
    """Return the SHA-256 of what is tested and by which rules, so that a change of them shows."""
    values = [claim.model_dump(mode="json") for claim in claims]
    return sha256(rfc8785.dumps(values)).hexdigest()
