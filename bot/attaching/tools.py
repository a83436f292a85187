"""What the handlers of attaching share: the use cases, today's date, and how they say what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from aiogram import Bot
from aiogram.fsm.context import FSMContext
from aiogram.types import InlineKeyboardMarkup, MaybeInaccessibleMessageUnion, Message
from sqlalchemy import select

from bot.attaching.offering import Offers, undo_change_keyboard
from bot.attaching.sessions import AttachSessions, Session
from bot.attaching.words import Asked, read_asked
from bot.conversations import Conversations
from bot.lines import numbers_text
from bot.media.keeping import Keeper
from bot.saying import PRIVATE, say
from bot.staff.groups import DONE, Reactions
from bot.texts import Texts
from storage.callers.groups import Groups
from storage.callers.people import PersonView
from storage.catalog.rearranging import Change, Rearranging
from storage.catalog.recent_requests import RecentRequests
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, MediaId, Stage
from storage.request_numbers import RequestNumber
from storage.tables import Card, CardItem, Media
from storage.use_cases import UseCases


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachTools:
    bot: Bot
    use_cases: UseCases
    keeper: Keeper
    rearranging: Rearranging
    recent: RecentRequests
    offers: Offers
    sessions: AttachSessions
    reactions: Reactions
    timezone: tzinfo

    def today(self) -> date:
        return datetime.now(UTC).astimezone(self.timezone).date()

    async def sweep(self) -> None:
        """Every minute."""
        await self.sessions.sweep()
        await self.rearranging.forget()

    def read(self, args: str | None, *, number_first: bool = True) -> Asked:
        """See `read_asked`."""
        return read_asked(args, today=self.today(), number_first=number_first)

    async def admitted(self, number: RequestNumber) -> RequestNumber:
        """The number that the request has now. Raises why nothing can be attached to it."""
        numbers, refusals = await self.use_cases.work_orders.gate.sift([number])
        for refusal in refusals.values():
            raise refusal
        return numbers[0]

    async def targets(self, message: Message, asked: Asked, person: PersonView) -> list[MediaId]:
        """The media that a command is about: by ids, the last ones, or what it replies to. Visible ones.

        Raises what `Reading.media` raises for ids.
        """
        if asked.ids:
            return [(await self.use_cases.reading.media(person.caller, one)).id for one in asked.ids]
        if asked.last is not None:
            return await _last(self.use_cases.sessions, person, message.chat.id, asked.last)
        return [] if message.reply_to_message is None else await self.behind(message.reply_to_message, person)

    async def behind(self, reply: Message, person: PersonView) -> list[MediaId]:
        """What a message stands for: of an album, or its card, all."""
        views = await self.use_cases.reading.behind_message(person.caller, reply.chat.id, reply.message_id)
        return [view.id for view in views]

    async def take(self, state: FSMContext, session: Session, message: Message, person: PersonView) -> None:
        """A file that was kept belongs to the session; what was there before, too, in the session's stage."""
        ids = await self._kept(message, person)
        numbers, _ = await self.use_cases.work_orders.gate.sift([session.number])
        if ids and numbers:  # else the card says why not
            await self.rearranging.attach(person.caller, [session.number], ids, stage=session.stage)
        await self.sessions.note(state, session, *ids)

    async def _kept(self, message: Message, person: PersonView) -> list[MediaId]:
        """What the message stands for on its card: it may be a media that was sent before."""
        query = select(CardItem.media_id).join(Card).where(Card.chat_id == message.chat.id)
        async with self.use_cases.sessions.begin() as session:
            found = (await session.scalars(query.where(CardItem.message_id == message.message_id))).all()
        views = await self.use_cases.reading.several(person.caller, [MediaId(one) for one in found if one is not None])
        return [view.id for view in views]

    async def tell_attached(
        self,
        message: MaybeInaccessibleMessageUnion,
        texts: Texts,
        change: Change,
        stage: Stage | None = None,
    ) -> None:
        """One answer for all, with the count and the way back; in a group that it was done needs no words."""
        if isinstance(message, Message) and change.count and message.chat.type != PRIVATE:
            given = message.from_user is not None and message.from_user.id != self.bot.id
            if given and await self.reactions.react(message.chat.id, message.message_id, DONE):
                return
        target = target_text(texts, change.numbers, stage)
        text = texts("attach-done", number=target, count=change.count)
        shown = text if change.count else texts("attach-already", number=target)
        await say(self.bot, message, shown, undo_of(texts, change))


def attach_tools(
    *,
    bot: Bot,
    use_cases: UseCases,
    keeper: Keeper,
    conversations: Conversations,
    groups: Groups,
    clock: Clock,
    timezone: tzinfo,
) -> AttachTools:
    """Assemble them."""
    sessions = use_cases.sessions
    return AttachTools(
        bot=bot,
        use_cases=use_cases,
        keeper=keeper,
        rearranging=Rearranging(sessions, use_cases.work_orders.gate),
        recent=RecentRequests(sessions),
        offers=Offers(sessions),
        sessions=AttachSessions(sessions, conversations, clock),
        reactions=Reactions(bot, groups),
        timezone=timezone,
    )


def means_media(message: Message, asked: Asked) -> bool:
    """Whether a command is about certain media, rather than about what comes next."""
    return message.reply_to_message is not None or asked.last is not None or bool(asked.ids)


def undo_of(texts: Texts, change: Change) -> InlineKeyboardMarkup | None:
    return None if change.id is None else undo_change_keyboard(texts, change.id)


def target_text(texts: Texts, numbers: Sequence[RequestNumber], stage: Stage | None = None) -> str:
    """``250926-001``, ``250926-001 · after``: a value for texts."""
    shown = numbers_text(numbers)
    return shown if stage is None else texts.plain(f"attach-{stage}", number=shown)


def summary_text(texts: Texts, session: Session, count: int) -> str:
    """What a session came to."""
    target = target_text(texts, [session.number], session.stage)
    return texts("session-summary", number=target, count=count) if count else texts("session-empty", number=target)


async def _last(sessions: Sessions, person: PersonView, chat_id: int, most: int) -> list[MediaId]:
    mine = (Media.owner == person.caller.owner) & (Media.source_chat_id == chat_id) & Media.status.not_in(GONE)
    query = select(Media.id).where(mine).order_by(Media.source_message_id.desc()).limit(most)
    async with sessions.begin() as session:
        return [MediaId(media_id) for media_id in await session.scalars(query)]
