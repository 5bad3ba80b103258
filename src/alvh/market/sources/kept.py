"""What was read of a folder, kept between runs: the same bytes are not parsed twice.

Every file is read whole each time; its part is found again by the SHA-256 of its name and its
bytes, so that nothing rests on times or sizes. The store is one file a folder, under the version
of the code that reads, led by the SHA-256 of all that follows: a store that is damaged, of another
owner, or not there is a store without parts. It may be removed at any time.

Parts are pickled, as compiled code is in numba's own cache: who can write into a user's cache
folder can run code as that user.
"""

import hashlib
import os
import pickle
import secrets
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from alvh._compiled_cache import cache_root, forget_old

Part = TypeVar("Part")

LEAST = 4 << 20  # bytes of files; a smaller folder is parsed about as fast as it is found again
_READERS = ("market/sources/*.py", "contracts/*.py", "calendars.py", "sessions.py")
_PACKAGES = ("polars", "numpy", "fastexcel")
_SHA = hashlib.sha256().digest_size


class Kept:
    """The parts of one folder.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of downloads.
    """

    def __init__(self, folder: Path) -> None:
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:20]
        self._path = cache_root() / "read" / _readers_digest() / name
        self._held = _stored(self._path)
        self._used: dict[bytes, bytes] = {}
        self._size = 0

    def part(self, files: Iterable[tuple[str, bytes]], read: Callable[[], Part]) -> Part:
        """Return what ``read`` makes of files, from the store where it was made before.

        Parameters
        ----------
        files : iterable of (str, bytes)
            All that ``read`` looks at: names and contents.
        read : callable
            Its answer must not be what a part changes later; what it raises is not kept.

        Returns
        -------
        object
            Equal to the bit.
        """
        sha = hashlib.sha256()
        for name, raw in files:
            sha.update(f"{name}:{len(raw)};".encode())
            sha.update(raw)
            self._size += len(raw)
        key = sha.digest()
        packed = self._held.get(key)
        found: Part = read() if packed is None else pickle.loads(packed)
        self._used[key] = packed or pickle.dumps(found, protocol=5)
        return found

    def save(self) -> None:
        """Keep the parts of this time, and no others; where nothing can be written, keep none."""
        if self._size < LEAST or self._used.keys() == self._held.keys():
            return
        payload = pickle.dumps(self._used, protocol=5)
        beside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(beside, "xb", opener=_private) as file:
                file.write(hashlib.sha256(payload).digest())
                file.write(payload)
            os.replace(beside, self._path)
            forget_old(self._path.parent, self._path)
            forget_old(self._path.parent.parent, self._path.parent)
        except OSError:
            with suppress(OSError):
                beside.unlink()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _stored(path: Path) -> dict[bytes, bytes]:
    """Return the parts of a store, or none where it is not whole or not this user's."""
    try:
        with path.open("rb") as file:
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                return {}
            digest, payload = file.read(_SHA), file.read()
    except OSError:
        return {}
    if hashlib.sha256(payload).digest() != digest:
        return {}
    held: dict[bytes, bytes] = pickle.loads(payload)
    return held


def _readers_digest() -> str:
    """Return what the answer of a reader depends on besides the file."""
    here = Path(__file__).parents[2]
    digest = hashlib.sha256(sys.version.encode())
    digest.update(" ".join(version(name) for name in _PACKAGES).encode())
    for pattern in _READERS:
        for path in sorted(here.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:20]
