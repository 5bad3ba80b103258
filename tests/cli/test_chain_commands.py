"""`alvh chain`: import, check and pull, on files written by hand and a server on this machine."""

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import polars as pl
import pytest
from tests.market.chains.samples import DELAYED, DELTA_NEUTRAL, OPTIONSDX

import alvh
from alvh.cli.running import read_history


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two chains and a letter; one line of the first is no quote."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "chain.csv").write_text(DELTA_NEUTRAL.replace("38.1", "x"))
    (folder / "_VIX.json").write_text(DELAYED)
    (folder / "letter.txt").write_text("Dear reader,\n")
    return folder


def test_import_says_what_gave_way(run, tmp_path: Path) -> None:
    for name, bid in (("first", "62.1"), ("second", "62.2"), ("third", "62.3")):
        (tmp_path / f"{name}.csv").write_text(DELTA_NEUTRAL.replace("62.1", bid))
    out = tmp_path / "out"
    run("chain", "import", tmp_path / "first.csv", "--to", out)
    told = run("chain", "import", tmp_path / "second.csv", "--to", out, "--replace").stdout
    assert "displaced: 1 rows of first.csv gave way to second.csv" in told
    third = ("chain", "import", tmp_path / "third.csv", "--to", out, "--replace", "--json")
    assert json.loads(run(*third).stdout)["displaced"] == [
        {"file": "second.csv", "by": "third.csv", "rows": 1}
    ]


def test_import_says_what_it_took_and_refused(run, source: Path, tmp_path: Path) -> None:
    answer = run("chain", "import", source, "--to", tmp_path / "out")
    assert answer.exit_code == 0
    assert "4 quotes of 2 files, 1 lines refused" in answer.stdout
    assert "number 1" in answer.stdout
    assert "left: letter.txt" in answer.stdout
    assert "quotes of the end of the session 2019-04-25" in answer.stdout
    assert "1/3 _VIX.json: 2 quotes, 0 lines refused" in answer.stderr
    again = json.loads(run("chain", "import", source, "--to", tmp_path / "out", "--json").stdout)
    assert again["same"] == ["_VIX.json", "chain.csv"]
    assert again["quotes"] == 0
    assert len(again["data_digest"]) == 64
    quotes = alvh.load_chains(tmp_path / "out").collect()
    assert quotes["root"].to_list() == ["SPX", "VIX", "VIXW"]


def test_import_as_json_names_the_reject_file(run, source: Path, tmp_path: Path) -> None:
    answer = json.loads(run("chain", "import", source, "--to", tmp_path / "out", "--json").stdout)
    chain = next(one for one in answer["imported"] if one["name"] == "chain.csv")
    assert chain["reasons"] == {"number": 1}
    rejects = pl.read_csv(tmp_path / "out" / chain["rejects"])
    assert rejects["reason"].to_list() == ["bid 'x' is no number"]


def test_a_chain_that_cannot_be_read_is_a_refusal_after_the_others(
    run, source: Path, tmp_path: Path
) -> None:
    (source / "eod.txt").write_text(OPTIONSDX)  # of what index?
    answer = run("chain", "import", source, "--to", tmp_path / "out")
    assert answer.exit_code == 1
    assert "1 chains could not be read, first eod.txt" in answer.stderr
    assert "4 quotes of 2 files" in answer.stdout


def test_a_folder_all_of_which_was_taken_refused_by_line_or_left_ends_well(
    run, source: Path, tmp_path: Path
) -> None:
    """A line that is no quote, a letter and chains of another ticker are no failure."""
    for name in ("spy_eod_201904.txt", "optionsdx_spy_eod_201904.txt"):
        (source / name).write_text(OPTIONSDX)
    answer = run("chain", "import", source, "--to", tmp_path / "out")
    assert answer.exit_code == 0
    assert "left: spy_eod_201904.txt: no column of this table says what it is of" in answer.stdout
    assert "1 lines refused, 0 files there already, 3 left" in answer.stdout


def test_third_fridays_may_be_declared(run, source: Path, tmp_path: Path) -> None:
    (source / "spx_eod.txt").write_text(OPTIONSDX)
    words = ["chain", "import", source / "spx_eod.txt", "--to", tmp_path / "out", "--json"]
    assert json.loads(run(*words).stdout)["lines_refused"] == 2
    declared = json.loads(run(*words, "--third-fridays", "AM").stdout)
    assert (declared["quotes"], declared["lines_refused"]) == (4, 0)
    assert run(*words, "--third-fridays", "noon").exit_code == 2


