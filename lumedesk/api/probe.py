"""Test connection: one read, made as the desk will make it, and in words which step of it failed. Keeps nothing open."""

import asyncio
import contextlib
import math
import ssl
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from socket import gaierror
from typing import Any

import httpx

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.tls import (
    causes,
    distrust_of,
    fell_in_handshake,
    for_looking_only,
    in_words,
    read_certificate,
    system_trust,
    why_insecure,
)
from lumedesk.api.transport import Transport
from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Credentials
from lumedesk.domain.errors import (
    DeskError,
    Forbidden,
    NotFound,
    RateLimited,
    Redirected,
    ServerFault,
    TimedOut,
    TlsFailed,
    Unauthorised,
    Unreachable,
    Unreadable,
    Wire,
)
from lumedesk.domain.text import shown

ADDRESS = "Address"
SECURE = "Secure connection"
KEY = "API key"
PERMISSION = "Permission"
CLOCK = "Clock"

_NOT_TRIED = "Not tried."
_CLOCK_WARN_S = 30.0
_CLOCK_BAD_S = 300.0
# Of the whole time: for the read itself, and for looking at a certificate that was refused. The rest is for closing.
_SHARE_TO_READ = 0.65
_SHARE_TO_LOOK = 0.25
_CAPTIVE_PORTAL = 511
_MAX_QUOTED = 200


