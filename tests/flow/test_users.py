"""Users of the company over the HTTP door: avatars, names, and what becomes of those who are deleted."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.details import Details
from storage.domain import Caller, Category, MediaStatus, Role, Scope
from storage.intake.arrivals import Arrival
from storage.tables import AccountLink, Media, UserProfile
from storage.users.forgetting import NOBODY
from tests.flow.archives import RunningArchive, accept, eventually, running_archive
from tests.flow.http_door import UPLOAD, Door, open_door
from tests.media import heic, jpeg, png
from tests.peers.signing import SECRET, Signed, signed
from tests.peers.users import TOKEN, UserPeer, running_users

ANNA = "/api/v1/users/42/avatar"
HOOK = "/api/v1/hooks/users"


@pytest.fixture
async def peer() -> AsyncIterator[UserPeer]:
    async with running_users() as running:
        running.people = {"42": {"name": "Anna Karimova", "language": "ru"}}
        yield running


@asynccontextmanager
async def door_with(
    peer: UserPeer, database_url: str, sandbox: SandboxClient, tmp_path: Path, **more: str
) -> AsyncIterator[Door]:
    given = {"user_service_url": peer.url, "user_service_token": TOKEN, "user_hook_secrets": SECRET, **more}
    async with running_archive(database_url, sandbox, tmp_path, **given) as running, open_door(running) as door:
        yield door


@pytest.fixture
async def door(peer: UserPeer, database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[Door]:
    async with door_with(peer, database_url, sandbox, tmp_path) as opened:
        yield opened


async def put(door: Door, body: bytes | aiohttp.FormData, path: str = ANNA) -> tuple[int, Any]:
    async with door.client.put(path, data=body) as response:
        return response.status, await response.json(content_type=None)


async def post(door: Door, event: Signed) -> tuple[int, Any]:
    async with door.client.post(HOOK, data=event.body, headers={**event.headers, "X-API-Key": "none"}) as response:
        return response.status, await response.json(content_type=None)


async def media(running: RunningArchive, media_id: int) -> Media:
    async with running.archive.sessions.begin() as session:
        found = await session.get(Media, media_id)
    assert found is not None
    return found


def colours(picture: bytes) -> tuple[int, tuple[Any, Any]]:
    """The side, and what stands left and right in the middle."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    side = image.width
    assert image.size == (side, side)
    assert not image.getexif()
    return side, tuple("red" if image.getpixel((x, side // 2))[0] > 200 else "blue" for x in (3, side - 4))  # type: ignore[index, return-value]


async def test_an_avatar_from_every_side(door: Door, peer: UserPeer, tmp_path: Path) -> None:
    """Turned upright, cropped, stripped, archived, told to the service, replaced, and removed."""
    status, first = await put(door, jpeg(tmp_path, orientation=3).read_bytes())
    assert (status, first["version"], sorted(first["urls"], key=int)) == (200, 1, ["64", "128", "256", "512"])
    for size in (64, 128, 256, 512):
        status, picture, headers = await door.fetch(f"{ANNA}?size={size}")
        assert (status, colours(picture)) == (200, (size, ("blue", "red")))
        assert headers["Content-Location"] == first["urls"][str(size)]
        async with aiohttp.ClientSession(door.url) as nobody, nobody.get(first["urls"][str(size)]) as response:
            assert await response.read() == picture
            assert "immutable" in response.headers["Cache-Control"]
    assert (await door.fetch(f"{ANNA}?size=256", If_None_Match=f'"{first["digest"]}-256"'))[0] == 304
    await eventually(lambda: told(peer, first))

    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("file", png(tmp_path, transparent=True).read_bytes(), filename="me.png")
    status, second = await put(door, form)
    assert (status, second["version"]) == (200, 2)
    former, now = await media(door.running, first["media_id"]), await media(door.running, second["media_id"])
    assert former.status in (MediaStatus.DELETING, MediaStatus.DELETED)
    assert (now.category, now.uploaded_by, now.status) == (Category.AVATAR, "42", MediaStatus.ACTIVE)
    assert (await door.get(first["urls"]["64"]))[0] == 404
    await eventually(lambda: told(peer, second))

    for _ in range(2):
        async with door.client.delete(ANNA) as response:
            assert response.status == 204
    status, problem = await door.get(ANNA)
    assert (status, problem["code"]) == (404, "avatar_not_found")
    await eventually(lambda: told(peer, {"user_id": "42", "version": 3, "digest": None, "urls": {}}))


async def told(peer: UserPeer, avatar: dict[str, Any]) -> bool:
    wanted = {name: avatar[name] for name in ("user_id", "version", "digest", "urls")}
    return peer.avatars.get("42") == wanted


async def test_what_is_no_avatar_is_refused_and_leaves_nothing(door: Door, tmp_path: Path) -> None:
    whole = heic(tmp_path).read_bytes()
    for body, status, code in (
        (b"", 400, "empty_file"),
        (b"a plain text, " * 20, 415, "type_not_allowed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "type_not_allowed"),
        (jpeg(tmp_path).read_bytes()[:400], 422, "invalid_fields"),
    ):
        answered, problem = await put(door, body)
        assert (answered, problem["code"]) == (status, code)
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("note", "x")
    assert (await put(door, form))[0] == 422
    async with door.client.put(ANNA, data=io.BytesIO(bytes(21 * 1024 * 1024))) as response:
        assert response.status == 413
    assert (await put(door, whole, f"/api/v1/users/{'x' * 65}/avatar"))[0] == 422
    assert await door.is_clean()
    assert list((door.running.settings.data_dir / "cache").rglob("*/tmp/*")) == []
    assert (await put(door, whole))[0] == 200
    for path in (f"{ANNA}?size=100", "/api/v1/avatars/zz/64", f"/api/v1/avatars/{'0' * 64}/64"):
        assert (await door.get(path))[0] in (404, 422)
    assert (await door.get(f"/api/v1/avatars/{'0' * 64}/65"))[0] == 404


async def test_people_set_their_own_avatar_only(door: Door, tmp_path: Path) -> None:
    avatars = door.deps.use_cases.avatars
    anna = Caller.user("42", frozenset({Scope.USERS_WRITE}), Role.STAFF)

    async def chunks() -> AsyncIterator[bytes]:
        yield jpeg(tmp_path).read_bytes()

    assert (await avatars.put(anna, "42", chunks())).version == 1
    with pytest.raises(Exception, match="missing_scope"):
        await avatars.put(anna, "43", chunks())
    with pytest.raises(Exception, match="missing_scope"):
        await avatars.remove(anna, "43")


async def uploaded(door: Door, by: str) -> int:
    status, answer = await door.send(b"a note of somebody " * 10, path=f"{UPLOAD}/stream?uploaded_by={by}")
    assert status in (201, 202)
    return int(answer["media_file_id"])


async def name_of(door: Door, media_id: int) -> Any:
    return (await door.get(f"/api/v1/media/{media_id}"))[1]["uploaded_by_name"]


async def language_of(door: Door, media_id: int) -> Any:
    return (await door.get(f"/api/v1/media/{media_id}"))[1]["uploaded_by_language"]


async def test_names_are_shown_kept_while_the_service_is_away_and_changed_by_events(door: Door, peer: UserPeer) -> None:
    """One question for many looks; nobody waits; what is older than what is known is passed over."""
    known, unknown = await uploaded(door, "42"), await uploaded(door, "43")

    async def named() -> bool:
        return bool(await name_of(door, known) == "Anna Karimova")

    await eventually(named)
    assert await language_of(door, known) == "ru"
    for _ in range(3):
        assert await name_of(door, unknown) is None
    assert peer.mood.paths["GET /users"] <= 2
    peer.mood.says = "down"
    async with door.running.archive.sessions.begin() as session:
        profile = await session.get(UserProfile, "42")
        assert profile is not None
        profile.fetched_at = datetime.now(UTC) - timedelta(days=1)
    assert await name_of(door, known) == "Anna Karimova"

    now = datetime.now(UTC)
    newer = signed("user.updated", {"user": {"id": 42, "name": "Anna Petrova", "language": "uz"}}, at=now)
    older = signed("user.updated", {"user": {"id": 42, "name": "Anna Ivanova"}}, at=now - timedelta(hours=1))
    assert await post(door, newer) == (200, {"outcome": "handled"})
    assert await post(door, older) == (200, {"outcome": "handled"})
    assert await post(door, newer) == (200, {"outcome": "duplicate"})
    assert (await name_of(door, known), await language_of(door, known)) == ("Anna Petrova", "uz")
    assert (await post(door, signed("user.updated", {"user": {"name": "x"}})))[0] == 422
    forged = Signed(headers=newer.headers, body=older.body)
    status, problem = await post(door, forged)
    assert (status, problem["code"], problem["reason"]) == (401, "invalid_signature", "signature")


@pytest.mark.parametrize("policy", ["keep", "anonymise", "delete"])
async def test_a_deleted_user(
    peer: UserPeer, database_url: str, sandbox: SandboxClient, tmp_path: Path, policy: str
) -> None:
    async with door_with(peer, database_url, sandbox, tmp_path, user_deleted=policy) as door:
        running = door.running
        labelled, others = await uploaded(door, "42"), await uploaded(door, "43")
        own = await owned(running, Caller.user("42", frozenset()), 1)
        chat = await owned(running, Caller.person(1001, Role.USER), 2)
        _, avatar = await put(door, jpeg(tmp_path).read_bytes())
        async with running.archive.sessions.begin() as session:
            session.add(AccountLink(telegram_id=1001, user_id="42", role=Role.USER))
        event = signed("user.deleted", {"user_id": 42})
        assert await post(door, event) == (200, {"outcome": "handled"})
        assert await post(door, event) == (200, {"outcome": "duplicate"})
        late = signed("user.updated", {"user": {"id": 42, "name": "Anna"}}, at=datetime.now(UTC) - timedelta(hours=1))
        assert await post(door, late) == (200, {"outcome": "handled"})
        assert (await door.get(ANNA))[0] == 404
        await eventually(lambda: settled(running))
        found = [await media(running, media_id) for media_id in (labelled, own, chat)]
        if policy == "delete":
            assert {one.status for one in found} <= {MediaStatus.DELETING, MediaStatus.DELETED}
        else:
            assert [one.status for one in found] == [MediaStatus.ACTIVE] * 3
            anonymous = policy == "anonymise"
            assert [one.owner for one in found][1:] == ([NOBODY] * 2 if anonymous else ["user:42", "telegram:1001"])
            assert found[0].uploaded_by == (None if anonymous else "42")
        kept = await media(running, avatar["media_id"])
        assert (kept.status is MediaStatus.ACTIVE) == (policy == "keep")
        assert (await media(running, others)).uploaded_by == "43"
        assert await name_of(door, others) is None
        assert (await put(door, jpeg(tmp_path).read_bytes()))[0] == 404
        async with running.archive.sessions.begin() as session:
            assert await session.scalar(select(AccountLink)) is None


async def owned(running: RunningArchive, caller: Caller, seed: int) -> int:
    details = Details()
    arrival = Arrival(caller=caller, filename="mine.txt", details=details)
    return int((await accept(running, f"mine {seed} ".encode() * 20, arrival, details=details, wait=True)).media.id)


async def settled(running: RunningArchive) -> bool:
    async with running.archive.sessions.begin() as session:
        profile = await session.get(UserProfile, "42")
    assert profile is not None
    assert profile.name is None
    return profile.settled_at is not None
