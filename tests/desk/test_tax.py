"""Section 1256: every dollar once, in the year in which it was made; worked by hand."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from alvh.advise.instrument import Instrument, parse_instrument
from alvh.desk.entries import Fill
from alvh.desk.tax import (
    TaxLine,
    last_session,
    left_out,
    read_marks,
    tax_csv,
    tax_lines,
)
from alvh.errors import BookError

CALL = parse_instrument("VIX   200318C00020000")
FUTURE = parse_instrument("VX200318")
BASKET = parse_instrument("ETP_MID")


def _fill(on: date, what: Instrument, quantity: float, price: float, **more) -> Fill:
    return Fill(on, "short", "", what, quantity, price, **more)


def _marks(what: Instrument, on: date) -> tuple[float, str]:
    assert on == date(2019, 12, 31)
    return {CALL: 1.10, FUTURE: 16.5}[what], "by hand"


HELD = [
    _fill(date(2019, 12, 16), CALL, 10, 0.90, fees=6.5),
    _fill(date(2020, 2, 28), CALL, -4, 15.00, fees=2.6),
    _fill(date(2020, 3, 18), CALL, -6, 49.00, settles=True),
]


def test_what_is_held_over_the_year_is_marked_and_taxed_once() -> None:
    # 2019: 10·100·(1.10 − 0.90) − 6.50 = 193.50.
    (first,) = tax_lines(HELD, 2019, _marks)
    assert (first.gain, first.long_term, first.short_term) == (193.50, 116.10, 77.40)
    assert (first.held_before, first.held_after, first.mark_after) == (0, 10, 1.10)
    # 2020: 100·(4·15 + 6·49 − 10·1.10) − 2.60 = 34,297.40; both years are what was made in all.
    (second,) = tax_lines(HELD, 2020, _marks)
    assert (second.gain, second.held_after, second.mark_source) == (34_297.40, 0, "by hand")
    assert first.gain + second.gain == pytest.approx(sum(fill.cash for fill in HELD))


def test_a_future_is_its_moves_though_it_pays_no_premium() -> None:
    fills = [
        _fill(date(2019, 12, 16), FUTURE, -2, 17.0, fees=3.0),
        _fill(date(2020, 1, 6), FUTURE, 2, 15.5, fees=3.0),
    ]
    # Sold two at 17.00: 2·1000·(17.00 − 16.50) − 3 in 2019, 2·1000·(16.50 − 15.50) − 3 in 2020.
    assert [tax_lines(fills, year, _marks)[0].gain for year in (2019, 2020)] == [997.0, 1997.0]


def test_cents_are_split_without_loss() -> None:
    fills = [_fill(date(2019, 12, 16), CALL, 1, 0.05), _fill(date(2019, 12, 17), CALL, -1, 0.06)]
    loss = [*fills, _fill(date(2019, 12, 17), CALL, 1, 0.05, fees=0.03),
            _fill(date(2019, 12, 18), CALL, -1, 0.05)]  # fmt: skip
    for entries, gain in ((fills, 1.00), (loss, 0.97)):
        (line,) = tax_lines(entries, 2019, _marks)
        assert line.gain == gain
        assert round(line.long_term + line.short_term, 2) == gain
    assert line.long_term == 0.58  # 60 % of 0.97


def test_a_year_without_the_contract_has_no_line_and_later_fills_do_not_count() -> None:
    assert tax_lines(HELD, 2018, _marks) == ()
    assert tax_lines(HELD, 2021, _marks) == ()


def test_a_settlement_that_is_missing_is_refused() -> None:
    with pytest.raises(BookError, match="after their expiry; import their settlement"):
        tax_lines(HELD[:2], 2020, _marks)


def test_baskets_are_left_out_and_named() -> None:
    fills = [*HELD, _fill(date(2020, 1, 6), BASKET, 10, 20.0)]
    assert left_out(fills, 2020) == ("ETP_MID",)
    assert [line.symbol for line in tax_lines(fills, 2020, _marks)] == [CALL.symbol]


@pytest.mark.parametrize(("year", "day"), [(2019, 31), (2022, 30), (2023, 29)])
def test_the_last_session_of_a_year(year: int, day: int) -> None:
    # NYSE calendars: 31 December was a Tuesday in 2019, a Saturday in 2022, a Sunday in 2023.
    assert last_session(year) == date(year, 12, day)


def test_the_file_ends_in_its_sum() -> None:
    lines = tax_lines(HELD, 2020, _marks)
    rows = list(csv.DictReader(io.StringIO(tax_csv(lines))))
    assert list(rows[0]) == list(TaxLine.__dataclass_fields__)
    assert (rows[-1]["symbol"], rows[-1]["gain"]) == ("TOTAL", "34297.4")
    assert float(rows[-1]["long_term"]) == pytest.approx(0.6 * 34_297.40)


def test_own_marks_are_read_by_line(tmp_path: Path) -> None:
    file = tmp_path / "marks.csv"
    file.write_text("symbol,points\nVIX   200318C00020000,1.10\nVX200318,16.5\n")
    assert read_marks(file) == {CALL.symbol: 1.10, "VX200318": 16.5}
    for bad in ("VX200318,", "VX200318,-1", "VX200318,nan", "VX200318,1\nVX200318,2", "huh,1"):
        file.write_text(f"symbol,points\n{bad}\n")
        with pytest.raises(BookError, match=r"marks\.csv line [23]: "):
            read_marks(file)


def test_marks_that_are_no_csv_are_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "marks.csv"
    file.write_text(f"symbol,points\nVX200318,{'1' * 131_073}\n")
    with pytest.raises(BookError, match=r"marks\.csv line 2: is no CSV"):
        read_marks(file)
