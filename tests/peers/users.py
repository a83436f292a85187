"""A reference User Service: what Mediagate expects of one, as a small server. `users.openapi.json` describes it."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.peers.moods import Mood, served

TOKEN = "a token for the user service"
DESCRIPTION = Path(__file__).with_name("users.openapi.json")


@dataclass
class UserPeer:
    """``people`` by id: their ``name``, ``language`` and ``phone``. ``avatars``: the last word about each."""

    url: str = ""
    mood: Mood = field(default_factory=Mood)
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    avatars: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    unchanged: int = 0

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self._require_token(request)
        ids = request.query["ids"].split(",")
        found = [self._shown(user_id) for user_id in ids if user_id in self.people]
        body = json.dumps({"users": found})
        etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            self.unchanged += 1
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=body, content_type="application/json", headers={"ETag": etag})

    async def _by_phone(self, request: web.Request) -> web.StreamResponse:
        self._require_token(request)
        phone = (await request.json())["phone"]
        for user_id, person in self.people.items():
            if person.get("phone") == phone:
                return web.json_response(self._shown(user_id))
        return web.json_response({"error": "not_found"}, status=404)

    async def _put_avatar(self, request: web.Request) -> web.StreamResponse:
        """A word older than the last one changes nothing: they may come twice and late."""
        self._require_token(request)
        user_id, said = request.match_info["user_id"], await request.json()
        if user_id not in self.people:
            return web.json_response({"error": "not_found"}, status=404)
        self.keys.append(request.headers["Idempotency-Key"])
        if said["version"] > self.avatars.get(user_id, {"version": 0})["version"]:
            self.avatars[user_id] = said
        return web.Response(status=204)

    def _shown(self, user_id: str) -> dict[str, Any]:
        person = self.people[user_id]
        return {"id": user_id, "name": person.get("name"), "language": person.get("language")}

    def _require_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized


@asynccontextmanager
async def running_users() -> AsyncIterator[UserPeer]:
    peer = UserPeer()
    app = web.Application(middlewares=[peer.mood.middleware])
    app.router.add_get("/users", peer._list)
    app.router.add_post("/users/by-phone", peer._by_phone)
    app.router.add_put("/users/{user_id}/avatar", peer._put_avatar)
    async with served(app) as url:
        peer.url = url
        yield peer
