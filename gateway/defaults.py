"""Defaults of settings that follow from other settings; each takes those that were read before."""

import shutil
from datetime import time
from typing import Any

from pydantic import SecretStr

from gateway.values import ApiKey
from storage.callers.people import Access
from storage.domain import Scope

_GIB = 1 << 30


def access(data: dict[str, Any]) -> Access:
    return Access.INVITE if data["bot_tokens"] else Access.OPEN


def keys(data: dict[str, Any]) -> tuple[ApiKey, ...]:
    return () if data["bot_tokens"] else (ApiKey("default", SecretStr("test-key"), frozenset(Scope)),)


def rate(data: dict[str, Any]) -> int:
    return 20 if data["bot_tokens"] else 0


def public_url(data: dict[str, Any]) -> str:
    host = data["http_host"]
    everywhere = host in {"0.0.0.0", "::", ""}  # noqa: S104  compared with, not bound to
    shown = "localhost" if everywhere else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{data['http_port']}"


def spool(data: dict[str, Any]) -> int:
    """The smaller of 10 GiB and a fifth of what is free where DATA_DIR is, or will be."""
    return min(10 * _GIB, _free(data) // 5)


def part_cache(data: dict[str, Any]) -> int:
    return min(4 * _GIB, _free(data) // 10)


def backup_at(data: dict[str, Any]) -> time | None:
    return time(3, 30) if data["bot_tokens"] else None


def _free(data: dict[str, Any]) -> int:
    place = data["data_dir"]
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
