"""Work in pieces, here or on a cluster of other processes: the same pieces, the same bytes.

A job is a value that can be sent somewhere else and called with the bounds of a piece. It returns
what it would return here, so that it does not matter where, in what order, or how often a piece
was run: a worker that dies takes nothing with it but the time.

``dask.distributed`` is asked for only where a cluster is named: ``pip install "alvh[cluster]"``.
"""

import gc
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from importlib import import_module
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from alvh.errors import DataError
from alvh.version import VERSION

Job = Callable[[int, int], Any]
Bounds = Sequence[tuple[int, int]]

SCHEMES = ("tcp", "tls", "ws", "wss")  # of addresses that a dask scheduler can have
ATTEMPTS = 5  # of one piece, each on a worker that died, before the run is given up
_ONE_AT_A_TIME = Lock()  # a worker's threads would otherwise call the compiled engine's at once


def in_pieces(job: Job, bounds: Bounds, cluster: str | None = None) -> Iterator[tuple[int, Any]]:
    """Run a job piece by piece.

    Parameters
    ----------
    job : callable
        Called with both bounds of a piece; for a cluster it must be picklable.
    bounds : sequence of (int, int)
    cluster : str, optional
        Address of a dask scheduler, as ``tcp://host:8786``; here and in order without it.

    Yields
    ------
    int, object
        Place of a piece among ``bounds`` and its result, in the order that they are finished.

    Raises
    ------
    DataError
        If the cluster cannot be reached, runs another version, or loses a piece again and again.
    """
    if cluster is None:
        for place, (low, high) in enumerate(bounds):
            yield place, job(low, high)
        return
    yield from _on_cluster(job, bounds, cluster)


def _on_cluster(job: Job, bounds: Bounds, address: str) -> Iterator[tuple[int, Any]]:
    client = _connect(address)
    try:
        left, lost = dict(enumerate(bounds)), dict.fromkeys(range(len(bounds)), 0)
        while left:
            for place, found in _attempt(client, job, left):
                if found is None:
                    lost[place] += 1
                    if lost[place] >= ATTEMPTS:
                        raise DataError(
                            f"piece {place} was lost with its worker {ATTEMPTS} times; look at the "
                            f"workers of {shown(address)}, or run without a cluster"
                        )
                    continue
                del left[place]
                yield place, _checked(found, address)
    finally:
        client.close()


def _attempt(client: Any, job: Job, left: dict[int, Any]) -> Iterator[tuple[int, Any]]:
    """Submit what is left, once; yield None for a piece that went down with its worker."""
    distributed: Any = import_module("dask.distributed")
    shared = client.scatter(job, broadcast=True, hash=False)
    places = {
        client.submit(run_piece, shared, *bounds, pure=False): place
        for place, bounds in list(left.items())
    }
    for future in distributed.as_completed(list(places), loop=client.loop):
        place = places.pop(future)
        if future.status == "finished":
            yield place, fetched(future)
        elif _went_down(future):
            yield place, None
        else:
            raise future.exception()
        future.release()


def fetched(future: Any) -> Any:
    """Return the result of a piece that is done; None where its worker died before it was sent."""
    try:
        return future.result()
    except CancelledError:
        return None


def _went_down(future: Any) -> bool:
    """Say whether a piece failed because a worker did, not because the job does."""
    killed = import_module("dask.distributed").KilledWorker
    return future.status in ("lost", "cancelled") or isinstance(future.exception(), killed)


def run_piece(job: Job, low: int, high: int) -> tuple[str, Any]:
    """Run one piece, on whatever worker this is, and say by which version."""
    with _ONE_AT_A_TIME:
        return VERSION, job(low, high)


def _checked(found: tuple[str, Any], address: str) -> Any:
    version, result = found
    if version != VERSION:
        raise DataError(
            f"a worker of {shown(address)} runs version {version}, this is {VERSION}; install the "
            "same version everywhere"
        )
    return result


def _connect(address: str) -> Any:
    try:
        distributed: Any = import_module("dask.distributed")
    except ImportError as error:
        raise DataError(
            f"a cluster at {shown(address)} needs dask.distributed, which is not installed; "
            'pip install "alvh[cluster]"'
        ) from error
    if _listens(address):
        try:
            return distributed.Client(address, timeout="10s", set_as_default=False)
        except (OSError, TimeoutError, ValueError):
            pass
        # a client that failed closes itself when it is collected: now, not while another starts
        gc.collect()
    raise DataError(  # outside, so that no cause repeats the address
        f"no dask scheduler answers at {shown(address)}; start one with `dask scheduler` and give "
        "its address as tcp://host:8786"
    )


def _listens(address: str) -> bool:
    """Say whether anything accepts connections at an address that a scheduler could have."""
    try:
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES or not parts.hostname or not parts.port:
            return False
        with socket.create_connection((parts.hostname, parts.port), timeout=10.0):
            return True
    except (OSError, ValueError):
        return False


def shown(address: str) -> str:
    """Return an address without what may be secret in it: scheme, host and port alone."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        return "the address that was given"
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
