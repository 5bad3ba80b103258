"""The narrow waist: alignment, provenance, prefixes, digests."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.errors import DataError
from alvh.market.history import History, load_history


@pytest.fixture(scope="module")
def real(request) -> History:
    return load_history(request.getfixturevalue("shared_data"))


def report(history: History, name: str):
    return next(one for one in history.report if one.name == name)


# data/README.md
SPOT = {
    "vix": {
        "2008-11-20": 80.86,
        "2018-02-05": 37.32,
        "2020-03-16": 82.69,
        "2024-08-05": 38.57,
        "2025-04-08": 52.33,
    },
    "spx": {
        "1987-10-19": 224.84,
        "2008-11-20": 752.44,
        "2018-02-05": 2648.94,
        "2020-03-23": 2237.40,
        "2024-08-05": 5186.33,
        "2025-04-08": 4982.77,
    },
    "vvix": {"2008-04-23": 59.7, "2020-03-16": 207.6, "2018-02-05": 177.3},  # domain.md §3.2
    "skew": {"2025-02-18": 183.12},  # the record; domain.md §3.3 has 183.1
}


@pytest.mark.parametrize(("name", "day"), [(n, d) for n, days in SPOT.items() for d in days])
def test_spot_values(real, name, day):
    at = np.flatnonzero(real.dates == np.datetime64(day))
    wanted = SPOT[name][day]
    assert real[name][at] == pytest.approx([wanted], abs=0.051 if name == "vvix" else 0.0051)


def test_days_are_the_sessions_with_a_close(real):
    assert np.isfinite(real["spx"]).all()
    assert len(real) == 24_746  # data lines of the S&P 500 file
    assert (np.diff(real.dates) > np.timedelta64(0, "D")).all()


def test_vix_on_holidays_is_refused_and_never_a_day(real):
    notes = [n for n in report(real, "vix").refused if "no S&P 500 session" in n.reason]
    # data/README.md counts 42 VIX dates without S&P 500; 9 of them lie after its last close
    assert len(notes) == 33
    assert notes[0].date == date(2004, 6, 11)
    assert notes[0].where == "cboe/VIX_History.csv:3641"  # found with grep -n
    assert np.datetime64("2022-07-04") not in real.dates


def test_bad_prints_are_absent_and_reported(real):
    at = np.flatnonzero(real.dates == np.datetime64("2006-03-15"))
    assert np.isnan(real["vvix"][at]).all()
    notes = {str(note.date): note for note in report(real, "vvix").refused}
    assert notes["2006-03-15"].value == "15.710000"
    assert notes["2006-03-15"].where == "cboe/VVIX_History.csv:3"
    assert np.isnan(real["vix_low"][real.dates == np.datetime64("2008-10-10")]).all()


def test_rates_are_decimal(real):
    at = real.dates == np.datetime64("2000-01-03")
    assert real["bill_rate"][at] == pytest.approx([0.0527])  # 5.27 in the file
    assert real["fed_funds"][real.dates == np.datetime64("2026-07-08")] == pytest.approx([0.0362])


def test_monthly_values_wait_until_they_are_out(real):
    """January's exchange rate is published in the course of February; it is used from March."""
    january, february = 88.69, 88.19  # 1994 in the file
    reer = dict(zip(real.dates.astype(str), real["reer"], strict=True))
    assert np.isnan(reer["1994-02-28"])
    assert reer["1994-03-01"] == reer["1994-03-31"] == january
    assert reer["1994-04-04"] == february


def test_missing_sessions_are_reported(real):
    gaps = [str(gap.first) for gap in report(real, "vix").gaps]
    assert gaps == ["1991-03-01", "1997-01-31", "1997-11-26", "1999-12-31"]
    skew = report(real, "skew")
    assert (skew.missing, len(skew.gaps)) == (16, 9)
    longest = max(skew.gaps, key=lambda gap: gap.sessions)
    assert (str(longest.first), str(longest.last), longest.sessions) == (
        "2000-09-20",
        "2000-09-29",
        8,
    )


def test_events_and_monthly_tables(real):
    assert np.datetime64("2020-03-18") not in real.events["fomc"]  # it was moved to the 15th
    assert len(real.events["cpi"]) == 138  # data lines of the file
    assert set(real.monthly) == {"shiller", "baker_wurgler"}


def test_every_file_is_accounted_for(real, shared_data):
    assert len(real.chains) == 24
    assert [one.path for one in real.ignored] == ["README.md"]


