"""The guard refuses what a page of another site, or a clumsy program, could do."""

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.web.conftest import HOST, TOKEN

from alvh.web.guard import MOST_BODY, MOST_QUERY, Guard

WITH_TOKEN = {"x-alvh-token": TOKEN}


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} {len(await request.body())}")


@pytest.fixture(scope="module")
def door() -> TestClient:
    """A guarded application that says what reached it."""
    app = Starlette(
        routes=[Route("/", _echo, methods=["GET", "POST"])],
        middleware=[Middleware(Guard, hosts=[HOST], token=TOKEN)],
    )
    return TestClient(app, base_url=f"http://{HOST}")


def test_own_pages_are_let_in(door: TestClient) -> None:
    assert door.get("/").text == "GET 0"
    assert door.post("/", content=b"four", headers=WITH_TOKEN).text == "POST 4"
    own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"} | WITH_TOKEN
    assert door.post("/", headers=own).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:80", "", "localhost.evil:8765"]
)
def test_other_hosts_are_refused(door: TestClient, host: str) -> None:
    assert door.get("/", headers={"host": host}).status_code == 421


def test_another_site_may_link_here_but_not_use_it(door: TestClient) -> None:
    cross = {"sec-fetch-site": "cross-site"}
    assert door.get("/", headers=cross | {"sec-fetch-mode": "no-cors"}).status_code == 403
    assert door.get("/", headers=cross | {"sec-fetch-mode": "navigate"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-alvh-token": ""},
        {"x-alvh-token": TOKEN + "x"},
        {"x-alvh-token": "é"},
        WITH_TOKEN | {"origin": "http://evil.example"},
        WITH_TOKEN | {"origin": "null"},
        WITH_TOKEN | {"origin": f"https://{HOST}"},
        WITH_TOKEN | {"sec-fetch-site": "same-site"},
        WITH_TOKEN | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_changes_without_token_or_from_elsewhere_are_refused(
    door: TestClient, headers: dict[str, str]
) -> None:
    sent = {name: value.encode() for name, value in headers.items()}
    answer = door.post("/", headers=sent)
    assert answer.status_code == 403
    assert answer.text.strip()


def test_oversized_requests_are_refused(door: TestClient) -> None:
    whole = b"x" * (MOST_BODY + 1)
    assert door.post("/", content=whole[:-1], headers=WITH_TOKEN).status_code == 200
    assert door.post("/", content=whole, headers=WITH_TOKEN).status_code == 413
    pieces = (b"x" * 1024 for _ in range(MOST_BODY // 1024 + 1))  # its length is not declared
    assert door.post("/", content=pieces, headers=WITH_TOKEN).status_code == 413
    assert door.get("/?" + "q" * MOST_QUERY).status_code == 200
    assert door.get("/?" + "q" * (MOST_QUERY + 1)).status_code == 414


def test_a_length_that_is_no_number_is_refused(door: TestClient) -> None:
    answer = door.post("/", headers=WITH_TOKEN | {"content-length": "-1"})
    assert answer.status_code == 400


def test_every_answer_is_sealed(client: TestClient) -> None:
    for path in ("/lab", "/static/alvh.css", "/nowhere", "/api/openapi.json"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "http" not in policy  # no outside host
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2f..%2ferrors.py",
     "/static//etc/passwd",
     "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/lab/csv/..%2f..%2fapp.py"],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 422)
    assert "import" not in answer.text
    assert "root:" not in answer.text


def test_refusals_say_what_to_do(client: TestClient) -> None:
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert "Choose a screen from the bar above" in page.text
    asked = client.get("/api/backtest", params={"hedge": "../../secret.yaml"})
    assert asked.status_code == 422
    assert "not offered by this server" in asked.json()["refused"]
    assert client.post("/lab", headers=WITH_TOKEN).status_code == 405
