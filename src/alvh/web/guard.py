"""What is refused before any screen sees it, and what every answer says to the browser.

A server on the loopback is reachable by every page that the user's browser has open. So the host
must be the server's own (a foreign name that resolves here is refused), a page of another site may
not make this one work, a change needs a token that only pages of this server carry, and an answer
may load nothing from elsewhere.

References
----------
OWASP, Cross-Site Request Forgery Prevention Cheat Sheet; W3C, Fetch Metadata Request Headers;
W3C, Content Security Policy Level 3.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "x-alvh-token"
MOST_BODY = 64 * 1024  # bytes; no form of this dashboard comes near it
MOST_QUERY = 2048  # bytes
READS = frozenset({"GET", "HEAD"})
_OWN_SITE = frozenset({"", "same-origin", "none"})  # no header: a program on this machine

SECURITY_HEADERS = {
    # plotly writes its own styles; scripts come from this server alone and none is inline
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Refused:
    """A refusal at the door: status and what to do about it."""

    status: int
    text: str


class Guard:
    """Refuses foreign hosts, cross-site work, changes without the token, and oversized requests.

    Parameters
    ----------
    app : ASGI application
    hosts : iterable of str
        What the Host header may be, port included.
    token : str
        That a change must carry.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], token: str) -> None:
        self.app, self.hosts, self.token = app, frozenset(hosts), token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        sealed = _sealing(send)
        if scope["method"] == "HEAD":  # as GET, without what is read
            scope, sealed = {**scope, "method": "GET"}, _bodiless(sealed)
        refused = self.refusal(scope) or await _oversized(scope, receive)
        if isinstance(refused, Refused):
            answer = PlainTextResponse(f"{refused.text}\n", refused.status)
            await answer(scope, receive, sealed)
            return
        await self.app(scope, _replaying(refused, receive), sealed)

    def refusal(self, scope: Scope) -> Refused | None:
        """Return why a request is not let in, judged by its head alone; None lets it in."""
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self.hosts:
            return Refused(421, "this server answers to its own address only; open the printed URL")
        if len(scope["query_string"]) > MOST_QUERY:
            return Refused(414, f"the address is too long; {MOST_QUERY} bytes of query at most")
        site = headers.get("sec-fetch-site", "")
        if scope["method"] in READS:
            opened = headers.get("sec-fetch-mode") == "navigate"
            if site in _OWN_SITE or opened:
                return None
            return Refused(403, "another site may not use this server; open its page itself")
        return self._change_refused(headers, site)

    def _change_refused(self, headers: Headers, site: str) -> Refused | None:
        origin = headers.get("origin")
        foreign = origin is not None and origin not in {f"http://{host}" for host in self.hosts}
        if foreign or site not in _OWN_SITE:
            return Refused(403, "a change may only be asked for by a page of this server")
        given = headers.get(TOKEN_HEADER, "")
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            return Refused(403, "a change needs this server's token; reload the page and try again")
        return None


async def _oversized(scope: Scope, receive: Receive) -> Refused | bytes:
    """Read the body, or refuse it as soon as it is known to be too long."""
    declared = Headers(scope=scope).get("content-length", "0")
    too_long = Refused(413, f"the request is too large; {MOST_BODY} bytes at most")
    if not declared.isdecimal():
        return Refused(400, "the length of the request is not a number")
    if int(declared) > MOST_BODY:
        return too_long
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY:
            return too_long
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives a body already read, then what the connection goes on to say."""
    kept: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return kept.pop() if kept else await receive()

    return replay


def _bodiless(send: Send) -> Send:
    """Return a sender that leaves out the body of an answer; its length stays in the head."""

    async def without(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return without


def _sealing(send: Send) -> Send:
    """Return a sender that adds the security headers to every answer."""

    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(SECURITY_HEADERS)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sealed
