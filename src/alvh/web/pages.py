"""Templates into pages, and refusals into pages that say what to do."""

import json
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from alvh.formats import decimal, dollars, p_value, percent
from alvh.plain import plain
from alvh.web.settings import exact

SCREENS = (
    ("/today", "Today"),
    ("/book", "Book"),
    ("/layers", "Layers"),
    ("/lab", "Lab"),
    ("/verdict", "Verdict"),
    ("/stress", "Stress"),
    ("/ledger", "Ledger"),
    ("/data", "Data"),
)


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Fill a template with what every page needs and what this one shows."""
    desk = request.app.state.desk
    text = _environment().get_template(template).render(
        screens=SCREENS, here=request.url.path, token=request.app.state.token, desk=desk,
        version=version("alvh"), **context,
    )  # fmt: skip
    return HTMLResponse(text, status)


def refusal(request: Request, status: int, reason: str, remedy: str) -> HTMLResponse:
    """Say why something was not done, as a page, or as a part of one where a part was asked for."""
    part = request.headers.get("hx-request") == "true"
    template = "refused_part.html.j2" if part else "refused.html.j2"
    return page(request, template, status, reason=reason, remedy=remedy)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("alvh.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "percent": percent, "exact": exact, "dollars": dollars, "decimal": decimal,
        "data": script_data, "p_value": p_value, "query": urlencode, "figure": figure,
    }  # fmt: skip
    return found


def figure(value: float | str | None) -> str:
    """Write a figure of any size: two places, four below one, none of a whole number."""
    if value is None or isinstance(value, str):
        return value or "–"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1.0 else decimal(value, 4)


def script_data(content: Any) -> str:
    """Return JSON that may stand inside a script element: no tag can be closed from within it."""
    text = json.dumps(plain(content), allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c")
