"""Fits the path-dependent model of VIX and prints how well it does out of sample.

    python -m calibration.path_dependent --data ../shared/data [--write]

``--write`` replaces the yearly parameters of the package.
"""

import argparse
import csv
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

import alvh
from alvh.signals import path_dependent as pdv

FIRST_YEAR = 1998  # eight years of VIX before it
EARLY_START, START_OF_PAPER = "1990-01-02", "2000-01-01"
FROM_PAPER = 2009  # nine years after the paper's first day
BOUNDS = (np.log([0.3, 0.003, 0.3, 0.003]), np.log([6.0, 1.0, 6.0, 1.0]))
FIRST_GUESS = np.log([1.06, 0.020, 1.60, 0.052])
TARGET = Path(pdv.__file__).with_name("path_dependent.csv")


def fit(returns, vix, rows):
    """Return the parameters of least squares on some rows; the βs are solved for inside."""

    def columns(logs):
        a1, d1, a2, d2 = np.exp(logs)
        r1 = pdv.trend(returns, a1, d1)[rows]
        r2 = pdv.activity(returns, a2, d2)[rows]
        return np.column_stack([np.ones(len(rows)), r1, np.sqrt(r2)])

    def misses(logs):
        x = columns(logs)
        beta = np.linalg.lstsq(x, vix[rows] / 100.0, rcond=None)[0]
        return 100.0 * (x @ beta) - vix[rows]

    best = least_squares(misses, FIRST_GUESS, bounds=BOUNDS, diff_step=1e-3, xtol=1e-8)
    beta = np.linalg.lstsq(columns(best.x), vix[rows] / 100.0, rcond=None)[0]
    return pdv.PathDependent(*np.exp(best.x), *beta)


def score(estimate, vix, rows):
    """Return (R², root mean square error in points, mean error) on some rows."""
    known = rows[np.isfinite(estimate[rows])]
    miss = vix[known] - estimate[known]
    spread = vix[known] - vix[known].mean()
    return 1.0 - (miss @ miss) / (spread @ spread), np.sqrt(np.mean(miss**2)), miss.mean()


def rows_between(dates, vix, start, end):
    inside = (dates >= np.datetime64(start)) & (dates <= np.datetime64(end)) & np.isfinite(vix)
    return np.flatnonzero(inside)


def yearly(dates, returns, vix):
    """Return {year: parameters fitted on data to the end of the year before}.

    The data begin in 2000, as the paper's do; before there are nine years of them, in 1990.
    """
    last = int(str(dates[-1])[:4])
    fits = {}
    for year in range(FIRST_YEAR, last + 1):
        start = START_OF_PAPER if year >= FROM_PAPER else EARLY_START
        fits[year] = fit(returns, vix, rows_between(dates, vix, start, f"{year - 1}-12-31"))
        print(year, " ".join(f"{x:.4f}" for x in astuple(fits[year])), flush=True)
    return fits


def write(fits):
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["year", *(field.name for field in fields(pdv.PathDependent))])
        for year, model in fits.items():
            writer.writerow([year, *(f"{x:.6f}" for x in astuple(model))])


def report(name, estimate, dates, vix):
    spans = (("2000-01-01", "2018-12-31"), ("2019-01-01", "2022-05-31"),
             ("2019-01-01", str(dates[-1])))  # fmt: skip
    for start, end in spans:
        r2, rmse, mean = score(estimate, vix, rows_between(dates, vix, start, end))
        print(f"| {name} | {start[:7]} … {end[:7]} | {r2:.3f} | {rmse:.2f} | {mean:+.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    history = alvh.load_history(arguments.data)
    dates, vix = history.dates, history["vix"]
    returns = pdv.daily_returns(history["spx"])
    train = rows_between(dates, vix, "2000-01-01", "2018-12-31")
    fixed = fit(returns, vix, train)
    print("fitted 2000–2018", " ".join(f"{x:.4f}" for x in astuple(fixed)))
    fits = yearly(dates, returns, vix)
    if arguments.write:
        write(fits)
        pdv.yearly_fits.cache_clear()
    print("| parameters | span | R² | RMSE, points | mean error |\n|---|---|---:|---:|---:|")
    report("published, unchanged", pdv.explained(returns, pdv.PUBLISHED), dates, vix)
    report("fitted 2000–2018", pdv.explained(returns, fixed), dates, vix)
    refitted = pdv.fair_values(history)
    report("refitted every year", refitted, dates, vix)
    print("\nRefitted every year, by year:\n| year | R² | RMSE | mean error |")
    print("|---|---:|---:|---:|")
    for year in range(2019, int(str(dates[-1])[:4]) + 1):
        rows = rows_between(dates, vix, f"{year}-01-01", f"{year}-12-31")
        print("| {} | {:.3f} | {:.2f} | {:+.2f} |".format(year, *score(refitted, vix, rows)))
    for day in ("2008-10-10", "2015-08-24", "2017-11-03", "2018-02-05", "2020-03-16", "2024-08-05",
                "2024-12-18", "2025-04-04"):  # fmt: skip
        t = int(np.searchsorted(dates, np.datetime64(day)))
        print(f"| {day} | {vix[t]:.1f} | {refitted[t]:.1f} | {vix[t] - refitted[t]:+.1f} |")


if __name__ == "__main__":
    main()
