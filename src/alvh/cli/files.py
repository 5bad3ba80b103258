"""Writing files whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

from alvh.errors import DataError
from alvh.replacing import refuse_other


def refuse_unwritable(path: Path) -> None:
    """Refuse a place for a file before the work whose answer it shall hold.

    Parameters
    ----------
    path : Path
        Where a file shall be written later; missing folders are made then.

    Raises
    ------
    DataError
        If there is a folder in its place, or the folder it would be in cannot be written to.
    """
    near = next((one for one in (path, *path.absolute().parents) if one.exists()), Path("/"))
    if path.is_dir():
        fault = "is a folder"
    elif near != path and not near.is_dir():
        fault = f"{near} is no folder"
    elif not os.access(near, os.W_OK):
        fault = f"{near} cannot be written to"
    else:
        return
    raise DataError(f"{path}: {fault}; wanted a place for a file; choose another")


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
        If the place cannot be written, or another kind of file is there; nothing is left behind.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        refuse_other(path, draft)
        draft.replace(path)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written ({error.strerror or error}); wanted a file in a folder "
            "that can be written to; choose another place"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
