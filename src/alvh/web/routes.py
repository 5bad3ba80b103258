"""The three addresses that every screen has: the page, the part that changes, the numbers."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from alvh.web.pages import page
from alvh.web.panels import Shown, as_csv


def screen_routes(name: str, ask: Callable[..., Shown]) -> APIRouter:
    """Make the routes of one screen.

    Parameters
    ----------
    name : str
        Of the screen, in lower case: its path and its two templates.
    ask : callable
        Takes the request and the screen's settings, and gives what is shown.

    Returns
    -------
    APIRouter
        ``/name``, ``/name/answer`` (the part that settings change) and ``/name/csv/{key}``.
    """
    router, path = APIRouter(tags=[name]), f"/{name}"

    @router.get(path, response_class=HTMLResponse, operation_id=name)
    def show(request: Request, shown: Annotated[Shown, Depends(ask)]) -> HTMLResponse:
        return page(request, f"{name}.html.j2", shown=shown)

    @router.get(f"{path}/answer", response_class=HTMLResponse, operation_id=f"{name}_answer")
    def show_part(request: Request, shown: Annotated[Shown, Depends(ask)]) -> HTMLResponse:
        part = page(request, f"{name}_answer.html.j2", shown=shown)
        part.headers["hx-replace-url"] = f"{path}{shown.query}"
        return part

    @router.get(f"{path}/csv/{{key}}", response_class=Response, operation_id=f"{name}_csv")
    def download(key: str, shown: Annotated[Shown, Depends(ask)]) -> Response:
        return as_csv(shown.panels, key)

    return router
