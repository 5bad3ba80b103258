"""Fit the estimates of settlement values; print the tables of docs/calibration/vix.md.

    python calibration/settlements.py --data ../shared/data

VIX: published final settlements of monthly and weekly contracts. SPX: no opening quotations are
at hand, so the proxies are compared with each other.
"""

import argparse
from pathlib import Path

import numpy as np

from alvh.calendars import vix_expiry
from alvh.market import settlements as module
from alvh.market.history import History, load_history
from alvh.market.settlements import vix_settlements

WINDOWS = {
    "2004–2012": ("2004-01-01", "2012-12-31"),
    "2013–2016-03": ("2013-01-01", "2016-04-14"),
    "2016-04–2018": ("2016-04-15", "2018-12-31"),
    "2019–2021": ("2019-01-01", "2021-12-31"),
    "2022–2026": ("2022-01-01", "2026-12-31"),
}


def _errors(estimate: np.ndarray, final: np.ndarray) -> str:
    e = 100 * np.log(estimate / final)
    e = e[np.isfinite(e)]
    return f"{np.sqrt(np.mean(e**2)):4.1f} {e.mean():+4.1f} {np.median(np.abs(e)):4.1f}"


def vix(history: History) -> None:
    """Fit the weights of open and close, and print errors of every estimate by window."""
    final = {d: v for d, (v, _) in history.settlements.items() if d.year >= 2004}
    days = np.array([np.datetime64(d) for d in final])
    monthly = {vix_expiry(y, m) for y in range(2004, 2028) for m in range(1, 13)}
    row = np.searchsorted(history.dates, days)
    here = np.isin(days, history.dates)
    days, row = days[here], row[here]
    value = np.array(list(final.values()))[here]
    is_monthly = np.array([d in monthly for d in np.array(list(final))[here]])
    prior, close = history["vix"][row - 1], history["vix"][row]
    opened = history["vix_open"][row]
    target, x_open, x_close = (np.log(v / prior) for v in (value, opened, close))
    print(f"VIX final settlements: {len(days)}, {is_monthly.sum()} of them monthly")

    def fit(title: str, start: str, end: str, columns: list[np.ndarray]) -> None:
        x = np.stack(columns, axis=1)
        rows = (days >= np.datetime64(start)) & (days <= np.datetime64(end))
        rows &= np.isfinite(x).all(axis=1) & np.isfinite(target)
        b = np.linalg.lstsq(x[rows], target[rows], rcond=None)[0]
        print(f"  fitted {title} ({rows.sum()} values, {start} … {end}): {np.round(b, 2)}")

    fit("open and close, day session", "2004-01-01", "2012-12-31", [x_open, x_close])
    fit("open and close, night session", "2016-04-15", "2021-12-31", [x_open, x_close])
    fit("close alone", "2004-01-01", "2018-12-31", [x_close])
    module_value, _ = vix_settlements(
        dates=history.dates, vix=history["vix"], vix_open=history["vix_open"],
        expiries=days, published={},
    )  # fmt: skip
    blind, _ = vix_settlements(
        dates=history.dates, vix=history["vix"], vix_open=np.full(len(history.dates), np.nan),
        expiries=days, published={},
    )  # fmt: skip
    print("  error in %: root mean square, mean, median absolute")
    for name, (start, end) in WINDOWS.items():
        for kind, chosen in (("monthly", is_monthly), ("weekly", ~is_monthly)):
            rows = chosen & (days >= np.datetime64(start)) & (days <= np.datetime64(end))
            if rows.sum() < 5:
                continue
            cells = {
                "shipped": module_value[row], "without open": blind[row],
                "VIX open": opened, "prior close": prior, "close": close,
            }  # fmt: skip
            print(f"  {name:13s} {kind:7s} n {rows.sum():3d}  " + "  ".join(
                f"{k} {_errors(v[rows], value[rows])}" for k, v in cells.items()))  # fmt: skip


def spx(history: History) -> None:
    """Compare the proxies of the SPX opening quotation with one another by period."""
    keep = history.dates >= np.datetime64("1993-01-29")
    dates = history.dates[keep]
    close, own = history["spx"][keep], history["spx_open"][keep]
    spy_open, spy = history["spy_open"][keep], history["spy"][keep]
    year = dates.astype("datetime64[Y]").astype(int) + 1970
    prior = np.concatenate([[np.nan], close[:-1]])
    same_day = close * spy_open / spy
    overnight = prior * spy_open / np.concatenate([[np.nan], spy[:-1]])
    shared = prior * np.exp(module.OPEN_SHARE * np.log(close / prior))
    move = np.log(close / prior)
    quarter = np.isin(dates.astype("datetime64[M]").astype(int) % 12, (2, 5, 8, 11))
    friday = (dates.astype("datetime64[D]").astype(int) % 7 == 1) & quarter
    day = (dates - dates.astype("datetime64[M]")).astype(int) + 1
    quarterly = friday & (day >= 15) & (day <= 21)
    print("\nSPX opening quotation, proxies against close × SPY open / SPY close: "
          "rms and mean difference in basis points")  # fmt: skip
    for low, high in ((1993, 1998), (1999, 2007), (2008, 2013), (2014, 2016), (2017, 2021),
                      (2022, 2026)):  # fmt: skip
        rows = (year >= low) & (year <= high) & np.isfinite(same_day + overnight + own)
        share = np.polyfit(move[rows], np.log(same_day / prior)[rows], 1)[0]
        stale = np.mean(np.abs(np.log(own / prior))[rows] < 1e-5)
        variance = np.mean(np.log(own / prior)[rows] ** 2) / np.mean(move[rows] ** 2)
        cells = []
        for name, proxy in (("SPY overnight", overnight), ("own open", own),
                            ("share of day", shared), ("prior close", prior)):  # fmt: skip
            d = 1e4 * np.log(proxy / same_day)[rows]
            cells.append(f"{name} {np.sqrt(np.mean(d**2)):4.0f} {d.mean():+4.1f}")
        q = 1e4 * np.log(overnight / same_day)[rows & quarterly]
        print(f"  {low}–{high}: open equals prior close {stale:.0%}, its variance share "
              f"{variance:.2f}, regression share {share:.2f}; " + "; ".join(cells)
              + f"; SPY overnight on distribution Fridays {q.mean():+.0f}")  # fmt: skip
    for name, window in (("1993–2018", year <= 2018), ("2019 on", year >= 2019)):
        rows = window & np.isfinite(same_day + move)
        share = np.polyfit(move[rows], np.log(same_day / prior)[rows], 1)[0]
        left = 1e4 * (np.log(same_day / prior) - module.OPEN_SHARE * move)[rows]
        print(f"  share of the day's move in the open, {name}: {share:.2f}, "
              f"error as shipped {left.std():.0f} bp")  # fmt: skip


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    history = load_history(parser.parse_args().data)
    vix(history)
    spx(history)


if __name__ == "__main__":
    main()
