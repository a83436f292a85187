"""How far a channel has come: its greatest message id, which the Bot API tells only to whoever posts."""

from aiogram import Bot
from aiogram.methods import DeleteMessage, SendMessage

from storage.errors import CallRefused
from storage.telegram.translation import translated

_TEXT = "Mediagate reads this channel."


async def greatest_id(bot: Bot, chat_id: int) -> int:
    """Post a line without a sound, delete it, and say which id it had.

    Raises `ArchiveError`s; `ChannelUnavailable` where the bot may not post. One that cannot be deleted stays.
    """
    with translated("sendMessage"):
        posted = await bot(SendMessage(chat_id=chat_id, text=_TEXT, disable_notification=True))
    try:
        with translated("deleteMessage"):
            await bot(DeleteMessage(chat_id=chat_id, message_id=posted.message_id))
    except CallRefused:
        return posted.message_id
    return posted.message_id