def test_the_report_states_everything(real):
    table = real.series_report()
    assert table.columns[:5] == ["series", "source", "first", "last", "count"]
    vix = table.row(by_predicate=pl.col("series") == "vix", named=True)
    assert vix["source"] == "cboe/VIX_History.csv"
    assert (str(vix["first"]), str(vix["last"])) == ("1990-01-02", "2026-07-09")
    assert (vix["missing"], vix["refused"]) == (4, 33)
    text = real.describe()
    assert "README.md" in text
    assert "known misprint" in text
    assert real.digest in text
    for one in real.report:
        assert one.name in text


def synthetic(n: int = 60) -> History:
    rng = np.random.Generator(np.random.PCG64(7))
    dates = np.datetime64("2020-01-01") + np.arange(n)
    return History(
        dates=dates,
        columns={"spx": 3000 + rng.normal(size=n).cumsum(), "vix": 15 + rng.random(n)},
        settlements={date(2020, 1, 22): (12.85, "test")},
        events={"fomc": np.array(["2020-01-29", "2021-01-27"], "datetime64[D]")},
    )


def test_a_history_needs_only_dates_and_columns():
    history = History(np.array(["2020-01-02"], "datetime64[D]"), {"spx": [3257.85]})
    assert len(history) == 1
    assert history["spx"].dtype == np.float64
    assert history.futures.height == 0
    assert history.has("spx")
    assert not history.has("vix")
    with pytest.raises(DataError, match="no series 'vix'; there are spx"):
        history["vix"]


def test_a_column_without_a_value_is_not_had():
    history = History(np.array(["2020-01-02"], "datetime64[D]"), {"vvix": [np.nan]})
    assert not history.has("vvix")


@pytest.mark.parametrize(
    ("dates", "columns", "what"),
    [
        (["2020-01-02", "2020-01-02"], {}, "dates do not ascend"),
        (["2020-01-03", "2020-01-02"], {}, "dates do not ascend"),
        (["2020-01-02"], {"spx": [1.0, 2.0]}, "column spx has shape"),
    ],
)
def test_a_crooked_history_is_refused(dates, columns, what):
    with pytest.raises(DataError, match=what):
        History(np.array(dates, "datetime64[D]"), columns)


def test_it_is_frozen():
    history = synthetic()
    with pytest.raises(ValueError, match="read-only"):
        history["vix"][0] = 1.0
    with pytest.raises(TypeError):
        history.columns["vix"] = history["spx"]
    with pytest.raises(AttributeError):
        history.dates = history.dates[1:]


def test_it_does_not_freeze_or_follow_the_arrays_it_was_given():
    values = np.array([1.0, 2.0])
    history = History(np.array(["2020-01-02", "2020-01-03"], "datetime64[D]"), {"x": values})
    values[0] = 9.0
    assert history["x"].tolist() == [1.0, 2.0]


@given(st.integers(0, 59), st.integers(0, 59))
def test_a_cut_holds_the_same_numbers_to_the_bit(a, b):
    first, last = min(a, b), max(a, b)
    history = synthetic()
    cut = history.between(history.dates[first].item(), str(history.dates[last]))
    assert np.array_equal(cut.dates, history.dates[first : last + 1])
    for name in history.columns:
        assert cut[name].tobytes() == history[name][first : last + 1].tobytes()
    assert np.array_equal(cut.events["fomc"], history.events["fomc"])


def test_a_cut_outside_the_range():
    with pytest.raises(DataError, match="no session between 2031-01-01 and"):
        synthetic().between("2031-01-01", "2031-12-31")
    with pytest.raises(DataError, match="'soon' is not a date"):
        synthetic().between("soon")


def test_the_digest_is_of_the_content():
    history = synthetic()
    assert re.fullmatch(r"[0-9a-f]{64}", history.digest)
    assert synthetic().digest == history.digest
    assert history.between().digest == history.digest
    assert history.between(end="2020-01-31").digest != history.digest


@given(st.integers(0, 59), st.sampled_from(["spx", "vix"]))
def test_the_digest_sees_one_bit(row, name):
    history = synthetic()
    changed = {column: values.copy() for column, values in history.columns.items()}
    changed[name][row] = np.nextafter(changed[name][row], np.inf)
    other = History(history.dates, changed, settlements=history.settlements, events=history.events)
    assert other.digest != history.digest


def test_the_digest_sees_a_value_move_between_columns():
    history = synthetic()
    swapped = {"spx": history["vix"], "vix": history["spx"]}
    assert History(history.dates, swapped).digest != History(history.dates, history.columns).digest


def test_the_digest_sees_the_last_settlement_and_the_last_event():
    history = synthetic()
    same = {"dates": history.dates, "columns": history.columns}
    settled = History(**same, settlements={date(2020, 1, 22): (12.86, "test")})
    assert settled.digest != History(**same, settlements=history.settlements).digest
    scheduled = History(**same, events={"fomc": history.events["fomc"][:1]})
    assert scheduled.digest != History(**same, events=history.events).digest


