"""What people say beside their files: words that describe, the number of a request, the button *Describe*."""

from datetime import tzinfo

from aiogram import Bot, F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from bot.attaching.sessions import AttachSession
from bot.attaching.tools import AttachTools
from bot.keyboards import AttachTo, CancelDialogue, NumberCard, UploadPage, WordCard, dialogue_keyboard
from bot.media.invitations import offer_upload
from bot.media.keeping import Keeper
from bot.media.words import Words
from bot.routers.attach_sessions import end_session
from bot.saying import PRIVATE, change, react, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.domain import MediaId
from storage.errors import MediaNotFound
from storage.request_numbers import RequestNumber
from storage.use_cases import UseCases
from storage.views import MediaView

_NOTED, _SEEN = "✍", "👍"
_OFFERED_NUMBERS = 6


class Telling(StatesGroup):
    """Which of their files somebody is asked about; the data has their ids as ``media``."""

    words = State()
    number = State()


def card_buttons_router() -> Router:
    """*Describe* and *Attach* under cards, and the way out of every question."""
    router = Router(name="card buttons")
    private = F.chat.type == PRIVATE
    said = F.text & ~F.text.startswith("/")
    router.message.register(cancel, Command("cancel", ignore_case=True))
    router.callback_query.register(press_cancel, CancelDialogue.filter())
    router.callback_query.register(ask_for_words, WordCard.filter(), F.message.chat.type == PRIVATE)
    router.callback_query.register(ask_for_number, NumberCard.filter(), F.message.chat.type == PRIVATE)
    router.callback_query.register(offer_page, UploadPage.filter(), F.message.chat.type == PRIVATE)
    router.callback_query.register(press_number, AttachTo.filter(), F.message.chat.type == PRIVATE)
    router.message.register(take_words, private, StateFilter(Telling.words), said)
    router.message.register(take_number, private, StateFilter(Telling.number), said)
    return router


def words_router() -> Router:
    """Comes after everything that understands a text: what is left is about a file, or an answer to one."""
    router = Router(name="words")
    said = (F.chat.type == PRIVATE) & F.text & ~F.text.startswith("/")
    router.message.register(describe_by_reply, said, F.reply_to_message, StateFilter(None, AttachSession.open))
    router.message.register(hear, said, StateFilter(None, AttachSession.open))
    return router


async def cancel(message: Message, state: FSMContext, bot: Bot, texts: Texts, attaching: AttachTools) -> None:
    """Ends whatever the person is in the middle of: a question, else a session."""
    busy = await state.get_state() is not None
    await state.clear()
    summary = None if busy else await end_session(attaching, state, texts)
    await say(bot, message, summary or texts("cancel-done" if busy else "cancel-nothing"))


async def press_cancel(query: CallbackQuery, state: FSMContext, bot: Bot, texts: Texts) -> None:
    await state.clear()
    if query.message is not None:
        await change(bot, query.message, texts("cancel-done"), None)


async def ask_for_words(
    query: CallbackQuery, *, state: FSMContext, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases
) -> None:
    assert query.message is not None
    media = await _own_on_card(query, person, use_cases)
    await state.set_state(Telling.words)
    await state.set_data({"media": media})
    await say(bot, query.message, texts("describe-ask", count=len(media)), dialogue_keyboard(texts))


async def take_words(
    message: Message,
    *,
    state: FSMContext,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    keeper: Keeper,
) -> None:
    """The answer to *Describe*: it takes the place of what was said before."""
    caption = keeper.caption_of(message.text)
    if not caption or not _means_something(message.text or ""):
        await say(bot, message, texts("describe-words-only"), dialogue_keyboard(texts))
        return
    media = [MediaId(media_id) for media_id in (await state.get_data()).get("media", [])]
    await keeper.describe(person, media, caption)
    await state.clear()
    await say(bot, message, texts("describe-done", count=len(media)))


async def ask_for_number(
    query: CallbackQuery, *, state: FSMContext, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases
) -> None:
    assert query.message is not None
    media = await _own_on_card(query, person, use_cases)
    numbers = await use_cases.reading.own_numbers(person.caller, limit=_OFFERED_NUMBERS)
    await state.set_state(Telling.number)
    await state.set_data({"media": media})
    offered = [AttachTo(number=number, card=query.message.message_id) for number, _ in numbers]
    await say(bot, query.message, texts("number-ask", count=len(media)), dialogue_keyboard(texts, offered))


