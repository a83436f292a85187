"""The page of the API, and the document behind it: open to anybody, from here alone."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.client import SandboxClient
from tests.flow.archives import running_archive
from tests.flow.chat_page import browsing
from tests.flow.http_door import Door, open_door

_STATIC = Path(__file__).parents[2] / "web" / "docs" / "static"


@pytest.fixture
async def door(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[Door]:
    async with running_archive(database_url, sandbox, tmp_path) as running, open_door(running) as opened:
        yield opened


async def test_all_of_it_is_served_without_credentials(door: Door) -> None:
    async with aiohttp.ClientSession(door.url) as anybody:
        async with anybody.get("/api/docs") as page:
            text = await page.text()
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        needed = re.findall(r'(?:href|src)="(/api/[^"]+)"', text)
        needed += [f"/api/docs/{path.name}" for path in _STATIC.glob("*.js")]
        assert "/api/openapi.json" in needed
        for path in needed:
            async with anybody.get(path) as response:
                assert response.status == 200
                tag = response.headers["ETag"]
            async with anybody.get(path, headers={"If-None-Match": tag}) as response:
                assert response.status == 304
        async with anybody.get("/api/docs/serving.py") as response:
            assert response.status == 404


def test_nothing_comes_from_elsewhere() -> None:
    for path in _STATIC.iterdir():
        assert not re.findall(r"(?:https?:)?//[a-z]+\.[a-z]", path.read_text()), path.name


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desk", "phone"])
async def test_a_call_is_found_opened_and_copied(door: Door, width: int, height: int) -> None:
    async with browsing() as browser:
        context = await browser.new_context(viewport={"width": width, "height": height})
        page = await context.new_page()
        complaints: list[Any] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{door.url}/api/docs#show_limits")
        await page.locator("#show_limits .inside").wait_for()
        await page.keyboard.press("/")
        await page.keyboard.type("digest_mismatch")
        await page.get_by_role("status").get_by_text(" calls").wait_for()
        call = page.locator("#upload_stream")
        await call.locator("summary").first.click()
        line = await call.locator(".code code").inner_text()
        assert line.startswith('curl -H "X-API-Key: $KEY" -F file=@leak.jpg')
        assert line.endswith(f'"{door.url}/api/v1/streaming/upload/stream"')
        await page.evaluate("document.querySelectorAll('.call, .answers > details').forEach(one => one.open = true)")
        await page.locator("#upload_stream .answers pre").first.wait_for(state="attached")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.get_by_role("searchbox").fill("no such thing")
        await page.get_by_text("No call has all of these words.").wait_for()
        assert complaints == []
        await context.close()
