"""The application: routes behind the guard, and a refusal for whatever goes wrong."""

import secrets
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from alvh.errors import AlvhError, BookError, LedgerBusyError, LedgerError
from alvh.formats import quoted
from alvh.version import VERSION
from alvh.web.desk import Desk
from alvh.web.guard import Guard
from alvh.web.pages import refusal
from alvh.web.screens import book, data, lab, layers, ledger, stress, today, verdict

HOME = "/today"
_CURES: tuple[tuple[type[AlvhError], str], ...] = (
    (BookError, "correct the file of the book, or start the dashboard with another, "
                "`alvh serve --book FILE`; it is read anew for every page"),
    (LedgerBusyError, "wait a moment and try again"),
    (LedgerError, "trade nothing by this ledger; compare it with the checkpoints kept elsewhere, "
                  "and see what `alvh ledger verify` says"),
)  # fmt: skip
_OTHERWISE = "change the settings and try again"
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
        dependencies=[Depends(once)],
        middleware=[Middleware(Guard, hosts=tuple(hosts), token=token)],
        responses={422: {"model": Refusal}},
    )
    app.state.desk, app.state.token = desk, token
    app.add_exception_handler(AlvhError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _wrong)
    app.add_exception_handler(Exception, _broken)
    for screen in (today, book, layers, lab, verdict, stress, ledger, data):
        app.include_router(screen.router)
    _add_scripts(app)
    return app


def _add_scripts(app: FastAPI) -> None:
    folder = Path(__file__).parent / "static"

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse(HOME)

    app.mount("/static", StaticFiles(directory=folder), name="static")


def once(request: Request) -> None:
    """Refuse a setting that is given more than once, as it would be unclear which one counts."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [name for name, count in given.items() if count > 1]
    if repeated:
        raise AlvhError(f"{quoted(repeated[0])} is given {given[repeated[0]]} times; give it once")


def _say(request: Request, status: int, reason: str, remedy: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse(Refusal(refused=reason, remedy=remedy).model_dump(), status)
    return refusal(request, status, reason, remedy)


def _refused(request: Request, fault: Any) -> Response:
    reason = " ".join(str(fault).split())
    remedy = next((told for kind, told in _CURES if isinstance(fault, kind)), _OTHERWISE)
    return _say(request, 422, reason, remedy)


def _invalid(request: Request, fault: Any) -> Response:
    return _say(request, 422, "; ".join(map(_fault, fault.errors())), "correct what is named")


def _fault(one: Any) -> str:
    """Say what is wrong with a field, or with several fields together, which have no name."""
    field, words = ".".join(map(str, one["loc"][1:])), str(one["msg"]).removeprefix("Value error, ")
    return f"{field}: {words}" if field else words


def _wrong(request: Request, fault: Any) -> Response:
    remedy = _REMEDIES.get(fault.status_code, "go back and try again")
    answer = _say(request, fault.status_code, str(fault.detail), remedy)
    answer.headers.update(fault.headers or {})
    return answer


def _broken(request: Request, fault: Any) -> Response:
    """Say that it is the program's fault; what happened goes to the terminal, not to the page."""
    remedy = "read what the terminal of `alvh serve` says, and report it"
    return _say(request, 500, f"a fault of this program: {type(fault).__name__}", remedy)
