"""Whose book a screen shows: the user's own, read anew from its file, or the policy's."""

from dataclasses import dataclass
from typing import Any, Literal

import alvh
from alvh.desk.book_files import read_book
from alvh.desk.marking import marks_of
from alvh.desk.own import OwnBook, own_book
from alvh.errors import AlvhError
from alvh.holdings import Holdings, holdings
from alvh.priced import Priced
from alvh.web.desk import Desk
from alvh.web.settings import Held

NOTHING_HELD = "nothing is held, so nothing is priced"
NO_HEDGE_HELD = "no hedge is held"


@dataclass(frozen=True)
class Seen:
    """The book that a screen shows.

    Attributes
    ----------
    whose : {"own", "policy"}
    policy, programme
        By which it is, or would be, run on.
    result : Result
        A run that ended with it.
    holdings : Holdings
    marks : tuple of str
        What the mark of every leg rests on.
    margin : dict of str to float
        Of ``condors`` and ``hedge``, USD.
    own : OwnBook or None
        The user's book; None where the policy's is shown.
    refused : str
        Why the user's book is not shown though the server has one; empty otherwise.
    """

    whose: Literal["own", "policy"]
    policy: "alvh.HedgePolicy"
    programme: "alvh.CondorProgramme"
    result: "alvh.Result"
    holdings: Holdings
    marks: tuple[str, ...]
    margin: dict[str, float]
    own: OwnBook | None = None
    refused: str = ""

    @property
    def evening(self) -> Any:
        """What ``alvh.project`` and ``alvh.replay`` take; None for the book of the run itself."""
        return None if self.own is None else self.own.evening

    @property
    def nothing(self) -> str:
        """Say that nothing is held, so that nothing can gain or lose; empty where something is."""
        book = self.holdings
        if book.legs or book.index_units:
            return ""
        return f"Nothing is held at the close of {book.as_of}."

    @property
    def no_layer(self) -> str:
        """Say why there is no layer to read; empty where there is one."""
        if self.holdings.layers:
            return ""
        if self.own is None and not self.policy.layers:
            return f"{self.policy.name} is no hedge: it has no layers."
        return f"No layer holds anything at the close of {self.holdings.as_of}."

    @property
    def priced(self) -> str:
        """What the marks of the book rest on, in words."""
        return Priced.of(self.marks).words("marks") if self.marks else NOTHING_HELD

    @property
    def hedge_priced(self) -> str:
        """What the marks of the hedge rest on, in words."""
        if not self.holdings.layers:
            return NO_HEDGE_HELD
        legs = zip(self.holdings.legs, self.marks, strict=True)
        found = Priced.of(mark for leg, mark in legs if leg.sleeve != "condors")
        return found.words("marks of the hedge")

    @property
    def meta(self) -> dict[str, Any]:
        """Names, hashes and notes."""
        return self.result.meta


def see(desk: Desk, held: Held) -> Seen:
    """Return the book asked for: by default the user's own where the server has one.

    Where the user's own cannot be marked, the policy's is shown and the reason is told.
    """
    if desk.book_file is None or held.book == "policy":
        return _of_policy(desk, held)
    policy, programme = desk.hedge(held), desk.programme(held)
    try:
        own = own_book(
            desk.history, read_book(desk.book_file), policy, programme, held.end, held.fill
        )
    except AlvhError as refusal:
        return _of_policy(desk, held, " ".join(str(refusal).split()))
    margin = {"condors": own.condor_margin, "hedge": own.hedge_margin}
    shown = own.evening.book
    return Seen(
        "own", policy, programme, own.evening.result, shown, marks_of(desk.history, shown), margin,
        own,
    )  # fmt: skip


def _of_policy(desk: Desk, held: Held, refused: str = "") -> Seen:
    book = desk.book(held)
    result = book.result
    margin = {
        "condors": float(result.condor_margin[-1]), "hedge": float(result.hedge_margin[-1])
    }  # fmt: skip
    shown = holdings(result)
    return Seen(
        "policy", book.policy, book.programme, result, shown, marks_of(desk.history, shown), margin,
        None, refused,
    )  # fmt: skip
