"""Parts of a folder that were read before: the same history, and never one of other bytes."""

import os

import pytest

import alvh
from alvh.errors import DataError
from alvh.market.history import load_history
from alvh.market.sources import folder, kept


@pytest.fixture
def store(monkeypatch, tmp_path):
    """The folder of stores, of this test alone; small folders are kept too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "LEAST", 0)
    return tmp_path / "cache/alvh/read"


@pytest.fixture
def parsed(monkeypatch):
    """Names of the files that were parsed, not found again."""
    names, taken, contracts = [], folder._taken, folder.cfe.read_contracts

    def take(found, raw):
        names.append(found.path)
        return taken(found, raw)

    def read(files):
        names.extend(found.path for found, _ in files)
        return contracts(files)

    monkeypatch.setattr(folder, "_taken", take)
    monkeypatch.setattr(folder.cfe, "read_contracts", read)
    return names


def stores(store):
    return [path for path in store.rglob("*") if path.is_file()]


def read(complete, parsed):
    """Digest, report and futures of the folder, and the files that were parsed for it."""
    parsed.clear()
    history = load_history(complete.root)
    told = history.digest, history.describe(), history.futures.to_dict(as_series=False)
    return told, sorted(parsed)


ALL = ["SPX.csv", "VIX_History.csv", "VX_2019-03-19.csv"]


def test_what_is_found_again_is_what_was_read(complete, store, parsed):
    first, files = read(complete, parsed)
    assert files == ALL
    assert read(complete, parsed) == (first, [])


def test_only_files_that_changed_are_parsed(complete, store, parsed):
    read(complete, parsed)
    stamp = os.stat(complete.root / "VIX_History.csv").st_mtime_ns
    text = (complete.root / "VIX_History.csv").read_text()
    complete.write("VIX_History.csv", text.replace("15.000000\n", "15.500000\n"))
    os.utime(complete.root / "VIX_History.csv", ns=(stamp, stamp))  # time and size tell nothing
    changed, files = read(complete, parsed)
    assert files == ["VIX_History.csv"]
    for path in stores(store):
        path.unlink()
    assert read(complete, parsed) == (changed, ALL)


def test_another_name_is_another_file(complete, store, parsed):
    before, _ = read(complete, parsed)
    (complete.root / "SPX.csv").rename(complete.root / "GSPC.csv")
    after, files = read(complete, parsed)
    assert files == ["GSPC.csv"]
    assert (after[0], after[1] != before[1]) == (before[0], True)  # the report names the file


@pytest.mark.parametrize("damage", ["bit", "short", "empty"])
def test_a_damaged_store_is_not_believed(complete, store, parsed, damage):
    first, _ = read(complete, parsed)
    (path,) = stores(store)
    whole = path.read_bytes()
    for at in range(0, len(whole), 997) if damage == "bit" else (0,):
        spoilt = bytearray({"short": whole[:-1], "empty": b"", "bit": whole}[damage])
        if damage == "bit":
            spoilt[at] ^= 1
        path.write_bytes(bytes(spoilt))
        assert read(complete, parsed) == (first, ALL)
        assert path.read_bytes() == whole  # made anew


def test_a_store_of_somebody_else_is_not_opened(complete, store, parsed, monkeypatch):
    first, _ = read(complete, parsed)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert read(complete, parsed) == (first, ALL)


def test_a_store_is_the_users_alone(complete, store, parsed):
    read(complete, parsed)
    (path,) = stores(store)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_other_code_reads_anew(complete, store, parsed, monkeypatch):
    read(complete, parsed)
    monkeypatch.setattr(kept, "version", lambda name: "0")
    assert read(complete, parsed)[1] == ALL


def test_a_fault_is_found_each_time(complete, store, parsed):
    read(complete, parsed)
    text = (complete.root / "SPX.csv").read_text()
    complete.write("SPX.csv", text[: len(text) // 2])
    for _ in range(2):
        with pytest.raises(DataError, match=r"SPX\.csv"):
            load_history(complete.root)


def test_nothing_is_kept_of_a_small_folder_or_where_nothing_can_be_written(
    complete, store, parsed, monkeypatch, tmp_path
):
    monkeypatch.setattr(kept, "LEAST", 1 << 20)
    first, _ = read(complete, parsed)
    assert not store.exists()
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setattr(kept, "LEAST", 0)
    assert read(complete, parsed) == (first, ALL)


def test_stores_of_a_few_folders_stay(complete, store, parsed):
    for number in range(12):
        (complete.root / f"{number}").mkdir()
        os.link(complete.root / "SPX.csv", complete.root / f"{number}" / "SPX.csv")
        folder.gather(complete.root / f"{number}")
    assert len(stores(store)) == 9  # the latest, and eight before it


def test_the_real_folder_is_the_same_found_again(shared_data, store, parsed):
    first, again = alvh.load_history(shared_data), list(parsed)
    parsed.clear()
    second = alvh.load_history(shared_data)
    assert len(again) > 500
    assert parsed == []
    assert second.digest == first.digest
    assert second.describe() == first.describe()
    assert second.report == first.report
