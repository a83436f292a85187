"""What the chat page offers beyond talking: first steps, stickers, inline mode, Mini Apps, topics, marks, keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiogram.utils.web_app import safe_parse_webapp_init_data
from aiohttp import web

from sandbox.config import DEFAULT_TOKEN, SandboxConfig
from sandbox.server import running
from tests.flow.chat_page import DESK, EchoBot, Scene, browsing, scene, visiting

STAFF_GROUP = -1_002_000_000_001
# What telegram-web-app.js does, without it: tell the page around what is wanted, hear what happened.
MINI_APP = """<!doctype html><h1>The app</h1><script>
const tell = (eventType, eventData) => parent.postMessage(JSON.stringify({eventType, eventData}), "*");
const data = new URLSearchParams(location.hash.slice(1));
addEventListener("message", ({data}) => {
  const said = JSON.parse(data);
  if (said.eventType === "main_button_pressed") tell("web_app_data_send", {data: "filled in"});
});
fetch("/opened", {method: "POST", body: data.get("tgWebAppData")});
tell("web_app_setup_main_button", {is_visible: true, text: "Send it"});
</script>"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    async with browsing() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Any, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(browser, tmp_path, DESK) as opened:
        yield opened


async def test_welcome(browser: Any, tmp_path: Path) -> None:
    """Whoever comes first reads what this is and what to do, and whom they can be; times are in their locale."""
    async with (
        running(SandboxConfig(data_dir=tmp_path)) as sandbox,
        visiting(browser, sandbox.url, DESK, locale="en-US") as page,
    ):
        dialog = page.get_by_role("dialog", name="A Telegram of your own")
        await dialog.get_by_text("choose who to be, then send the bot a photo").wait_for()
        assert await dialog.locator(".pick small").all_inner_texts() == [
            "tenant: sends photos · Uzbek",
            "staff: works on requests · Russian",
            "admin: runs the channels · English",
        ]
        await dialog.locator(".pick", has_text="Emma").click()
        await page.get_by_role("textbox", name="Message").fill("no bot is there")
        await page.keyboard.press("Enter")
        time = page.locator(".message.mine time")
        assert (await time.inner_text()).endswith(("AM", "PM"))
        # The bot has not fetched it: one tick. Two once it has.
        await page.get_by_role("img", name="Sent").wait_for()
        async with EchoBot(sandbox.url).polling():
            await page.get_by_role("img", name="Read").wait_for()


async def test_first_acts(desk: Scene) -> None:
    """The empty chat offers requests to try: sample photos with the number are looked at, then sent as an album."""
    await desk.page.get_by_role("button", name="#250926-001").click()
    sheet = desk.page.get_by_role("dialog", name="Send 2 files")
    caption = sheet.get_by_role("textbox", name="Caption")
    assert await caption.input_value() == "#250926-001 kitchen leak"
    await sheet.get_by_role("button", name="#250926-002").click()
    assert await caption.input_value() == "#250926-002 kitchen leak"
    await sheet.get_by_role("button", name="Send").click()
    second = await desk.bot_has(2)
    assert [one.caption for one in desk.bot.got] == ["#250926-002 kitchen leak", None]
    assert second.photo
    assert second.photo[-1].width == 1280


async def test_sticker_reaction_and_quote(desk: Scene) -> None:
    """A sticker is a WebP; a reaction is taken back by pressing it; marked words are what a reply quotes."""
    await desk.page.get_by_role("button", name="Emoji and stickers").click()
    await desk.page.get_by_role("button", name="Send sticker: Done").click()
    sticker = (await desk.bot_has(1)).sticker
    assert sticker is not None
    assert (sticker.width, sticker.height) == (512, 512)
    await desk.sees("Got sticker")
    url = await desk.page.locator("img.sticker").get_attribute("src")
    assert (await (await desk.page.request.get(desk.url + url)).body())[8:12] == b"WEBP"
    answer = desk.page.locator(".message.theirs").last
    await answer.locator(".bubble").click(button="right")
    await desk.page.get_by_role("button", name="React with 🎉").click()
    await answer.get_by_role("button", name="🎉 1", pressed=True).click()
    await answer.locator(".reaction").wait_for(state="detached")
    await answer.locator(".words").dblclick(position={"x": 60, "y": 8})
    await answer.locator(".bubble").click(button="right", position={"x": 60, "y": 15})
    await desk.page.get_by_role("menuitem", name="Reply to the marked words").click()
    await desk.page.keyboard.type("yes")
    await desk.page.keyboard.press("Enter")
    quote = (await desk.bot_has(2)).quote
    assert quote is not None
    assert quote.text == "sticker"
    assert await desk.page.locator(".message.mine .quote span").inner_text() == "sticker"


