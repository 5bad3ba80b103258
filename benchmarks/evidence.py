"""Run times of the evidence on one thread and on two: ``python -m benchmarks.evidence``.

Each command is a fresh process, as a user runs it, after one that fills the cache of compiled code.
Wall seconds are those of the machine as it is; processor seconds say what the work is, whoever else
is at work. The last rows are a hundred thousand years of one policy alone, every one of them run,
without the unhedged twin that every command runs beside it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import alvh
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.guides import NO_SCENARIOS, neutral_guides
from alvh.kernel.policies import DAILY
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.run import new_books, new_log, run_batch
from alvh.worlds import Worlds
from alvh.worlds.calendar import expiries_of

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
START, YEARS, ALL_YEARS, SHARD = "2007-01-03", 2_000, 100_000, 64
COMMANDS = {
    "`alvh simplex`, 231 splits, 500 resampled histories": ["simplex", "--start", START],
    "`alvh claims`, all cards": ["claims", "--start", START],
    f"`alvh worlds`, {YEARS:,} years": ["worlds", "--start", START, "--paths", str(YEARS)],
    f"`alvh worlds --model path-dependent`, {YEARS:,} years": [
        "worlds", "--model", "path-dependent", "--paths", str(YEARS),
    ],
}  # fmt: skip


def timed(words: list[str], data: str, threads: int) -> tuple[float, float]:
    """Return wall and processor seconds of a command in a fresh process."""
    program = [str(Path(sys.executable).parent / "alvh")]
    env = dict(os.environ) | {"NUMBA_NUM_THREADS": str(threads)}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*program, *words, "--data", data], check=True, capture_output=True, env=env)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def one_policy(worlds: Worlds, hedge: str, condors: str) -> tuple[float, float, float]:
    """Return wall and processor seconds of one policy in all worlds, and of making them."""
    compiled, layers = compile_hedge(alvh.load_policy(hedge))
    rules = compile_programme(alvh.load_programme(condors), 0.5)
    account = compile_account(1e6, 0.5, 1.0, 0.65, 0.01)
    expiries, made = expiries_of(worlds.dates), 0.0
    started, begun = time.perf_counter(), time.process_time()
    for first in range(0, len(worlds), SHARD):
        count, making = min(SHARD, len(worlds) - first), time.process_time()
        days = worlds.shard(first, count)
        made += time.process_time() - making
        daily = np.zeros((count, worlds.n_days), DAILY)
        run_batch(
            days, neutral_guides()[None], NO_SCENARIOS[None], *expiries, NO_QUOTES, compiled,
            layers[None], rules, account, new_books(count), daily, new_log(0, 0, 0),
        )  # fmt: skip
    return time.perf_counter() - started, time.process_time() - begun, made


def policies(history: alvh.History) -> Iterator[str]:
    """Write what 100,000 years of one policy cost, in seconds."""
    makers = {
        "drawn years": alvh.bootstrap_model(history, START),
        "years of the model": alvh.path_dependent_model(history),
    }
    for words, model in makers.items():
        worlds = alvh.simulate(model, ALL_YEARS, 252, 0)
        for condors in ("monthly45", "cndr"):
            one_policy(alvh.simulate(model, 2, 252, 0), "alvh-40-40-20", condors)
            taken = one_policy(worlds, "alvh-40-40-20", condors)
            cells = " | ".join(f"{seconds:.1f} s" for seconds in taken)
            yield f"| {words}, `{condors}` with its hedge | {cells} |"


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=str(BESIDE))
    data, out = parser.parse_args().data, sys.stdout
    load = json.dumps([round(value, 1) for value in os.getloadavg()])
    out.write(f"load before: {load}\n")
    out.write("| command | one thread: wall | processor | two threads: wall | processor |\n")
    out.write("|---|---:|---:|---:|---:|\n")
    for words, command in COMMANDS.items():
        timed(command, data, 2)
        cells = [f"{value:.1f} s" for threads in (1, 2) for value in timed(command, data, threads)]
        out.write(f"| {words} | " + " | ".join(cells) + " |\n")
        out.flush()
    out.write("\n| 100,000 years of one policy | wall | processor | of it making the worlds |\n")
    out.write("|---|---:|---:|---:|\n")
    for line in policies(alvh.load_history(data)):
        out.write(line + "\n")
        out.flush()


if __name__ == "__main__":
    main()
