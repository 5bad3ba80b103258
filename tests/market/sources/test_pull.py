"""Downloads against a server on loopback that serves the vendors' formats and their failures."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alvh.errors import DataError
from alvh.market.history import load_history
from alvh.market.sources import pull as module
from alvh.market.sources.manifest import Entry, Manifest, whole_file
from alvh.market.sources.pull import Endpoints, Manners, Wanted, plan, pull

TODAY = date(2019, 5, 2)


class Server:
    """Serves bodies by path; a path may first fail in a number of ways."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.failures: dict[str, list[str]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.root = f"http://127.0.0.1:{self.http.server_port}"

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(
            index=f"{self.root}/index/{{symbol}}_History.csv",
            current=f"{self.root}/current/VX_{{expiry}}.csv",
            legacy=f"{self.root}/legacy/CFE_{{code}}{{year}}_VX.csv",
            fred=f"{self.root}/fred?id={{symbol}}",
        )

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        self.asked.append((to.path, dict(to.headers)))
        failure = self.failures.get(to.path, [])
        how = failure.pop(0) if failure else ""
        body = self.bodies.get(to.path)
        if how.isdigit():
            return self.status(to, int(how))
        if body is None:
            return self.status(to, 404)
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        if to.headers.get("If-None-Match") == tag:
            return self.status(to, 304)
        sent = body[: int(len(body) * 0.4)] if how == "cut" else body
        to.send_response(200)
        to.send_header("ETag", tag)
        to.send_header("Content-Length", str(len(sent) if how == "short" else len(body)))
        to.end_headers()
        to.wfile.write(sent)
        to.close_connection = how == "cut"

    @staticmethod
    def status(to: BaseHTTPRequestHandler, code: int) -> None:
        to.send_response(code)
        to.send_header("Content-Length", "0")
        if code == 429:
            to.send_header("Retry-After", "7")
        to.end_headers()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join(timeout=5)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def quick(waits) -> Manners:
    """Waits are recorded and not made."""
    return Manners(pause=0.25, retries=3, timeout=5.0, sleep=waits.append)


@pytest.fixture
def stocked(server, complete) -> Server:
    """A server with S&P 500, VIX, a bill rate and two VX contracts."""
    complete.contract(date(2019, 2, 13))
    for path in complete.root.glob("VX_*.csv"):
        server.bodies[f"/current/{path.name}"] = path.read_bytes()
    server.bodies["/index/VIX_History.csv"] = (complete.root / "VIX_History.csv").read_bytes()
    server.bodies["/index/SPX_History.csv"] = (complete.root / "SPX.csv").read_bytes()
    server.bodies["/fred?id=DTB3"] = b"observation_date,DTB3\n2019-01-02,2.37\n2019-01-21,\n"
    return server


def wanted_from(server: Server) -> list[Wanted]:
    every = plan(TODAY, endpoints=server.endpoints, weeklies=False)
    names = ("/SPX_History", "/VIX_History", "fred/DTB3", "VX_2019-02-13", "VX_2019-03-19")
    return [one for one in every if any(name in one.path for name in names)]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.startswith(".")]


def test_a_pulled_folder_loads(stocked, tmp_path, quick):
    steps = []
    report = pull(
        tmp_path / "data",
        wanted_from(stocked),
        today=TODAY,
        manners=quick,
        progress=lambda *step: steps.append(step),
    )
    assert report.complete
    assert sorted(report.fetched) == [
        "cboe/SPX_History.csv",
        "cboe/VIX_History.csv",
        "cfe/contracts_current/VX_2019-02-13.csv",
        "cfe/contracts_current/VX_2019-03-19.csv",
        "fred/DTB3.csv",
    ]
    assert [step[:2] for step in steps] == [(i, 5) for i in range(1, 6)]
    assert {step[3] for step in steps} == {"fetched"}
    history = load_history(tmp_path / "data")
    assert history["bill_rate"][0] == pytest.approx(0.0237)
    assert set(history.futures["expiry"].to_list()) == {date(2019, 2, 13), date(2019, 3, 19)}
    assert leftovers(tmp_path) == []


