"""One desk on the bundled data for all tests of the dashboard."""

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi.testclient import TestClient

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
