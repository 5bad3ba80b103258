"""Made-up chains for the days of a world: full, thin, with gaps, and as odd as real ones are."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from alvh.kernel.codes import RIGHTS, ROOTS
from alvh.kernel.records import NO_QUOTES, QUOTE
from twin import worlds
from twin.market import Contract, Market, black, d1, norm_cdf

FARTHEST = {"SPX": 200, "VIX": 300}  # days out that expiries are quoted
SPX_STEPS, VIX_STEPS = (5.0, 10.0, 25.0, 50.0), (0.5, 1.0, 2.5)
MOST = 22  # strikes of a right at an expiry
THIN = 7  # fewer than can be chosen from


@dataclass(frozen=True)
class Style:
    """Shares of a day's quotes: expiries that are there, thin strips, and oddities."""

    expiries: float
    thin: float = 0.1
    away: float = 0.1  # expiries priced far from the smile
    unknown: float = 0.1  # strips without deltas
    locked: float = 0.05
    no_bid: float = 0.05


FULL = Style(expiries=0.8, thin=0.03, away=0.03, unknown=0.03)
ODD = Style(expiries=0.6, away=0.4, unknown=0.3, locked=0.3, no_bid=0.2)
SPARSE = Style(expiries=0.12)
THIN_ONLY = Style(expiries=0.5, thin=1.0)
STYLES = (FULL, ODD, SPARSE, THIN_ONLY)


def with_chains(world, seed, share=0.6):
    """The same world with chains on a share of its days, of SPX, of VIX or of both."""
    rng = np.random.default_rng(seed)
    days, blocks, count = world.days.copy(), [], 0
    for record in days:
        record["quote_first"] = record["quote_end"] = count
        if not record["tradable"] or rng.random() > share:
            continue
        style, market = STYLES[rng.choice(len(STYLES), p=(0.5, 0.25, 0.15, 0.1))], Market(record)
        kinds = [kind for kind in ("SPX", "VIX") if rng.random() < 0.85]
        rows = [row for kind in kinds for row in _rows(world, market, kind, style, rng, seed)]
        rows.sort(key=lambda row: (row[0], row[2], row[1], row[3]))
        blocks.append(np.array(rows, QUOTE))
        count += len(rows)
        record["quote_end"] = count
        for kind in kinds:
            name = kind.lower()
            record[f"{name}_fitted"] = rng.random() < 0.7
            record[f"{name}_widening"] = rng.uniform(-0.5, 2.0)
    quotes = np.concatenate(blocks) if count else NO_QUOTES
    return replace(world, days=days, quotes=quotes)


@lru_cache(maxsize=24)
def quoted_world(seed, n=160, share=0.6):
    """A random market whose days have random chains."""
    return with_chains(worlds.random_world(seed, n), seed, share)


def levelled(world):
    """The same world where every VIX option has one price, so that a spread costs nothing."""
    quotes = world.quotes.copy()
    quotes["bid"][quotes["root"] == ROOTS.index("VIX")] = 1.0
    quotes["ask"][quotes["root"] == ROOTS.index("VIX")] = 1.0
    return replace(world, quotes=quotes)


def _rows(world, market, kind, style, rng, seed):
    """The day's quotes of one index, as tuples of QUOTE."""
    table = world.spx_expiries if kind == "SPX" else world.vix_expiries
    low = bisect_right(table["date"], market.date)
    high = bisect_left(table["date"], market.date + FARTHEST[kind])
    for expiry in table[low:high]:
        if expiry["listed"] > market.date or rng.random() > style.expiries:
            continue
        root = kind if kind == "VIX" or expiry["am"] else "SPXW"
        for right in "CP":
            plain = Contract(root, right, int(expiry["date"]), int(expiry["session"]), 1.0)
            yield from _strip(market, plain, style, rng, seed)


def _strip(market, plain, style, rng, seed):
    """Quotes of one right at one expiry: its strikes stay what they are from day to day."""
    forward, years = market.forward(plain), market.tau(plain) / 365.0
    strikes = [k for k in _strikes(plain, forward, seed) if rng.random() < 0.85]
    if rng.random() < style.thin:
        strikes = strikes[: rng.integers(0, THIN + 1)]
    factor = rng.uniform(0.5, 1.6) if rng.random() < style.away else math.exp(0.03 * rng.normal())
    factor *= math.exp(-market.rate * years)
    off = np.nan if rng.random() < style.unknown else 0.01 * rng.normal()
    for strike in strikes:
        sigma = market.sigma(plain, forward, strike)
        bid, ask = _quote(factor * black(forward, strike, sigma, years, plain.right), style, rng)
        one = d1(forward, strike, sigma, years)
        delta = norm_cdf(one if plain.right == "C" else -one) + off + 0.002 * rng.normal()
        known = rng.random() > 0.03 and not math.isnan(delta)
        yield (
            ROOTS.index(plain.root), RIGHTS.index(plain.right), plain.expiry, strike, bid, ask,
            min(max(delta, 0.0), 1.0) if known else np.nan,
        )  # fmt: skip


def _strikes(plain, forward, seed):
    """Multiples of a step that is the expiry's own, some of them unknown to the listing rules."""
    rng = np.random.default_rng([seed, plain.expiry, ROOTS.index(plain.root)])
    steps, reach = (SPX_STEPS, 0.15) if plain.root.startswith("SPX") else (VIX_STEPS, 0.6)
    widest = 2.0 * reach * forward / MOST
    step = max(rng.choice(steps), steps[0] * math.ceil(widest / steps[0]))
    first = math.ceil((1.0 - reach) * forward / step)
    return [step * k for k in range(first, math.floor((1.0 + reach) * forward / step) + 1)]


def _quote(mid, style, rng):
    """Bid and ask on ticks around a price; locked, or without a bid, now and then."""
    per_point = 20 if mid < 3.0 else 10
    if rng.random() < style.locked:
        price = max(round(mid * per_point), 1) / per_point
        return price, price
    half = rng.uniform(0.0, 0.03 * mid + 0.15)
    bid = max(math.floor((mid - half) * per_point), 0)
    ask = max(math.ceil((mid + half) * per_point), bid + 1)
    return (0.0 if rng.random() < style.no_bid else bid / per_point), ask / per_point
