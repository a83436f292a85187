"""What other services do to their callers on bad days, as a middleware of a real server."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

INSIDE = "http://127.0.0.1:9/latest/meta-data"
HUGE = 4 * 1024 * 1024


@dataclass
class Mood:
    """``says``: fine, or one of the words below. ``once`` more calls go as it says, then all is fine; None: all."""

    says: str = "fine"
    once: int | None = None
    calls: int = 0
    seen: list[web.Request] = field(default_factory=list)
    paths: Counter[str] = field(default_factory=Counter)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls += 1
        self.seen.append(request)
        self.paths[f"{request.method} {request.path}"] += 1
        says = self._now()
        if says == "fine":
            return await handler(request)
        await request.read()
        return await _bad(says, request)

    def _now(self) -> str:
        if self.once is None:
            return self.says
        self.once -= 1
        return self.says if self.once >= 0 else "fine"


async def _bad(says: str, request: web.Request) -> web.StreamResponse:
    if says == "hangs":
        await asyncio.sleep(60)
    if says == "drips":
        return await _dripping(request)
    if says == "cut":
        assert request.transport is not None
        request.transport.abort()
    return _ANSWERS[says]()


_ANSWERS: Mapping[str, Callable[[], web.Response]] = {
    "down": lambda: web.Response(status=500, text="a stack trace"),
    "hangs": web.Response,
    "cut": web.Response,
    "malformed": lambda: web.Response(body=b"<html>{", content_type="application/json"),
    "empty": lambda: web.Response(body=b"", content_type="application/json"),
    "schema": lambda: web.json_response({"users": [{"name": ["no", "id"]}], "requests": 7}),
    "huge": lambda: web.json_response({"users": ["x" * HUGE]}),
    "redirects": lambda: web.Response(status=302, headers={"Location": INSIDE}),
    "forbids": lambda: web.Response(status=403),
    "busy": lambda: web.Response(status=503, headers={"Retry-After": "30"}),
    "limits": lambda: web.Response(status=429, headers={"Retry-After": "30"}),
}


async def _dripping(request: web.Request) -> web.StreamResponse:
    """The headers at once, then a byte at a time: every read succeeds, and nothing ever ends."""
    response = web.StreamResponse()
    response.content_length = 10_000
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(600):
            await response.write(b" ")
            await asyncio.sleep(0.02)
    return response


@asynccontextmanager
async def served(app: web.Application, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The application on a port of its own; its URL."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        host, port = runner.addresses[0][:2]
        yield f"http{'s' if tls else ''}://{host}:{port}"
    finally:
        await runner.cleanup()


def certificate(folder: Path, *, days_left: int) -> tuple[ssl.SSLContext, Path]:
    """TLS for 127.0.0.1 by a certificate that ends in so many days, and the file of who vouches for it: itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    ends = datetime.now(UTC) + timedelta(days=days_left)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "peer.pem", folder / "peer.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return context, chain
