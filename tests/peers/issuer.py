"""A small OAuth issuer: discovery, JWKS and introspection over HTTP, with misbehaviour to switch on."""

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "mediagate"
DESCRIPTION = Path(__file__).with_name("issuer.openapi.json")
CLIENT = ("media gateway", "s3cret:/+ with signs")


@dataclass
class SigningKey:
    kid: str
    algorithm: str
    private: Any

    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        kinds: dict[str, Any] = {"RS": RSAAlgorithm, "PS": RSAAlgorithm, "ES": ECAlgorithm, "Ed": OKPAlgorithm}
        shown = kinds[self.algorithm[:2]].to_jwk(public, as_dict=True)
        return {**shown, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def public_pem(self) -> bytes:
        return bytes(
            self.private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )


def rsa_key(kid: str, bits: int = 2048) -> SigningKey:
    return SigningKey(kid, "RS256", rsa.generate_private_key(65537, bits))


def ec_key(kid: str) -> SigningKey:
    return SigningKey(kid, "ES256", ec.generate_private_key(ec.SECP256R1()))


def ed_key(kid: str) -> SigningKey:
    return SigningKey(kid, "EdDSA", ed25519.Ed25519PrivateKey.generate())


@dataclass
class Issuer:
    """``mood``: fine, down (500), silent (does not answer), garbage, huge, redirect."""

    url: str = ""
    keys: list[SigningKey] = field(default_factory=list)
    mood: str = "fine"
    documents: bool = True
    """Whether there is a discovery document; without one the keys are at their well-known place."""

    says_issuer: str | None = None
    """What the discovery document calls itself; None: what it is."""

    calls: Counter[str] = field(default_factory=Counter)
    called: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Methods and paths."""

    revoked: set[str] = field(default_factory=set)

    def token(self, key: SigningKey | None = None, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token; a claim that is None is left out."""
        signing = key or self.keys[0]
        given = {"iss": self.url, "aud": AUDIENCE, "exp": time.time() + 300, "sub": "anna", **claims}
        return jwt.encode(
            {name: value for name, value in given.items() if value is not None},
            signing.private,
            algorithm=signing.algorithm,
            headers={"kid": signing.kid, **(header or {})},
        )

    async def _discovery(self, request: web.Request) -> web.StreamResponse:
        if (moody := await self._moody("discovery", request)) is not None:
            return moody
        if not self.documents:
            raise web.HTTPNotFound
        return web.json_response(
            {
                "issuer": self.says_issuer or self.url,
                "jwks_uri": f"{self.url}/keys",
                "introspection_endpoint": f"{self.url}/introspect",
            }
        )

    async def _jwks(self, request: web.Request) -> web.StreamResponse:
        if (moody := await self._moody("jwks", request)) is not None:
            return moody
        return web.json_response({"keys": [key.jwk() for key in self.keys]})

    async def _introspect(self, request: web.Request) -> web.StreamResponse:
        if (moody := await self._moody("introspect", request)) is not None:
            return moody
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        given = tuple(map(unquote_plus, base64.b64decode(encoded).decode().split(":", 1)))
        if scheme != "Basic" or given != CLIENT:
            return web.json_response({"error": "invalid_client"}, status=401)
        token = str((await request.post()).get("token", ""))
        if token in self.revoked:
            return web.json_response({"active": False})
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return web.json_response({"active": False})
        return web.json_response({"active": True, **claims})

    async def _moody(self, call: str, request: web.Request) -> web.Response | None:
        self.calls[call] += 1
        self.called[request.method, request.path] += 1
        match self.mood:
            case "down":
                return web.Response(status=500)
            case "silent":
                await asyncio.sleep(60)
            case "garbage":
                return web.Response(body=b"<html>{", content_type="application/json")
            case "huge":
                return web.Response(body=json.dumps({"keys": ["x" * 1_000_000]}).encode())
            case "redirect":
                raise web.HTTPFound("http://127.0.0.1:9/elsewhere")
        return None


@asynccontextmanager
async def running_issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer(keys=[ec_key("first")])
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", issuer._discovery)
    app.router.add_get("/keys", issuer._jwks)
    app.router.add_get("/.well-known/jwks.json", issuer._jwks)
    app.router.add_post("/introspect", issuer._introspect)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        issuer.url = f"http://{host}:{port}"
        yield issuer
    finally:
        await runner.cleanup()
