"""Memory given back to the machine: large blocks at once, the rest after long work.

The C library of Linux keeps large blocks that were freed once, for the next that are as large. Work
that makes and drops hundreds of runs, each of some megabytes, on a thread of its own leaves it with
gigabytes in pieces that nothing fits into. Elsewhere nothing is done.

References
----------
mallopt(3) and malloc_trim(3): a fixed M_MMAP_THRESHOLD is no longer raised by what is freed.
"""

import ctypes
import gc
from contextlib import suppress

_MMAP_THRESHOLD = -3  # its number in malloc.h
LARGE = 256 * 1024  # bytes from which on a block is the machine's own and returns to it when freed


def return_large_blocks() -> None:
    """Let every large block go back to the machine as soon as it is freed."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Collect what is no longer used, and return to the machine what is free."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
