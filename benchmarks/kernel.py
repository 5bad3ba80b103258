"""Speed of the Black-76 kernel on one core: ``python -m benchmarks.kernel``."""

import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.kernel import black

Floats = NDArray[np.float64]
OPTIONS = 65_536  # 3 MB of inputs, 2.6 MB of outputs: a chain of several dozen expiries
REPEATS = 61
SCALAR_CALLS = 4_096
TARGETS = {"price": 60.0, "price_and_greeks": 50.0}  # million options a second


def random_options(
    n: int, seed: int = 1
) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]]:
    """Draw n options of the kind the engine prices: 2 to 365 days, ±40 % from the forward."""
    rng = np.random.default_rng(seed)
    forward = rng.uniform(10.0, 6000.0, n)
    strike = forward * np.exp(rng.uniform(-0.4, 0.4, n))
    sigma = rng.uniform(0.08, 1.5, n)
    years = rng.uniform(2 / 365, 1.0, n)
    return forward, strike, sigma, years, rng.random(n) < 0.5


def median_seconds(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median duration of a call, the first (compiling) one left out."""
    call()
    durations = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


@njit(error_model="numpy")
def _one_by_one(forward: Floats, strike: Floats, sigma: Floats, years: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = black.black_call(forward[i], strike[i], sigma[i], years[i])


def price_speed(n: int = OPTIONS) -> float:
    """Million prices a second of `price_many`."""
    options, out = random_options(n), np.empty(n)
    return n / median_seconds(lambda: black.price_many(*options, out)) / 1e6


def price_and_greeks_speed(n: int = OPTIONS) -> float:
    """Million options a second of `price_greeks_many`: price, delta, gamma, vega, theta."""
    options, out = random_options(n), np.empty((5, n))
    return n / median_seconds(lambda: black.price_greeks_many(*options, out)) / 1e6


def scalar_nanoseconds(n: int = SCALAR_CALLS) -> float:
    """Nanoseconds of one `black_call` inside compiled code, options one after the other."""
    forward, strike, sigma, years, _ = random_options(n)
    out = np.empty(n)
    seconds = median_seconds(lambda: _one_by_one(forward, strike, sigma, years, out))
    return seconds / n * 1e9


def kernel_speeds() -> dict[str, float]:
    """All speeds: ``price`` and ``price_and_greeks`` in M/s, ``scalar_call_ns`` in ns."""
    return {
        "price": price_speed(),
        "price_and_greeks": price_and_greeks_speed(),
        "scalar_call_ns": scalar_nanoseconds(),
    }


def main() -> None:
    """Print the speeds beside their targets, or as JSON with ``--json``."""
    speeds = kernel_speeds()
    if "--json" in sys.argv[1:]:
        print(json.dumps(speeds))
        return
    for name, target in TARGETS.items():
        speed = speeds[name]
        print(f"{name:18s} {speed:7.1f} M/s   target {target:.0f}   ×{speed / target:.2f}")
    print(f"{'scalar call':18s} {speeds['scalar_call_ns']:7.1f} ns")


if __name__ == "__main__":
    main()
