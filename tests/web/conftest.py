"""One desk on the bundled data for all tests of the dashboard."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi.testclient import TestClient

from alvh.desk.governance import propose, sign
from alvh.desk.versions import Charter
from alvh.ledger import Ledger, create_key
from alvh.policy import load_policy, load_programme
from alvh.web import Desk, create_app, open_desk

HOST = "127.0.0.1:8765"
TOKEN = "token-of-the-tests"


@pytest.fixture(scope="session")
def desk() -> Desk:
    """The desk of a server on the bundled data."""
    return open_desk("bundled")


@pytest.fixture(scope="session")
def client(desk: Desk) -> TestClient:
    """A client that reaches the server by its own address."""
    return TestClient(create_app(desk, [HOST], TOKEN), base_url=f"http://{HOST}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with one version of the rules in force and another proposed."""
    ledger = Ledger(tmp_path / "ledger.db")
    key = create_key(tmp_path / "me.pem")
    charter = Charter(keys={"ann": key.public})
    condors = load_programme("monthly45")
    for hedge in ("alvh-40-40-20", "vxth"):
        now = datetime.now(UTC)
        version = propose(ledger, load_policy(hedge), condors, charter, now)
        sign(ledger, version.sha256, key, now)
    return ledger.path
