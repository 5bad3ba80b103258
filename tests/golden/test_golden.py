"""The bundled run tells the same facts as when they were last written down on purpose."""

from golden.summary import TEXT, lines


def test_the_bundled_run_is_as_written_down():
    written = TEXT.read_text(encoding="utf-8").splitlines()
    now = lines()
    changed = [f"{was}  →  {says}" for was, says in zip(written, now, strict=False) if was != says]
    assert not changed, "\n".join(
        [f"{len(changed)} facts changed; python tests/golden/summary.py rewrites them", *changed]
    )
    assert len(now) == len(written)
