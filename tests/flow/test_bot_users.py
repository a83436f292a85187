"""People the User Service knows, in the chat: let in by their number, linked by a code, with a picture."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.callers.people import Access, People
from storage.domain import Caller, Scope
from storage.tables import AccountLink, Avatar, Person
from tests import media
from tests.flow.archives import eventually
from tests.flow.bot_running import STAFF, TENANT, RunningBot, running_bot
from tests.flow.test_bot_people import contact
from tests.peers.users import TOKEN, UserPeer, running_users

ANNA = Caller.user("42", frozenset({Scope.MEDIA_READ, Scope.MEDIA_WRITE}))


@pytest.fixture
async def peer() -> AsyncIterator[UserPeer]:
    async with running_users() as running:
        yield running


@pytest.fixture
async def bot(peer: UserPeer, database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(
        database_url,
        sandbox,
        tmp_path,
        config={"access": Access.INVITE},
        user_service_url=peer.url,
        user_service_token=TOKEN,
    ) as running:
        yield running


async def person(bot: RunningBot, telegram_id: int) -> Person | None:
    async with bot.sessions.begin() as session:
        return await session.get(Person, telegram_id)


async def test_a_known_number_lets_in_and_says_who_it_is(
    bot: RunningBot, peer: UserPeer, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """First the service is away, then it does not know the number, then it does."""
    asked = await bot.ask(TENANT, "/start")
    assert asked["reply_markup"]["keyboard"][0][0]["request_contact"]
    peer.mood.says = "forbids"
    await bot.door.accept_update(contact(1, TENANT))
    await said(bot, "bir necha daqiqadan keyin")
    peer.mood.says = "fine"
    await bot.door.accept_update(contact(2, TENANT))
    await said(bot, "topilmadi")
    assert (met := await person(bot, TENANT)) is not None
    assert met.admitted_at is None
    peer.people["42"] = {"name": "Aziza Karimova", "language": "ru", "phone": "+998901111001"}
    await bot.door.accept_update(contact(3, TENANT))
    await said(bot, "Aziza Karimova")
    known = await person(bot, TENANT)
    assert known is not None
    assert (known.user_id, known.language, known.admitted_at is not None) == ("42", "ru", True)

    await bot.ask(TENANT, "/avatar")
    await said(bot, "В вашем профиле Telegram фотографии не нашлось")
    await profile_photo(sandbox, TENANT, media.jpeg(tmp_path))
    await bot.ask(TENANT, "/avatar")
    await said(bot, "Теперь это ваше фото")
    sent = (await sandbox.send_files(TENANT, [media.png(tmp_path)], kind="document"))[0]
    await bot.ask(TENANT, "/avatar", reply_to=sent["message_id"])

    async def told() -> bool:
        return peer.avatars.get("42", {}).get("version") == 2

    await eventually(told)
    async with bot.sessions.begin() as session:
        avatar = await session.get(Avatar, "42")
    assert avatar is not None
    await bot.calm()


async def test_a_code_links_after_a_press_and_unlink_ends_it(bot: RunningBot, peer: UserPeer) -> None:
    peer.people["42"] = {"name": "Anna <b>Petrova", "language": "en"}
    accounts = bot.archive.use_cases.accounts
    code = (await accounts.offer(ANNA)).code
    bot.archive.use_cases.profiles.want({"42"})
    await eventually(lambda: named(bot, code))
    shown = await bot.ask(TENANT, f"/start {code}")
    assert "Anna <b>Petrova" in shown["text"]
    yes, no = (row[0]["callback_data"] for row in shown["reply_markup"]["inline_keyboard"])
    await bot.press(TENANT, shown, no)
    await changed(bot, shown, "nothing has changed")
    assert await bot.archive.use_cases.accounts.claim(code) is not None
    await bot.press(TENANT, shown, yes)
    await changed(bot, shown, "Anna <b>Petrova")
    async with bot.sessions.begin() as session:
        assert (await session.scalar(select(AccountLink.user_id))) == "42"
    met = await People(bot.sessions, access=Access.INVITE).meet(_Somebody())
    assert (met.admitted, met.first_name, met.caller.owners) == (True, "Anna <b>Petrova", ("telegram:1001", "user:42"))
    await bot.press(STAFF, shown, yes)  # used up: somebody else's press takes nothing over
    now = await accounts.current(ANNA, bot.door.role_of)
    assert now.also == "telegram:1001"
    assert "no longer connected" in (await bot.ask(TENANT, "/unlink"))["text"]
    assert (await accounts.current(ANNA, bot.door.role_of)) is ANNA
    assert "hech kimga" in (await bot.ask(TENANT, "/unlink"))["text"]
    over = await bot.ask(TENANT, f"/start {code}")
    assert "muddati tugagan" in over["text"]
    await bot.calm()


class _Somebody:
    id, first_name, username, language_code = TENANT, "Aziza", None, "uz"


async def named(bot: RunningBot, code: str) -> bool:
    claim = await bot.archive.use_cases.accounts.claim(code)
    return claim is not None and claim.name is not None


async def said(bot: RunningBot, words: str) -> None:
    await bot.answers(TENANT, until=lambda found: any(words in one.get("text", "") for one in found))


async def changed(bot: RunningBot, message: dict[str, Any], words: str) -> None:
    def shows(found: list[dict[str, Any]]) -> bool:
        return any(one["message_id"] == message["message_id"] and words in one["text"] for one in found)

    await bot.answers(TENANT, until=shows)


async def profile_photo(sandbox: SandboxClient, telegram_id: int, path: Path) -> None:
    form = aiohttp.FormData()
    form.add_field("file", path.read_bytes(), filename=path.name)
    async with (
        aiohttp.ClientSession(sandbox.base_url) as client,
        client.post(f"/control/people/{telegram_id}/photo", data=form) as response,
    ):
        assert response.status == 200, await response.text()
