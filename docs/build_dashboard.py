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
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

import alvh
from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Flow
from alvh.desk.governance import propose, reduce, sign
from alvh.desk.issuing import decide, issue_tickets, record_decision
from alvh.desk.paper import as_decided
from alvh.desk.reconcile import reconcile
from alvh.desk.versions import Caps, Charter
from alvh.ledger import Ledger, create_key

PAGE = Path(__file__).with_name("dashboard.md")
PICTURES = Path(__file__).with_name("pictures")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
SCREENS = ("today", "book", "layers", "lab", "verdict", "stress", "ledger", "data")
NINETEEN_YEARS = "start=2007-01-03"
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
OTHER_LOOKS: dict[str, dict[str, Any]] = {  # looked at, not kept
    "desktop-dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone-light": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
PICTURED_USD = 5_000_000  # enough for condors and all three layers
LIVED_SESSIONS = 30  # of the desk in the pictures
OVERRIDDEN = 6  # of them, counted back from the last, on which orders were cut to half
TALLEST = 1700  # pixels of a picture
PAGES, REDRAWS = 5, 11
REQUESTS, WHOLE_ANSWERS = 1000, 100
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync")  # fmt: skip


@contextmanager
def serving(words: list[str], folder: str) -> Iterator[tuple[str, int]]:
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
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as server:
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


def live(folder: Path, data: str, as_of: date) -> tuple[Path, Path]:
    """Live some sessions of a desk on paper up to the evening before; return ledger and book."""
    history = alvh.load_history(data)
    days = [day for day in history.dates.astype(object).tolist() if day < as_of]
    days = days[-LIVED_SESSIONS:]
    rules = alvh.load_policy("alvh-40-40-20"), alvh.load_programme("monthly45")
    ledger, key = Ledger(folder / "ledger.db"), create_key(folder / "ann.pem")
    charter = Charter(keys={"ann": key.public}, caps=Caps(orders_per_day=30))
    version = propose(ledger, *rules, charter, before_close(days[0]))
    sign(ledger, version.sha256, key, before_close(days[0]))
    book = Book("main", (Flow(days[0] - timedelta(days=1), "deposit", float(PICTURED_USD)),))
    for number, day in enumerate(days):
        at = before_close(day)
        if number == LIVED_SESSIONS - OVERRIDDEN:
            reduce(ledger, 0.5, days[-1], "spreads are twice as wide as usual", "ann", at)
        decision = decide(ledger, history, book, at, as_of=day)
        event = record_decision(ledger, decision, at)
        issued = issue_tickets(ledger, decision, event, at, book)
        done = replace(decision, decided=replace(decision.decided, orders=issued.orders))
        book = book.add(as_decided(done)).remember(decision.memory)
        reconcile(ledger, book, at)
    propose(ledger, alvh.load_policy("vxth"), rules[1], charter, before_close(days[-1]))
    write_book(folder / "book.yaml", book)
    return folder / "ledger.db", folder / "book.yaml"


def before_close(day: date) -> datetime:
    """Return a moment of a session at which a desk decides."""
    return datetime.combine(day, time(19, 30), UTC)


def take_pictures(browser: Any, address: str, query: str, folder: Path) -> None:
    """Take every screen in both looks that are kept; in all four elsewhere."""
    folder.mkdir(exist_ok=True)
    looks = LOOKS if folder == PICTURES else LOOKS | OTHER_LOOKS
    for look, options in looks.items():
        page = browser.new_context(**options).new_page()
        for screen in SCREENS:
            drawn(page, f"{address}/{screen}?{query}")
            if screen == "verdict":
                run_simplex(page)
            if screen == "lab":
                colour_triangle(page)
            page.wait_for_timeout(400)
            width = options["viewport"]["width"]
            height = page.evaluate("document.documentElement.scrollHeight")
            if folder == PICTURES:
                height = min(height, TALLEST)
            clip = {"x": 0, "y": 0, "width": width, "height": height}
            page.screenshot(
                path=folder / f"dashboard-{screen}-{look}.png", full_page=True, clip=clip
            )
        page.context.close()


def take_layers(browser: Any, address: str, query: str, file: Path) -> None:
    """Take the payoff of the layers in thirty days alone, for the front page."""
    page = browser.new_context(viewport={"width": 900, "height": 900}).new_page()
    drawn(page, f"{address}/layers?{query}&book=policy")
    panel = page.locator("[data-panel=payoff]")
    panel.locator("input").fill("3")  # the frame of thirty days
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(400)
    panel.screenshot(path=file)
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


def measured(browser: Any, address: str, process: int, query: str) -> Iterator[str]:
    """Write everything between the marks."""
    yield "| what | median | slowest |"
    yield "|---|---:|---:|"
    for screen in SCREENS:
        times = []
        for _ in range(PAGES):
            page = browser.new_context(**LOOKS["desktop"]).new_page()
            times.append(drawn(page, f"{address}/{screen}?{query}"))
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
    yield ""
    yield work(address, process)
    yield ""
    yield f"Load average of the machine meanwhile: {os.getloadavg()[1]:.1f}."


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


def work(address: str, process: int) -> str:
    """Run every split and two full histories of claims, and say what that leaves in memory."""
    page = httpx.get(f"{address}/verdict", timeout=120).text
    token = re.findall(r'name="alvh-token" content="([^"]+)"', page)[0]
    done = [
        ("every split", "simplex", NINETEEN_YEARS),
        ("every claim", "claims", NINETEEN_YEARS),
        ("every claim to the end of 2025", "claims", f"{NINETEEN_YEARS}&end=2025-12-31"),
    ]
    said = []
    for name, kind, query in done:
        start = f"{address}/verdict/{kind}/start?{query}"
        httpx.post(start, headers={"x-alvh-token": token}, timeout=120).raise_for_status()
        while _running(f"{address}/api/verdict/{kind}?{query}"):
            sleep(1.0)
        said.append(f"{memory(process):.0f} MiB after {name}")
    return f"Then long work on the nineteen years, one after the other: {', '.join(said)}."


def _running(address: str) -> bool:
    return bool(httpx.get(address, timeout=120).json()["state"] == "running")


def row(times: list[float]) -> str:
    """Write the median and the slowest of some milliseconds, in seconds."""
    return f"{median(times) / 1000:.2f} s | {max(times) / 1000:.2f} s"


def main() -> None:
    """Rewrite the page and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--as-of", required=True, help="evening of the pictures, with fresh data")
    parser.add_argument("--pictures-only", action="store_true")
    parser.add_argument("--to", type=Path, default=PICTURES, help="folder of the pictures")
    asked = parser.parse_args()
    query = f"{NINETEEN_YEARS}&end={asked.as_of}&equity={PICTURED_USD}"
    with TemporaryDirectory() as folder, sync_playwright() as maker:
        ledger, book = live(Path(folder), asked.data, date.fromisoformat(asked.as_of))
        (Path(folder) / "my-data").symlink_to(Path(asked.data).resolve())
        words = ["--data", "my-data", "--ledger", ledger.name, "--book", book.name]
        with serving(words, folder) as (address, process):
            found = shutil.which("chromium") or shutil.which("google-chrome")
            browser = maker.chromium.launch(executable_path=found, args=list(FLAGS))
            take_pictures(browser, address, query, asked.to)
            take_layers(browser, address, query, asked.to / "layers.png")
            if asked.pictures_only:
                return
            text = "\n".join(measured(browser, address, process, query))
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
