"""Where alerts go: a file of one line each, and whatever destinations a desk has named.

Destinations are addresses that may hold passwords and tokens. They are never recorded or printed:
a destination is named by its place in the list.
"""

import json
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ConfigDict, Field, SecretStr, ValidationError

from alvh.desk import kinds
from alvh.desk.alerts import raised
from alvh.desk.recording import record
from alvh.errors import AlvhError, DataError, PolicyError
from alvh.ledger import Ledger
from alvh.policy.checks import PolicyModel, Text
from alvh.policy.source import read_source
from alvh.replacing import refuse_other


class Destinations(PolicyModel):
    """Where alerts go."""

    model_config = ConfigDict(hide_input_in_errors=True)

    file: Text = Field(default="alerts.jsonl", description="file of one alert a line")
    notify: tuple[SecretStr, ...] = Field(
        default=(), description="apprise addresses, as mailto://… or slack://…"
    )


def read_destinations(path: Path) -> Destinations:
    """Read destinations from a YAML file.

    Raises
    ------
    PolicyError
        Where it cannot be read; the message says where and never what stands there.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return Destinations.model_validate(read_source(text, str(path)).values)
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except ValidationError as error:
        places = sorted({".".join(map(str, one["loc"][:1])) for one in error.errors()})
        known = ", ".join(Destinations.model_fields)
        unknown = f"{len(places)} keys are wrong"
        message = f"{path}: {unknown}; wanted {known}: a text, and a list of texts"
    except UnicodeDecodeError:
        message = f"{path}: is no UTF-8 text; save it as such"
    except PolicyError:
        message = f"{path}: is no YAML of plain keys and lists; wanted file and notify"
    raise PolicyError(message)  # outside, so that no cause shows what was read


def write_alerts(ledger: Ledger, path: Path) -> int:
    """Write every alert of the ledger, one a line, beside ``path`` and then in its place.

    Where there is none, nothing is written.

    Returns
    -------
    int
        Lines.

    Raises
    ------
    AlvhError
        If the place cannot be written, or another kind of file is there.
    """
    lines = [
        json.dumps({name: event.content[name] for name in ("at", "about", "text", "key")})
        for event, _ in raised(ledger)
    ]
    if not lines:
        return 0
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        beside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        refuse_other(path, beside)
        os.replace(beside, path)
    except OSError as error:
        raise DataError(
            f"{path}: alerts cannot be written ({error.strerror or error}); they stand in the "
            "ledger and are written at the next look; make room, or name another `file`"
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return len(lines)


def deliver(ledger: Ledger, send: Callable[[str, str], bool], at: datetime) -> tuple[int, int]:
    """Send every alert that was not delivered, and record that it was.

    A kill between the two sends it once more: better twice than never.

    Parameters
    ----------
    ledger : Ledger
        Holds the alerts.
    send : callable
        Takes title and text, returns whether they arrived.
    at : datetime
        The moment, aware.

    Returns
    -------
    tuple of int
        Delivered, and not.
    """
    waiting = [event.content for event, delivered in raised(ledger) if not delivered]
    sent = 0
    for content in waiting:
        if send(f"alvh: {content['about']}", content["text"]):
            record(ledger, kinds.ALERT_DELIVERED, {"key": content["key"]}, at)
            sent += 1
    return sent, len(waiting) - sent


def apprise_sender(destinations: Sequence[SecretStr]) -> Callable[[str, str], bool]:
    """Return what sends to all destinations through apprise.

    Raises
    ------
    AlvhError
        Where apprise is not installed or does not know a destination, which is named by its place.
    """
    try:
        import apprise
    except ImportError as error:
        raise AlvhError(
            "alerts are sent through apprise, which is not installed; "
            "install alvh[alerts], or leave `notify` empty and read the file"
        ) from error
    logging.getLogger("apprise").disabled = True  # its lines may repeat an address
    channel = apprise.Apprise()
    for place, address in enumerate(destinations, 1):
        if not channel.add(address.get_secret_value()):
            raise AlvhError(f"destination {place} of `notify` is no address that apprise knows")
    return lambda title, text: bool(channel.notify(title=title, body=text))
