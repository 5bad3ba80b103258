"""The history that needs no download: S&P 500 and VIX of 2014 to 2018 out of the ``arch`` package.

The package is located, not imported; its data are gzipped CSV files. The bill rate is the
one-month Treasury bill return of Fama and French's factors, restated as a discount rate.
"""

import gzip
import importlib.util
from datetime import date
from pathlib import Path

import numpy as np

from alvh.errors import DataError
from alvh.market.sources.recognise import Found
from alvh.market.sources.records import DailySeries, Days, Gathered, to_day
from alvh.market.sources.series_files import RANKS, read_series
from alvh.market.sources.text import body, clean, numbers, rows

#: First and last session on which both S&P 500 and VIX are there.
FIRST, LAST = date(2014, 1, 3), date(2018, 12, 31)

_FILES = {"spx": "sp500/sp500.csv.gz", "vix": "vix/vix.csv.gz"}
_BILLS = "frenchdata/frenchdata.csv.gz"


def read_bundled() -> Gathered:
    """Read the bundled series, within `FIRST` … `LAST`.

    Returns
    -------
    Gathered
        ``spx`` with open, high and low; ``vix`` closes; ``bill_rate``, decimal, up to November
        2018, where its source ends.

    Raises
    ------
    DataError
        If the ``arch`` package or its data are not installed.
    """
    folder = _data_folder()
    spx = _unpack(folder / _FILES["spx"])
    header = tuple(clean(spx).split(b"\n", 1)[0].decode().lower().split(","))
    prices = Found(f"arch/{_FILES['spx']}", "prices", "SPX", header)
    closes = Found(f"arch/{_FILES['vix']}", "value", "VIX", ("date", "vix"))
    series = [
        *read_series(prices, spx),
        *read_series(closes, _unpack(folder / _FILES["vix"])),
    ]
    bills = _bill_rate(_unpack(folder / _BILLS), next(one.dates for one in series))
    return Gathered(series=[_within_window(one) for one in (*series, bills)])


def _data_folder() -> Path:
    spec = importlib.util.find_spec("arch")
    if spec is None or spec.origin is None:
        raise DataError(
            "bundled: the package 'arch', which holds the bundled series, is not installed; "
            "install it, or name a folder of downloads"
        )
    return Path(spec.origin).parent / "data"


def _unpack(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except OSError as fault:
        raise DataError(
            f"bundled: {path.name} cannot be read ({fault.strerror or fault}); install the "
            "package 'arch' again, or name a folder of downloads"
        ) from fault


def _within_window(series: DailySeries) -> DailySeries:
    kept = (series.dates >= to_day(FIRST)) & (series.dates <= to_day(LAST))
    return DailySeries(
        series.name,
        series.source,
        series.rank,
        series.dates[kept],
        series.values[kept],
        series.lines[kept],
    )


def _bill_rate(raw: bytes, sessions: Days) -> DailySeries:
    """Spread each month's bill over its sessions, as the bank discount rate it was bought at.

    The return of month M is that of a bill bought on the eve of M and held through it, so it is
    known from the first day of M. A bill with return r over n days costs 1/(1 + r), which is a
    discount of r/(1 + r), or r/(1 + r) · 360/n a year.
    """
    name = f"arch/{_BILLS}"
    source = rows([body(name, clean(raw), 1)], 5)
    stamps, _, _ = numbers(source, 0)
    percent, _, _ = numbers(source, 4)
    months = np.array(
        [f"{int(stamp) // 100:04d}-{int(stamp) % 100:02d}" for stamp in stamps], "M8[M]"
    )
    length = ((months + 1).astype("M8[D]") - months.astype("M8[D]")).astype(float)
    growth = percent / 100.0
    discount = growth / (1.0 + growth) * 360.0 / length
    at = np.searchsorted(months, sessions.astype("M8[D]").astype("M8[M]"))
    known = at < len(months)
    return DailySeries(
        name="bill_rate",
        source=name,
        rank=RANKS["bundled"],
        dates=sessions[known],
        values=discount[at[known]],
        lines=source.lines[at[known]],
    )
