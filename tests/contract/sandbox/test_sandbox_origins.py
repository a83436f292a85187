"""Where messages come from: forwards, replies with quotes, people behind groups and channels; what stays put."""

import io
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BufferedInputFile,
    Message,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
    ReplyParameters,
)
from PIL import Image

from sandbox.client import SandboxClient, SandboxError
from tests.contract.sandbox.driving import AZIZA, BOT, EMMA, REPORTS, REQUESTS, SERGEY, STAFF, Raw


async def last(bot: Bot) -> Message:
    message = (await bot.get_updates())[-1].message
    assert message is not None
    return message


async def test_a_forward_says_who_wrote_it(bot: Bot, client: SandboxClient) -> None:
    said = await client.send_text(SERGEY, "mine", chat=STAFF)
    await client.forward(SERGEY, said, SERGEY)
    origin = (await last(bot)).forward_origin
    assert isinstance(origin, MessageOriginUser)
    assert origin.sender_user.id == SERGEY


async def test_a_person_may_hide_behind_their_name(bot: Bot, client: SandboxClient) -> None:
    await client.change_person(SERGEY, hidden_forwards=True, last_name="Petrov")
    said = await client.send_text(SERGEY, "mine", chat=STAFF)
    await client.forward(EMMA, said, EMMA)
    origin = (await last(bot)).forward_origin
    assert isinstance(origin, MessageOriginHiddenUser)
    assert origin.sender_user_name == "Sergey Petrov"


async def test_an_anonymous_administrator_writes_as_the_group(bot: Bot, client: SandboxClient) -> None:
    (said,) = await client.send(STAFF, EMMA, text="we decided", anonymous=True)
    seen = await last(bot)
    assert seen.from_user is not None
    assert seen.sender_chat is not None
    assert (seen.from_user.username, seen.from_user.id, seen.sender_chat.id) == ("GroupAnonymousBot", 1087968824, STAFF)
    await client.forward(EMMA, said, EMMA)
    assert isinstance((await last(bot)).forward_origin, MessageOriginChat)
    with pytest.raises(SandboxError, match="only a group's administrators"):
        await client.send(STAFF, SERGEY, text="me too", anonymous=True)


async def test_a_person_writes_as_their_channel(bot: Bot, client: SandboxClient) -> None:
    await client.send(STAFF, EMMA, text="news", sender_chat_id=REPORTS)
    seen = await last(bot)
    assert seen.sender_chat is not None
    assert seen.from_user is not None
    assert (seen.sender_chat.id, seen.from_user.username) == (REPORTS, "Channel_Bot")
    with pytest.raises(SandboxError, match="channels of their own"):
        await client.send(STAFF, SERGEY, text="x", sender_chat_id=REPORTS)


async def test_a_channel_is_an_origin_with_its_message(bot: Bot, client: SandboxClient) -> None:
    post = await bot.send_message(REQUESTS, "posted")
    origin = (await bot.forward_message(REPORTS, REQUESTS, post.message_id)).forward_origin
    assert isinstance(origin, MessageOriginChannel)
    assert (origin.chat.id, origin.message_id) == (REQUESTS, post.message_id)


