"""What makes two policies the same: a canonical form, its hash, and the list of differences."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import rfc8785

from alvh.policy.models import CondorProgramme, HedgePolicy

Policy = HedgePolicy | CondorProgramme


@dataclass(frozen=True)
class Difference:
    """One value that differs between two policies.

    Attributes
    ----------
    key : str
        Dotted key; layers are named, not counted (``layers.short.delta``).
    left, right : object
        The two values; None where that side has none.
    """

    key: str
    left: object
    right: object


def canonical_json(policy: Policy) -> bytes:
    """Write a policy as canonical JSON (sorted keys, shortest numbers).

    Parameters
    ----------
    policy : HedgePolicy or CondorProgramme
        The policy.

    Returns
    -------
    bytes
        UTF-8.

    References
    ----------
    RFC 8785, JSON Canonicalization Scheme.
    """
    return rfc8785.dumps(policy.model_dump(mode="json"))


def policy_hash(policy: Policy) -> str:
    """Return the identity of a policy: SHA-256 of its canonical JSON.

    Two files that say the same, in whatever order, with whatever comments, have one hash; any
    change of a value, the name and description included, changes it.

    Parameters
    ----------
    policy : HedgePolicy or CondorProgramme
        The policy.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return _hash_of(policy)


@lru_cache(maxsize=64)  # by value: policies cannot change
def _hash_of(policy: Policy) -> str:
    return hashlib.sha256(canonical_json(policy)).hexdigest()


def diff_policies(left: Policy, right: Policy) -> tuple[Difference, ...]:
    """List every value in which two policies differ.

    Parameters
    ----------
    left, right : HedgePolicy or CondorProgramme
        The policies.

    Returns
    -------
    tuple of Difference
        In the order of the left policy, then what only the right one has; empty if equal.
    """
    ours, theirs = flat_values(left), flat_values(right)
    keys = (*ours, *(key for key in theirs if key not in ours))
    return tuple(
        Difference(key, ours.get(key), theirs.get(key))
        for key in keys
        if ours.get(key) != theirs.get(key)
    )


def flat_values(policy: Policy) -> dict[str, object]:
    """Return the values of a policy under dotted keys, layers by name.

    Parameters
    ----------
    policy : HedgePolicy or CondorProgramme
        The policy.

    Returns
    -------
    dict of str to object
        Scalars and lists of scalars, in the order of the model.
    """
    return dict(flatten(policy.model_dump(mode="json")))


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the values of nested plain data under dotted keys, named lists by name.

    Parameters
    ----------
    value : object
        Mappings, lists and scalars, as JSON holds them.
    prefix : str
        Dotted key of ``value`` itself.

    Yields
    ------
    tuple of (str, object)
        Key, and scalar or list of scalars.
    """
    if isinstance(value, dict):
        for key, child in value.items():
            yield from flatten(child, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for child in value:
            rest = {key: part for key, part in child.items() if key != "name"}
            yield from flatten(rest, f"{prefix}.{child['name']}")
    else:
        yield prefix, value
