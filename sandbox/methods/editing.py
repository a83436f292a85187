"""editMessageText, -Caption, -Media and -ReplyMarkup."""

from typing import Final

from sandbox.access import count_message, editable_message
from sandbox.call import Call, Method
from sandbox.errors import NOT_MODIFIED, bad_request
from sandbox.methods.album import media_source
from sandbox.methods.sending import with_markup
from sandbox.model import Json, Message
from sandbox.sources import stored

_REPLACEABLE: Final = ("photo", "video", "audio", "document", "animation")
_WITHOUT_CAPTION: Final = ("video_note", "sticker")


async def edit_text(call: Call) -> Json | bool:
    body = with_markup(call.text_body(), call.markup())
    message = editable_message(call)
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    return _edit(call, message, body)


async def edit_caption(call: Call) -> Json | bool:
    caption = call.caption_body()
    markup = call.markup()
    message = editable_message(call)
    media = message.body.get("media")
    if media is None or media["kind"] in _WITHOUT_CAPTION:
        raise bad_request("there is no caption in the message to edit")
    return _edit(call, message, with_markup({**caption, "media": media}, markup))


async def edit_markup(call: Call) -> Json | bool:
    markup = call.markup()
    message = editable_message(call)
    kept = {name: value for name, value in message.body.items() if name != "reply_markup"}
    return _edit(call, message, with_markup(kept, markup))


async def edit_media(call: Call) -> Json | bool:
    """Refuses voice, video notes and stickers; text may become media; an album's item keeps its album's kind."""
    media = call.structure("media")
    if not isinstance(media, dict) or media.get("type") not in _REPLACEABLE:
        raise bad_request("can't parse InputMedia: media type is unsupported")
    kind = str(media["type"])
    source = media_source(call, media, kind)
    caption = call.caption_body(media)
    markup = call.markup()
    message = editable_message(call)
    old = message.body.get("media")
    if old is not None and old["kind"] not in _REPLACEABLE:
        raise bad_request("there is no media in the message to edit")
    if message.album is not None and old is not None and not _same_album(old["kind"], kind):
        raise bad_request("can't change media type in the album")  # the exact text is unverified
    file = await stored(call, source, kind, media)
    body = {**caption, "media": {"kind": file.kind, "file": file.uid}}
    return _edit(call, message, with_markup(body, markup))


def _same_album(old: str, new: str) -> bool:
    pictures = ("photo", "video")
    return old == new or (old in pictures and new in pictures)


def _edit(call: Call, message: Message, body: Json) -> Json | bool:
    """Edits count like messages for flood control. The edit of an inline message answers true."""
    count_message(call, call.world.state.room(message.room))
    if _visible(body) == _visible(message.body):
        raise bad_request(NOT_MODIFIED)
    call.world.postbox.edit(message, body, call.bot.id)
    if call.arguments.text("inline_message_id"):
        return True
    return call.world.renderer.message(message, call.bot)


def _visible(body: Json) -> Json:
    return {name: value for name, value in body.items() if value}


METHODS: Final[dict[str, Method]] = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageMedia": edit_media,
    "editMessageReplyMarkup": edit_markup,
}
