"""More than one copy: backup channels are filled, reading falls back to them, and what went missing is put back."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from gateway.cli_refill import refill_now
from gateway.sandbox_process import TOKEN
from sandbox.client import SandboxClient
from storage.domain import CopyState, PartState, Purpose
from storage.engine.captions import parse_manifest
from storage.engine.events import untold_events
from storage.engine.refilling import Refiller
from storage.errors import PartDamaged
from storage.tables import FileRef, Intent, Media, Part, PartCopy, StrayMessage
from storage.telegram.binding import Binder
from storage.telegram.memberships import Memberships
from tests.flow.archives import (
    REPORTS,
    REQUESTS,
    SERVICE,
    RunningArchive,
    count,
    eventually,
    read_back,
    running_archive,
    some_bytes,
    take_in,
)

FIRST, SECOND, NEW = 7_000_000_001, 7_000_000_002, 7_000_000_003
_SECOND_TOKEN = f"{SECOND}:second-bot-token-bbbbbbbbbbbbbbbbbbbbbbbb"
_NEW_TOKEN = f"{NEW}:a-new-bot-token-cccccccccccccccccccccccccc"
_ADMIN, _AZIZA = 1003, 1001


async def backup_channel(sandbox: SandboxClient, title: str = "Backup", bots: Sequence[int] = (FIRST,)) -> int:
    return int((await sandbox.channel(title, creator=_ADMIN, bots=bots))["id"])


async def ours(sandbox: SandboxClient, chat_id: int) -> list[int]:
    """The messages of a channel that carry a manifest."""
    messages = await sandbox.messages(chat_id, limit=1000)
    return [message["message_id"] for message in messages if parse_manifest(message.get("caption"))]


async def copies(running: RunningArchive) -> Sequence[PartCopy]:
    async with running.archive.sessions.begin() as session:
        return (await session.scalars(select(PartCopy).order_by(PartCopy.id))).all()


async def parts(running: RunningArchive) -> Sequence[Part]:
    async with running.archive.sessions.begin() as session:
        return (await session.scalars(select(Part).order_by(Part.id))).all()


async def copied(running: RunningArchive, chat_id: int, number: int) -> None:
    """Wait until ``number`` copies in this channel are verified."""

    async def done() -> bool:
        await running.archive.sweeper.sweep()
        there = [one for one in await copies(running) if one.chat_id == chat_id]
        return len([one for one in there if one.state is CopyState.VERIFIED]) == number == len(there)

    await eventually(done)


async def quiet(running: RunningArchive) -> None:
    """Wait until nothing is open: no intent under way, no stray."""

    async def done() -> bool:
        async with running.archive.sessions.begin() as session:
            open_ones = select(Intent.id).where(Intent.watch_until.is_(None)).limit(1)
            left = await session.scalar(open_ones) or await session.scalar(select(StrayMessage.chat_id).limit(1))
        return left is None

    await eventually(done)


async def test_a_part_and_its_copy_are_made_edited_and_deleted_together(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    backup = await backup_channel(sandbox)
    channels = f"requests={REQUESTS},backup={backup}"
    given = {"channels": channels, "part_size": "64KiB", "delete_grace": "0"}
    async with running_archive(database_url, sandbox, tmp_path, **given) as running:
        media_id = (await take_in(running, some_bytes(150_000))).media.id
        await copied(running, backup, 3)
        originals = {one["message_id"]: one for one in await sandbox.messages(REQUESTS)}
        messages = {one["message_id"]: one for one in await sandbox.messages(backup)}
        for part, copy in zip(await parts(running), await copies(running), strict=True):
            assert part.message_id is not None
            assert copy.message_id is not None
            original, message = originals[part.message_id], messages[copy.message_id]
            assert message["caption"] == original["caption"]
            assert message["document"]["file_unique_id"] == original["document"]["file_unique_id"]
            assert "forward_origin" not in message
        sent = (await sandbox.stats())["calls"]
        assert sent["sendDocument"] == sent["copyMessage"] == 3
        await running.archive.use_cases.editing.tag(SERVICE, media_id, ["changed"], replace=False)

        async def edited() -> bool:
            captions = [one.get("caption") or "" for one in await sandbox.messages(backup)]
            return len([text for text in captions if "#changed" in text]) == 3

        await eventually(edited)
        await running.archive.use_cases.deleting.delete(SERVICE, media_id)

        async def deleted() -> bool:
            return not await ours(sandbox, backup) and not await ours(sandbox, REQUESTS)

        await eventually(deleted)
        assert await count(running, PartCopy) == 0


async def test_backups_that_are_bound_later_are_filled_and_those_unbound_are_left(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Each backup channel gets a copy of everything; what a former one has is still read, and still deleted."""
    data = some_bytes(40_000)
    async with running_archive(database_url, sandbox, tmp_path, channels=f"requests={REQUESTS}") as running:
        media_id = (await take_in(running, data)).media.id
        await running.archive.sweeper.sweep()
        assert await copies(running) == []
        one, other = await backup_channel(sandbox), await backup_channel(sandbox, "Other")
        binder = Binder(sessions=running.archive.sessions, bot=running.bot)
        await binder.bind({Purpose.BACKUP: (one, other)})
        await copied(running, one, 1)
        await copied(running, other, 1)
        await binder.bind({Purpose.BACKUP: (other,)})
        await take_in(running, some_bytes(40_000, seed=2))
        await copied(running, other, 2)
        assert len(await ours(sandbox, one)) == 1
        await running.archive.use_cases.deleting.delete(SERVICE, media_id)
        await _grace_is_over(running, media_id)

        async def deleted() -> bool:
            return not await ours(sandbox, one) and len(await ours(sandbox, other)) == 1

        await eventually(deleted)


