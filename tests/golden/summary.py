"""The canonical text of one run on the bundled data.

``python tests/golden/summary.py`` rewrites ``bundled.txt``. It is done on purpose only: the change
log says under *Numbers that changed* what moved and why. Amounts are whole USD, so that another
machine's last bits of a logarithm are not a change.
"""

from collections import Counter
from pathlib import Path

import numpy as np

import alvh

TEXT = Path(__file__).with_name("bundled.txt")
HEDGE, CONDORS = "alvh-40-40-20", "monthly45"
LISTED_TRADES = 12


def lines():
    """Return the facts of the run, one a line."""
    result = alvh.backtest(alvh.load_history("bundled"), hedge=HEDGE, condors=CONDORS)
    return [*_identity(result), *_levels(result), *_counts(result), *_months(result),
            *_trades(result)]  # fmt: skip


def _identity(result):
    meta = result.meta
    for name in ("hedge", "programme", "start", "end", "equity", "fill", "policy_hash",
                 "programme_hash", "data_digest"):  # fmt: skip
        yield f"{name}: {meta[name]}"


def _usd(value):
    return f"{value:.0f} USD"


def _levels(result):
    yield f"final nav: {_usd(result.nav[-1])}"
    for group, parts in (("profit", result.sleeves), ("costs", result.costs_by_sleeve),
                         ("carry", result.carry)):  # fmt: skip
        for name, values in parts.items():
            yield f"{group} {name}: {_usd(values[-1])}"
    yield f"profit put side: {_usd(result.put_side[-1])}"
    yield f"profit call side: {_usd(result.call_side[-1])}"
    yield f"outlay: {_usd(result.outlay[-1])}"
    yield f"largest margin: {_usd(result.margin.max())}"
    summary = result.summary()
    for name in ("cagr", "volatility", "sharpe", "max_drawdown", "cvar_95", "ulcer", "win_rate",
                 "hedge_cost_per_year", "costs_per_year", "model_priced_share"):  # fmt: skip
        yield f"{name}: {summary[name]:.5f}"


def _counts(result):
    trades = Counter(zip(result.trades["sleeve"], result.trades["action"], strict=True))
    for (sleeve, action), count in sorted(trades.items()):
        yield f"legs {sleeve} {action}: {count}"
    decisions = Counter(zip(result.decisions["sleeve"], result.decisions["action"], strict=True))
    for (sleeve, action), count in sorted(decisions.items()):
        yield f"decisions {sleeve} {action}: {count}"


def _months(result):
    months = result.dates.astype("datetime64[M]")
    last = np.append(np.flatnonzero(months[1:] != months[:-1]), len(months) - 1)
    for t in last:
        yield f"nav {result.dates[t]}: {_usd(result.nav[t])}"


def _trades(result):
    step = max(result.trades.height // LISTED_TRADES, 1)
    for row in result.trades.gather_every(step).iter_rows(named=True):
        yield (
            f"trade {row['date']} {row['sleeve']} {row['action']} {row['quantity']:+.0f} "
            f"{row['root']} {row['expiry']} {row['strike']:g} {row['put_call']} at "
            f"{row['price']:.2f}: {row['reason']}"
        )


if __name__ == "__main__":
    TEXT.write_text("\n".join(lines()) + "\n", encoding="utf-8")
