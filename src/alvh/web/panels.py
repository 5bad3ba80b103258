"""One figure of a screen: what is drawn, the numbers behind it, and what a reader must know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import polars as pl
from starlette.responses import Response

from alvh.errors import DataError

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
    """

    key: str
    title: str
    figure: Figure
    table: pl.DataFrame
    caption: str


@dataclass(frozen=True)
class Screen:
    """The panels of a screen and where their numbers are downloaded.

    Attributes
    ----------
    path : str
        Of the screen.
    panels : tuple of Panel
    query : dict of str to str
        What was asked for.
    """

    path: str
    panels: tuple[Panel, ...]
    query: Mapping[str, str]

    def csv(self, panel: Panel) -> str:
        """Return the address of a panel's numbers."""
        query = urlencode(self.query)
        return f"{self.path}/csv/{panel.key}" + (f"?{query}" if query else "")

    def drawn(self) -> dict[str, Any]:
        """Return what the page's script needs to draw: figure, caption and address by key."""
        return {
            panel.key: {
                **panel.figure, "caption": panel.caption, "csv": self.csv(panel)
            }
            for panel in self.panels
        }  # fmt: skip


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
