"""Days that were killed again and again end as they end without a kill."""

from pathlib import Path

from tests.desk.conftest import Lived
from tests.desk.killed_days import begin, ended, killed, live

from alvh.desk.audit import audit
from alvh.ledger import Ledger

KILLS = 10


def test_killed_days_end_as_days_that_were_not(lived: Lived, tmp_path: Path) -> None:
    days, sound, struck = lived.decisions[:3], tmp_path / "sound", tmp_path / "struck"
    for folder in (sound, struck):
        folder.mkdir()
    whole = begin(sound, days[0], lived.books[0])
    live(whole, days)
    path, acknowledged = begin(struck, days[0], lived.books[0]), set[str]()
    for seed in range(KILLS):
        acknowledged |= set(killed(path, days, seed))
        audit(Ledger(path, "read"))
    live(path, days)
    found = ended(path)
    assert found == ended(whole)
    assert (found.decisions, found.alerts, found.differences) == (3, 3, ())
    assert len(found.tickets) >= 4  # a condor and three layers on the first day
    assert acknowledged <= {event.sha256 for event in Ledger(path, "read").events()}
