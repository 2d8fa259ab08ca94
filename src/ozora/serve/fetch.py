"""Fetching what a client names by address, without letting it reach into our network.

The host is resolved once, every address must be public, and the connection goes to that very address, so
that a name cannot change its mind in between (DNS rebinding). Redirects are followed by hand, each checked.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

MOST_REDIRECTS, TIMEOUT = 3, 10.0

Resolve = Callable[[str, int], list[str]]
"""(host, port) to IP addresses."""


class FetchError(Exception):
    """An address that may not be fetched, or does not give what it should; the sentence is for the client."""


@dataclass(frozen=True)
class Target:
    """A checked address: the URL as asked, with the IP address to connect to."""

    url: str
    host: str
    port: int
    address: str

    @property
    def pinned(self) -> str:
        """The URL with the address in place of the name."""
        parts = urlsplit(self.url)
        address = f"[{self.address}]" if ":" in self.address else self.address
        return parts._replace(netloc=f"{address}:{self.port}", fragment="").geturl()

    @property
    def host_header(self) -> str:
        """What the Host header says."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.url.lower().startswith("https:") else 80
        return name if self.port == default else f"{name}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"the host '{host[:80]}' cannot be found") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_address(
    url: str,
    *,
    trusted: Sequence[str] = (),
    only_https: bool = False,
    ask: Resolve | None = None,
) -> Target:
    """Check an address before anything is sent to it; raises ``FetchError``.

    ``trusted`` are host names, IP addresses or networks that may be reached although they are not public,
    and over plain HTTP.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchError("the address cannot be read") from error
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host:
        raise FetchError("only http and https addresses are fetched")
    if parts.username is not None or parts.password is not None:
        raise FetchError("an address with a user name in it is not fetched")
    default = 443 if scheme == "https" else 80
    known = host in trusted
    if port not in (None, 80, 443) and not trusted:
        raise FetchError("only the ports 80 and 443 are reached")
    addresses = (ask or resolve)(host, port or default)
    if not addresses:
        raise FetchError(f"the host '{host[:80]}' cannot be found")
    for address in addresses:
        if not (known or _trusted(address, trusted)):
            if not public(address):
                raise FetchError("the host is not on the public internet")
            if port not in (None, 80, 443):
                raise FetchError("only the ports 80 and 443 are reached")
            if only_https and scheme != "https":
                raise FetchError("only https addresses are called")
    return Target(url, host, port or default, addresses[0])


def public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when wrapped into IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _trusted(address: str, trusted: Sequence[str]) -> bool:
    for entry in trusted:
        try:
            if ipaddress.ip_address(address.partition("%")[0]) in ipaddress.ip_network(entry, strict=False):
                return True
        except (ValueError, TypeError):
            continue
    return False


def request_to(
    client: httpx.Client,
    method: str,
    target: Target,
    *,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> httpx.Request:
    """A request that connects to the pinned address but speaks to the host, TLS name included."""
    named = {"host": target.host_header, **headers}
    request = client.build_request(method, target.pinned, headers=named, content=content)
    request.extensions["sni_hostname"] = target.host
    return request


def new_client() -> httpx.Client:
    """A client that follows nothing by itself, uses no proxy and keeps no cookie."""
    return httpx.Client(follow_redirects=False, timeout=TIMEOUT, trust_env=False)


def fetch(url: str, *, most: int, trusted: Sequence[str] = (), ask: Resolve | None = None) -> bytes:
    """The bytes at an address, at most ``most`` of them, within ten seconds; raises ``FetchError``."""
    ends = time.monotonic() + TIMEOUT
    with new_client() as client:
        for _ in range(MOST_REDIRECTS + 1):
            target = check_address(url, trusted=trusted, ask=ask)
            request = request_to(
                client, "GET", target, headers={"accept": "image/*", "accept-encoding": "identity"}
            )
            try:
                response = client.send(request, stream=True)
                try:
                    if response.is_redirect:
                        url = urljoin(url, response.headers.get("location", ""))
                        continue
                    if response.status_code != 200:
                        raise FetchError(f"the host answered {response.status_code}")
                    return _take(response, most, ends)
                finally:
                    response.close()
            except httpx.HTTPError as error:
                raise FetchError(f"the host could not be asked ({type(error).__name__})") from error
    raise FetchError(f"more than {MOST_REDIRECTS} redirects")


def _take(response: httpx.Response, most: int, ends: float) -> bytes:
    parts, size = [], 0
    for part in response.iter_raw():
        size += len(part)
        if size > most:
            raise FetchError(f"more than {most} bytes")
        if time.monotonic() > ends:
            raise FetchError(f"more than {TIMEOUT:g} seconds")
        parts.append(part)
    return b"".join(parts)
