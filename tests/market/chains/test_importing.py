"""What an import keeps, refuses, resumes and never does."""

import gzip
import os
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.market.chains.samples import DELAYED, DELTA_NEUTRAL, OPTIONSDX, QUOTE_TABLE

from alvh.errors import DataError
from alvh.market.chains import importing, lines, spool
from alvh.market.chains.accept import Terms
from alvh.market.chains.importing import import_chains
from alvh.market.chains.outcome import GaveWay, ImportReport
from alvh.market.chains.store import Store, locked
from alvh.market.chains.table import load_chains

HEADER, CALL, PUT, UNQUOTED = DELTA_NEUTRAL.splitlines()


def run(
    tmp_path: Path, text: str | bytes, name: str = "chain.csv", **terms: object
) -> ImportReport:
    source = tmp_path / "in" / name
    source.parent.mkdir(exist_ok=True)
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_chains([source], tmp_path / "out", terms=Terms(**terms))  # type: ignore[arg-type]


def rows(tmp_path: Path) -> pl.DataFrame:
    return load_chains(tmp_path / "out", unquoted=True).collect()


def rejects(tmp_path: Path, report: ImportReport) -> pl.DataFrame:
    return pl.read_csv(tmp_path / "out" / report.imported[0].rejects)


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("62.1", "abc", "number", "bid 'abc' is no number"),
        ("62.1", "inf", "number", "bid 'inf' is no number"),
        ("62.1", "nan", "one side", "bid '' with ask '63.0'"),
        ("62.1", "-62.1", "negative", "-62.1 is below zero"),
        ("62.1", "6.21e12", "huge", "beyond any price"),
        (",12,", ",1e15,", "huge", "beyond any count"),
        (",12,", ",-1,", "negative", "below zero"),
        (",12,", ",12.5,", "fraction", "and a fraction"),
        ("0.57", "57", "delta", "delta 57.0 is beyond 1"),
        ("04/25/2019", "04/28/2019", "session", "2019-04-28 is no session"),
        ("04/25/2019", "13/25/2019", "date", "'13/25/2019' is no date"),
        ("04/25/2019", "25.04.2019", "date", "is no date"),
        ("06/21/2019", "06/31/2019", "expiry", "'06/31/2019' is no expiry"),
        ("06/21/2019", "06/20/2019", "expiry", "2019-06-20 is no SPX expiry"),
        ("06/21/2019", "07/19/2019", "disagree", "the symbol says 2019-06-21"),
        ("call", "put", "disagree", "name different options"),
        ("call", "straddle", "right", "neither call nor put"),
        ("2900.0", "290000.0", "disagree", "name different options"),
        ("2900.0", "2905.0", "disagree", "name different options"),
        ("SPX190621C", "SPX190621X", "symbol", "is no option symbol"),
        ("SPX190621C", "XSP190621C", "root", "root 'XSP' is none of"),
        ("SPX190621C", "VIX190621C", "disagree", "root VIX is no option on SPX"),
        ("SPX,2919", "SPY,2919", "root", "underlying 'SPY' is neither"),
        (",12,", ",12,12,", "fields", "18 fields where the header has 17"),
        (",12,", ",12\x00,", "number", "is no number"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason_and_its_neighbours_kept(
    tmp_path: Path, old: str, new: str, kind: str, words: str
) -> None:
    assert old in CALL
    bad = CALL.replace(old, new, 1)
    report = run(tmp_path, "\n".join([HEADER, PUT, bad, UNQUOTED]) + "\n")
    assert rows(tmp_path)["line"].to_list() == [2, 4]
    refused = rejects(tmp_path, report)
    assert refused.select("line", "kind").rows() == [(3, kind)]
    assert words in refused["reason"][0]
    assert refused["text"][0] == bad.replace("\x00", "�")
    assert report.imported[0].reasons == {kind: 1}


def test_days_to_come_are_refused_when_the_day_is_known(tmp_path: Path) -> None:
    report = run(tmp_path, DELTA_NEUTRAL, today=date(2019, 4, 24))
    assert report.imported[0].reasons == {"future": 3}
    assert rows(tmp_path).is_empty()
    assert run(tmp_path, DELTA_NEUTRAL + "\n", today=date(2019, 4, 25)).imported[0].rows == 3


def test_shuffled_columns_are_read_by_their_names(tmp_path: Path) -> None:
    shuffled = [",".join(reversed(line.split(","))) for line in DELTA_NEUTRAL.splitlines()]
    run(tmp_path, DELTA_NEUTRAL)
    plain = rows(tmp_path).drop("source")
    (tmp_path / "other").mkdir()
    run(tmp_path / "other", "\n".join(shuffled) + "\n")
    assert plain.equals(rows(tmp_path / "other").drop("source"))


def test_a_column_that_is_there_twice_makes_the_file_unreadable(tmp_path: Path) -> None:
    report = run(tmp_path, DELTA_NEUTRAL.replace("net,bid", "bid,bid"))
    assert "column 'bid' twice" in report.refused[0].reason
    assert not report.imported


def test_a_contract_and_moment_counts_once(tmp_path: Path) -> None:
    other = CALL.replace("62.1", "62.2")
    report = run(tmp_path, "\n".join([HEADER, CALL, PUT, CALL, other]) + "\n")
    assert rows(tmp_path)["line"].to_list() == [2, 3]
    refused = rejects(tmp_path, report).sort("line")
    assert refused["kind"].to_list() == ["duplicate", "another quote"]
    assert refused["reason"][0].startswith("this contract and moment is on line 2 of chain.csv#")
    assert refused["reason"][0].endswith("with the same quote")
    assert refused["reason"][1].endswith("with another quote")


def test_what_another_file_has_already_is_refused(tmp_path: Path) -> None:
    run(tmp_path, DELTA_NEUTRAL)
    again = run(tmp_path, DELTA_NEUTRAL + "\n", "again.csv")  # another file by its content
    assert (again.imported[0].rows, again.imported[0].reasons) == (0, {"duplicate": 3})
    assert rows(tmp_path)["source"].str.starts_with("chain.csv#").all()


LISTED = "\n".join([HEADER, CALL.replace("62.1,63.0", "0.0,0.0"), ""])
QUOTED = "\n".join([HEADER, CALL, ""])


def test_a_quote_counts_before_a_row_that_only_says_it_was_listed(tmp_path: Path) -> None:
    run(tmp_path, "\n".join([HEADER, LISTED.splitlines()[1], CALL, ""]))
    assert rows(tmp_path).select("bid", "line").rows() == [(62.1, 3)]


@pytest.mark.parametrize("order", [(LISTED, QUOTED), (QUOTED, LISTED)])
def test_a_listed_only_row_of_another_file_gives_way(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    first = run(tmp_path, order[0], "first.csv")
    before = Store.of(tmp_path / "out").digest
    run(tmp_path, order[1], "second.csv")
    assert rows(tmp_path)["bid"].to_list() == [62.1]
    store = Store.of(tmp_path / "out")
    assert (store.digest != before) == (order[0] == LISTED)
    assert sum(one.rows for one in store.sources.values()) == 1
    if order[0] == LISTED:
        assert not (tmp_path / "out" / first.imported[0].parts[0]).exists()
        (source,) = (one for one in store.sources.values() if one.name == "first.csv")
        assert (source.rows, source.displaced, source.parts) == (0, 1, ())


def test_a_corrected_file_replaces_what_it_corrects_when_told_to(tmp_path: Path) -> None:
    run(tmp_path, "\n".join([HEADER, CALL, PUT, ""]), "first.csv")
    before = Store.of(tmp_path / "out")
    names = {path.name for path in before.parts(["SPX"])}
    corrected = "\n".join([HEADER, CALL.replace("62.1", "62.2"), PUT, ""])
    report = run(tmp_path, corrected, "corrected.csv")
    assert report.imported[0].reasons == {"another quote": 1, "duplicate": 1}
    report = run(tmp_path, corrected, "corrected.csv", replace=True)
    assert (report.rows, report.imported[0].reasons) == (1, {"duplicate": 1})
    assert rows(tmp_path).select("put_call", "bid").rows() == [("C", 62.2), ("P", 38.1)]
    after = Store.of(tmp_path / "out")
    assert after.digest != before.digest
    assert not names & {path.name for path in after.parts(["SPX"])}  # nothing kept of it holds
    assert run(tmp_path, corrected, "corrected.csv", replace=True).same == ["corrected.csv"]


def _whole(tmp_path: Path) -> Store:
    """Return the store of a folder whose files are those that it lists, of as many rows."""
    store = Store.of(tmp_path / "out")
    listed = {tmp_path / "out" / part for one in store.sources.values() for part in one.parts}
    assert listed == set((tmp_path / "out").glob("quotes/*/*/*.parquet"))
    assert rows(tmp_path).height == sum(one.rows for one in store.sources.values())
    return store


def test_a_file_gives_way_to_the_same_one_twice(tmp_path: Path) -> None:
    """First a row that was only listed, then, when told to, a quote; the third row stays."""
    dearer = PUT.replace("38.1", "38.2")
    run(tmp_path, "\n".join([*LISTED.splitlines(), PUT, UNQUOTED, ""]), "first.csv")
    second = "\n".join([HEADER, CALL, dearer, ""])
    assert run(tmp_path, second, "second.csv").rows == 1
    assert _whole(tmp_path).sources
    assert run(tmp_path, second, "second.csv", replace=True).rows == 2
    _whole(tmp_path)
    found = rows(tmp_path).select(pl.col("source").str.head(5), "root", "put_call", "bid").rows()
    assert found == [
        ("secon", "SPX", "C", 62.1), ("secon", "SPX", "P", 38.2), ("first", "SPXW", "P", None),
    ]  # fmt: skip


def test_a_file_gives_way_again_to_what_is_read_anew_with_other_terms(tmp_path: Path) -> None:
    """Third Fridays are refused at first; told what they are, the file takes them over too."""
    lines = [CALL.replace("SPX190621C02900000", f"SPXW190{day}C02875000").replace(
        "06/21", f"0{day[0]}/{day[1:]}").replace("2900.0", "2875.0")
        for day in ("508", "621", "531")]  # fmt: skip
    run(tmp_path, "\n".join([HEADER, *lines, ""]), "first.csv")
    name = "spx_eod_201904.txt"
    assert run(tmp_path, OPTIONSDX, name, replace=True).imported[0].reasons == {"undecided": 2}
    _whole(tmp_path)
    assert run(tmp_path, OPTIONSDX, name, replace=True, third_fridays="PM").rows == 4
    store = _whole(tmp_path)
    (first,) = (one for one in store.sources.values() if one.name == "first.csv")
    assert (first.rows, first.displaced, first.displaced_by) == (1, 2, (name,))


def test_quotes_that_gave_way_can_be_taken_back(tmp_path: Path) -> None:
    texts = {
        "first.csv": "\n".join([HEADER, CALL, PUT, ""]),
        "second.csv": "\n".join([HEADER, CALL.replace("62.1", "62.2"), PUT, ""]),
    }
    digests = []
    for name in ("first.csv", "second.csv", "first.csv", "second.csv", "first.csv"):
        assert not run(tmp_path, texts[name], name, replace=True).same
        digests.append(_whole(tmp_path).digest)
        assert rows(tmp_path)["bid"][0] == (62.1 if name == "first.csv" else 62.2)
    assert digests[1] == digests[3] != digests[2]
    assert run(tmp_path, texts["first.csv"], "first.csv", replace=True).same == ["first.csv"]
    there = run(tmp_path, texts["second.csv"], "second.csv")
    assert there.same == ["second.csv"]
    assert there.gave_way[0].reason.startswith("1 of its rows were displaced by first.csv; import")


def test_other_quotes_have_another_digest_and_the_same_ones_the_same(tmp_path: Path) -> None:
    """By order of import, by what third Fridays are, and by way of a quote that was taken back."""
    first = "\n".join([HEADER, CALL, PUT, ""])
    second = "\n".join([HEADER, CALL.replace("62.1", "62.2"), PUT, ""])

    def digest(name: str, *texts: str) -> tuple[str, list[float]]:
        (tmp_path / name).mkdir()
        for text in texts:
            file = "first.csv" if text == first else "second.csv"
            run(tmp_path / name, text, file, replace=len(texts) == 3)
        return Store.of(tmp_path / name / "out").digest, rows(tmp_path / name)["bid"].to_list()

    alone, quotes = digest("alone", first)
    forth, later = digest("forth", first, second)
    back, earlier = digest("back", second, first)
    assert earlier != later
    assert back != forth
    assert digest("again", first, second, first) == (alone, quotes)
    declared = set()
    for settlement in (None, "AM", "PM"):
        folder = tmp_path / str(settlement)
        folder.mkdir()
        run(folder, OPTIONSDX, "spx_eod_201904.txt", third_fridays=settlement)
        declared.add(Store.of(folder / "out").digest)
    assert len(declared) == 3


def test_the_last_word_counts_also_of_quotes_that_were_there_already(tmp_path: Path) -> None:
    """The second file has the first one's call and another put; the third file another call."""
    first = "\n".join([HEADER, CALL, ""])
    second = "\n".join([HEADER, CALL, PUT, ""])
    third = "\n".join([HEADER, CALL.replace("62.1", "62.2"), ""])
    run(tmp_path, first, "first.csv")
    assert run(tmp_path, second, "second.csv").imported[0].reasons == {"duplicate": 1}
    run(tmp_path, third, "third.csv", replace=True)
    assert rows(tmp_path)["bid"].to_list() == [62.2, 38.1]
    assert not run(tmp_path, second, "second.csv", replace=True).same
    assert rows(tmp_path)["bid"].to_list() == [62.1, 38.1]
    assert run(tmp_path, second, "second.csv", replace=True).same == ["second.csv"]
    _whole(tmp_path)


def test_an_import_says_what_gave_way_to_it(tmp_path: Path) -> None:
    first = "\n".join([HEADER, CALL, PUT, UNQUOTED, ""])
    dearer = [CALL.replace("62.1", "62.2"), PUT.replace("38.1", "38.2"), ""]
    assert run(tmp_path, first, "first.csv").displaced == []
    second = "\n".join([HEADER, *dearer])
    assert run(tmp_path, second, "second.csv").displaced == []
    report = run(tmp_path, second, "second.csv", replace=True)
    assert report.displaced == [GaveWay("first.csv", "second.csv", 2)]


def test_parts_that_nothing_lists_go_at_the_next_import(tmp_path: Path) -> None:
    run(tmp_path, "\n".join([HEADER, CALL, ""]), "first.csv")
    (part,) = Store.of(tmp_path / "out").parts(["SPX"])
    stray = part.with_name("0123456789abcdef-0123456789abcdef.parquet")
    stray.write_bytes(part.read_bytes())
    run(tmp_path, "\n".join([HEADER, PUT, ""]), "second.csv")
    assert not stray.exists()
    assert _whole(tmp_path).sources


def test_an_import_that_breaks_off_takes_nothing_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, "\n".join([HEADER, CALL, ""]), "first.csv")
    before = Store.of(tmp_path / "out")

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_csv", broken)
    bad = [CALL.replace("62.1", "62.2"), PUT.replace("38.1", "-1"), ""]
    with pytest.raises(OSError, match="No space"):
        run(tmp_path, "\n".join([HEADER, *bad]), "second.csv", replace=True)
    assert Store.of(tmp_path / "out").sources == before.sources
    assert rows(tmp_path)["bid"].to_list() == [62.1]


def test_files_of_an_earlier_reader_and_damaged_parts_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path, DELTA_NEUTRAL).rows == 3
    part = next((tmp_path / "out").glob("quotes/*/*/*.parquet"))
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"chain.csv are missing or were cut off"):
        rows(tmp_path)
    assert run(tmp_path, DELTA_NEUTRAL).rows == 3
    assert rows(tmp_path).height == 3
    assert run(tmp_path, DELTA_NEUTRAL).same == ["chain.csv"]
    monkeypatch.setattr(importing, "READER", importing.READER + 1)
    assert run(tmp_path, DELTA_NEUTRAL).rows == 3


