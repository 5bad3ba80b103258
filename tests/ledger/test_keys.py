"""Keys: readable by their owner alone, never shown, never replaced."""

import copy
import pickle
import stat
from pathlib import Path

import pytest

from alvh.errors import LedgerError
from alvh.ledger import create_key, is_signed, load_key


def test_a_key_is_made_for_its_owner_alone_and_loads_again(tmp_path: Path) -> None:
    key = create_key(tmp_path / "key.pem")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert load_key(tmp_path / "key.pem").public == key.public
    assert [file.name for file in tmp_path.iterdir()] == ["key.pem"]


def test_a_key_is_not_replaced(tmp_path: Path) -> None:
    create_key(tmp_path / "key.pem")
    held = (tmp_path / "key.pem").read_bytes()
    with pytest.raises(LedgerError, match="exists already"):
        create_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_bytes() == held


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o640)
    with pytest.raises(LedgerError, match="has mode 0640"):
        load_key(tmp_path / "key.pem")


def test_a_file_that_holds_no_key_is_refused_without_repeating_it(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("hunter2")
    (tmp_path / "key.pem").chmod(0o600)
    with pytest.raises(LedgerError, match="holds no Ed25519 key") as refusal:
        load_key(tmp_path / "key.pem")
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(LedgerError, match="cannot be read: No such file"):
        load_key(tmp_path / "none.pem")


def test_a_key_does_not_show_itself(tmp_path: Path) -> None:
    key = create_key(tmp_path / "key.pem")
    assert repr(key) == str(key) == f"SigningKey(public={key.public})"
    for leak in (pickle.dumps, copy.deepcopy):
        with pytest.raises(LedgerError, match="not copied or pickled"):
            leak(key)


def test_a_signature_serves_one_key_one_purpose_and_one_content(tmp_path: Path) -> None:
    key, other = create_key(tmp_path / "a.pem"), create_key(tmp_path / "b.pem")
    signature = key.sign("test", {"b": 2, "a": 1})
    assert is_signed(key.public, "test", {"a": 1, "b": 2}, signature)
    assert not is_signed(other.public, "test", {"a": 1, "b": 2}, signature)
    assert not is_signed(key.public, "text", {"a": 1, "b": 2}, signature)
    assert not is_signed(key.public, "test", {"a": 1, "b": 3}, signature)
    assert not is_signed("no key", "test", {"a": 1, "b": 2}, "no signature")


def test_a_key_on_a_full_disk_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", _full)
    with pytest.raises(LedgerError, match="cannot be written: No space left on device"):
        create_key(tmp_path / "key.pem")
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be written: No such file"):
        create_key(tmp_path / "nowhere" / "key.pem")
