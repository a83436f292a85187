"""The upload page in a real browser, on a served application, behind a proxy that can cut."""

import asyncio
import importlib
import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.flow.archives import RunningArchive
from tests.flow.http_door import KEY, Door, open_door

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, BROWSERS) if path), None)
if BROWSER is None or importlib.util.find_spec("playwright") is None:
    pytest.skip(
        "THE UPLOAD PAGE IS NOT TESTED: it needs Chromium and Playwright."
        " Install them with `apt-get install -y chromium && pip install playwright`.",
        allow_module_level=True,
    )

FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync
    --disable-component-update"""
FINGERS = "--blink-settings=primaryPointerType=2,availablePointerTypes=2,primaryHoverType=1,availableHoverTypes=1"
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
MIB = 1024 * 1024


@dataclass
class Proxy:
    """Passes bytes on. ``cuts``: after how many bytes from the browser all connections end, one by one."""

    port: int
    target: int
    cuts: list[int] = field(default_factory=list)
    pause: float = 0.0
    """Seconds for each 64 KiB from the browser."""

    passed: int = 0
    cut: int = 0
    _since: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self.target)
        both = {writer, forth}
        self._open |= both
        try:
            await asyncio.gather(self._pass(reader, forth, counted=True), self._pass(back, writer, counted=False))
        except ConnectionError:
            pass
        finally:
            self._open -= both
            for one in both:
                one.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        while data := await reader.read(64 * 1024):
            if counted:
                self._count(len(data))
                await asyncio.sleep(self.pause)
            writer.write(data)
            await writer.drain()
        writer.close()

    def _count(self, size: int) -> None:
        self.passed += size
        self._since += size
        if self.cuts and self._since >= self.cuts[0]:
            self.cuts.pop(0)
            self.cut += 1
            self._since = 0
            for writer in self._open:
                writer.transport.abort()
            raise ConnectionResetError("cut")


@asynccontextmanager
async def proxy_to(target: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(0, target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for writer in proxy._open:
            writer.transport.abort()
        await asyncio.sleep(0.05)


@dataclass
class Visit:
    """A browser at the page. ``faults`` are errors of the page itself; a test ends with none."""

    context: Any
    proxy: Proxy
    door: Door
    page: Any = None
    faults: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    async def open(self, path: str = "/upload") -> None:
        """In a new tab."""
        self.page = await self.context.new_page()
        self.page.set_default_timeout(60000)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._listen)
        self.page.on("request", lambda request: self.urls.append(request.url))
        await self.page.goto(self.proxy.url + path)

    def _listen(self, line: Any) -> None:
        # What the network says of a cut or a refusal is wanted here; what the policy refuses is not.
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            self.faults.append(line.text)

    async def enter(self, key: str = KEY) -> None:
        await self.page.locator("#key").fill(key)
        await self.page.keyboard.press("Enter")

    async def choose(self, *paths: Path, button: str = "#pick .primary") -> None:
        async with self.page.expect_file_chooser() as chooser:
            await self.page.locator(button).click()
        await (await chooser.value).set_files(list(paths))

    async def send(self) -> None:
        await self.page.locator("#bar .primary").click()

    def row(self, name: str) -> Any:
        return self.page.locator(".row", has_text=name)

    async def until(self, expression: str) -> None:
        """Wait until it is true. Playwright's own way needs `eval`, which the page's policy refuses."""
        async with asyncio.timeout(60):
            while not await self.page.evaluate(expression):
                await asyncio.sleep(0.03)

    async def reaches(self, name: str, phase: str) -> None:
        await self.page.locator(f'.row[data-phase="{phase}"]', has_text=name).wait_for()

    async def stored(self, name: str) -> Any:
        """Wait until the page says so; the media, as the API has it."""
        await self.reaches(name, "stored")
        number = (await self.row(name).locator(".status").inner_text()).rpartition(" ")[2]
        return (await self.door.get(f"/api/v1/media/{number}"))[1]


@asynccontextmanager
async def visiting(running: RunningArchive, device: dict[str, Any], **options: Any) -> AsyncIterator[Visit]:
    """A browser of its own. ``options`` are the context's: ``locale``, ``color_scheme``."""
    flags = [*FLAGS.split(), *([FINGERS] if device is PHONE else [])]
    play = importlib.import_module("playwright.async_api").async_playwright
    async with open_door(running) as door, proxy_to(door.port) as proxy, play() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=flags)
        context = await browser.new_context(**device, **options)
        visit = Visit(context, proxy, door)
        yield visit
        await browser.close()
    assert visit.faults == []
