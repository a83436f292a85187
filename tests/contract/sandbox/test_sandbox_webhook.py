"""Webhooks: delivery in order, secret, retries."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiogram import Bot
from aiohttp import web

from sandbox.client import SandboxClient
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import AZIZA, EMMA, REQUESTS, SERGEY, Raw
from tests.contract.sandbox.strict import TypeChecker


@dataclass
class Receiver:
    """A bot's web server. `answers` are statuses for the next deliveries, 200 after them."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    reply: dict[str, Any] | None = None
    seen: list[tuple[str | None, Any]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        status = self.answers.pop(0) if self.answers else 200
        self.seen.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), await request.json()))
        self.arrived.set()
        return web.json_response(self.reply, status=status) if self.reply else web.Response(status=status)

    async def count(self, wanted: int) -> None:
        async with asyncio.timeout(5):
            while len(self.seen) < wanted:
                self.arrived.clear()
                await self.arrived.wait()

    def texts(self) -> list[str]:
        return [update["message"]["text"] for _, update in self.seen]


@pytest.fixture
async def receiver(checker: TypeChecker) -> AsyncIterator[Receiver]:
    one = Receiver()
    app = web.Application()
    app.router.add_post("/hook", one.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield one
    await runner.cleanup()
    for _, update in one.seen:
        checker.check_update(update)


@pytest.fixture
async def hooked(bot: Bot, client: SandboxClient, receiver: Receiver) -> Receiver:
    await client.options(http_webhooks=True)
    await bot.set_webhook(receiver.url, secret_token="s3cret_")
    return receiver


async def test_updates_are_delivered_with_the_secret(client: SandboxClient, hooked: Receiver, raw: Raw) -> None:
    await client.send_text(AZIZA, "hello")
    await hooked.count(1)
    secret, update = hooked.seen[0]
    assert secret == "s3cret_"
    assert update["message"]["text"] == "hello"
    info = await raw.result("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == (hooked.url, 0)


async def test_a_failed_delivery_is_repeated_and_the_chat_waits_in_order(
    client: SandboxClient, hooked: Receiver
) -> None:
    hooked.answers = [500, 302]
    for number in range(3):
        await client.send_text(AZIZA, str(number))
    await hooked.count(5)
    assert hooked.texts() == ["0", "0", "0", "1", "2"]


async def test_another_chat_does_not_wait(client: SandboxClient, hooked: Receiver) -> None:
    hooked.answers = [500]
    await client.send_text(AZIZA, "stuck")
    await hooked.count(1)
    await client.send_text(SERGEY, "passes")
    await hooked.count(3)
    assert hooked.texts() == ["stuck", "passes", "stuck"]


async def test_what_waited_is_delivered_when_the_webhook_is_set(
    bot: Bot, client: SandboxClient, receiver: Receiver
) -> None:
    await client.send_text(AZIZA, "early")
    await client.options(http_webhooks=True)
    await bot.set_webhook(receiver.url)
    await receiver.count(1)
    assert receiver.seen[0][0] is None


async def test_the_answer_of_a_webhook_may_be_a_call(client: SandboxClient, hooked: Receiver) -> None:
    hooked.reply = {"method": "sendMessage", "chat_id": AZIZA, "text": "by answer"}
    await client.send_text(AZIZA, "hello")
    await client.wait_for(AZIZA, lambda found: [one["text"] for one in found] == ["hello", "by answer"])


async def test_webhook_and_polling_exclude_each_other(bot: Bot, raw: Raw, hooked: Receiver) -> None:
    assert await raw.error("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    _, body = await raw("setWebhook", url=hooked.url, secret_token="s3cret_")
    assert body["description"] == "Webhook is already set"
    _, body = await raw("deleteWebhook")
    assert body["description"] == "Webhook was deleted"
    _, body = await raw("deleteWebhook")
    assert body["description"] == "Webhook is already deleted"
    poll = asyncio.create_task(raw("getUpdates", timeout=20))
    await asyncio.sleep(0.1)
    _, body = await raw("setWebhook", url=hooked.url)
    assert body["description"] == "Webhook was set"
    assert (await poll)[1]["description"] == "Conflict: terminated by setWebhook request"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"url": "http://example.test/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.test:9000/"}, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ({"url": "https://example.test/", "secret_token": "sp ace"}, "secret token contains unallowed characters"),
    ],
)
async def test_webhooks_that_are_refused(raw: Raw, fields: dict[str, str], error: str) -> None:
    assert await raw.error("setWebhook", **fields) == f"Bad Request: {error}"


async def test_a_deleted_webhook_delivers_no_more(client: SandboxClient, raw: Raw, hooked: Receiver) -> None:
    hooked.answers = [500] * 3
    await client.send_text(EMMA, "x")
    await hooked.count(1)
    await raw.result("deleteWebhook")
    await asyncio.sleep(0.6)
    assert len(hooked.seen) == 1
    assert [update["message"]["text"] for update in await raw.result("getUpdates")] == ["x"]


async def test_a_failed_delivery_is_shown_in_the_info(
    client: SandboxClient, raw: Raw, hooked: Receiver, sandbox: RunningSandbox
) -> None:
    hooked.answers = [503]
    await client.send_text(AZIZA, "x", chat=AZIZA)
    await hooked.count(2)
    info = await raw.result("getWebhookInfo")
    assert info["last_error_message"].startswith("Wrong response from the webhook: 503")
    assert not sandbox.state.room_for(REQUESTS, 0).messages


async def test_an_update_can_be_delivered_twice(hooked: Receiver, client: SandboxClient) -> None:
    await client.add_fault("duplicate", method="webhook", count=1)
    await client.send_text(AZIZA, "one")
    await client.send_text(AZIZA, "two")
    await hooked.count(3)
    assert hooked.texts() == ["one", "one", "two"]
