"""Alerts: what is told, that it is told once, and that destinations never show."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.advise.books import bundled
from tests.desk.conftest import FIRST, MONDAY, RULES, Lived, moment

from alvh.advise.account import CondorLot
from alvh.advise.preflight import Check
from alvh.desk.alerts import Alert, alerts, raise_once, raised, stale_alert
from alvh.desk.delivery import (
    apprise_sender,
    deliver,
    read_destinations,
    write_alerts,
)
from alvh.desk.governance import halt, propose, reduce, sign
from alvh.desk.recording import record
from alvh.desk.standing import standing
from alvh.desk.versions import Charter
from alvh.errors import AlvhError, DataError, PolicyError
from alvh.ledger import Ledger, create_key

CANARY = "c4n4ry-5ecret"


def _told(lived: Lived, place: int, **changes) -> dict[str, Alert]:
    decision = replace(lived.decisions[place], **changes)
    condors = changes.pop("programme", RULES[1])
    stand = standing(lived.ledger, moment(decision.as_of))
    found = alerts(decision, bundled(), stand, RULES[0], condors)
    return {alert.about: alert for alert in found}


def test_a_day_of_orders_is_told_with_their_names(lived: Lived) -> None:
    told = _told(lived, 0)
    assert "20150817-condors-1" in told["signal ready"].text
    assert told["signal ready"].key == "signal:2015-08-17"
    assert "no trade" not in told


def _forbidden(lived: Lived, folder: Path, forbid) -> dict[str, Alert]:
    """What is told of the first day's orders where a person has forbidden something."""
    ledger, key = Ledger(folder / "other.db"), create_key(folder / "other.pem")
    version = propose(ledger, *RULES, Charter(keys={"ann": key.public}), moment(FIRST))
    sign(ledger, version.sha256, key, moment(FIRST))
    forbid(ledger)
    stand = standing(ledger, moment(FIRST))
    return {one.about: one for one in alerts(lived.decisions[0], bundled(), stand, *RULES)}


def test_a_signal_that_may_not_be_traded_is_none(lived: Lived, tmp_path: Path) -> None:
    told = _forbidden(lived, tmp_path, lambda one: halt(one, "a drill", "ann", moment(FIRST)))
    assert "signal ready" not in told
    assert "20150817-condors-1 may not be ordered: halted by ann" in told["no trade"].text


def test_a_signal_that_is_cut_says_so(lived: Lived, tmp_path: Path) -> None:
    words = (0.5, FIRST, "a storm", "ann", moment(FIRST))
    told = _forbidden(lived, tmp_path, lambda one: reduce(one, *words))
    assert "reduced to 0.5 until 2015-08-17 by ann" in told["signal ready"].text


def test_a_day_without_is_told_with_the_reason(lived: Lived) -> None:
    text = "the data ends on 2015-08-18, the last session is 2015-08-19"
    told = _told(lived, 1, checks=(Check("STALE", "history", "stop", text),), stopped=("STALE",),
                 decided=replace(lived.decisions[1].decided, orders=()))  # fmt: skip
    assert text in told["no trade"].text
    assert told["stale data"].key == "STALE:history:2015-08-18"


def test_a_fault_of_the_book_is_no_fault_of_the_data(lived: Lived) -> None:
    check = Check("BOOK", "book", "stop", "book and tickets disagree")
    told = _told(lived, 1, checks=(check,), stopped=("BOOK",),
                 decided=replace(lived.decisions[1].decided, orders=()))  # fmt: skip
    assert "book and tickets disagree" in told["no trade"].text
    assert "stale data" not in told


def test_a_breached_short_strike_is_told(lived: Lived) -> None:
    # The S&P 500 closed at 1,867.61 on 2015-08-25.
    told = _told(lived, 6)
    lot = lived.decisions[6].account.condors[0]
    assert lot.strikes[1] > 1867.61
    assert told["short strike breached"].key == f"breach:{lot.order}:put"
    account = replace(lived.decisions[6].account, condors=())
    assert "short strike breached" not in _told(lived, 6, account=account)
    far = CondorLot("x", date(2015, 8, 17), date(2015, 9, 30), "pm", (1, 2, 3, 4), 1, 1.0)
    account = replace(account, condors=(far,))
    assert _told(lived, 6, account=account)["short strike breached"].key == "breach:x:call"


@pytest.mark.parametrize(
    ("gate", "place", "levels"),
    [("A", 2, "15"), ("B", 4, "28"), ("B", 5, "40"), ("C", 4, "20"), ("B", 0, ""), ("none", 5, "")],
)
def test_a_crossed_gate_is_told(lived: Lived, gate: str, place: int, levels: str) -> None:
    # VIX closed at 13.02, 13.79, 15.25, 19.14, 28.03 and 40.74 from 2015-08-17 to the 24th.
    condors = RULES[1].model_copy(update={"gate": gate})
    decision = lived.decisions[place]
    stand = standing(lived.ledger, moment(decision.as_of))
    found = [one for one in alerts(decision, bundled(), stand, RULES[0], condors)
             if one.about == "gate crossed"]  # fmt: skip
    assert [f"across {levels} of gate {gate}" in one.text for one in found] == [True] * bool(levels)


