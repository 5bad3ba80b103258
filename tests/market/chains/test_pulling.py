"""The pull of delayed chains, against a server on loopback."""

import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.market.chains.samples import DELAYED

from alvh.errors import DataError
from alvh.market.chains.pulling import ADDRESS, pull_chains
from alvh.market.chains.table import load_chains
from alvh.market.sources.pull import Manners

TODAY = date(2019, 4, 25)
PATIENT = Manners(pause=0.0, retries=2, sleep=lambda seconds: None)
SPX = (
    DELAYED.replace("VIX190522C00015000", "SPX190621C02900000")
    .replace("VIXW190508P00013500", "SPXW190508P02900000")
    .replace("13.25", "2919.04")
)


@pytest.fixture
def shelf() -> Iterator[dict[str, str]]:
    """What the server offers by path; ``at`` is its address, an empty body fails once."""
    offered: dict[str, str] = {}

    class Shelf(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = offered.get(self.path)
            code = 404 if body is None else 503 if body == "" else 200
            if body == "":
                offered[self.path] = SPX
            self.send_response(code)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    offered["at"] = f"http://127.0.0.1:{server.server_port}/_{{symbol}}.json"
    yield offered
    server.shutdown()
    server.server_close()


def test_todays_chains_are_kept_and_imported_once(tmp_path: Path, shelf: dict[str, str]) -> None:
    shelf |= {"/_SPX.json": "", "/_VIX.json": DELAYED}  # the first answer is 503
    done = pull_chains(tmp_path, today=TODAY, address=shelf["at"], manners=PATIENT)
    assert done.pulled.fetched == ["2019-04-25/_SPX.json", "2019-04-25/_VIX.json"]
    assert [one.rows for one in done.imported.imported] == [2, 2]
    assert (tmp_path / "downloads/2019-04-25/_VIX.json").read_text() == DELAYED
    quotes = load_chains(tmp_path).collect()
    assert quotes["root"].to_list() == ["SPX", "SPXW", "VIX", "VIXW"]
    assert set(quotes["date"]) == {TODAY}

    again = pull_chains(tmp_path, today=TODAY, address=shelf["at"], manners=PATIENT)
    assert again.imported.same == ["_SPX.json", "_VIX.json"]
    assert load_chains(tmp_path).collect().equals(quotes)


def test_what_is_no_chain_is_not_kept(tmp_path: Path, shelf: dict[str, str]) -> None:
    shelf |= {"/_SPX.json": "<html>busy</html>"}
    done = pull_chains(tmp_path, today=TODAY, address=shelf["at"], manners=PATIENT)
    assert [name for name, _ in done.pulled.failed] == ["2019-04-25/_SPX.json"]
    assert done.pulled.absent == ["2019-04-25/_VIX.json"]
    assert not list(tmp_path.rglob("*SPX.json"))
    assert not (tmp_path / "chains.json").exists()


def test_a_chain_of_a_day_to_come_is_refused(tmp_path: Path, shelf: dict[str, str]) -> None:
    shelf |= {"/_VIX.json": DELAYED}
    done = pull_chains(
        tmp_path, today=date(2019, 4, 24), symbols=["VIX"], address=shelf["at"], manners=PATIENT
    )
    assert done.imported.imported[0].reasons == {"future": 2}


def test_only_chains_that_the_exchange_offers_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no chain of 'SPY'"):
        pull_chains(tmp_path, today=TODAY, symbols=["SPY"])
    # the address of the formats page, 3.3
    assert ADDRESS.format(symbol="VIX").endswith("/delayed_quotes/options/_VIX.json")
