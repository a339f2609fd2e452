"""The sandbox without sockets or a process, its clock in the test's hand. The running one is in tests/support/sandbox.py."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lumedesk.domain.codec import encode
from lumedesk.sandbox.clock import Clock
from lumedesk.sandbox.gate import Gate, Incoming, KeyPair
from lumedesk.sandbox.ledger import Ledger
from lumedesk.sandbox.operations import Desk

START = 1_780_000_000.0  # 2026-05-28T20:26:40Z


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` has its numbers as Decimal, exactly as written."""

    status: int
    body: Any
    headers: dict[str, str]


class SandboxDesk:
    """Calls operations as a client would. Time stands still except for `advance`."""

    def __init__(self, *, seed: int = 1, history: int = 0, quote_seconds: float = 15.0, speed: float = 1.0) -> None:
        self.clock = Clock(speed, lambda: START)
        self.desk = Desk(self.clock, seed, history, quote_seconds)
        self.keys = {role: KeyPair.invented(seed, role) for role in ("operator", "viewer")}
        self.gate = Gate(self.desk, self.clock, self.keys["operator"], self.keys["viewer"])

    @property
    def ledger(self) -> Ledger:
        return self.desk.ledger

    def call(
        self, method: str, path: str, body: Any = None, *, role: str = "operator", raw: bytes | None = None
    ) -> Reply:
        """`path` is what follows /api/v1; `raw` is a body sent as it is."""
        keys = self.keys.get(role)
        headers = {b"x-api-key": keys.key.encode(), b"x-api-secret": keys.secret.encode()} if keys else {}
        content = raw if raw is not None else b"" if body is None else encode(body)
        outgoing = self.gate.answer(Incoming(method, f"/api/v1{path}", headers, content), "req_TEST")
        return Reply(outgoing.status, exactly(outgoing.body), dict(outgoing.headers))

    def get(self, path: str) -> Any:
        reply = self.call("GET", path)
        assert reply.status == 200, reply
        return reply.body

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def payee(self, currency: str) -> str:
        """The id of a beneficiary in this currency."""
        return next(each["id"] for each in self.get(f"/beneficiaries?currency={currency}"))

    def withdraw(self, amount: str, currency: str = "ZAR") -> Reply:
        return self.call(
            "POST", "/beneficiaries/withdrawals", {"beneficiaryId": self.payee(currency), "amount": Decimal(amount)}
        )

    def quote(self, amount: str, sell: str = "USDT", buy: str = "ZAR", **changes: Any) -> Reply:
        """A firm price for selling `amount`."""
        terms = {"fromCurrency": sell, "toCurrency": buy, "fromAmount": Decimal(amount), "quoteIntent": "client_linked"}
        return self.call("POST", "/trades/quote", terms | changes)

    def confirm(self, quote: dict[str, Any], **changes: Any) -> Reply:
        names = ("quoteStr", "fromCurrency", "toCurrency", "fromAmount")
        return self.call("POST", "/trades/quote/confirm", {name: quote[name] for name in names} | changes)

    def account(self, currency: str) -> tuple[Decimal, Decimal]:
        """What is available, and what is locked."""
        account = self.get(f"/accounts/currency/{currency}")
        return account["balance"], account["lockedBalance"]


def exactly(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)