def test_it_is_polite(stocked, tmp_path, quick, waits):
    pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert waits == [0.25] * 5  # one pause before each request
    assert all("alvh" in headers["User-Agent"] for _, headers in stocked.asked)


def test_the_manifest_records_what_is_there(stocked, tmp_path, quick):
    pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    stored = json.loads((tmp_path / "manifest.json").read_text())["files"]
    entry = stored["cboe/VIX_History.csv"]
    body = stocked.bodies["/index/VIX_History.csv"]
    assert entry["sha256"] == hashlib.sha256(body).hexdigest()
    assert entry["size"] == len(body)
    assert entry["origin"] == f"{stocked.root}/index/VIX_History.csv"
    assert entry["on"] == "2019-05-02"


def test_a_second_pull_asks_only_for_what_may_have_changed(stocked, tmp_path, quick):
    pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    stocked.asked.clear()
    body = stocked.bodies["/fred?id=DTB3"] + b"2019-01-22,2.35\n"
    stocked.bodies["/fred?id=DTB3"] = body
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert report.fetched == ["fred/DTB3.csv"]
    assert (tmp_path / "fred/DTB3.csv").read_bytes() == body
    assert len(report.unchanged) == 4
    # contracts that have settled are not asked for again; the rest is, on condition
    assert stocked.paths() == ["/index/SPX_History.csv", "/index/VIX_History.csv", "/fred?id=DTB3"]
    assert all("If-None-Match" in headers for _, headers in stocked.asked)


def test_a_file_that_was_changed_on_disk_is_fetched_again(stocked, tmp_path, quick):
    pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    path = tmp_path / "cfe/contracts_current/VX_2019-02-13.csv"
    path.write_bytes(path.read_bytes()[:200])
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert report.fetched == ["cfe/contracts_current/VX_2019-02-13.csv"]
    assert path.read_bytes() == stocked.bodies["/current/VX_2019-02-13.csv"]


def test_a_file_the_source_does_not_have(stocked, tmp_path, quick):
    del stocked.bodies["/current/VX_2019-02-13.csv"]
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert report.absent == ["cfe/contracts_current/VX_2019-02-13.csv"]
    assert report.complete
    assert stocked.paths().count("/current/VX_2019-02-13.csv") == 1  # 404 is not asked twice
    again = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert again.absent == report.absent
    assert stocked.paths().count("/current/VX_2019-02-13.csv") == 1  # nor in the next pull


@pytest.mark.parametrize("status", ["503", "429", "500"])
def test_a_passing_failure(stocked, tmp_path, quick, waits, status):
    stocked.failures["/index/VIX_History.csv"] = [status, status]
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert report.complete
    assert "cboe/VIX_History.csv" in report.fetched
    assert stocked.paths().count("/index/VIX_History.csv") == 3
    asked = [7.0] if status == "429" else []  # Retry-After
    assert waits[1:] == [0.25, *asked, 0.5, *asked, 1.0, 0.25, 0.25, 0.25]


def test_a_lasting_failure_leaves_the_rest_alone(stocked, tmp_path, quick):
    stocked.failures["/index/VIX_History.csv"] = ["503"] * 10
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert report.failed == [("cboe/VIX_History.csv", "the server answered 503")]
    assert len(report.fetched) == 4
    assert not (tmp_path / "cboe/VIX_History.csv").exists()
    assert leftovers(tmp_path) == []


def test_a_forbidden_file_is_not_asked_for_again_and_again(stocked, tmp_path, quick):
    stocked.failures["/index/VIX_History.csv"] = ["403"]
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert report.failed == [("cboe/VIX_History.csv", "the server answered 403")]
    assert stocked.paths().count("/index/VIX_History.csv") == 1


