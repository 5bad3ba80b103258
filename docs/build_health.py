"""Rewrite the examples of docs/health.md; everything else on the page is written by hand.

Run with ``python docs/build_health.py --data ../shared/data`` after a change of numbers.
"""

import argparse
import math
import re
from pathlib import Path

import alvh
from alvh.advise.health import health
from alvh.advise.pool import pool
from alvh.advise.steward import steward

PAGE = Path(__file__).with_name("health.md")
EVENINGS = ("2017-11-03", "2020-03-16")  # lowest and highest VIX close on record
EXAMPLE = re.compile(r"^- `(\w+)`: 2017-11-03 \S+; 2020-03-16 \S+$", re.MULTILINE)


def figures(history: alvh.History, end: str) -> dict[str, float]:
    """Return every figure of the example book on one evening, by name."""
    programme, policy = alvh.load_programme("monthly45"), alvh.load_policy("alvh-40-40-20")
    result = alvh.backtest(history, policy, programme, "2007-01-03", end)
    solved = steward(history, result, programme, policy)
    layers = pool(result, {str(layer.name): layer.weight for layer in policy.layers})
    return health(history, result).figures() | {
        "steward_cvar": solved.steward.cvar,
        "promoter_cvar": solved.promoter.cvar,
        "book_cvar": solved.book_cvar,
        "steward_score": solved.score,
        "pool_drift_rate": layers.drift_rate,
        "pool_best_band": layers.curve.best,
    }


def written(name: str, value: float) -> str:
    """Return a figure as the page has it: whole USD, two places, four below one."""
    if math.isnan(value):
        return "none"
    if value == 0.0:
        return "0"
    if name.endswith("_usd"):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 1.0 else f"{value:.2f}"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of market downloads")
    history = alvh.load_history(parser.parse_args().data)
    first, second = (figures(history, end) for end in EVENINGS)

    def example(found: re.Match[str]) -> str:
        name = found.group(1)
        values = (written(name, one[name]) for one in (first, second))
        return "- `{}`: 2017-11-03 {}; 2020-03-16 {}".format(name, *values)

    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(EXAMPLE.sub(example, page), encoding="utf-8")


if __name__ == "__main__":
    main()
