"""Faults between two slices of one moment: calendars, and settlements that are swapped."""

from typing import Final

import numpy as np

from alvh.market.chains.slices import Floats, Heads, Ints, Marks, Parity, Slices, ranges

SLACK: Final = 0.10  # points: one tick of SPX and VIX options from 3.00 on


def mark_calendar(slices: Slices, parity: Parity, heads: Heads, marks: Marks) -> None:
    """Mark a quote that is dearer, in units of its forward, than one of the next expiry.

    Between two strikes the later price lies below the line between their asks, as prices are
    convex: where the earlier bid is above that line, it is above the price.
    """
    for call in (True, False):
        side = slices.side(call)
        side = side.where(side.whole)
        places = ranges(side)
        told = [g for g in places if np.isfinite(parity.forward[g])]
        for near, far in _successive(told, heads):
            marks[_dearer(side, places, (near, far), parity, call)] = True


def _successive(groups: list[int], heads: Heads) -> list[tuple[int, int]]:
    """Pair slices of one moment with the next expiry's; of two on a day with the one at the close.

    Two expiries of one day are not compared.
    """
    order = sorted(groups, key=lambda g: (heads.moment[g], heads.expiry[g], not heads.standard[g]))
    pairs, last = [], len(order) - 1
    for at, near in enumerate(order):
        after = at + 1
        while after <= last and heads.expiry[order[after]] == heads.expiry[near]:
            after += 1
        if after <= last and heads.moment[order[after]] == heads.moment[near]:
            pairs.append((near, order[after]))
    return pairs


def _dearer(
    side: Slices,
    places: dict[int, tuple[int, int]],
    pair: tuple[int, int],
    parity: Parity,
    call: bool,
) -> Ints:
    """Return the rows of the nearer slice that are bid above what the further one is asked at."""
    (i, j), (m, n) = (places[group] for group in pair)
    near, far = (parity.forward[group] for group in pair)
    unit, far_unit = (parity.discount[group] * parity.forward[group] for group in pair)
    money, far_money = side.strike[i:j] / near, side.strike[m:n] / far
    line = np.interp(money, far_money, side.ask[m:n] / far_unit)
    inside = (money >= far_money[0]) & (money <= far_money[-1])
    outside_money = money >= 1.0 if call else money <= 1.0
    bad = inside & outside_money & (side.bid[i:j] / unit > line + SLACK / near)
    found: Ints = side.row[i:j][bad]
    return found


def mark_swapped(slices: Slices, parity: Parity, heads: Heads, marks: Marks) -> None:
    """Mark both slices of a third Friday on which the earlier settlement is worth more."""
    groups = np.unique(slices.group)
    days: dict[tuple[int, int], list[int]] = {}
    for g in groups.tolist():
        days.setdefault((int(heads.moment[g]), int(heads.expiry[g])), []).append(g)
    places = ranges(slices)
    for pair in days.values():
        if len(pair) != 2 or not np.isfinite(parity.forward[pair]).all():
            continue
        opening, closing = sorted(pair, key=lambda g: not heads.standard[g])
        if _straddle_is_dearer(slices, places[opening], places[closing], parity.forward[closing]):
            for g in pair:
                i, j = places[g]
                marks[slices.row[i:j]] = True


def _straddle_is_dearer(
    slices: Slices, opening: tuple[int, int], closing: tuple[int, int], forward: float
) -> bool:
    early, bid, _ = _straddles(slices, *opening)
    late, _, ask = _straddles(slices, *closing)
    shared, i, j = np.intersect1d(early, late, assume_unique=True, return_indices=True)
    if not len(shared):
        return False
    at = np.argmin(np.abs(shared - forward))
    return bool(bid[i[at]] > ask[j[at]] + SLACK)


def _straddles(slices: Slices, i: int, j: int) -> tuple[Floats, Floats, Floats]:
    """Return the strikes of a slice at which call and put are bid, and bid and ask of both."""
    strike, bid, ask = slices.strike[i:j], slices.bid[i:j], slices.ask[i:j]
    good = slices.whole[i:j] & (bid > 0)
    k = np.flatnonzero((np.diff(strike) == 0) & good[:-1] & good[1:])
    return strike[k], bid[k] + bid[k + 1], ask[k] + ask[k + 1]
