"""Every method answers what the Bot API's types say."""

import json
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.methods import NAMES
from tests.contract.sandbox.driving import AZIZA, BOT, EMMA, REQUESTS, SERGEY, STAFF, Json, Raw
from tests.contract.sandbox.strict import TypeChecker

PLACE = {"latitude": "41.3", "longitude": "69.2"}
KEYBOARD = {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
# In this order; {…} is taken from what came before.
CALLS: list[tuple[str, Json]] = [
    ("getMe", {}),
    ("getUpdates", {}),
    ("setMyName", {"name": "Gate"}),
    ("getMyName", {}),
    ("setMyDescription", {"description": "d"}),
    ("getMyDescription", {}),
    ("setMyShortDescription", {"short_description": "s"}),
    ("getMyShortDescription", {}),
    ("setMyCommands", {"commands": [{"command": "start", "description": "Start"}]}),
    ("getMyCommands", {}),
    ("deleteMyCommands", {}),
    ("setChatMenuButton", {"menu_button": {"type": "web_app", "text": "o", "web_app": {"url": "https://x.y/"}}}),
    ("getChatMenuButton", {}),
    ("setMyDefaultAdministratorRights", {"rights": {"can_post_messages": True}, "for_channels": True}),
    ("getMyDefaultAdministratorRights", {"for_channels": True}),
    ("getWebhookInfo", {}),
    ("deleteWebhook", {}),
    ("sendMessage", {"chat_id": REQUESTS, "text": "hello", "reply_markup": KEYBOARD}),
    ("editMessageText", {"chat_id": REQUESTS, "message_id": "{message}", "text": "other"}),
    ("editMessageReplyMarkup", {"chat_id": REQUESTS, "message_id": "{message}", "reply_markup": KEYBOARD}),
    ("setMessageReaction", {"chat_id": REQUESTS, "message_id": "{message}", "reaction": []}),
    ("pinChatMessage", {"chat_id": REQUESTS, "message_id": "{message}"}),
    ("getChat", {"chat_id": REQUESTS}),
    ("unpinChatMessage", {"chat_id": REQUESTS}),
    ("unpinAllChatMessages", {"chat_id": REQUESTS}),
    ("copyMessage", {"chat_id": REQUESTS, "from_chat_id": REQUESTS, "message_id": "{message}"}),
    ("forwardMessage", {"chat_id": REQUESTS, "from_chat_id": REQUESTS, "message_id": "{message}"}),
    ("copyMessages", {"chat_id": REQUESTS, "from_chat_id": REQUESTS, "message_ids": "[{message}]"}),
    ("forwardMessages", {"chat_id": REQUESTS, "from_chat_id": REQUESTS, "message_ids": "[{message}]"}),
    ("sendContact", {"chat_id": AZIZA, "phone_number": "+99890", "first_name": "Olim"}),
    ("sendLocation", {"chat_id": AZIZA, **PLACE}),
    ("sendVenue", {"chat_id": AZIZA, **PLACE, "title": "Home", "address": "Street"}),
    ("sendDice", {"chat_id": AZIZA}),
    ("sendChatAction", {"chat_id": AZIZA, "action": "typing"}),
    ("getUserProfilePhotos", {"user_id": AZIZA}),
    ("getChatMember", {"chat_id": STAFF, "user_id": EMMA}),
    ("getChatAdministrators", {"chat_id": STAFF}),
    ("getChatMemberCount", {"chat_id": STAFF}),
    ("setChatTitle", {"chat_id": STAFF, "title": "Crew"}),
    ("setChatDescription", {"chat_id": STAFF, "description": "All of us"}),
    ("setChatPermissions", {"chat_id": STAFF, "permissions": {"can_send_messages": True}}),
    ("restrictChatMember", {"chat_id": STAFF, "user_id": SERGEY, "permissions": {"can_send_messages": True}}),
    ("promoteChatMember", {"chat_id": STAFF, "user_id": SERGEY, "can_pin_messages": True}),
    ("setChatAdministratorCustomTitle", {"chat_id": STAFF, "user_id": SERGEY, "custom_title": "Plumber"}),
    ("getChatMember", {"chat_id": STAFF, "user_id": SERGEY}),
    ("banChatMember", {"chat_id": STAFF, "user_id": SERGEY}),
    ("unbanChatMember", {"chat_id": STAFF, "user_id": SERGEY}),
    ("createChatInviteLink", {"chat_id": STAFF, "creates_join_request": True}),
    ("editChatInviteLink", {"chat_id": STAFF, "invite_link": "{link}", "creates_join_request": True, "name": "n"}),
    ("exportChatInviteLink", {"chat_id": STAFF}),
    ("getChat", {"chat_id": STAFF}),
    ("createForumTopic", {"chat_id": STAFF, "name": "Stairs"}),
    ("editForumTopic", {"chat_id": STAFF, "message_thread_id": "{topic}", "name": "Stairs 2"}),
    ("closeForumTopic", {"chat_id": STAFF, "message_thread_id": "{topic}"}),
    ("reopenForumTopic", {"chat_id": STAFF, "message_thread_id": "{topic}"}),
    ("unpinAllForumTopicMessages", {"chat_id": STAFF, "message_thread_id": "{topic}"}),
    ("editGeneralForumTopic", {"chat_id": STAFF, "name": "Hall"}),
    ("deleteForumTopic", {"chat_id": STAFF, "message_thread_id": "{topic}"}),
    ("getUpdates", {}),
    ("deleteMessage", {"chat_id": REQUESTS, "message_id": "{message}"}),
    ("deleteMessages", {"chat_id": REQUESTS, "message_ids": "[2, 3]"}),
]
FILES = ["Photo", "Video", "Audio", "Voice", "VideoNote", "Animation", "Document", "Sticker"]


async def call(raw: Raw, known: dict[str, Any], method: str, fields: Json) -> Any:
    values = {
        name: value.format(**known) if isinstance(value, str) else json.dumps(value) for name, value in fields.items()
    }
    result = await raw.result(method, **values)
    match method:
        case "sendMessage":
            known["message"] = result["message_id"]
        case "createForumTopic":
            known["topic"] = result["message_thread_id"]
        case "createChatInviteLink":
            known["link"] = result["invite_link"]
    return result


@pytest.fixture
async def everything(client: SandboxClient) -> None:
    """The bot may do everything everywhere; the staff group is a forum."""
    await client.start(AZIZA)
    await client.change_chat(STAFF, is_forum=True)
    names = "pin_messages manage_topics delete_messages restrict_members promote_members change_info invite_users"
    rights = {f"can_{name}": True for name in names.split()}
    await client.member(STAFF, BOT, "administrator", rights)
    await client.options(flood={"enabled": False})


async def test_every_method_answers_what_its_type_says(
    raw: Raw, client: SandboxClient, checker: TypeChecker, everything: None
) -> None:
    known: dict[str, Any] = {}
    for method, fields in CALLS:
        await call(raw, known, method, fields)
    await client.open_link(AZIZA, known["link"])
    await raw.result("approveChatJoinRequest", chat_id=STAFF, user_id=AZIZA)
    assert (await raw.result("getChatMember", chat_id=STAFF, user_id=AZIZA))["status"] == "member"
    await raw.result("revokeChatInviteLink", chat_id=STAFF, invite_link=known["link"])
    for kind in FILES:
        name = "".join("_" + one.lower() if one.isupper() else one for one in kind).lstrip("_")
        sent = (await client.send(AZIZA, AZIZA, media=[{"kind": name}]))[0]
        found = sent[name][-1] if name == "photo" else sent[name]
        result = await raw.result(f"send{kind}", chat_id=AZIZA, **{name: found["file_id"]})
        if name == "document":
            await raw.result("getFile", file_id=found["file_id"])
            media = json.dumps({"type": "document", "media": found["file_id"], "caption": "m"})
            await raw.result("editMessageMedia", chat_id=AZIZA, message_id=result["message_id"], media=media)
            await raw.result("editMessageCaption", chat_id=AZIZA, message_id=result["message_id"], caption="c")
            await raw.result("sendMediaGroup", chat_id=AZIZA, media=f"[{media}, {media}]")
    await raw.result("getUpdates")
    await client.advance(601)
    await raw.result("leaveChat", chat_id=STAFF)
    await raw.result("close")
    await raw.result("logOut")
    seen_elsewhere = {"declineChatJoinRequest", "answerInlineQuery", "answerWebAppQuery"}
    seen_elsewhere |= {"answerCallbackQuery", "setWebhook"}
    assert {name.lower() for name in NAMES} - checker.methods == {name.lower() for name in seen_elsewhere}


async def test_a_logged_out_bot_is_refused_by_the_cloud(raw: Raw, client: SandboxClient) -> None:
    assert await raw.result("logOut") is True
    assert (await raw("getMe"))[0] == 400
    await client.bot(token=(await client.state())["bots"][0]["token"], logged_out=False)
    assert (await raw("getMe"))[0] == 200


async def test_close_is_refused_in_the_first_ten_minutes(raw: Raw, client: SandboxClient) -> None:
    assert (await raw("close"))[0] == 429
    await client.advance(601)
    assert await raw.result("close") is True


def test_the_checker_finds_what_does_not_fit() -> None:
    checker = TypeChecker()
    user = {"id": 1, "is_bot": True, "first_name": "x", "shoe_size": 43}
    checker.check_answer("getMe", {"ok": True, "result": user})
    checker.check_answer("getMe", {"ok": True, "result": {"id": "x", "is_bot": True, "first_name": "x"}})
    checker.check_answer("getMe", {"ok": False, "error": "x"})
    chat = {"id": 1, "type": "private", "first_name": "x"}
    message = {"message_id": 1, "date": 0, "chat": chat, "document": {"file_id": "a", "file_unique_id": "b", "of": 1}}
    checker.check_update({"update_id": 1, "message": message})
    found = checker.problems
    assert found[0] == "getMe: unknown getMe.shoe_size"
    assert "valid integer" in found[1]
    assert found[2].startswith("getMe: ['error'")
    assert found[3] == "webhook: unknown webhook.message.document.of"
