"""Signals of one day worked out again in plain Python: lists, loops and the standard library.

It shares no code with the package but the history it reads and the dates of VIX expiries.
"""

import math
import statistics
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from alvh.calendars import vix_expiry
from alvh.market.history import History

HOLIDAYS = {date(2020, 4, 10), date(2017, 11, 23)}  # Good Friday, Thanksgiving


def _known(values: list[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


def _until(history: History, name: str, day: date) -> list[float]:
    """Return a column up to a day, holes included."""
    last = int(np.flatnonzero(history.dates == np.datetime64(day))[0])
    return [float(value) for value in history[name][: last + 1]]


def wilder(values: list[float]) -> float:
    changes = [b - a for a, b in pairwise(values)]
    gain = sum(max(c, 0.0) for c in changes[:14]) / 14
    loss = sum(max(-c, 0.0) for c in changes[:14]) / 14
    for change in changes[14:]:
        gain = (13 * gain + max(change, 0.0)) / 14
        loss = (13 * loss + max(-change, 0.0)) / 14
    return 100.0 - 100.0 / (1.0 + gain / loss)


def histogram(values: list[float]) -> float:
    def averages(of: list[float], n: int) -> list[float]:
        found = [sum(of[:n]) / n]
        for value in of[n:]:
            found.append(found[-1] + 2 / (n + 1) * (value - found[-1]))
        return found

    difference = [
        fast - slow
        for fast, slow in zip(averages(values[14:], 12), averages(values, 26), strict=True)
    ]
    return difference[-1] - averages(difference, 9)[-1]


def z(values: list[float], window: int = 756) -> float:
    last = _known(values)[-window:]
    return (last[-1] - statistics.mean(last)) / statistics.stdev(last)


def hv(closes: list[float], sessions: int) -> float:
    """Return realised volatility in volatility points."""
    last = closes[-sessions - 1 :]
    returns = [math.log(b / a) for a, b in pairwise(last)]
    return 100 * statistics.stdev(returns) * math.sqrt(252)


def business_days(day: date, due: date) -> int:
    days = (day + timedelta(n) for n in range(1, (due - day).days + 1))
    return sum(one.weekday() < 5 and one not in HOLIDAYS for one in days)


def settlement(history: History, day: date, due: date) -> float:
    for row in history.futures.iter_rows(named=True):
        if row["date"] == day and row["expiry"] == due:
            return float(row["settle"])
    raise LookupError(f"{day} {due}")


def front_rsi(history: History, day: date) -> float:
    """Return the RSI of the front future, each change that of one contract."""
    book = {(row["date"], row["expiry"]): row["settle"] for row in history.futures.to_dicts()}
    due = [vix_expiry(year, month) for year in range(2006, 2021) for month in range(1, 13)]
    level = [0.0]
    for before, today in pairwise(history.dates.astype(object)):
        front = next((one for one in due if one > today), None)
        if today <= day and (before, front) in book and (today, front) in book:
            level.append(level[-1] + book[today, front] - book[before, front])
    return wilder(level)


def divergence(history: History, day: date, counts: bool) -> float:
    """Return z of the 20-session return less z of the breadth: NYSE counts or share of members."""
    spx = _until(history, "spx", day)
    returns = [b / a - 1 for a, b in zip(spx, spx[20:], strict=False)]
    if not counts:
        return z(returns) - z(_known(_until(history, "sp_breadth", day))[49:])
    up, down = (_until(history, name, day)[-1000:] for name in ("advances", "declines"))
    line = [
        (sum(up[i - 19 : i + 1]) - sum(down[i - 19 : i + 1]))
        / (sum(up[i - 19 : i + 1]) + sum(down[i - 19 : i + 1]))
        for i in range(19, len(up))
    ]
    return z(returns) - z(line)


def expected_ranges(history: History, day: date) -> list[float]:
    spx, vix, vix9d = (_until(history, name, day) for name in ("spx", "vix", "vix9d"))
    found = []
    for i in range(len(spx)):
        implied = vix[i] if math.isnan(vix9d[i]) else vix9d[i]
        realised = hv(spx[: i + 1], 20) if i >= 20 else implied
        found.append((0.7 * implied + 0.3 * realised) / 100 / math.sqrt(252))
    return found


def spot(history: History, day: date, first: date, second: date, nearest: date) -> dict[str, float]:
    """Return raw values by signal; the contracts of that day are named by the caller."""
    spx, vix = _until(history, "spx", day), _until(history, "vix", day)
    past = expected_ranges(history, day)
    moves = [abs(b / a - 1) / past[i] for i, (a, b) in enumerate(pairwise(spx))]
    trailing = sorted(_known(moves)[-756:])
    premium = _known([v - hv(spx[: i + 1], 20) for i, v in enumerate(vix) if i >= 20])
    below = sum(one < premium[-1] for one in premium[-252:])
    front, back = settlement(history, day, first), settlement(history, day, second)
    marks = (
        wilder(spx) > 68,
        vix[-1] / hv(spx, 30) >= 1.18,
        back / front - 1 >= 0.08,
        vix[-1] > sum(vix[-200:]) / 200,
    )
    return {
        "rsi_spx": wilder(spx),
        "rsi_vix": wilder(_known(vix)),
        "rsi_vx1": front_rsi(history, day),
        "rsi_gap": wilder(spx) - wilder(_known(vix)),
        "hedge_cheap": float(wilder(spx) > 70 and wilder(_known(vix)) < 40),
        "macd": histogram([math.log(v) for v in _known(vix)]),
        "breadth": divergence(history, day, counts=False),
        "vix_slope": vix[-1] / _until(history, "vix3m", day)[-1],
        "contango": back / front - 1,
        "roll_yield": (settlement(history, day, nearest) - vix[-1]) / business_days(day, nearest),
        "vvix": _until(history, "vvix", day)[-1],
        "skew": _until(history, "skew", day)[-1],
        "big_top": float(sum(marks)),
        "variance_premium": vix[-1] / hv(spx, 20),
        "expected_range": past[-1],
        "range_multiple": trailing[math.ceil(0.8 * len(trailing)) - 1],
        "premium_gauge": below / 251,
    }
