"""Invitations: leave for somebody without credentials to upload, by a token that is shown once.

What comes by an invitation belongs to whoever gave it, as if they had uploaded it themselves, and counts against the
quota that they had then. The limits count files that were kept and those on their way; bytes on their way never exceed
what the files that are left may have. An invitation that has expired takes no new files, but lets those on their way
arrive. A revoked one opens nothing.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, Category, Quota
from storage.errors import (
    FileTooLarge,
    InvitationEnded,
    InvitationNotFound,
    InvitationUsedUp,
    Unauthenticated,
)
from storage.request_numbers import RequestNumber
from storage.resumable.cards import show_upload
from storage.tables import Card, Invitation, ResumableUpload, Upload
from storage.work_orders.gate import RequestGate, open_gate

MOST_FILES, LONGEST = 1000, timedelta(days=90)
"""What an invitation may allow at most."""

_KEPT = timedelta(days=7)
_LONGEST_TOKEN = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What an invitation allows: ``max_size`` bytes per file; a number and category that its files get."""

    expires_in: timedelta
    max_files: int
    max_size: int
    request_number: RequestNumber | None = None
    category: Category | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Invited:
    """An invitation as it stands. ``files_left`` does not count what is on its way."""

    id: int
    owner: str
    max_files: int
    max_size: int
    files_left: int
    request_number: str | None
    category: Category | None
    quota: Quota
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CardPlace:
    """Where a card that shows what comes belongs: in answer to ``message_id``, in the person's language."""

    chat_id: int
    message_id: int
    person_id: int
    language: str
    thread_id: int | None = None


class Invitations:
    """The use cases. ``secret_key`` keys the tokens' digests; all nodes share it."""

    def __init__(self, *, sessions: Sessions, secret_key: str, clock: Clock, gate: RequestGate | None = None) -> None:
        self._gate = gate or open_gate(sessions)
        self._sessions = sessions
        self._secret_key = secret_key.encode()
        self._clock = clock

    async def create(self, caller: Caller, terms: Terms) -> tuple[Invited, str]:
        """The invitation, and its token, which nobody can read again.

        Raises what `RequestGate.admit` raises of its number: whoever invites can mend it, whoever is invited cannot.
        """
        number = None
        if terms.request_number is not None:
            (number,) = await self._gate.admit(caller, [terms.request_number])
        token, now = secrets.token_urlsafe(24), self._clock.now()
        row = Invitation(
            owner=caller.owner,
            token_hash=self._hash(token),
            max_files=terms.max_files,
            max_size=terms.max_size,
            files_kept=0,
            request_number=number,
            category=terms.category,
            quota=_limited(caller.quota),
            created_at=now,
            expires_at=now + terms.expires_in,
        )
        async with self._sessions.begin() as session:
            session.add(row)
            await session.flush()
            record(session, caller.owner, "invited", request_number=number, detail={"id": str(row.id)})
        return _invited(row), token

    async def show_in_chat(self, invitation_id: int, place: CardPlace) -> None:
        """Have what comes by the invitation shown on one card in a chat, which is sent with the first upload.

        The card says how far an upload has come, then it is that of the media. Again the same does nothing.
        """
        async with self._sessions.begin() as session:
            row = await session.get_one(Invitation, invitation_id, with_for_update=True)
            if row.card_id is not None:
                return
            card = Card(
                chat_id=place.chat_id,
                person_id=place.person_id,
                language=place.language,
                reply_to_message_id=place.message_id,
                thread_id=place.thread_id,
                wanted=0,
            )
            session.add(card)
            await session.flush()
            row.card_id = card.id
            await session.flush()
            runs = select(ResumableUpload.id).where(ResumableUpload.kind == "partial")
            mine = (Upload.invitation_id == invitation_id) & Upload.id.not_in(runs)
            begun = select(Upload.id, Upload.media_id).where(mine)
            for upload_id, media_id in (await session.execute(begun.order_by(Upload.created_at))).all():
                await show_upload(session, invitation_id, upload_id, media_id=media_id)

    async def of_caller(self, caller: Caller, *, limit: int, offset: int) -> Sequence[Invited]:
        """The caller's own, newest first; those that ended stay for a week."""
        query = select(Invitation).where(Invitation.owner == caller.owner).order_by(Invitation.id.desc())
        async with self._sessions.begin() as session:
            return [_invited(row) for row in (await session.scalars(query.limit(limit).offset(offset))).all()]

    async def revoke(self, caller: Caller, invitation_id: int) -> None:
        """End one of the caller's own; again does nothing. Raises `InvitationNotFound`."""
        own = select(Invitation).where(Invitation.id == invitation_id, Invitation.owner == caller.owner)
        async with self._sessions.begin() as session:
            row = await session.scalar(own.with_for_update())
            if row is None:
                raise InvitationNotFound(invitation_id=invitation_id)
            if row.revoked_at is None:
                row.revoked_at = self._clock.now()
                record(session, caller.owner, "invitation_revoked", detail={"id": str(row.id)})

    async def by_token(self, token: str) -> Invited:
        """Raises `Unauthenticated` for an unknown token, `InvitationEnded` for a revoked one; gives expired ones."""
        if not 0 < len(token) <= _LONGEST_TOKEN:
            raise Unauthenticated
        async with self._sessions.begin() as session:
            row = await session.scalar(select(Invitation).where(Invitation.token_hash == self._hash(token)))
        if row is None:
            raise Unauthenticated
        if row.revoked_at is not None:
            raise InvitationEnded(reason="revoked")
        return _invited(row)

    def require_open(self, invited: Invited) -> None:
        """Raise `InvitationEnded` where it has expired."""
        if invited.expires_at <= self._clock.now():
            raise InvitationEnded(reason="expired")

    async def forget(self) -> None:
        """Drop what ended over a week ago. For a schedule."""
        horizon = self._clock.now() - _KEPT
        over = (Invitation.expires_at < horizon) | (Invitation.revoked_at < horizon)
        used = exists().where(ResumableUpload.invitation_id == Invitation.id)
        async with self._sessions.begin() as session:
            await session.execute(delete(Invitation).where(over, ~used))

    def _hash(self, token: str) -> bytes:
        return hmac.digest(self._secret_key, b"invitation:" + token.encode("utf-8", "surrogateescape"), sha256)


