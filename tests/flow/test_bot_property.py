"""Whatever several people do in whatever order: nothing goes wrong, and nobody sees what is not theirs."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from sandbox.client import SandboxClient, SandboxError
from sandbox.config import SandboxConfig
from sandbox.server import running
from tests import media
from tests.flow.bot_running import ADMIN, BOT_ID, GROUP, STAFF, Json, RunningBot, buttons, running_bot

ANNA, BORIS, BYSTANDER = 2001, 2002, 2003
TENANTS = (ANNA, BORIS)
PEOPLE = (*TENANTS, STAFF, ADMIN)
COMMANDS = (
    *(
        "/start",
        "/help",
        "/my",
        "/language",
        "/cancel",
        "/privacy",
        "/usage",
        "/done",
        "/request",
        "/attach",
        "/nonsense",
    ),
    *("/request 250926-001", "/attach 250926-001", "/attach 250926-002", "/detach", "/move 250926-002", "/report"),
    *("250926-001", "hello", "x" * 4096, "<b>", "😀", "/find code", "/start r_250926-001", "/start m_1"),
)
BY_ID = ("/get {}", "/delete {}", "/link {}", "/history {}", "/start m_{}")
MADE_UP = ("del:{}:1", "del:{}:0", "undo:{}:1", "get:{}", "req:250926-001:0", "my:0", "lang:en", "nonsense:{}")

people = st.sampled_from(PEOPLE)
numbers = st.integers(0, 60)
steps = st.one_of(
    st.tuples(st.just("say"), people, st.sampled_from(COMMANDS), st.booleans()),
    st.tuples(st.just("say_id"), people, st.sampled_from(BY_ID), numbers),
    st.tuples(st.just("send"), people, st.sampled_from(["", "250926-001", "#tag", "№ 250926 2"]), st.booleans()),
    st.tuples(st.just("album"), people, st.sampled_from(["", "250926-001"]), numbers),
    st.tuples(st.just("reply"), people, st.sampled_from(["/attach 250926-001", "250926-002", "roof"]), numbers),
    st.tuples(st.just("edit"), people, st.sampled_from(["250926-001", "/delete 1", "roof"]), numbers),
    st.tuples(st.just("press"), people, people, numbers),
    st.tuples(st.just("forge"), people, st.sampled_from(MADE_UP), numbers),
    st.tuples(st.just("repeat"), people, st.just(""), numbers),
    st.tuples(st.just("block"), st.sampled_from(TENANTS), st.just(""), st.booleans()),
    st.tuples(st.just("restart"), people, st.just(""), st.integers(0, 3)),
)


@dataclass
class World:
    """A running bot, and what each person sent: marks that stand in captions, and the files."""

    given: tuple[str, SandboxClient, Path]
    bot: RunningBot = field(init=False)
    sent: dict[int, list[Json]] = field(default_factory=lambda: {person: [] for person in PEOPLE})
    count: int = 0
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def sandbox(self) -> SandboxClient:
        return self.given[1]

    async def start(self) -> None:
        self.bot = await self.stack.enter_async_context(running_bot(*self.given, delete_grace="1s"))

    async def take(self, kind: str, person: int, what: Any, which: Any) -> None:
        """One step; what the sandbox itself refuses (a blocked bot, a message that is gone) does not happen."""
        try:
            await getattr(self, f"_{kind}")(person, what, which)
        except SandboxError as refusal:
            assert refusal.status in (400, 403, 404), refusal  # noqa: PT017 -- any other is a fault of the sandbox

    async def _say(self, person: int, text: str, aloud: bool) -> None:
        in_group = aloud and person not in TENANTS
        self._note(person, await self.sandbox.send_text(person, text, chat=GROUP if in_group else None))

    async def _say_id(self, person: int, text: str, number: int) -> None:
        await self.sandbox.send_text(person, text.format(number))

    async def _send(self, person: int, caption: str, aloud: bool) -> None:
        in_group = aloud and person not in TENANTS
        chat = GROUP if in_group else None
        (message,) = await self.sandbox.send_files(
            person, self._files(1), chat=chat, caption=self._mark(person, caption)
        )
        self._note(person, message)

    async def _album(self, person: int, caption: str, number: int) -> None:
        files = self._files(2 + number % 2)
        for message in await self.sandbox.send_files(person, files, caption=self._mark(person, caption)):
            self._note(person, message)

    async def _reply(self, person: int, text: str, number: int) -> None:
        target = await self._some_message(person, number)
        await self.sandbox.send_text(person, text, reply_to=target["message_id"])

    async def _edit(self, person: int, text: str, number: int) -> None:
        if own := self.sent[person]:
            message = own[number % len(own)]
            what: dict[str, Any] = {"caption": self._mark(person, text)} if "caption" in message else {"text": text}
            await self.sandbox.edit(message["chat"]["id"], message["message_id"], person, **what)

    async def _press(self, person: int, whose: int, number: int) -> None:
        """Any button that any person was shown, by anybody."""
        shown = [one for one in await self.seen_by(whose) if any("callback_data" in key for key in buttons(one))]
        if shown:
            message = shown[number % len(shown)]
            data = [key["callback_data"] for key in buttons(message) if "callback_data" in key]
            await self.bot.press(person, message, data[number % len(data)])

    async def _forge(self, person: int, data: str, number: int) -> None:
        await self.bot.press(person, await self._some_message(person, number), data.format(number))

    async def _repeat(self, person: int, _what: str, number: int) -> None:
        """Telegram brings a message again, under another update's id."""
        if own := self.sent[person]:
            message = own[number % len(own)]
            await self.bot.feed(
                {"message": {name: value for name, value in message.items() if name not in _SHOWN_ONLY}}
            )

    async def _block(self, person: int, _what: str, again: bool) -> None:
        await self.sandbox.change_person(person, blocked_bots=[BOT_ID] if again else [])

    async def _restart(self, _person: int, _what: str, number: int) -> None:
        if not number:  # it takes as long as twenty other steps
            await self.stack.aclose()
            await self.start()

    async def seen_by(self, person: int) -> list[Json]:
        return [one for one in await self.sandbox.messages(person, limit=1000) if one["from"]["id"] == BOT_ID]

    async def nobody_saw_what_is_not_theirs(self) -> None:
        for person, other in ((ANNA, BORIS), (BORIS, ANNA)):
            shown = await self.seen_by(person)
            assert _mark_of(other) not in str(shown)
            assert _mark_of(STAFF) not in str(shown)
            files = {one["photo"][-1]["file_unique_id"] for one in self.sent[other] if "photo" in one}
            assert not [one for one in shown if one.get("photo", [{}])[-1].get("file_unique_id") in files]
        assert await self.sandbox.messages(BYSTANDER) == []

    async def _some_message(self, person: int, number: int) -> Json:
        messages = await self.sandbox.messages(person, limit=1000) or [await self.sandbox.send_text(person, "hello")]
        return messages[number % len(messages)]

    def _mark(self, person: int, caption: str) -> str:
        return f"{_mark_of(person)} {caption}".strip()

    def _files(self, count: int) -> list[Path]:
        """Each a picture of its own."""
        paths = []
        for _ in range(count):
            self.count += 1
            paths.append(media.jpeg(self.given[2], width=60 + self.count, height=40))
        return paths

    def _note(self, person: int, message: Json) -> None:
        self.sent[person].append(message)


