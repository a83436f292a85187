"""A day with the bot, walked through on the chat page: tenant, plumber, dispatcher and admin, in three languages.

    python -m tests.flow.bot_day DIRECTORY

starts the whole process with its local Telegram, plays the day, and saves what each of them sees on a phone and on a
desktop. It checks nothing but that each step is answered: the pictures are to be looked at.
"""

import asyncio
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw, ImageFilter

from gateway.app import running
from gateway.settings import load_settings
from sandbox.client import SandboxClient

Json = dict[str, Any]

TENANT, PLUMBER, ADMIN, DISPATCHER = 1001, 1002, 1003, 1004
STAFF_GROUP = -1_002_000_000_001
_ZONE = "Asia/Tashkent"
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
BROWSER = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


def leak(folder: Path, name: str, *, wet: bool, turn: int = 0) -> Path:
    """Something like a photo of a pipe under a sink, with or without the puddle."""
    image = Image.new("RGB", (1200, 900), (196, 188, 176))
    draw = ImageDraw.Draw(image)
    for x in range(0, 1200, 150):
        draw.line((x, 0, x, 900), fill=(178, 170, 160), width=4)
    for y in range(0, 900, 150):
        draw.line((0, y, 1200, y), fill=(178, 170, 160), width=4)
    draw.rounded_rectangle(
        (520 + turn, -20, 620 + turn, 520), 30, fill=(214, 214, 218), outline=(120, 120, 126), width=6
    )
    draw.rounded_rectangle((520 + turn, 430, 1300, 540), 40, fill=(204, 204, 210), outline=(120, 120, 126), width=6)
    draw.ellipse((490 + turn, 400, 650 + turn, 560), fill=(150, 152, 160), outline=(96, 96, 100), width=8)
    if wet:
        draw.ellipse((260, 700, 980, 880), fill=(120, 160, 190))
        for drop in range(6):
            draw.ellipse(
                (540 + turn + 12 * drop, 570 + 22 * drop, 560 + turn + 12 * drop, 600 + 22 * drop), fill=(110, 150, 190)
            )
    path = folder / name
    image.filter(ImageFilter.GaussianBlur(2)).save(path, quality=88)
    return path


@dataclass
class Day:
    """The people's Telegram, and a browser to look at it with."""

    sandbox: SandboxClient
    browser: Any
    directory: Path
    shots: int = 0

    @asynccontextmanager
    async def looking(self, who: str, chat: str, viewport: Json) -> AsyncIterator[Any]:
        context = await self.browser.new_context(viewport=viewport, device_scale_factor=2, timezone_id=_ZONE)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        await page.goto(self.sandbox.base_url)
        await page.get_by_role("dialog").locator(".pick", has_text=who).click()
        await page.get_by_text(chat, exact=True).first.click()
        await page.wait_for_timeout(1500)  # pictures load
        yield page
        await context.close()

    async def shoot(
        self, name: str, who: str, chat: str = "Mediagate", *, phone: bool = True, desk: bool = True
    ) -> None:
        for wanted, kind, viewport in ((phone, "phone", PHONE), (desk, "desktop", DESK)):
            if wanted:
                async with self.looking(who, chat, viewport) as page:
                    self.shots += 1
                    await page.screenshot(path=self.directory / f"{self.shots:02}-{name}-{kind}.png")

    async def until(self, chat: int, *words: str, after: int = 0) -> Json:
        """The bot's last message in a chat that says all of ``words``."""

        def said(one: Json) -> bool:
            text = one.get("text", "") + one.get("caption", "")
            return one["message_id"] > after and one["from"]["is_bot"] and all(word in text for word in words)

        found = await self.sandbox.wait_for(chat, lambda messages: any(map(said, messages)), timeout=60)
        return [one for one in found if said(one)][-1]

    async def press(self, person: int, message: Json, choose: Callable[[str], bool]) -> Json:
        """Press the first button whose text is chosen."""
        for row, keys in enumerate(message["reply_markup"]["inline_keyboard"]):
            for column, key in enumerate(keys):
                if choose(key["text"]):
                    return await self.sandbox.press(person, message, row=row, column=column)
        raise AssertionError(f"no such button: {message['reply_markup']}")


