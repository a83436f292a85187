"""How the texts of environment variables become values: sizes, durations, lists, keys.

Every parser raises ValueError with a phrase that continues "MEDIAGATE_X …"; no phrase repeats a secret.
"""

import base64
import re
from collections.abc import Callable
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr

from storage.domain import Purpose, Role, Scope
from web.auth.rights import Rights, rights_line
from web.clients.calls import names_in

_SIZE_UNITS = {"": 1.0, "b": 1.0} | {
    f"{prefix}{suffix}": float(base ** (power + 1))
    for power, prefix in enumerate("kmgt")
    for suffix, base in (("b", 1000), ("ib", 1024))
}
_DURATION_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER_AND_UNIT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]*)", re.IGNORECASE | re.ASCII)
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_BOT_TOKEN = re.compile(r"\d{6,}:[A-Za-z0-9_-]{20,}", re.ASCII)
KEY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KEY_FIELDS = 3
_SHORTEST_HOOK_SECRET = 16
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s*]+")


class ApiKey(NamedTuple):
    """A bootstrap key: who calls with ``secret`` acts as ``service:<name>`` within ``scopes``."""

    name: str
    secret: SecretStr
    scopes: frozenset[Scope]


def from_text(read: Callable[[str], object]) -> BeforeValidator:
    """Let a field be given as text; what already is a value passes."""
    return BeforeValidator(lambda given: read(given) if isinstance(given, str) else given)


def size(text: str) -> int:
    """``2GiB``, ``500MB`` or plain bytes to bytes. KB counts 1000, KiB 1024."""
    return int(_scaled(text, _SIZE_UNITS, "a size (units: B, KB, MB, GB, TB, KiB, MiB, GiB, TiB)"))


def duration(text: str) -> timedelta:
    """``24h``, ``10s`` or plain seconds to a timedelta."""
    return timedelta(seconds=_scaled(text, _DURATION_UNITS, "a duration (units: ms, s, m, h, d)"))


def time_of_day(text: str) -> time:
    """``08:00`` to a time of a day, to the minute."""
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise ValueError("is not a time of the day such as 08:00")
    return time(int(match[1]), int(match[2]))


def time_or_never(text: str) -> time | None:
    """The same, or ``never``."""
    return None if text.strip().lower() == "never" else time_of_day(text)


def _scaled(text: str, units: dict[str, float], what: str) -> float:
    match = _NUMBER_AND_UNIT.fullmatch(text)
    unit = units.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError(f"is not {what}")
    return float(match[1]) * unit


def words(text: str) -> tuple[str, ...]:
    """A comma-separated list to its non-empty, stripped items."""
    return tuple(word for item in text.split(",") if (word := item.strip()))


def whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"has {text!r} where a whole number belongs") from None


def ids(text: str) -> frozenset[int]:
    """Telegram user ids: positive numbers."""
    numbers = frozenset(whole_number(word) for word in words(text))
    if any(number <= 0 for number in numbers):
        raise ValueError("has a number that is no user id (those are positive)")
    return numbers


def bot_tokens(text: str) -> tuple[SecretStr, ...]:
    """``123456:ABC…`` of each bot; every bot once."""
    tokens = words(text)
    if not all(_BOT_TOKEN.fullmatch(token) for token in tokens):
        raise ValueError("has an item that is no bot token (a number, a colon, and what BotFather gave)")
    if len({token.split(":")[0] for token in tokens}) < len(tokens):
        raise ValueError("names one bot twice")
    return tuple(SecretStr(token) for token in tokens)


def channels(text: str) -> dict[Purpose, tuple[int, ...]]:
    """``requests=-1001,archive=-1002+-1003`` to chat ids by purpose."""
    bound: dict[Purpose, tuple[int, ...]] = {}
    for word in words(text):
        name, found, chats = word.partition("=")
        if not found or name.strip() not in set(Purpose):
            raise ValueError(f"has {word!r}, which is not one of {', '.join(Purpose)} followed by = and ids")
        numbers = tuple(whole_number(chat.strip()) for chat in chats.split("+"))
        if any(number >= 0 for number in numbers):
            raise ValueError(f"has {word!r}; ids of channels are negative")
        purpose = Purpose(name.strip())
        bound[purpose] = bound.get(purpose, ()) + numbers
    return bound


