"""Calling webhooks: somebody else chose the address, so inside ones are not called.

The address that a name resolves to is checked where the connection is made, so that a name which changes its
address between a check and the call gains nothing.
"""

import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from storage.events.poster import Posted

_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_READ = 2048
"""Bytes of an answer that are looked at: why a call failed is worth a line, no more."""

_LONGEST_URL = 2048
_LONGEST_ERROR = 300
_NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


class InsideAddress(OSError):
    """The name leads to an address that is not public."""


class Allowed:
    """Which addresses may be called: public ones, and what the settings name: hosts, addresses or networks."""

    def __init__(self, exceptions: Iterable[str] = ()) -> None:
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for one in exceptions:
            try:
                self._networks.append(ip_network(one, strict=False))
            except ValueError:
                self._hosts.add(one.lower().rstrip("."))

    def names(self, host: str) -> bool:
        """Whether the settings name this host, or the address it is."""
        if host.lower().rstrip(".") in self._hosts:
            return True
        address = _as_address(host)
        return address is not None and self._in_networks(address)

    def address(self, text: str) -> bool:
        """Whether an address may be called."""
        address = ip_address(text.partition("%")[0])
        return self._in_networks(address) or _is_public(address)

    def _in_networks(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)


class CheckedResolver(AbstractResolver):
    """Names to addresses, without those that may not be called."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises `InsideAddress` where nothing is left."""
        found = await self._resolver.resolve(host, port, family)
        if not self._allowed.names(host):
            found = [one for one in found if self._allowed.address(one["host"])]
        if not found:
            raise InsideAddress("the name leads to an address inside our network")
        return found

    async def close(self) -> None:
        await self._resolver.close()


class WebhookPoster:
    """Implements `storage.events.poster.Poster`. An async context manager, for its session."""

    def __init__(self, exceptions: Iterable[str] = ()) -> None:
        self._allowed = Allowed(exceptions)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(resolver=CheckedResolver(self._allowed), use_dns_cache=False, limit=64)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=_TIMEOUT,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "Mediagate"},
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._session is not None:
            await self._session.close()

    def refusal(self, url: str) -> str | None:
        """What can be said without resolving; the rest is refused when it is called."""
        parts = _parts(url)
        host = parts.hostname if parts is not None else None
        if parts is None or not host:
            return "has to begin with https:// and name a host"
        if parts.username or parts.password or parts.fragment:
            return "may have no user, password or fragment"
        if self._allowed.names(host):
            return None
        if parts.scheme != "https":
            return "has to begin with https://"
        address = _as_address(host)
        if host.lower() == "localhost" or (address is not None and not _is_public(address)):
            return "leads to an address inside our network"
        return None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """One call. The settings may have changed since the URL was given, so it is looked at again."""
        assert self._session is not None
        refusal = self.refusal(url)
        if refusal is not None:
            return Posted(error=f"the url {refusal}")
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                said = b""
                with suppress(aiohttp.ClientError, TimeoutError):
                    said = await response.content.read(_READ)
                return _posted(response, said)
        except TimeoutError:
            return Posted(error="no answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Posted(error=_reason(error))


def _parts(url: str) -> SplitResult | None:
    """None for what is no web address."""
    try:
        parts = urlsplit(url)
        fine = len(url) <= _LONGEST_URL and parts.scheme in ("https", "http") and parts.port != 0
    except ValueError:
        return None
    return parts if fine else None


def _posted(response: aiohttp.ClientResponse, said: bytes) -> Posted:
    if response.ok and response.status < 300:  # noqa: PLR2004 -- redirects are not followed, so they are failures
        return Posted(status=response.status)
    wait = response.headers.get("Retry-After", "")
    text = said.decode("utf-8", "replace").replace("\x00", "?")[:_LONGEST_ERROR]
    return Posted(
        status=response.status, error=text or response.reason, retry_after=float(wait) if wait.isdecimal() else None
    )


def _reason(error: Exception) -> str:
    inside = error
    while inside is not None:
        if isinstance(inside, InsideAddress):
            return str(inside)
        inside = inside.__cause__ or getattr(inside, "os_error", None)  # type: ignore[assignment]
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]


def _as_address(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    """Also not through an IPv6 address that stands for an IPv4 one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            return False
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast
