"""Requests as the Request Service knows them, over both doors: one process, and a peer that may be away."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running as running_sandbox
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Audit, Event, EventDelivery, Webhook
from tests import conftest, media
from tests.flow.archives import eventually
from tests.flow.bot_running import GROUP, STAFF, TENANT, RunningBot, buttons, labelled, running_bot
from tests.flow.http_door import READ_ONLY, Door, open_door
from tests.flow.tus import Tus
from tests.flow.tus import text as tus_text
from tests.peers.requests import TOKEN, RequestPeer, running_requests
from tests.peers.signing import SECRET, signed

Json = dict[str, Any]
HOOK = "/api/v1/hooks/requests"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Scene:
    bot: RunningBot
    door: Door
    peer: RequestPeer
    files: int = 0

    def number(self) -> str:
        """One that no test used."""
        self.files += 1
        return f"250926-{self.files:03}"

    async def upload(self, number: str, **query: str) -> tuple[int, Any]:
        self.files += 1
        said = "&".join(f"{name}={value}" for name, value in {"request_number": number, **query}.items())
        path = f"/api/v1/streaming/upload/stream?filename=notes.txt&{said}"
        return await self.door.send(f"notes {self.files}".encode(), path=path)

    async def told(self, kind: str, data: Json, **more: Any) -> tuple[int, Any]:
        event = signed(kind, data, **more)
        headers = {**event.headers, "X-API-Key": "none"}
        async with self.door.client.post(HOOK, data=event.body, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def invite(self, number: str) -> tuple[int, str | None, Json]:
        """The status, a problem's code, and the answer."""
        body = {"request_number": number, "max_files": 5}
        async with self.door.client.post("/api/v1/uploads/invitations", json=body) as response:
            answer = await response.json()
            return response.status, answer.get("code"), answer

    async def media(self, media_id: int) -> Json:
        status, found = await self.door.get(f"/api/v1/media/{media_id}")
        assert status == 200
        return dict(found)

    async def sweep(self) -> None:
        """What the schedule does every minute."""
        await self.bot.archive.use_cases.work_orders.confirming.sweep()

    async def staff_sees(self, *words: str, after: int = 0) -> Json:
        return await self.sees(GROUP, *words, after=after)

    async def sees(self, chat: int, *words: str, after: int = 0) -> Json:
        """The last of the bot's messages that says all of ``words``: news may come between."""

        def found(messages: list[Json]) -> list[Json]:
            return [one for one in messages if all(word in said(one) for word in words)]

        return found(await self.bot.answers(chat, after, until=found))[-1]


def said(message: Json) -> str:
    return str(message.get("text") or message.get("caption") or "")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    place = tmp_path_factory.mktemp("orders")
    await conftest._execute(postgres, f"CREATE DATABASE orders TEMPLATE {conftest._TEMPLATE}")
    config = SandboxConfig(data_dir=place / "sandbox", flood=False)
    async with running_requests() as peer, running_sandbox(config) as server, SandboxClient(server.url) as sandbox:
        given: Json = {
            "request_service_url": peer.url,
            "request_service_token": TOKEN,
            "request_service_wait": "10s",
            "request_hook_secrets": SECRET,
            "staff_ids": str(STAFF),
        }
        for person in (TENANT, STAFF):
            await sandbox.person(person, language_code="en")
        running = running_bot(
            conftest._named(postgres, "orders"), sandbox, place, config={"staff_chat": GROUP}, **given
        )
        async with running as bot, open_door(bot.running) as door:
            yield Scene(bot, door, peer)


@pytest.fixture(autouse=True)
def _well(scene: Scene) -> None:
    scene.peer.mood = "fine"


async def test_numbers_are_validated_before_anything_is_kept(scene: Scene) -> None:
    known, unknown = scene.number(), scene.number()
    scene.peer.open(known)
    status, kept = await scene.upload(known)
    assert status in (201, 202)
    assert not kept["media"]["unverified_request"]
    status, problem = await scene.upload(unknown)
    assert (status, problem["code"], problem["number"]) == (422, "unknown_request", unknown)
    media_id = kept["media_file_id"]
    async with scene.door.client.put(f"/api/v1/requests/{unknown}/media/{media_id}") as response:
        assert response.status == 422
    body = {"ids": [media_id], "category": "other"}
    async with scene.door.client.post(f"/api/v1/requests/{unknown}/media", json=body) as response:
        assert response.status == 422