@pytest.mark.parametrize("how", ["cut", "short"])
def test_a_truncated_body(stocked, tmp_path, quick, how):
    """``cut`` breaks the connection; ``short`` lies about the length, so only the reader sees."""
    if how == "short":
        stocked.bodies["/index/VIX_History.csv"] += b"05/01/2019,16.0"
    stocked.failures["/index/VIX_History.csv"] = [how] * 10
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert [name for name, _ in report.failed] == ["cboe/VIX_History.csv"]
    assert not (tmp_path / "cboe/VIX_History.csv").exists()
    assert leftovers(tmp_path) == []
    assert "cboe/VIX_History.csv" not in Manifest.of(tmp_path).entries


def test_a_truncated_body_leaves_the_copy_that_was_there(stocked, tmp_path, quick):
    pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    before = (tmp_path / "cboe/VIX_History.csv").read_bytes()
    stocked.bodies["/index/VIX_History.csv"] += b"05/01/2019,14.8,15.2,13.1,14.8\n"
    stocked.failures["/index/VIX_History.csv"] = ["cut"] * 10
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert len(report.failed) == 1
    assert (tmp_path / "cboe/VIX_History.csv").read_bytes() == before
    assert Manifest.of(tmp_path).holds("cboe/VIX_History.csv")


def test_a_cut_body_is_asked_for_again(stocked, tmp_path, quick):
    stocked.failures["/index/VIX_History.csv"] = ["cut"]
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert report.complete
    body = stocked.bodies["/index/VIX_History.csv"]
    assert (tmp_path / "cboe/VIX_History.csv").read_bytes() == body


@pytest.mark.parametrize(
    "body",
    [b"<html>maintenance</html>", b"DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2019,0,0,0,0\n", b"", b"a,b\n"],
)
def test_a_body_that_the_readers_refuse_is_not_kept(stocked, tmp_path, quick, body):
    stocked.bodies["/index/VIX_History.csv"] = body
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert [name for name, _ in report.failed] == ["cboe/VIX_History.csv"]
    assert not (tmp_path / "cboe/VIX_History.csv").exists()
    assert "\n" not in report.failed[0][1]


def stop_after(number: int) -> Callable[[int, int, str, str], None]:
    def progress(done: int, *_: object) -> None:
        if done == number:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_interrupted_pull_is_taken_up(stocked, tmp_path, quick, number):
    with pytest.raises(KeyboardInterrupt):
        pull(
            tmp_path,
            wanted_from(stocked),
            today=TODAY,
            manners=quick,
            progress=stop_after(number),
        )
    assert len(Manifest.of(tmp_path).entries) == number
    assert leftovers(tmp_path) == []
    report = pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert len(report.fetched) == 5 - number
    assert len(report.unchanged) == number
    assert len(load_history(tmp_path).dates) > 50


def test_an_interruption_in_the_middle_of_a_file_leaves_nothing(
    stocked, tmp_path, quick, monkeypatch
):
    written = []

    def interrupted(partial, one):
        written.append(partial.stat().st_size)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_refuse_content", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pull(tmp_path / "data", wanted_from(stocked), today=TODAY, manners=quick)
    assert written[0] > 0
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_what_a_killed_run_left_is_swept(stocked, tmp_path, quick):
    (tmp_path / "cboe").mkdir()
    left = tmp_path / "cboe/.VIX_History.csv.partial"
    left.write_text("DATE,OP")
    pull(tmp_path, wanted_from(stocked), today=TODAY, manners=quick)
    assert not left.exists()


def test_a_server_that_is_gone_is_given_up(server, tmp_path, quick):
    wanted = plan(TODAY, endpoints=server.endpoints, sources=["cboe", "fred"])
    server.http.shutdown()
    server.http.server_close()
    report = pull(tmp_path, wanted, today=TODAY, manners=quick)
    assert len(report.failed) == len(wanted)
    assert report.failed[-1][1] == "no whole answer for 5 files in a row"


def test_a_broken_manifest(tmp_path, quick):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DataError, match="not a manifest"):
        pull(tmp_path, [], today=TODAY, manners=quick)


