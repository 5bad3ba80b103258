"""`alvh data`: on the bundled data, on small folders, and against a server on this machine."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from alvh import load_history
from alvh.cli.data_commands import _not_fetched
from alvh.market.sources import pull as pulling

# Closes of 2018-02-01 and the three sessions after it, as Cboe publishes them.
VIX = (
    "DATE,OPEN,HIGH,LOW,CLOSE\n"
    "02/01/2018,13.95,14.35,12.80,13.47\n"
    "02/02/2018,13.64,17.86,13.64,17.31\n"
    "02/05/2018,18.44,38.80,16.80,37.32\n"
    "02/06/2018,37.32,50.30,22.42,29.98\n"
)
SPX = (
    "DATE,OPEN,HIGH,LOW,CLOSE\n"
    "02/01/2018,2816.45,2835.96,2812.70,2821.98\n"
    "02/02/2018,2808.92,2808.92,2759.97,2762.13\n"
    "02/05/2018,2741.06,2763.39,2638.17,2648.94\n"
    "02/06/2018,2614.78,2701.04,2593.07,2695.14\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with four sessions of SPX and VIX and one file that is neither."""
    home = tmp_path / "downloads"
    home.mkdir()
    (home / "VIX_History.csv").write_text(VIX)
    (home / "SPX_History.csv").write_text(SPX)
    (home / "letter.txt").write_text("Dear reader,\n")
    return home


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A server on this machine that `pull` asks; it offers what the mapping says."""
    offered: dict[str, str] = {}

    class _Shelf(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = offered.get(self.path.removeprefix("/"))
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write((found or "").encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    shelf = HTTPServer(("127.0.0.1", 0), _Shelf)
    threading.Thread(target=shelf.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{shelf.server_port}"
    here = partial(
        pulling.Endpoints,
        index=at + "/{symbol}",
        current=at + "/{expiry}",
        legacy=at + "/{code}{year}",
        fred=at + "/{symbol}",
    )
    monkeypatch.setattr(pulling, "Endpoints", here)
    yield offered
    shelf.shutdown()
    shelf.server_close()


def test_show_lists_the_bundled_series(run) -> None:
    answer = run("data", "show")
    assert answer.exit_code == 0
    history = load_history("bundled")
    rows = {line.split()[0]: line.split()[1:] for line in answer.stdout.splitlines()}
    assert rows["vix"][:3] == ["2014-01-03", "2018-12-31", "1257"]
    assert answer.stdout.splitlines()[-1].endswith(f"data {history.digest[:12]}")


def test_show_as_json_has_the_digest_and_every_series(run) -> None:
    answer = json.loads(run("data", "show", "--json").stdout)
    history = load_history("bundled")
    assert answer["data_digest"] == history.digest
    assert [one["series"] for one in answer["series"]] == [one.name for one in history.report]


def test_show_one_series_ends_with_its_last_values(run, folder: Path) -> None:
    answer = run("data", "show", "--data", folder, "--series", "vix")
    assert answer.exit_code == 0
    assert "2018-02-05  37.3200" in answer.stdout.splitlines()
    found = json.loads(run("data", "show", "--data", folder, "--series", "vix", "--json").stdout)
    assert found["last_values"]["2018-02-05"] == 37.32


def test_show_of_an_unknown_series_is_refused(run) -> None:
    answer = run("data", "show", "--series", "vxx")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "no series 'vxx' in this data; wanted one of bill_rate, spx" in answer.stderr


def test_check_names_the_files_it_left_alone(run, folder: Path) -> None:
    answer = run("data", "check", "--data", folder)
    assert answer.exit_code == 0
    assert any(line.startswith("ignored: letter.txt") for line in answer.stdout.splitlines())
    found = json.loads(run("data", "check", "--data", folder, "--json").stdout)
    assert (found["sessions"], [one["path"] for one in found["ignored"]]) == (4, ["letter.txt"])


# Each case: what is done to the folder, and what the one line has to name.
FAULTS = {
    "a cut file": (lambda f: (f / "VIX_History.csv").write_text(VIX[:-20]), "VIX_History.csv:5"),
    "a date twice": (
        lambda f: (f / "VIX_History.csv").write_text(VIX + VIX.splitlines()[4] + "\n"),
        "VIX_History.csv:6",
    ),
    "a price ten times too high": (
        lambda f: (f / "SPX_History.csv").write_text(SPX.replace("2648.94", "26489.4")),
        "SPX_History.csv:4",
    ),
    "an empty folder": (lambda f: [one.unlink() for one in f.iterdir()], "the folder is empty"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_one_line_and_exit_code_one(run, folder: Path, case: str) -> None:
    damage, named = FAULTS[case]
    damage(folder)
    answer = run("data", "check", "--data", folder)
    assert (answer.exit_code, answer.stdout) == (1, "")
    (line,) = answer.stderr.splitlines()
    assert line.startswith("alvh: ")
    assert named in line


def test_import_copies_what_is_recognised(run, folder: Path, tmp_path: Path) -> None:
    tidy = tmp_path / "tidy"
    answer = run("data", "import", folder, tidy)
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-1] == f"{tidy}: 2 files copied, 0 there already, 1 left"
    assert load_history(tidy).digest == load_history(folder).digest
    again = json.loads(run("data", "import", folder, tidy, "--json").stdout)
    assert (again["copied"], sorted(again["same"])) == ([], ["SPX_History.csv", "VIX_History.csv"])


def test_import_of_a_faulty_folder_leaves_nothing(run, folder: Path, tmp_path: Path) -> None:
    FAULTS["a date twice"][0](folder)
    answer = run("data", "import", folder, tmp_path / "tidy")
    assert answer.exit_code == 1
    assert not (tmp_path / "tidy").exists()


def test_pull_fetches_what_is_offered(run, server: dict[str, str], tmp_path: Path) -> None:
    server |= {"VIX": VIX, "SPX": SPX}
    words = ("data", "pull", tmp_path / "pulled", "--source", "cboe", "--pause", "0")
    answer = run(*words)
    assert answer.exit_code == 0
    # seven indices are asked for, two of which are on the shelf
    assert "2 fetched, 0 unchanged, 5 not offered, 0 failed" in answer.stdout
    assert load_history(tmp_path / "pulled")["vix"].tolist() == [13.47, 17.31, 37.32, 29.98]
    again = json.loads(run(*words, "--json").stdout)
    assert (len(again["unchanged"]), again["fetched"]) == (2, [])


def test_a_pull_that_fails_says_how_to_go_on(run, server: dict[str, str], tmp_path: Path) -> None:
    server |= {"VIX": VIX, "SPX": "<html>try later</html>"}
    folder = tmp_path / "pulled"
    answer = run("data", "pull", folder, "--source", "cboe", "--pause", "0")
    assert answer.exit_code == 1
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("alvh: 1 of 7 files could not be fetched, first cboe/SPX_History.csv")
    assert last.endswith("run the same command again to take up from here")
    held = sorted(file.name for file in folder.rglob("*") if file.is_file())
    assert held == ["VIX_History.csv", "manifest.json"]


def test_a_pull_that_got_nothing_does_not_speak_of_others() -> None:
    told = _not_fetched([("a.csv", "no answer"), ("b.csv", "no answer")], 2)
    assert told.startswith("none of 2 files could be fetched, first a.csv: no answer; see whether")
    assert "others" not in told
    assert "the others are in place" in _not_fetched([("a.csv", "no answer")], 2)


def test_an_unknown_source_is_refused(run, tmp_path: Path) -> None:
    answer = run("data", "pull", tmp_path / "new", "--source", "yahoo")
    assert answer.exit_code == 1
    assert "unknown source 'yahoo'; one of cboe, cfe, fred was wanted" in answer.stderr
    assert not (tmp_path / "new").exists()


def test_a_place_that_cannot_be_written_is_refused_in_one_line(run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run("data", "pull", tmp_path / "file" / "inside", "--source", "cboe")
    assert answer.exit_code == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"alvh: {tmp_path / 'file'}")
