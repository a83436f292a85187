"""Keeping plain files of many people in one transaction: the rules of `Keeper`, over what was read for all of them.

What the rules make of a file that is not plain after all (a duplicate, a request number, a quota) is left to `Keeper`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiogram import Bot
from aiogram.types import Message, User
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cards.rows import Place, put_new
from bot.conversations import Conversations
from bot.inbox.inbox import Claimed
from bot.media.keeping import Keeper, with_spoken
from bot.media.words import Words, note_file
from storage.callers.people import People, PersonView
from storage.callers.quotas import Charge, charge_all
from storage.errors import MediagateError
from storage.intake.adopting import Adopting
from storage.intake.telegram_files import Taking, TelegramFile
from storage.tables import SpokenWords

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """A file that somebody sent, as far as its update says."""

    update_id: int
    message: Message
    user: User
    file: TelegramFile


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    sent: _File
    person: PersonView
    taking: Taking


class TogetherKeeper:
    """Implements `bot.inbox.files.Keep`."""

    def __init__(
        self,
        *,
        bot: Bot,
        keeper: Keeper,
        adopting: Adopting,
        people: People,
        conversations: Conversations,
        words: Words,
    ) -> None:
        self._bot = bot
        self._keeper = keeper
        self._adopting = adopting
        self._people = people
        self._conversations = conversations
        self._words = words

    async def keep(self, session: AsyncSession, updates: Sequence[Claimed]) -> set[int]:
        """Keep what is plain, up to each chat's first file that is not; returns the ids of its updates."""
        runs = _runs([file for update in updates if (file := self._read(update)) is not None], updates)
        kept = await self._judged(session, runs)
        kept = await self._charged(session, kept)
        if not kept:
            return set()
        ids = await self._adopting.add(session, [one.taking for one in kept])
        await put_new(session, [(_place(one), media_id) for one, media_id in zip(kept, ids, strict=True)])
        for one in kept:
            log.info(
                "update_handled", update_id=one.sent.update_id, chat_id=one.sent.message.chat.id,
                person_id=one.person.telegram_id, kind="message", outcome="kept",
            )  # fmt: skip
        return {one.sent.update_id for one in kept}

    def _read(self, update: Claimed) -> _File | None:
        try:
            message = Message.model_validate(update.payload["message"], context={"bot": self._bot})
        except ValidationError:
            return None
        file = self._keeper.file_of(message)
        if file is None or message.from_user is None:
            return None
        return _File(update_id=update.update_id, message=message, user=message.from_user, file=file)

    async def _judged(self, session: AsyncSession, runs: Mapping[int, Sequence[_File]]) -> list[_Kept]:
        sent = [one for run in runs.values() for one in run]
        if not sent:
            return []
        people = await self._people.meet_known(session, [one.user for one in sent])
        busy = await self._conversations.busy(session, runs.keys())
        known = [one for one in sent if one.user.id in people and people[one.user.id].admitted]
        seen = await self._adopting.seen(session, [(people[one.user.id].caller, one.file) for one in known])
        fresh = {one.update_id for at, one in enumerate(known) if at not in seen}
        spoken = await self._words.rows(session, [(one.message.chat.id, one.user.id) for one in known])
        kept = []
        for chat_id, run in runs.items():
            for one in run:
                plain = one.update_id in fresh and chat_id not in busy
                taking = self._taking(one, people[one.user.id], spoken[chat_id, one.user.id]) if plain else None
                if taking is None:
                    break
                kept.append(_Kept(sent=one, person=people[one.user.id], taking=taking))
        return sorted(kept, key=lambda one: one.sent.update_id)

    def _taking(self, sent: _File, person: PersonView, spoken: SpokenWords) -> Taking | None:
        """None where the file, or what is said about it, is not plain."""
        written = self._keeper.caption_of(sent.message.caption)
        written = with_spoken(written, note_file(spoken, sent.message), self._keeper)
        if written.numbers:
            return None
        try:
            return self._adopting.taking(person.caller, sent.file, written.details_of(sent.file.file_type))
        except MediagateError:
            return None

    async def _charged(self, session: AsyncSession, kept: Sequence[_Kept]) -> list[_Kept]:
        """Without the files of those whose quota does not bear them all."""
        by_owner: dict[str, list[_Kept]] = defaultdict(list)
        for one in kept:
            by_owner[one.taking.caller.owner].append(one)
        charges = [
            Charge(caller=own[0].taking.caller, files=len(own), size=sum(one.sent.file.file_size or 0 for one in own))
            for own in by_owner.values()
        ]
        refused = await charge_all(session, charges)
        return [one for one in kept if one.taking.caller.owner not in refused]


def _runs(files: Sequence[_File], updates: Sequence[Claimed]) -> dict[int, list[_File]]:
    """The files by their chats, each up to the first update that could not be read."""
    readable = {file.update_id: file for file in files}
    runs: dict[int, list[_File]] = defaultdict(list)
    ended = set()
    for update in updates:
        if update.update_id not in readable:
            ended.add(update.chat_key)
        elif update.chat_key not in ended:
            runs[update.chat_key].append(readable[update.update_id])
    return runs


def _place(kept: _Kept) -> Place:
    return Place(
        chat_id=kept.sent.message.chat.id,
        person_id=kept.person.telegram_id,
        language=kept.person.language,
        message_id=kept.sent.message.message_id,
        album=None,
        by_staff=kept.person.is_staff,
    )
