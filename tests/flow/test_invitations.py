"""Invitations: who has the token may upload within its limits, and nothing else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage.tables import Invitation
from tests.flow.archives import RunningArchive
from tests.flow.http_door import OTHER, READ_ONLY, Door, open_door
from tests.flow.tus import UPLOADS, Tus, metadata, text

INVITATIONS = f"{UPLOADS}/invitations"


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def invite(door: Door, **terms: Any) -> dict[str, Any]:
    async with door.client.post(INVITATIONS, json=terms) as answer:
        made = await answer.json()
        assert answer.status == 201, made
        assert isinstance(made, dict)
        return made


def guest(door: Door, made: dict[str, Any]) -> Tus:
    return Tus(door, X_Upload_Token=made["token"], X_API_Key=None)


async def expire_all(door: Door) -> None:
    async with door.running.archive.sessions.begin() as session:
        await session.execute(update(Invitation).values(expires_at=Invitation.created_at))


async def test_media_belong_to_who_invited(door: Door) -> None:
    """With the number and category that the invitation gives."""
    made = await invite(
        door, expires_in=3600, max_files=2, max_size=1000, request_number="250926-001", category="other"
    )
    assert made["url"] == f"{door.deps.public_url}/upload#{made['token']}"
    media_id = (await guest(door, made).whole(text(1000), Upload_Metadata=metadata(filename="n.txt"))).media_id
    _, media = await door.get(f"/api/v1/media/{media_id}")
    assert (media["request_numbers"], media["category"], media["file_size"]) == (["250926-001"], "other", 1000)
    _, uploads = await door.get("/api/v1/streaming/upload/progress")
    assert [shown["media_id"] for shown in uploads] == [media_id]


async def test_what_is_offered(door: Door) -> None:
    made = await invite(door, max_files=2, max_size=1000)
    token = {"X_Upload_Token": made["token"]}
    status, offer = await door.get(f"{UPLOADS}/invitation", **token)
    assert (status, offer["max_files"], offer["files_left"], offer["max_size"]) == (200, 2, 2, 1000)
    assert (offer["allowed_file_types"], offer["uploads_url"]) == (list(door.deps.allowed_types), UPLOADS)
    await guest(door, made).whole(text(10))
    assert (await door.get(f"{UPLOADS}/invitation", **token))[1]["files_left"] == 1
    assert (await door.get(f"{UPLOADS}/invitation"))[0] == 401
    assert (await door.get(f"{UPLOADS}/invitation", X_Upload_Token="guess"))[0] == 401


async def test_limits_hold(door: Door) -> None:
    tus = guest(door, await invite(door, max_files=2, max_size=1000))
    assert (await tus.create(1001)).status == 413
    first, second = await tus.begin(1000), await tus.begin(None)
    assert (await tus.create(10)).code == "invitation_used_up"
    assert (await tus.patch(second, 0, text(1001))).status == 413
    assert (await tus.patch(second, 0, b"", Upload_Length=1001)).status == 413
    assert (await tus.delete(second)).status == 204
    assert (await tus.patch(first, 0, text(1000))).media_id is not None
    assert (await tus.whole(text(10))).media_id is not None
    assert (await tus.create(10)).code == "invitation_used_up"


async def test_runs_of_a_file_count_as_one(door: Door) -> None:
    tus = guest(door, await invite(door, max_files=1, max_size=1000))
    urls = [await tus.begin(600, Upload_Concat="partial"), await tus.begin(400, Upload_Concat="partial")]
    assert (await tus.create(1, Upload_Concat="partial")).code == "invitation_used_up"
    for url, data in zip(urls, (text(600), text(400)), strict=True):
        await tus.patch(url, 0, data)
    said = metadata(filename="n.txt")
    answer = await tus.call("POST", UPLOADS, Upload_Concat=f"final;{' '.join(urls)}", Upload_Metadata=said)
    assert answer.media_id is not None
    assert (await tus.create(10)).code == "invitation_used_up"


async def test_a_guest_sees_the_invitations_uploads_only(door: Door) -> None:
    one, other = guest(door, await invite(door)), guest(door, await invite(door))
    owners, theirs = await Tus(door).begin(10), await one.begin(10)
    assert (await one.head(theirs)).status == 200
    for url in (owners, theirs):
        assert (await other.head(url)).status == 404
    token = str(one.common["X_Upload_Token"])
    async with door.client.get("/api/v1/media/1", headers={"X-Upload-Token": token, "X-API-Key": "none"}) as answer:
        assert answer.status == 401
    assert (await Tus(door).head(theirs)).status == 200


async def test_the_invitations_fields_stand(door: Door) -> None:
    tus = guest(door, await invite(door, request_number="250926-001"))
    assert (await tus.create(10, Upload_Metadata=metadata(request_number="250926-002"))).status == 422
    assert (await tus.create(10, Upload_Metadata=metadata(request_number="250926-001"))).status == 201


async def test_an_expired_invitation_lets_arrive_what_is_on_its_way(door: Door) -> None:
    made = await invite(door)
    tus = guest(door, made)
    url = await tus.begin(10)
    await expire_all(door)
    refused = await tus.create(10)
    assert (refused.status, refused.code) == (410, "invitation_ended")
    assert (await door.get(f"{UPLOADS}/invitation", X_Upload_Token=made["token"]))[0] == 410
    assert (await tus.patch(url, 0, text(10))).media_id is not None


async def test_a_revoked_invitation_opens_nothing(door: Door) -> None:
    made = await invite(door)
    tus = guest(door, made)
    url = await tus.begin(10)
    for _ in range(2):
        async with door.client.delete(f"{INVITATIONS}/{made['id']}") as answer:
            assert answer.status == 204
    for refused in (await tus.patch(url, 0, text(10)), await tus.create(10)):
        assert (refused.status, refused.json["reason"]) == (410, "revoked")
    async with door.client.delete(f"{INVITATIONS}/{made['id']}", headers={"X-API-Key": OTHER}) as answer:
        assert answer.status == 404


async def test_invitations_are_listed_without_their_tokens(door: Door) -> None:
    made = [await invite(door), await invite(door, max_files=3)]
    status, listed = await door.get(f"{INVITATIONS}?limit=1")
    assert (status, [each["id"] for each in listed["results"]]) == (200, [made[1]["id"]])
    assert "token" not in listed["results"][0]
    assert (await door.get(INVITATIONS, X_API_Key=OTHER))[1]["results"] == []
    assert (await door.get(INVITATIONS, X_API_Key=READ_ONLY))[0] == 403


async def test_wrong_terms_are_named(door: Door) -> None:
    for terms in (
        {"max_files": 0},
        {"expires_in": -1},
        {"colour": "red"},
        {"request_number": "1"},
        {"max_size": "big"},
    ):
        async with door.client.post(INVITATIONS, json=terms) as answer:
            assert answer.status == 422, terms
    async with door.client.post(INVITATIONS, json={"max_size": 1 << 50}) as answer:
        assert answer.status == 413


async def test_old_invitations_are_forgotten(door: Door) -> None:
    await invite(door)
    invitations = door.running.archive.use_cases.invitations
    await expire_all(door)
    await invitations.forget()
    assert len((await door.get(INVITATIONS))[1]["results"]) == 1
    async with door.running.archive.sessions.begin() as session:
        made = Invitation.created_at
        await session.execute(update(Invitation).values(expires_at=made - timedelta(days=8)))
    await invitations.forget()
    assert (await door.get(INVITATIONS))[1]["results"] == []