async def offer_page(
    query: CallbackQuery,
    *,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    public_url: str,
    timezone: tzinfo,
) -> None:
    """The way round for what is too large to be fetched back."""
    assert query.message is not None
    views = await _own_views(query, person, use_cases)
    number = next((RequestNumber(number) for view in views for number in view.request_numbers), None)
    await offer_upload(
        bot,
        query.message,
        person=person,
        texts=texts,
        use_cases=use_cases,
        public_url=public_url,
        timezone=timezone,
        request_number=number,
    )


async def press_number(
    query: CallbackQuery,
    *,
    callback_data: AttachTo,
    state: FSMContext,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    keeper: Keeper,
) -> None:
    """One of the requests that the person attached to before."""
    assert query.message is not None
    number = next(iter(keeper.caption_of(f"#{callback_data.number}").numbers), None)
    views = await use_cases.reading.behind_message(person.caller, query.message.chat.id, callback_data.card)
    media = [view.id for view in views if view.owner == person.caller.owner]
    if number is None or not media:
        raise MediaNotFound
    await use_cases.attaching.attach(person.caller, number, media)
    await state.clear()
    await change(bot, query.message, attached_text(texts, number, len(media)), None)


async def take_number(
    message: Message,
    *,
    state: FSMContext,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    keeper: Keeper,
) -> None:
    """The answer to *Attach*, written as people write numbers: ``1`` is today's first."""
    number = keeper.number_in(message.text or "")
    if number is None:
        await say(bot, message, texts("number-not-seen"), dialogue_keyboard(texts))
        return
    media = [MediaId(media_id) for media_id in (await state.get_data()).get("media", [])]
    await use_cases.attaching.attach(person.caller, number, media)
    await state.clear()
    await say(bot, message, attached_text(texts, number, len(media)))


async def describe_by_reply(
    message: Message,
    *,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    keeper: Keeper,
) -> None:
    """An answer to a file, or to its card, describes it; an answer to anything else does not."""
    assert message.reply_to_message is not None
    replied = message.reply_to_message.message_id
    views = await use_cases.reading.behind_message(person.caller, message.chat.id, replied)
    media = [view.id for view in views if view.owner == person.caller.owner]
    if not media:
        await say(bot, message, texts("send-me-a-file"))
    elif _means_something(message.text or ""):
        await keeper.describe(person, media, keeper.caption_of(message.text), adding=True)
        await react(bot, message, _NOTED)
    else:
        await react(bot, message, _SEEN)


async def hear(
    message: Message,
    *,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    keeper: Keeper,
    words: Words,
) -> None:
    """Words before, between or after files."""
    if not _means_something(message.text or ""):
        if await words.after_file(person.telegram_id, message):
            await react(bot, message, _SEEN)
        else:
            await say(bot, message, texts("send-me-a-file"))
        return
    heard = await words.hear_text(person.telegram_id, message)
    caption = keeper.caption_of(message.text)
    if heard.media:
        await keeper.describe(person, heard.media, caption, adding=not heard.borrowed)
        if caption.numbers:
            said = [attached_text(texts, number, len(heard.media)) for number in caption.numbers]
            await say(bot, message, "\n".join(said))
        else:
            await react(bot, message, _NOTED)
    elif caption.numbers:
        await say(bot, message, texts("words-wait-number", number=caption.numbers[0]))
    elif heard.first:
        await say(bot, message, texts("words-wait"))
    else:
        await react(bot, message, _NOTED)


def attached_text(texts: Texts, number: RequestNumber, count: int) -> str:
    return texts("attach-done", number=number, count=count)


async def _own_on_card(query: CallbackQuery, person: PersonView, use_cases: UseCases) -> list[MediaId]:
    return [view.id for view in await _own_views(query, person, use_cases)]


async def _own_views(query: CallbackQuery, person: PersonView, use_cases: UseCases) -> list[MediaView]:
    """The person's own media on the card under which they press. Raises `MediaNotFound` where there are none."""
    assert query.message is not None
    views = await use_cases.reading.behind_message(person.caller, query.message.chat.id, query.message.message_id)
    own = [view for view in views if view.owner == person.caller.owner]
    if not own:
        raise MediaNotFound
    return own


def _means_something(text: str) -> bool:
    """Whether there is a letter or a digit: signs, emoji and what cannot be seen describe nothing."""
    return any(map(str.isalnum, text))
