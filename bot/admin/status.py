"""How the gateway is, on one screen."""

import time
from datetime import datetime

from aiogram.types import InlineKeyboardMarkup
from sqlalchemy import text

from bot.admin.alert_texts import alert_line
from bot.admin.channels import cut
from bot.admin.tools import AdminTools, RefreshStatus
from bot.keyboards import button
from bot.media.pages import Page
from bot.sizes import size_text
from bot.texts import Texts
from storage.auditing.digest import last_incidents, only_in_telegram
from storage.clock import SystemClock
from storage.engine.channel_states import ChannelState, channel_states
from storage.engine.workload import Workload, workload
from storage.use_cases import UseCases

_INCIDENTS = 3
_LANES = 5


async def status_page(texts: Texts, admin: AdminTools, use_cases: UseCases) -> Page:
    """What waits, where it is held up, and what went wrong lately."""
    sessions, clock = use_cases.sessions, SystemClock()
    load = await workload(sessions, use_cases.intake.spool, clock)
    began = time.monotonic()
    async with sessions.begin() as session:
        await session.execute(text("SELECT 1"))
    milliseconds = round((time.monotonic() - began) * 1000)
    now = clock.now()
    lines = [
        texts("status-title", at=admin.moment(now)),
        *_queue(texts, load),
        *_copies(texts, load),
        *_lanes(texts, await channel_states(sessions, clock)),
        texts("status-database", milliseconds=milliseconds),
        texts("status-only-telegram", count=await only_in_telegram(sessions)),
        *await _alerts(texts, admin, now),
        *await _mishaps(texts, admin, use_cases),
    ]
    refresh = button(texts.plain("button-refresh"), RefreshStatus())
    return Page(text="\n".join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[[refresh]]))


def _queue(texts: Texts, load: Workload) -> list[str]:
    percent = round(100 * load.spool_used_bytes / load.spool_max_bytes) if load.spool_max_bytes else 100
    return [
        texts("status-queue", count=load.queue_parts, size=size_text(texts, load.queue_bytes))
        if load.queue_parts
        else texts("status-queue-empty"),
        *([texts("status-oldest", seconds=round(load.queue_oldest_seconds))] if load.queue_parts else []),
        texts("status-inbox", count=load.inbox_updates),
        texts("status-spool", size=size_text(texts, load.spool_used_bytes), percent=percent),
    ]


def _copies(texts: Texts, load: Workload) -> list[str]:
    damaged = [texts("status-damaged", count=load.parts_damaged)] if load.parts_damaged else []
    if not load.backup_channels:
        return [texts("status-copies-none"), *damaged]
    if load.copies_missing:
        return [texts("status-copies-missing", count=load.copies_missing), *damaged]
    return [texts("status-copies-whole"), *damaged]


def _lanes(texts: Texts, channels: list[ChannelState]) -> list[str]:
    blocked = [
        (channel.title, lane.retry_after)
        for channel in channels
        for lane in channel.lanes
        if lane.retry_after is not None
    ]
    if not blocked:
        return [texts("status-no-flood")]
    blocked.sort(key=lambda one: -one[1])
    return [texts("status-flood", title=cut(title), seconds=round(left)) for title, left in blocked[:_LANES]]


async def _alerts(texts: Texts, admin: AdminTools, now: datetime) -> list[str]:
    current = await admin.alerts.current()
    if not current:
        return [texts("status-no-alerts")]
    return ["", texts("status-alerts", count=len(current)), *(alert_line(texts, admin, one, now) for one in current)]


async def _mishaps(texts: Texts, admin: AdminTools, use_cases: UseCases) -> list[str]:
    found = await last_incidents(use_cases.sessions, limit=_INCIDENTS)
    if not found:
        return [texts("status-no-incidents")]
    lines = [
        texts("status-incident", at=admin.moment(one.at), error=one.error, door=one.door, id=one.id) for one in found
    ]
    return ["", texts("status-incidents"), *lines]
