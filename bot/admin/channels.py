"""What admins read about channels: the list, one channel, what is wrong with it and how it is mended."""

from collections.abc import Iterable, Sequence

from aiogram.types import (
    ChatAdministratorRights,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestChat,
)

from bot.admin.tools import AddChannel, AdminTools, BindChannel, IgnoreChannel, ShowChannel, ShowChannels, UnbindChannel
from bot.keyboards import button, rows_of
from bot.media.pages import Page
from bot.texts import Texts
from storage.domain import Purpose
from storage.engine.channel_book import Bound, Listed, Outcome
from storage.telegram.examining import Examined

_MOST_LISTED = 25
_TITLE = 48
"""Characters of a title on a list; Telegram allows 128."""

_NEEDED = ("can_post_messages", "can_edit_messages", "can_delete_messages", "can_invite_users")


def archive_rights() -> ChatAdministratorRights:
    """What a bot needs in a channel: to post, edit and delete, and to see how many are in it."""
    return _rights(*_NEEDED, "can_manage_chat")


def group_rights() -> ChatAdministratorRights:
    """What a bot needs to see who is in a group: to be an administrator, with no right besides."""
    return _rights("can_manage_chat")


def _rights(*given: str) -> ChatAdministratorRights:
    # Each right has to be named, those to come too: a list of our own would grow old.
    return ChatAdministratorRights(**{right: right in given for right in ChatAdministratorRights.model_fields})


def channel_key(text: str, request_id: int) -> KeyboardButton:
    """The key of a keyboard by which a person chooses or makes a channel and gives the bot its rights, in one tap."""
    # Telegram lets people pass on only rights they have themselves, and says so by this second field.
    rights = archive_rights()
    asked = KeyboardButtonRequestChat(
        request_id=request_id,
        chat_is_channel=True,
        chat_has_username=False,
        bot_administrator_rights=rights,
        user_administrator_rights=rights,
        request_title=True,
    )
    return KeyboardButton(text=text, request_chat=asked)


def cut(text: str, length: int = _TITLE) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def purpose_name(texts: Texts, purpose: Purpose) -> str:
    return texts.plain(f"purpose-{purpose.value}")


def channels_page(texts: Texts, channels: Sequence[Listed]) -> Page:
    """Every channel in two lines, and a button for each."""
    add = button(texts.plain("button-add-channel"), AddChannel())
    if not channels:
        return Page(text=texts("channels-none"), keyboard=InlineKeyboardMarkup(inline_keyboard=[[add]]))
    shown = channels[:_MOST_LISTED]
    lines = [texts("channels-title", count=len(channels)), ""]
    for one in shown:
        lines += _lines(texts, one)
    buttons = [button(cut(one.state.title, 24), ShowChannel(chat=one.state.chat_id)) for one in shown]
    return Page(text="\n".join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[*rows_of(buttons, 2), [add]]))


def channel_page(texts: Texts, admin: AdminTools, channel: Listed) -> Page:
    """One channel: what it is for, how it is, and what can be done about it."""
    lines = _lines(texts, channel)
    if channel.checked_at is not None:
        lines.append(texts("channel-checked", at=admin.moment(channel.checked_at)))
    if channel.problems:
        lines += ["", problems_text(texts, channel.problems)]
    rows = rows_of(_purpose_buttons(texts, channel.state.chat_id), 2)
    if channel.state.purposes:
        rows.append([button(texts.plain("button-unbind"), UnbindChannel(chat=channel.state.chat_id))])
    rows.append([button(texts.plain("button-back"), ShowChannels())])
    return Page(text="\n".join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def offer_page(texts: Texts, chat_id: int, title: str) -> Page:
    """The bot was let into a channel: what is it for?"""
    rows = rows_of(_purpose_buttons(texts, chat_id), 2)
    rows.append([button(texts.plain("button-no-purpose"), IgnoreChannel(chat=chat_id))])
    text = texts("channel-offer", title=cut(title))
    return Page(text=text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def bound_page(texts: Texts, purpose: Purpose, chat_id: int, bound: Bound) -> Page:
    """What came of binding a channel, with a way on where it was not bound."""
    name = purpose_name(texts, purpose)
    match bound.outcome:
        case Outcome.FIXED:
            return Page(text=texts("channel-fixed", purpose=name))
        case Outcome.BOUND | Outcome.SAME:
            assert bound.examined is not None
            text = texts(f"channel-{bound.outcome.value}", title=cut(bound.examined.title), purpose=name)
            return Page(text=text, keyboard=InlineKeyboardMarkup(inline_keyboard=[[_back(texts)]]))
        case Outcome.UNFIT:
            assert bound.examined is not None
            again = button(texts.plain("button-check-again"), BindChannel(chat=chat_id, purpose=purpose.value))
            return Page(
                text=unfit_text(texts, bound.examined),
                keyboard=InlineKeyboardMarkup(inline_keyboard=[[again], [_back(texts)]]),
            )


def unfit_text(texts: Texts, examined: Examined) -> str:
    title = texts("channel-unfit", title=cut(examined.title))
    return f"{title}\n\n{problems_text(texts, examined.problems)}"


def problems_text(texts: Texts, problems: Iterable[str]) -> str:
    """Each problem with its cure, a line each."""
    return "\n".join(f"• {texts(f'channel-problem-{problem}')}" for problem in problems)


def _lines(texts: Texts, channel: Listed) -> list[str]:
    state = channel.state
    names = ", ".join(purpose_name(texts, purpose) for purpose in state.purposes)
    purposes = names or texts.plain("channel-no-purpose")
    sign = "⚠️" if channel.problems else "📦" if state.purposes else "▫️"
    lines = [texts("channel-line", sign=sign, title=cut(state.title), purposes=purposes)]
    count = texts("channel-parts", count=state.parts)
    if channel.members is not None:
        count = f"{count} · {texts('channel-members', count=channel.members)}"
    return [*lines, f"   {count}"]


def _purpose_buttons(texts: Texts, chat_id: int) -> list[InlineKeyboardButton]:
    return [
        button(purpose_name(texts, purpose), BindChannel(chat=chat_id, purpose=purpose.value)) for purpose in Purpose
    ]


def _back(texts: Texts) -> InlineKeyboardButton:
    return button(texts.plain("button-all-channels"), ShowChannels())
