"""The chat page in a real browser, with a real aiogram bot at the other end of the sandbox."""

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
import pyvips
from aiogram import Bot, Dispatcher, types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ChatAction, ContentType
from aiogram.filters import Command

from sandbox.config import DEFAULT_TOKEN, SandboxConfig
from sandbox.server import running

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, BROWSERS) if path), None)
if BROWSER is None or importlib.util.find_spec("playwright") is None:
    pytest.skip(
        "THE CHAT PAGE IS NOT TESTED: it needs Chromium and Playwright."
        " Install them with `apt-get install -y chromium && pip install playwright`.",
        allow_module_level=True,
    )

FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync
    --disable-component-update --use-fake-device-for-media-stream --use-fake-ui-for-media-stream"""
NASTY = "<img src=x onerror=window.hacked=1>.txt"
DRAG = "name => { const data = new DataTransfer(); data.items.add(new File(['plain words'], name)); return data; }"


@dataclass
class EchoBot:
    """A bot that answers everything, and keeps what it got."""

    url: str
    got: list[types.Message] = field(default_factory=list)

    async def on_start(self, message: types.Message) -> None:
        named = {"Change it": "edit", "Warn me": "alert"}
        row = [types.InlineKeyboardButton(text=text, callback_data=data) for text, data in named.items()]
        markup = types.InlineKeyboardMarkup(inline_keyboard=[row])
        text = "<b>Hello</b>, try /help or <code>250926-001</code>"
        await message.answer(text, parse_mode="HTML", reply_markup=markup)

    async def on_keys(self, message: types.Message) -> None:
        rows = [[types.KeyboardButton(text="Yes, please"), types.KeyboardButton(text="My phone", request_contact=True)]]
        await message.answer("Choose", reply_markup=types.ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True))

    async def on_press(self, query: types.CallbackQuery) -> None:
        if query.data == "alert":
            await query.answer("Mind the gap", show_alert=True)
            return
        assert isinstance(query.message, types.Message)
        await query.message.edit_text("Changed by the button")
        await query.answer("Done at once")

    async def on_slow(self, message: types.Message) -> None:
        assert message.bot is not None
        await message.bot.send_chat_action(message.chat.id, ChatAction.TYPING)
        await asyncio.sleep(1)
        await message.answer("Sorry for the wait")

    async def on_anything(self, message: types.Message) -> None:
        self.got.append(message)
        await message.answer(f"Got {ContentType(message.content_type).value} {message.text or ''}".strip())

    def dispatcher(self) -> Dispatcher:
        dispatcher = Dispatcher()
        dispatcher.message.register(self.on_start, Command("start"))
        dispatcher.message.register(self.on_keys, Command("keys"))
        dispatcher.message.register(self.on_slow, Command("slow"))
        dispatcher.message.register(self.on_anything)
        dispatcher.callback_query.register(self.on_press)
        return dispatcher

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[None]:
        session = AiohttpSession(api=TelegramAPIServer.from_base(self.url))
        async with Bot(DEFAULT_TOKEN, session=session) as bot:
            await bot.set_my_commands([types.BotCommand(command="help", description="What I can do")])
            dispatcher = self.dispatcher()
            task = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=1))
            try:
                yield
            finally:
                await dispatcher.stop_polling()
                await task


@dataclass
class Scene:
    page: Any
    bot: EchoBot
    url: str

    async def say(self, text: str) -> None:
        await self.page.get_by_role("textbox", name="Message").fill(text)
        await self.page.keyboard.press("Enter")

    async def sees(self, text: str) -> None:
        await self.page.locator(".messages").get_by_text(text).last.wait_for(timeout=8000)

    async def attach(self, entry: str) -> None:
        await self.page.get_by_role("button", name="Attach").click()
        await self.page.get_by_role("menuitem", name=entry).click()

    async def choose(self, entry: str, *files: dict[str, Any]) -> None:
        async with self.page.expect_file_chooser() as chooser:
            await self.attach(entry)
        await (await chooser.value).set_files(list(files))

    async def api(self, path: str) -> Any:
        return await (await self.page.request.get(self.url + path)).json()


@asynccontextmanager
async def browsing(url: str, viewport: dict[str, int]) -> AsyncIterator[Any]:
    """A page in a browser of its own; fails the test when the page had an error."""
    faults: list[str] = []
    async with importlib.import_module("playwright.async_api").async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        page = await browser.new_page(viewport=viewport, permissions=["microphone"])
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        await page.goto(url)
        yield page
        await browser.close()
    assert faults == []


@asynccontextmanager
async def scene(data_dir: Path, viewport: dict[str, int]) -> AsyncIterator[Scene]:
    async with running(SandboxConfig(data_dir=data_dir)) as sandbox:
        bot = EchoBot(sandbox.url)
        async with bot.polling(), browsing(sandbox.url, viewport) as page:
            await page.get_by_role("dialog").locator(".pick").first.click()
            yield Scene(page, bot, sandbox.url)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, {"width": 1280, "height": 800}) as opened:
        yield opened


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, {"width": 390, "height": 844}) as opened:
        yield opened


def picture(width: int, height: int, name: str) -> dict[str, Any]:
    image = pyvips.Image.gaussnoise(width, height, sigma=40, mean=128).cast("uchar")
    return {"name": name, "mimeType": "image/jpeg", "buffer": image.write_to_buffer(".jpg")}


async def test_first_talk(desk: Scene) -> None:
    """The empty chat says what to do; the bot's answer, its buttons and edits arrive without a reload."""
    await desk.page.get_by_text("Send /start or drop a photo").wait_for()
    await desk.page.get_by_role("button", name="Send /start").click()
    await desk.sees("Hello")
    assert await desk.page.locator(".words strong").inner_text() == "Hello"
    await desk.page.get_by_role("button", name="Warn me").click()
    await desk.page.get_by_role("dialog").get_by_text("Mind the gap").wait_for()
    await desk.page.get_by_role("button", name="OK").click()
    await desk.page.get_by_role("button", name="Change it").click()
    await desk.page.locator(".toast", has_text="Done at once").wait_for()
    await desk.sees("Changed by the button")
    await desk.sees("edited")


