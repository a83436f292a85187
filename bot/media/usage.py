"""How much somebody has sent, as text."""

from collections.abc import Sequence

from bot.lines import ICONS
from bot.sizes import size_text
from bot.texts import Texts
from storage.callers.quotas import Used
from storage.catalog.statistics import Count
from storage.domain import FileType, Quota


def usage_text(texts: Texts, kinds: Sequence[Count], quota: Quota, used: Used) -> str:
    """The sum, a line for each kind of file, and what a quota leaves. HTML."""
    count, size = sum(one.count for one in kinds), sum(one.size for one in kinds)
    lines = [texts("usage-title", count=count, size=size_text(texts, size))]
    lines += [_line(texts, one) for one in kinds]
    limits = _limits(texts, quota, used)
    return "\n".join([*lines, *(["", *limits] if limits else [])])


def _line(texts: Texts, one: Count) -> str:
    kind = FileType(one.of)
    return texts(
        "usage-line",
        icon=ICONS[kind],
        kind=texts.plain(f"kind-{kind}"),
        count=one.count,
        size=size_text(texts, one.size),
    )


def _limits(texts: Texts, quota: Quota, used: Used) -> list[str]:
    lines = []
    if quota.day_bytes is not None:
        lines.append(_of_bytes(texts, "usage-quota-day-bytes", used.day_bytes, quota.day_bytes))
    if quota.day_files is not None:
        lines.append(texts("usage-quota-day-files", used=used.day_files, limit=quota.day_files))
    if quota.total_bytes is not None:
        lines.append(_of_bytes(texts, "usage-quota-total-bytes", used.total_bytes, quota.total_bytes))
    if quota.total_files is not None:
        lines.append(texts("usage-quota-total-files", used=used.total_files, limit=quota.total_files))
    return lines


def _of_bytes(texts: Texts, key: str, used: int, limit: int) -> str:
    return texts(key, used=size_text(texts, used), limit=size_text(texts, limit))
