"""Write the measured part of docs/dashboard.md and the pictures of every screen.

Run with ``python docs/build_dashboard.py --data ../shared/data`` on a machine with Chromium. The
server is started as a user starts it; every picture and every time is of a real browser.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

PAGE = Path(__file__).with_name("dashboard.md")
PICTURES = Path(__file__).with_name("pictures")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
SCREENS = ("today", "book", "layers", "lab", "verdict", "stress", "ledger", "data")
NINETEEN_YEARS = "start=2007-01-03"
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
PICTURED_USD = 5_000_000  # enough for condors and all three layers
TALLEST = 1700  # pixels of a picture
PAGES, REDRAWS = 5, 11
REQUESTS, WHOLE_ANSWERS = 1000, 100
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync")  # fmt: skip


@contextmanager
def serving(words: list[str]) -> Iterator[tuple[str, int]]:
    """Start a server as a user does; the value is its address and its process."""
    command = [
        sys.executable,
        "-c",
        "from alvh.cli import main; main()",
        "serve",
        "--port",
        "0",
        *words,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101
            yield server.stdout.readline().strip().rstrip("/"), server.pid
        finally:
            server.terminate()


def drawn(page: Any, address: str) -> float:
    """Open a page; return the milliseconds until the figures in sight were drawn."""
    page.goto(address)
    page.wait_for_selector("html[data-complete]", state="attached")
    return float(page.evaluate("performance.getEntriesByName('drawn').at(-1).startTime"))


def redrawn(page: Any, key: str) -> float:
    """Move the point of the triangle; return the milliseconds until all has been redrawn."""
    count = page.get_attribute("html", "data-complete")
    start = page.evaluate("performance.now()")
    page.keyboard.press(key)
    page.wait_for_selector(f"html:not([data-complete='{count}'])", state="attached")
    return float(page.evaluate("performance.getEntriesByName('drawn').at(-1).startTime")) - start


def memory(process: int) -> float:
    """Return the resident memory of a process, MiB."""
    text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else float("nan")


def processor_time(process: int) -> float:
    """Return the processor time that a process has used, s."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def take_pictures(browser: Any, address: str, query: str) -> None:
    """Take every screen in both looks."""
    PICTURES.mkdir(exist_ok=True)
    for look, options in LOOKS.items():
        page = browser.new_context(**options).new_page()
        for screen in SCREENS:
            drawn(page, f"{address}/{screen}?{query}")
            if screen == "verdict":
                run_simplex(page)
            if screen == "lab":
                colour_triangle(page)
            page.wait_for_timeout(400)
            width = options["viewport"]["width"]
            height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
            clip = {"x": 0, "y": 0, "width": width, "height": height}
            page.screenshot(
                path=PICTURES / f"dashboard-{screen}-{look}.png", full_page=True, clip=clip
            )
        page.context.close()


def colour_triangle(page: Any) -> None:
    """Press the button where the colours are not worked out yet, and wait."""
    button = page.get_by_role("button", name="Colour the triangle")
    if button.count():
        button.click()
    page.wait_for_selector("#dots circle", state="attached", timeout=600_000)


def run_simplex(page: Any) -> None:
    """Press the button where the splits are not worked out yet, and wait."""
    button = page.get_by_role("button", name="Run every split")
    if button.count():
        button.click()
    page.wait_for_selector("[data-panel=per_carry] svg.main-svg", timeout=600_000)


def measured(browser: Any, address: str, process: int) -> Iterator[str]:
    """Write everything between the marks."""
    yield "| what | median | slowest |"
    yield "|---|---:|---:|"
    for screen in SCREENS:
        times = []
        for _ in range(PAGES):
            page = browser.new_context(**LOOKS["desktop"]).new_page()
            times.append(drawn(page, f"{address}/{screen}?{NINETEEN_YEARS}"))
            page.context.close()
        yield f"| {screen}: first page, figures in sight drawn | {row(times)} |"
    page = browser.new_context(**LOOKS["desktop"]).new_page()
    drawn(page, f"{address}/lab?{NINETEEN_YEARS}")
    page.locator("#triangle .handle").focus()
    keys = ["Shift+ArrowRight"] * REDRAWS
    times = [redrawn(page, key) for key in keys]
    yield f"| lab: the split moved by the keyboard, nineteen years run and redrawn | {row(times)} |"
    yield ""
    yield load(address, process)


def load(address: str, process: int) -> str:
    """Ask a thousand times, each time for another split, and say what that took."""
    before, spent = memory(process), processor_time(process)
    for number in range(REQUESTS):
        tail = number % 101
        asked = {"start": "2007-01-03", "short": 100 - tail, "medium": 0, "tail": tail}
        path = "lab/answer" if number < WHOLE_ANSWERS else "api/backtest"
        httpx.get(f"{address}/{path}", params=asked, timeout=120).raise_for_status()
        if number + 1 == WHOLE_ANSWERS:
            taken = (processor_time(process) - spent) / WHOLE_ANSWERS
    return (
        f"Resident memory of the server: {before:.0f} MiB after these pages, {memory(process):.0f} "
        f"MiB after {REQUESTS:,} more requests, each a run of nineteen years with another split. "
        f"A whole answer of the Lab (two books, four figures) took {taken:.2f} s of one core."
    )


def row(times: list[float]) -> str:
    """Write the median and the slowest of some milliseconds, in seconds."""
    return f"{median(times) / 1000:.2f} s | {max(times) / 1000:.2f} s"


def main() -> None:
    """Rewrite the page and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--as-of", required=True, help="evening of the pictures, with fresh data")
    parser.add_argument("--ledger", help="for the picture of the ledger")
    parser.add_argument("--pictures-only", action="store_true")
    asked = parser.parse_args()
    words = ["--data", asked.data, *(["--ledger", asked.ledger] if asked.ledger else [])]
    with serving(words) as (address, process), sync_playwright() as maker:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = maker.chromium.launch(executable_path=found, args=list(FLAGS))
        take_pictures(browser, address, f"{NINETEEN_YEARS}&end={asked.as_of}&equity={PICTURED_USD}")
        if asked.pictures_only:
            return
        text = "\n".join(measured(browser, address, process))
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
