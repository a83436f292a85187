"""The outbox: an event is there if, and only if, the change it tells of was committed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Select, Text, any_, bindparam, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import EventType
from storage.jobs import NORMAL, enqueue
from storage.tables import Event, EventDelivery, Media, Webhook
from storage.views import MediaView, media_view

DELIVER_JOB = "deliver_event"
TRIED_FOR = timedelta(days=3)


async def tell(session: AsyncSession, kind: EventType, media: Media, *, by: str, **more: Any) -> None:
    """Note, in the transaction that makes it so, that something happened to ``media``; ``more`` joins the data.

    It costs one small statement where nobody listens.
    """
    listeners = await _listeners(session, kind, by=by)
    if listeners:
        await session.flush()
        view = await media_view(session, media)
        await _note(session, kind, media.id, {**event_data(view), "by": by, **more}, listeners)


async def tell_once(session: AsyncSession, kind: EventType, media: Media, *, by: str) -> None:
    """`tell`, unless this was told of the media before."""
    told = select(Event.id).where(Event.media_id == media.id, Event.type == kind).limit(1)
    if await session.scalar(told) is None:
        await tell(session, kind, media, by=by)


async def tell_of_upload(session: AsyncSession, kind: EventType, data: dict[str, Any]) -> None:
    """The same for what never became a media."""
    listeners = await _listeners(session, kind)
    if listeners:
        await _note(session, kind, None, data, listeners)


async def listened_to(session: AsyncSession, kind: EventType) -> bool:
    """Whether anybody is to hear of such an event: who notes it for many asks once."""
    return bool(await _listeners(session, kind))


def listening(kind: EventType) -> ColumnElement[bool]:
    """`listened_to` as a condition, for who asks for something else at the same time."""
    return _listening(literal(kind.value), literal("")).exists()


async def wake_delivery(session: AsyncSession, webhook_id: int, media_id: int | None, *, delay: float = 0) -> None:
    """Deliver what waits for a webhook about a media. Those of one media are one job: they go in their order."""
    payload = {"webhook": webhook_id, "media": media_id}
    dedupe = f"{DELIVER_JOB}:{webhook_id}:{media_id}"
    await enqueue(session, DELIVER_JOB, payload, priority=NORMAL, delay=delay, dedupe=dedupe)


def event_data(view: MediaView) -> dict[str, Any]:
    """The media as events show it: a snapshot. The whole object is at ``/media/{id}``."""
    return {
        "media_id": view.id,
        "filename": view.filename,
        "file_size": view.file_size,
        "content_type": view.content_type,
        "file_type": view.file_type.value,
        "category": view.category.value,
        "description": view.description,
        "tags": list(view.tags),
        "request_numbers": list(view.request_numbers),
        "sha256": None if view.sha256 is None else view.sha256.hex(),
        "status": view.status.value,
        "stored": view.stored,
        "delivery": "http" if view.deliverable else "telegram_only",
        "verified": view.verified,
        "owner": view.owner,
        "uploaded_by": view.uploaded_by,
        "external_id": view.external_id,
    }


async def _listeners(session: AsyncSession, kind: EventType, *, by: str = "") -> list[int]:
    """Who is to be told; a service is not told of what it had us do."""
    return list((await session.scalars(_LISTENERS, {"kind": kind.value, "by": by})).all())


def _listening(kind: ColumnElement[str], by: ColumnElement[str]) -> Select[int]:
    hooks = Webhook.__table__.c
    wanted = or_(func.cardinality(hooks.events) == 0, kind == any_(hooks.events))
    told = or_(hooks.service.is_(None), func.concat("service:", hooks.service) != by)
    return select(hooks.id).where(hooks.enabled, wanted, told)


_LISTENERS = _listening(bindparam("kind", type_=Text), bindparam("by", type_=Text))
"""Built once, since it is asked for every file."""


async def _note(
    session: AsyncSession, kind: EventType, media_id: int | None, data: dict[str, Any], listeners: list[int]
) -> None:
    event = Event(key=uuid4(), type=kind, media_id=media_id, data=data)
    session.add(event)
    await session.flush()
    for webhook_id in listeners:
        session.add(
            EventDelivery(
                webhook_id=webhook_id, event_id=event.id, media_id=media_id, give_up_at=func.now() + TRIED_FOR
            )
        )
    await session.flush()
    for webhook_id in listeners:
        await wake_delivery(session, webhook_id, media_id)
