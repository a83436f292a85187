"""How often, how much, from where: rates, guesses, quotas."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import update

from storage.callers.keys import KeyTerms
from storage.callers.rate_limits import RateLimiter
from storage.domain import Quota, Scope
from storage.errors import RateLimited
from storage.tables import Usage
from tests.flow.conftest import RunningArchive, eventually
from tests.flow.http_door import UPLOAD, Door, open_door
from web.auth.addresses import counted_as
from web.auth.call_limits import CallLimits, call_limits

TERMS = KeyTerms(name="crm", scopes=frozenset(Scope))
PROXIES = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))


def limits(*, per_key: int = 0, per_address: int = 0, failures: int = 0, header: str = "X-Forwarded-For") -> CallLimits:
    return call_limits(per_key=per_key, per_address=per_address, failures=failures, forwarded_header=header)


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_may_be_spent_at_once_and_comes_back_evenly() -> None:
    time = Time()
    limiter = RateLimiter(60, monotonic=time)
    left = [allowance.remaining for _ in range(60) if (allowance := limiter.take("a"))]
    assert left == [*range(59, -1, -1)]
    for _ in range(3):  # a refused request costs nothing
        with pytest.raises(RateLimited) as caught:
            limiter.take("a")
        assert caught.value.fields == {"limit": 60, "window": 60, "retry_after": 1}
    assert limiter.take("b") is not None
    time.now += 1.01
    assert limiter.take("a") is not None
    with pytest.raises(RateLimited):
        limiter.take("a")
    time.now += 3600
    allowance = limiter.take("a")
    assert allowance is not None
    assert (allowance.remaining, allowance.reset) == (59, 1)


def test_many_names_take_no_more_room_than_a_bound() -> None:
    limiter = RateLimiter(60)
    for number in range(30_000):
        limiter.take(f"name {number}")
    assert len(limiter._whole_at) == 20_000


def test_no_limit_is_no_limit() -> None:
    limiter = RateLimiter(0)
    assert [limiter.take("a") for _ in range(1000)] == [None] * 1000
    assert RateLimiter(5).take("a", per_minute=0) is None


async def test_a_key_is_limited_by_its_own_rate(archive: RunningArchive) -> None:
    async with open_door(archive, limits=limits(per_key=1000)) as door:
        _, secret = await door.deps.keys.create(replace(TERMS, rate_per_minute=3), by="tests")
        path = "/api/v1/media/request/250926-001"
        for left in (2, 1, 0):
            status, _, headers = await door.fetch(path, X_API_Key=secret)
            assert status == 200
            assert headers["RateLimit-Policy"] == '"key";q=3;w=60'
            assert re.fullmatch(rf'"key";r={left};t=\d+', headers["RateLimit"])
        status, problem = await door.get(path, X_API_Key=secret)
        assert (status, problem["code"], problem["limit"]) == (429, "rate_limited", 3)
        assert 0 < problem["retry_after"] <= 20
        status, _, headers = await door.fetch(path)
        assert (status, headers["RateLimit-Policy"]) == (200, '"key";q=1000;w=60')


async def test_an_address_is_limited_before_anything_is_looked_at(archive: RunningArchive) -> None:
    """Also for paths that do not exist; but never for those by which we are seen to live."""
    async with open_door(archive, limits=limits(per_address=5)) as door:
        for _ in range(5):
            assert (await door.get("/nothing", X_API_Key=""))[0] == 404
        status, _, headers = await door.fetch("/api/v1/media/1")
        assert status == 429
        assert int(headers["Retry-After"]) == 12
        assert (await door.get("/health/live"))[0] == 200


async def test_proxies_are_believed_up_to_the_first_that_is_not_ours(archive: RunningArchive) -> None:
    async with open_door(archive, limits=limits(per_address=2), trusted_proxies=PROXIES) as door:

        async def status(header: str) -> int:
            return (await door.get("/nothing", X_Forwarded_For=header))[0]

        assert [await status("6.6.6.6, 1.2.3.4") for _ in range(3)] == [404, 404, 429]
        assert await status("7.7.7.7, 1.2.3.4:5555, 10.1.2.3") == 429
        assert await status("1.2.3.4, 5.6.7.8") == 404
        assert [await status(f"2001:db8:1:2::{n}") for n in range(3)] == [404, 404, 429]
        assert [await status(f"unknown{n}") for n in range(3)] == [404, 404, 429]  # all are the proxy's


async def test_forwarded_is_read_where_it_is_what_the_proxies_write(archive: RunningArchive) -> None:
    async with open_door(archive, limits=limits(per_address=2, header="Forwarded"), trusted_proxies=PROXIES) as door:

        async def status(forwarded: str, other: str) -> int:
            return (await door.get("/nothing", Forwarded=forwarded, X_Forwarded_For=other))[0]

        shapes = ["for=1.2.3.4", 'proto=https;for="1.2.3.4:80";by=10.0.0.1', "for=9.9.9.9, For=1.2.3.4;proto=http"]
        assert [await status(shape, f"8.8.8.{n}") for n, shape in enumerate(shapes)] == [404, 404, 429]
        assert await status('for="[2001:db8::1]:443"', "1.2.3.4") == 404


async def test_without_trusted_proxies_the_header_says_nothing(archive: RunningArchive) -> None:
    async with open_door(archive, limits=limits(per_address=2)) as door:
        assert [(await door.get("/nothing", X_Forwarded_For=f"1.2.3.{n}"))[0] for n in range(3)] == [404, 404, 429]


def test_ipv6_is_counted_by_what_one_customer_has() -> None:
    assert counted_as("2001:db8:1:2:3::4") == counted_as("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64"
    assert counted_as("::ffff:1.2.3.4") == "1.2.3.4"
    assert counted_as("fe80::1%eth0") == "fe80::/64"
    assert counted_as("") == ""


async def test_guessing_ends_and_does_not_shut_out_who_is_known(archive: RunningArchive) -> None:
    async with open_door(archive, limits=limits(failures=5)) as door:
        _, secret = await door.deps.keys.create(TERMS, by="tests")
        path = "/api/v1/media/request/250926-001"
        assert (await door.get(path, X_API_Key=secret))[0] == 200
        guesses = await asyncio.gather(*(door.get(path, X_API_Key=f"guess {n}") for n in range(30)))
        statuses = [status for status, _ in guesses]
        assert (statuses.count(401), statuses.count(429)) == (5, 25)
        assert {problem["code"] for status, problem in guesses if status == 429} == {"too_many_failures"}
        assert (await door.get(path, X_API_Key=secret))[0] == 200
        assert (await door.get(path))[0] == 200
        status, _ = await door.get(path, Authorization="Bearer x.y.z", X_API_Key="still guessing")
        assert status == 429


async def quota_key(door: Door, **quota: int) -> str:
    _, secret = await door.deps.keys.create(replace(TERMS, quota=Quota(**quota)), by="tests")
    return secret


async def shown_quota(door: Door, secret: str) -> Any:
    return (await door.get(f"{UPLOAD}/limits", X_API_Key=secret))[1]["quota"]


async def test_a_days_quota_answers_429_and_ends_with_the_day(door: Door) -> None:
    secret = await quota_key(door, day_files=2, day_bytes=1000)
    for text in (b"one" * 100, b"two" * 100):
        assert (await door.send(text, X_API_Key=secret))[0] in (201, 202)
    side = (await shown_quota(door, secret))["day"]
    assert (side["used_files"], side["max_files"], side["used_bytes"], side["max_bytes"]) == (2, 2, 600, 1000)
    status, problem = await door.send(b"three" * 10, X_API_Key=secret)
    assert (status, problem["code"], problem["unit"]) == (429, "quota_exceeded", "files")
    assert (problem["limit"], problem["used"], problem["period"]) == (2, 2, "day")
    assert 0 < problem["retry_after"] <= 86400
    async with door.running.archive.sessions.begin() as session:
        await session.execute(update(Usage).values(day=Usage.day - 1))
    assert (await shown_quota(door, secret))["day"]["used_files"] == 0
    assert (await door.send(b"three" * 10, X_API_Key=secret))[0] in (201, 202)
    side = (await shown_quota(door, secret))["total"]
    assert (side["used_files"], side["used_bytes"]) == (3, 650)


async def test_a_quota_in_all_answers_403_and_deleting_gives_it_back(door: Door) -> None:
    secret = await quota_key(door, total_bytes=500)
    status, answer = await door.send(b"x" * 400, X_API_Key=secret)
    assert status in (201, 202)
    status, problem = await door.send(b"y" * 200, X_API_Key=secret)
    assert (status, problem["code"], problem["unit"], problem["used"]) == (403, "quota_used_up", "bytes", 400)
    async with door.client.delete(f"/api/v1/media/{answer['media_file_id']}", headers={"X-API-Key": secret}) as deleted:
        assert deleted.status == 204

    async def is_given_back() -> bool:
        return bool((await shown_quota(door, secret))["total"]["used_bytes"] == 0)

    await eventually(is_given_back)
    assert (await door.send(b"y" * 200, X_API_Key=secret))[0] in (201, 202)


async def test_a_quota_holds_for_a_body_whose_length_nobody_said_and_leaves_nothing(door: Door) -> None:
    secret = await quota_key(door, day_bytes=100)
    status, problem = await door.send_form(("file", ("a.txt", b"z" * 5000)), X_API_Key=secret)
    assert (status, problem["code"]) == (429, "quota_exceeded")
    assert await door.is_clean()


async def test_a_quota_holds_for_uploads_at_the_same_time(door: Door) -> None:
    secret = await quota_key(door, day_files=3)
    answers = await asyncio.gather(*(door.send(f"text {n}".encode() * 20, X_API_Key=secret) for n in range(12)))
    statuses = [status for status, _ in answers]
    assert sum(status in (201, 202) for status in statuses) == 3
    assert statuses.count(429) == 9
    assert (await shown_quota(door, secret))["day"]["used_files"] == 3


async def test_two_keys_of_one_name_share_what_is_used_and_what_was_there_counts(door: Door) -> None:
    _, free = await door.deps.keys.create(TERMS, by="tests")
    assert (await door.send(b"before" * 10, X_API_Key=free))[0] in (201, 202)
    first, second = await quota_key(door, total_files=2), await quota_key(door, total_files=2)
    assert (await door.send(b"first" * 10, X_API_Key=first))[0] in (201, 202)
    assert (await door.send(b"second" * 10, X_API_Key=second))[0] == 403
    assert (await door.send(b"second" * 10, X_API_Key=free))[0] in (201, 202)


async def test_without_a_quota_nothing_is_counted(door: Door) -> None:
    assert (await door.send(b"text" * 10))[0] in (201, 202)
    async with door.running.archive.sessions.begin() as session:
        assert (await session.get(Usage, "service:tests")) is None
    quota = await shown_quota(door, "test-key")
    assert quota["total"] == {"max_bytes": None, "used_bytes": None, "max_files": None, "used_files": None}
