"""Measure what the program promises about speed and memory, and print it against the targets.

Run with ``python -m benchmarks.run [--data FOLDER]``. Without a folder the one beside the checkout
is used, and without that the bundled history, scaled to sessions where a target speaks of years.
Each figure is the median of several runs; ``ratio`` is measured over target, below one is better
for times and above one for rates.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import environ
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import alvh
from alvh.engine import sweep
from alvh.policy import HedgePolicy
from benchmarks import chains
from benchmarks.kernel import price_and_greeks_speed, price_speed

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
START = "2007-01-03"
WORLD_YEARS = 2_000
CHAIN_QUOTES = 1_000_000


@dataclass(frozen=True)
class Row:
    """One line of the table; ``higher_is_better`` for rates."""

    what: str
    measured: float
    target: float
    unit: str
    higher_is_better: bool = False

    @property
    def ratio(self) -> float:
        """Measured over target."""
        return self.measured / self.target

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.ratio >= 1.0 if self.higher_is_better else self.ratio <= 1.0


def median_seconds(action: Callable[[], object], repeats: int) -> float:
    """Return the median wall time of ``repeats`` runs after one that warms up."""
    action()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def simplex_splits(step: int = 5) -> list[tuple[float, float, float]]:
    """Return all splits of three layers in steps of ``step`` per cent."""
    n = 100 // step
    return [(i / n, j / n, (n - i - j) / n) for i in range(n + 1) for j in range(n + 1 - i)]


def split_policies(
    base: HedgePolicy, splits: list[tuple[float, float, float]]
) -> list[HedgePolicy]:
    """Return the policy with its weights replaced by each split."""
    return [
        base.model_copy(
            update={
                "layers": tuple(
                    layer.model_copy(update={"weight": weight})
                    for layer, weight in zip(base.layers, split, strict=True)
                )
            }
        )
        for split in splits
    ]


def cold(command: list[str], **changed: str) -> float:
    """Return the wall seconds of a fresh process; ``changed`` are variables of its environment."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=dict(environ) | changed)
    return time.perf_counter() - begun


def engine_rows(history: alvh.History, start: str | None) -> Iterator[Row]:
    """Measure a single run and the simplex."""

    def run(hedge: str = "alvh-40-40-20", condors: str = "monthly45") -> alvh.Result:
        return alvh.backtest(history, hedge=hedge, condors=condors, start=start)

    def adaptive() -> alvh.Result:
        return run("alvh-adaptive", "monthly45-adaptive")

    sessions = len(run().dates)
    scale = sessions / 4_850
    what = f"one policy, {sessions:,} sessions, monthly45 + three layers"
    yield Row(what, 1e3 * median_seconds(run, 15), 10.0 * scale, "ms")
    adapting = 1e3 * median_seconds(adaptive, 15)
    yield Row("the same, everything adaptive on", adapting, 10.0 * scale, "ms")
    policies = split_policies(alvh.load_policy("alvh-40-40-20"), simplex_splits())

    def simplex() -> object:
        return sweep(history, policies, "monthly45", start)

    seconds = median_seconds(simplex, 3)
    yield Row(f"simplex, {len(policies)} splits, all threads", seconds, 2.0 * scale, "s")


def worlds_row(history: alvh.History, start: str | None) -> Row:
    """Measure years drawn from history: one hedge and its unhedged twin in each, all threads."""
    model = alvh.bootstrap_model(history, start)
    worlds = alvh.simulate(model, WORLD_YEARS, 252, 0)
    seconds = median_seconds(lambda: alvh.run_worlds(worlds, condors="monthly45"), 3)
    return Row(f"{WORLD_YEARS:,} drawn years, hedged and unhedged, all threads", seconds,
               30.0 * WORLD_YEARS / 100_000, "s")  # fmt: skip


def cold_rows(source: str, start: str | None) -> Iterator[Row]:
    """Measure fresh processes: a backtest, the first ever, and the help page."""
    program = str(Path(sys.executable).parent / "alvh")
    options = ["--data", source, "--condors", "monthly45", "--json"]
    options += ["--start", start] if start else []
    backtest = [program, "backtest", *options]
    cold(backtest)
    warm_cache = statistics.median(cold(backtest) for _ in range(5))
    yield Row("one policy, cold process, data load included", warm_cache, 3.0, "s")
    with tempfile.TemporaryDirectory() as cache:
        first = cold(backtest, NUMBA_CACHE_DIR=cache)
        yield Row("the same, first ever run, compiling", first, 45.0, "s")
    yield from today_rows(program, source)
    page = statistics.median(cold([program, "--help"]) for _ in range(9))
    yield Row("alvh --help", page, 0.3, "s")


