"""Every bad input: one clear line with what, where and the remedy, and nothing left behind."""

from collections.abc import Callable
from datetime import date

import pytest

from alvh.errors import DataError
from alvh.market.history import load_history

MARCH = date(2019, 3, 19)


def refusal(downloads, **options) -> str:
    """Load, and return the message; the folder must be as it was."""
    before = downloads.listing() if downloads.root.is_dir() else None
    with pytest.raises(DataError) as raised:
        load_history(downloads.root, **options)
    message = str(raised.value)
    assert "\n" not in message
    if before is not None:
        assert downloads.listing() == before
    return message


def test_a_complete_folder_loads(complete):
    history = load_history(complete.root)
    assert len(history) == len(complete.days)


def test_an_absent_folder(downloads):
    assert "no such folder" in refusal(downloads)


def test_an_empty_folder(downloads):
    downloads.root.mkdir()
    message = refusal(downloads)
    assert "the folder is empty" in message
    assert str(downloads.root) in message
    assert "alvh data pull" in message


def test_a_folder_without_market_data(downloads):
    downloads.write("notes.txt", "nothing of use\n")
    assert "no file with S&P 500 closes" in refusal(downloads)


def test_a_folder_without_vix(downloads):
    downloads.spx()
    assert "no file with VIX closes" in refusal(downloads)


CUTS: dict[str, Callable[[str], str]] = {
    "in a date": lambda text: text[: text.index("02/15/2019") + 4],
    "between fields": lambda text: text[: text.index("02/15/2019") + 20],
    "in the last number": lambda text: (
        text[: text.index("02/18/2019") - 7]
        if "02/18/2019" in text
        else text[: text.index("\n02/19/2019") - 4]
    ),
}


@pytest.mark.parametrize("where", CUTS)
def test_a_truncated_csv(complete, where):
    path = complete.root / "VIX_History.csv"
    path.write_text(CUTS[where](path.read_text()))
    message = refusal(complete)
    last = path.read_text().count("\n") + 1
    assert message.startswith(f"VIX_History.csv:{last}: ")
    assert "download" in message


@pytest.mark.parametrize("fraction", [0.21, 0.35, 0.5, 0.64, 0.77, 0.93])
def test_a_contract_file_cut_anywhere(complete, fraction):
    path = complete.root / f"VX_{MARCH}.csv"
    raw = path.read_bytes()
    cut = int(len(raw) * fraction)
    while raw[cut - 1 : cut] == b"\n" or raw[cut : cut + 1] in (b"\r", b"\n"):
        cut -= 1  # a cut at a line's end loses whole rows, which no reader can see
    path.write_bytes(raw[:cut])
    message = refusal(complete)
    assert message.startswith(f"VX_{MARCH}.csv:")


def test_a_row_with_a_missing_field(complete):
    complete.replace_line("VIX_History.csv", 20, "01/29/2019,16.0,17.0,15.0")
    message = refusal(complete)
    assert message.startswith("VIX_History.csv:20: 4 fields")
    assert "wanted 5" in message


def test_a_zero_settlement(complete):
    def zero(day, fields):
        return [*fields[:6], "0", *fields[7:]] if day == date(2019, 2, 12) else fields

    complete.contract(MARCH, change=zero)
    message = refusal(complete)
    line = complete.days.index(date(2019, 2, 12)) + 2
    assert message.startswith(f"VX_{MARCH}.csv:{line}: 2019-02-12 the settlement is 0")
    assert "download the file again" in message


def test_a_zero_settlement_is_not_filled_from_elsewhere_in_silence(complete):
    test_a_zero_settlement(complete)
    complete.write("ladder.csv", ["date,VX1,VX2", "2019-02-12,16.1,16.4", "2019-02-13,16.2,16.4"])
    assert "the settlement is 0" in refusal(complete)