def test_check_counts_by_check(run, source: Path, tmp_path: Path) -> None:
    run("chain", "import", source, "--to", tmp_path / "out")
    answer = json.loads(run("chain", "check", tmp_path / "out", "--json").stdout)
    counts = {one["name"]: one["count"] for one in answer["checks"]}
    assert (counts["zero_bid"], counts["unquoted"], counts["crossed"]) == (1, 1, 0)
    assert answer["rows"] == 4
    assert answer["lines_refused"] == {"number": 1}
    assert all(one["bound"] and one["source"] for one in answer["checks"])
    text = run("chain", "check", tmp_path / "out")
    assert text.exit_code == 0
    assert "4 rows (SPX 1, SPXW 1, VIX 1, VIXW 1), 1 sessions" in text.stdout
    assert f"data {answer['data_digest'][:12]}" in text.stdout


def test_a_folder_without_chains_is_refused_with_the_remedy(run, tmp_path: Path) -> None:
    answer = run("chain", "check", tmp_path)
    assert answer.exit_code == 1
    assert "alvh chain import SOURCE --to" in answer.stderr
    assert run("chain", "import", tmp_path / "nowhere", "--to", tmp_path / "out").exit_code == 1
    assert run("chain", "import", tmp_path).exit_code == 2


def test_pull_keeps_and_imports(run, tmp_path: Path) -> None:
    class Shelf(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(DELAYED.encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/_{{symbol}}.json"
    words = ["chain", "pull", tmp_path / "out", "--address", address, "--symbol", "VIX"]
    answer = run(*words)
    server.shutdown()
    server.server_close()
    assert answer.exit_code == 0
    assert "1 fetched, 0 unchanged, 0 not offered, 0 failed" in answer.stdout
    assert (tmp_path / f"out/downloads/{date.today()}/_VIX.json").is_file()
    assert run("chain", "pull", tmp_path / "out", "--symbol", "SPY").exit_code == 1


def test_a_history_beside_a_folder_of_chains_is_read(tmp_path: Path, run, source: Path) -> None:
    """The folder of chains lies among the downloads; a history passes it over."""
    run("chain", "import", source, "--to", source / "chains")
    for name, level in (("SPX", "2800"), ("VIX", "17")):
        days = ("02/01/2018", "02/02/2018")
        rows = "".join(f"{day}{f',{level}' * 4}\n" for day in days)
        (source / f"{name}_History.csv").write_text("DATE,OPEN,HIGH,LOW,CLOSE\n" + rows)
    history = alvh.load_history(source)
    assert [one.path for one in history.ignored] == ["letter.txt"]
    assert set(history.chains) == {"_VIX.json", "chain.csv"}


def test_links_in_a_data_folder_are_followed_once(tmp_path: Path, run, source: Path) -> None:
    """Series and chains may lie elsewhere; a link that leads back does not go round."""
    run("chain", "import", source, "--to", tmp_path / "kept")
    for name, level in (("SPX", "2800"), ("VIX", "17")):
        rows = f"04/25/2019{f',{level}' * 4}\n"
        elsewhere = tmp_path / f"of_{name}"
        elsewhere.mkdir()
        (elsewhere / f"{name}_History.csv").write_text("DATE,OPEN,HIGH,LOW,CLOSE\n" + rows)
    data = tmp_path / "data"
    data.mkdir()
    for name, to in (("a", "of_SPX"), ("b", "of_VIX"), ("c", "kept"), ("again", "of_SPX")):
        (data / name).symlink_to(tmp_path / to)
    (tmp_path / "of_VIX" / "back").symlink_to(data)
    history = alvh.load_history(data)
    assert history.has("spx")
    assert history.has("vix")
    assert history.chain_folder == data / "c"
    assert history.ignored == history.chains == ()
    answer = run("chain", "import", data, "--to", tmp_path / "none")
    assert "2 left" in answer.stdout


def test_chains_that_were_not_imported_are_named(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read_history(str(shared_data), whole=False)
    assert "unimported" in (said := capsys.readouterr().err)
    assert f"alvh chain import {shared_data} --to {shared_data}/imported" in said