class Verdict(Enum):
    """What became of one step."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One step of the test; `words` are for the operator, safe to show as plain text."""

    name: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the test found: always the same five steps in the order in which they are taken.

    `account_ids` are those that the key sees, empty unless it was accepted; they tell whether another key belongs to
    the same owner. `error` is there exactly when a step failed.
    """

    steps: tuple[Check, ...]
    account_ids: frozenset[str] = frozenset()
    error: DeskError | None = None

    @property
    def is_good(self) -> bool:
        """True when nothing failed; there may be warnings."""
        return all(step.verdict is not Verdict.FAILED for step in self.steps)


async def test_connection(
    endpoint: Endpoint,
    credentials: Credentials,
    clock: Clock,
    *,
    deadline_s: float = 15.0,  # noqa: PT028 - no pytest test, whatever its name
) -> Report:
    """Read the accounts once, as the desk will, and say step by step what holds.

    Never raises DeskError: the report tells it. Ends within `deadline_s` seconds or so; may be cancelled. Every
    connection is closed at the end. Source: GET /accounts.
    """
    read_s = deadline_s * _SHARE_TO_READ
    # A wait that no one would sit through means that there is no second try: the first answer is the verdict.
    transport = Transport(endpoint, credentials, deadline_s=read_s, list_deadline_s=read_s, jitter=lambda: math.inf)
    client = LumetradeClient(transport)
    try:
        listing = await client.list_accounts()
        now = clock.now()
    except DeskError as error:
        failed = error
    else:
        accounts, set_aside = listing.read()
        permission = _permission_words(len(accounts), len(set_aside))
        steps = (
            Check(ADDRESS, Verdict.PASSED, f"{endpoint.host} answers as the API does."),
            _secured(endpoint),
            Check(KEY, Verdict.PASSED, "The key is accepted."),
            Check(PERMISSION, Verdict.WARNED if set_aside else Verdict.PASSED, permission),
            _clock_check(listing.server_date, now, listing.round_trip_s),
        )
        return Report(steps, frozenset(each.id for each in accounts if each.id))
    finally:
        await client.aclose()
    return await _failure_report(failed, endpoint, credentials, clock, deadline_s * _SHARE_TO_LOOK)


def _permission_words(accounts: int, set_aside: int) -> str:
    if set_aside:
        return f"The key may read accounts, but {set_aside} of {accounts + set_aside} can't be read."
    if not accounts:
        return "The key may read accounts; there is none yet."
    return f"The key may read accounts: it sees {accounts}."


def _secured(endpoint: Endpoint) -> Check:
    if not endpoint.is_encrypted:
        return Check(SECURE, Verdict.SKIPPED, "Not encrypted: this address is on this computer only.")
    return Check(
        SECURE, Verdict.PASSED, "The connection is encrypted, and the certificate is one this computer trusts."
    )


def _clock_check(server_date: datetime | None, now: datetime, round_trip_s: float) -> Check:
    if server_date is None:
        return Check(CLOCK, Verdict.SKIPPED, "The server didn't say what time it has.")
    # The server told its time about halfway between the question and the answer.
    ahead_s = (now - server_date).total_seconds() - round_trip_s / 2
    off_s = abs(ahead_s)
    if off_s <= _CLOCK_WARN_S:
        return Check(CLOCK, Verdict.PASSED, "This computer's clock agrees with the server's.")
    off = f"This computer's clock is {_span(off_s)} {'ahead of' if ahead_s > 0 else 'behind'} the server's"
    if off_s <= _CLOCK_BAD_S:
        return Check(CLOCK, Verdict.WARNED, f"{off}. Let the system set it from the network.")
    words = f"{off}: quotes would be dropped. Set this computer's clock before you trade."
    return Check(CLOCK, Verdict.WARNED, words)


def _span(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"


async def _failure_report(
    error: DeskError, endpoint: Endpoint, credentials: Credentials, clock: Clock, look_s: float
) -> Report:
    """Say which step failed. Those before it passed, as far as they were taken; those after it were not tried."""
    failed = _failed_check(error, endpoint, credentials)
    seen = await _looked(error, endpoint, look_s) if isinstance(error, TlsFailed) else None
    if isinstance(error, TlsFailed) and seen is not None:
        failed = replace(failed, words=_secure_words(error, seen, clock.now()))
    connected = error.wire is not Wire.NOT_SENT
    stood = failed.name == SECURE and isinstance(error.__cause__, httpx.TransportError | TimeoutError)
    found = connected or (stood and not (seen and seen.is_proxys))
    address = Check(ADDRESS, Verdict.PASSED, f"{endpoint.host} was found and answers.")
    unasked = "No answer of the API to compare with."
    steps = {
        ADDRESS: address if found else Check(ADDRESS, Verdict.SKIPPED, _NOT_TRIED),
        SECURE: _secured(endpoint) if connected or not endpoint.is_encrypted else _skipped(SECURE),
        KEY: _skipped(KEY),
        PERMISSION: _skipped(PERMISSION),
        CLOCK: Check(CLOCK, Verdict.SKIPPED, unasked),
    }
    if isinstance(error, Forbidden) and error.documented:
        steps[KEY] = Check(KEY, Verdict.PASSED, "The key is known.")
    steps[failed.name] = failed
    return Report(tuple(steps.values()), error=error)


def _skipped(name: str) -> Check:
    return Check(name, Verdict.SKIPPED, _NOT_TRIED)


def _failed_check(error: DeskError, endpoint: Endpoint, credentials: Credentials) -> Check:
    name, words = ADDRESS, _answer_words(error, endpoint.host)
    match error:
        case TlsFailed():
            name, words = SECURE, error.detail
        case Unauthorised():
            name, words = KEY, credentials.problem or "The server doesn't accept this key and secret (HTTP 401)."
        case Forbidden():
            name, words = PERMISSION, "The key may not read accounts (HTTP 403)."
            if not error.documented:
                words += " Or a firewall or proxy refused it: the answer isn't in the API's own words."
        case RateLimited():
            name, words = KEY, _limited_words(error)
        case Unreachable() | TimedOut() if error.wire is Wire.NOT_SENT and fell_in_handshake(error):
            name = SECURE
            words = "The connection ended, or went silent, while it was being made secure."
        case Unreachable() | TimedOut():
            words = _unreachable_words(error, endpoint)
    return Check(name, Verdict.FAILED, shown(words))


def _limited_words(error: RateLimited) -> str:
    wait = f" Test again in {error.retry_after_s:.0f} seconds." if error.retry_after_s else " Test again in a minute."
    return "The server refuses more requests for now (HTTP 429), so the key wasn't checked." + wait


def _unreachable_words(error: DeskError, endpoint: Endpoint) -> str:
    host = endpoint.host
    if error.http_status is not None:
        return f"{host} took too long (HTTP {error.http_status}). Test again later."
    if error.wire is not Wire.NOT_SENT:
        return f"{host} was reached, but gave no complete answer. {error.detail}"
    proxy = endpoint.proxy if endpoint.is_encrypted else None
    if isinstance(error.__cause__, httpx.ProxyError):
        needs_login = " It asks for a password, which the desk has no way to give." if "407" in error.detail else ""
        return f"{error.detail.rstrip('.')} ({proxy}, asked for {host}).{needs_login}"
    whose = "The proxy" if proxy else "The server"
    name = httpx.URL(proxy).host if proxy else host
    if any(isinstance(each, gaierror) for each in causes(error)):
        return f"{whose}'s name {name} can't be found (DNS). Is it spelled right, and is this computer online?"
    return f"{whose} {proxy or host} can't be reached. {error.detail}"


def _answer_words(error: DeskError, host: str) -> str:
    instead = "A sign-in page of this network, a proxy or a maintenance page may have answered instead."
    match error:
        case Redirected():
            to = error.detail[:_MAX_QUOTED]
            return f"{host} sends us elsewhere ({to}), where the desk doesn't follow. Is the address right? {instead}"
        case Unreadable() if error.wire is Wire.NOT_SENT:
            return f"The proxy doesn't answer as a proxy does, so {host} wasn't reached."
        case Unreadable():
            return f"What answers at {host} isn't the API. {instead}"
        case NotFound():
            return f"{host} answers, but the API isn't found there (HTTP 404). Is the address right?"
        case ServerFault() if error.http_status == _CAPTIVE_PORTAL:
            return "This network asks for a sign-in of its own first (HTTP 511). Open a web page, then test again."
        case ServerFault():
            return f"{host} has a problem of its own (HTTP {error.http_status}). Test again later."
    status = f" (HTTP {error.http_status})" if error.http_status else ""
    return f"{host} refused the question{status}: {error.detail[:_MAX_QUOTED]}"


async def _looked(error: TlsFailed, endpoint: Endpoint, within_s: float) -> "_Look | None":
    """Look at what was refused, where that can say more; None where it can't."""
    has_tls_proxy = (endpoint.proxy or "").startswith("https:")
    if not isinstance(error.__cause__, httpx.TransportError) or not (distrust_of(error) or has_tls_proxy):
        return None
    look = _Look(is_tunnelled=endpoint.proxy is not None)
    await look.at(endpoint, within_s)
    return look