@pytest.mark.parametrize("name", ["SPX.csv", "VIX_History.csv"])
def test_a_duplicate_date(complete, name):
    lines = (complete.root / name).read_text().split("\n")
    (complete.root / name).write_text("\n".join([*lines[:15], lines[14], *lines[15:]]))
    message = refusal(complete)
    day = complete.days[13]
    assert message.startswith(f"{name}:16: {day} is there twice (first on line 15)")
    assert "delete" in message


def test_a_duplicate_date_with_other_values_in_a_contract_file(complete):
    path = f"VX_{MARCH}.csv"
    lines = (complete.root / path).read_text().split("\n")
    other = lines[14].replace("1200", "1300")
    (complete.root / path).write_text("\n".join([*lines[:15], other, *lines[15:]]))
    assert f"{path}:16: {complete.days[13]} is there twice with different values" in refusal(
        complete
    )


def test_dates_out_of_order(complete):
    lines = (complete.root / "SPX.csv").read_text().split("\n")
    lines[9], lines[10] = lines[10], lines[9]
    (complete.root / "SPX.csv").write_text("\n".join(lines))
    message = refusal(complete)
    assert message.startswith("SPX.csv:11: 2019-01-14 follows 2019-01-15")


def test_a_vix_date_without_spx(complete):
    day = complete.days[30]
    complete.spx([one for one in complete.days if one != day])
    message = refusal(complete)
    assert message.startswith(f"VIX_History.csv:32: VIX has a value on {day}")
    assert "S&P 500" in message


def test_a_vix_date_on_a_weekend(complete):
    complete.vix([*complete.days[:3], date(2019, 1, 5), *complete.days[3:]])
    assert refusal(complete).startswith("VIX_History.csv:5: 2019-01-05 is a weekend")


@pytest.mark.parametrize(("name", "series"), [("SPX.csv", "spx"), ("VIX_History.csv", "vix")])
@pytest.mark.parametrize("line", [2, 40, -1])
@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_a_price_times_ten(complete, name, series, line, factor):
    number = line if line > 0 else len(complete.days) + 1
    fields = complete.line(name, number).split(",")
    scaled = [fields[0], *(f"{float(field) * factor:.2f}" for field in fields[1:])]
    complete.replace_line(name, number, ",".join(scaled))
    message = refusal(complete)
    assert message.startswith(f"{name}:{number}: {complete.days[number - 2]} {series}")


def test_a_close_alone_times_ten(complete):
    fields = complete.line("VIX_History.csv", 30).split(",")
    complete.replace_line("VIX_History.csv", 30, ",".join([*fields[:4], "170.5"]))
    assert refusal(complete).startswith("VIX_History.csv:30: ")


def test_an_open_alone_times_ten(complete):
    fields = complete.line("VIX_History.csv", 30).split(",")
    complete.replace_line("VIX_History.csv", 30, ",".join([fields[0], "160.5", *fields[2:]]))
    assert "vix_open is 160.5" in refusal(complete)


def test_a_futures_price_times_ten(complete):
    def scaled(day, fields):
        return [*fields[:6], "161.50", *fields[7:]] if day == date(2019, 2, 12) else fields

    complete.contract(MARCH, change=scaled)
    assert "2019-02-12 the settlement is 161.5" in refusal(complete)


def test_a_slipped_decimal_point_in_a_futures_price(complete):
    def scaled(day, fields):
        return [*fields[:6], "60.50", *fields[7:]] if day == date(2019, 2, 12) else fields

    complete.contract(MARCH, change=scaled)
    message = refusal(complete)
    assert "the settlement is 60.5 after 16" in message
    assert "decimal point" in message


@pytest.mark.parametrize("cell", ["NaN", "nan", "inf", "n/v", "12..5", "1_000", "", "0", "-12.5"])
@pytest.mark.parametrize("name", ["SPX.csv", "VIX_History.csv"])
def test_a_close_that_is_no_price(complete, name, cell):
    fields = complete.line(name, 30).split(",")
    complete.replace_line(name, 30, ",".join([*fields[:4], cell]))
    message = refusal(complete)
    assert message.startswith(f"{name}:30: {complete.days[28]} ")
    assert f"'{cell}'" in message


