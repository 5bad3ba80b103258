"""Bad inputs through the command itself: no trade, exit code 1, and the code of the reason.

The folder is written by the test in the vendors' formats from the bundled closes of 2015; every
fault is one that a file can come to have overnight.
"""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import alvh
from alvh import calendars

AS_OF = "2015-08-21"  # a Friday
HEADER = "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest"
EXPIRIES = [date(2015, 9, 16), date(2015, 10, 21), date(2015, 11, 18), date(2015, 12, 16)]
BOOK = "date,kind,amount\n2015-08-20,deposit,1000000\n"


class Folder:
    """Lines of every file by name and day, to be spoilt and written."""

    def __init__(self, root: Path, first: str = "2014-01-02", last: str = AS_OF) -> None:
        self.root = root
        history = alvh.load_history("bundled").between(first, last)
        names = ("spx_open", "spx_high", "spx_low", "spx", "vix")
        columns = [history[name] for name in names]
        self.days = [day.item() for day in history.dates]
        self.spx = {
            day: [f"{value:.2f}" for value in row]
            for day, *row in zip(self.days, *columns[:4], strict=True)
        }
        self.vix = {
            day: [f"{one:.2f}" for one in (close, 1.01 * close, 0.99 * close, close)]
            for day, close in zip(self.days, columns[4], strict=True)
        }
        self.futures = {
            expiry: {
                day: f"{close + 0.3 * (place + 1):.4f}"
                for day, close in zip(self.days[-60:], columns[4][-60:], strict=True)
            }
            for place, expiry in enumerate(EXPIRIES)
        }
        self.extra: dict[str, list[str]] = {}

    def write(self) -> Path:
        """Write all files."""
        self.root.mkdir(exist_ok=True)
        for name, rows in (("SPX", self.spx), ("VIX_History", self.vix)):
            lines = ["DATE,OPEN,HIGH,LOW,CLOSE"]
            lines += [f"{day:%m/%d/%Y},{','.join(cells)}" for day, cells in rows.items()]
            self._lines(name, lines + self.extra.get(name, []))
        for expiry, settles in self.futures.items():
            label = f"{'FGHJKMNQUVXZ'[expiry.month - 1]} ({expiry:%b %Y})"
            lines = [
                f"{day},{label},{one},{one},{one},{one},{one},0,1200,0,5000"
                for day, one in settles.items()
            ]
            name = f"VX_{expiry}"
            self._lines(name, [HEADER, *lines, *self.extra.get(name, [])])
        return self.root

    def _lines(self, name: str, lines: list[str]) -> None:
        (self.root / f"{name}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


def decided(run, tmp_path: Path, folder: Folder, book: str = BOOK, as_of: str = AS_OF):
    """Exit code, reason codes, and the whole answer of `alvh today`."""
    (tmp_path / "book.csv").write_text(book)
    words = ("--book", tmp_path / "book.csv", "--data", folder.write(), "--as-of", as_of)
    answer = run("today", *words, "--json")
    found = json.loads(answer.stdout)
    if answer.exit_code:
        assert (found["verdict"], found["orders"]) == ("no trade", [])
        told = run("today", *words)
        assert told.exit_code == 1
        assert all(code in told.stderr for code in found["stopped"])
    return answer.exit_code, set(found["stopped"]), found


def test_the_sound_folder_trades(run, tmp_path, folder):
    code, stopped, found = decided(run, tmp_path, folder)
    assert (code, stopped, found["verdict"]) == (0, set(), "trade")


TODAY, BEFORE = date(2015, 8, 21), date(2015, 8, 20)


def _all_futures(folder: Folder, change: Callable[[dict], None]) -> None:
    for settles in folder.futures.values():
        change(settles)


def _repeat_last(rows: dict) -> None:
    rows[TODAY] = rows[BEFORE]


FAULTS: dict[str, tuple[Callable[[Folder], object], str]] = {
    "S&P 500 and VIX of yesterday": (
        lambda f: (_repeat_last(f.spx), _repeat_last(f.vix)), "FROZEN"),
    "S&P 500 unchanged for three days": (
        lambda f: [f.spx.update({day: f.spx[TODAY]}) for day in f.days[-3:]], "FROZEN"),
    "every future as yesterday": (lambda f: _all_futures(f, _repeat_last), "FROZEN"),
    "futures two days old": (
        lambda f: _all_futures(f, lambda s: [s.pop(day) for day in f.days[-2:]]), "STALE"),
    "no VIX today": (lambda f: f.vix.pop(TODAY), "MISSING"),
    "VIX is a blank": (lambda f: f.vix[TODAY].__setitem__(3, ""), "DATA"),
    "VIX is NaN": (lambda f: f.vix[TODAY].__setitem__(3, "NaN"), "DATA"),
    "VIX's low above its high": (
        lambda f: f.vix[TODAY].__setitem__(slice(1, 3), ["20.00", "30.00"]), "CROSSED"),
    "S&P 500's low above its high": (
        lambda f: f.spx[TODAY].__setitem__(slice(1, 3), ["1960.00", "2080.00"]), "CROSSED"),
    "S&P 500 ten times off": (
        lambda f: f.spx.update({TODAY: ["19700.00"] * 4}), "DATA"),
    "S&P 500 a third higher": (
        lambda f: f.spx.update({TODAY: ["2627.00"] * 4}), "IMPLAUSIBLE"),
    "a day out of order": (
        lambda f: f.extra.update(SPX=["08/19/2015,2096,2097,2070,2079.6"]), "DATA"),
    "a day twice": (lambda f: f.extra.update(VIX_History=["08/21/2015,28,29,27,28.5"]), "DATA"),
    "a line cut off": (lambda f: f.extra.update(VIX_History=["08/21/20"]), "DATA"),
    "text for a price": (lambda f: f.spx[TODAY].__setitem__(3, "n.a.x"), "DATA"),
    "a negative VIX": (lambda f: f.vix[TODAY].__setitem__(3, "-28.03"), "DATA"),
    "a future below nothing": (
        lambda f: f.futures[EXPIRIES[0]].update({TODAY: "-3.0000"}), "DATA"),
    "no S&P 500 at all": (lambda f: f.spx.clear(), "DATA"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_data_is_no_trade_with_its_code(run, tmp_path, folder, fault):
    spoil, wanted = FAULTS[fault]
    spoil(folder)
    code, stopped, found = decided(run, tmp_path, folder)
    assert code == 1, found
    assert wanted in stopped, found["reason"]


def test_without_today_s_data_the_command_does_not_decide(run, tmp_path, folder):
    """Without --as-of the last session of the data must be the last that took place."""
    (tmp_path / "book.csv").write_text(BOOK)
    words = ("--book", tmp_path / "book.csv", "--data", folder.write())
    answer = run("today", *words, "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["stopped"] == ["STALE"]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("2015-08-20,trade,short,a,VIX   150916C00020000,x,1,,\n", "BOOK"),
        ("2015-08-20,trade,short,a,VIX   150917C00020000,1,1,,\n", "BOOK"),  # never listed
        ("2015-08-20,trade,short,a,VIX   150916C00020000,-1,1,,\n", "BOOK"),  # a naked sale
        ("2015-08-22,trade,short,a,VIX   150916C00020000,1,1,,\n", "BOOK"),  # a Saturday
        ("2015-08-20,trade,short,a,VIX   150916C00020000,1,nan,,\n", "BOOK"),
        ("2015-08-20,trade,unassigned,a,VIX   150916C00020000,1,1,,\n", "BOOK"),
        ("2015-08-21,trade,short,a,VIX   150916C00020000,1,1,,\n", ""),  # of today: not yet held
        ("2015-07-20,trade,short,a,VIX   150819C00020000,1,1,,\n", "UNSETTLED"),
    ],
)
def test_a_fault_of_the_book_is_no_trade_with_its_code(run, tmp_path, folder, rows, wanted):
    head = "date,kind,sleeve,order,symbol,quantity,price,fees,amount\n"
    book = head + "2015-07-17,deposit,,,,,,,1000000\n" + rows
    code, stopped, found = decided(run, tmp_path, folder, book)
    assert (code, stopped) == ((1, {wanted}) if wanted else (0, set())), found["reason"]


def test_half_days_and_daylight_saving_through_the_command(run, tmp_path):
    """The Friday after Thanksgiving closes at 12:15, Chicago then six hours behind UTC.

    Clocks went forward on Sunday 2015-03-08 and back on Sunday 2015-11-01.
    """
    closes = {
        "2015-03-06": "2015-03-06T15:15:00-06:00",
        "2015-03-09": "2015-03-09T15:15:00-05:00",
        "2015-10-30": "2015-10-30T15:15:00-05:00",
        "2015-11-02": "2015-11-02T15:15:00-06:00",
        "2015-11-27": "2015-11-27T12:15:00-06:00",
        "2015-12-24": "2015-12-24T12:15:00-06:00",
    }
    (tmp_path / "book.csv").write_text("date,kind,amount\n2015-03-02,deposit,1000000\n")
    for as_of, wanted in closes.items():
        answer = run("today", "--book", tmp_path / "book.csv", "--as-of", as_of, "--json")
        found = json.loads(answer.stdout)
        assert answer.exit_code == 0
        assert found["closes_at"] == wanted
        half = "HALF_DAY" in {check["code"] for check in found["checks"]}
        assert half == ("T12:15" in wanted)


def test_a_month_that_settles_on_tuesday_through_the_command(run, tmp_path):
    """The third Friday of April 2014 was Good Friday: March settled on Tuesday 2014-03-18."""
    (tmp_path / "book.csv").write_text(
        "date,kind,sleeve,order,symbol,quantity,price,fees,amount\n"
        "2014-03-03,deposit,,,,,,,1000000\n"
        "2014-03-03,trade,short,a,VIX   140318C00020000,10,0.8,15,\n"
    )
    words = ("--book", tmp_path / "book.csv", "--json")
    found = json.loads(run("today", *words, "--as-of", "2014-03-14").stdout)
    moved = [check for check in found["checks"] if check["code"] == "VIX_MOVED"]
    assert [check["subject"] for check in moved] == ["2014-03-18"]
    codes = {}
    for day in ("2014-03-17", "2014-03-18", "2014-03-19"):
        answer = run("today", *words, "--as-of", day)
        codes[day] = {check["code"] for check in json.loads(answer.stdout)["checks"]}
    assert {"SETTLES_TOMORROW", "LAST_TRADING_DAY"} <= codes["2014-03-17"]
    assert "SETTLES_TODAY" in codes["2014-03-18"]
    assert "UNSETTLED" in codes["2014-03-19"]


def test_a_wednesday_that_is_no_expiry_is_refused_in_a_book(run, tmp_path):
    """19 March 2014 would have been the month's Wednesday; nothing was listed for it."""
    (tmp_path / "book.csv").write_text(
        "date,kind,sleeve,order,symbol,quantity,price,fees,amount\n"
        "2014-03-03,trade,short,a,VIX   140319C00020000,10,0.8,15,\n"
    )
    answer = run("today", "--book", tmp_path / "book.csv", "--as-of", "2014-03-14")
    assert answer.exit_code == 1
    assert "no trade, BOOK: book.csv line 2" in answer.stderr


@pytest.mark.parametrize(("name", "day"), [("G08", "2008-02-19"), ("H14", "2014-03-18")])
def test_tuesdays_on_which_vix_settled_are_expiries(shared_data, name, day):
    """The last row of the exchange's own file of the contract is its final settlement."""
    file = shared_data / "cfe" / "contracts_legacy" / f"CFE_{name}_VX.csv"
    last = file.read_text().strip().splitlines()[-1].split(",")[0]
    assert last == f"{date.fromisoformat(day):%m/%d/%Y}"
    listed = calendars.vix_expiries(date.fromisoformat(day), date.fromisoformat(day))
    assert listed["monthly"].tolist() == [1]
    assert date.fromisoformat(day).strftime("%a") == "Tue"
