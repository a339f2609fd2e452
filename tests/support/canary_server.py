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
        kind = self._plans.get(route.operation_id, "") if route else ""
        if route is not None:
            self.played[route.operation_id, kind] += 1
        if not kind:
            return super().answer(incoming, request_id)
        return self._failed(kind, self._asked_with(incoming))

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
                return Outgoing(200, json.dumps({"accounts": told}).encode(), headers=_headers(told))
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
    """The servers, on a thread of their own until the block ends. The last of `pairs` is what the rude ones send back."""
    clock = Clock(0.0)
    gate = EchoGate(Desk(clock, 1, 20, 60.0), clock, pairs)
    ready, over = threading.Event(), threading.Event()
    servers = Servers(gate, {})
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        stop = asyncio.Event()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        server = Server(gate, clock)
        async with contextlib.AsyncExitStack() as ends:
            servers.urls["gate"] = f"http://127.0.0.1:{await server.start(0)}"
            ends.push_async_callback(server.close)
            for name, rude in _rude(echoes(pairs[-1])).items():
                servers.rude[name] = await ends.enter_async_context(rude)
                servers.urls[name] = rude.url
            ready.set()
            await stop.wait()
        over.set()

    stops: list[object] = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="canary servers")
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield servers
    finally:
        stops[0]()  # type: ignore[operator]
        thread.join(PATIENCE_S)
        loop.close()
        assert over.is_set()


def _rude(told: dict[str, str]) -> dict[str, RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA(organization_name="Nobody's authority").issue_cert("localhost").configure_cert(context)
    plain = told["plain"]
    refusing = f"HTTP/1.1 407 {plain}\r\nProxy-Authenticate: Basic {told['basic']}\r\nX-Echo: {plain}\r\n\r\n"
    return {
        "unknown CA": RawServer([http(200, b"[]")], ssl_context=context),
        "refusing proxy": RawServer([refusing.encode()]),
        "no HTTP": RawServer([f"{plain} {told['json']}\r\n\r\n".encode()]),
        "bad header": RawServer([f"HTTP/1.1 200 OK\r\nX {plain} {told['base64']}\r\n\r\n".encode()]),
        "bad length": RawServer([f"HTTP/1.1 200 OK\r\nContent-Length: {plain}\r\n\r\n{plain}".encode()]),
        "bad gzip": RawServer([http(200, plain.encode(), headers={"Content-Encoding": "gzip", "X-Request-Id": plain})]),
        "silence": RawServer([mute]),
        "reset": RawServer([reset_after_request]),
        "half an answer": RawServer([_half(plain)]),
    }


def _half(plain: str) -> "object":
    async def play(connection: Connection) -> None:
        await connection.request()
        await connection.send(f'HTTP/1.1 500 No\r\nContent-Length: 9999\r\nX-Echo: {plain}\r\n\r\n{{"a": "{plain}'.encode())

    return play