def today_rows(program: str, source: str) -> Iterator[Row]:
    """Measure the last decision that can be made, a fresh process each: files known, and new."""
    history = alvh.load_history(source)
    last = history.futures["date"].max() or history.dates[-1]  # without futures it is no trade
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book.csv"
        book.write_text(f"date,kind,amount\n{START},deposit,1000000\n")
        command = [program, "today", "--book", str(book), "--data", source, "--as-of", str(last)]
        cold(command, XDG_CACHE_HOME=folder)
        known = statistics.median(cold(command, XDG_CACHE_HOME=folder) for _ in range(9))
        yield Row("alvh today, cold process", known, 2.0, "s")
        # a file in the place of the folder: nothing can be kept
        new = statistics.median(cold(command, XDG_CACHE_HOME=str(book)) for _ in range(5))
        yield Row("the same, no file of the folder ever read before", new, 2.0, "s")


def kernel_rows() -> Iterator[Row]:
    """Measure the Black-76 array kernels on one core."""
    yield Row("Black-76 price, one core", price_speed(), 60.0, "M/s", True)
    yield Row("Black-76 price and greeks, one core", price_and_greeks_speed(), 50.0, "M/s", True)


def chain_rows() -> Iterator[Row]:
    """Measure a chain file, read, checked and fitted in a fresh process."""
    runs = [chains.measure(CHAIN_QUOTES) for _ in range(3)]
    what = f"chain file of {CHAIN_QUOTES:,} quotes"
    checked = statistics.median(run["checked"] for run in runs)
    yield Row(f"{what}: read and check", checked, 3.0, "s")
    seconds = statistics.median(run["seconds"] for run in runs)
    yield Row("the same: read, check and fit", seconds, 5.0, "s")
    spent = statistics.median(run["processor"] for run in runs)
    yield Row("the same, processor seconds of all threads", spent, 9.0, "s")
    yield Row("the same, peak memory", max(run["peak"] for run in runs), 1.5, "GiB")


def chain_slope() -> float:
    """Return how the time of a chain grows with its quotes: an exponent, 1 is linear."""
    expiries = CHAIN_QUOTES // chains.OF_EXPIRY
    counts = [chains.OF_EXPIRY * (expiries // k) for k in (4, 2, 1)]  # no expiry without a smile
    spent = [min(chains.measure(count)["processor"] for _ in range(3)) for count in counts]
    return float(np.polyfit(np.log(counts), np.log(spent), 1)[0])


def slopes(history: alvh.History, start: str | None) -> list[tuple[str, float]]:
    """Return how cost grows: exponent of time in days and in policies, 1 is linear."""
    base = alvh.load_policy("alvh-40-40-20")
    result = alvh.backtest(history, hedge=base, condors="monthly45", start=start)
    days = [len(result.dates) // k for k in (4, 2, 1)]
    ends = [str(result.dates[n - 1]) for n in days]
    by_days = [
        median_seconds(lambda e=end: alvh.backtest(history, base, "monthly45", start, e), 9)
        for end in ends
    ]
    counts = [16, 32, 64]
    policies = split_policies(base, simplex_splits())[: max(counts)]
    by_policies = [
        median_seconds(lambda c=count: sweep(history, policies[:c], "monthly45", start), 3)
        for count in counts
    ]
    return [
        ("days", float(np.polyfit(np.log(days), np.log(by_days), 1)[0])),
        ("policies", float(np.polyfit(np.log(counts), np.log(by_policies), 1)[0])),
        ("quotes", chain_slope()),
    ]


def main() -> None:
    """Measure everything that exists and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=str(BESIDE) if BESIDE.is_dir() else "bundled")
    source = parser.parse_args().data
    start = None if source == "bundled" else START
    history = alvh.load_history(source)
    rows = [*engine_rows(history, start), worlds_row(history, start)]
    rows += [*cold_rows(source, start), *kernel_rows(), *chain_rows()]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    rows.append(Row("peak memory of this process", peak, 1.5, "GiB"))
    table = Table(title="Performance targets, medians")
    for heading in ("what", "measured", "target", "ratio", "met"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for row in rows:
        table.add_row(
            row.what, f"{row.measured:.3g} {row.unit}", f"{row.target:.3g} {row.unit}",
            f"{row.ratio:.2f}", "yes" if row.met else "no",
        )  # fmt: skip
    console = Console(width=120)
    console.print(table)
    for name, exponent in slopes(history, start):
        console.print(f"time grows with {name} to the power {exponent:.2f}")


if __name__ == "__main__":
    main()
