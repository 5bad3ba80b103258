"""What was freed goes back to the machine; each case in a process of its own, as it is for good."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from alvh.web import jobs
from alvh.web.jobs import Jobs

STATUS = Path("/proc/self/status")
SMALL, BLOCKS = 1_000, 400
CODE = f"""
import re, sys, threading
from alvh.web.memory import give_back, return_large_blocks

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("{STATUS}").read())[1]) // 1024

def work():
    once = bytearray(30_000_000)  # freed, it lets the library keep blocks up to its size
    del once
    start = resident()
    held = [(bytearray(b"x") * size, bytearray({SMALL})) for _ in range({BLOCKS})]
    pins = [small for _, small in held]  # between the large ones: nothing fits into the gaps
    del held
    if after:
        give_back()
    print(resident() - start)

size, before, after = int(sys.argv[1]), sys.argv[2] == "before", sys.argv[3] == "after"
if before:
    return_large_blocks()
thread = threading.Thread(target=work)  # as long work is done
thread.start()
thread.join()
"""


def _left(size: int, *, before: bool, after: bool) -> int:
    """Return the MiB left of blocks that were made and freed."""
    words = [str(size), "before" if before else "", "after" if after else ""]
    command = [sys.executable, "-c", CODE, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not STATUS.is_file(), reason="memory is read as Linux tells it")
def test_large_blocks_return_at_once_and_the_rest_when_asked() -> None:
    large, middling = 1_000_000, 100_000
    if _left(large, before=False, after=False) < 200:
        pytest.skip("this C library keeps nothing")
    assert _left(large, before=True, after=False) < 40
    assert _left(middling, before=True, after=True) < 10


def test_memory_is_given_back_after_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(jobs, "give_back", lambda: given.append("back"))
    found = Jobs()
    for count, key in enumerate(("first", "second"), 1):
        job = found.start((key,), lambda tell: 1)
        limit = time.monotonic() + 10.0
        while len(given) < count:
            assert time.monotonic() < limit
            time.sleep(0.01)
        assert job.state == "done"
    assert given == ["back", "back"]
