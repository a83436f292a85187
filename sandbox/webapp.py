"""Mini Apps: the address a client opens, with init data that the bot's server can check.

The signature is Telegram's documented one: HMAC-SHA256 over the sorted `key=value` lines, with the key
HMAC-SHA256("WebAppData", token). The field `signature` (Ed25519, for third parties) is left out: only Telegram can
make it.
"""

import hashlib
import hmac
import json
import secrets
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from sandbox.model import Bot, Json, OpenWebApp, Person, RoomKey
from sandbox.world import World

_VERSION: Final = "9.1"
_THEME: Final = {"bg_color": "#ffffff", "text_color": "#000000", "button_color": "#3390ec", "hint_color": "#707579"}
_MOST_OPEN: Final = 1000


def signed(bot: Bot, fields: dict[str, str]) -> str:
    """`initData`: the fields and their `hash`, urlencoded."""
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.new(b"WebAppData", bot.token.encode(), hashlib.sha256).digest()
    digest = hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
    return urlencode({**fields, "hash": digest}, quote_via=quote)


def web_app_user(person: Person) -> Json:
    shown: Json = {"id": person.id, "first_name": person.first_name, "last_name": person.last_name or ""}
    for name in ("username", "language_code"):
        if getattr(person, name):
            shown[name] = getattr(person, name)
    return {**shown, "allows_write_to_pm": True}


def open_web_app(
    world: World, bot: Bot, person: Person, room: RoomKey, url: str, *, with_query: bool, start_param: str = ""
) -> Json:
    """`{"url", "init_data", "query_id"}`. Without `with_query` (keyboard buttons, links) there is nothing to answer."""
    user = json.dumps(web_app_user(person), ensure_ascii=False, separators=(",", ":"))
    fields = {"user": user, "auth_date": str(int(world.clock.now()))}
    query_id = None
    if with_query:
        query_id = fields["query_id"] = "AAH" + secrets.token_urlsafe(15)
        world.web_apps[query_id] = OpenWebApp(bot.id, person.id, room)
        for old in list(world.web_apps)[:-_MOST_OPEN]:
            del world.web_apps[old]
    if start_param:
        fields["start_param"] = start_param
    init_data = signed(bot, fields)
    fragment = {
        "tgWebAppData": init_data,
        "tgWebAppVersion": _VERSION,
        "tgWebAppPlatform": "web",
        "tgWebAppThemeParams": json.dumps(_THEME),
    }
    joint = "&" if urlsplit(url).fragment else "#"
    return {"url": url + joint + urlencode(fragment, quote_via=quote), "init_data": init_data, "query_id": query_id}
