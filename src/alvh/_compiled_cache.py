"""Where compiled code is kept between runs.

Numba's own cache looks only at the file a function stands in, so a change in a function that it
calls would go unnoticed. Here the folder is named after the content of all compiled sources.
"""

import hashlib
import os
import sys
from pathlib import Path

_KEPT = 8  # entries of earlier versions that may stay


def use_content_addressed_cache() -> None:
    """Point numba's cache at a per-user folder; an existing ``NUMBA_CACHE_DIR`` wins."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    root = cache_root() / "compiled"
    folder = root / sources_digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        forget_old(root, folder)
    except OSError:
        return  # a home that cannot be written: numba falls back to its own choice
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def cache_root() -> Path:
    """Return this user's folder for what can be made again, and be removed, at any time."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "alvh"


def sources_digest() -> str:
    """Return the start of the SHA-256 of all sources that compiled code depends on."""
    here = Path(__file__).parent
    digest = hashlib.sha256(sys.version.encode())
    for folder in ("contracts", "kernel", "market", "signals", "worlds"):
        for path in sorted((here / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def forget_old(root: Path, current: Path) -> None:
    """Remove all but the latest few entries of a folder, ``current`` not counted."""
    others = sorted(
        (path for path in root.iterdir() if path != current), key=lambda p: p.stat().st_mtime
    )
    for old in others[: max(len(others) - _KEPT, 0)]:
        for path in [*sorted(old.rglob("*"), reverse=True), old]:
            path.rmdir() if path.is_dir() else path.unlink()
