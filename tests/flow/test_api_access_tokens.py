"""Bearer tokens: verified by a real issuer's keys, or by asking it."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from gateway.auth_service import open_auth
from gateway.settings import SettingsError, load_settings
from storage.domain import Role, Scope
from storage.errors import AuthUnavailable, InvalidToken, Unauthenticated
from tests.flow.conftest import RunningArchive
from tests.flow.http_door import UPLOAD, Door, open_door
from tests.peers.issuer import AUDIENCE, CLIENT, DESCRIPTION, Issuer, ec_key, ed_key, rsa_key, running_issuer
from web.auth.tokens import TokenAuth, by_asking, by_keys
from web.clients.auth_service import AuthServiceClient, AuthServiceConfig, auth_peer
from web.clients.key_set import KeyTimes
from web.clients.transport import PeerTransport, peer_session

AT_ONCE = KeyTimes(fresh=600, usable=3600, pause=0)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        yield running


@asynccontextmanager
async def token_auth(
    issuer: Issuer, *, times: KeyTimes = AT_ONCE, asking: bool = False, url: str | None = None
) -> AsyncIterator[TokenAuth]:
    config = AuthServiceConfig(
        url=url or issuer.url, issuer=issuer.url, audience=AUDIENCE, client_id=CLIENT[0], client_secret=CLIENT[1]
    )
    async with peer_session() as http:
        client = AuthServiceClient(PeerTransport(http, replace(auth_peer(config.url), tries=1, fails=1000)), config)
        yield TokenAuth(by_asking(client) if asking else by_keys(client, times))


async def reason_of(auth: TokenAuth, token: str) -> str:
    with pytest.raises(InvalidToken) as caught:
        await auth.identity(token)
    return str(caught.value.fields["reason"])


def handmade(header: dict[str, Any], claims: dict[str, Any], key: bytes | None = None) -> str:
    """A token no library would make; signed with HMAC where a key is given."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signed = b".".join(parts)
    signature = b"" if key is None else base64.urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + signature).decode()


@pytest.mark.parametrize("asking", [False, True])
async def test_a_person_owns_under_their_subject_and_sees_their_own(issuer: Issuer, asking: bool) -> None:
    async with token_auth(issuer, asking=asking) as auth:
        caller = (await auth.identity(issuer.token(scope="media:read profile openid", client_id="app"))).caller
        assert (caller.owner, caller.role, caller.scopes) == ("user:anna", Role.USER, frozenset({Scope.MEDIA_READ}))
        admin = (await auth.identity(issuer.token(scp=["admin", 7]))).caller
        assert (admin.role, admin.scopes) == (Role.ADMIN, frozenset({Scope.ADMIN}))


@pytest.mark.parametrize("asking", [False, True])
@pytest.mark.parametrize("claims", [{"sub": None}, {"sub": "crm"}])
async def test_client_credentials_are_a_service(issuer: Issuer, asking: bool, claims: dict[str, Any]) -> None:
    async with token_auth(issuer, asking=asking) as auth:
        caller = (await auth.identity(issuer.token(client_id="crm", scope="media:write", **claims))).caller
        assert (caller.owner, caller.role, caller.scopes) == ("service:crm", None, frozenset({Scope.MEDIA_WRITE}))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": time.time() - 3600}, "expired"),
        ({"exp": None}, "claims"),
        ({"nbf": time.time() + 600}, "not_yet_valid"),  # a clock that is ten minutes ahead
        ({"exp": time.time() - 600}, "expired"),
        ({"aud": "somebody else"}, "audience"),
        ({"aud": None}, "claims"),
        ({"aud": ["a", "b"]}, "audience"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "claims"),
        ({"sub": None}, "subject"),
        ({"sub": "a\nb"}, "subject"),
        ({"sub": "x" * 201}, "subject"),
    ],
)
async def test_what_a_token_must_say(issuer: Issuer, claims: dict[str, Any], reason: str) -> None:
    async with token_auth(issuer) as auth:
        assert await reason_of(auth, issuer.token(**claims)) == reason


async def test_only_the_issuers_signature_counts(issuer: Issuer) -> None:
    """No `none`, no HMAC with the public key, no key of another, no other kind of token."""
    claims = {"iss": issuer.url, "aud": AUDIENCE, "sub": "anna", "exp": int(time.time()) + 300}
    issuer.keys.append(rsa_key("rsa"))
    async with token_auth(issuer) as auth:
        for alg in ("none", "None", "nOnE"):
            assert await reason_of(auth, handmade({"alg": alg, "kid": "first"}, claims)) == "key"
        for key in issuer.keys:
            confused = handmade({"alg": "HS256", "kid": key.kid}, claims, key.public_pem())
            assert await reason_of(auth, confused) == "key"
        assert await reason_of(auth, issuer.token(ec_key("first"))) == "signature"
        assert await reason_of(auth, issuer.token(header={"typ": "logout+jwt"})) == "type"
        whole = issuer.token()
        assert await reason_of(auth, whole[:-4] + "AAAA") == "signature"
        for broken in ("", ".", "..", "x.y.z", whole.rsplit(".", 1)[0], "a" * 9000, "é.é.é", "[" * 3000 + ".x.y"):
            assert await reason_of(auth, broken) == "malformed"


