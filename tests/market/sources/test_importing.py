"""A heap of downloads into a tidy folder."""

import json
import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from alvh.errors import DataError
from alvh.market.history import load_history
from alvh.market.sources import importing
from alvh.market.sources.importing import import_folder


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_files_go_to_their_places(complete, tmp_path):
    complete.write("Downloads/DTB3.csv", ["observation_date,DTB3", "2019-01-02,2.37"])
    complete.write("notes.txt", "nothing of use\n")
    complete.write("fomc.csv", ["date", "2019-01-30", "2019-03-20"])
    report = import_folder(complete.root, tmp_path / "tidy")
    assert files(tmp_path / "tidy") == [
        "cboe/VIX_History.csv",
        "cfe/contracts_current/VX_2019-03-19.csv",
        "fred/DTB3.csv",
        "macro/fomc.csv",
        "manifest.json",
        "spx/SPX.csv",
    ]
    assert [one.path for one in report.left] == ["notes.txt"]
    assert load_history(tmp_path / "tidy").digest == load_history(complete.root).digest


def test_the_manifest_says_where_each_file_came_from(complete, tmp_path):
    import_folder(complete.root, tmp_path / "tidy")
    stored = json.loads((tmp_path / "tidy/manifest.json").read_text())["files"]
    assert stored["spx/SPX.csv"]["origin"] == str(complete.root / "SPX.csv")
    assert stored["spx/SPX.csv"]["size"] == (complete.root / "SPX.csv").stat().st_size


def test_a_second_import_copies_only_what_is_new(complete, tmp_path):
    import_folder(complete.root, tmp_path / "tidy")
    complete.contract(date(2019, 4, 17))
    complete.write("copy of VIX_History.csv", (complete.root / "VIX_History.csv").read_text())
    report = import_folder(complete.root, tmp_path / "tidy")
    assert report.copied == (("VX_2019-04-17.csv", "cfe/contracts_current/VX_2019-04-17.csv"),)
    assert len(report.same) == 4


def test_two_files_of_one_name_are_both_kept(complete, tmp_path):
    complete.vix(complete.days[:20], name="older/VIX_History.csv")
    import_folder(complete.root, tmp_path / "tidy")
    assert (tmp_path / "tidy/cboe/VIX_History.csv").is_file()
    assert (tmp_path / "tidy/cboe/2/VIX_History.csv").is_file()
    load_history(tmp_path / "tidy")


def test_a_fault_in_the_source_leaves_nothing_behind(complete, tmp_path):
    complete.replace_line("VIX_History.csv", 20, "01/29/2019,NaN,1,1,1")
    with pytest.raises(DataError, match=r"VIX_History\.csv:20"):
        import_folder(complete.root, tmp_path / "tidy")
    assert not (tmp_path / "tidy").exists()


def test_an_interrupted_import_leaves_nothing_behind(complete, tmp_path, monkeypatch):
    copied = []

    def copyfile(source, target):
        copied.append(source)
        if len(copied) == 3:
            raise KeyboardInterrupt
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr(importing.shutil, "copyfile", copyfile)
    with pytest.raises(KeyboardInterrupt):
        import_folder(complete.root, tmp_path / "tidy")
    assert not (tmp_path / "tidy").exists()


def test_a_failed_import_into_a_folder_that_was_there_leaves_no_partial_file(
    complete, tmp_path, monkeypatch
):
    (tmp_path / "tidy").mkdir()
    (tmp_path / "tidy/mine.txt").write_text("mine")

    def copyfile(source, target):
        target.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(importing.shutil, "copyfile", copyfile)
    with pytest.raises(OSError, match="no space"):
        import_folder(complete.root, tmp_path / "tidy")
    assert files(tmp_path / "tidy") == ["mine.txt"]


def test_folders_that_contain_each_other(complete):
    for other in (complete.root, complete.root / "inside", complete.root.parent):
        with pytest.raises(DataError, match="contain each other"):
            import_folder(complete.root, other)


def test_an_empty_source(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="the folder is empty"):
        import_folder(tmp_path / "empty", tmp_path / "tidy")
    assert os.listdir(tmp_path) == ["empty"]


def test_real_files(shared_data, tmp_path):
    """Every kind of file but the 484 contracts, of which a few."""
    source = tmp_path / "source"
    for name in ("cboe", "spx", "fred", "macro", "breadth", "etf", "formats", "vix_whitepaper"):
        shutil.copytree(shared_data / name, source / name)
    for path in sorted((shared_data / "cfe").rglob("*.csv"))[::40]:
        target = source / path.relative_to(shared_data)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    report = import_folder(source, tmp_path / "tidy")
    before, after = load_history(source), load_history(tmp_path / "tidy")
    assert report.left == ()
    assert after.digest == before.digest
    assert len(after.chains) == len(before.chains) == 8