async def test_a_closed_request_takes_media_only_from_those_who_may(scene: Scene) -> None:
    number = scene.number()
    scene.peer.open(number)
    status, kept = await scene.upload(number)
    assert status in (201, 202)
    assert (await scene.told("request.closed", {"request": scene.peer.close(number)}))[0] == 200
    status, problem = await scene.upload(number)
    assert (status, problem["code"]) == (409, "request_closed")
    path = f"/api/v1/requests/{number}/media/{kept['media_file_id']}"
    async with scene.door.client.put(path) as response:
        assert response.status == 200, "what is attached already is no new media"
    status, _ = await scene.upload(number, override="true")
    assert status in (201, 202)
    status, problem = await scene.upload(number, override="perhaps")
    assert (status, problem["code"]) == (422, "invalid_fields")
    async with scene.door.client.put(f"{path}?override=true", headers={"X-API-Key": READ_ONLY}) as response:
        assert response.status == 403


async def test_what_is_attached_and_detached_is_told_in_order(scene: Scene) -> None:
    number = scene.number()
    scene.peer.open(number)
    scene.peer.mood = "fine"
    _, kept = await scene.upload(number)
    media_id = kept["media_file_id"]
    await eventually(lambda: _holds(media_id in scene.peer.media.get(number, {})))
    told = scene.peer.media[number][media_id]
    assert (told["type"], told["data"]["request_number"]) == ("media.attached", number)
    async with scene.door.client.delete(f"/api/v1/requests/{number}/media/{media_id}") as response:
        assert response.status == 204
    await eventually(lambda: _holds(media_id not in scene.peer.media[number]))
    path = f"/requests/{number}/media/{media_id}"
    keys = [key for method, called, key in scene.peer.calls if called == path]
    assert len(keys) == len(set(keys)) == 2
    assert all(key and key.startswith("msg_") for key in keys)


async def test_while_the_service_is_away_media_are_kept_and_checked_later(scene: Scene) -> None:
    """Right and wrong numbers alike; staff are told of the wrong one, and move its file by a tap and a number."""
    right, wrong, meant = scene.number(), scene.number(), scene.number()
    scene.peer.mood = "down"
    _, first = await scene.upload(right)
    _, second = await scene.upload(wrong)
    ids = first["media_file_id"], second["media_file_id"]
    assert [(await scene.media(one))["unverified_request"] for one in ids] == [True, True]
    await scene.sweep()
    assert (await scene.media(ids[0]))["unverified_request"]

    scene.peer.mood = "fine"
    scene.peer.open(right)
    scene.peer.open(meant)
    await eventually(lambda: _confirmed(scene, ids[0]))
    assert (await scene.media(ids[1]))["unverified_request"]
    card = await scene.staff_sees(f"no request {wrong}")
    await scene.bot.sandbox.press(STAFF, card, data=labelled(card, "Attach elsewhere"))
    asked = await scene.staff_sees("belong?", after=card["message_id"])
    await scene.bot.sandbox.send_text(STAFF, meant, chat=GROUP, reply_to=asked["message_id"])
    await eventually(lambda: _attached_to(scene, ids[1], [meant]))
    assert not (await scene.media(ids[1]))["unverified_request"]
    await scene.staff_sees(wrong, "moved to", meant, "Sergey")
    await eventually(lambda: _holds(ids[1] in scene.peer.media.get(meant, {})))
    # What was refused for good does not hold up the rest.
    await eventually(lambda: _delivered(scene, ids[1], ["dead", "delivered", "delivered"]))


async def test_a_renamed_request_takes_its_media_along(scene: Scene) -> None:
    """Twice is once, and what is older than what is known changes nothing."""
    old, new, last = scene.number(), scene.number(), scene.number()
    scene.peer.open(old)
    _, kept = await scene.upload(old, category="report_photo")
    media_id = kept["media_file_id"]
    await eventually(lambda: _holds(media_id in scene.peer.media.get(old, {})))
    called = len(scene.peer.calls)
    then = datetime.now(UTC) - timedelta(minutes=4)  # by the service's clock, which is behind ours
    second = scene.peer.open(new)
    third = scene.peer.open(last)
    later = {"number": new, "request": third}
    assert (await scene.told("request.merged", later, at=then))[0] == 200
    earlier = {"number": old, "request": second}
    assert (await scene.told("request.renamed", earlier, at=then - timedelta(seconds=9), event_id="evt_1"))[0] == 200
    assert (await scene.media(media_id))["request_numbers"] == [last]
    assert (await scene.told("request.renamed", earlier, event_id="evt_1"))[1] == {"outcome": "duplicate"}
    async with scene.bot.sessions.begin() as session:
        link = await session.get(Attachment, (last, media_id))
        assert link is not None
        assert (link.category.value, link.attached_by) == ("report_photo", "service:tests")
        actions = select(Audit.action).where(Audit.request_number == last).order_by(Audit.id)
        assert list(await session.scalars(actions)) == ["request_merged", "attached", "request_renamed"]
    assert not any(path.startswith(f"/requests/{last}/media") for _, path, _ in scene.peer.calls[called:]), "it knows"
    _, again = await scene.upload(old)
    assert again["media"]["request_numbers"] == [last], "who names the old number means the new one"
    assert (await scene.told("request.renamed", {"number": "x", "request": second}))[0] == 422
    assert (await scene.told("request.updated", {"request": {"nummer": 1}}))[0] == 422
    assert (await scene.told("request.updated", {"request": {**second, "title": "x" * 300_000}}))[0] == 413


