"""The audit: who did what. Written in the transaction that did it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Audit


def record(
    session: AsyncSession,
    actor: str,
    action: str,
    *,
    media_id: int | None = None,
    request_number: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    session.add(Audit(actor=actor, action=action, media_id=media_id, request_number=request_number, detail=detail))