def api_keys(text: str) -> tuple[ApiKey, ...]:
    """``name:secret:scope+scope`` (split at the first two colons), or one bare secret with every scope."""
    keys = tuple(_api_key(word) for word in words(text))
    if len({key.name for key in keys}) < len(keys):
        raise ValueError("has two keys of one name (a bare secret is named default)")
    if len({key.secret.get_secret_value() for key in keys}) < len(keys):
        raise ValueError("has one secret twice")
    return keys


def _api_key(text: str) -> ApiKey:
    fields = text.split(":", _KEY_FIELDS - 1)
    if len(fields) == 1:
        return ApiKey("default", SecretStr(text), frozenset(Scope))
    if len(fields) != _KEY_FIELDS or not KEY_NAME.fullmatch(fields[0]) or not fields[1]:
        raise ValueError("has an item that is neither name:secret:scope+scope nor a secret without a colon")
    name, secret, scopes = fields
    unknown = [scope for scope in scopes.split("+") if scope.strip() not in set(Scope)]
    if unknown:
        raise ValueError(f"gives key {name!r} an unknown scope; scopes are {', '.join(Scope)}")
    return ApiKey(name, SecretStr(secret), frozenset(Scope(scope.strip()) for scope in scopes.split("+")))


def rights(text: str) -> dict[str, Rights]:
    """``dispatcher=staff,uploads=media:read+media:write``: names of the Auth Service to our roles and scopes."""
    lines: dict[str, Rights] = {}
    for word in words(text):
        name, found, targets = word.rpartition("=")  # a scope may be an address with = in it
        try:
            lines[name.strip()] = rights_line(target.strip() for target in targets.split("+"))
        except ValueError:
            found = ""
        if not found or not name.strip():
            raise ValueError(f"has {word!r}, which is not a name, = and roles ({', '.join(Role)}) or scopes")
    return lines


def hook_secrets(text: str) -> tuple[SecretStr, ...]:
    """Secrets of Standard Webhooks, ``whsec_…``; several while one is being replaced."""
    found = words(text)
    for word in found:
        try:
            held = base64.b64decode(word.removeprefix("whsec_"), validate=True)
        except ValueError:
            held = b""
        if len(held) < _SHORTEST_HOOK_SECRET:
            raise ValueError(f"has an item that is not whsec_ and at least {_SHORTEST_HOOK_SECRET} bytes in base64")
    return tuple(SecretStr(word) for word in found)


_PLACEHOLDERS = frozenset({"number", "numbers", "media_id", "limit", "ids", "user_id"})


def path_to(text: str) -> str:
    """A path of another service with names in braces."""
    try:
        named = names_in(text)
    except ValueError:
        named = frozenset({""})
    if not text.startswith("/") or not named <= _PLACEHOLDERS:
        raise ValueError(f"is no path that begins with / and names only {', '.join(sorted(_PLACEHOLDERS))} in braces")
    return text


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses or networks in CIDR notation."""
    return tuple(_network(word) for word in words(text))


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(f"has {text!r}, which is no address and no network") from None


def origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them, ``https://app.example.com``, or ``*``."""
    found = tuple(word.rstrip("/").lower() for word in words(text))
    if not all(origin == "*" or _ORIGIN.fullmatch(origin) for origin in found):
        raise ValueError(
            "has an item that is no origin (a scheme and a host, perhaps a port, without a path) and not *"
        )
    return found


def http_url(value: str) -> str:
    """An absolute http or https URL, without a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("is not an http:// or https:// address")
    return value.rstrip("/")


def proxy_url(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in {"http", "socks4", "socks5"} or not parts.hostname:
        raise ValueError("is not an http://, socks4:// or socks5:// address")
    return value


def database_url(value: SecretStr) -> SecretStr:
    """Any usual spelling of a PostgreSQL URL, as one for asyncpg."""
    scheme, found, rest = value.get_secret_value().partition("://")
    if not found or scheme not in {"postgres", "postgresql", "postgresql+asyncpg"} or not rest:
        raise ValueError("is not a postgresql+asyncpg:// address")
    return SecretStr(f"postgresql+asyncpg://{rest}")
