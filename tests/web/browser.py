"""A real Chromium before a real server, for the tests that look at the pages."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from tests import browsers

from alvh.web import Desk, create_app

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def serving(desk: Desk) -> Iterator[str]:
    """Serve a desk on a free port of this machine; the value is its address."""
    import uvicorn

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{door.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(desk, [at]), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        try:
            yield f"http://{at}"
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def chromium() -> Iterator[Any]:
    """Open a browser; skip, saying so, where none is installed, or fail where one is required."""
    if find_spec("playwright") is None:
        browsers.missing(f"playwright is not installed; {browsers.REMEDY}")
    from playwright.sync_api import sync_playwright

    found = browsers.needed()
    with sync_playwright() as maker:
        browser = maker.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


class Watched:
    """A page whose faults and requests are written down.

    Attributes
    ----------
    page : playwright page
    faults : list of str
        Errors of scripts and of the console.
    outside : list of str
        Requests that would have left this machine.
    """

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.page = browser.new_context(**options).new_page()
        self.faults: list[str] = []
        self.outside: list[str] = []
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on(
            "console", lambda line: self.faults.append(line.text) if line.type == "error" else None
        )
        self.page.on("request", lambda asked: self._note(asked.url, address))

    def _note(self, url: str, address: str) -> None:
        if not url.startswith((f"{address}/", "data:", "blob:")):
            self.outside.append(url)

    def open(self, url: str) -> Any:
        """Open an address and wait until every figure is drawn."""
        self.page.goto(url)
        self.page.wait_for_selector("html[data-complete]", state="attached")
        return self.page
