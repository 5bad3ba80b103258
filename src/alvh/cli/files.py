"""Writing files whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

from alvh.errors import DataError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written beside its place, then move it there in one step.

    Parameters
    ----------
    path : Path
        Where the file shall be; missing folders are made.
    write : callable
        Writes the file it is given the path of.

    Raises
    ------
    DataError
        If the place cannot be written; nothing is left behind there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        draft.replace(path)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written ({error.strerror or error}); wanted a file in a folder "
            "that can be written to; choose another place"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