@pytest.mark.parametrize("cell", ["NaN", "abc", ""])
def test_a_settlement_that_is_no_number(complete, cell):
    def spoilt(day, fields):
        return [*fields[:6], cell, *fields[7:]] if day == date(2019, 2, 12) else fields

    complete.contract(MARCH, change=spoilt)
    assert f"the settlement is '{cell}'" in refusal(complete)


@pytest.mark.parametrize(
    "day", ["13/45/2019", "yesterday", "2019-02-30", "", "20190-01-02", "1/2/19"]
)
def test_a_cell_that_is_no_date(complete, day):
    fields = complete.line("VIX_History.csv", 30).split(",")
    complete.replace_line("VIX_History.csv", 30, ",".join([day, *fields[1:]]))
    message = refusal(complete)
    assert message.startswith(f"VIX_History.csv:30: '{day}' is not a date")


@pytest.mark.parametrize(
    ("line", "day"), [(2, "01/02/1919"), (-1, "04/30/2091"), (30, "02/12/2091")]
)
def test_a_date_out_of_range(complete, line, day):
    number = line if line > 0 else len(complete.days) + 1
    fields = complete.line("VIX_History.csv", number).split(",")
    complete.replace_line("VIX_History.csv", number, ",".join([day, *fields[1:]]))
    message = refusal(complete)
    place = number if line != 30 else 31  # the row after a date too late is the one that falls back
    assert message.startswith(f"VIX_History.csv:{place}: ")


def test_a_date_in_the_future(complete):
    load_history(complete.root, today=date(2019, 4, 30))
    message = refusal(complete, today=date(2019, 4, 29))
    assert "2019-04-30 is in the future" in message


def test_a_trade_date_after_the_settlement(complete):
    complete.contract(MARCH)
    path = complete.root / f"VX_{MARCH}.csv"
    path.write_bytes(path.read_bytes().replace(b"2019-03-19,", b"2019-03-25,"))
    assert "trade date 2019-03-25 is not in the life of the contract" in refusal(complete)


@pytest.mark.parametrize("name", ["VIX_History.csv", "VX_2019-02-13.csv", "CFE_J08_VX.csv"])
@pytest.mark.parametrize("content", ["", "<!DOCTYPE html><html>404</html>\n", "some text\n"])
def test_a_file_that_is_not_what_its_name_says(complete, name, content):
    complete.write(name, content)
    message = refusal(complete)
    assert message.startswith(f"{name}:1: ")
    assert "download the file again" in message


def test_a_header_without_data(complete):
    complete.write("VIX_History.csv", ["DATE,OPEN,HIGH,LOW,CLOSE"])
    assert refusal(complete).startswith("VIX_History.csv:1: a header and no data")


def test_bytes_that_are_no_text(complete):
    path = complete.root / "VIX_History.csv"
    path.write_bytes(path.read_bytes().replace(b"01/29/2019", b"\xff\xfe/29/2019"))
    assert refusal(complete).startswith("VIX_History.csv:20: ")


def test_a_broken_workbook(complete):
    complete.write("shiller_ie_data.xls", "this is not a workbook\n")
    assert refusal(complete).startswith("shiller_ie_data.xls: the workbook cannot be opened")


def test_a_contract_beyond_the_calendar(complete):
    (complete.root / f"VX_{MARCH}.csv").rename(complete.root / "CFE_H99_VX.csv")
    assert refusal(complete).startswith("CFE_H99_VX.csv: a contract of 2099-03")


@pytest.mark.parametrize(
    ("month", "what"),
    [("13", "a contract of 2019-13"), ("0", "a contract of 2019-00"), ("", "a number was wanted")],
)
def test_a_final_settlement_of_no_month(complete, month, what):
    complete.write(
        "archive.csv",
        [
            "Symbol,SettlementMonth,SettlementYear,ProductType,SettlementDate,SettlementPrice,"
            "ProductDescription",
            f"VX,{month},2019,Standard,,15.42,VIX",
        ],
    )
    message = refusal(complete)
    assert message.startswith("archive.csv:2: ")
    assert what in message
