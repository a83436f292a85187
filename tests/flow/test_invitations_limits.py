"""What invited people see of their uploads, what those count against, and how many may be open."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from sandbox.client import SandboxClient
from storage.callers.keys import KeyTerms
from storage.domain import Quota, Scope
from storage.tables import Invitation, ResumableUpload
from tests.flow.archives import RunningArchive, eventually, running_archive
from tests.flow.http_door import UPLOAD, Door, open_door
from tests.flow.tus import UPLOADS, Tus, metadata, text

PROGRESS = f"{UPLOAD}/progress"
TERMS = KeyTerms(name="limited", scopes=frozenset(Scope))


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def guest(door: Door, *, key: str | None = None, **terms: Any) -> Tus:
    headers = {} if key is None else {"X-API-Key": key}
    async with door.client.post(f"{UPLOADS}/invitations", json=terms, headers=headers) as answer:
        assert answer.status == 201
        return Tus(door, X_Upload_Token=(await answer.json())["token"], X_API_Key=None)


def token(tus: Tus) -> dict[str, str]:
    return {"X_Upload_Token": str(tus.common["X_Upload_Token"])}


def id_of(url: str) -> str:
    return url.rpartition("/")[2]


async def quota_key(door: Door, **quota: int) -> str:
    _, secret = await door.deps.keys.create(replace(TERMS, quota=Quota(**quota)), by="tests")
    return secret


async def used_files(door: Door, secret: str) -> int:
    return int((await door.get(f"{UPLOAD}/limits", X_API_Key=secret))[1]["quota"]["total"]["used_files"])


async def nothing_open(door: Door) -> bool:
    async with door.running.archive.sessions.begin() as session:
        still_open = select(func.count()).select_from(ResumableUpload).where(ResumableUpload.outcome.is_(None))
        if await session.scalar(still_open):
            return False
    return await door.is_clean()


async def test_a_guest_watches_until_it_is_stored(door: Door) -> None:
    """In each form, and after the last byte too."""
    tus = await guest(door)
    url = await tus.begin(1000)
    path = f"{PROGRESS}/{id_of(url)}"
    status, shown = await door.get(path, **token(tus))
    assert (status, shown["phase"], shown["total_bytes"]) == (200, "receiving", 1000)
    media_id = (await tus.patch(url, 0, text(1000))).media_id
    _, events, _ = await door.fetch(path, Accept="text/event-stream", **token(tus))
    last = events.decode().strip().split("\n\n")[-1]
    assert "event: done" in last
    _, lines, headers = await door.fetch(path, Accept="application/x-ndjson", **token(tus))
    shown = json.loads(lines.splitlines()[-1])
    assert headers["Content-Type"] == "application/x-ndjson"
    assert (shown["phase"], shown["media_id"], shown["stored_bytes"]) == ("done", media_id, 1000)
    _, listed = await door.get(PROGRESS, **token(tus))
    assert [one["upload_id"] for one in listed] == [id_of(url)]


async def test_a_guest_sees_only_what_came_by_the_invitation(door: Door) -> None:
    """Not what others send by another one, nor the uploads of whoever made it: in memory or from the index."""
    mine, other = await guest(door), await guest(door)
    urls = [await mine.begin(100), await other.begin(100), await Tus(door).begin(100)]
    _, streamed = await door.send(text(100))
    await mine.patch(urls[0], 0, text(50))
    hidden = [*map(id_of, urls[1:]), streamed["upload_id"]]
    for board in (door.deps.use_cases.board, type(door.deps.use_cases.board)()):
        uploads = type(door.deps.uploads)(
            sessions=door.running.archive.sessions, board=board, clock=door.running.archive.use_cases.intake.clock
        )
        async with open_door(door.running, uploads=uploads) as seen:
            assert (await seen.get(f"{PROGRESS}/{id_of(urls[0])}", **token(mine)))[0] == 200
            assert [(await seen.get(f"{PROGRESS}/{one}", **token(mine)))[0] for one in hidden] == [404] * 3
            assert [one["upload_id"] for one in (await seen.get(PROGRESS, **token(mine)))[1]] == [id_of(urls[0])]
            assert len((await seen.get(PROGRESS))[1]) == 4


@pytest.mark.parametrize("path", [PROGRESS, f"{PROGRESS}/00000000-0000-4000-8000-000000000000"])
async def test_a_wrong_token_opens_nothing_even_with_a_key(door: Door, path: str) -> None:
    assert (await door.get(path, X_Upload_Token="guess"))[0] == 401
    tus = await guest(door)
    _, listed = await door.get(f"{UPLOADS}/invitations")
    async with door.client.delete(f"{UPLOADS}/invitations/{listed['results'][0]['id']}") as answer:
        assert answer.status == 204
    assert (await door.get(path, **token(tus)))[0] == 410


async def test_an_invitation_counts_against_its_makers_quota(door: Door) -> None:
    secret = await quota_key(door, total_files=2)
    tus = await guest(door, key=secret)
    assert (await tus.whole(text(100))).media_id is not None
    assert await used_files(door, secret) == 1
    assert (await door.send(text(100, 2), X_API_Key=secret))[0] in (201, 202)
    refused = await tus.create(100)
    assert (refused.status, refused.code) == (403, "quota_used_up")
    assert (refused.json["limit"], refused.json["used"], refused.json["unit"]) == (2, 2, "files")
    assert (await door.send(text(100, 3), X_API_Key=secret))[0] == 403


@pytest.mark.parametrize(("quota", "status"), [({"total_bytes": 150}, 403), ({"day_bytes": 150}, 429)])
async def test_a_quota_that_ends_on_the_way_refuses_the_upload_and_leaves_nothing(
    door: Door, quota: dict[str, int], status: int
) -> None:
    """Two fitted when they began, or said nothing of their length."""
    tus = await guest(door, key=await quota_key(door, **quota))
    url = await tus.begin(None)
    answer = await tus.patch(url, 0, text(200), Upload_Length=200)
    assert (answer.status, answer.code.startswith("quota_")) == (status, True)
    assert (await tus.head(url)).status == 410
    _, shown = await door.get(f"{PROGRESS}/{id_of(url)}", **token(tus))
    assert (shown["phase"], shown["error"]["code"]) == ("failed", answer.code)
    await eventually(lambda: nothing_open(door))
    async with door.running.archive.sessions.begin() as session:
        assert await session.scalar(select(Invitation.files_kept)) == 0


async def test_a_quota_refuses_a_file_put_together_and_leaves_nothing(door: Door) -> None:
    tus = await guest(door, key=await quota_key(door, total_bytes=150))
    urls = [await tus.begin(100, Upload_Concat="partial") for _ in range(2)]
    for url in urls:
        await tus.patch(url, 0, text(100))
    said = metadata(filename="whole.txt")
    answer = await tus.call("POST", UPLOADS, Upload_Concat=f"final;{' '.join(urls)}", Upload_Metadata=said)
    assert (answer.status, answer.code) == (403, "quota_used_up")
    await eventually(lambda: nothing_open(door))


async def test_open_uploads_are_bounded_and_an_invitations_are_its_own(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with (
        running_archive(database_url, sandbox, tmp_path, open_uploads="3") as running,
        open_door(running) as door,
    ):
        mine, invited = Tus(door), await guest(door)
        for tus in (mine, invited):
            urls = [await tus.begin(0, Upload_Concat="partial"), await tus.begin(10), await tus.begin(None)]
            refused = await tus.create(10)
            assert (refused.status, refused.code, refused.json["limit"]) == (429, "too_many_uploads", 3)
            assert int(refused.headers["Retry-After"]) > 0
            assert (await tus.create(10, text(10))).status == 429
            assert (await tus.patch(urls[1], 0, text(10))).media_id is not None
            await tus.begin(10)
            assert (await tus.delete(urls[2])).status == 204
            await tus.begin(10)
            assert (await tus.create(10)).status == 429
        async with running.archive.sessions.begin() as session:
            still_open = select(func.count()).select_from(ResumableUpload).where(ResumableUpload.outcome.is_(None))
            assert await session.scalar(still_open) == 6
