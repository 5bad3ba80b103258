"""Years held out against worlds: bands of readings, and how often as many would lie inside.

Readings of one year, and of years in a row, depend on each other. How far from nine in ten chance
alone goes is therefore asked of the model: years in a row that it makes itself are held against
the same bands.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import alvh

YEAR = 252
BAND = (0.05, 0.95)
BANDS, STRETCHES, AT_ONCE = 4_800, 480, 48

Readings = dict[str, float]
Read = Callable[[Any], Readings]


def bands_of(model: Any, read: Read, seed: int) -> dict[str, Any]:
    """Return the 90 % band of every reading of a year, from worlds of a year."""
    worlds = alvh.simulate(model, BANDS, YEAR, seed)
    drawn = [
        read(one) for low in range(0, BANDS, AT_ONCE) for one in worlds.shard(low, AT_ONCE)
    ]  # fmt: skip
    return {name: np.quantile([one[name] for one in drawn], BAND) for name in drawn[0]}


def inside(bands: dict[str, Any], years: list[Readings]) -> int:
    """Return how many readings of some years lie in their bands."""
    return sum(low <= one[name] <= high for one in years for name, (low, high) in bands.items())


def as_often(bands: dict[str, Any], years: int, model: Any, read: Read) -> Any:
    """Return how many readings of so many years in a row lie inside, in worlds of the model."""
    worlds = alvh.simulate(model, STRETCHES, years * YEAR, 4)
    counts = []
    for first in range(0, STRETCHES, 16):
        for world in worlds.shard(first, 16):
            parts = world.reshape(years, YEAR)
            counts.append(inside(bands, [read(part) for part in parts]))
    return np.array(counts)


def held_out(days: Any, since: int, model: Any, read: Read, others: Any = None) -> Iterator[str]:
    """Write whether whole years from one on lie in the bands of a model's worlds.

    Parameters
    ----------
    days : ndarray of DAY
    since : int
    model : Model
    read : callable
        Returns the readings of a year of days.
    others : Model, optional
        With the parameters held: how many would lie in its bands is said too.
    """
    years = days["date"].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    held = [y for y in range(since, int(years[-1]) + 1) if (years == y).sum() >= YEAR - 4]
    found, bands = [read(days[years == y]) for y in held], bands_of(model, read, 3)
    yield "| reading | 90 % band | " + " | ".join(map(str, held)) + " |"
    yield "|---|---:|" + "---:|" * len(held)
    for name, (low, high) in bands.items():
        cells = [
            f"{one[name]:.3f}" if low <= one[name] <= high else f"**{one[name]:.3f}**"
            for one in found
        ]  # fmt: skip
        yield f"| {name} | {low:.3f} … {high:.3f} | " + " | ".join(cells) + " |"
    count, total = inside(bands, found), len(held) * len(bands)
    yield ""
    yield f"{count} of {total} readings lie inside, {count / total:.0%}; nine in ten should."
    if others is not None:
        plain = inside(bands_of(others, read, 3), found)
        yield f"With the parameters held at their estimates {plain} would."
    yield from _by_chance(as_often(bands, len(held), model, read), count, total, len(held))


def _by_chance(counts: Any, count: int, total: int, years: int) -> Iterator[str]:
    few, many = np.quantile(counts, (0.025, 0.975))
    word = "is" if few <= count <= many else "**is not**"
    yield (
        "Readings of one year, and years in a row, depend on each other; how far from nine in ten "
        f"chance alone goes is asked of the model. Of {len(counts)} stretches of {years} years "
        "that it makes, held against the same bands, the mean has "
        f"{counts.mean():.1f} of {total} inside, 95 % have {few:.0f} to {many:.0f}, and "
        f"{(counts <= count).mean():.0%} no more than {count}: that many {word} as often as should "
        "be."
    )
