"""Write the measured part of docs/simplex.md: where the split stands, and how often the test errs.

Run with ``python docs/build_simplex.py --data ../shared/data``. Everything between the two marks
on the page is computed here; the rest of the page is written by hand.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from build_pictures import SPLIT_RESAMPLES, draw_simplex

import alvh
from alvh.evidence.intervals import growth_and_tail, paired_differences, resampled_days
from alvh.evidence.simplex import criteria_of, standing_of, superiority_of
from alvh.formats import p_value

PAGE = Path(__file__).with_name("simplex.md")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
START = "2007-01-03"
HEDGE = "alvh-40-40-20"
PROGRAMMES = ("monthly45", "cndr", "daily1")
BASES = ("premium", "contracts", "vega")
NAMES = {
    "growth": "growth",
    "risk_removed": "risk removed",
    "per_carry": "risk removed per carry",
}
SESSIONS, BOOKS, SHARED, OWN = 2000, 11, 0.01, 0.002  # of the planted histories
TRIALS, GAINS = 200, (0.0, 1e-4, 2e-4, 4e-4)
COVERED, LONG_RUN = 200, 1_000_000  # made-up pairs of books; sessions that the truth is read off


def percent(value: float, places: int = 2) -> str:
    """Write a fraction as per cent, without a minus sign before nought."""
    return f"{round(100 * value, places) + 0.0:.{places}f} %"


def split(shares: np.ndarray) -> str:
    """Write a split."""
    return "/".join(f"{100 * share:.0f}" for share in shares)


def standing(found: alvh.Simplex) -> Iterator[str]:
    """Write the splits that matter of one programme, and the ranks."""
    chosen = {split(found.splits[found.marked]): found.marked}
    for one in found.standings.values():
        chosen[split(found.splits[one.best])] = one.best
    for layer in range(3):
        row = int(found.splits[:, layer].argmax())
        chosen[split(found.splits[row])] = row
    yield (
        "| short/medium/tail | growth | CVaR month | carry | hedge profit |"
        " risk removed per carry |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for name, row in chosen.items():
        yield (
            f"| {name} | {percent(found.growth[row])} | {percent(found.cvar_month[row])} | "
            f"{percent(found.carry[row])} | {percent(found.hedge_pnl[row])} | "
            f"{found.standings['per_carry'].values[row]:.2f} |"
        )
    yield f"| no hedge | {percent(found.twin_growth)} | {percent(found.twin_cvar_month)} | | | |"
    yield ""


def ranks(label: str, found: alvh.Simplex) -> str:
    """Write one line of ranks."""
    cells = []
    for one in found.standings.values():
        mark = "yes" if one.region[found.marked] else "**no**"
        rank = f"{one.rank} ({one.rank_low}–{one.rank_high})"
        cells.append(f"{rank} | {split(found.splits[one.best])} | {mark}")
    p = p_value(found.spa, found.meta["resamples"]).removeprefix("= ")
    return f"| {label} | " + " | ".join(cells) + f" | {p} |"


def planted(gain: float, seed: int) -> tuple[bool, bool, bool]:
    """Return for one made-up history: best found, true best in the region, SPA rejects at 5 %."""
    rng = np.random.default_rng(seed)
    logs = SHARED * rng.standard_normal(SESSIONS) + OWN * rng.standard_normal((BOOKS, SESSIONS))
    logs[5] += gain
    carry = np.full(logs.shape, -1e-4)
    draws = np.stack(
        [
            criteria_of(logs[:, rows], carry[:, rows])[1]
            for rows in resampled_days(SESSIONS, 20, 200, seed)
        ]
    )
    one = standing_of(criteria_of(logs, carry)[1][0], draws[:, 0], 0, 0.95)
    held = bool(one.region[4])
    alone = one.best == 4 and int(one.region.sum()) == 1
    return alone, held, superiority_of(logs, 0, 20, seed, 200) < 0.05


def rates() -> Iterator[str]:
    """Write how often a planted winner is found, and how often one is seen where there is none."""
    yield (
        "| lead of the winner a year | found alone | true best in the region | SPA rejects at 5 % |"
    )
    yield "|---:|---:|---:|---:|"
    for gain in GAINS:
        trials = np.array([planted(gain, seed) for seed in range(TRIALS)])
        alone, held, rejects = trials.mean(axis=0)
        cells = [percent(252 * gain, 1), *(percent(rate, 0) for rate in (alone, held, rejects))]
        yield "| " + " | ".join(cells) + " |"
    yield (
        f"\n{TRIALS} made-up histories a row: {SESSIONS} sessions, {BOOKS - 1} splits that share a "
        f"daily noise of {percent(SHARED, 1)} and have one of {percent(OWN, 1)} of their own. In "
        "the first row all are equal: one of them, chosen beforehand, counts as the best."
    )


def pair(sessions: int, rough: bool, rng: np.random.Generator) -> np.ndarray:
    """Return log returns of a twin and of a hedged book, shape (2, sessions).

    The hedge takes a tenth of every move back and costs 2 % a year. Rough: ln volatility has a
    deviation of 0.36 and a half-life of 34 sessions, as ln VIX has.
    """
    size = np.full(sessions, 0.006)
    if rough:
        steps, level = 0.0716 * rng.standard_normal(sessions), 0.0
        for t, step in enumerate(steps):
            level = 0.98 * level + step
            size[t] = 0.006 * np.exp(level)
    first, second = size * rng.standard_normal((2, sessions))
    return np.stack([first, 0.9 * first + 0.2 * second - 0.02 / 252])


def covered(years: int, rough: bool) -> tuple[float, float, float]:
    """Return how often 95 % intervals hold the true growth, the true tail, and no effect.

    The tail is that of a run so long that it is known. The last rate is how often an effect is seen
    of a hedge that costs nothing, whose growth is its twin's.
    """
    long = pair(LONG_RUN, rough, np.random.default_rng(99))
    truth = growth_and_tail(long, 252)
    gap, null = truth[:, 1] - truth[:, 0], 0
    held = np.zeros(2)
    for seed in range(COVERED):
        logs = pair(252 * years, rough, np.random.default_rng(seed))
        books = {"hedged": np.expm1(logs[1]), "free": np.expm1(logs[1] + 0.02 / 252)}
        found, _ = paired_differences(
            books, np.expm1(logs[0]), periods=252, rng=np.random.default_rng(seed), resamples=300
        )
        one = found["hedged"]
        growth = np.expm1(-0.02)  # of log returns without drift the growth is known exactly
        held += [one.cagr.low <= growth <= one.cagr.high, one.cvar.low <= gap[1] <= one.cvar.high]
        null += found["free"].cagr.excludes_zero
    return held[0] / COVERED, held[1] / COVERED, null / COVERED


def intervals() -> Iterator[str]:
    """Write how often the intervals of every page hold the truth."""
    yield (
        "| made-up days | years | true growth held | true tail of months held | an effect seen "
        "where there is none |"
    )
    yield "|---|---:|---:|---:|---:|"
    lowest = 1.0
    for name, rough in (("independent", False), ("volatility in clusters", True)):
        for years in (5, 20):
            rates = covered(years, rough)
            lowest = min(lowest, *rates[:2])
            cells = " | ".join(percent(rate, 0) for rate in rates)
            yield f"| {name} | {years} | {cells} |"
    yield (
        f"\n{COVERED} made-up histories a row, each a book and its twin; intervals of 95 %, by the "
        "paired stationary bootstrap that every comparison uses, 300 resamples each. A rate of "
        f"{COVERED} has an error of ± {1.96 * np.sqrt(0.95 * 0.05 / COVERED):.1%}. In the worst "
        f"row intervals hold the truth in {percent(lowest, 0)}, not 95 %: take an end that touches "
        "zero for zero."
    )


def measured(history: alvh.History) -> Iterator[str]:
    """Write everything between the marks."""
    policy = alvh.load_policy(HEDGE)
    found = {
        name: alvh.simplex(history, policy, name, START, resamples=SPLIT_RESAMPLES)
        for name in PROGRAMMES
    }
    main = found[PROGRAMMES[0]]
    draw_simplex(main)
    yield (
        f"{len(main.splits)} splits, {main.meta['start']} to {main.meta['end']}, fill 0.5, all "
        "option prices from the model; 500 resampled histories, mean block "
        f"{main.meta['block']} sessions for `monthly45`.\n"
    )
    yield "### `monthly45`\n"
    yield from standing(main)
    yield "### Rank of 40/40/20 among 231, with its 95 % interval\n"
    columns = " | ".join(f"{name}: rank | best | like the best" for name in NAMES.values())
    yield f"| book, reading | {columns} | p that none grows faster |"
    yield "|---|" + "---:|---|---|" * 3 + "---:|"
    for name, one in found.items():
        yield ranks(f"{name}, premium", one)
    for basis in BASES[1:]:
        other = policy.model_copy(update={"weight_basis": basis})
        one = alvh.simplex(history, other, PROGRAMMES[0], START, resamples=300)
        yield ranks(f"{PROGRAMMES[0]}, {basis}", one)
    yield "\n### How often the test errs\n"
    yield from rates()
    yield "\n### How often the intervals err\n"
    yield from intervals()
    meta = main.meta
    yield (
        f"\nPolicy {meta['policy_hash'][:12]}, programme {meta['programme_hash'][:12]}, data "
        f"{meta['data_digest'][:12]}, code {meta['code_version']}, seed {meta['seed']}."
    )


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    history = alvh.load_history(parser.parse_args().data)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    text = "\n".join(measured(history))
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
