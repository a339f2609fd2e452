"""Servers that know the canaries and send them back, whatever goes wrong: the sandbox's gate with an ill will, and worse.

They live in the test's own process, and what they hold isn't hunted: what reaches a server is meant for it.
"""

import asyncio
import base64
import contextlib
import html
import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import trustme

from lumedesk.domain.codec import encode
from lumedesk.sandbox.clock import Clock
from lumedesk.sandbox.gate import Gate, Incoming, KeyPair, Outgoing
from lumedesk.sandbox.operations import Desk
from lumedesk.sandbox.routes import matched
from lumedesk.sandbox.server import Server
from tests.support.raw_server import Connection, RawServer, http, mute, reset_after_request

PATIENCE_S = 20.0
_HELD_S = 3600.0
_PLAN = "/_canary/plan"


def echoes(pair: KeyPair) -> dict[str, str]:
    """The pair in each form in which a server, or what stands before it, may send it back."""
    secret = pair.secret
    return {
        "plain": secret,
        "both": f"{pair.key}:{secret}",
        "url": quote(secret, safe=""),
        "base64": base64.b64encode(secret.encode()).decode(),
        "basic": base64.b64encode(f"{pair.key}:{secret}".encode()).decode(),
        "json": json.dumps({"X-API-SECRET": secret}),
        "numbers": "".join(f"\\u{ord(char):04x}" for char in secret),
        "html": html.escape(secret),
        "repr": repr(secret.encode()),
    }


class EchoGate(Gate):
    """The sandbox's gate, opened by any of `pairs`, that sends the pair it was asked with back where it was told to fail."""

    def __init__(self, desk: Desk, clock: Clock, pairs: list[KeyPair]) -> None:
        nobody = KeyPair("nobody", "nobody's")
        super().__init__(desk, clock, nobody, nobody)
        self._pairs = pairs
        self._plans: dict[str, str] = {}
        # What was asked with last.
        self.last = pairs[0]
        # (operation, what went wrong with it): how often.
        self.played: Counter[tuple[str, str]] = Counter()
        self.held = threading.Event()

    def answer(self, incoming: Incoming, request_id: str) -> Outgoing:
        """As the sandbox would, or as it was told to fail."""
        if incoming.target == _PLAN:
            plan = json.loads(incoming.body)
            self._plans = dict.fromkeys(plan["operations"], plan["kind"])
            return Outgoing(200, b"{}")
        path = incoming.target.partition("?")[0]
        route = next((each for each in matched(path)[0] if each.method == incoming.method), None)
        self.last = self._asked_with(incoming)
        kind = self._plans.get(route.operation_id, "") if route else ""
        if route is not None:
            self.played[route.operation_id, kind] += 1
        if not kind:
            return super().answer(incoming, request_id)
        return self._failed(kind, self.last)

    def fail(self, kind: str, *operations: str) -> None:
        """Let these operations go wrong from now on, and all others right."""
        self._plans = dict.fromkeys(operations, kind)

    def _is_full_key(self, incoming: Incoming) -> bool:
        headers = incoming.headers
        key, secret = headers.get(b"x-api-key", b""), headers.get(b"x-api-secret", b"")
        return any(pair.opens(key, secret) for pair in self._pairs) or super()._is_full_key(incoming)

    def _asked_with(self, incoming: Incoming) -> KeyPair:
        headers = incoming.headers
        return KeyPair(headers.get(b"x-api-key", b"").decode(), headers.get(b"x-api-secret", b"").decode())

    def _failed(self, kind: str, pair: KeyPair) -> Outgoing:
        told = echoes(pair)
        match kind:
            case "held":
                self.held.set()
                return Outgoing(500, b"{}", delay_s=_HELD_S)
            case "reset":
                return Outgoing(0, b"", is_dropped=True)
            case "html":
                page = f"<!doctype html><title>{told['html']}</title><p>{told['url']} {told['plain']} {told['basic']}"
                return Outgoing(200, page.encode(), "text/html", _headers(told))
            case "cut":
                return Outgoing(200, json.dumps([told] * 3).encode(), headers=_headers(told), is_cut=True)
            case "shape":
                return Outgoing(200, json.dumps(" ".join(told.values())).encode(), headers=_headers(told))
            case "plain":
                return Outgoing(500, " ".join(told.values()).encode(), "text/plain", _headers(told))
        status = int(kind)
        outgoing = Outgoing(status, _envelope(status, told), headers=_headers(told))
        if 300 <= status < 400:
            outgoing.headers.append(("Location", f"https://elsewhere.invalid/{told['url']}?secret={told['plain']}"))
        return outgoing


