"""A chain that cannot be of its day gives it neither a smile nor quotes, and every command says so.

The files are real ones of 2019; all quotes of 2019-06-21 are dearer by 50 points, all calls of
2019-07-19 are. Those of 2019-04-25 and 2019-05-07 were taken before the close, within the day's
range of VIX.
"""

import csv
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import alvh
from alvh import History
from alvh.advise.account import Account
from alvh.cli import app
from alvh.desk import marking
from alvh.desk.book import Book
from alvh.desk.entries import Flow
from alvh.kernel.records import DAY
from alvh.market.chain_days import fit_days, snapshots
from alvh.market.chain_quotes import not_of_the_day
from alvh.market.chains.importing import import_chains
from alvh.market.surfaces import Surfaces, build_surfaces

JUNE, JULY = date(2019, 6, 21), date(2019, 7, 19)
OWN_VIX = 18.52  # of the chain of 2019-05-31


def _dearer(source: Path, target: Path, rights: tuple[str, ...]) -> None:
    with source.open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["type"] in rights and float(row["ask"]) > 0:
            row.update({side: f"{float(row[side]) + 50:.2f}" for side in ("bid", "ask")})
    with target.open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def history(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("refused")
    real = shared_data / "chains" / "spx_eod_2019"
    spoilt = folder / "in"
    spoilt.mkdir()
    _dearer(real / "SPX_20190621.csv", spoilt / "SPX_20190621.csv", ("call", "put"))
    _dearer(real / "SPX_20190719.csv", spoilt / "SPX_20190719.csv", ("call",))
    sound = [real / f"SPX_2019{day}.csv" for day in ("0425", "0507", "0531")]
    import_chains([spoilt, *sound], folder / "out")
    return alvh.load_history(shared_data, chains=folder / "out")


@pytest.fixture(scope="module")
def surfaces(history: History) -> Surfaces:
    return build_surfaces(history)


def _day(surfaces: Surfaces, day: date) -> np.void:
    return surfaces.days[np.searchsorted(surfaces.dates, np.datetime64(day))]  # type: ignore[no-any-return]


def test_the_day_is_as_without_a_chain(surfaces: Surfaces, shared_data: Path) -> None:
    plain = build_surfaces(alvh.load_history(shared_data))
    for day in (JUNE, JULY):
        assert _day(surfaces, day).tobytes() == _day(plain, day).tobytes()
        assert not surfaces.takes("SPX", day)
    (said,) = surfaces.said_of(JUNE)
    assert re.fullmatch(
        r"nothing is taken from the SPX chain of 2019-06-21: its VIX by the strikes it has of "
        r"\d{2,3}\.\d\d lies outside the day's, 14.42 to 15.48", said,
    )  # fmt: skip
    (said,) = surfaces.said_of(JULY)
    assert "every quote in it is marked; `alvh chain check` says by what" in said


@pytest.mark.parametrize(("factor", "share"), [(0.9, "89%"), (1.2, None)])
def test_what_is_left_of_a_chain_that_is_mostly_marked_is_not_believed(
    shared_data: Path, tmp_path: Path, factor: float, share: str | None
) -> None:
    """Prices times 0.9 or 1.2: most expiries have a rate that no market has."""
    name = "SPX_20190531.csv"
    with (shared_data / "chains" / "spx_eod_2019" / name).open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update({side: f"{factor * float(row[side]):.2f}" for side in ("bid", "ask")})
    with (tmp_path / name).open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    import_chains([tmp_path / name], tmp_path / "out")
    days = build_surfaces(alvh.load_history(shared_data)).days.copy()
    before = days.tobytes()
    found = fit_days(days, tmp_path / "out")
    assert days.tobytes() == before
    assert not len(found.quotes)
    (said,) = found.notes
    assert said.startswith("nothing is taken from the SPX chain of 2019-05-31: ")
    assert re.search(r"[\d,]+ of its [\d,]+ quotes are marked, \d\d%, and the rest", said)
    assert share is None or share in said


def test_early_chains_in_the_days_range_still_give_their_smiles(surfaces: Surfaces) -> None:
    for day, vix in ((date(2019, 4, 25), "14.10"), (date(2019, 5, 7), "21.54")):
        assert _day(surfaces, day)["spx_fitted"] == 1
        assert _day(surfaces, day)["quote_end"] == 0
        (said,) = surfaces.said_of(day)
        assert f"nothing is filled at the SPX chain of {day}: its own VIX of {vix}" in said
    sound = _day(surfaces, date(2019, 5, 31))
    assert sound["spx_fitted"] == 1
    assert sound["quote_end"] > 0
    assert surfaces.said_of(date(2019, 5, 31)) == ()


@pytest.mark.parametrize(
    ("close", "low", "high", "refused"),
    [
        (18.71, 18.01, 19.72, False),  # as it was
        (18.9, 18.8, 19.7, False),  # below the range, within 5 % of the close
        (17.4, 17.0, 18.6, False),  # in the range, 6 % off the close
        (17.4, 17.0, 18.4, False),  # 0.7 % above the range
        (17.2, 16.8, 17.9, True),  # 3.5 % above
        (20.5, 19.5, 21.0, True),
        (16.5, np.nan, np.nan, False),  # no range: 12 % off
        (15.9, np.nan, np.nan, True),  # 16 %
        (22.0, 23.0, 21.0, True),  # no range that is one: 16 %
        (np.nan, np.nan, np.nan, False),
    ],
)
def test_its_own_vix_lies_in_the_days_range_or_near_the_close(
    history: History, close: float, low: float, high: float, refused: bool
) -> None:
    assert history.chain_folder is not None
    one = next(iter(snapshots(history.chain_folder, [date(2019, 5, 31)])))
    day = np.zeros(1, DAY)[0]
    day["vix"] = close
    why = not_of_the_day(one.chain, day, one.smiles, low, high)
    assert bool(why) == refused
    assert not why or f"its own VIX of {OWN_VIX:.2f} " in why


def test_vix_chains_are_held_against_the_curve() -> None:
    from tests.market.chains.made import flat, made_chain

    from alvh.market.chains.smiles import fit_chain

    when = date(2021, 6, 1)
    strikes = np.arange(10.0, 61.0, 1.0)
    day = np.zeros(1, DAY)[0]
    day["date"], day["vix"] = np.datetime64(when).astype(int), 18.0
    day["curve_expiry"] = day["date"] + 30 * np.arange(1, len(day["curve_expiry"]) + 1)
    day["curve_forward"] = 20.0
    for forward, refused in ((20.0, False), (24.0, False), (27.0, True), (14.0, True)):
        chain = made_chain(
            flat(0.8), root="VIX", forward=forward, strikes=strikes, day=when, days=30
        ).with_columns(underlying=pl.lit(None, pl.Float64))
        why = not_of_the_day(chain, day, fit_chain(chain), np.nan, np.nan)
        assert bool(why) == refused
    assert why == "the middle of its forwards is -30% off the VIX curve"


def test_no_command_prices_by_it(history: History) -> None:
    found = alvh.quote(history, ["SPXW  190722P02955000"], JUNE)
    assert found["provenance"].to_list() == ["modelled"]
    assert found["mid"][0] < 50.0  # the chain has 96


def test_the_decision_and_the_mark_of_the_day_say_so(history: History) -> None:
    evening = Account(date(2019, 6, 20), 1_000_000.0)
    checks = alvh.today(history, evening, as_of=JUNE).plain()["checks"]
    (light,) = (check for check in checks if check["code"] == "CHAIN")
    assert light["level"] == "warn"
    assert light["text"].startswith("nothing is taken from the SPX chain of 2019-06-21: its VIX")
    other = alvh.today(history, replace(evening, as_of=date(2019, 6, 21)), as_of=date(2019, 6, 24))
    assert not [check for check in other.checks if check.code == "CHAIN"]


def test_the_mark_of_a_book_and_a_quote_say_so(
    history: History, shared_data: Path, tmp_path: Path
) -> None:
    flow = Flow(date(2019, 5, 30), "deposit", 1_000_000.0)
    found = marking.mark(history, Book("mine", (flow,)), JUNE)
    assert [said for said in found.notes if "chain" in said] == list(
        build_surfaces(history).said_of(JUNE)
    )
    held = tmp_path / "book.csv"
    held.write_text(
        "date,kind,sleeve,order,symbol,quantity,price,fees,amount,closes,key\n"
        "2019-05-30,deposit,,,,,,,1000000,,\n"
    )
    assert history.chain_folder is not None
    data = tmp_path / "data"
    data.mkdir()
    for name in ("cboe", "cfe", "fred", "spx"):
        (data / name).symlink_to(shared_data / name)
    (data / "chains").symlink_to(history.chain_folder)
    words = ("book", "mark", "--book", held, "--data", data, "--as-of", JUNE)
    asked = ("quote", "SPXW  190722P02955000", "--data", data, "--as-of", JUNE)
    for command in (words, asked):
        told = CliRunner().invoke(app, [str(word) for word in command])
        assert f"note: {build_surfaces(history).said_of(JUNE)[0]}" in told.stdout


def test_other_ranges_are_fitted_anew(history: History, surfaces: Surfaces) -> None:
    """The kept month is of the range of VIX that it was judged by."""
    assert history.chain_folder is not None
    rows = np.flatnonzero(np.isin(surfaces.dates, np.array(["2019-05-07"], "datetime64[D]")))
    days = surfaces.days[rows].copy()
    days["spx_fitted"] = days["quote_end"] = 0
    narrow = np.array([[19.0, 20.0]])
    found = fit_days(days, history.chain_folder, None, narrow)
    assert days["spx_fitted"][0] == 0
    assert "lies outside the day's, 19.00 to 20.00" in found.notes[-1]