async def _grace_is_over(running: RunningArchive, media_id: int) -> None:
    async with running.archive.sessions.begin() as session:
        await session.execute(update(Media).where(Media.id == media_id).values(delete_after=func.now()))
    await running.archive.sweeper.sweep()


async def empty(sandbox: SandboxClient, running: RunningArchive, chat_id: int) -> None:
    """Somebody deletes everything in the channel, and what bots knew of its files is good no more."""
    for message_id in await ours(sandbox, chat_id):
        await sandbox.delete(chat_id, message_id)
    async with running.archive.sessions.begin() as session:
        emptied = select(Part.id).where(Part.chat_id == chat_id)
        await session.execute(delete(FileRef).where(FileRef.part_id.in_(emptied)))


async def all_in(running: RunningArchive, sandbox: SandboxClient, chat_id: int) -> None:
    """Wait until each part is stored in the channel, and nothing else of ours is in it."""

    async def done() -> bool:
        await running.archive.sweeper.sweep()
        rows = await parts(running)
        if {(part.state, part.chat_id) for part in rows} != {(PartState.STORED, chat_id)}:
            return False
        return sorted(part.message_id or 0 for part in rows) == await ours(sandbox, chat_id)

    await eventually(done)


async def test_what_was_deleted_by_hand_is_read_from_the_copy_and_put_back(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    backup = await backup_channel(sandbox)
    given = {"channels": f"requests={REQUESTS},backup={backup}", "part_size": "64KiB", "part_cache_max_bytes": "0"}
    data, short = some_bytes(150_000), some_bytes(20_000, seed=2)
    async with running_archive(database_url, sandbox, tmp_path, **given) as running:
        media_id, short_id = [(await take_in(running, one)).media.id for one in (data, short)]
        await copied(running, backup, 4)
        await empty(sandbox, running, REQUESTS)
        uploads = (await sandbox.stats())["calls"]["sendDocument"]
        await sandbox.start(_AZIZA)
        sent = await running.archive.use_cases.sending.send(SERVICE, short_id, _AZIZA, text=None)
        assert sent.chat_id == _AZIZA
        assert await read_back(running, media_id) == data
        assert await read_back(running, media_id, 70_000, 80_000) == data[70_000:80_000]
        await all_in(running, sandbox, REQUESTS)
        await quiet(running)
        assert await read_back(running, media_id) == data
        assert (await sandbox.stats())["calls"]["sendDocument"] == uploads  # no byte was moved
        async with running.archive.sessions.begin() as session:
            kinds = [event.kind for event in await untold_events(session)]
        assert sorted(kinds) == ["part_damaged"] * 4 + ["part_repaired"] * 4
        assert len(await ours(sandbox, backup)) == 4
        for message_id in await ours(sandbox, backup):
            await sandbox.delete(backup, message_id)
        async with running.archive.sessions.begin() as session:
            await session.execute(delete(FileRef))
            await session.execute(update(PartCopy).values(file_id=None))
        await empty(sandbox, running, REQUESTS)
        with pytest.raises(PartDamaged):
            await read_back(running, media_id)


async def test_a_lost_bot_and_lost_channels_in_the_middle_of_load(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """A bot is revoked; a channel is emptied; then the channels and every bot are gone: a new one fills new ones."""
    await sandbox.bot(token=_SECOND_TOKEN)
    for chat_id in (REQUESTS, REPORTS):
        await sandbox.member(chat_id, SECOND, "administrator")
    backup = await backup_channel(sandbox, bots=(FIRST, SECOND))
    given = {"part_size": "64KiB", "part_cache_max_bytes": "0"}
    channels = f"requests={REQUESTS}+{REPORTS},backup={backup}"
    files = {}
    both = {"bot_tokens": f"{TOKEN},{_SECOND_TOKEN}", "channels": channels}
    async with running_archive(database_url, sandbox, tmp_path, **given, **both) as running:

        async def load(seeds: range) -> None:
            for seed in seeds:
                data = some_bytes(90_000, seed=seed)
                files[(await take_in(running, data)).media.id] = data

        async with asyncio.TaskGroup() as group:
            group.create_task(load(range(3)))
            group.create_task(load(range(3, 6)))
            await sandbox.add_fault("revoked", bot=SECOND)
        for media_id, data in files.items():
            assert await read_back(running, media_id) == data
        await copied(running, backup, 12)
        async with asyncio.TaskGroup() as group:
            group.create_task(load(range(6, 7)))
            await empty(sandbox, running, REQUESTS)
            for media_id, data in [*files.items()]:
                group.create_task(_reads(running, media_id, data))
        await copied(running, backup, 14)
        await quiet(running)
    await _everything_gone(sandbox, (REQUESTS, REPORTS), (FIRST, SECOND))
    await sandbox.bot(token=_NEW_TOKEN)
    await sandbox.member(backup, NEW, "administrator")
    fresh, spare = (
        await backup_channel(sandbox, "New", bots=(NEW,)),
        await backup_channel(sandbox, "Spare", bots=(NEW,)),
    )
    anew = {"bot_tokens": _NEW_TOKEN, "channels": f"requests={fresh},backup={backup}+{spare}"}
    async with running_archive(database_url, sandbox, tmp_path, **given, **anew) as running:
        for media_id, data in files.items():
            assert await read_back(running, media_id) == data
        done = await refill_now(_refiller(running), list(Purpose), plan=False)
        assert sum(one["parts"] for one in done["out_of_reach"]) == done["wanted"] == 14
        assert done["left"][0]["lanes"] == 1
        await all_in(running, sandbox, fresh)
        await copied(running, spare, 14)
        assert (await refill_now(_refiller(running), list(Purpose), plan=False))["left"] == []
        for media_id, data in files.items():
            assert await read_back(running, media_id) == data
        assert len(await ours(sandbox, backup)) == 14


async def _reads(running: RunningArchive, media_id: int, data: bytes) -> None:
    assert await read_back(running, media_id) == data


async def _everything_gone(sandbox: SandboxClient, channels: Sequence[int], bots: Sequence[int] = (FIRST,)) -> None:
    """The bots are revoked, and the channels are not there for anybody any more."""
    for bot_id in bots:
        await sandbox.add_fault("revoked", bot=bot_id)
    for chat_id in channels:
        for message_id in await ours(sandbox, chat_id):
            await sandbox.delete(chat_id, message_id)
        for bot_id in bots:
            await sandbox.member(chat_id, bot_id, "kicked")


def _refiller(running: RunningArchive) -> Refiller:
    return Refiller(sessions=running.archive.sessions, members=Memberships([running.bot]), assumed_rate=20)


async def test_everything_gone_but_the_mirror(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """No channel, no bot, no copy: a new bot ships what the mirror has into new channels."""
    data = some_bytes(90_000)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    given = {"part_size": "64KiB", "part_cache_max_bytes": "0", "mirror": str(mirror)}
    async with running_archive(database_url, sandbox, tmp_path, channels=f"requests={REQUESTS}", **given) as running:
        media_id = (await take_in(running, data)).media.id
    await _everything_gone(sandbox, (REQUESTS,))
    await sandbox.bot(token=_NEW_TOKEN)
    fresh = await backup_channel(sandbox, "New", bots=(NEW,))
    anew = {"bot_tokens": _NEW_TOKEN, "channels": f"requests={fresh}"}
    async with running_archive(database_url, sandbox, tmp_path, **given, **anew) as running:
        done = await refill_now(_refiller(running), [Purpose.REPORTS], plan=False)
        assert (done["out_of_reach"], done["wanted"]) == ([], 0)
        plan = await refill_now(_refiller(running), [Purpose.REQUESTS], plan=True)
        assert (plan["wanted"], plan["left"][0]["parts"], plan["left"][0]["minutes"]) == (0, 2, 1)
        assert (await refill_now(_refiller(running), [Purpose.REQUESTS], plan=False))["wanted"] == 2
        await all_in(running, sandbox, fresh)
        mirror.rename(tmp_path / "away")
        assert await read_back(running, media_id) == data
