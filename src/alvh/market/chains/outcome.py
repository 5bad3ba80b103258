"""What became of the files of an import of chains."""

from dataclasses import dataclass, field

from alvh.market.chains.store import Source
from alvh.market.sources.records import Unread


@dataclass(frozen=True, slots=True)
class GaveWay:
    """Rows of a file that gave way to those of another.

    Parameters
    ----------
    file, by : str
        Names of the two.
    rows : int
        Their number.
    """

    file: str
    by: str
    rows: int


@dataclass(slots=True)
class ImportReport:
    """What an import did.

    Parameters
    ----------
    imported : list of Source
        Files whose quotes were taken.
    same : list of str
        Files whose content the folder has already.
    gave_way : list of Unread
        Those of them of which rows gave way to quotes of other files since.
    left : list of Unread
        Files that are no option chains, or none of SPX or VIX.
    refused : list of Unread
        Chains of which nothing could be taken.
    displaced : list of GaveWay
        Rows of other files that gave way to those that were imported.
    """

    imported: list[Source] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    gave_way: list[Unread] = field(default_factory=list)
    left: list[Unread] = field(default_factory=list)
    refused: list[Unread] = field(default_factory=list)
    displaced: list[GaveWay] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of quotes taken."""
        return sum(source.rows for source in self.imported)

    @property
    def rejected(self) -> int:
        """Number of lines refused."""
        return sum(source.rejected for source in self.imported)
