"""Where a request comes from, also behind proxies."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from aiohttp import web

Networks = Sequence[IPv4Network | IPv6Network]
_FORWARDED_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;,\s]+)', re.IGNORECASE)
_WITH_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+):\d+|\[([0-9a-fA-F:.]+)\](?::\d+)?", re.ASCII)
_MOST_HOPS = 20


def client_address(request: web.Request, trusted: Networks, header: str) -> str:
    """The peer, or who the nearest trusted proxies say it is: the right-most address that is none of theirs.

    ``header`` is the one the proxies write, ``X-Forwarded-For`` or ``Forwarded`` (RFC 7239). The other is the client's
    own word, since a proxy passes on what it does not know. A hop that is no address ends the search: the
    proxy that wrote it is all we know.
    """
    address = request.remote or ""
    for hop in _hops(request, header) if trusted and _is_in(address, trusted) else ():
        if (known := _address(hop)) is None:
            break
        address = str(known)
        if not _is_in(address, trusted):
            break
    return address


@lru_cache(maxsize=4096)
def counted_as(address: str) -> str:
    """The name under which requests of an address are counted: of IPv6 the /64, which is what one customer has."""
    known = _address(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((known, 64), strict=False))
    return str(known or address)


def is_local(request: web.Request) -> bool:
    """Whether the peer is this machine, and speaks for itself: a proxy here speaks for others."""
    known = _address(request.remote or "")
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers or "Via" in request.headers
    return known is not None and known.is_loopback and not forwarded


def _hops(request: web.Request, header: str) -> Iterator[str]:
    """From the nearest to the farthest."""
    values = [value for line in request.headers.getall(header, []) for value in line.split(",")]
    for value in reversed(values[-_MOST_HOPS:]):
        if header.lower() == "forwarded":
            named = _FORWARDED_FOR.search(value)
            yield named[1].strip('"') if named else ""
        else:
            yield value.strip()


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    with_port = _WITH_PORT.fullmatch(text)
    try:
        known = ipaddress.ip_address((with_port[1] or with_port[2]) if with_port else text.partition("%")[0])
    except ValueError:
        return None
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return mapped or known


def _is_in(address: str, networks: Networks) -> bool:
    known = _address(address)
    return known is not None and any(known in network for network in networks)
