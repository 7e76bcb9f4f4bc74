"""The built site in a headless Chromium: navigation, hidden solutions, consoles without errors.

Run after `make docs`; skipped where there is no site or no Chromium (Debian's package `chromium`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SITE = Path(os.environ.get("BREGLAB_SITE", ROOT / "docs" / "_build" / "site"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = {"phone": 390, "desktop": 1280}

websocket = pytest.importorskip("tornado.websocket")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path"),
    pytest.mark.skipif(not (SITE / "docs" / "index.html").exists(), reason="make docs was not run"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def debugger(tmp_path_factory):
    """Return the address of a page's debugger."""
    profile = tmp_path_factory.mktemp("profile")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--remote-debugging-port=0", "--hide-scrollbars",
               f"--user-data-dir={profile}", "about:blank"]  # fmt: skip
    with subprocess.Popen(
        [CHROMIUM, *options], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        try:
            heard = (re.search(r"ws://([\d.]+:\d+)/", line) for line in process.stderr)
            host = next(found[1] for found in heard if found)
            drain = threading.Thread(target=process.stderr.read)
            drain.start()
            with urllib.request.urlopen(f"http://{host}/json/list") as answer:
                pages = json.load(answer)
            yield next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        finally:
            process.terminate()
            process.wait()
            drain.join()


class Browser:
    """A page that is led by its debugger, and what it complained of."""

    def __init__(self, socket):
        self.socket, self.number, self.complaints, self.asked = socket, 0, [], []

    async def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        await self.socket.write_message(json.dumps(message))
        while True:
            found = await self.next()
            if found.get("id") == self.number:
                return found.get("result", {})

    async def next(self):
        found = json.loads(await asyncio.wait_for(self.socket.read_message(), 120))
        method, told = found.get("method"), found.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(told["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] == "error":
            self.complaints.append(str(told["args"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        return found

    async def open(self, url):
        await self.call("Page.navigate", url=url)
        await self.loaded()

    async def loaded(self):
        while (await self.next()).get("method") != "Page.loadEventFired":
            pass

    async def value(self, expression):
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")


@contextlib.asynccontextmanager
async def browser_at(debugger, width=1280):
    socket = await websocket.websocket_connect(debugger, max_message_size=2**27)
    browser = Browser(socket)
    for domain in ("Page", "Runtime", "Log", "Network"):
        await browser.call(f"{domain}.enable")
    await browser.call("Emulation.setDeviceMetricsOverride", width=width, height=844,
                       deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
    try:
        yield browser
    finally:
        socket.close()
        while await socket.read_message() is not None:
            pass


def run(work):
    return asyncio.run(asyncio.wait_for(work, 500))


KINDS = ["index", "course", "explorers", "gallery", "errata", "tutorials/lecturer",
         "how-to/own-loss", "generated/claims", "generated/benchmarks", "generated/provenance",
         "generated/api/solvers"]  # fmt: skip
"""Pages of every kind."""


def notebooks():
    return sorted(path.relative_to(SITE).as_posix() for path in (SITE / "notebooks").glob("*.html"))


def test_the_navigation_leads_from_the_front_page_to_every_room(debugger, address):
    async def work():
        async with browser_at(debugger) as browser:
            await browser.open(f"{address}/docs/index.html")
            count = await browser.value(
                "document.querySelectorAll('.navbar-nav a.nav-link').length"
            )
            assert count >= 6
            for i in range(count):
                await browser.open(f"{address}/docs/index.html")
                script = f"document.querySelectorAll('.navbar-nav a.nav-link')[{i}].click()"
                await browser.value(script)
                await browser.loaded()
                assert await browser.value("location.pathname") != "/docs/index.html"
                assert await browser.value("document.querySelectorAll('h1').length") == 1
            assert browser.complaints == []

    run(work())


def test_the_front_page_shows_words_picture_and_commands_without_scrolling(debugger, address):
    async def work(width):
        async with browser_at(debugger, width) as browser:
            await browser.open(f"{address}/docs/index.html")
            for name in ("h1", ".front-words p", ".front-words pre", ".front-picture svg"):
                found = f"document.querySelector('{name}').getBoundingClientRect()"
                assert 0 < await browser.value(f"{found}.bottom") <= 844, (name, width)
            assert await browser.value("document.getAnimations().length") >= 1
            media = [{"name": "prefers-reduced-motion", "value": "reduce"}]
            await browser.call("Emulation.setEmulatedMedia", features=media)
            assert await browser.value("document.getAnimations().length") == 0

    for width in WIDTHS.values():
        run(work(width))


def test_a_hidden_solution_opens(debugger, address):
    with_solution = [
        name for name in notebooks() if "Show the solution" in (SITE / name).read_text("utf-8")
    ]
    if not with_solution:
        pytest.skip("the site has no solutions")

    async def work():
        async with browser_at(debugger) as browser:
            await browser.open(f"{address}/{with_solution[0]}")
            inside = "document.querySelector('.solution')"
            height = f"{inside}.getBoundingClientRect().height"
            closed = await browser.value(height)
            await browser.value(f"{inside}.querySelector('summary').click()")
            assert await browser.value(height) > closed + 20
            assert browser.complaints == []

    run(work())


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_no_page_complains_asks_a_network_or_is_wider_than_its_window(debugger, address, width):
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

    async def work():
        wrong = {}
        async with browser_at(debugger, width) as browser:
            for name in [*(f"docs/{kind}.html" for kind in KINDS), *notebooks()]:
                browser.complaints, browser.asked = [], []
                await browser.open(f"{address}/{name}")
                away = [u for u in browser.asked if not u.startswith((address, "data:", "blob:"))]
                excess = await browser.value(wide)
                empty = await browser.value("[...document.images].filter(i => !i.alt).length")
                if browser.complaints or away or excess or empty:
                    wrong[name] = browser.complaints, away, excess, empty
        assert wrong == {}

    run(work())