async def test_by_its_old_number_a_request_is_found_as_it_is_now(scene: Scene) -> None:
    """In every answer that is asked for by number, by links that were made before, and in the chat."""
    old, new = scene.number(), scene.number()
    scene.peer.open(old)
    _, kept = await scene.upload(old)
    media_id = kept["media_file_id"]
    link = scene.bot.archive.use_cases.request_links.make(STAFF, RequestNumber(old)).token
    moved = {"number": old, "request": scene.peer.open(new)}
    assert (await scene.told("request.renamed", moved))[0] == 200
    for path in (f"/api/v1/media/request/{old}", f"/api/v1/requests/{old}/media"):
        async with scene.door.client.get(f"{path}?limit=5") as response:
            assert [one["id"] for one in await response.json()] == [media_id]
            assert response.headers["Content-Location"] == f"/api/v1/media/request/{new}?limit=5"
    for path in (f"/api/v1/requests/{old}/media/summary", f"/api/v1/media/request/{old}/timeline"):
        _, found = await scene.door.get(path)
        assert (found["request_number"], found["total_files"]) == (new, 1)
    events = [(one["event"], one["by"]) for one in found["timeline"]]
    assert ("attached", "service:tests") in events, "what happened before it was renamed is told too"
    assert events.count(("attached", "service:requests")) == events.count(("request_renamed", "service:requests")) == 1
    _, found = await scene.door.get(f"/api/v1/media/search?request_numbers={old}")
    assert [one["request_number"] for one in found["results"]] == [new]
    _, page = await scene.door.get(f"/r/{link}/request")
    assert (page["request_number"], [one["id"] for one in page["files"]]) == (new, [media_id])
    status, body, headers = await scene.door.fetch(f"/r/{link}/zip")
    assert (status, body[:2], new in headers["Content-Disposition"]) == (200, b"PK", True)
    async with scene.door.client.post(f"/api/v1/requests/{old}/media", json={"ids": [media_id]}) as response:
        assert (await response.json())["request_number"] == new
    for command in ("/request", "/history"):
        answer = await scene.bot.ask(STAFF, f"{command} {old}")
        assert new in answer["text"]
    assert f"{old} is now {new}" in (await scene.sees(STAFF, "is now"))["text"]


async def test_an_invitation_is_for_a_request_that_takes_files(scene: Scene) -> None:
    """Whoever invites can mend a wrong number; it is looked at again when a file comes."""
    known, unknown, renamed = scene.number(), scene.number(), scene.number()
    for number in (known, renamed):
        scene.peer.open(number)
    assert (await scene.invite(unknown))[:2] == (422, "unknown_request")
    status, _, made = await scene.invite(known)
    assert (status, made["request_number"]) == (201, known)
    guest = Tus(scene.door, X_Upload_Token=made["token"], X_API_Key=None)
    assert (await guest.create(10)).status == 201
    assert (await scene.told("request.closed", {"request": scene.peer.close(known)}))[0] == 200
    assert (await scene.invite(known))[:2] == (409, "request_closed")
    refused = await guest.create(10)
    assert (refused.status, refused.code) == (409, "request_closed")
    assert (await scene.told("request.merged", {"number": known, "request": scene.peer.orders[renamed]}))[0] == 200
    media_id = (await guest.whole(tus_text(10))).media_id
    assert media_id is not None
    assert (await scene.media(int(media_id)))["request_numbers"] == [renamed]
    assert (await scene.invite(known))[2]["request_number"] == renamed
    scene.peer.mood = "down"
    away = scene.number()
    assert (await scene.invite(away))[0] == 201, "a service that is away keeps nobody from inviting"


