"""The buttons on staff's cards: before or after, then a request. Two taps, no characters."""

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, ForceReply, Message

from bot.attaching.offering import OFFERED, ChooseRequest, ChooseStage, OtherNumber, StopChoosing
from bot.attaching.tools import AttachTools, target_text
from bot.requests.orders import offers_as_json
from bot.saying import PRIVATE, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.catalog.rearranging import Change
from storage.domain import MediaId
from storage.errors import InvalidRequestNumber, MediaNotFound, MissingScope
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_request_number


class OtherRequest(StatesGroup):
    number = State()


def offers_router() -> Router:
    router = Router(name="offers")
    router.callback_query.register(choose_stage, ChooseStage.filter())
    router.callback_query.register(choose_request, ChooseRequest.filter())
    router.callback_query.register(ask_number, OtherNumber.filter())
    router.callback_query.register(stop_choosing, StopChoosing.filter())
    router.message.register(take_number, OtherRequest.number, F.text, ~F.text.startswith("/"))
    return router


async def choose_stage(
    query: CallbackQuery,
    *,
    callback_data: ChooseStage,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
    state: FSMContext,
) -> None:
    """Show the requests that are likely meant; where there is none, ask for the number at once."""
    if query.message is None:
        return
    chat_id = query.message.chat.id
    await _media(attaching, callback_data.card, chat_id, person)
    today = attaching.today()
    local = await attaching.recent.of(person.caller, chat_id=chat_id, today=today, most=OFFERED)
    offers = await attaching.use_cases.work_orders.offered(person.caller, local, today=today, most=OFFERED)
    if not offers:
        await _ask(attaching, query, state, texts, callback_data)
        return
    choosing = {"stage": callback_data.stage.value, "numbers": offers_as_json(offers)}
    await attaching.offers.show(callback_data.card, chat_id, choosing)


async def choose_request(
    query: CallbackQuery,
    *,
    callback_data: ChooseRequest,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
) -> str | None:
    if query.message is None:
        return None
    done = await _attach(attaching, person, callback_data, query.message.chat.id)
    return texts.plain("attach-chosen", number=target_text(texts, done.numbers, callback_data.stage))


async def ask_number(
    query: CallbackQuery,
    *,
    callback_data: OtherNumber,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
    state: FSMContext,
) -> None:
    if query.message is not None:
        await _media(attaching, callback_data.card, query.message.chat.id, person)
        await _ask(attaching, query, state, texts, callback_data)


async def stop_choosing(
    query: CallbackQuery, *, callback_data: StopChoosing, person: PersonView, attaching: AttachTools
) -> None:
    if query.message is not None:
        await _media(attaching, callback_data.card, query.message.chat.id, person)
        await attaching.offers.show(callback_data.card, query.message.chat.id, None)


async def take_number(
    message: Message, *, person: PersonView, texts: Texts, attaching: AttachTools, state: FSMContext
) -> None:
    """A number as people write it. What is none gets an example, and the question stays open."""
    asked = await state.get_data()
    numbers = attaching.keeper.caption_of(message.text).numbers or attaching.read(message.text).numbers
    if not numbers:
        raise InvalidRequestNumber(value=(message.text or "")[:64])
    chosen = ChooseRequest(card=asked["card"], stage=asked["stage"], number=numbers[0])
    await state.clear()
    done = await _attach(attaching, person, chosen, message.chat.id)
    await attaching.tell_attached(message, texts, done, chosen.stage)


async def _ask(
    attaching: AttachTools, query: CallbackQuery, state: FSMContext, texts: Texts, asked: ChooseStage | OtherNumber
) -> None:
    assert query.message is not None
    await state.set_state(OtherRequest.number)
    await state.set_data({"card": asked.card, "stage": asked.stage.value})
    # In groups with privacy mode we only hear what replies to us.
    markup = None if query.message.chat.type == PRIVATE else ForceReply(selective=True)
    await say(attaching.bot, query.message, texts("attach-ask-number"), markup)


async def _media(attaching: AttachTools, card: int, chat_id: int, person: PersonView) -> list[MediaId]:
    """What is on the card and this person may attach: buttons carry no authority."""
    if not person.is_staff:
        raise MissingScope(scope="staff")
    views = await attaching.use_cases.reading.several(person.caller, await attaching.offers.media(card, chat_id))
    if not views:
        raise MediaNotFound
    return [view.id for view in views]


async def _attach(attaching: AttachTools, person: PersonView, chosen: ChooseRequest, chat_id: int) -> Change:
    number = _number(chosen.number)
    ids = await _media(attaching, chosen.card, chat_id, person)
    done = await attaching.rearranging.attach(person.caller, [number], ids, stage=chosen.stage)
    choosing = None if done.id is None else {"change": done.id, "number": number}
    await attaching.offers.show(chosen.card, chat_id, choosing)
    return done


def _number(text: str) -> RequestNumber:
    try:
        return parse_request_number(text)
    except NotANumber as error:
        raise InvalidRequestNumber(value=text) from error
