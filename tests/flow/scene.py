"""One day at the company, as a script: a tenant, staff, the three other services, and somebody who hears the events.

`play` runs it with all services there, or with one of them away, and says of every step what was seen.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.client import SandboxClient
from storage.callers.people import Access
from tests import media
from tests.flow.archives import eventually
from tests.flow.bot_running import GROUP, STAFF, RunningBot, buttons, labelled, running_bot
from tests.flow.http_door import Door, open_door
from tests.flow.test_webhooks import Receiver, receiving, subscribe
from tests.peers import requests, users
from tests.peers.issuer import AUDIENCE, Issuer, ec_key, running_issuer
from tests.peers.requests import RequestPeer, running_requests
from tests.peers.signing import OTHER_SECRET, SECRET, signed
from tests.peers.users import UserPeer, running_users
from web.auth.tokens import TokenAuth, by_keys
from web.clients.auth_service import AuthServiceClient, AuthServiceConfig, auth_peer
from web.clients.key_set import KeyTimes
from web.clients.transport import PeerTransport, peer_session

Json = dict[str, Any]
AUTH, USERS, REQUESTS = "Auth Service", "User Service", "Request Service"
SERVICES = (AUTH, USERS, REQUESTS)
NAME = "Aziza Karimova"
_NO_PAUSE = KeyTimes(fresh=3600, usable=3600, pause=0)


@dataclass
class World:
    """Everybody who is there. ``plays``: how often the scene was played, so that nobody in it was there before."""

    bot: RunningBot
    door: Door
    issuer: Issuer
    users: UserPeer
    requests: RequestPeer
    receiver: Receiver
    folder: Path
    plays: int = 0

    def away(self, service: str | None) -> None:
        """None: all are there."""
        self.issuer.mood = "down" if service == AUTH else "fine"
        self.users.mood.says = "down" if service == USERS else "fine"
        self.requests.mood = "down" if service == REQUESTS else "fine"


@asynccontextmanager
async def world(database_url: str, sandbox: SandboxClient, folder: Path) -> AsyncIterator[World]:
    """One process, four other servers."""
    async with AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(running_issuer())
        user_peer = await stack.enter_async_context(running_users())
        request_peer = await stack.enter_async_context(running_requests())
        receiver = await stack.enter_async_context(receiving())
        given: Json = {
            "user_service_url": user_peer.url,
            "user_service_token": users.TOKEN,
            "user_hook_secrets": SECRET,
            "user_deleted": "anonymise",
            "request_service_url": request_peer.url,
            "request_service_token": requests.TOKEN,
            "request_hook_secrets": OTHER_SECRET,
            "webhook_allow": "127.0.0.1",
        }
        config = {"staff_chat": GROUP, "access": Access.INVITE}
        await sandbox.person(STAFF, language_code="en")
        bot = await stack.enter_async_context(running_bot(database_url, sandbox, folder, config=config, **given))
        http = await stack.enter_async_context(peer_session())
        auth = AuthServiceConfig(url=issuer.url, issuer=issuer.url, audience=AUDIENCE)
        client = AuthServiceClient(PeerTransport(http, auth_peer(auth.url)), auth)
        tokens = TokenAuth(by_keys(client, _NO_PAUSE))
        door = await stack.enter_async_context(open_door(bot.running, tokens=tokens))
        await subscribe(door, receiver)
        yield World(bot, door, issuer, user_peer, request_peer, receiver, folder)


class Play:
    """One time through the scene: what was seen, by step."""

    def __init__(self, there: World, away: str | None) -> None:
        there.plays += 1
        self.world = there
        self.away = away
        self.tenant = 1100 + there.plays
        self.user_id = str(self.tenant)
        self.phone = f"+99890123{self.tenant}"
        self.seen: dict[str, str] = {}
        self.number = ""
        self.photo = 0

    async def contact(self) -> None:
        """The tenant comes in by their phone number, which the company knows."""
        bot = self.world.bot
        self.world.users.people[self.user_id] = {"name": NAME, "language": "en", "phone": self.phone}
        await bot.sandbox.person(self.tenant, first_name="Aziza", language_code="en")
        await bot.ask(self.tenant, "hello")
        self.seen["shares their contact"] = answer = await self._share()
        if answer != "let in":
            self.world.away(None)
            await eventually(self._let_in)
            self.seen["shares their contact"] += "; let in once it is back"
            self.world.away(self.away)

    async def photos(self) -> None:
        """They send a photo, and staff see it with its words."""
        sandbox = self.world.bot.sandbox
        turn = media.jpeg(self.world.folder, orientation=1 + self.world.plays)
        (sent,) = await sandbox.send_files(self.tenant, [turn], caption=f"Leak {self.tenant}")
        await self.world.bot.card(self.tenant, sent["message_id"], "Stored")
        self.seen["sends a photo"] = "stored, shown to staff"

    async def request(self) -> None:
        """Staff begin a request from the staff chat."""
        bot, peer = self.world.bot, self.world.requests
        card = await self._staff_card()
        pressed = await bot.sandbox.press(STAFF, card, data=labelled(card, "New request"))
        if "does not answer" in pressed["text"]:
            self.seen["New request"] = "says that the service is away, changes nothing; a typed number is attached"
            self.number = f"260101-{self.tenant}"
            await bot.sandbox.press(STAFF, card, data=labelled(card, "Another number"))
            await bot.sandbox.send_text(STAFF, self.number, chat=GROUP)
        else:
            card = await self._staff_card("→ ")
            self.number = next(one for one, draft in peer.drafts.items() if str(self.tenant) in draft["description"])
            self.seen["New request"] = "begins there, with the sender's words"
        await eventually(lambda: self._holds(1))
        (view,) = await self._files()
        self.photo = view["id"]
        self.seen["the number"] = "unverified" if view["unverified_request"] else "verified"

    async def service(self) -> None:
        """Another service attaches a file of its own, by its token; and one whose key was just put to use."""
        issuer = self.world.issuer
        issuer.keys.insert(0, ec_key(f"key {self.tenant}"))
        new = await self._upload(issuer.keys[0])
        known = await self._upload(issuer.keys[-1])
        self.seen["a service's upload"] = f"{known}; by a new key {new}"

    async def report(self) -> None:
        """Staff show the work done, and the tenant gets the report."""
        bot = self.world.bot
        before = len(await self._files())
        name = media.jpeg(self.world.folder, width=70 + self.world.plays)
        (sent,) = await bot.sandbox.send_files(STAFF, [name])
        await bot.card(STAFF, sent["message_id"], "Stored")
        await bot.sandbox.send_text(STAFF, f"/report {self.number}", reply_to=sent["message_id"])
        await eventually(lambda: self._holds(before + 1))
        await bot.answers(self.tenant, until=self._reported)
        self.seen["/report"] = "attached, the tenant gets it"

    async def told(self) -> None:
        """The Request Service hears of what was attached; while it is away the outbox waits."""
        wanted = len(await self._files())
        late = self.away == REQUESTS
        if late:
            assert not self.world.requests.media.get(self.number)
            self.world.requests.open(self.number)
            self.world.away(None)
        await eventually(self._all_told(wanted))
        self.seen["attached is reported"] = "once it is back" if late else "at once"
        if late:
            await eventually(self._verified)
            self.seen["the number"] += "; verified once it is back"

    async def closed(self) -> None:
        """The request closes there: its event is signed, and new media are refused from then on."""
        order = self.world.requests.close(self.number)
        event = signed("request.closed", {"request": order}, secret=OTHER_SECRET)
        headers = {**event.headers, "X-API-Key": "none"}
        async with self.world.door.client.post("/api/v1/hooks/requests", data=event.body, headers=headers) as response:
            assert response.status == 200
        refused = await self._upload(self.world.issuer.keys[-1])
        self.seen["the request closes"] = f"a new file: {refused}"

    async def events(self) -> None:
        """Whoever listens got them in their order, with signatures that hold (the receiver checks each)."""
        wanted = ["media.received", "media.attached"]
        await eventually(lambda: self._heard(wanted))
        self.seen["events"] = "verified, in order: received, then attached"

    async def deleted(self) -> None:
        """The tenant is deleted in the User Service; by policy their media stay, and are nobody's."""
        event = signed("user.deleted", {"user_id": self.user_id})
        headers = {**event.headers, "X-API-Key": "none"}
        async with self.world.door.client.post("/api/v1/hooks/users", data=event.body, headers=headers) as response:
            assert response.status == 200
        await eventually(self._anonymous)
        self.seen["the user is deleted"] = "media kept, anonymous"

    async def _share(self) -> str:
        sandbox = self.world.bot.sandbox
        card = {"phone_number": self.phone, "first_name": "Aziza", "user_id": self.tenant}
        (sent,) = await sandbox.send(self.tenant, self.tenant, contact=card)
        answer = (await self.world.bot.answers(self.tenant, sent["message_id"]))[0]["text"]
        return "let in" if "Thank you" in answer else "asked to try again soon"

    async def _let_in(self) -> bool:
        return await self._share() == "let in"

    async def _staff_card(self, *words: str) -> Json:
        """With the user's name by the User Service, or Telegram's."""
        wanted = (f"Leak {self.tenant}", *words)

        def found(messages: list[Json]) -> list[Json]:
            shown = [str(one.get("text") or one.get("caption") or "") for one in messages]
            return [one for one, text in zip(messages, shown, strict=True) if all(word in text for word in wanted)]

        return found(await self.world.bot.answers(GROUP, until=found))[0]

    async def _upload(self, key: Any) -> str:
        """What comes of an upload to the request, in a word."""
        token = self.world.issuer.token(key, client_id="crm", sub="crm", scope="media:write media:read")
        path = f"/api/v1/streaming/upload/stream?filename=act.txt&request_number={self.number}"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
        body = f"{self.tenant} {len(await self._files())}".encode()
        url = f"{self.world.door.url}{path}"
        async with aiohttp.ClientSession() as caller, caller.post(url, data=body, headers=headers) as response:
            answer = await response.json()
            return "kept" if response.ok else f"{response.status} {answer['code']}"

    async def _files(self) -> list[Json]:
        status, found = await self.world.door.get(f"/api/v1/media/request/{self.number}")
        assert status == 200
        return list(found)

    async def _holds(self, count: int) -> bool:
        return len(await self._files()) >= count

    def _reported(self, messages: list[Json]) -> bool:
        shown = [str(one.get("text") or one.get("caption") or "") for one in messages]
        return any(self.number in text and "report" in text for text in shown)

    def _all_told(self, wanted: int) -> Any:
        async def told() -> bool:
            return len(self.world.requests.media.get(self.number, {})) == wanted

        return told

    async def _verified(self) -> bool:
        await self.world.bot.archive.use_cases.work_orders.confirming.sweep()
        return not any(one["unverified_request"] for one in await self._files())

    async def _heard(self, wanted: list[str]) -> bool:
        ours = [one.type for one in self.world.receiver.events if one.data.get("media_id") == self.photo]
        return [kind for kind in ours if kind in wanted] == wanted

    async def _anonymous(self) -> bool:
        _, found = await self.world.door.get(f"/api/v1/media/{self.photo}")
        return found["uploaded_by"] is None and not buttons(found)


async def play(there: World, away: str | None) -> dict[str, str]:
    """What was seen, by step in their order."""
    one = Play(there, away)
    there.away(away)
    for step in (
        one.contact, one.photos, one.request, one.service, one.report, one.told, one.closed, one.events, one.deleted,
    ):  # fmt: skip
        await step()
    there.away(None)
    return one.seen


def table(plays: dict[str | None, dict[str, str]]) -> str:
    """In Markdown: a row per step; beside it what differs where a service is away."""
    rows = [
        ["step", "all there", *(f"{service} away" for service in SERVICES)],
        ["---"] * (2 + len(SERVICES)),
        *(
            [step, seen, *("the same" if plays[one][step] == seen else plays[one][step] for one in SERVICES)]
            for step, seen in plays[None].items()
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