def test_two_imports_do_not_write_into_a_folder_at_once(tmp_path: Path) -> None:
    with locked(tmp_path / "out"), pytest.raises(DataError, match="another import is writing"):
        run(tmp_path, DELTA_NEUTRAL)
    assert run(tmp_path, DELTA_NEUTRAL).rows == 3


@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\r\n", "\n"])
def test_lines_may_end_in_any_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(lines, "BLOCK", 64)
    monkeypatch.setattr(lines, "HEAD", 200)
    report = run(tmp_path, DELTA_NEUTRAL.replace("\n", end))
    assert (report.rows, report.rejected) == (3, 0)
    assert rows(tmp_path)["line"].to_list() == [2, 3, 4]


@pytest.mark.parametrize("name", ["header.csv", "header.csv.gz"])
def test_a_file_of_a_header_alone_says_so(tmp_path: Path, name: str) -> None:
    text = HEADER.encode() + b"\n"
    report = run(tmp_path, gzip.compress(text)[:-8] if name.endswith("gz") else text, name)
    assert report.rows == 0
    assert "nothing in it but a header" in report.imported[0].notes[0]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.csv", DELTA_NEUTRAL.replace(",", ";").encode(), "separated by semicolons"),
        ("a.txt", DELTA_NEUTRAL.replace(",", "\t").encode(), "separated by tabs"),
        ("a.csv", DELTA_NEUTRAL.encode("utf-16"), "UTF-16"),
        ("a.csv.gz", gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "archive in an archive"),
        (
            "a.gz",
            gzip.compress(b"a.csv".ljust(257, b"\0") + b"ustar" + b"\0" * 250, mtime=0),
            "tar",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    assert words in run(tmp_path, data, name).refused[0].reason


def test_a_file_that_cannot_be_opened_does_not_end_the_import(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "b.csv").write_text(DELTA_NEUTRAL)
    report = import_chains([tmp_path / "in"], tmp_path / "out")
    assert report.rows == 3
    assert "cannot be read: No such file" in report.refused[0].reason


def test_a_pipe_in_a_folder_of_downloads_is_left(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in" / "a.csv")
    (tmp_path / "in" / "b.csv").write_text(DELTA_NEUTRAL)
    report = import_chains([tmp_path / "in"], tmp_path / "out")
    assert report.rows == 3
    assert [(one.path, one.reason) for one in report.left] == [
        ("a.csv", "no regular file: a pipe, a socket or a device")
    ]


def test_an_import_is_not_repeated_and_one_cut_off_is_taken_up(tmp_path: Path) -> None:
    first = run(tmp_path, DELTA_NEUTRAL)
    assert run(tmp_path, DELTA_NEUTRAL, "copy.csv").same == ["copy.csv"]
    (tmp_path / "out" / "chains.json").unlink()  # as if killed before the file was listed
    before = {path.name for path in (tmp_path / "out").rglob("*.parquet")}
    again = run(tmp_path, DELTA_NEUTRAL)
    assert (again.imported[0].rows, again.imported[0].reasons) == (first.imported[0].rows, {})
    assert {path.name for path in (tmp_path / "out").rglob("*.parquet")} == before
    assert not (tmp_path / "out" / ".work").exists() or not any((tmp_path / "out/.work").iterdir())


@pytest.mark.parametrize("cut_at", [10, 30])
def test_a_file_cut_in_its_last_line_keeps_what_is_whole(tmp_path: Path, cut_at: int) -> None:
    report = run(tmp_path, "\n".join([HEADER, CALL, PUT[:-cut_at]]))
    assert rows(tmp_path)["line"].to_list() == [2]
    assert report.imported[0].reasons == {"fields": 1}


def test_a_last_number_without_a_line_end_may_be_cut_and_is_refused(tmp_path: Path) -> None:
    report = run(tmp_path, QUOTE_TABLE.rstrip("\n")[:-2])  # open interest 12, not 1200
    assert report.imported[0].rows == 0
    assert "without a line end" in rejects(tmp_path, report)["reason"][0]
    # the last column of this layout is not read: nothing that counts can be missing
    assert run(tmp_path, DELTA_NEUTRAL.rstrip("\n")).imported[0].rows == 3


def test_gzip_and_zip_are_opened_and_a_cut_one_keeps_its_beginning(tmp_path: Path) -> None:
    many = [
        CALL.replace("02900", f"{k:05d}").replace("2900.0", f"{k}.0") for k in range(1000, 9000, 5)
    ]
    text = "\n".join([HEADER, *many]) + "\n"
    assert run(tmp_path, gzip.compress(text.encode()), "whole.csv.gz").imported[0].rows == 1600
    packed = gzip.compress(text.encode())
    (tmp_path / "cut").mkdir()
    part = run(tmp_path / "cut", packed[: len(packed) * 3 // 4], "cut.csv.gz").imported[0]
    assert 0 < part.rows < 1600
    assert part.reasons == {"fields": 1}
    damaged = bytearray(packed)
    damaged[len(damaged) // 2] ^= 0xFF
    (tmp_path / "damaged").mkdir()
    refused = run(tmp_path / "damaged", bytes(damaged), "damaged.csv.gz")
    assert "damaged" in refused.refused[0].reason
    assert not list((tmp_path / "damaged" / "out").rglob("*.parquet"))


def test_a_file_without_the_index_is_taken_and_says_so(tmp_path: Path) -> None:
    report = run(tmp_path, DELTA_NEUTRAL.replace("underlying_last", "spot"))
    assert report.rows == 3
    assert rows(tmp_path)["underlying"].to_list() == [None] * 3
    assert report.imported[0].notes == ("without the columns underlying_last",)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",bid,", ",bidd,", "of historicaloptiondata, without 'bid'"),
        (",bid,ask,", ",b,a,", "of historicaloptiondata, without 'ask' and 'bid'"),
    ],
)
def test_a_header_that_lacks_a_column_or_two_is_refused(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    report = run(tmp_path, DELTA_NEUTRAL.replace(old, new, 1))
    assert not report.left
    assert words in report.refused[0].reason


def test_a_header_that_lacks_more_is_none_of_a_chain(tmp_path: Path) -> None:
    report = run(tmp_path, DELTA_NEUTRAL.replace(",bid,ask,", ",b,a,").replace("strike", "k"))
    assert report.left
    assert not report.refused


def test_a_zip_is_read_member_by_member(tmp_path: Path) -> None:
    source = tmp_path / "in" / "both.zip"
    source.parent.mkdir()
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "quotes of April")
        archive.writestr("a/chain.csv", DELTA_NEUTRAL)
        archive.writestr("_VIX.json", DELAYED)
    report = import_chains([source], tmp_path / "out")
    assert report.imported[0].layout == "historicaloptiondata, Cboe delayed quotes"
    assert sorted(rows(tmp_path)["root"].unique()) == ["SPX", "SPXW", "VIX", "VIXW"]
    assert run(tmp_path, b"PK\x03\x04 nonsense", "bad.zip").refused[0].path == "bad.zip"


def test_a_cut_message_keeps_the_options_before_the_cut(tmp_path: Path) -> None:
    report = run(tmp_path, DELAYED[: DELAYED.index("VIXW") + 40], "_VIX.json")
    assert rows(tmp_path).select("root", "strike", "bid").rows() == [("VIX", 15.0, 1.1)]
    assert rows(tmp_path)["underlying"].to_list() == [None]  # it stood behind the cut
    refused = rejects(tmp_path, report)
    assert "cut or damaged" in refused["reason"][0]
    assert refused["line"].to_list() == [2]


@pytest.mark.parametrize(
    ("hole", "lacking"),
    [
        ('1.30, "ask_size": 8.0,\n "iv": 0.9, "open_interest": ', "ask_size, iv, open_interest"),
        ('bid": 1.10, "bid_size": 7.0, "ask": 1.30, "ask_size": 8.0,\n "iv": 0.9, "',
         "bid, bid_size, ask, ask_size, iv"),
    ],
)  # fmt: skip
def test_an_option_with_a_hole_in_it_is_refused(tmp_path: Path, hole: str, lacking: str) -> None:
    """Ask takes the value of the open interest, or the quote is gone; the nine others are kept."""
    start, stop = DELAYED.index('{"option"'), DELAYED.index(",\n{")
    whole = DELAYED[start:stop]
    others = [whole.replace("15000", f"{strike}000") for strike in range(16, 25)]
    spoilt = whole.replace(hole, "")
    assert spoilt != whole
    text = DELAYED[:start] + ",\n".join([*others, spoilt]) + DELAYED[DELAYED.index("}],") + 1 :]
    report = run(tmp_path, text, "_VIX.json")
    assert rows(tmp_path)["strike"].to_list() == [float(strike) for strike in range(16, 25)]
    refused = rejects(tmp_path, report)
    assert refused.select("line", "kind", "reason").rows() == [
        (10, "fields", f"an option without {lacking}, which the others have")
    ]


@pytest.mark.parametrize(
    "spoilt",
    [
        DELAYED[: DELAYED.index("2019-04-12") + 20],  # cut within an option
        DELAYED.replace('"bid": 0.0,', '"bid": 0.0x,'),  # spoilt within one
        DELAYED.replace("}],", "}?,"),  # the list is not closed
        DELAYED.replace('"},\n{', '"}]\n{'),  # or too early
    ],
)
def test_a_damaged_message_is_not_dated_by_an_options_own_trade(
    tmp_path: Path, spoilt: str
) -> None:
    assert spoilt != DELAYED
    run(tmp_path, spoilt, "_VIX.json")
    assert set(rows(tmp_path)["date"]) == {date(2019, 4, 25)}
    assert set(rows(tmp_path)["time"]) == {None}
    assert set(rows(tmp_path)["underlying"]) == {None}


def test_an_option_of_two_with_a_hole_between_them_is_refused(tmp_path: Path) -> None:
    """What follows the hole is another contract's: the first would be quoted as the second."""
    head, tail = DELAYED.split(' "iv": 0.9,')[0], DELAYED[DELAYED.index('"bid": 0.0,') :]
    report = run(tmp_path, head + " " + tail, "_VIX.json")
    assert report.imported[0].reasons == {"fields": 1}
    assert rows(tmp_path).is_empty()
    assert rejects(tmp_path, report)["reason"].to_list() == ["'bid' stands twice in one option"]
    assert rejects(tmp_path, report)["text"][0].startswith("{'option': 'VIX190522C00015000', 'bid'")


def test_an_option_of_two_is_refused_in_a_damaged_message_too(tmp_path: Path) -> None:
    spoilt = DELAYED.replace('"bid": 1.10,', '"bid": 1.10, "bid": 9.10,')[:-20]
    report = run(tmp_path, spoilt, "_VIX.json")
    assert rows(tmp_path)["root"].to_list() == ["VIXW"]
    assert rejects(tmp_path, report)["line"].to_list() == [1, 3]


@pytest.mark.parametrize("said", ['"timestamp": "2019-04-26 21:02:44"', '"data": {"options": []}'])
def test_a_message_that_says_something_twice_is_refused(tmp_path: Path, said: str) -> None:
    report = run(tmp_path, DELAYED.replace("{", "{" + said + ", ", 1), "_VIX.json")
    assert f"the message says {said.split(':')[0]} twice".replace('"', "'") in (
        report.refused[0].reason
    )


def test_another_index_is_told_by_its_level(tmp_path: Path) -> None:
    """No S&P 500 of 2019 stood at 7,700, nor at 290; in 2025 it stood at 6,700."""
    for level in ("7700.5", "290.1"):
        report = run(tmp_path, DELTA_NEUTRAL.replace("2919.04", level), f"{level}.csv")
        assert (report.rows, report.imported[0].reasons) == (0, {"underlying": 3})


def test_blocks_and_spilled_rows_give_the_same_as_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [
        CALL.replace("02900", f"{k:05d}").replace("2900.0", f"{k}.0").replace("04/25", f"0{m}/25")
        for k in range(2000, 3000, 5)
        for m in (3, 4)
    ]
    many.insert(250, many[3])
    many.insert(120, "not a line")
    text = "\n".join([HEADER, *many]).replace("\n", "\r\n") + "\r\n"
    (tmp_path / "whole").mkdir()
    whole = run(tmp_path / "whole", text)
    monkeypatch.setattr(lines, "BLOCK", 1000)
    monkeypatch.setattr(lines, "HEAD", 400)
    monkeypatch.setattr(spool, "HELD", 70)
    (tmp_path / "parts").mkdir()
    parts = run(tmp_path / "parts", text)
    assert rows(tmp_path / "whole").equals(rows(tmp_path / "parts"))
    assert rows(tmp_path / "parts").height == 400
    assert whole.imported[0].reasons == parts.imported[0].reasons == {"duplicate": 1, "fields": 1}
    assert rejects(tmp_path / "whole", whole).equals(rejects(tmp_path / "parts", parts))


def test_what_is_no_chain_is_left_with_a_reason(tmp_path: Path) -> None:
    for name, text in {
        "notes.txt": "hello",
        "empty.csv": "",
        "x.7z": "7z",
        "o.json": '{"a": 1}',
    }.items():
        report = run(tmp_path, text, name)
        assert [one.path for one in report.left] == [name]
        assert not report.imported
    assert "unpack it" in run(tmp_path, "7z", "x.7z").left[0].reason


def test_a_chain_that_does_not_say_of_what_is_refused_and_the_others_taken(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "b.csv").write_text(DELTA_NEUTRAL)
    (folder / "a.csv").write_text(QUOTE_TABLE.replace("April 25, 2019 at", "once upon"))
    report = import_chains([folder], tmp_path / "out")
    assert [one.path for one in report.refused] == ["a.csv"]
    assert [one.name for one in report.imported] == ["b.csv"]


def test_many_files_are_all_listed_and_a_break_keeps_what_was_done(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(40):
        strike = 2000 + 5 * i
        line = CALL.replace("02900", f"{strike:05d}").replace("2900.0", f"{strike}.0")
        (folder / f"{i:02d}.csv").write_text(f"{HEADER}\n{line}\n")

    def stop(done: int, files: int, name: str, outcome: str) -> None:
        if done == 39:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_chains([folder], tmp_path / "out", progress=stop)
    assert len(Store.of(tmp_path / "out").sources) == 39
    again = import_chains([folder], tmp_path / "out")
    assert (len(again.same), len(again.imported)) == (39, 1)
    assert rows(tmp_path).height == 40


def test_the_name_must_say_one_index(tmp_path: Path) -> None:
    for name in ("eod.txt", "spx_and_vix.txt"):
        assert "'spx' or 'vix' was wanted" in run(tmp_path, OPTIONSDX, name).refused[0].reason
    assert run(tmp_path, OPTIONSDX, "spx.txt").imported[0].rows == 2


def test_a_real_optionsdx_line_is_read_under_the_name_of_an_index(
    shared_data: Path, tmp_path: Path
) -> None:
    """The one real row there is is SPY's: its numbers, not its contract, are the witness."""
    real = shared_data / "formats" / "optionsdx_spy_eod_201201_real_row.txt"
    assert import_chains([real], tmp_path / "as_it_is").left
    text = real.read_text().replace("127.540000", "1275.0")
    run(tmp_path, text, "spx_eod_201201.txt")
    quotes = rows(tmp_path).select("date", "expiry", "strike", "put_call", "bid", "ask", "sigma")
    day, friday = date(2012, 1, 3), date(2012, 1, 6)
    assert quotes.rows() == [
        (day, friday, 115.0, "C", 12.49, 12.66, None),
        (day, friday, 115.0, "P", None, None, 0.36685),
    ]


def test_another_ticker_is_not_read_as_the_index_of_its_folder(
    shared_data: Path, tmp_path: Path
) -> None:
    real = shared_data / "formats" / "optionsdx_spy_eod_201201_real_row.txt"
    folder = tmp_path / "in" / "spx"
    folder.mkdir(parents=True)
    (folder / "spy_eod_201201.txt").write_bytes(real.read_bytes())
    report = import_chains([tmp_path / "in"], tmp_path / "out")
    assert "it has 'spy'" in report.left[0].reason
    assert report.refused == []
    (folder / "spy_eod_201201.txt").rename(folder / "201201.txt")  # its level tells it
    report = import_chains([tmp_path / "in"], tmp_path / "out")
    assert (report.rows, report.imported[0].reasons) == (0, {"underlying": 2})
    (folder / "201201.txt").write_text(OPTIONSDX)
    assert import_chains([tmp_path / "in"], tmp_path / "out").rows == 2


def dated(day: str, expiry: str, symbol: str, number: int = 0) -> str:
    """Return a line of the delta-neutral layout with the dates as written."""
    line = CALL.replace("04/25/2019", day).replace("06/21/2019", expiry)
    strike = 2900 + 5 * number
    return line.replace("SPX190621C02900000", f"{symbol}C0{strike}000").replace(
        "2900.0", f"{strike}.0"
    )


def test_dates_with_the_day_first_are_read_so_throughout(tmp_path: Path) -> None:
    text = "\n".join(
        [HEADER, dated("03/05/2019", "07/06/2019", "SPXW190607"),
         dated("03/05/2019", "21/06/2019", "SPX190621"), ""]
    )  # fmt: skip
    report = run(tmp_path, text)
    assert report.imported[0].notes == ("its dates have the day first",)
    assert rows(tmp_path)["date"].unique().to_list() == [date(2019, 5, 3)]
    assert rows(tmp_path)["expiry"].sort().to_list() == [date(2019, 6, 7), date(2019, 6, 21)]


@pytest.mark.parametrize(
    ("day", "expiry", "symbol", "quoted"),
    [
        ("03/05/2019", "07/06/2019", "SPXW190607", date(2019, 5, 3)),  # the symbol's order
        ("05/03/2019", "06/07/2019", "SPXW190607", date(2019, 5, 3)),
        # a Wednesday weekly listed five weeks ahead: quoted on 3 May, not on 5 March
        ("03/05/2019", "2019-06-05", "SPXW190605", date(2019, 5, 3)),
        ("05/03/2019", "2019-06-05", "SPXW190605", date(2019, 5, 3)),
    ],
)
def test_dates_that_could_be_either_are_read_by_what_was_listed(
    tmp_path: Path, day: str, expiry: str, symbol: str, quoted: date
) -> None:
    run(tmp_path, "\n".join([HEADER, dated(day, expiry, symbol), ""]))
    assert rows(tmp_path)["date"].to_list() == [quoted]


def test_dates_that_nothing_decides_are_refused(tmp_path: Path) -> None:
    # the December option was listed on 5 March and on 3 May
    report = run(tmp_path, "\n".join([HEADER, dated("03/05/2019", "2019-12-20", "SPX191220"), ""]))
    assert "can be told neither from its other dates" in report.refused[0].reason


def test_a_file_of_both_orders_is_refused_and_a_wrong_date_is_a_line(tmp_path: Path) -> None:
    american = [dated("04/25/2019", "06/21/2019", "SPX190621", i) for i in range(30)]
    european = [dated("25/04/2019", "21/06/2019", "SPX190621", i) for i in range(30, 60)]
    report = run(tmp_path, "\n".join([HEADER, *american, *european, ""]))
    assert "30 lines are written with the day first and 30" in report.refused[0].reason
    report = run(tmp_path, "\n".join([HEADER, *american, european[0], ""]))
    assert (report.rows, report.imported[0].reasons) == (30, {"date": 1})


def test_sources_are_searched_but_for_hidden_files_and_folders_of_chains(tmp_path: Path) -> None:
    run(tmp_path, DELTA_NEUTRAL)
    (tmp_path / ".hidden.csv").write_text(DELTA_NEUTRAL + "\n")
    said: list[tuple[int, int, str, str]] = []
    report = import_chains([tmp_path], tmp_path / "out", progress=lambda *one: said.append(one))
    assert report == ImportReport(same=["in/chain.csv"])
    assert said == [(1, 1, "in/chain.csv", "same")]
    with pytest.raises(DataError, match="no such file or folder"):
        import_chains([tmp_path / "nowhere"], tmp_path / "out")


def test_real_chains(shared_data: Path, tmp_path: Path) -> None:
    """Lines of each real file by ``wc -l``; two quotes a line in quote tables."""
    report = import_chains([shared_data / "chains"], tmp_path)
    counts = {Path(one.name).name: (one.rows, one.rejected) for one in report.imported}
    assert counts["SPX_20190425.csv"] == (13340, 0)
    assert counts["spx_2022-02-04.csv"] == (2 * 10257, 0)
    assert counts["spx_2025-10-01_spx_quotedata.csv"] == (2 * 141, 0)
    assert counts["lean_spx_universe_20151222.csv"] == (233, 0)
    assert counts["lean_spxw_20210106_quote_european.zip"] == (6304, 1)
    assert len(counts) == 16
    assert not report.refused
    assert not report.left
    store = Store.of(tmp_path)
    assert importing.import_chains([shared_data / "chains"], tmp_path).imported == []
    assert store.digest == Store.of(tmp_path).digest
    quoted = load_chains(tmp_path, dates=[date(2022, 2, 4)]).collect()
    one = quoted.filter(expiry=date(2022, 2, 7), strike=2400.0, put_call="C")
    assert one.select("root", "bid", "ask", "sigma", "underlying", "line").rows() == [
        ("SPXW", 2087.8, 2102.6, 4.285, 4500.5298, 5)
    ]
