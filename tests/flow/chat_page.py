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
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@dataclass
class EchoBot:
    """A bot that answers everything, and keeps what it got. `app` is the address of its Mini App."""

    url: str
    app: str = "http://127.0.0.1:9/"
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

    async def on_app(self, message: types.Message) -> None:
        web_app = types.WebAppInfo(url=self.app)
        inline = [[types.InlineKeyboardButton(text="Look around", web_app=web_app)]]
        await message.answer("An app", reply_markup=types.InlineKeyboardMarkup(inline_keyboard=inline))
        rows = [[types.KeyboardButton(text="Fill in", web_app=web_app)]]
        await message.answer("A form", reply_markup=types.ReplyKeyboardMarkup(keyboard=rows))

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

    async def on_inline(self, query: types.InlineQuery) -> None:
        content = types.InputTextMessageContent(message_text=f"You looked for {query.query}")
        found = types.InlineQueryResultArticle(id="1", title=f"About {query.query}", input_message_content=content)
        await query.answer([found], cache_time=0)

    async def on_anything(self, message: types.Message) -> None:
        self.got.append(message)
        await message.answer(f"Got {ContentType(message.content_type).value} {message.text or ''}".strip())

    def dispatcher(self) -> Dispatcher:
        dispatcher = Dispatcher()
        dispatcher.message.register(self.on_start, Command("start"))
        dispatcher.message.register(self.on_keys, Command("keys"))
        dispatcher.message.register(self.on_app, Command("app"))
        dispatcher.message.register(self.on_slow, Command("slow"))
        dispatcher.message.register(self.on_anything)
        dispatcher.callback_query.register(self.on_press)
        dispatcher.inline_query.register(self.on_inline)
        return dispatcher

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[Bot]:
        session = AiohttpSession(api=TelegramAPIServer.from_base(self.url))
        async with Bot(DEFAULT_TOKEN, session=session) as bot:
            yield bot

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[None]:
        async with self.calling() as bot:
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
        await self.page.locator(".messages").get_by_text(text).last.wait_for()

    async def attach(self, entry: str) -> None:
        await self.page.get_by_role("button", name="Attach").click()
        await self.page.get_by_role("menuitem", name=entry).click()

    async def choose(self, entry: str, *files: dict[str, Any]) -> None:
        async with self.page.expect_file_chooser() as chooser:
            await self.attach(entry)
        await (await chooser.value).set_files(list(files))

    async def api(self, path: str) -> Any:
        return await (await self.page.request.get(self.url + path)).json()

    async def bot_has(self, count: int) -> types.Message:
        """The bot's last message, once it got this many."""
        async with asyncio.timeout(8):
            while len(self.bot.got) < count:
                await asyncio.sleep(0.02)
        return self.bot.got[-1]


@asynccontextmanager
async def browsing() -> AsyncIterator[Any]:
    """A browser for all tests of a file: starting one takes longer than most of them."""
    async with importlib.import_module("playwright.async_api").async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        yield browser
        await browser.close()


@asynccontextmanager
async def visiting(browser: Any, url: str, viewport: dict[str, int], **options: Any) -> AsyncIterator[Any]:
    """A page with a profile of its own; fails the test when the page had an error."""
    faults: list[str] = []
    context = await browser.new_context(viewport=viewport, permissions=["microphone"], **options)
    page = await context.new_page()
    page.set_default_timeout(60000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    await page.goto(url)
    yield page
    await context.close()
    assert faults == []


@asynccontextmanager
async def scene(browser: Any, data_dir: Path, viewport: dict[str, int], who: str = "Aziza") -> AsyncIterator[Scene]:
    """`who` with the bot, which answers."""
    async with running(SandboxConfig(data_dir=data_dir)) as sandbox:
        bot = EchoBot(sandbox.url)
        async with bot.polling(), visiting(browser, sandbox.url, viewport) as page:
            await page.get_by_role("dialog").locator(".pick", has_text=who).click()
            yield Scene(page, bot, sandbox.url)


def picture(width: int, height: int, name: str) -> dict[str, Any]:
    image = pyvips.Image.gaussnoise(width, height, sigma=40, mean=128).cast("uchar")
    return {"name": name, "mimeType": "image/jpeg", "buffer": image.write_to_buffer(".jpg")}