def test_the_plan_follows_the_expiry_calendar():
    wanted = {one.path: one for one in plan(date(2014, 6, 2))}
    assert "cboe/VIX_History.csv" in wanted
    assert "fred/DTB3.csv" in wanted
    # K08 settled on 2008-05-21; 2014-03-18 is a Tuesday before Good Friday
    assert wanted["cfe/contracts_legacy/CFE_K08_VX.csv"].url.endswith("/CFE_K08_VX.csv")
    assert "cfe/contracts_current/VX_2014-03-18.csv" in wanted
    assert wanted["cfe/contracts_current/VX_2014-05-21.csv"].final
    assert not wanted["cfe/contracts_current/VX_2014-06-18.csv"].final
    assert "cfe/contracts_current/VX_2015-12-16.csv" not in wanted  # not listed in June 2014
    assert not any("2012" in path for path in wanted)  # current files begin in 2013


def test_the_plan_with_and_without_weeklies():
    def expiries(**options):
        return {one.path for one in plan(date(2020, 3, 2), sources=["cfe"], **options)}

    weekly = "cfe/contracts_current/VX_2020-03-25.csv"
    assert weekly in expiries()
    assert weekly not in expiries(weeklies=False)


def test_real_addresses():
    wanted = {one.path: one.url for one in plan(date(2020, 3, 2))}
    # formats.md §3.1, 3.2, 3.5
    assert wanted["cboe/VIX_History.csv"] == (
        "https://cdn.cboe.com/api/global/us_indices/daily_prices/VIX_History.csv"
    )
    assert wanted["fred/DTB3.csv"] == "https://fred.stlouisfed.org/graph/fredgraph.csv?id=DTB3"
    assert wanted["cfe/contracts_current/VX_2020-03-18.csv"] == (
        "https://cdn.cboe.com/data/us/futures/market_statistics/historical_data/VX/"
        "VX_2020-03-18.csv"
    )


def test_an_unknown_source():
    with pytest.raises(DataError, match="unknown source 'yahoo'; one of cboe, cfe, fred"):
        plan(TODAY, sources=["yahoo"])


def test_a_whole_file_or_none(tmp_path):
    target = tmp_path / "a" / "b.csv"
    with whole_file(target) as partial:
        partial.write_text("new")
    assert target.read_text() == "new"
    with pytest.raises(FileNotFoundError), whole_file(target):
        (tmp_path / "absent").read_text()
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["b.csv"]


def test_real_files_through_the_server(server, shared_data, tmp_path, quick):
    """The readers that judge a download accept the vendors' real files."""
    for name in ("VIX", "VVIX", "SKEW", "VIX9D", "VIX3M", "VIX6M"):
        path = f"/index/{name}_History.csv"
        server.bodies[path] = (shared_data / f"cboe/{name}_History.csv").read_bytes()
    server.bodies["/fred?id=DTB3"] = (shared_data / "fred/DTB3_2000_2026.csv").read_bytes()
    server.bodies["/fred?id=DFF"] = (shared_data / "fred/DFF_1954_2026.csv").read_bytes()
    for folder, route in (("contracts_current", "current"), ("contracts_legacy", "legacy")):
        for path in sorted((shared_data / "cfe" / folder).glob("*.csv"))[::25]:
            server.bodies[f"/{route}/{path.name}"] = path.read_bytes()
    everything = plan(date(2026, 2, 1), endpoints=server.endpoints)
    served = [one for one in everything if one.url.removeprefix(server.root) in server.bodies]
    assert len(served) == len(server.bodies)  # the plan knows every one of the real files
    report = pull(tmp_path, served, today=date(2026, 2, 1), manners=quick)
    assert report.failed == []
    assert len(report.fetched) == len(served)


def test_an_entry_survives_the_manifest(tmp_path):
    manifest = Manifest(tmp_path, {"a/b.csv": Entry("http://x", "0" * 64, 3, "2020-01-02", '"t"')})
    manifest.save()
    assert Manifest.of(tmp_path).entries == manifest.entries