async def test_keyboards_and_commands(desk: Scene) -> None:
    """ "/" lists the bot's commands, Enter sends; a reply keyboard writes for one; the typing bot is seen."""
    await desk.say("/keys")
    await desk.page.get_by_role("button", name="Yes, please").click()
    await desk.sees("Got text Yes, please")
    await desk.page.get_by_role("textbox", name="Message").fill("/")
    await desk.page.get_by_role("option", name="/help").wait_for()
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got text /help")
    await desk.say("/slow")
    await desk.page.get_by_role("status").get_by_text("is typing").wait_for()
    await desk.sees("Sorry for the wait")


async def test_reply_and_edit(desk: Scene) -> None:
    """A message is answered from its menu, and one's own last is edited with the arrow key."""
    await desk.say("first")
    await desk.sees("Got text first")
    await desk.page.locator(".message.theirs .bubble").last.click(button="right")
    await desk.page.get_by_role("menuitem", name="Reply").click()
    await desk.page.keyboard.type("an answer")
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got text an answer")
    reply = desk.bot.got[-1].reply_to_message
    assert reply is not None
    assert reply.text == "Got text first"
    await desk.page.keyboard.press("ArrowUp")
    await desk.page.keyboard.type(" corrected")
    await desk.page.keyboard.press("Enter")
    await desk.sees("an answer corrected")


async def test_photo_and_album(desk: Scene) -> None:
    """A photo is shown in the chat; two with a caption become one album for both sides."""
    await desk.choose("Photo or video", picture(640, 480, "pump.jpg"))
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got photo")
    await desk.page.wait_for_function("document.querySelector('.visual img').naturalWidth > 0")
    await desk.choose("Photo or video", picture(500, 500, "a.jpg"), picture(400, 600, "b.jpg"))
    await desk.page.keyboard.type("Two views #250926-001")
    await desk.page.keyboard.press("Enter")
    await desk.sees("Two views #250926-001")
    while len(desk.bot.got) < 3:
        await asyncio.sleep(0.05)
    first, second = desk.bot.got[1:]
    assert first.media_group_id == second.media_group_id is not None
    assert first.caption == "Two views #250926-001"
    assert await desk.page.locator(".visual-album .album-cell").count() == 2


