"""Random numbers by counter: each is a function of a seed, a world, and its place in the world.

Nothing is drawn in a sequence that something else shares, so worlds can be made in any order, by
any number of threads, and one of them alone.

References
----------
Steele, G., Lea, D. and Flood, C. (2014). Fast splittable pseudorandom number generators. OOPSLA.
The finaliser is SplitMix64's, by D. Stafford (variant 13).
"""

from typing import Any

import numpy as np
from numba import njit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_THIRTY, _TWENTY_SEVEN, _THIRTY_ONE = np.uint64(30), np.uint64(27), np.uint64(31)
_ELEVEN, _UNIT = np.uint64(11), 2.0**-53


@njit(cache=True)
def mixed(value: Any) -> Any:
    """Return 64 bits that look unlike those of any neighbour of ``value`` (uint64)."""
    value = (value ^ (value >> _THIRTY)) * _FIRST
    value = (value ^ (value >> _TWENTY_SEVEN)) * _SECOND
    return value ^ (value >> _THIRTY_ONE)


@njit(cache=True)
def world_key(seed: int, world: int) -> Any:
    """Return the key (uint64) of one world of a seed."""
    return mixed(mixed(np.uint64(seed) + GOLDEN) + np.uint64(world) * GOLDEN)


@njit(cache=True)
def uniform(key: Any, place: int) -> float:
    """Return the number at a place of a world, uniform on [0, 1)."""
    bits = mixed(key + (np.uint64(place) + np.uint64(1)) * GOLDEN)
    return float(bits >> _ELEVEN) * _UNIT
