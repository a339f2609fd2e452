"""Decides about one HTTP request: who asks, what for, whether a fault waits, what the answer is. Sockets are the server's."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from urllib.parse import parse_qs, unquote

from lumedesk.domain.codec import encode
from lumedesk.sandbox.bodies import JsonBody
from lumedesk.sandbox.clock import Clock
from lumedesk.sandbox.faults import Fault, Faults, Kind
from lumedesk.sandbox.operations import Desk, Request
from lumedesk.sandbox.refusals import Refusal, forbidden, invalid, malformed, not_found, unauthenticated
from lumedesk.sandbox.routes import OPERATIONS, Route, matched

CONTROL = "/_sandbox/"
_LONGEST_ADVANCE_S = 7 * 86_400
_PORTAL = b"<!doctype html><title>Sign in</title><h1>Sign in to the hotel network</h1>\n"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An API key and its secret, invented for a seed: the money is invented too."""

    key: str
    secret: str

    @classmethod
    def invented(cls, seed: int, role: str) -> "KeyPair":
        """The same for the same seed, so that a profile made once keeps working."""
        digits = blake2b(f"{seed}/{role}".encode(), digest_size=24).hexdigest()
        return cls(f"sandbox_{role}_{digits[:8]}", digits[8:])

    def opens(self, key: bytes, secret: bytes) -> bool:
        """Both match."""
        return hmac.compare_digest(self.key.encode(), key) & hmac.compare_digest(self.secret.encode(), secret)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A whole HTTP request. Header names are lower case."""

    method: str
    target: str
    headers: dict[bytes, bytes]
    body: bytes = b""


@dataclass(slots=True)
class Outgoing:
    """What to put on the wire, and how it is to go wrong."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)
    delay_s: float = 0.0
    is_cut: bool = False  # the body stops half-way
    is_dropped: bool = False  # nothing is sent at all


class Gate:
    """The whole sandbox but its sockets."""

    def __init__(self, desk: Desk, clock: Clock, full: KeyPair, view_only: KeyPair) -> None:
        self._desk = desk
        self._clock = clock
        self._full = full
        self._view_only = view_only
        self.faults = Faults(OPERATIONS)

    def answer(self, incoming: Incoming, request_id: str) -> Outgoing:
        """What the client gets, refusals included."""
        try:
            path, _, query = incoming.target.partition("?")
            if path.startswith(CONTROL):
                return self._control(incoming, path.removeprefix(CONTROL))
            route, parts = self._route(incoming, path)
            fault = self.faults.next_for(route.operation_id)
            if fault is None:
                return self._operate(incoming, route, parts, query)
            return self._fail(fault, request_id, lambda: self._operate(incoming, route, parts, query))
        except Refusal as refusal:
            return self.refused(refusal, request_id)

    def refused(self, refusal: Refusal, request_id: str) -> Outgoing:
        """An error in the documented envelope."""
        outgoing = Outgoing(refusal.status, refusal.body(request_id, self._clock.wall()))
        if refusal.allowed:
            outgoing.headers.append(("Allow", refusal.allowed))
        return outgoing

    def _route(self, incoming: Incoming, path: str) -> tuple[Route, dict[str, str]]:
        routes, parts = matched(path)
        if not routes:
            raise not_found("Resource")
        for route in routes:
            if route.method == incoming.method:
                return route, parts
        raise Refusal(405, 1405, "Method not allowed", allowed=", ".join(route.method for route in routes))

    def _operate(self, incoming: Incoming, route: Route, parts: dict[str, str], query: str) -> Outgoing:
        is_full = self._is_full_key(incoming)
        if route.needs_full_key and not is_full:
            raise forbidden()
        try:
            path = {name: unquote(part, errors="strict") for name, part in parts.items()}
            request = Request(path, parse_qs(query, keep_blank_values=True, max_num_fields=100), incoming.body)
        except ValueError as error:  # bad UTF-8, too many fields
            raise malformed("The address can't be read") from error
        self._desk.catch_up()
        answer = route.operation(self._desk, request)
        return Outgoing(answer.status, answer.body)

    def _is_full_key(self, incoming: Incoming) -> bool:
        key, secret = incoming.headers.get(b"x-api-key", b""), incoming.headers.get(b"x-api-secret", b"")
        if self._full.opens(key, secret):
            return True
        if self._view_only.opens(key, secret):
            return False
        raise unauthenticated()

    def _fail(self, fault: Fault, request_id: str, operate: Callable[[], Outgoing]) -> Outgoing:
        match fault.kind:
            case Kind.DROP_BEFORE:
                return Outgoing(0, b"", is_dropped=True)
            case Kind.HTML:
                return Outgoing(200, _PORTAL, "text/html; charset=utf-8")
            case Kind.STATUS:
                outgoing = self.refused(Refusal(fault.status, 1500, "As requested of the sandbox"), request_id)
                if 300 <= fault.status < 400:
                    outgoing.headers.append(("Location", "https://elsewhere.invalid/"))
                if fault.seconds:
                    outgoing.headers.append(("Retry-After", f"{fault.seconds:g}"))
                return outgoing
        try:
            outgoing = operate()
        except Refusal as refusal:
            outgoing = self.refused(refusal, request_id)
        match fault.kind:
            case Kind.DELAY:
                outgoing.delay_s = fault.seconds
            case Kind.DROP_AFTER:
                outgoing.is_dropped = True
            case Kind.TRUNCATE:
                outgoing.is_cut = True
            case Kind.ERROR_AFTER:
                return self.refused(Refusal(fault.status, 1500, "As requested of the sandbox"), request_id)
        return outgoing

    def _change_beneficiary(self, body: JsonBody) -> None:
        """Put another value into one of its details, as somebody at the vendor might."""
        beneficiary = self._desk.ledger.beneficiaries.get(body.text("id"))
        if beneficiary is None:
            raise not_found("Beneficiary")
        details = {**beneficiary["withdrawFormDetails"], body.text("field"): body.text("value")}
        self._desk.ledger.beneficiaries[beneficiary["id"]] = {**beneficiary, "withdrawFormDetails": details}

    def _control(self, incoming: Incoming, name: str) -> Outgoing:
        """Errors: Refusal."""
        self._is_full_key(incoming)
        match incoming.method, name:
            case "POST", "faults":
                self.faults.request(JsonBody(incoming.body))
            case "POST", "clear":
                self.faults.clear()
            case "POST", "advance":
                seconds = JsonBody(incoming.body).amount("seconds")
                if not 0 <= seconds <= _LONGEST_ADVANCE_S:
                    raise invalid("seconds", f"must be from 0 to {_LONGEST_ADVANCE_S}")
                self._clock.advance(float(seconds))
            case "POST", "beneficiary":
                self._change_beneficiary(JsonBody(incoming.body))
            case "GET", "requests":
                return Outgoing(200, encode(dict(self.faults.seen)))
            case _:
                raise not_found("Resource")
        return Outgoing(200, b"{}")