async def test_staff_begin_a_request_there_with_the_senders_words(scene: Scene, tmp_path: Any) -> None:
    """While the service is away nothing changes, and the button says so."""
    await scene.bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="Pipe burst #urgent")
    card = await scene.staff_sees("Pipe burst")
    scene.peer.mood = "down"
    pressed = await scene.bot.sandbox.press(STAFF, card, data=labelled(card, "New request"))
    assert "does not answer" in pressed["text"]
    scene.peer.mood = "fine"
    orders = scene.bot.archive.use_cases.work_orders
    await eventually(lambda: _answers(orders))
    await scene.bot.sandbox.press(STAFF, card, data=labelled(card, "New request"))
    card = await scene.staff_sees("Pipe burst", "→ ")
    number = next(number for number, draft in scene.peer.drafts.items() if "Pipe burst" in draft["description"])
    assert f"{number} · Pipe burst #urgent" in said(card)
    assert scene.peer.drafts[number]["description"] == "Pipe burst\n#urgent"
    assert scene.peer.drafts[number]["created_by"] == {"id": f"telegram:{STAFF}", "name": "Sergey"}
    await eventually(lambda: _holds(bool(scene.peer.media.get(number))))


async def test_staff_see_what_is_assigned_to_them_and_what_a_request_is(scene: Scene, tmp_path: Any) -> None:
    mine, other = scene.number(), scene.number()
    worker = {"name": "Sergey", "telegram_id": STAFF}
    scene.peer.open(mine, "Broken lift", address="Lane 7, entrance 2", assignees=[worker], state="in_progress")
    scene.peer.open(other, "Dark yard")
    await scene.bot.archive.use_cases.work_orders.refresh()
    answer = await scene.bot.ask(STAFF, f"/request {mine}")
    for words in ("Broken lift", "in progress", "Lane 7, entrance 2", "Sergey", "No files yet"):
        assert words in answer["text"]
    (sent,) = await scene.bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, orientation=6)])
    card = await scene.bot.card(STAFF, sent["message_id"], "Stored")
    await scene.bot.sandbox.press(STAFF, card, data=labelled(card, "Before"))

    def offered(found: list[Json]) -> bool:
        return any("Broken lift" in one["text"] for one in buttons(found[0]))

    card = (await scene.bot.answers(STAFF, sent["message_id"], until=offered))[0]
    first, *others = (one["text"] for one in buttons(card))
    assert first == f"👷 {mine} · Broken lift"
    assert f"{other} · Dark yard" in others
    await scene.bot.sandbox.press(STAFF, card, data=labelled(card, "Broken lift"))
    await scene.bot.card(STAFF, sent["message_id"], mine)
    _, timeline = await scene.door.get(f"/api/v1/media/request/{mine}/timeline")
    assert timeline["request"]["title"] == "Broken lift"
    assert timeline["request"]["assignees"] == ["Sergey"]


async def test_captions_with_wrong_or_closed_numbers_lose_no_file(scene: Scene, tmp_path: Any) -> None:
    """The sender is told why, staff decide; staff themselves are asked whether they mean it all the same."""
    closed, unknown = scene.number(), scene.number()
    scene.peer.open(closed, state="closed")
    for turn, (number, words) in enumerate(((unknown, "no request"), (closed, "is closed")), start=2):
        (sent,) = await scene.bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=turn)], caption=number)
        kept = ("Kept without a request", number, words, "Staff will see to it")
        await scene.sees(TENANT, *kept, after=sent["message_id"])
    (sent,) = await scene.bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, orientation=5)])
    await scene.bot.card(STAFF, sent["message_id"], "Stored")
    asked = await scene.bot.ask(STAFF, f"/attach {closed}", reply_to=sent["message_id"])
    assert "is closed" in asked["text"]
    await scene.bot.sandbox.press(STAFF, asked, data=labelled(asked, "Attach anyway"))
    await scene.bot.card(STAFF, sent["message_id"], closed)
    refused = await scene.bot.ask(TENANT, f"/attach {closed}")
    assert "is closed" in refused["text"]
    assert not buttons(refused)


async def _delivered(scene: Scene, media_id: int, wanted: list[str]) -> bool:
    query = (
        select(EventDelivery.state)
        .join(Event)
        .join(Webhook)
        .where(Webhook.service == "requests", Event.media_id == media_id)
    )
    async with scene.bot.sessions.begin() as session:
        found = await session.scalars(query.order_by(EventDelivery.id))
        return [state.value for state in found] == wanted


async def _holds(condition: bool) -> bool:
    return condition


async def _answers(orders: Any) -> bool:
    """Whether the circuit is closed again: it opens for some seconds after so many failures."""
    await orders.refresh()
    return await orders.of_one("250926-999") is None and orders.asking._answers


async def _confirmed(scene: Scene, media_id: int) -> bool:
    await scene.sweep()
    return not (await scene.media(media_id))["unverified_request"]


async def _attached_to(scene: Scene, media_id: int, numbers: list[str]) -> bool:
    return bool((await scene.media(media_id))["request_numbers"] == numbers)