async def test_file_with_a_hostile_name(desk: Scene) -> None:
    """A dropped file keeps its name and bytes; a name that is markup is only a name."""
    dragged = await desk.page.evaluate_handle(DRAG, NASTY)
    await desk.page.dispatch_event("body", "dragenter", {"dataTransfer": dragged})
    await desk.page.get_by_text("Drop as files").dispatch_event("drop", {"dataTransfer": dragged})
    await desk.page.get_by_role("dialog").get_by_text(NASTY).wait_for()
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got document")
    document = desk.bot.got[-1].document
    assert document is not None
    assert document.file_name == NASTY
    async with desk.page.expect_download() as download:
        await desk.page.get_by_title(f"Download {NASTY}").click()
    path = await (await download.value).path()
    assert Path(path).read_bytes() == b"plain words"
    assert await desk.page.evaluate("window.hacked") is None


async def test_pretend_video_and_voice(desk: Scene) -> None:
    """A 1.5 GiB video costs no bytes; a voice message comes from the microphone."""
    await desk.attach("Pretend 1.5 GiB video")
    await desk.sees("Got video")
    video = desk.bot.got[-1].video
    assert video is not None
    assert video.file_size == 3 * 1024**3 / 2
    await desk.page.get_by_role("button", name="Record a voice message").click()
    await desk.page.get_by_role("timer").get_by_text("0:01").wait_for()
    await desk.page.get_by_role("button", name="Send the recording").click()
    await desk.sees("Got voice")
    await desk.page.get_by_role("button", name="Play voice message").wait_for()


async def test_drawer(desk: Scene) -> None:
    """The drawer shows the bot's calls, moves the clock, and switches rules and faults."""
    await desk.say("hello")
    await desk.sees("Got text hello")
    await desk.page.get_by_role("button", name="What the API saw").click()
    drawer = desk.page.get_by_role("complementary", name="What the API saw")
    await drawer.get_by_text("sendMessage").first.wait_for()
    before = (await desk.api("/control/clock"))["now"]
    await drawer.get_by_role("button", name="+49 hours").click()
    await desk.page.locator(".day", has_not_text="Today").wait_for()
    assert (await desk.api("/control/clock"))["now"] - before >= 49 * 3600
    await drawer.get_by_role("switch", name="Flood limits").uncheck()
    lost = drawer.get_by_role("switch", name="Answers get lost")
    async with desk.page.expect_response("**/control/faults"):
        await lost.check()
    state = await desk.api("/control/state")
    assert state["options"]["flood"]["enabled"] is False
    assert [fault["kind"] for fault in state["faults"]] == ["answer_lost"]
    await lost.uncheck()


async def test_phone_and_somebody_new(phone: Scene) -> None:
    """On a phone one goes from list to chat and back; somebody new can be made up there."""
    await phone.page.locator(".chat-row").first.wait_for()
    await phone.page.get_by_role("button", name="Switch").click()
    await phone.page.get_by_role("button", name="Somebody new").click()
    await phone.page.get_by_label("First name").fill("Dilnoza")
    await phone.page.keyboard.press("Enter")
    await phone.page.get_by_role("button", name="Dilnoza").wait_for()
    await phone.page.locator(".chat-row").first.click()
    await phone.say("hello from the phone")
    await phone.sees("Got text hello from the phone")
    sender = phone.bot.got[-1].from_user
    assert sender is not None
    assert sender.first_name == "Dilnoza"
    assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await phone.page.get_by_role("button", name="Back to the chats").click()
    await phone.page.locator(".chat-row").first.wait_for()