def test_rolls_and_settlements_are_told_by_position(lived: Lived) -> None:
    near = (
        Check("ROLL_NEAR", "short", "tell", "short: its roll is due in 4 calendar days (within 5)"),
        Check("SETTLES_TOMORROW", "condor c", "tell", "condor c settles tomorrow"),
    )
    symbol = lived.decisions[3].account.layer("short").legs[0][0].symbol
    told = _told(lived, 3, checks=near)
    assert told["roll due"].key == f"roll:short:{symbol}:5"
    assert told["settlement tomorrow"].key == "SETTLES_TOMORROW:condor c"
    one = replace(near[0], text="short: its roll is due in 1 calendar day (within 1)")
    assert _told(lived, 3, checks=(one,))["roll due"].key == f"roll:short:{symbol}:1"


def test_a_layer_off_target_is_told_once_for_its_holding(lived: Lived) -> None:
    first, *rest = lived.decisions[3].layers
    swollen = (replace(first, worth=10 * first.worth), *rest)
    told = _told(lived, 3, layers=swollen)["layer off target"]
    opened = lived.decisions[3].account.layer(first.layer).opened
    assert told.key == f"off target:{first.layer}:{opened}" or told.key.startswith("off target:")


def test_a_halt_and_a_mismatch_are_told(governed: Ledger, lived: Lived) -> None:
    halt(governed, "the feed is wrong", "ann", MONDAY)
    record(governed, "reconciliation", {"differences": ["VIX 20C: 3 here, 2 there"]}, MONDAY)
    found = alerts(lived.decisions[0], bundled(), standing(governed, MONDAY), *RULES)
    told = {alert.about: alert for alert in found}
    assert told["halted"].key == "halt:4"
    assert told["reconciliation mismatch"].text == "VIX 20C: 3 here, 2 there"


def test_an_alert_is_raised_once_whoever_watches(governed: Ledger) -> None:
    found = (Alert("a", "no trade", "one"), Alert("b", "no trade", "two"))
    assert raise_once(governed, found[:1], MONDAY) == found[:1]
    again = Ledger(governed.path)  # another watcher, or the same one after a kill
    assert raise_once(again, found, MONDAY + timedelta(days=1)) == found[1:]
    assert raise_once(governed, found, MONDAY + timedelta(days=1)) == ()
    assert [event.content["key"] for event, _ in raised(governed)] == ["a", "b"]


def test_the_file_holds_every_alert_once(governed: Ledger, tmp_path: Path) -> None:
    raise_once(governed, (Alert("a", "no trade", "one"),), MONDAY)
    for _ in range(2):
        assert write_alerts(governed, tmp_path / "alerts.jsonl") == 1
    (line,) = (tmp_path / "alerts.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == "one"
    assert not list(tmp_path.glob(".alerts*"))


def test_what_did_not_arrive_is_sent_again_and_what_did_is_not(governed: Ledger) -> None:
    raise_once(governed, (Alert("a", "no trade", "1"), Alert("b", "halted", "2")), MONDAY)
    sent: list[str] = []

    def _send(title: str, text: str) -> bool:
        sent.append(text)
        return text == "2"

    assert deliver(governed, _send, MONDAY) == (1, 1)
    assert deliver(governed, _send, MONDAY) == (0, 1)
    assert sent == ["1", "2", "1"]


def test_data_that_cannot_be_read_is_told_once_a_day() -> None:
    one, two = (stale_alert(DataError("no\nfile"), day) for day in ("2020-03-02", "2020-03-03"))
    assert (one.about, one.text) == ("stale data", "no file")
    assert one.key != two.key


@pytest.mark.parametrize(
    "text",
    [
        f"file: [{CANARY}]\n",
        f"notify: {CANARY}\n",
        f"notify: [{{a: {CANARY}}}]\n",
        f"{CANARY}: 1\n",
        f"notify: [*{CANARY}]\n",
        f"notify: [mailto://me:{CANARY}@example.com\n",
        f"{CANARY}",
    ],
)
def test_a_refused_file_of_destinations_shows_no_secret(tmp_path: Path, text: str) -> None:
    import traceback

    file = tmp_path / "to.yaml"
    file.write_text(text)
    with pytest.raises(PolicyError) as refusal:
        read_destinations(file)
    shown = "".join(traceback.format_exception(refusal.value))
    assert CANARY not in shown
    assert str(file) in str(refusal.value)


def test_destinations_do_not_show_themselves(tmp_path: Path, caplog) -> None:
    file = tmp_path / "to.yaml"
    file.write_text(f"notify: ['mailto://me:{CANARY}@example.com', 'nonsense-{CANARY}']\n")
    found = read_destinations(file)
    for shown in (repr(found), str(found), found.model_dump_json()):
        assert CANARY not in shown
    with pytest.raises(AlvhError) as refusal:
        apprise_sender(found.notify)  # absent, or it does not know the second
    assert CANARY not in str(refusal.value) + caplog.text


def test_apprise_is_told_title_and_text(monkeypatch, tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "apprise.Apprise.notify", lambda self, title, body: sent.append((title, body)) or True
    )
    send = apprise_sender([SecretStr("json://localhost")])
    assert send("a", "b")
    assert sent == [("a", "b")]