async def test_replies_quote_and_reach_into_other_chats(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    said = await client.send_text(AZIZA, "😀 the roof leaks badly")
    reply = await bot.send_message(
        AZIZA, "where?", reply_parameters=ReplyParameters(message_id=said["message_id"], quote="leaks")
    )
    assert reply.quote is not None
    assert (reply.quote.text, reply.quote.position) == ("leaks", 12)
    post = await bot.send_document(REQUESTS, BufferedInputFile(b"abc", "a.txt"))
    outside = ReplyParameters(message_id=post.message_id, chat_id=REQUESTS)
    answer = await bot.send_message(AZIZA, "this one?", reply_parameters=outside)
    assert answer.external_reply is not None
    assert answer.external_reply.document is not None
    assert answer.external_reply.message_id == post.message_id
    with pytest.raises(TelegramBadRequest, match="QUOTE_TEXT_INVALID"):
        await bot.send_message(AZIZA, "x", reply_parameters=ReplyParameters(message_id=1, quote="cellar"))
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(AZIZA, "x", reply_to_message_id=99)
    await client.options(missing_reply_is_error=False)
    assert (await bot.send_message(AZIZA, "x", reply_to_message_id=99)).reply_to_message is None
    (quoted,) = await client.send(AZIZA, AZIZA, text="there", reply_to_message_id=said["message_id"], quote="roof")
    assert quoted["quote"]["position"] == 7


async def test_a_protected_chat_keeps_what_it_has(bot: Bot, client: SandboxClient) -> None:
    post = await bot.send_message(REQUESTS, "secret")
    await client.change_chat(REQUESTS, protected=True)
    for call in (bot.forward_message, bot.copy_message):
        with pytest.raises(TelegramBadRequest, match="the message can't be"):
            await call(REPORTS, REQUESTS, post.message_id)
    with pytest.raises(TelegramBadRequest, match="there are no messages to forward"):
        await bot.copy_messages(REPORTS, REQUESTS, [post.message_id])
    with pytest.raises(SandboxError, match="can't be forwarded"):
        await client.forward(EMMA, (await client.messages(REQUESTS))[0], EMMA)
    assert (await bot.get_chat(REQUESTS)).has_protected_content is True


async def test_people_and_chats_that_refuse_a_bot(bot: Bot, client: SandboxClient) -> None:
    async def refused(chat: int) -> str:
        with pytest.raises(TelegramForbiddenError) as error:
            await bot.send_message(chat, "x")
        return error.value.message.removeprefix("Forbidden: ")

    await client.start(AZIZA)
    await client.change_person(AZIZA, blocked_bots=[BOT])
    assert await refused(AZIZA) == "bot was blocked by the user"
    await client.change_person(AZIZA, blocked_bots=[], deactivated=True)
    assert await refused(AZIZA) == "user is deactivated"
    assert await refused(SERGEY) == "bot can't initiate conversation with a user"
    await client.member(REQUESTS, BOT, "kicked")
    assert await refused(REQUESTS) == "bot was kicked from the channel chat"
    await client.member(STAFF, BOT, "left")
    assert await refused(STAFF) == "bot is not a member of the supergroup chat"


async def test_a_profile_photo_is_shown_to_bots(bot: Bot, client: SandboxClient, tmp_path: Path) -> None:
    await client.start(AZIZA)
    for colour in ("red", "blue"):
        Image.new("RGB", (640, 640), colour).save(tmp_path / "me.png")
        person = await client.set_photo(AZIZA, tmp_path / "me.png")
    assert len(person["photos"]) == 2
    photos = await bot.get_user_profile_photos(AZIZA, limit=1)
    assert (photos.total_count, [(size.width, size.height) for size in photos.photos[0]]) == (
        2,
        [(320, 320), (640, 640)],
    )
    out = io.BytesIO()
    await bot.download(photos.photos[0][-1].file_id, out)
    red, _, blue = Image.open(out).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]  # an RGB pixel
    assert blue > red
    assert (await bot.get_chat(AZIZA)).photo is not None


async def test_videos_and_pictures_get_thumbnails_and_a_gif_becomes_an_mp4(bot: Bot, client: SandboxClient) -> None:
    def picture(kind: str) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (640, 400), "teal").save(out, kind)
        return out.getvalue()

    video = (await bot.send_video(REQUESTS, BufferedInputFile(bytes(1000), "v.mp4"), width=1920, height=1080)).video
    assert video is not None
    assert video.thumbnail is not None
    assert (video.thumbnail.width, video.thumbnail.height) == (320, 180)
    kept = await bot.send_document(
        REQUESTS, BufferedInputFile(picture("PNG"), "p.png"), disable_content_type_detection=True
    )
    assert kept.document is not None
    assert kept.document.thumbnail is not None
    gif = await bot.send_document(REQUESTS, BufferedInputFile(picture("GIF"), "p.gif"))
    assert gif.animation is not None
    assert (gif.animation.file_name, gif.animation.mime_type) == ("p.gif.mp4", "video/mp4")
    assert (gif.animation.width, gif.animation.height) == (640, 400)
    sent = await bot.send_animation(REQUESTS, BufferedInputFile(picture("GIF"), "q.gif"))
    assert sent.animation is not None
    assert sent.animation.file_name == "q.gif.mp4"
    same = BufferedInputFile(picture("GIF"), "r.gif")
    assert (await bot.send_document(REQUESTS, same, disable_content_type_detection=True)).animation is None
