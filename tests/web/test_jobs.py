"""Long work: watched, cancelled, done once, and one piece at a time."""

import threading
import time
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import TOKEN

from alvh.errors import AlvhError, DataError
from alvh.web import Desk
from alvh.web.jobs import Job, Jobs, Tell


def _until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + 5.0
    while not done() and time.monotonic() < limit:
        time.sleep(0.005)
    assert done()


def _endless(tell: Tell) -> None:
    while True:
        tell(1, 4)
        time.sleep(0.005)


def test_work_tells_how_far_it_is_and_keeps_its_result() -> None:
    gate = threading.Event()

    def work(tell: Tell) -> str:
        tell(1, 2)
        gate.wait(5)
        return "found"

    jobs = Jobs()
    job = jobs.start(("a",), work)
    _until(lambda: job.total == 2)
    assert (job.state, job.share) == ("running", 0.5)
    gate.set()
    _until(lambda: job.state == "done")
    assert job.result == "found"
    assert jobs.start(("a",), _endless) is job  # what is done is not done again


def test_work_stops_at_its_next_step_when_cancelled() -> None:
    jobs = Jobs()
    job = jobs.start(("a",), _endless)
    jobs.cancel(("a",))
    _until(lambda: job.state == "cancelled")
    again = jobs.start(("a",), lambda tell: 1)
    assert again is not job
    jobs.cancel(("nothing of this key",))


def test_only_one_piece_of_work_at_a_time() -> None:
    jobs = Jobs()
    job = jobs.start(("a",), _endless)
    with pytest.raises(AlvhError, match="under way"):
        jobs.start(("b",), _endless)
    assert jobs.start(("a",), _endless) is job
    jobs.cancel(("a",))
    _until(lambda: job.state == "cancelled")


def test_a_refusal_is_kept_as_the_reason() -> None:
    def work(tell: Tell) -> None:
        raise DataError("no session\nleft")

    jobs = Jobs()
    job: Job = jobs.start(("a",), work)
    _until(lambda: job.state == "refused")
    assert job.reason == "no session left"


def test_other_work_is_refused_beside_what_is_under_way(client: TestClient, desk: Desk) -> None:
    """The first one keeps its progress and its button; the second is told where the first is."""
    job = desk.jobs.start(
        ("held",), _endless, "every split of vxth on cndr", "/verdict?condors=cndr"
    )
    headers, asked = {"x-alvh-token": TOKEN}, {"end": "2018-12-31"}
    try:
        for address in ("/verdict/claims/start", "/lab/colours/start"):
            answer = client.post(address, params=asked, headers=headers)
            assert answer.status_code == 422
            assert "Not begun: every split of vxth on cndr is under way" in answer.text
            assert 'href="/verdict?condors=cndr"' in answer.text
            assert "Try every claim" in answer.text or "Colour the triangle" in answer.text
    finally:
        desk.jobs.cancel(("held",))
        _until(lambda: job.state == "cancelled")


def test_the_first_work_keeps_its_progress_and_its_button(client: TestClient, desk: Desk) -> None:
    headers = {"x-alvh-token": TOKEN}
    asked = {"end": "2018-12-31", "step": "5", "resamples": "2000"}
    assert client.post("/verdict/simplex/start", params=asked, headers=headers).status_code == 200
    try:
        text = client.post("/verdict/claims/start", params=asked, headers=headers).text
        assert "<progress" in text
        assert 'hx-post="/verdict/simplex/cancel' in text
        assert text.index("Not begun") > text.index("Try every claim")
        assert 'href="/verdict?end=2018-12-31&amp;step=5&amp;resamples=2000"' in text
    finally:
        client.post("/verdict/simplex/cancel", params=asked, headers=headers)
        address = "/api/verdict/simplex"
        _until(lambda: client.get(address, params=asked).json()["state"] == "cancelled")