async def claim(
    session: AsyncSession,
    invitation_id: int,
    length: int | None,
    now: datetime,
    *,
    partial: bool = False,
    begun: bool = False,
) -> None:
    """Make room for one more file, or a run of one, in the transaction that begins it.

    ``begun``: its runs came already, so it may be late.
    Raises `InvitationEnded`, `FileTooLarge` and `InvitationUsedUp`.
    """
    row = await session.get(Invitation, invitation_id, with_for_update=True)
    if row is None or row.revoked_at is not None or (row.expires_at <= now and not begun):
        raise InvitationEnded(reason="expired" if row and row.revoked_at is None else "revoked")
    if length is not None and length > row.max_size:
        raise FileTooLarge(limit=row.max_size, size=length)
    on_their_way = _open(invitation_id)
    whole = select(func.count()).where(on_their_way, ResumableUpload.kind == "whole")
    left = row.max_files - row.files_kept - (await session.scalar(whole) or 0)
    sizes = func.coalesce(ResumableUpload.length, row.max_size)
    runs = await session.scalar(select(func.sum(sizes)).where(on_their_way, ResumableUpload.kind == "partial")) or 0
    wanted = row.max_size if length is None else length
    if left <= 0 or (partial and runs + wanted > left * row.max_size):
        raise InvitationUsedUp(limit=row.max_files)


async def count_kept(session: AsyncSession, invitation_id: int) -> None:
    """One more file came by it, in the transaction that makes the media."""
    kept = update(Invitation).where(Invitation.id == invitation_id).values(files_kept=Invitation.files_kept + 1)
    await session.execute(kept)


def _limited(quota: Quota) -> dict[str, int] | None:
    """What of a quota is limited; None where nothing is."""
    return {unit: limit for unit, limit in asdict(quota).items() if limit is not None} or None


def _open(invitation_id: int) -> ColumnElement[bool]:
    return (ResumableUpload.invitation_id == invitation_id) & ResumableUpload.outcome.is_(None)


def _invited(row: Invitation) -> Invited:
    return Invited(
        id=row.id,
        owner=row.owner,
        max_files=row.max_files,
        max_size=row.max_size,
        files_left=max(0, row.max_files - row.files_kept),
        request_number=row.request_number,
        category=row.category,
        quota=Quota(**(row.quota or {})),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
