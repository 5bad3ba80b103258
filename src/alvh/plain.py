"""Any value of the package as what JSON can hold."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import date
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold.

    Parameters
    ----------
    value : object
        Plain values, dates, paths, numpy scalars and arrays, tables, pydantic models and
        dataclasses; a number that is not finite becomes None, which JSON has and NaN it has not.

    Returns
    -------
    object
        Mappings, lists, texts, numbers, booleans and None.

    Raises
    ------
    TypeError
        If a value has no JSON form.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return _plain_object(value)


def _plain_object(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(mode="json"))
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if hasattr(value, "to_dicts"):  # a polars table, which is not imported for this
        return plain(value.to_dicts())
    if hasattr(value, "tolist"):  # a numpy scalar or array
        return plain(value.tolist())
    if isinstance(value, Iterable):
        return [plain(child) for child in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
