"""`alvh serve`: on this machine alone, and only by its own address."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from alvh.policy import load_policy

pytest.importorskip("uvicorn", reason="the extra `web` is not installed")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a server that was started as a user does answers."""
    command = [sys.executable, "-c", "from alvh.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def test_it_prints_where_it_answers(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    assert httpx.get(f"{address}lab").status_code == 200
    assert httpx.get(address, follow_redirects=True).status_code == 200
    port = address.rsplit(":", 1)[1].rstrip("/")
    assert httpx.get(f"http://127.0.0.1:{port}/lab", headers={"host": "evil"}).status_code == 421


def test_malformed_requests_are_refused(address: str) -> None:
    port = int(address.rsplit(":", 1)[1].rstrip("/"))
    head = b"GET / HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n" % port
    for request in (b"\x00\xff\r\n\r\n", head + b"content-length: x\r\n\r\n",
                    head + b"a: " + b"x" * 200_000 + b"\r\n\r\n"):  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), timeout=10) as door:
            door.sendall(request)
            assert door.recv(64).split()[1] in (b"400", b"431")


def test_other_hosts_are_not_served(run) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        answer = run("serve", "--host", host)
        assert answer.exit_code == 1
        assert "127.0.0.1 only" in answer.stderr


def test_a_port_in_use_is_refused(run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = run("serve", "--port", taken.getsockname()[1])
    assert answer.exit_code == 1
    assert "--port" in answer.stderr


def test_a_policy_file_that_is_not_valid_stops_the_start(run, tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nlayers: 3\n")
    answer = run("serve", "--hedge", file)
    assert answer.exit_code == 1
    assert "mine.yaml" in answer.stderr


@pytest.mark.parametrize("names", [["alvh-40-40-20"], ["mine", "mine"]])
def test_a_policy_of_a_name_that_is_taken_stops_the_start(run, tmp_path, names) -> None:
    words = []
    for at, name in enumerate(names):
        file = tmp_path / f"mine{at}.yaml"
        hedge = load_policy("alvh-40-40-20").model_copy(update={"name": name})
        file.write_text(json.dumps(hedge.model_dump(mode="json")))
        words += ["--hedge", file]
    answer = run("serve", *words)
    assert answer.exit_code == 1
    assert f"named '{names[0]}'" in " ".join(answer.stderr.split())


@pytest.mark.parametrize("option", ["ledger", "book"])
@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_file_that_was_named_and_is_absent_stops_the_start(
    run, tmp_path, monkeypatch, option: str, by: str
) -> None:
    monkeypatch.setattr("alvh.cli.serve_command._answer", lambda *_: pytest.fail("it started"))
    words = [f"--{option}", str(tmp_path / "mistyped")] if by == "option" else []
    if by == "environment":
        monkeypatch.setenv(f"ALVH_{option.upper()}", str(tmp_path / "mistyped"))
    answer = run("serve", *words)
    assert answer.exit_code == 1
    assert "mistyped: no such file" in answer.stderr


def test_the_default_ledger_may_be_absent(run, tmp_path, monkeypatch) -> None:
    started = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("alvh.cli.serve_command._answer", lambda desk, *_: started.append(desk))
    assert run("serve").exit_code == 0
    assert not started[0].governed


def test_the_start_shows_how_far_chains_are_fitted(run, shared_data, tmp_path, monkeypatch) -> None:
    import shutil
    from contextlib import contextmanager

    from alvh.market.chains.importing import import_chains

    shown = []

    @contextmanager
    def counting(what):
        yield lambda done, total: shown.append((what, done, total))

    monkeypatch.setattr("alvh.cli.running.counting", counting)
    monkeypatch.setattr("alvh.cli.serve_command._answer", lambda *_: None)
    for name in ("cboe/VIX_History.csv", "spx/SPX_OHLC_1927_2026.csv"):
        shutil.copy(shared_data / name, tmp_path)
    import_chains(
        [shared_data / "chains" / "spx_eod_2019" / "SPX_20190531.csv"], tmp_path / "chains"
    )
    answer = run("serve", "--data", tmp_path)
    assert answer.exit_code == 0, answer.stderr
    assert shown == [("fitting the sessions with chains", 1, 1)]
