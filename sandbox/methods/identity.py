"""Names, descriptions, menu buttons and default rights of a bot: kept, and given back as they were set."""

import functools
from typing import Any, Final

from sandbox.call import Call, Method
from sandbox.errors import bad_request
from sandbox.membership import admin_rights
from sandbox.model import CHANNEL, SUPERGROUP, Json

# Method suffix, argument, longest text in characters (Bot API documentation).
_TEXTS: Final = (
    ("Name", "name", 64),
    ("Description", "description", 512),
    ("ShortDescription", "short_description", 120),
)
_DEFAULT_BUTTON: Final[Json] = {"type": "default"}


async def set_text(call: Call, *, name: str, most: int) -> bool:
    """For one language, or for all without a text of their own. An empty text takes it back."""
    text = call.arguments.text(name)
    if len(text) > most:
        raise bad_request(f"{name.replace('_', ' ')} is too long")  # the exact text is unverified
    key = f"{name}|{call.arguments.text('language_code')}"
    if text:
        call.bot.texts[key] = text
    else:
        call.bot.texts.pop(key, None)
    call.world.state.save_bot(call.bot)
    return True


async def get_text(call: Call, *, name: str, most: int) -> Json:  # noqa: ARG001 - one table serves both methods
    default = call.bot.first_name if name == "name" else ""
    texts = call.bot.texts
    return {name: texts.get(f"{name}|{call.arguments.text('language_code')}", texts.get(f"{name}|", default))}


def _menu_key(call: Call) -> str:
    """The private chat, "" for the default of all."""
    chat_id = call.arguments.integer("chat_id")
    if chat_id and chat_id not in call.world.state.people:
        raise bad_request("chat not found")
    return str(chat_id or "")


async def set_menu_button(call: Call) -> bool:
    key, button = _menu_key(call), call.structure("menu_button")
    check_menu_button(button)
    call.bot.menu_buttons[key] = button or _DEFAULT_BUTTON
    call.world.state.save_bot(call.bot)
    call.world.tell({"type": "menu_button", "chat_id": int(key) if key else None, "bot_id": call.bot.id})
    return True


def check_menu_button(button: Any) -> None:
    """The texts of these errors are unverified."""
    if button is None:
        return
    if not isinstance(button, dict) or button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse menu button: MenuButton has unsupported type")
    if button["type"] == "web_app":
        url = (button.get("web_app") or {}).get("url")
        if not button.get("text") or not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise bad_request("can't parse menu button: Can't find field \"web_app\"")


async def get_menu_button(call: Call) -> Json:
    buttons = call.bot.menu_buttons
    found: Json = buttons.get(_menu_key(call)) or buttons.get("", _DEFAULT_BUTTON)
    return found


async def set_default_rights(call: Call) -> bool:
    key = "channel" if call.arguments.flag("for_channels") else "group"
    call.bot.default_rights[key] = call.structure("rights") or {}
    call.world.state.save_bot(call.bot)
    return True


async def get_default_rights(call: Call) -> Json:
    for_channels = call.arguments.flag("for_channels")
    rights = call.bot.default_rights.get("channel" if for_channels else "group", {})
    return admin_rights(CHANNEL if for_channels else SUPERGROUP, rights)


METHODS: Final[dict[str, Method]] = {
    **{f"setMy{suffix}": functools.partial(set_text, name=name, most=most) for suffix, name, most in _TEXTS},
    **{f"getMy{suffix}": functools.partial(get_text, name=name, most=most) for suffix, name, most in _TEXTS},
    "setChatMenuButton": set_menu_button,
    "getChatMenuButton": get_menu_button,
    "setMyDefaultAdministratorRights": set_default_rights,
    "getMyDefaultAdministratorRights": get_default_rights,
}