def truncated(source: Path, target: Path, last: date) -> None:
    """Copy a CSV without the rows after a day."""
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = []
    for line in source.read_text().splitlines():
        cell = line.split(",")[0].strip()
        american = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", cell)
        iso = f"{american[3]}-{american[1]}-{american[2]}" if american else cell[:10]
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", iso) or date.fromisoformat(iso) <= last:
            kept.append(line)
    target.write_text("\n".join(kept) + "\n")


@pytest.fixture(scope="module")
def some_real_files(request, tmp_path_factory) -> Path:
    """Folder with enough of the real files for every kind of series."""
    shared, root = request.getfixturevalue("shared_data"), tmp_path_factory.mktemp("some")
    names = [
        "spx/SPX_OHLC_1927_2026.csv",
        "fred/DTB3_2000_2026.csv",
        "fred/RBUSBIS_1994_2024.csv",
        "cfe/vx_ladder_2006_2026.csv",
        *(f"cboe/{one}_History.csv" for one in ("VIX", "VIX9D", "VIX3M", "VVIX", "SKEW")),
        *(f"cfe/contracts_legacy/CFE_{one}_VX.csv" for one in ("V08", "X08", "N13", "G14")),
        *(f"cfe/contracts_current/VX_{one}.csv" for one in ("2013-07-17", "2014-02-19")),
    ]
    for name in names:
        truncated(shared / name, root / name, date.max)
    return root


@pytest.mark.parametrize("last", [date(2008, 10, 24), date(2013, 5, 30), date(2013, 7, 17)])
def test_files_that_end_on_a_day_give_the_prefix(some_real_files, tmp_path, last):
    """What is known of the days up to t does not depend on what the files say after t."""
    whole = load_history(some_real_files)
    for source in some_real_files.rglob("*.csv"):
        target = tmp_path / source.relative_to(some_real_files)
        truncated(source, target, last)
        if len(target.read_text().splitlines()) < 3:
            target.unlink()  # nothing but a heading: the file did not exist yet
    early = load_history(tmp_path)
    cut = whole.between(end=last)
    assert np.array_equal(early.dates, cut.dates)
    for name in early.columns:
        assert early[name].tobytes() == cut[name].tobytes()
    assert all(not cut.has(name) for name in set(cut.columns) - set(early.columns))
    assert early.futures.equals(cut.futures)
    assert dict(early.settlements) == dict(cut.settlements)


def test_two_files_of_one_series(tmp_path):
    days = ["01/02/2019", "01/03/2019", "01/04/2019"]
    rows = {"SPX.csv": [2510.03, 2447.89, 2531.94], "VIX_History.csv": [23.22, 25.45, 21.38]}
    for name, closes in rows.items():
        lines = [f"{day},{x},{x},{x},{x}" for day, x in zip(days, closes, strict=True)]
        (tmp_path / name).write_text("\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *lines]) + "\n")
    (tmp_path / "old").mkdir()
    (tmp_path / "old/VIX_History.csv").write_text(
        "DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2019,23,24,22,23.22\n01/03/2019,25,26,22,24.95\n"
    )
    (tmp_path / "VIXCLS.csv").write_text("DATE,VIXCLS\n2019-01-04,21.30\n2019-01-07,.\n")
    history = load_history(tmp_path)
    assert history["vix"].tolist() == [23.22, 25.45, 21.38]
    found = report(history, "vix")
    assert found.sources == ("VIX_History.csv", "old/VIX_History.csv", "VIXCLS.csv")
    assert [(c.kept, c.dropped, c.count, str(c.first)) for c in found.conflicts] == [
        ("VIX_History.csv", "old/VIX_History.csv", 1, "2019-01-03"),
        ("VIX_History.csv", "VIXCLS.csv", 1, "2019-01-04"),
    ]
    assert "VIX_History.csv was followed" in history.describe()


def test_an_s_and_p_close_on_a_holiday_is_refused(tmp_path):
    days = ["12/24/2018", "12/25/2018", "12/26/2018"]
    (tmp_path / "SPX.csv").write_text(
        "\n".join(["DATE,CLOSE", *(f"{day},2400.0" for day in days)]) + "\n"
    )
    (tmp_path / "VIX.csv").write_text("DATE,CLOSE\n12/24/2018,36.07\n12/26/2018,30.41\n")
    history = load_history(tmp_path)
    assert [str(day) for day in history.dates] == ["2018-12-24", "2018-12-26"]
    assert report(history, "spx").refused[0].where == "SPX.csv:3"


def test_the_same_folder_gives_the_same_digest(some_real_files):
    assert load_history(some_real_files).digest == load_history(str(some_real_files)).digest
