"""Keeping what people send: adopt the file, put it on its card, and let captions reach a whole album."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from aiogram import Bot
from aiogram.types import Message

from bot.cards.rows import Place, items_of_album, put_item, told_today
from bot.errors import as_json
from bot.inbox.inbox import Inbox, RawUpdate
from bot.media.incoming import Caption, read_caption, telegram_file
from bot.media.words import Spoken
from bot.saying import react, topic_of
from storage.callers.people import PersonView
from storage.catalog.captioned import Captioned
from storage.catalog.describing import Describing, Said
from storage.domain import MediaId
from storage.errors import MediagateError, QuotaExceeded
from storage.intake.adopting import TelegramFile
from storage.request_numbers import InvalidRequestNumber, RequestNumber, find_request_numbers, parse_loose
from storage.use_cases import UseCases

_NOT_KEPT = "🤷"

_A_BOT = re.compile(r"(?<![\w@/.])@[a-z]\w{1,28}bot\b(?![.@])", re.IGNORECASE)
"""Whom a message in a group is for, says nothing about the file; names of bots end like that."""


class Keeper:
    """Every step may run again: adopting, attaching and the card's rows are the same the second time."""

    def __init__(self, *, bot: Bot, use_cases: UseCases, inbox: Inbox, timezone: tzinfo) -> None:
        self._bot = bot
        self._use_cases = use_cases
        self._describing = Describing(use_cases.sessions)
        self._captioned = Captioned(use_cases.sessions)
        self._inbox = inbox
        self._timezone = timezone

    def file_of(self, message: Message) -> TelegramFile | None:
        return telegram_file(message, bot_id=self._bot.id)

    def caption_of(self, text: str | None) -> Caption:
        """What a text says, with today's date where Mediagate lives."""
        named = _A_BOT.sub(" ", text) if text else text
        return read_caption(named, today=datetime.now(UTC).astimezone(self._timezone).date())

    def number_in(self, text: str) -> RequestNumber | None:
        """The request number that a text is, or has in it."""
        today = datetime.now(UTC).astimezone(self._timezone).date()
        try:
            return parse_loose(text, today)
        except InvalidRequestNumber:
            return next(iter(find_request_numbers(text, today=today)), None)

    async def album_before(self, message: Message, update_id: int) -> list[RawUpdate]:
        """The updates of the message's album that came before this one."""
        if message.media_group_id is None:
            return []
        return await self._inbox.album(update_id, message.chat.id, message.media_group_id)

    async def keep(self, person: PersonView, message: Message, file: TelegramFile, caption: Caption) -> bool:
        """Take the file in and show it on its card, or why it is refused.

        False where the message is of a media that is deleted, or that the person may not see.
        """
        media_id, error, beyond = None, None, False
        numbers, refusals = await self._use_cases.work_orders.gate.sift(caption.numbers)
        caption = replace(caption, numbers=tuple(numbers))
        named = next((as_json(refused) for refused in refusals.values()), None)
        try:
            details = caption.details_of(file.file_type)
            adopted = await self._use_cases.adopting.adopt(person.caller, file, details)
            media_id = adopted.media.id
            if adopted.duplicate:
                await self.describe(person, [media_id], replace(caption, numbers=()), adding=True)
            for number in caption.numbers[1:]:
                await self._use_cases.attaching.attach(person.caller, number, [media_id], category=details.category)
            await self._note_captioned(person, media_id, caption)
        except MediagateError as refusal:
            error = as_json(refusal) | {"filename": file.file_name, "file_type": file.file_type.value}
            beyond = isinstance(refusal, QuotaExceeded) and message.media_group_id is None
        place = Place(
            chat_id=message.chat.id,
            person_id=person.telegram_id,
            language=person.language,
            message_id=message.message_id,
            album=message.media_group_id,
            thread_id=topic_of(message),
            by_staff=person.is_staff,
        )
        async with self._use_cases.sessions.begin() as session:
            told = beyond and await told_today(session, place.chat_id, QuotaExceeded.code)
            if not told:
                await put_item(session, place, media_id=media_id, error=error, refusal=named)
        if told:
            await react(self._bot, message, _NOT_KEPT)
        return media_id is None or bool(await self._use_cases.reading.several(person.caller, [media_id]))

    async def keep_earlier(self, person: PersonView, earlier: Sequence[RawUpdate], caption: Caption) -> None:
        """An album's caption is for those of its files too that came before it."""
        for raw in earlier:
            if "message" in raw:
                message = Message.model_validate(raw["message"], context={"bot": self._bot})
                if (file := self.file_of(message)) is not None:
                    await self._keep_or_describe(person, message, file, caption)

    async def describe(
        self, person: PersonView, ids: Sequence[MediaId], caption: Caption, *, adding: bool = False
    ) -> None:
        """Attach media to the caption's requests, and give them its words: in place of earlier ones, or ``adding``.

        Deleted ones are left alone, and so are the words of media that are others'.
        """
        views = await self._use_cases.reading.several(person.caller, ids)
        there = [view.id for view in views]
        await self._describing.describe(
            person.caller, there, description=caption.description, tags=caption.tags, adding=adding
        )
        for number in caption.numbers:
            await self._use_cases.attaching.attach(person.caller, number, there)

    async def caption_before(self, message: Message, update_id: int) -> Caption | None:
        """What the caption said before this edit of it; None where nobody remembers."""
        before = await self._inbox.before_edit(update_id, message.chat.id, message.message_id)
        return None if before is None else self.caption_of(before.get("caption"))

    async def follow(
        self,
        person: PersonView,
        ids: Sequence[MediaId],
        caption: Caption,
        *,
        before: Caption | None,
        whole: bool,
    ) -> None:
        """The caption was edited: what it says now counts, and its old numbers, words and tags no more.

        Of an album's item without numbers (``whole`` false) no number is taken back: another item may have them.
        Raises why a number that it says now does not count; then the old ones stay.
        """
        views = await self._use_cases.reading.several(person.caller, ids)
        own = [view.id for view in views if person.is_staff or view.owner == person.caller.owner]
        numbers, refusals = await self._use_cases.work_orders.gate.sift(caption.numbers)
        if numbers or (whole and not caption.numbers):
            await self._captioned.follow(person.caller, own, numbers)
        await self._follow_words(person, own, caption, before)
        for refusal in refusals.values():
            raise refusal

    async def _follow_words(
        self, person: PersonView, own: Sequence[MediaId], caption: Caption, before: Caption | None
    ) -> None:
        if before is None:
            await self._describing.describe(person.caller, own, description=caption.description, tags=caption.tags)
            return
        now = Said(caption.description, caption.tags)
        await self._describing.edit(person.caller, own, Said(before.description, before.tags), now)

    async def _note_captioned(self, person: PersonView, media_id: MediaId, caption: Caption) -> None:
        if caption.numbers and not caption.elsewhere:
            await self._captioned.note(person.caller, media_id, caption.numbers)

    async def _keep_or_describe(
        self, person: PersonView, message: Message, file: TelegramFile, caption: Caption
    ) -> None:
        assert message.media_group_id is not None
        async with self._use_cases.sessions.begin() as session:
            shown = await items_of_album(session, message.chat.id, message.media_group_id)
        if message.message_id not in shown:
            await self.keep(person, message, file, caption)
        elif (media_id := shown[message.message_id]) is not None:
            await self.describe(person, [MediaId(media_id)], caption)
            await self._note_captioned(person, MediaId(media_id), caption)


def with_spoken(written: Caption, spoken: Spoken | None, keeper: Keeper) -> Caption:
    """What was said before counts too. Words about other files give way to a file's own."""
    if spoken is None or (spoken.borrowed and written):
        return written
    return written.after(keeper.caption_of(spoken.text))
