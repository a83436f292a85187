"""Checks of `reply_markup`; it is kept as it came."""

import json
from typing import Any, Final

from sandbox.errors import bad_request
from sandbox.model import Json

_DATA_MAX: Final = 64  # bytes (TELEGRAM.md, Limits)
_KINDS: Final = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")
_ACTIONS: Final = (
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def reply_markup(raw: str) -> Json | None:
    """The markup, None where there is none or it is empty."""
    if not raw:
        return None
    try:
        markup = json.loads(raw)
    except ValueError as error:
        raise bad_request("can't parse reply keyboard markup JSON object") from error
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if not any(kind in markup for kind in _KINDS):
        return None
    for row in _rows(markup):
        for button in row:
            _check_button(button, inline="inline_keyboard" in markup)
    if "inline_keyboard" in markup and not any(markup["inline_keyboard"]):
        return None
    return markup


def _rows(markup: Json) -> list[Any]:
    rows = markup.get("inline_keyboard", markup.get("keyboard", []))
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard button: Field must be of type Array of Array")
    return rows


def _check_button(button: Any, *, inline: bool) -> None:
    if not inline:
        if isinstance(button, str) or (isinstance(button, dict) and button.get("text")):
            return
        raise bad_request('can\'t parse keyboard button: Field "text" must be of type String')
    if not isinstance(button, dict) or not button.get("text"):
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not any(action in button for action in _ACTIONS):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= _DATA_MAX:
        raise bad_request("BUTTON_DATA_INVALID")
