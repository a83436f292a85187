"""Who is in a chat with which rights, and the `my_chat_member` updates of a change (TELEGRAM.md, Updates)."""

from typing import Any, Final

from sandbox.model import CHANNEL, PRIVATE, Bot, Chat, Json, Member
from sandbox.render import Renderer, chat_json
from sandbox.state import State
from sandbox.updates import UpdateHub

ADMIN_RIGHTS: Final = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
CHANNEL_RIGHTS: Final = ("can_post_messages", "can_edit_messages")
GROUP_RIGHTS: Final = ("can_pin_messages", "can_manage_topics")
PERMISSIONS: Final = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


def full_rights(chat_type: str) -> dict[str, bool]:
    """What the samples give the bot: posting, editing, deleting, and reading who is there."""
    names = CHANNEL_RIGHTS if chat_type == CHANNEL else GROUP_RIGHTS
    return dict.fromkeys((*names, "can_manage_chat", "can_delete_messages", "can_invite_users"), True)


def member_json(renderer: Renderer, chat: Chat, user_id: int) -> Json:
    """A Bot API `ChatMember`."""
    member = chat.members.get(user_id) or Member(status="left")
    shown: Json = {"status": member.status, "user": renderer.user(user_id)}
    match member.status:
        case "creator":
            shown["is_anonymous"] = member.rights.get("is_anonymous", False)
        case "administrator":
            shown |= {"can_be_edited": False, **admin_rights(chat.type, member.rights)}
            shown["can_manage_chat"] = True  # implied by any other right
        case "restricted":
            shown |= {"is_member": True, "until_date": 0}
            shown |= {name: member.rights.get(name, False) for name in PERMISSIONS}
        case "kicked":
            shown["until_date"] = 0
        case _:
            pass
    if member.custom_title and member.status in ("creator", "administrator"):
        shown["custom_title"] = member.custom_title
    return shown


def admin_rights(chat_type: str, rights: dict[str, bool]) -> Json:
    """A Bot API `ChatAdministratorRights`, those that a chat of this type has."""
    names = ("is_anonymous", *ADMIN_RIGHTS, *(CHANNEL_RIGHTS if chat_type == CHANNEL else GROUP_RIGHTS))
    return {name: rights.get(name, False) for name in names}


class Membership:
    def __init__(self, state: State, updates: UpdateHub, renderer: Renderer) -> None:
        self._state = state
        self._updates = updates
        self._renderer = renderer

    def change(self, chat: Chat, user_id: int, member: Member, by: int, **how: Any) -> None:
        """Give `user_id` a new place in the chat and tell the bots concerned; `how` are further fields of the update
        (`invite_link`, `via_join_request`).
        """
        old = member_json(self._renderer, chat, user_id)
        bot = self._state.bots.get(user_id)
        if bot is not None:
            before = chat.members.get(user_id)
            stays = before is not None and chat.has(user_id)
            # A changed privacy setting counts only once the bot is added again (TELEGRAM.md, Updates).
            member.reads_all = before.reads_all if stays and before is not None else bot.can_read_all_group_messages
        chat.members[user_id] = member
        self._state.save_chat(chat)
        event = self._event(chat_json(chat), by, old, member_json(self._renderer, chat, user_id)) | how
        if bot is not None:
            self._updates.push(bot, "my_chat_member", chat.id, event)
            return
        for watcher in self._state.bots_in(chat):
            if chat.status(watcher.id) == "administrator":
                self._updates.push(watcher, "chat_member", chat.id, event)

    def blocked(self, bot: Bot, person_id: int, *, blocked: bool) -> None:
        """A person blocks or unblocks a bot: `my_chat_member` of the private chat."""
        user = self._renderer.user(bot.id)
        out: Json = {"status": "kicked", "user": user, "until_date": 0}
        inside: Json = {"status": "member", "user": user}
        old, new = (inside, out) if blocked else (out, inside)
        chat = self._renderer.chat(person_id)
        assert chat["type"] == PRIVATE
        self._updates.push(bot, "my_chat_member", person_id, self._event(chat, person_id, old, new))

    def _event(self, chat: Json, by: int, old: Json, new: Json) -> Json:
        return {
            "chat": chat,
            "from": self._renderer.user(by),
            "date": int(self._state.clock.now()),
            "old_chat_member": old,
            "new_chat_member": new,
        }