_SHOWN_ONLY = ("edited", "reactions")
"""Fields that the sandbox's chats have beside those of the Bot API."""


def _mark_of(person: int) -> str:
    return f"code-of-{person}"


@contextmanager
def world_of(postgres: str, tmp_path: Path) -> Iterator[tuple[World, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        server = runner.run(stack.enter_async_context(running(SandboxConfig(data_dir=tmp_path / "s", flood=False))))
        sandbox = runner.run(stack.enter_async_context(SandboxClient(server.url)))
        world = World((runner.run(_database(postgres)), sandbox, tmp_path))
        for person in (*TENANTS, BYSTANDER, STAFF):
            runner.run(sandbox.person(person, first_name="Somebody", language_code="en"))
        runner.run(world.start())
        try:
            yield world, runner
        finally:
            runner.run(world.stack.aclose())
            runner.run(stack.aclose())


async def _database(server: str) -> str:
    """A migrated database on the server; it goes with the server."""
    url = make_url(server)
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    await connection.execute("CREATE DATABASE bot_property TEMPLATE mediagate_template")
    await connection.close()
    return url.set(database="bot_property").render_as_string(hide_password=False)


async def play(world: World, acts: list[tuple[str, int, Any, Any]]) -> None:
    for kind, person, what, which in acts:
        await world.take(kind, person, what, which)
    for person in TENANTS:
        await world.sandbox.change_person(person, blocked_bots=[])
    await world.bot.calm()
    await world.nobody_saw_what_is_not_theirs()


def test_nothing_goes_wrong_and_nobody_sees_what_is_not_theirs(postgres: str, tmp_path: Path) -> None:
    """One history grows over all examples: what was done before is part of what may go wrong."""
    with world_of(postgres, tmp_path) as (world, runner):

        @settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(st.lists(steps, min_size=5, max_size=12))
        def hold(acts: list[tuple[str, int, Any, Any]]) -> None:
            runner.run(play(world, acts))

        hold()
