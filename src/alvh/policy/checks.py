"""The base model, the scalar types and the refusal that the policy models share.

A refusal names the key, what it was, what is wanted and the remedy, and leaves the place in the
file to whoever read the file.
"""

import itertools
import re
from typing import Annotated, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from alvh.formats import quoted

REFUSAL = "policy_refusal"
_RATIO = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*")

Count = Annotated[int, Field(strict=True)]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]


def _ratio_to_float(value: object) -> object:
    """Turn ``"1/3"`` into the nearest float; leave anything else to the type check."""
    match = _RATIO.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[2]) == 0:
        return value
    return int(match[1]) / int(match[2])


Ratio = Annotated[float, BeforeValidator(_ratio_to_float), Field(strict=True, allow_inf_nan=False)]


class PolicyModel(BaseModel):
    """Immutable model that refuses unknown keys and non-finite numbers."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


def refuse(key: str, *, was: object, wanted: str, remedy: str) -> NoReturn:
    """Refuse a value that is wrong only in the light of another.

    Parameters
    ----------
    key : str
        Key the reader should change, relative to the model that judges (``"short_delta"``,
        ``"layers.1.tenor_days"``).
    was : object
        The value found there.
    wanted : str
        What is accepted, without a leading verb.
    remedy : str
        What to do about it, as an imperative.

    Raises
    ------
    pydantic_core.PydanticCustomError
        Always; pydantic gathers it into its ``ValidationError``.
    """
    context = {"key": key, "was": quoted(was), "wanted": wanted, "remedy": remedy}
    raise PydanticCustomError(REFUSAL, "{key} is {was}; wanted {wanted}; {remedy}", context)


def require_ascending(key: str, values: tuple[float, ...]) -> None:
    """Refuse a sequence that is not strictly ascending.

    Parameters
    ----------
    key : str
        Key of the sequence.
    values : tuple of float
        The sequence.

    Raises
    ------
    pydantic_core.PydanticCustomError
        If a value is not above its predecessor.
    """
    if any(right <= left for left, right in itertools.pairwise(values)):
        refuse(
            key,
            was=list(values),
            wanted="numbers that rise from left to right",
            remedy=f"write {key}: {sorted(set(values))}",
        )
