"""A person opens a Mini App, and a keyboard's Mini App sends its data."""

from typing import Any, Final

from aiohttp import web

from sandbox.control.common import answer_json, body_of, person_of, room_of, shown, world_of
from sandbox.control.routing import BOOLEAN, INTEGER, OBJECT, STRING, Route, list_of, obj
from sandbox.errors import ControlError
from sandbox.model import Bot, Json, Message, Room
from sandbox.webapp import open_web_app

_DATA_MAX: Final = 4096  # bytes (Bot API documentation, WebAppData)


async def open_app(request: web.Request) -> web.Response:
    """By `url`, by the `button` (text, or [row, column]) of a `message`, or with `menu` by the bot's menu button.

    The answer's `url` carries signed init data in its fragment. Apps opened from inline and menu buttons have a
    `query_id` for answerWebAppQuery; those of keyboards and plain addresses have none.
    """
    world, wanted = world_of(request), await body_of(request)
    person, bot = person_of(world, wanted.get("from")), world.bot(wanted.get("bot"))
    room = room_of(world, wanted.get("chat") or person.id, bot.id)
    url, with_query = _address(bot, room, wanted)
    start_param = str(wanted.get("start_param", ""))
    return answer_json(open_web_app(world, bot, person, room.key, url, with_query=with_query, start_param=start_param))


def _address(bot: Bot, room: Room, wanted: Json) -> tuple[str, bool]:
    if "url" in wanted:
        return str(wanted["url"]), bool(wanted.get("with_query"))
    if wanted.get("menu"):
        button = bot.menu_buttons.get(str(wanted["from"])) or bot.menu_buttons.get("", {})
    else:
        message = room.messages.get(wanted.get("message", 0))
        if message is None:
            raise ControlError("url, menu, or message and button are needed")
        button = find_button(message, wanted.get("button"))
        inline = "inline_keyboard" in message.body["reply_markup"]
        return _url_of(button), inline
    return _url_of(button), True


def _url_of(button: Json) -> str:
    url = (button.get("web_app") or {}).get("url")
    if not isinstance(url, str):
        raise ControlError("this button opens no Mini App")
    return url


def find_button(message: Message, wanted: Any) -> Json:
    """A button of either keyboard, by its text or [row, column]. Raises ControlError."""
    markup = message.body.get("reply_markup") or {}
    rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
    buttons = [[one if isinstance(one, dict) else {"text": one} for one in row] for row in rows]
    if isinstance(wanted, list) and len(wanted) == 2:  # noqa: PLR2004 - row and column
        row, column = wanted
        if 0 <= row < len(buttons) and 0 <= column < len(buttons[row]):
            return dict(buttons[row][column])
    for button in (one for row in buttons for one in row):
        if button.get("text") == wanted:
            return dict(button)
    raise ControlError("the message has no such button", 404)


async def send_data(request: web.Request) -> web.Response:
    """`Telegram.WebApp.sendData` of an app opened from a keyboard button: a message with `web_app_data`."""
    world, wanted = world_of(request), await body_of(request)
    person, bot = person_of(world, wanted.get("from")), world.bot(wanted.get("bot"))
    data = str(wanted.get("data", ""))
    if not 1 <= len(data.encode()) <= _DATA_MAX:
        raise ControlError("data has 1-4096 bytes")
    word = {"web_app_data": {"data": data, "button_text": str(wanted.get("button_text", ""))}}
    message = world.postbox.note_service(room_of(world, person.id, bot.id).key, person.id, word)
    return answer_json({"messages": [shown(world, message)]})


ROUTES: Final = [
    Route(
        method="POST",
        path="/control/webapp",
        handler=open_app,
        summary="Open a Mini App",
        body=obj(
            "from",
            **{"from": INTEGER},
            bot=INTEGER,
            chat=INTEGER,
            url=STRING,
            menu=BOOLEAN,
            message=INTEGER,
            button={"oneOf": [STRING, list_of(INTEGER)]},
            start_param=STRING,
            with_query=BOOLEAN,
        ),
        answer=obj("url init_data", url=STRING, init_data=STRING, query_id={"type": ["string", "null"]}),
    ),
    Route(
        method="POST",
        path="/control/webapp/data",
        handler=send_data,
        summary="Send data from a keyboard's Mini App",
        body=obj("from data", **{"from": INTEGER}, bot=INTEGER, data=STRING, button_text=STRING),
        answer=obj("messages", messages=list_of(OBJECT)),
    ),
]