@pytest.mark.parametrize("make", [rsa_key, ec_key, ed_key])
async def test_keys_rotate(issuer: Issuer, make: Any) -> None:
    """A key that is not known yet is fetched; one that was withdrawn is gone with the next fetch."""
    async with token_auth(issuer) as auth:
        old = issuer.keys[0]
        await auth.identity(issuer.token())
        issuer.keys = [make("second")]
        await auth.identity(issuer.token())
        assert issuer.calls["jwks"] == 2
        assert await reason_of(auth, issuer.token(old, sub="bob")) == "key"


async def test_a_key_rotated_in_the_middle_loses_nobody(issuer: Issuer) -> None:
    """While both sign, tokens of both come at once, and nobody is turned away."""
    async with token_auth(issuer) as auth:
        first = issuer.keys[0]
        await auth.identity(issuer.token())
        issuer.keys.insert(0, ec_key("second"))
        tokens = [issuer.token(key, sub=f"user{turn}") for turn in range(20) for key in (first, issuer.keys[0])]
        found = await asyncio.gather(*map(auth.identity, tokens))
        assert [one.caller.owner for one in found] == [f"user:user{turn // 2}" for turn in range(40)]


async def test_a_short_key_is_not_taken(issuer: Issuer) -> None:
    issuer.keys = [rsa_key("short", 1024)]
    async with token_auth(issuer) as auth:
        with pytest.warns(match="below"):
            token = issuer.token()
        assert await reason_of(auth, token) == "key"


async def test_unknown_keys_do_not_let_anybody_make_us_ask(issuer: Issuer) -> None:
    async with token_auth(issuer, times=KeyTimes(pause=60)) as auth:
        await auth.identity(issuer.token())
        for number in range(20):
            assert await reason_of(auth, issuer.token(ec_key(f"made up {number}"))) == "key"
        assert issuer.calls["jwks"] == 1
        assert issuer.calls["discovery"] == 1


@pytest.mark.parametrize("mood", ["down", "garbage", "huge", "redirect"])
async def test_keys_go_on_working_while_the_issuer_is_away_and_not_for_ever(issuer: Issuer, mood: str) -> None:
    async with token_auth(issuer, times=KeyTimes(fresh=0, usable=0.6, pause=0)) as auth:
        await auth.identity(issuer.token())
        issuer.mood = mood
        await auth.identity(issuer.token(sub="bob"))
        with pytest.raises(AuthUnavailable) as caught:
            await auth.identity(issuer.token(ec_key("new")))
        assert caught.value.fields["retry_after"] == 10
        time.sleep(0.6)
        with pytest.raises(AuthUnavailable):
            await auth.identity(issuer.token(sub="cid"))
        issuer.mood = "fine"
        await auth.identity(issuer.token(sub="cid"))


async def test_the_document_of_another_issuer_is_not_believed(issuer: Issuer) -> None:
    issuer.says_issuer = "https://evil.example"
    async with token_auth(issuer) as auth:
        with pytest.raises(AuthUnavailable):
            await auth.identity(issuer.token())


async def test_the_address_may_be_that_of_the_keys_themselves(issuer: Issuer) -> None:
    async with token_auth(issuer, url=f"{issuer.url}/keys") as auth:
        assert (await auth.identity(issuer.token())).caller.owner == "user:anna"
        assert issuer.calls["discovery"] == 0


async def test_without_a_discovery_document_the_keys_are_at_their_well_known_place(issuer: Issuer) -> None:
    issuer.documents = False
    async with token_auth(issuer) as auth:
        assert (await auth.identity(issuer.token())).caller.owner == "user:anna"
        assert await reason_of(auth, issuer.token(ec_key("other"))) == "key"


async def test_the_description_is_right_and_the_issuer_keeps_to_it(issuer: Issuer) -> None:
    """The document is what the other side reads: it has to be valid, and the reference issuer its example."""
    document = json.loads(DESCRIPTION.read_text())
    validate(document)
    schemas = document["components"]["schemas"]
    async with aiohttp.ClientSession(issuer.url) as client:
        for path, name in (
            ("/.well-known/openid-configuration", "Discovery"),
            ("/.well-known/jwks.json", "Keys"),
            ("/keys", "Keys"),
        ):
            async with client.get(path) as response:
                whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
                jsonschema_rs.Draft202012Validator(whole).validate(await response.json())
    for asking in (False, True):
        async with token_auth(issuer, asking=asking) as auth:
            await auth.identity(issuer.token())
    issuer.documents = False
    async with token_auth(issuer) as auth:
        await auth.identity(issuer.token())
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert {*issuer.called} == described


