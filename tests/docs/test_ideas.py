"""docs/ideas.md: every row is what the program says, and none is empty."""

import importlib.util
from pathlib import Path

import alvh

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ideas.md"


def test_every_row_is_what_the_program_says(shared_data) -> None:
    spec = importlib.util.spec_from_file_location("build_ideas", PAGE.with_name("build_ideas.py"))
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    found = builder.rows(alvh.load_history(shared_data))
    written = PAGE.read_text(encoding="utf-8").splitlines()
    assert written[-len(found) :] == found
    assert len(found) >= 30
    assert all(cell.strip() for row in found for cell in row.strip("|").split("|"))
