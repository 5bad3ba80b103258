"""One figure of a screen: what is drawn, the numbers behind it, and what a reader must know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import polars as pl
from starlette.responses import Response

from alvh.errors import DataError
from alvh.web.settings import SPLIT, Account

Figure = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """A figure with its table.

    Attributes
    ----------
    key, title : str
        Name in addresses, and the heading.
    figure : dict
        ``data`` and ``layout`` for plotly.
    table : polars.DataFrame
        The numbers drawn, whole.
    caption : str
        Units, dates and the share of model prices.
    slider : str
        What the slider chooses, of a figure that has ``frames`` in place of ``data``.
    wide : bool
        Whether it takes the whole width.
    nothing : str
        Said in place of the figure where there is nothing to draw.
    """

    key: str
    title: str
    figure: Figure
    table: pl.DataFrame
    caption: str
    slider: str = ""
    wide: bool = False
    nothing: str = ""


@dataclass(frozen=True)
class Shown:
    """What a screen shows of one request.

    Attributes
    ----------
    path : str
        Of the screen.
    account : Account
        What was asked for.
    panels : tuple of Panel
    facts : dict
        What the screen's template writes in words and tables.
    meta : dict
        Names, hashes and notes of the run.
    """

    path: str
    account: Account
    panels: tuple[Panel, ...]
    facts: Mapping[str, Any]
    meta: Mapping[str, Any]

    @property
    def query(self) -> str:
        """The request as the query of an address, with its question mark; empty by default."""
        query = urlencode(self.account.query())
        return f"?{query}" if query else ""

    @property
    def own_split(self) -> str:
        """The address of this screen with the policy's own split in place of a chosen one."""
        return address(self.path, self.account, without=SPLIT)

    @property
    def figures(self) -> tuple[Panel, ...]:
        """The panels that are drawn; the others are tables of the page with a file."""
        return tuple(panel for panel in self.panels if panel.figure)

    def csv(self, panel: Panel) -> str:
        """Return the address of a panel's numbers."""
        return f"{self.path}/csv/{panel.key}{self.query}"

    def drawn(self) -> dict[str, Any]:
        """Return what the page's script needs to draw: figure, caption and address by key."""
        return {
            panel.key: {
                **panel.figure, "caption": panel.caption, "csv": self.csv(panel),
                "nothing": panel.nothing,
            }
            for panel in self.figures
        }  # fmt: skip


def address(path: str, account: Account, *, without: tuple[str, ...] = ()) -> str:
    """Return the address of a screen with an account's settings, some of them left out."""
    query = urlencode(account.query(without=without))
    return f"{path}?{query}" if query else path


def as_csv(panels: Iterable[Panel], key: str) -> Response:
    """Return one panel's table as a CSV download; raises DataError where there is no such one."""
    found = {panel.key: panel for panel in panels}
    if key not in found:
        raise DataError(f"no figure {key!r} on this screen; there are {', '.join(found)}")
    return Response(
        found[key].table.write_csv(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{key}.csv"'},
    )
