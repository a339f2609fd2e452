"""One exchange with the server, hardened: deadline, caps, no redirect, no second POST. What it means is for the client."""

import asyncio
import hashlib
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import count
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from lumedesk import __version__
from lumedesk.api.arrival import Arrival
from lumedesk.api.body import LIST_CAP, SMALL_CAP, BodyRefused, read_body
from lumedesk.api.connection import Connections
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.failures import network_failure, request_id_of, server_date_of, status_failure
from lumedesk.api.tls import system_trust, trusting_nobody
from lumedesk.domain.credentials import Credentials
from lumedesk.domain.errors import (
    DeskError,
    Invalid,
    Offline,
    TimedOut,
    TlsFailed,
    Unauthorised,
    Unreadable,
    Wire,
)

T = TypeVar("T")

_PREFIX = "/api/v1"
_MAX_PART = 512
_TRIES = 3
_FIRST_BACKOFF_S = 0.5
_MAX_RETRY_AFTER_S = 60.0
# However slow the tries were, no read keeps its caller waiting much beyond this by trying again.
_RETRY_WITHIN_S = 90.0

InFlight = Callable[[int], None]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete 2xx answer. `round_trip_s` runs from before the request to the last byte of the body."""

    status: int
    body: bytes
    request_id: str | None
    server_date: datetime | None
    round_trip_s: float


class Transport:
    """The one door to the network, for one endpoint and one key. Used from one event loop, closed with `aclose`."""

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials,
        *,
        deadline_s: float = 20.0,
        list_deadline_s: float = 120.0,
        on_in_flight: InFlight = lambda _count: None,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`on_in_flight` hears the number of exchanges under way at each change, on the loop's thread."""
        self._endpoint = endpoint
        self._credentials = credentials
        self._deadline_s = deadline_s
        self._list_deadline_s = list_deadline_s
        self._on_in_flight = on_in_flight
        self._sleep = sleep
        self._jitter = jitter
        self._client: httpx.AsyncClient | None = None
        self._closed = False
        self._in_flight = 0
        self._exchanges = 0

    @property
    def host(self) -> str:
        """The host that every request goes to."""
        return self._endpoint.host

    @property
    def is_asked(self) -> bool:
        """Whether an exchange is under way that somebody may wait for: any but a long list. On any thread."""
        return self._exchanges > 0

    @property
    def key_fingerprint(self) -> str:
        """A short digest of the API key (not of the secret)."""
        return hashlib.blake2b(self._credentials.key.encode(), digest_size=8).hexdigest()

    async def get(self, *parts: str, query: dict[str, str] | None = None, whole_list: bool = False) -> Answer:
        """Read `/api/v1/` + `parts`. Up to three tries when trying again may help. Errors: DeskError."""
        url = self._url(parts, query or {})
        deadline_s = self._list_deadline_s if whole_list else self._deadline_s
        cap = LIST_CAP if whole_list else SMALL_CAP
        return await self._tried(lambda: self._exchange("GET", url, deadline_s=deadline_s, cap=cap))

    async def arrive(self, resource: str, known: bytes | None, take: Callable[[Arrival], Awaitable[T]]) -> T:
        """Read a list of any length; `take` gets it while it comes in, anew with each try. Errors: DeskError, `take`'s.

        `known` is the digest of the list before, None where there is none.
        """
        url = self._url((resource,), {})
        return await self._tried(lambda: self._arrival(url, known, take))

    async def _tried(self, read: Callable[[], Awaitable[T]]) -> T:
        spent_s = 0.0
        for attempt in count(1):
            began = time.perf_counter()
            try:
                return await read()
            except DeskError as error:
                delay_s = self._delay_s(error, attempt)
                spent_s += time.perf_counter() - began + delay_s
                if not error.retryable or attempt == _TRIES or spent_s > _RETRY_WITHIN_S:
                    raise
            await self._sleep(delay_s)
        raise AssertionError  # count() never ends

    async def post(self, *parts: str, body: bytes) -> Answer:
        """Send `body` once. No layer ever sends it again: see `_connections`. Errors: DeskError, with `wire` exact."""
        return await self._exchange("POST", self._url(parts, {}), deadline_s=self._deadline_s, cap=SMALL_CAP, body=body)

    async def aclose(self) -> None:
        """Close all connections. What is asked afterwards raises Offline."""
        self._closed = True
        if self._client is not None:
            await self._client.aclose()

    def _delay_s(self, error: DeskError, attempt: int) -> float:
        backoff_s = _FIRST_BACKOFF_S * 2.0 ** (attempt - 1) * self._jitter()
        return max(backoff_s, min(error.retry_after_s or 0.0, _MAX_RETRY_AFTER_S))

    def _url(self, parts: tuple[str, ...], query: dict[str, str]) -> httpx.URL:
        for part in parts:
            if part in {"", ".", ".."} or len(part) > _MAX_PART:
                raise Invalid(f"{part[:40]!r} can't be an id.", wire=Wire.NOT_SENT)
        try:
            target = "/".join((self._endpoint.base_url + _PREFIX, *(quote(part, safe="") for part in parts)))
            if query:
                target += "?" + "&".join(
                    f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items()
                )
            url = httpx.URL(target)
        except (UnicodeEncodeError, httpx.InvalidURL) as error:
            raise Invalid("An id holds characters that no address can carry.", wire=Wire.NOT_SENT) from error
        # Nothing between here and the wire may change what was asked for.
        if not target.endswith(url.raw_path.decode("ascii")):
            raise Invalid("The address would have changed on its way.", wire=Wire.NOT_SENT)
        return url

    async def _exchange(
        self, method: str, url: httpx.URL, *, deadline_s: float, cap: int, body: bytes | None = None
    ) -> Answer:
        if self._closed:
            raise Offline("The connection to this profile is closed.")
        headers = self._headers(with_body=body is not None)
        client = self._opened()
        trail = _Trail(method)
        self._count(+1)
        self._exchanges += 1
        try:
            # One deadline over everything: httpx's own timeouts restart with each byte that drips in.
            async with asyncio.timeout(deadline_s):
                request = client.build_request(method, url, headers=headers, content=body, extensions={"trace": trail})
                return await self._answer(client, request, trail, cap)
        except DeskError:
            raise
        except TimeoutError as error:
            raise TimedOut(f"No complete answer within {deadline_s:g} seconds.", wire=trail.wire) from error
        except Exception as error:
            raise network_failure(error, trail.wire, self._credentials.secret) from error
        finally:
            self._exchanges -= 1
            self._count(-1)

    async def _arrival(self, url: httpx.URL, known: bytes | None, take: Callable[[Arrival], Awaitable[T]]) -> T:
        if self._closed:
            raise Offline("The connection to this profile is closed.")
        headers = self._headers(with_body=False)
        client = self._opened()
        trail = _Trail("GET")

        def failure(error: Exception) -> DeskError:
            return network_failure(error, trail.wire, self._credentials.secret)

        self._count(+1)
        try:
            try:
                async with asyncio.timeout(self._list_deadline_s):
                    request = client.build_request("GET", url, headers=headers, extensions={"trace": trail})
                    response = await client.send(request, stream=True)
            except TimeoutError as error:
                raise TimedOut(f"No answer within {self._list_deadline_s:g} seconds.", wire=trail.wire) from error
            except Exception as error:
                raise failure(error) from error
            try:
                if not response.is_success:
                    async with asyncio.timeout(self._deadline_s):
                        body = await _error_body(response)
                    raise status_failure(response, body, trail.wire, self._credentials.secret)
                return await take(Arrival(response, known, self._list_deadline_s, failure))
            except TimeoutError as error:
                raise TimedOut(f"No answer within {self._deadline_s:g} seconds.", wire=trail.wire) from error
            finally:
                await response.aclose()
        finally:
            self._count(-1)

    async def _answer(self, client: httpx.AsyncClient, request: httpx.Request, trail: "_Trail", cap: int) -> Answer:
        began = time.perf_counter()
        response = await client.send(request, stream=True)
        try:
            if not response.is_success:
                body = await _error_body(response)
                raise status_failure(response, body, trail.wire, self._credentials.secret)
            try:
                body = await read_body(response, cap)
            except BodyRefused as error:
                raise Unreadable(
                    f"HTTP {response.status_code}, but {error}.",
                    wire=trail.wire,
                    http_status=response.status_code,
                    request_id=request_id_of(response),
                ) from error
        finally:
            await response.aclose()
        round_trip_s = time.perf_counter() - began
        return Answer(response.status_code, body, request_id_of(response), server_date_of(response), round_trip_s)

    def _headers(self, *, with_body: bool) -> dict[str, str]:
        key, secret = self._credentials.key, self._credentials.secret.reveal()
        for value in (key, secret):
            if not (value and value.isascii() and value.isprintable() and value == value.strip()):
                raise Unauthorised(
                    "The API key or its secret holds characters no header can carry.", wire=Wire.NOT_SENT
                )
        headers = {"X-API-KEY": key, "X-API-SECRET": secret}
        if with_body:
            headers["Content-Type"] = "application/json"
        return headers

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            try:
                connections = self._connections()
            except (OSError, ssl.SSLError) as error:
                raise TlsFailed(f"The extra CA file can't be read: {error}", wire=Wire.NOT_SENT) from error
            self._client = httpx.AsyncClient(
                transport=connections,
                trust_env=False,
                follow_redirects=False,
                # Connecting (TCP, then TLS) gives up before the deadline does: httpcore leaks the socket of a handshake
                # that is cancelled, but not of one that timed out.
                timeout=httpx.Timeout(self._deadline_s, connect=self._deadline_s * 0.4, pool=None),
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                    "User-Agent": f"LumeDesk/{__version__}",
                },
                # The API knows no cookies: none is kept, none goes back.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return self._client

    def _connections(self) -> "_FreshForPosts":
        encrypted = self._endpoint.is_encrypted
        context = system_trust(self._endpoint.extra_ca) if encrypted else trusting_nobody()
        proxy = None
        if encrypted and self._endpoint.proxy:
            proxy_context = context if self._endpoint.proxy.startswith("https:") else None
            proxy = httpx.Proxy(self._endpoint.proxy, ssl_context=proxy_context)

        def pool(limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
            return httpx.AsyncHTTPTransport(
                verify=context, trust_env=False, http1=True, http2=False, proxy=proxy, limits=limits, retries=0
            )

        reads = pool(httpx.Limits(max_connections=6, max_keepalive_connections=4, keepalive_expiry=15.0))
        if proxy is None or proxy.url.scheme != "https":
            # For long lists only: what moves money, and TLS within a proxy's TLS, is left to the library's connections.
            # httpx hands the pool all that it may be told but this.
            reads._pool._network_backend = Connections()
        return _FreshForPosts(reads, pool(httpx.Limits(max_connections=4, max_keepalive_connections=0)))

    def _count(self, change: int) -> None:
        self._in_flight += change
        self._on_in_flight(self._in_flight)


class _FreshForPosts(httpx.AsyncBaseTransport):
    """Gives each POST a connection of its own.

    On a kept connection that the server has just closed, nobody can tell whether a POST arrived; on a fresh one, a
    failed connect is known not to have sent anything.
    """

    def __init__(self, reads: httpx.AsyncHTTPTransport, posts: httpx.AsyncHTTPTransport) -> None:
        self._reads = reads
        self._posts = posts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pool = self._reads if request.method == "GET" else self._posts
        return await pool.handle_async_request(request)

    async def aclose(self) -> None:
        await self._reads.aclose()
        await self._posts.aclose()


class _Trail:
    """Follows one request by httpcore's trace events and knows how far it got. Exceptions can't tell; events can."""

    def __init__(self, method: str) -> None:
        self._method = method.encode()
        self.wire = Wire.NOT_SENT

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(".send_request_headers.started"):
            # A proxy's CONNECT comes by here too, as the same event; only the real request counts.
            if getattr(info.get("request"), "method", None) == self._method:
                self.wire = Wire.MAYBE_SENT
        elif event.endswith(".receive_response_body.complete"):  # nobody reads the body of an answer to CONNECT
            self.wire = Wire.ANSWERED


async def _error_body(response: httpx.Response) -> bytes:
    """Read the body of a refusal. One that can't be read is no body: the status alone already says what happened."""
    try:
        return await read_body(response, SMALL_CAP)
    except (BodyRefused, httpx.TransportError):
        return b""
