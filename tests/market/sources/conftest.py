"""Small folders of downloads in the vendors' real formats, with prices made up for the tests."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alvh import calendars
from alvh.market.history import History, load_history

CONTRACT_HEADER = (
    "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest"
)
DISCLAIMER = "CFE data is compiled for the convenience of site visitors, as is."


def sessions(first: date, last: date) -> list[date]:
    days = calendars.sessions().astype("datetime64[D]")
    kept = days[(days >= np.datetime64(first)) & (days <= np.datetime64(last))]
    return [day.item() for day in kept]


class Downloads:
    """A folder that is written file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.days = sessions(date(2019, 1, 2), date(2019, 4, 30))

    def write(self, name: str, lines: Sequence[str] | str, end: str = "\n") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = lines if isinstance(lines, str) else end.join(lines) + end
        path.write_bytes(text.encode())
        return path

    def spx(self, days: Sequence[date] | None = None, name: str = "SPX.csv") -> Path:
        rows = ["DATE,OPEN,HIGH,LOW,CLOSE"]
        for number, day in enumerate(self.days if days is None else days):
            close = 2500.0 + number
            rows.append(
                f"{day:%m/%d/%Y},{close - 3:.2f},{close + 5:.2f},{close - 6:.2f},{close:.2f}"
            )
        return self.write(name, rows)

    def vix(self, days: Sequence[date] | None = None, name: str = "VIX_History.csv") -> Path:
        rows = ["DATE,OPEN,HIGH,LOW,CLOSE"]
        for number, day in enumerate(self.days if days is None else days):
            close = 15.0 + number % 7
            rows.append(f"{day:%m/%d/%Y},{close:.6f},{close + 1:.6f},{close - 1:.6f},{close:.6f}")
        return self.write(name, rows)

    def contract(
        self,
        expiry: date,
        days: Sequence[date] | None = None,
        change: Callable[[date, list[str]], list[str]] | None = None,
        name: str | None = None,
    ) -> Path:
        """A current contract file; ``change`` may rewrite the fields of a row."""
        rows = [CONTRACT_HEADER]
        label = f"{'FGHJKMNQUVXZ'[expiry.month - 1]} ({expiry:%b %Y})"
        listed = [day for day in (days or self.days) if day <= expiry]
        for number, day in enumerate(listed):
            settle = 16.0 + 0.05 * (number % 9)
            fields = [f"{day}", label, "16.1", "16.9", "15.8", f"{settle:.4f}", f"{settle:.4f}",
                      "0.05", "1200", "0", "5000"]  # fmt: skip
            rows.append(",".join(change(day, fields) if change else fields))
        return self.write(name or f"VX_{expiry}.csv", rows, end="\r\n")

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is in {name} {text.count(old)} times"
        path.write_bytes(text.replace(old, new).encode())

    def replace_line(self, name: str, line: int, new: str) -> None:
        lines = (self.root / name).read_text().split("\n")
        lines[line - 1] = new
        (self.root / name).write_bytes("\n".join(lines).encode())

    def line(self, name: str, line: int) -> str:
        return (self.root / name).read_text().split("\n")[line - 1].rstrip("\r")

    def listing(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    """An empty folder and the means to fill it."""
    return Downloads(tmp_path / "downloads")


@pytest.fixture
def complete(downloads: Downloads) -> Downloads:
    """A folder with S&P 500, VIX and one VX contract."""
    downloads.spx()
    downloads.vix()
    downloads.contract(date(2019, 3, 19))  # Friday 2019-04-19 was Good Friday
    return downloads


@pytest.fixture(scope="session")
def real_history(shared_data: Path) -> History:
    """The whole folder of real downloads, loaded once."""
    return load_history(shared_data)
