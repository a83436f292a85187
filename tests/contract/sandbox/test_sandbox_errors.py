"""The exact texts of errors, and what is checked before what."""

import json
from typing import Any

import pytest
from aiogram import Bot

from sandbox.client import SandboxClient
from tests.contract.sandbox.driving import AZIZA, EMMA, REQUESTS, Raw

NOWHERE = -100_777
REMOTE = "wrong remote file identifier specified: "
PHOTO, DOCUMENT = {"type": "photo", "media": "x"}, {"type": "document", "media": "x"}


def document(file_id: str) -> dict[str, Any]:
    return {"chat_id": REQUESTS, "document": file_id}


def album(*media: dict[str, str]) -> dict[str, Any]:
    return {"chat_id": REQUESTS, "media": list(media)}


def moved(**ids: Any) -> dict[str, Any]:
    return {"chat_id": REQUESTS, "from_chat_id": REQUESTS, **ids}


@pytest.mark.parametrize(
    ("method", "fields", "error"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": NOWHERE, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": NOWHERE, "text": "  "}, "message text is empty"),
        ("sendMessage", {"chat_id": NOWHERE, "text": "я" * 4097}, "message is too long"),
        ("sendDocument", {"chat_id": REQUESTS}, "there is no document in the request"),
        ("sendVideoNote", {"chat_id": REQUESTS}, "there is no video note in the request"),
        ("sendPhoto", {"chat_id": REQUESTS, "photo": "attach://none"}, "there is no photo in the request"),
        ("sendDocument", {"chat_id": NOWHERE, "document": "x", "caption": "я" * 1025}, "message caption is too long"),
        ("sendDocument", {"chat_id": NOWHERE, "document": "abcd"}, "chat not found"),
        ("sendDocument", document("abc=="), REMOTE + "Wrong padding length"),
        ("sendDocument", document("abcde"), REMOTE + "Wrong string length"),
        ("sendDocument", document("ab!d"), REMOTE + "Wrong character in the string"),
        ("sendDocument", document("abcd"), REMOTE + "can't unserialize it"),
        ("sendDocument", document("no.such/address"), "wrong file identifier/HTTP URL specified"),
        ("sendMediaGroup", album(), "there are no messages to send"),
        ("sendMediaGroup", album(*[PHOTO] * 11), "too many messages to send as an album"),
        ("sendMediaGroup", album(PHOTO, DOCUMENT), "document can't be mixed with other media types"),
        ("editMessageText", {"chat_id": REQUESTS, "message_id": 99, "text": "x"}, "message to edit not found"),
        ("deleteMessage", {"chat_id": REQUESTS, "message_id": 99}, "message to delete not found"),
        ("copyMessage", moved(message_id=99), "message to copy not found"),
        ("forwardMessage", moved(message_id=99), "message to forward not found"),
        ("forwardMessages", moved(message_ids=[]), "there are no messages to forward"),
        ("forwardMessages", moved(message_ids=[98, 99]), "there are no messages to forward"),
        (
            "forwardMessages",
            moved(message_ids=[2, 1]),
            "message identifiers must be in a strictly increasing order",
        ),
        ("getFile", {}, "file_id not specified"),
        ("getFile", {"file_id": "nonsense!"}, "invalid file_id"),
        ("sendChatAction", {"chat_id": REQUESTS, "action": "dancing"}, "wrong parameter action in request"),
    ],
)
async def test_error_texts(raw: Raw, method: str, fields: dict[str, Any], error: str) -> None:
    known = {name: json.dumps(value) if isinstance(value, list) else value for name, value in fields.items()}
    assert await raw.error(method, **known) == f"Bad Request: {error}"


async def test_buttons_with_too_much_data_are_refused_as_telegram_writes_it(raw: Raw) -> None:
    markup = json.dumps({"inline_keyboard": [[{"text": "x", "callback_data": "y" * 65}]]})
    error = await raw.error("sendMessage", chat_id=REQUESTS, text="x", reply_markup=markup)
    assert error == "Bad Request: BUTTON_DATA_INVALID"


async def test_membership_and_rights_decide_who_may_post(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    async def refusal() -> str:
        return await raw.error("sendMessage", chat_id=REQUESTS, text="x")

    await client.member(REQUESTS, bot.id, "administrator", {"can_edit_messages": True})
    assert await refusal() == "Bad Request: need administrator rights in the channel chat"
    await client.member(REQUESTS, bot.id, "left")
    assert await refusal() == "Forbidden: bot is not a member of the channel chat"
    await client.member(REQUESTS, bot.id, "kicked")
    assert await refusal() == "Forbidden: bot was kicked from the channel chat"
    group = (await client.chat("supergroup", "G", creator=EMMA, bots=[{"id": bot.id, "status": "restricted"}]))["id"]
    status, body = await raw.upload("sendDocument", {"document": ("a", b"a")}, chat_id=group)
    assert (status, body["description"]) == (400, "Bad Request: not enough rights to send documents to the chat")


async def test_people_who_never_wrote_cannot_be_written_to(client: SandboxClient, raw: Raw) -> None:
    stranger = await raw.error("sendMessage", chat_id=AZIZA, text="x")
    assert stranger == "Bad Request: chat not found"
    met_in_a_group = await raw.error("sendMessage", chat_id=EMMA, text="x")
    assert met_in_a_group == "Forbidden: bot can't initiate conversation with a user"
    await client.start(AZIZA)
    await client.change_person(AZIZA, deactivated=True)
    assert await raw.error("sendMessage", chat_id=AZIZA, text="x") == "Forbidden: user is deactivated"


async def test_an_upgraded_group_names_its_successor(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    group = (await client.chat("group", "Old", creator=EMMA, bots=[{"id": bot.id}]))["id"]
    new = (await client.call("POST", f"/chats/{group}/upgrade", {}))["id"]
    status, body = await raw("sendMessage", chat_id=group, text="x")
    assert status == 400
    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert body["parameters"] == {"migrate_to_chat_id": new}
