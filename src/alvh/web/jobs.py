"""Long work that can be watched and cancelled: one piece at a time, its result kept a while."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any, Literal

from alvh.errors import AlvhError
from alvh.web.memory import give_back

State = Literal["running", "done", "cancelled", "refused"]
Tell = Callable[[int, int], None]
KEPT_JOBS = 8


class Busy(AlvhError):
    """Raised where other work is under way; it is ``job``."""

    def __init__(self, job: "Job") -> None:
        super().__init__(f"other long work is under way on this server: {job.title}")
        self.job = job


class Cancelled(Exception):
    """Raised inside the work when it has been cancelled."""


@dataclass
class Job:
    """One piece of work.

    Attributes
    ----------
    key : tuple
        What is worked out; the same key is the same work.
    title, where : str
        What is worked out, in words, and the address of the page that shows it.
    state : {"running", "done", "cancelled", "refused"}
    done, total : int
        Steps made, and in all; 0 of 0 before the first.
    result : object
        Of work that is done.
    reason : str
        Why it was refused.
    """

    key: tuple[object, ...]
    title: str = ""
    where: str = ""
    state: State = "running"
    done: int = 0
    total: int = 0
    result: Any = None
    reason: str = ""
    stop: Event = field(default_factory=Event, repr=False)

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    def tell(self, done: int, total: int) -> None:
        """Note how far the work has come; raises Cancelled where it is to stop."""
        self.done, self.total = done, total
        if self.stop.is_set():
            raise Cancelled


class Jobs:
    """The long work of one server."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[tuple[object, ...], Job] = OrderedDict()
        self._lock = Lock()

    def find(self, key: tuple[object, ...]) -> Job | None:
        """Return the latest job of this key; None where there is none."""
        return self._jobs.get(key)

    def start(
        self, key: tuple[object, ...], work: Callable[[Tell], Any], title: str = "", where: str = ""
    ) -> Job:
        """Begin some work on a thread of its own, or return the job that does it or has done it.

        Raises
        ------
        Busy
            If other work is under way.
        """
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and known.state in ("running", "done"):
                return known
            other = next((job for job in self._jobs.values() if job.state == "running"), None)
            if other is not None:
                raise Busy(other)
            job = self._jobs[key] = Job(key, title, where)
            self._jobs.move_to_end(key)
            if len(self._jobs) > KEPT_JOBS:
                self._jobs.popitem(last=False)
        Thread(target=_carry_out, args=(job, work), daemon=True).start()
        return job

    def cancel(self, key: tuple[object, ...]) -> None:
        """Ask the work of a key to stop at its next step; nothing happens where there is none."""
        job = self._jobs.get(key)
        if job is not None:
            job.stop.set()

    def close(self) -> None:
        """Ask everything that is under way to stop."""
        for job in tuple(self._jobs.values()):
            job.stop.set()


def _carry_out(job: Job, work: Callable[[Tell], Any]) -> None:
    try:
        job.result = work(job.tell)
        job.state = "done"
    except Cancelled:
        job.state = "cancelled"
    except AlvhError as refusal:
        job.reason, job.state = " ".join(str(refusal).split()), "refused"
    except BaseException:
        job.reason, job.state = "the work broke off; the server's terminal says where", "refused"
        raise
    finally:
        give_back()
