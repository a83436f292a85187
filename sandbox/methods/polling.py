"""getUpdates and webhooks."""

import math
import re
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.call import Call, Done, Method
from sandbox.errors import CONFLICT, api_error, bad_request, too_many
from sandbox.model import Json

_LONGEST: Final = 50  # seconds
_MOST: Final = 100
_PORTS: Final = (80, 88, 443, 8443)
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{0,256}")
_CONNECTIONS: Final = 40
_WEBHOOK_ACTIVE: Final = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


async def get_updates(call: Call) -> list[Json]:
    if call.bot.webhook:
        raise api_error(CONFLICT, _WEBHOOK_ACTIVE)
    _set_allowed(call)
    arguments = call.arguments
    limit = arguments.integer("limit", _MOST)
    limit = limit if 1 <= limit <= _MOST else _MOST
    timeout = max(0, min(arguments.integer("timeout"), _LONGEST))
    # What was queued by now is on disk before anything else happens in this poll.
    call.world.journal.flush()
    offset = arguments.integer("offset")
    repeated = call.world.updates.confirmable(call.bot, offset) if offset else []
    if repeated and call.world.faults.take("duplicate", "getUpdates", call.bot.id) is not None:
        return [update.body() for update in repeated][:limit]
    found = await call.world.updates.poll(call.bot, offset=offset, limit=limit, timeout=timeout)
    return [update.body() for update in found]


def _set_allowed(call: Call) -> None:
    """Left out, `allowed_updates` keeps the former setting; an empty list is the default."""
    if "allowed_updates" not in call.arguments.fields:
        return
    wanted: Any = call.structure("allowed_updates")
    names = [name for name in wanted if isinstance(name, str)] if isinstance(wanted, list) else []
    if (names or None) != call.bot.allowed_updates:
        call.bot.allowed_updates = names or None
        call.world.state.save_bot(call.bot)


async def set_webhook(call: Call) -> Done:
    url = call.arguments.text("url").strip()
    if not url:
        return await delete_webhook(call)
    _check_url(call, url)
    secret = call.arguments.text("secret_token")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _set_allowed(call)
    if call.arguments.flag("drop_pending_updates"):
        call.world.updates.drop_all(call.bot)
    connections = call.arguments.integer("max_connections", _CONNECTIONS)
    webhook = {"url": url, "secret_token": secret, "max_connections": max(1, min(connections, 100))}
    if webhook == call.bot.webhook:
        return Done(True, "Webhook is already set")
    await call.world.webhooks.stop(call.bot)
    call.world.updates.end_for_webhook(call.bot)
    call.bot.webhook = webhook
    call.world.webhooks.errors.pop(call.bot.id, None)
    call.world.state.save_bot(call.bot)
    call.world.webhooks.resume(call.bot)
    return Done(True, "Webhook was set")


def _check_url(call: Call, url: str) -> None:
    """A local server allows http and any port."""
    parts = urlsplit(url)
    options = call.world.options
    free = options.local or options.http_webhooks
    if parts.scheme != "https" and not (free and parts.scheme == "http"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not free and (parts.port or 443) not in _PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


async def delete_webhook(call: Call) -> Done:
    if call.arguments.flag("drop_pending_updates"):
        call.world.updates.drop_all(call.bot)
    if not call.bot.webhook:
        return Done(True, "Webhook is already deleted")
    call.bot.webhook = None
    await call.world.webhooks.stop(call.bot)
    call.world.state.save_bot(call.bot)
    return Done(True, "Webhook was deleted")


async def get_webhook_info(call: Call) -> Json:
    webhook = call.bot.webhook or {"url": ""}
    shown: Json = {"url": webhook["url"], "has_custom_certificate": False}
    shown["pending_update_count"] = len(call.world.updates.pending(call.bot))
    if call.bot.webhook:
        shown["max_connections"] = webhook["max_connections"]
        shown |= call.world.webhooks.errors.get(call.bot.id, {})
    if call.bot.allowed_updates:
        shown["allowed_updates"] = call.bot.allowed_updates
    return shown


async def log_out(call: Call) -> bool:
    """The cloud refuses the bot for ten minutes (Bot API documentation); here until /control/bots lets it in again.

    The text it is refused with is not in TELEGRAM.md.
    """
    call.bot.logged_out = True
    call.world.state.save_bot(call.bot)
    call.world.updates.shut_down_bot(call.bot)
    return True


async def close(call: Call) -> bool:
    """Documented: 429 in the first ten minutes after the bot was launched. Its polls end."""
    left = call.world.options.close_refused_for - (call.world.clock.now() - call.world.born)
    if left > 0 and call.world.options.flood.enabled:
        raise too_many(math.ceil(left))
    call.world.updates.shut_down_bot(call.bot)
    return True


METHODS: Final[dict[str, Method]] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "logOut": log_out,
    "close": close,
}
