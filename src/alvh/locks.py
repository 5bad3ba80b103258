"""Locks between programs; they end with the process that holds them."""

import fcntl
import time

_LOOK_SECONDS = 0.002


def lock(handle: int, seconds: float = 0.0) -> bool:
    """Lock an open file or folder for this process, and say whether that could be done in time.

    Parameters
    ----------
    handle : int
        Of ``os.open``; closing it gives the lock up.
    seconds : float
        How long to wait for another program's lock.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        else:
            return True