def _envelope(status: int, told: dict[str, str]) -> bytes:
    """The documented one, so that every part of it is read."""
    return encode(
        {
            "code": 1500,
            "message": f"You sent {told['plain']} ({told['url']}, {told['base64']}, {told['json']}, {told['numbers']})",
            "httpStatus": status,
            "requestId": f"req_{told['plain']}",
            "timestamp": "2026-01-01T00:00:00Z",
            "errors": [{"field": f"X-{name} {text}", "message": f"bad: {text}"} for name, text in told.items()],
        }
    )


def _headers(told: dict[str, str]) -> list[tuple[str, str]]:
    return [
        ("X-Request-Id", told["plain"]),
        ("X-Echo", told["json"]),
        ("Set-Cookie", f"s={told['url']}"),
        ("WWW-Authenticate", f"Basic {told['basic']}"),
        ("Retry-After", told["plain"]),
    ]


@dataclass
class Servers:
    """All of them, running. `urls` by name; `rude` are those that speak no proper HTTP."""

    gate: EchoGate
    urls: dict[str, str]
    rude: dict[str, RawServer] = field(default_factory=dict)


@contextlib.contextmanager
def canary_servers(pairs: list[KeyPair]) -> Iterator[Servers]:
    """The servers, on a thread of their own until the block ends."""
    clock = Clock(0.0)
    gate = EchoGate(Desk(clock, 1, 20, 60.0), clock, pairs)
    ready = threading.Event()
    servers = Servers(gate, {})
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        server = Server(gate, clock)
        async with contextlib.AsyncExitStack() as ends:
            servers.urls["gate"] = f"http://127.0.0.1:{await server.start(0)}"
            ends.push_async_callback(server.close)
            for name, rude in _rude(gate).items():
                servers.rude[name] = await ends.enter_async_context(rude)
                servers.urls[name] = rude.url
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="canary servers")
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield servers
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        loop.close()


def _rude(gate: EchoGate) -> dict[str, RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA(organization_name="Nobody's authority").issue_cert("localhost").configure_cert(context)
    return {
        "unknown CA": RawServer([http(200, b"[]")], ssl_context=context),
        "refusing proxy": _echoing(
            gate, "HTTP/1.1 407 {plain}\r\nProxy-Authenticate: Basic {basic}\r\nX-Echo: {plain}\r\n\r\n"
        ),
        "no HTTP": _echoing(gate, "{plain} {json}\r\n\r\n"),
        "bad header": _echoing(gate, "HTTP/1.1 200 OK\r\nX {plain} {base64}\r\n\r\n"),
        "bad length": _echoing(gate, "HTTP/1.1 200 OK\r\nContent-Length: {plain}\r\n\r\n{plain}"),
        "bad gzip": _echoing(
            gate,
            "HTTP/1.1 200 {plain}\r\nContent-Encoding: gzip\r\nX-Request-Id: {plain}\r\nContent-Length: 30\r\n\r\n{plain}",
        ),
        "half an answer": _echoing(
            gate, 'HTTP/1.1 500 No\r\nContent-Length: 9999\r\nX-Echo: {plain}\r\n\r\n{{"a": "{plain}'
        ),
        "silence": RawServer([mute]),
        "reset": RawServer([reset_after_request]),
    }


def _echoing(gate: EchoGate, words: str) -> RawServer:
    """A server that answers with these words, in which the pair that was used last stands."""

    async def play(connection: Connection) -> None:
        await connection.request()
        await connection.send(words.format_map(echoes(gate.last)).encode())

    return RawServer([play])
