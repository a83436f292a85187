"""What requests say in headers and addresses, without a server."""

import hashlib
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from storage.errors import InvalidFields
from web.auth.addresses import client_address
from web.deps import DEPS, WebDeps
from web.upload.call import Content
from web.upload.options import LONGEST_WAIT, declared_digest, read_options

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))
DIGEST = hashlib.sha256(b"").digest()
ENCODED = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"


def request_with(remote: str = "192.0.2.1", **headers: str) -> web.Request:
    app = web.Application()
    app[DEPS] = cast("WebDeps", SimpleNamespace(archive_wait=30.0, trusted_proxies=PROXIES))
    given = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return make_mocked_request("POST", "/", headers=given, app=app).clone(remote=remote)


@pytest.mark.parametrize(
    ("prefer", "wait", "preference"),
    [
        ("", 30.0, None),
        ("respond-async", 0.0, "respond-async"),
        ("Respond-Async, wait=10", 0.0, "respond-async"),
        ("wait=10", 10.0, "wait=10"),
        ('wait="7"', 7.0, "wait=7"),
        ("handling=lenient, wait = 5", 5.0, "wait=5"),
        ("wait=999999", LONGEST_WAIT, "wait=300"),
        ("wait=-1", 30.0, None),
        ("await=5", 30.0, None),
        ("respond-asynchronously", 30.0, None),
    ],
)
def test_preferences(prefer: str, wait: float, preference: str | None) -> None:
    options = read_options(request_with(Prefer=prefer))
    assert (options.wait, options.preference) == (wait, preference)


@pytest.mark.parametrize("given", ["k", '"quoted"', "a" * 200])
def test_idempotency_keys(given: str) -> None:
    assert read_options(request_with(Idempotency_Key=given)).idempotency_key == given.strip('"')


@pytest.mark.parametrize("given", ["", '""', "a b", "ключ", "a" * 201])
def test_what_is_no_idempotency_key(given: str) -> None:
    with pytest.raises(InvalidFields):
        read_options(request_with(Idempotency_Key=given))


@pytest.mark.parametrize(
    "given", [ENCODED, f"md5=:AAAA:, {ENCODED}", ENCODED.upper().replace(ENCODED[8:].upper(), ENCODED[8:])]
)
@pytest.mark.parametrize("name", ["Content-Digest", "Repr-Digest", "content-digest"])
def test_digests(given: str, name: str) -> None:
    assert declared_digest({name: given}) == DIGEST


def test_other_digests_are_passed_over() -> None:
    assert declared_digest({"Content-Digest": "sha-512=:AAAA:"}) is None
    assert declared_digest({}) is None


@pytest.mark.parametrize("given", ["sha-256=:AAAA:", "sha-256=:A:", "sha-256=::"])
def test_what_is_no_digest(given: str) -> None:
    with pytest.raises(InvalidFields):
        declared_digest({"Content-Digest": given})


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "unknown", "::1"),
    ],
)
def test_only_trusted_proxies_say_who_calls(remote: str, forwarded: str, client: str) -> None:
    assert client_address(request_with(remote, X_Forwarded_For=forwarded), PROXIES, "X-Forwarded-For") == client


@pytest.mark.parametrize(
    ("fields", "files", "same"),
    [
        ({"a": "1"}, [b"x"], True),
        ({"a": "2"}, [b"x"], False),
        ({"a": "1"}, [b"y"], False),
        ({"a": "1"}, [b"x", b"x"], False),
        ({"a": "1"}, [None], True),
    ],
)
def test_a_body_is_known_by_its_fields_and_files(fields: dict[str, str], files: list[Any], *, same: bool) -> None:
    first = Content.of({"a": "1"}, [b"x"]).as_json()
    assert Content.of(fields, files).is_that_of(first) is same
