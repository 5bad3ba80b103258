"""The application: routes behind the guard, and a refusal for whatever goes wrong."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from alvh.errors import AlvhError
from alvh.version import VERSION
from alvh.web.desk import Desk
from alvh.web.guard import Guard
from alvh.web.pages import refusal
from alvh.web.screens import book, lab, layers, stress

HOME = "/lab"
_REMEDIES = {
    404: "choose a screen from the bar above",
    405: "open the page and use its buttons",
}


class Refusal(BaseModel):
    """Why a request was not answered, and what to do."""

    refused: str
    remedy: str


def create_app(desk: Desk, hosts: Iterable[str], token: str | None = None) -> FastAPI:
    """Make the dashboard of one desk.

    Parameters
    ----------
    desk : Desk
    hosts : iterable of str
        The addresses it is reached by, port included; any other is refused.
    token : str, optional
        That changes must carry; a new random one by default.

    Returns
    -------
    FastAPI
    """
    token = token or secrets.token_urlsafe(32)
    app = FastAPI(
        title="alvh",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        middleware=[Middleware(Guard, hosts=tuple(hosts), token=token)],
        responses={422: {"model": Refusal}},
    )
    app.state.desk, app.state.token = desk, token
    app.add_exception_handler(AlvhError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _wrong)
    for screen in (book, layers, lab, stress):
        app.include_router(screen.router)
    _add_scripts(app)
    return app


def _add_scripts(app: FastAPI) -> None:
    folder = Path(__file__).parent / "static"

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse(HOME)

    app.mount("/static", StaticFiles(directory=folder), name="static")


def _say(request: Request, status: int, reason: str, remedy: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse(Refusal(refused=reason, remedy=remedy).model_dump(), status)
    return refusal(request, status, reason, remedy)


def _refused(request: Request, fault: Any) -> Response:
    reason = " ".join(str(fault).split())
    return _say(request, 422, reason, "change the settings and try again")


def _invalid(request: Request, fault: Any) -> Response:
    lines = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in fault.errors()]
    return _say(request, 422, "; ".join(lines), "correct the fields named")


def _wrong(request: Request, fault: Any) -> Response:
    remedy = _REMEDIES.get(fault.status_code, "go back and try again")
    answer = _say(request, fault.status_code, str(fault.detail), remedy)
    answer.headers.update(fault.headers or {})
    return answer
