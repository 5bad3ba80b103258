"""Read, check and fit a chain file of a given number of quotes, in a process of its own.

Run with ``python -m benchmarks.chains QUOTES``; prints seconds of the import, of that and the
checks, of all with the smiles, and the peak memory of the process in GiB. The file is made here:
sessions of 2019 with the SPX expiries of the calendar, calls and puts on strikes 5 apart, in the
historicaloptiondata layout.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from alvh.calendars import sessions, spx_expiries
from alvh.market.chains.checks import check_chains
from alvh.market.chains.fitting import fit_folder
from alvh.market.chains.importing import import_chains

FORWARD = 2900.0
STRIKES = np.arange(2000, 3500, 5)
EXPIRIES = 20  # a session
OF_EXPIRY = 2 * len(STRIKES)  # quotes


def write_chain(path: Path, quotes: int) -> None:
    """Write a sound chain file; prices are convex in the strike and grow with the tenor."""
    day = np.datetime64("2019-01-02")
    days = sessions()[sessions() >= day]
    parts: list[pl.DataFrame] = []
    rows = 0
    for session in days:
        parts.append(_session(session))
        rows += parts[-1].height
        if rows >= quotes:
            break
    pl.concat(parts).head(quotes).write_csv(path, date_format="%m/%d/%Y")


def _session(session: np.datetime64) -> pl.DataFrame:
    records = spx_expiries(session + 1, session + 200)[:EXPIRIES]
    expiry = records["date"].astype("datetime64[D]")
    standard = (records["am"] == 1) & (records["monthly"] == 1)
    scale = 12.0 * np.sqrt((expiry - session).astype(float))
    shape = (len(expiry), len(STRIKES), 2)
    strike = np.broadcast_to(STRIKES[None, :, None], shape)
    inside = np.maximum((FORWARD - strike) * np.array([1.0, -1.0]), 0.0)
    value = scale[:, None, None] * np.exp(-np.abs(strike - FORWARD) / (2 * scale[:, None, None]))
    mid = (inside + value).ravel()
    call = np.broadcast_to(np.array([True, False]), shape).ravel()
    table = pl.DataFrame(
        {
            "expiration": np.repeat(expiry, len(STRIKES) * 2),
            "root": np.where(np.repeat(standard, len(STRIKES) * 2), "SPX", "SPXW"),
            "strike": strike.ravel().astype(float),
            "right": np.where(call, "C", "P"),
            "mid": mid,
        }
    )
    symbol = pl.format(
        "{}{}{}{}",
        "root",
        pl.col("expiration").dt.strftime("%y%m%d"),
        "right",
        (pl.col("strike") * 1000).cast(pl.Int64).cast(pl.String).str.zfill(8),
    )
    return table.select(
        underlying=pl.lit("SPX"),
        underlying_last=pl.lit(FORWARD),
        exchange=pl.lit("CBOE"),
        optionroot=symbol,
        type=pl.when(pl.col("right") == "C").then(pl.lit("call")).otherwise(pl.lit("put")),
        expiration="expiration",
        quotedate=pl.lit(session.astype(object)),
        strike="strike",
        last=(pl.col("mid")).round(2),
        net=pl.lit(0.0),
        bid=(pl.col("mid") - 0.02 * pl.col("mid").sqrt()).clip(0.0).round(2),
        ask=(pl.col("mid") + 0.02 * pl.col("mid").sqrt() + 0.05).round(2),
        volume=pl.lit(12),
        openinterest=pl.lit(345),
        impliedvol=pl.lit(0.1523),
        delta=pl.when(pl.col("right") == "C").then(0.4321).otherwise(-0.5679),
        gamma=pl.lit(0.0012),
    )


def measure(quotes: int) -> dict[str, float]:
    """Return the seconds and the peak memory (GiB) of a fresh process that does it all."""
    command = [sys.executable, "-m", "benchmarks.chains", str(quotes)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(answer.stdout)
    return measured


def main() -> None:
    """Make the file in a process of its own, then read, check and fit it in this one."""
    quotes = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if len(sys.argv) > 2:
            write_chain(Path(sys.argv[2]), quotes)
            return
        file = str(folder / "chain.csv")
        command = [sys.executable, "-m", "benchmarks.chains", str(quotes), file]
        subprocess.run(command, check=True)
        begun, processor = time.perf_counter(), time.process_time()
        taken = import_chains([folder / "chain.csv"], folder / "chains")
        read = time.perf_counter() - begun
        report = check_chains(folder / "chains")
        checked = time.perf_counter() - begun
        fit = fit_folder(folder / "chains")
        seconds = time.perf_counter() - begun
        spent = time.process_time() - processor
    if taken.rows != quotes or report.rows != quotes or taken.rejected or report.fatal:
        raise SystemExit(f"{taken.rows} of {quotes} quotes, {report.fatal} with a fault")
    if fit.expiries["at_the_money"].is_nan().any():
        raise SystemExit("an expiry without a smile")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": seconds, "checked": checked, "read": read, "processor": spent,
                      "peak": peak}))  # fmt: skip


if __name__ == "__main__":
    main()