async def test_introspection_says_what_is_over(issuer: Issuer) -> None:
    async with token_auth(issuer, asking=True) as auth:
        token = issuer.token(scope="media:read")
        await auth.identity(token)
        assert auth.remembered(token) is not None
        issuer.revoked.add(token)
        assert await reason_of(auth, token) == "inactive"
        assert await reason_of(auth, "opaque") == "inactive"
        assert await reason_of(auth, issuer.token(exp=time.time() - 100)) == "expired"
        assert await reason_of(auth, issuer.token(aud=None)) == "audience"
        assert await reason_of(auth, issuer.token(iss="https://evil.example")) == "issuer"
        issuer.mood = "down"
        with pytest.raises(AuthUnavailable):
            await auth.identity(issuer.token(sub="bob"))


async def test_a_token_is_not_remembered_beyond_its_end(issuer: Issuer) -> None:
    async with token_auth(issuer) as auth:
        token = issuer.token(exp=time.time() + 1)
        await auth.identity(token)
        assert auth.remembered(token) is not None
        time.sleep(1.05)
        assert auth.remembered(token) is None


async def ask(door: Door, path: str, token: str, data: bytes | None = None) -> tuple[int, Any, Mapping[str, str]]:
    """GET, or POST where there is a body; without any key."""
    headers = {"Authorization": f"bearer {token}"}
    async with (
        aiohttp.ClientSession(door.url, headers=headers) as client,
        client.request("GET" if data is None else "POST", path, data=data) as response,
    ):
        body = await response.read()
        is_json = response.content_type.endswith("json")
        return response.status, json.loads(body) if is_json else body, response.headers


async def test_tokens_over_http(archive: RunningArchive, issuer: Issuer) -> None:
    """A person's upload is theirs; the answers to bad tokens say what to do."""
    async with token_auth(issuer) as auth, open_door(archive, tokens=auth) as door:
        anna = issuer.token(scope="media:read media:write")
        status, answer, _ = await ask(door, f"{UPLOAD}/stream?filename=a.txt", anna, b"a note" * 10)
        assert status in (201, 202)
        file = answer["media"]["file_url"]
        assert (await ask(door, file, anna))[:2] == (200, b"a note" * 10)
        for token, status, code in (
            (issuer.token(sub="bob", scope="media:read"), 404, "media_not_found"),
            (issuer.token(sub="bob"), 403, "missing_scope"),
            (issuer.token(exp=1), 401, "invalid_token"),
        ):
            answered, problem, headers = await ask(door, file, token)
            assert (answered, problem["code"]) == (status, code)
            assert ('error="invalid_token"' in headers.get("WWW-Authenticate", "")) == (status == 401)
        issuer.mood, issuer.keys = "down", [ec_key("new")]
        status, _, headers = await ask(door, file, issuer.token())
        assert (status, headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "ISSUER"),
        ({"ISSUER": "https://a"}, "AUDIENCE"),
        ({"ISSUER": "https://a", "MODE": "introspection", "CLIENT_ID": "me"}, "CLIENT_SECRET"),
    ],
)
def test_an_auth_service_is_configured_whole_or_not_at_all(tmp_path: Path, given: dict[str, str], missing: str) -> None:
    environ = {"MEDIAGATE_DATA_DIR": str(tmp_path), "MEDIAGATE_AUTH_SERVICE_URL": "https://a"}
    with pytest.raises(SettingsError, match=f"MEDIAGATE_AUTH_{missing} is empty"):
        load_settings(environ | {f"MEDIAGATE_AUTH_{name}": value for name, value in given.items()}, tmp_path / ".env")


async def test_the_settings_lead_to_the_issuer(issuer: Issuer, tmp_path: Path) -> None:
    environ = {"MEDIAGATE_DATA_DIR": str(tmp_path)}
    async with open_auth(load_settings(environ, tmp_path / ".env")) as nobody:
        with pytest.raises(Unauthenticated):
            await nobody.identity(issuer.token())
    auth = {"SERVICE_URL": issuer.url, "ISSUER": issuer.url, "AUDIENCE": AUDIENCE}
    client = {"MODE": "introspection", "CLIENT_ID": CLIENT[0], "CLIENT_SECRET": CLIENT[1]}
    for variables in (auth, auth | client):
        given = environ | {f"MEDIAGATE_AUTH_{name}": value for name, value in variables.items()}
        given["MEDIAGATE_AUTH_ROLES"] = "dispatcher=staff,https://a.example/up=media:write"
        settings = load_settings(given, tmp_path / ".env")
        async with open_auth(settings) as somebody:
            token = issuer.token(roles=["dispatcher"], scope="https://a.example/up")
            caller = (await somebody.identity(token)).caller
            assert (caller.owner, caller.role, Scope.MEDIA_WRITE in caller.scopes) == ("user:anna", Role.STAFF, True)
    assert CLIENT[1] in settings.secrets
    assert (issuer.calls["jwks"], issuer.calls["introspect"]) == (1, 1)