async def test_inline_mode(desk: Scene) -> None:
    """ "@bot words" asks the bot, and Enter sends what it found."""
    await desk.page.get_by_role("textbox", name="Message").fill("@mediagate_bot taps")
    await desk.page.get_by_role("option", name="About taps").wait_for()
    await desk.page.keyboard.press("Enter")
    await desk.sees("You looked for taps")
    await desk.sees("via @mediagate_bot")


@asynccontextmanager
async def mini_app(opened: list[str]) -> AsyncIterator[str]:
    """The address of a Mini App, on an origin of its own; keeps the init data it was opened with."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=MINI_APP, content_type="text/html")

    async def note(request: web.Request) -> web.Response:
        opened.append(await request.text())
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/", page), web.post("/opened", note)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_mini_app(desk: Scene) -> None:
    """Apps open in a frame with data their server can check, and a keyboard's app sends data."""
    opened: list[str] = []
    async with mini_app(opened) as desk.bot.app:
        await desk.say("/app")
        await desk.page.get_by_role("button", name="Look around").click()
        frame = desk.page.frame_locator(".miniapp iframe")
        await frame.get_by_role("heading", name="The app").wait_for()
        await desk.page.get_by_role("button", name="Close").click()
        await desk.page.get_by_role("button", name="Fill in").click()
        await desk.page.get_by_role("button", name="Send it").click()
        await desk.sees("Aziza sent data from “Fill in”")
        data = (await desk.bot_has(1)).web_app_data
        assert data is not None
        assert data.data == "filled in"
        user = safe_parse_webapp_init_data(DEFAULT_TOKEN, opened[-1]).user
        assert user is not None
        assert user.first_name == "Aziza"
        await desk.page.get_by_role("dialog").wait_for(state="detached")


async def test_topics(browser: Any, tmp_path: Path) -> None:
    """A group becomes a forum; each topic shows its own messages and what is written there goes there."""
    async with scene(browser, tmp_path, DESK, "Emma") as desk:
        await desk.page.locator(".chat-row", has_text="Staff").click()
        await desk.page.get_by_role("button", name="Chat menu").click()
        await desk.page.get_by_role("menuitem", name="Divide into topics").click()
        await desk.page.get_by_role("button", name="New topic").click()
        await desk.page.get_by_label("Name").fill("Leaks")
        await desk.page.keyboard.press("Enter")
        await desk.page.get_by_role("tab", name="Leaks", selected=True).wait_for()
        await desk.sees("Topic “Leaks” was opened")
        await desk.say("in the cellar")
        message = await desk.bot_has(1)
        assert message.chat.id == STAFF_GROUP
        assert message.is_topic_message
        await desk.page.get_by_role("tab", name="General").click()
        await desk.page.locator(".messages").get_by_text("in the cellar").wait_for(state="detached")


async def test_drawer_in_plain_words(desk: Scene) -> None:
    """The drawer says what each call means, and a fault that is on is seen from outside."""
    await desk.say("hello")
    await desk.sees("Got text hello")
    await desk.page.get_by_role("button", name="What the API saw").click()
    drawer = desk.page.get_by_role("complementary", name="What the API saw")
    await drawer.get_by_text("writes to Aziza").first.wait_for()
    await drawer.get_by_text("More faults and options").click()
    await drawer.get_by_role("switch", name="Slow").check()
    await desk.page.locator(".drawer-toggle.faulty").wait_for()
    await drawer.get_by_role("switch", name="Local Bot API server").check()
    async with desk.page.expect_response("**/control/faults/*"):
        await drawer.get_by_role("switch", name="Slow").uncheck()
    assert (await desk.api("/control/options"))["local"] is True


async def test_keyboard_alone(desk: Scene) -> None:
    """Everything is within reach of the keys: find a chat, walk its messages, open their menus."""
    await desk.say("one")
    await desk.sees("Got text one")
    await desk.page.locator(".messages").focus()
    await desk.page.keyboard.press("ArrowUp")
    await desk.page.keyboard.press("ArrowUp")
    assert "one" in await desk.page.evaluate("document.activeElement.getAttribute('aria-label')")
    await desk.page.keyboard.press("Enter")
    await desk.page.get_by_role("menuitem", name="Edit").wait_for()
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("Control+k")
    await desk.page.keyboard.type("nothing like that")
    await desk.page.locator(".chat-row").wait_for(state="detached")
    await desk.page.keyboard.press("Control+a")
    await desk.page.keyboard.type("media")
    await desk.page.locator(".chat-row").wait_for()
