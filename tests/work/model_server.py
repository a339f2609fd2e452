"""A server of the model: executes or doesn't, answers rightly, wrongly, late or not at all, and shows rows when it likes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lumedesk.api.transport import Answer
from lumedesk.domain.codec import encode
from lumedesk.domain.errors import Invalid, ServerFault, TimedOut, Unreachable, Wire
from lumedesk.domain.intents import ConfirmationTerms, Terms, WithdrawalTerms
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import Amount
from lumedesk.domain.records import Trade, Withdrawal

ANSWERS = ("yes", "yes", "lost", "refused", "fault", "not sent", "wrong", "without an id", "garbage")


@dataclass(frozen=True)
class Plan:
    """What becomes of one POST. `late` answers wait for `answer`, `hidden` rows for `show`, `slow` execution for `act`."""

    answer: str = "yes"
    executed: bool = True
    late: bool = False
    hidden: bool = False
    slow: bool = False
    masked: bool = False

    @property
    def happens(self) -> bool:
        return self.answer != "not sent" and (self.executed or self.answer in ("yes", "wrong"))


@dataclass
class Listed:
    """One row of the server's lists. `uuid` is the intent that it was executed for; None for somebody else's."""

    record: Any
    uuid: str | None
    visible: bool

    @property
    def id(self) -> str:
        return str(self.record.transaction_id)


class Pause:
    """Awaited by an answer that is late."""

    def __await__(self) -> Iterator[None]:
        yield


class ModelServer:
    def __init__(self) -> None:
        self.listed: list[Listed] = []
        self.posts: Counter[str] = Counter()
        self.waiting: dict[str, tuple[Terms, Plan]] = {}
        self._numbers = 0

    def rows(self, kind: Kind) -> list[Any]:
        """What a list shows now."""
        wanted = Trade if kind is Kind.TRADES else Withdrawal
        return [row.record for row in self.listed if row.visible and isinstance(row.record, wanted)]

    def executed(self, uuid: str) -> Listed | None:
        return next((row for row in self.listed if row.uuid == uuid), None)

    def execute(self, terms: Terms, uuid: str | None, *, visible: bool, masked: bool = False) -> Listed:
        self._numbers += 1
        listed = Listed(_record(terms, f"id{self._numbers}", masked=masked), uuid, visible)
        self.listed.append(listed)
        return listed

    def act(self, uuid: str) -> Listed | None:
        """Execute what was taken in and still waits."""
        if uuid in self.waiting:
            terms, plan = self.waiting.pop(uuid)
            self.execute(terms, uuid, visible=not plan.hidden, masked=plan.masked)
        return self.executed(uuid)


@dataclass
class Line:
    """Stands where the transport does, for one order."""

    server: ModelServer
    uuid: str
    terms: Terms
    plan: Plan
    check: Callable[[bytes], None]
    # An id that can't be this order's: one that was there before, or belongs to another.
    wrong_id: str = ""

    async def post(self, *_parts: str, body: bytes) -> Answer:
        self.check(body)
        plan = self.plan
        if plan.answer == "not sent":
            raise Unreachable("no way", wire=Wire.NOT_SENT)
        self.server.posts[self.uuid] += 1
        if plan.happens:
            self.server.waiting[self.uuid] = self.terms, plan
            if not plan.slow:
                self.server.act(self.uuid)
        if plan.late:
            await Pause()
        return self._answer()

    def _answer(self) -> Answer:
        match self.plan.answer:
            case "lost":
                raise TimedOut("silence", wire=Wire.MAYBE_SENT)
            case "refused":
                raise Invalid("no", http_status=400, documented=True)
            case "fault":
                raise ServerFault("500", http_status=500, documented=True)
            case "garbage":
                return _answered(b"<html>")
            case "without an id":
                return _answered(b'{"status":"PENDING"}')
        mine = self.server.act(self.uuid)
        assert mine is not None
        if self.plan.answer == "wrong":
            return _answered(self._wrong(mine))
        return _answered(_body(mine.record))

    def _wrong(self, mine: Listed) -> bytes:
        if isinstance(self.terms, ConfirmationTerms):
            return _body(Trade(transaction_id=mine.id, to_amount=Amount(self.terms.to_amount + 1)))
        return encode({"transactionId": self.wrong_id, "status": "PENDING"})


def _answered(body: bytes) -> Answer:
    return Answer(201, body, None, None, 0.0)


def _body(record: Any) -> bytes:
    if isinstance(record, Withdrawal):
        return encode({"transactionId": record.transaction_id, "status": record.status})
    named = {"transactionId": record.transaction_id, "fromAmount": record.from_amount, "toAmount": record.to_amount}
    return encode({name: value for name, value in named.items() if value is not None})


def _record(terms: Terms, transaction_id: str, *, masked: bool) -> Any:
    if isinstance(terms, WithdrawalTerms):
        return Withdrawal(
            transaction_id=transaction_id,
            currency=terms.currency,
            amount=Amount(terms.amount),
            status="PENDING",
            withdraw_details={"account": "****"} if masked else terms.details,
        )
    return Trade(
        transaction_id=transaction_id,
        from_currency=terms.from_currency,
        to_currency=terms.to_currency,
        from_amount=Amount(terms.from_amount),
        to_amount=Amount(terms.to_amount),
    )
