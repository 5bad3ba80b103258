"""The guard refuses what a page of another site, or a clumsy program, could do."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.web.conftest import HOST, TOKEN

from alvh.web import Desk, create_app
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


def test_a_fault_of_the_program_is_owned_and_gives_nothing_away(desk: Desk) -> None:
    app = create_app(desk, [HOST], TOKEN)

    @app.get("/api/broken")
    def broken() -> None:
        raise RuntimeError("/home/ann/secret")

    client = TestClient(app, base_url=f"http://{HOST}", raise_server_exceptions=False)
    answer = client.get("/api/broken")
    assert answer.status_code == 500
    assert "RuntimeError" in answer.json()["refused"]
    assert "secret" not in answer.text


def test_head_answers_as_get_without_the_body(client: TestClient, door: TestClient) -> None:
    for address in ("/lab", "/api/data", "/static/alvh.css", "/nowhere", "/stress?crisis=zzz"):
        head, get = client.head(address), client.get(address)
        assert head.status_code == get.status_code, address
        assert head.headers["content-length"] == get.headers["content-length"]
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.content == b""
    assert door.head("/", headers={"host": "evil.example"}).status_code == 421


def test_a_split_that_is_no_split_is_refused_without_an_empty_name(client: TestClient) -> None:
    found = client.get("/api/backtest", params={"short": "50", "medium": "60", "tail": "1"}).json()
    assert found["refused"].startswith("a split of 50, 60, 1 %: three shares")
    found = client.get("/api/backtest", params={"fill": "7"}).json()
    assert found["refused"].startswith("fill: ")


@pytest.mark.parametrize("path", ["/lab", "/lab/answer", "/api/backtest", "/data", "/api/data"])
def test_a_setting_given_twice_is_refused(client: TestClient, path: str) -> None:
    twice = [("start", "2016-01-04"), ("start", "2017-01-03")]
    answer = client.get(path, params=twice)
    assert answer.status_code == 422
    assert "is given 2 times; give it once" in answer.text


def test_remedies_fit_what_is_broken(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("on,kind\n2015-08-20,nonsense\n")
    (tmp_path / "bad.db").write_bytes(b"no ledger at all")
    bad = Desk(desk.history, "bundled", desk.hedges, desk.programmes,
               ledger=tmp_path / "bad.db", book_file=tmp_path / "bad.csv")  # fmt: skip
    client = TestClient(create_app(bad, [HOST], TOKEN), base_url=f"http://{HOST}")
    assert "correct the file of the book" in client.get("/api/book").json()["remedy"]
    assert "checkpoints" in client.get("/api/ledger/verify").json()["remedy"]
    assert client.get("/api/replay").json()["remedy"] == "correct what is named"