def _secure_words(error: TlsFailed, look: "_Look", now: datetime) -> str:
    """Add what the certificate says of itself. Where it couldn't be seen, the verdict stays as it was."""
    if look.is_proxys:
        return shown(error.detail.replace("The server", "The proxy"))
    distrust = distrust_of(error)
    certificate = read_certificate(look.der) if look.der else None
    return in_words(distrust, certificate, now) if distrust and certificate else shown(error.detail)


class _SeenEnough(Exception):
    """Ends a look before any request is written."""


class _Look:
    """One more handshake, on which any certificate is accepted, to read it. Nothing of a request is ever sent on it.

    `der` is the certificate, None when it wasn't seen; `is_proxys` says that TLS failed with the proxy already.
    """

    def __init__(self, *, is_tunnelled: bool) -> None:
        self.der: bytes | None = None
        self.is_proxys = False
        self._is_tunnelled = is_tunnelled
        self._seen_at = "proxy.start_tls.complete" if is_tunnelled else "connection.start_tls.complete"
        self._streams: list[Any] = []

    async def at(self, endpoint: Endpoint, within_s: float) -> None:
        """Look at `endpoint`'s certificate, through its proxy when it has one. Failures leave `der` at None."""
        proxy = None
        try:
            if endpoint.proxy:
                trust = system_trust(endpoint.extra_ca) if endpoint.proxy.startswith("https:") else None
                proxy = httpx.Proxy(endpoint.proxy, ssl_context=trust)
            timeouts = httpx.Timeout(within_s / 2).as_dict()
            request = httpx.Request("GET", endpoint.base_url, extensions={"trace": self, "timeout": timeouts})
            connections = httpx.AsyncHTTPTransport(verify=for_looking_only(), trust_env=False, proxy=proxy)
        except (OSError, ssl.SSLError, ValueError, httpx.InvalidURL):
            return
        try:
            async with asyncio.timeout(within_s):
                await connections.handle_async_request(request)
        except (_SeenEnough, httpx.HTTPError, OSError, ssl.SSLError) as error:  # TimeoutError is an OSError
            self.is_proxys = self.is_proxys and why_insecure(error) is not None
        finally:
            for stream in self._streams:
                with contextlib.suppress(Exception):
                    await stream.aclose()
            await connections.aclose()

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Hear what httpcore does, step by step; it waits for each of these calls."""
        if event == "connection.connect_tcp.complete":
            # A handshake that is left in its midst, by the exception below or by a cancel, is closed by no one else.
            self._streams.append(info["return_value"])
        elif event == self._seen_at:
            self.der = info["return_value"].get_extra_info("ssl_object").getpeercert(binary_form=True)
            raise _SeenEnough
        elif event == "connection.start_tls.failed":
            self.is_proxys = self._is_tunnelled
        elif event.endswith(".send_request_headers.started") and info["request"].method != b"CONNECT":
            raise _SeenEnough
