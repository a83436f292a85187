"""Keys of services, as an admin makes and ends them in the chat."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.admin.tools import MakeKey, RevokeKey, ToggleScope
from sandbox.client import SandboxClient
from storage.domain import Scope
from storage.errors import Unauthenticated
from tests.flow.bot_running import ADMIN, STAFF, RunningBot, buttons, running_bot

Json = dict[str, Any]
WAIT = 40


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path, config={"secrets_shown": 1.0}) as running:
        yield running


def data_of(message: Json, words: str) -> str:
    found: str = next(one["callback_data"] for one in buttons(message) if words in one["text"])
    return found


async def changed(bot: RunningBot, message: Json, words: str) -> Json:
    """The same message, once it says something else."""
    found = await bot.answers(
        ADMIN, message["message_id"] - 1, until=lambda all_: all_ and words in str(all_[0]), timeout=WAIT
    )
    return found[0]


async def test_a_key_is_put_together_shown_once_and_revoked(bot: RunningBot) -> None:
    assert "No service has a key yet" in (await bot.ask(ADMIN, "/keys", timeout=WAIT))["text"]
    draft = await bot.ask(ADMIN, "/keys crm", timeout=WAIT)
    assert "It may: media:read, media:write" in draft["text"]
    await bot.sandbox.press(ADMIN, draft, data=data_of(draft, "media:write"))
    draft = await changed(bot, draft, "▫️ media:write")
    await bot.sandbox.press(ADMIN, draft, data=data_of(draft, "Expires"))
    draft = await changed(bot, draft, "in 30 days")
    seen = await secret_of(bot, draft)
    identity = await bot.archive.use_cases.keys.identity(seen["text"].split()[-1])
    assert (identity.caller.owner, identity.caller.scopes) == ("service:crm", frozenset({Scope.MEDIA_READ}))
    await changed(bot, draft, "The key for crm is made")
    gone = seen["message_id"]
    await bot.sandbox.wait_for(ADMIN, lambda all_: gone not in {one["message_id"] for one in all_}, timeout=WAIT)
    await bot.press(ADMIN, draft, MakeKey(draft=int(data_of(draft, "Make the key").split(":")[1])).pack())
    listed = await bot.ask(ADMIN, "/keys", timeout=WAIT)
    assert "1 key is valid" in listed["text"]
    assert seen["text"].split()[-1] not in listed["text"]
    await bot.sandbox.press(ADMIN, listed, data=data_of(listed, "crm"))
    sure = await changed(bot, listed, "Really revoke")
    await bot.sandbox.press(ADMIN, sure, data=data_of(sure, "Yes"))
    await changed(bot, sure, "No service has a key yet")
    with pytest.raises(Unauthenticated):
        await bot.archive.use_cases.keys.identity(seen["text"].split()[-1])


async def secret_of(bot: RunningBot, draft: Json) -> Json:
    """Press, and read the secret before it is gone: every state of the chat is looked at."""
    seen: dict[int, Json] = {}

    def shown(messages: list[Json]) -> bool:
        seen.update({one["message_id"]: one for one in messages if "mg_" in one.get("text", "")})
        return bool(seen)

    await bot.sandbox.press(ADMIN, draft, data=data_of(draft, "Make the key"))
    await bot.sandbox.wait_for(ADMIN, shown, timeout=WAIT)
    return next(iter(seen.values()))


@pytest.mark.parametrize("name", ["no spaces", "<b>", "x" * 65, "ключ"])
async def test_a_name_that_is_none_is_said(bot: RunningBot, name: str) -> None:
    assert "up to 64 Latin letters" in (await bot.ask(ADMIN, f"/keys {name}", timeout=WAIT))["text"]


async def test_a_key_that_may_nothing_and_another_ones_draft_are_not_made(bot: RunningBot) -> None:
    draft = await bot.ask(ADMIN, "/keys crm", timeout=WAIT)
    number = int(data_of(draft, "Make the key").split(":")[1])
    await bot.press(STAFF, draft, MakeKey(draft=number).pack())
    await bot.press(ADMIN, draft, ToggleScope(draft=number, scope="EVERYTHING").pack())
    for scope in ("MEDIA_READ", "MEDIA_WRITE"):
        await bot.press(ADMIN, draft, ToggleScope(draft=number, scope=scope).pack())
    refused = await bot.sandbox.press(ADMIN, draft, data=data_of(draft, "Make the key"))
    assert "at least one thing" in refused["text"]
    for data in (MakeKey(draft=2**62).pack(), RevokeKey(id=2**70, sure=True).pack(), RevokeKey(id=7).pack(), "akm:x"):
        await bot.press(ADMIN, draft, data)
    assert await bot.archive.use_cases.keys.list() == []