async def tenant(day: Day, folder: Path) -> None:
    """Aziza speaks Uzbek and has a leak: words, an album, a voice that comes later."""
    await day.sandbox.send_text(TENANT, "/start")
    await asyncio.sleep(2)
    await day.shoot("tenant-first-hello", "Aziza", desk=False)
    await day.sandbox.send_text(TENANT, "Oshxonada quvur oqyapti, suv polga tushyapti")
    files = [leak(folder, "a.jpg", wet=True), leak(folder, "b.jpg", wet=True, turn=120)]
    await day.sandbox.send_files(TENANT, files)
    await day.until(TENANT, "Saqlandi")
    (sent,) = await day.sandbox.send_files(TENANT, [leak(folder, "c.jpg", wet=True, turn=-90)])
    await day.until(TENANT, "Saqlandi", after=sent["message_id"])
    await day.sandbox.send_text(TENANT, "/my")
    await asyncio.sleep(2)
    await day.shoot("tenant-sends", "Aziza")


async def dispatcher(day: Day) -> None:
    """Dilnoza sees it in the staff chat, in Russian, and gives it a request."""
    await day.sandbox.send_text(DISPATCHER, "/lang", chat=STAFF_GROUP)
    asked = await day.until(STAFF_GROUP, "?")
    await day.press(DISPATCHER, asked, lambda text: text == "Русский")
    card = await day.until(STAFF_GROUP, "2 файла")
    await day.press(DISPATCHER, card, lambda text: "➕" in text)
    await asyncio.sleep(3)
    await day.shoot("staff-chat", "Dilnoza", "Staff")
    await day.shoot("tenant-hears", "Aziza", desk=False)


async def plumber(day: Day, folder: Path) -> None:
    """Sergey works in a group with privacy mode on: before and after, by caption, reply and button."""
    group = await day.sandbox.chat("supergroup", "Сантехники", creator=PLUMBER, bots=[{"id": 7000000001}])
    number = f"{datetime.now(ZoneInfo(_ZONE)):%y%m%d}-001"
    (before,) = await day.sandbox.send_files(PLUMBER, [leak(folder, "d.jpg", wet=True)], chat=group["id"])
    await day.sandbox.send_text(PLUMBER, f"/attach {number}", chat=group["id"], reply_to=before["message_id"])
    await asyncio.sleep(4)
    (mine,) = await day.sandbox.send_files(PLUMBER, [leak(folder, "e.jpg", wet=False)])
    card = await day.until(PLUMBER, "Сохранено", after=mine["message_id"])
    await day.press(PLUMBER, card, lambda text: "После" in text)
    await asyncio.sleep(2)
    card = await day.until(PLUMBER, "Сохранено", after=mine["message_id"])
    await day.shoot("plumber-chooses", "Sergey", desk=False)
    await day.press(PLUMBER, card, lambda text: number in text or "…" in text or text[:1].isdigit())
    await asyncio.sleep(2)
    await day.sandbox.send_text(PLUMBER, f"/request {number}", chat=group["id"])
    await asyncio.sleep(4)
    await day.shoot("plumber-group", "Sergey", "Сантехники")
    await day.shoot("plumber-private", "Sergey", desk=False)


async def admin(day: Day) -> None:
    """Emma, in English."""
    for command in ("/help", "/channels", "/staff", "/status"):
        await day.sandbox.send_text(ADMIN, command)
        await asyncio.sleep(2)
    await day.shoot("admin", "Emma")


async def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        settings = {"data_dir": f"{place}/data", "http_port": "0", "sandbox_port": "0", "staff_ids": str(DISPATCHER)}
        settings |= {"staff_chat": str(STAFF_GROUP), "timezone": _ZONE, "log_level": "warning"}
        loaded = load_settings(
            {f"MEDIAGATE_{name.upper()}": value for name, value in settings.items()}, Path(os.devnull)
        )
        playwright = importlib.import_module("playwright.async_api").async_playwright()
        async with running(loaded) as gateway, playwright as started:
            assert gateway.sandbox_url is not None
            browser = await started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
            async with SandboxClient(gateway.sandbox_url) as sandbox:
                day = Day(sandbox, browser, directory)
                await sandbox.person(DISPATCHER, first_name="Dilnoza", language_code="ru")
                await sandbox.call("PUT", f"/chats/{STAFF_GROUP}/members/{DISPATCHER}", {"status": "member"})
                await tenant(day, Path(place))
                await dispatcher(day)
                await plumber(day, Path(place))
                await admin(day)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
