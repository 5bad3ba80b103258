"""What signals say on one session, as the engine hears it; and made-up sayings to try it with."""

from dataclasses import dataclass

import numpy as np

from alvh.guides import neutral_guides

LAYERS = ("short", "medium", "tail")
SETS = 5  # of scenarios


@dataclass(frozen=True)
class Guide:
    """One row of GUIDE, with names."""

    factor: dict
    inverted: bool
    strong: frozenset
    distorted: bool
    next_event: int | None
    event_ahead: bool
    range_scale: float
    premium: float
    scenarios: int | None
    least_cvar: float


def read_guide(row):
    return Guide(
        dict(zip(LAYERS, map(float, row["factor"]), strict=True)),
        bool(row["inverted"]),
        frozenset(name for name, flag in zip(LAYERS, row["strong"], strict=True) if flag),
        bool(row["distorted"]),
        int(row["next_event"]) or None,
        bool(row["event_ahead"]),
        float(row["range_scale"]),
        float(row["premium"]),
        None if row["scenarios"] < 0 else int(row["scenarios"]),
        float(row["least_cvar"]),
    )


def made_up(days, seed, floor=0.5, cap=1.5):
    """Guides at random: stretches of inversion, distortion and strength, and monthly events."""
    rng, n = np.random.default_rng(seed), len(days)
    rows = np.resize(neutral_guides(), n)
    rows["factor"] = np.clip(1.0 + 0.4 * _walk(rng, n, 3), floor, cap)
    rows["inverted"] = _walk(rng, n, 1)[:, 0] > 1.0
    rows["distorted"] = _walk(rng, n, 1)[:, 0] > 0.8
    rows["strong"] = _walk(rng, n, 3) > 0.9
    rows["event_ahead"] = rng.random(n) < 0.1
    rows["range_scale"] = 1.0 + 0.1 * _walk(rng, n, 1)[:, 0]
    rows["range_scale"][: n // 20] = np.nan
    rows["premium"] = rng.random(n)
    rows["premium"][: n // 30] = np.nan
    events = np.sort(rng.choice(days["date"], max(n // 12, 1), replace=False))
    place = np.searchsorted(events, days["date"], side="right")
    known = place < len(events)
    rows["next_event"][known] = events[place[known]]
    rows["scenarios"] = np.arange(n) // 21 % SETS
    rows["least_cvar"] = -rng.choice([0.01, 0.03, 0.2], n)
    return rows


def made_up_scenarios(seed, count=30):
    """Weighted moves of a week at random, shape (SETS, count + 1, 4); the last row is padding."""
    rng = np.random.default_rng(seed)
    moves = np.zeros((SETS, count + 1, 4))
    moves[:, :count, 0] = 0.02 * rng.standard_t(4, (SETS, count)).clip(-8, 8)
    moves[:, :count, 1] = -4.0 * moves[:, :count, 0] + 0.05 * rng.standard_normal((SETS, count))
    moves[:, :count, 2] = rng.dirichlet(np.ones(count), SETS)
    moves[:, :, 3] = 7
    return moves


def _walk(rng, n, width):
    """Series around zero, of deviation about one, that stay where they are for weeks."""
    out = np.zeros((n, width))
    for t in range(1, n):
        out[t] = 0.97 * out[t - 1] + 0.25 * rng.standard_normal(width)
    return out
