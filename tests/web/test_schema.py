"""Whatever is asked, within the described form or outside it, is answered without a fault."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.web.conftest import HOST, TOKEN

from alvh.web import Desk, create_app
from alvh.web.guard import Guard

EXAMPLES = 5
ANSWERS = {200, 307, 400, 403, 404, 405, 413, 414, 422}


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_request_makes_a_fault(desk: Desk, mode: str) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    own = Desk(desk.history, "bundled", desk.hedges, desk.programmes)
    schema = schemathesis.openapi.from_asgi(
        "/api/openapi.json", create_app(own, [HOST], TOKEN), headers={"host": HOST}
    )
    seen: Counter[int] = Counter()
    for found in schema.get_all_operations():
        if mode == "positive" or found.ok().query.items:  # nothing to get wrong without a query
            _probe(found.ok(), schemathesis.GenerationMode(mode), seen)
    own.jobs.close()
    assert set(seen) <= ANSWERS  # no 5xx, and nothing unforeseen
    assert seen[200 if mode == "positive" else 422] > 0


def _probe(operation: Any, mode: Any, seen: Counter[int]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def probe(case: Any) -> None:
        case.headers = {**(case.headers or {}), "host": HOST, "x-alvh-token": TOKEN}
        answer = case.call()
        seen[answer.status_code] += 1
        assert answer.status_code < 500, f"{case.method} {case.path} {case.query}"

    probe()


def test_every_change_is_a_post_and_nothing_else(desk: Desk) -> None:
    app = create_app(desk, [HOST], TOKEN)
    paths = app.openapi()["paths"]
    assert {"/lab", "/api/backtest", "/api/today"} <= set(paths)
    changes = {path for path, item in paths.items() if "post" in item}
    assert changes == {
        "/lab/colours/start", "/lab/colours/cancel", "/verdict/{work}/start",
        "/verdict/{work}/cancel", "/ledger/halt",
    }  # fmt: skip
    for path, item in paths.items():
        assert set(item) == ({"post"} if path in changes else {"get"})
    assert any(layer.cls is Guard for layer in app.user_middleware)
