"""Commands that were killed as they were typed leave the desk as commands that were not."""

from pathlib import Path

import pytest
from tests.desk.killed_commands import DAYS, compare


@pytest.mark.slow
def test_killed_commands_leave_no_trace(tmp_path: Path) -> None:
    count, alike, found = compare(tmp_path, DAYS[:1], kills=3, seed=4)
    assert count.killed + count.ended == 9
    assert count.killed >= 3  # most kills fall before a command's two seconds are over
    assert alike
    assert (found.decisions, len(found.tickets), found.differences) == (1, 4, ())
