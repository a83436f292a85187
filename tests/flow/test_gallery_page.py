"""The page of a request in a real browser: on a phone and a desk, in light and dark, by touch, mouse and keyboard."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import SandboxClient
from storage.details import Details
from storage.domain import Category
from storage.request_numbers import RequestNumber
from tests import media as files
from tests.flow.archives import ARRIVAL, RunningArchive, accept, running_archive
from tests.flow.gallery_pictures import leak, mended
from tests.flow.test_upload_page import CONTRAST, NAMELESS, SMALL
from tests.flow.upload_page import DESK, PHONE, Visit, visiting

STAFF, NUMBER = 1002, RequestNumber("250926-001")
NASTY = "<img src=x onerror=window.hacked=1>"
LOADED = "[...document.querySelectorAll('.tile img')].filter((one) => one.complete && one.naturalWidth).length"
SWIPE = """([from, to]) => {
  const stage = document.querySelector(".stage");
  const at = (type, x) => stage.dispatchEvent(
    new PointerEvent(type, { pointerId: 7, isPrimary: true, clientX: x, clientY: 300, bubbles: true }));
  at("pointerdown", from);
  at("pointerup", to);
}"""


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(database_url, sandbox, tmp_path, staff_ids=str(STAFF)) as running:
        yield running


async def keep(
    archive: RunningArchive, name: str, data: bytes, category: Category | None = None, words: str | None = None
) -> int:
    details = Details(request_number=NUMBER, category=category, description=words)
    accepted = await accept(archive, data, replace(ARRIVAL, filename=name, details=details), details=details)
    return accepted.media.id


async def a_request(archive: RunningArchive, tmp_path: Path) -> None:
    """Three pictures before, two and a film after, a document and a sound."""
    words = ("Water under the sink, the joint is rusty", None, "The puddle comes back in an hour")
    for at, said in enumerate(words):
        await keep(archive, f"leak {at}.jpg", leak(at), Category.REQUEST_PHOTO, said)
    for at in range(2):
        await keep(archive, f"done {at}.jpg", mended(at), Category.COMPLETION_PHOTO, "New joint, tested at 6 bar")
    await keep(archive, "test.mp4", files.video(tmp_path).read_bytes(), Category.COMPLETION_VIDEO)
    await keep(archive, "act.txt", b"the work is done", Category.REPORT_DOCUMENT, NASTY)
    await keep(archive, "call.ogg", files.voice(tmp_path).read_bytes(), Category.OTHER)


def link(archive: RunningArchive) -> str:
    return f"/r/{archive.archive.use_cases.request_links.make(STAFF, NUMBER).token}"


async def counted(visit: Visit, text: str) -> None:
    await visit.page.locator(".viewer .count", has_text=text).wait_for()


async def test_before_stands_beside_after(archive: RunningArchive, tmp_path: Path) -> None:
    await a_request(archive, tmp_path)
    for device in (PHONE, DESK):
        async with visiting(archive, device, locale="en-US") as visit:
            await visit.open(link(archive))
            await visit.page.get_by_role("heading", name="Request 250926-001").wait_for()
            await visit.page.get_by_text("5 photos").wait_for()
            await visit.until(f"{LOADED} === 6")
            boxes = [
                await visit.page.locator(f".column[data-side={side}]").bounding_box() for side in ("before", "after")
            ]
            assert boxes[0]["y"] == boxes[1]["y"]
            assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
            assert await visit.page.locator(".document", has_text=NASTY).count() == 1
            assert await visit.page.evaluate("window.hacked") is None
            await visit.page.locator(".timeline summary").click()
            await visit.page.get_by_text("Attached").first.wait_for()
            async with visit.page.expect_download() as download:
                await visit.page.get_by_role("link", name="Download all").click()
            assert (await download.value).suggested_filename == "request-250926-001.zip"


async def test_the_viewer_by_keyboard_and_touch(archive: RunningArchive, tmp_path: Path) -> None:
    await a_request(archive, tmp_path)
    async with visiting(archive, PHONE, locale="en-US") as visit:
        await visit.open(link(archive))
        await visit.page.locator(".column[data-side=before] .tile").nth(1).click()
        await counted(visit, "2 of 6")
        await visit.until("document.querySelector('.stage img')?.naturalWidth === 1280")
        await visit.page.keyboard.press("ArrowRight")
        await counted(visit, "3 of 6")
        await visit.page.evaluate(SWIPE, [300, 100])
        await counted(visit, "4 of 6")
        await visit.page.evaluate(SWIPE, [100, 300])
        await counted(visit, "3 of 6")
        await visit.page.get_by_role("button", name="side by side").click()
        await counted(visit, "3 of 3")
        assert await visit.page.locator(".stage figure").count() == 2
        await visit.page.get_by_role("button", name="One picture").click()
        await counted(visit, "3 of 6")
        await visit.page.keyboard.press("Escape")
        await visit.until("!document.querySelector('.viewer').open")
        focused = await visit.page.evaluate("document.activeElement.className")
        assert focused == "tile"
        await visit.page.locator(".tile .badge").click()
        await counted(visit, "6 of 6")
        await visit.until("document.querySelector('.stage video')?.readyState > 0")
        await visit.page.go_back()
        await visit.until("!document.querySelector('.viewer').open")
        assert "/r/" in visit.page.url


async def well_made(visit: Visit, language: str) -> None:
    """Nothing sticks out, is too faint to read, too small to touch, or has no name for a screen reader."""
    await visit.page.locator(".language").select_option(language)
    await visit.until(f"document.documentElement.lang === '{language}'")
    await visit.page.wait_for_timeout(250)  # colours fade
    await visit.page.locator(".timeline summary").click()
    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), language
    assert await visit.page.evaluate(CONTRAST) == []
    assert await visit.page.evaluate(SMALL) == []
    assert await visit.page.evaluate(NAMELESS) == []
    assert await visit.page.evaluate("[...document.images].filter((one) => !one.hasAttribute('alt')).length") == 0


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
async def test_both_sizes_and_schemes(archive: RunningArchive, tmp_path: Path, device: dict[str, Any]) -> None:
    await a_request(archive, tmp_path)
    await keep(archive, "a name that is much longer than a phone is wide " * 4 + ".txt", b"words")
    async with visiting(archive, device, locale="en-US") as visit:
        await visit.open(link(archive))
        await visit.page.locator(".tile").first.wait_for()
        for language, scheme in (("uz", "dark"), ("ru", "dark"), ("en", "light")):
            await visit.page.emulate_media(color_scheme=scheme)
            await well_made(visit, language)


async def test_two_hundred_photos_load_as_one_comes_to_them(archive: RunningArchive, tmp_path: Path) -> None:
    picture = files.jpeg(tmp_path).read_bytes()
    for at in range(200):
        await keep(archive, f"{at}.jpg", picture + bytes([at % 256]), Category.REQUEST_PHOTO)
    async with visiting(archive, PHONE, locale="en-US") as visit:
        await visit.open(link(archive))
        await visit.page.get_by_text("200 photos").wait_for()
        await visit.until(f"{LOADED} >= 4")
        asked = [url for url in visit.urls if "/preview" in url]
        assert 4 <= len(asked) < 100
        await visit.page.locator(".tile").last.scroll_into_view_if_needed()
        await visit.until("[...document.querySelectorAll('.tile img')].at(-1).naturalWidth > 0")


async def test_a_link_that_is_over_is_told_kindly(archive: RunningArchive) -> None:
    async with visiting(archive, PHONE, locale="ru-RU") as visit:
        await visit.open("/r/nothing")
        await visit.page.get_by_text("Эта ссылка никуда не ведёт").wait_for()
        await visit.page.locator(".language").select_option("uz")
        await visit.page.get_by_text("Bu havola hech qayerga olib bormaydi").wait_for()
