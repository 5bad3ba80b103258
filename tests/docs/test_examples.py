"""Every example in the pages prints what the page says; first, that a wrong one is found out."""

from contextlib import chdir
from pathlib import Path

import pytest
from run_examples import DOCS, Example, Session, pages, run_file, run_page
from tests.conftest import SHARED_DATA

PAGE = """# A page

```console
$ alvh policy show single-call --yaml
...
signal_lag: 1  # source: the method, signals use data up to the session before the trade
```

```pycon
>>> double = lambda x: 2 * x
>>> double(2)
5
```
"""


def test_a_wrong_answer_is_found_out_and_written_down(tmp_path: Path) -> None:
    with chdir(tmp_path):
        new, wrong = run_page(PAGE, Session(), write=True)
    assert wrong == ["line 11: double(2)\n4\n"]
    assert new == PAGE.replace("\n5\n", "\n4\n")


def test_dots_stand_for_any_lines_and_a_hash_for_any_hash() -> None:
    example = Example("console", "", "first\n...\nhash 0123456789ab\n", 1)
    assert example.matches("first\nhash ba9876543210\n")
    assert example.matches("first\nand\nmore\nhash ba9876543210\n")
    assert not example.matches("first\nhash ba9876543210\nmore\n")
    assert not example.matches("first\n")


def test_a_rewritten_answer_keeps_its_first_and_last_lines() -> None:
    example = Example("console", "", "a\n...\ny\nz\n", 1)
    example.rewrite("1\n2\n3\n4\n5\n")
    assert example.want == "1\n...\n4\n5\n"


def test_a_refusal_is_no_answer_unless_it_is_shown_in_full() -> None:
    with pytest.raises(ValueError, match="refused: alvh: no hedge policy"):
        Session().answer(Example("console", "alvh policy show none-such", "...\n", 1))
    shown = Session().answer(Example("console", "alvh policy show none-such", "alvh: x\n", 1))
    assert shown.startswith("alvh: no hedge policy")


def test_python_that_needs_data_is_passed_over_with_its_whole_block() -> None:
    page = """```pycon
>>> history = alvh.load_history("my-data")
>>> len(history.dates)
0
```
"""
    assert run_page(page, Session(), write=True) == (page, [])


def test_other_programs_are_refused() -> None:
    with pytest.raises(ValueError, match="only alvh"):
        Session().answer(Example("console", "rm -r my-folder", "", 1))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(DOCS)))
def test_every_example_prints_what_the_page_says(page: Path) -> None:
    data = SHARED_DATA if SHARED_DATA.is_dir() else None
    wrong = run_file(page, data, write=False)
    assert not wrong, "\n".join(wrong) + "\n`python docs/run_examples.py write` takes them over"
