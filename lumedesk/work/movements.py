"""What the windows ask for when money is to move, and what they see of it. The sending itself is in sending.py."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from lumedesk.domain.alerts import Noticed
from lumedesk.domain.audit import AuditRow
from lumedesk.domain.clocks import Clock
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.intents import (
    OPEN,
    UNDECIDED,
    ConfirmationTerms,
    Intent,
    Terms,
    WithdrawalTerms,
    other_key_problem,
)
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import grouped
from lumedesk.domain.movements import Outcome, Verdict, verdict_on
from lumedesk.domain.quotes import ASSUMED_LIFE_S, Quote, QuoteRequest, RoundTrips, read_quote
from lumedesk.work.books import Books
from lumedesk.work.engine import Engine, Ticket
from lumedesk.work.sending import CutOff, NotArmed, Parcel, Sender
from lumedesk.work.watching import DecisionRefused, Watcher, kind_of

if TYPE_CHECKING:
    # All of it takes long to import, and the first window needs none of it.
    import asyncio

    from lumedesk.api.client import LumetradeClient
    from lumedesk.domain.withdrawals import WithdrawalOrder

T = TypeVar("T")
log = logging.getLogger(__name__)

# How long quitting waits for the answer to what is being sent.
LINGER_S = 8.0


class TooLate(DeskError):
    """The quote's deadline passed before it was sent."""

    title = "The quote has expired"
    advice = "Nothing was sent. Ask for a new quote."


class NotExported(DeskError):
    """A file that could not be written."""

    title = "The file was not written"
    advice = "Choose another place."


class Ground(Protocol):
    """What Movements needs of the session. All but `refresh` is called on the worker."""

    def connected(self) -> LumetradeClient:
        """Errors: Offline, Unreachable."""

    async def poll_now(self, kind: Kind) -> None:
        """Read a list afresh. Errors: DeskError."""

    def alike(self, terms: Terms) -> list[Any]:
        """The mirror's rows that may be an order of these terms."""

    def refresh(self, *kinds: Kind) -> None:
        """Ask the server for these kinds soon."""


class Movements(QObject):
    """Quotes, confirmations, withdrawals and decisions."""

    # The intents, or the reason why nothing may be sent, are different now. UI thread.
    changed = Signal()

    def __init__(
        self,
        engine: Engine,
        books: Books,
        ground: Ground,
        clock: Clock,
        parent: QObject | None = None,
        *,
        may_send: bool = True,
    ) -> None:
        """Without `may_send` every order ends as not sent, whoever gives it."""
        super().__init__(parent)
        self._may_send = may_send
        self._engine = engine
        self._books = books
        self._ground = ground
        self._clock = clock
        self._sender = Sender(books, clock, self._post_state)
        self._watcher = Watcher(books, ground.alike, self._post_state)
        self._given: set[str] = set()
        self._round_trips = RoundTrips()
        self._under_way: set[asyncio.Task[Outcome]] = set()
        self.intents: tuple[Intent, ...] = books.intents
        self.refusal = books.refusal

    # What the windows see

    @property
    def undecided(self) -> tuple[Intent, ...]:
        """The intents whose outcome nobody knows yet, oldest first."""
        return tuple(intent for intent in self.intents if intent.state in UNDECIDED)

    @property
    def unresolved(self) -> frozenset[tuple[str, ...]]:
        """The likenesses of all orders still open: nothing like them may be sent."""
        return frozenset(intent.likeness for intent in self.intents if intent.state in OPEN)

    @property
    def can_start_anew(self) -> bool:
        """Whether the refusal is one that new books would end."""
        return bool(self.refusal) and self._books.can_start_anew

    # What the windows ask for

    def request_quote(
        self,
        request: QuoteRequest,
        owner: QObject,
        done: Callable[[Quote], None],
        failed: Callable[[DeskError], None],
        assumed_life_s: float = ASSUMED_LIFE_S,
    ) -> Ticket[Quote]:
        """Ask for a price. It moves no money; cancelling the ticket drops a late answer.

        `assumed_life_s` is how long it holds when the server names no expiry.
        """

        async def ask() -> Quote:
            sent_ticks = self._clock.ticks()
            raw = await self._ground.connected().request_quote(request)
            self._round_trips.note(raw.round_trip_s)
            quote = read_quote(
                raw,
                request,
                self._clock.now(),
                self._clock.ticks(),
                sent_ticks=sent_ticks,
                latency_p95_s=self._round_trips.p95_s(),
                assumed_life_s=assumed_life_s,
            )
            self._books.note("quoted", quote.quote_str or "", _quote_facts(quote))
            return quote

        return self._engine.submit(ask(), owner, done, failed)

    def confirm(self, quote: Quote, owner: QObject, done: Callable[[Outcome], None]) -> None:
        """Confirm exactly this quote, once. Errors: ValueError for one that can't be confirmed or was confirmed before."""
        order = quote.order()
        self._give(f"quote {order.quote_str}")
        if quote.from_amount is None or quote.to_amount is None:
            raise ValueError("the quote lacks an amount")
        terms = ConfirmationTerms(
            order.quote_str,
            order.from_currency,
            order.to_currency,
            quote.from_amount,
            quote.to_amount,
            order.from_amount is not None,
        )

        async def send() -> Outcome:
            client = self._ground.connected()

            async def post() -> tuple[str | None, str | None, str]:
                trade = await client.confirm_quote(order)
                return trade.transaction_id, trade.status, _trade_problem(terms, trade)

            def late() -> DeskError | None:
                return None if quote.is_alive(self._clock) else TooLate(wire=Wire.NOT_SENT)

            return await self._carry(client, f"confirmation {order.quote_str}", terms, post, late)

        self._submit(send, terms, owner, done)

    def withdraw(self, order: WithdrawalOrder, owner: QObject, done: Callable[[Outcome], None]) -> None:
        """Send exactly this order, once. Errors: ValueError for an order given before."""
        self._give(f"withdrawal {order.uuid}")
        terms = order.terms

        async def send() -> Outcome:
            client = self._ground.connected()
            await self._look_again(client, terms)

            async def post() -> tuple[str | None, str | None, str]:
                receipt = await client.create_withdrawal(order.beneficiary_id, order.amount)
                return receipt.transaction_id, receipt.status, ""

            return await self._carry(client, order.uuid, terms, post, notes=order.notes, retry_of=order.retry_of)

        self._submit(send, terms, owner, done)

    def accept(
        self, uuid: str, transaction_id: str, note: str, owner: QObject, failed: Callable[[DeskError], None]
    ) -> None:
        """Record the operator's decision that this row is the order."""
        self._decide(lambda: self._watcher.accept(uuid, transaction_id, note), owner, failed)

    def give_up(self, uuid: str, note: str, owner: QObject, failed: Callable[[DeskError], None]) -> None:
        """Record the operator's decision that the order was never executed."""
        self._decide(lambda: self._watcher.give_up(uuid, note), owner, failed)

    def start_anew(self, reason: str, owner: QObject, failed: Callable[[DeskError], None]) -> None:
        """Set damaged books aside and begin new ones."""
        self._decide(lambda: self._books.start_anew(reason), owner, failed)

    def note(self, what: str, about: str, facts: dict[str, Any]) -> None:
        """Write an audit row about something the operator did."""

        async def write() -> None:
            self._books.note(what, about, facts)

        self._engine.submit(write(), self)

    def audit_rows(self, after: int, owner: QObject, done: Callable[[list[AuditRow]], None]) -> None:
        """Read the audit log's rows with a higher number, oldest first."""

        async def read() -> list[AuditRow]:
            return self._books.audit_rows(after)

        self._engine.submit(read(), owner, done)

    def export_audit(
        self, file: Path, owner: QObject, done: Callable[[int], None], failed: Callable[[DeskError], None]
    ) -> None:
        """Write the whole audit log to `file`, as JSON or CSV by its name; `done` gets the number of entries."""

        async def write() -> int:
            from lumedesk.exports.audit import write_audit

            try:
                return write_audit(self._books.audit_rows(), file)
            except OSError as error:
                raise NotExported(f"{file.name}: {error.strerror}", wire=Wire.NOT_SENT) from error

        self._engine.submit(write(), owner, done, failed)

    def refuse(self, why: str) -> None:
        """Send nothing from now on: something is wrong with the desk itself."""

        async def set_refusal() -> None:
            self._books.refuse(why)
            self._post_state()

        self._engine.submit(set_refusal(), self)

    # On the worker

    def look(self, kind: Kind, *, is_whole: bool, asked_at: datetime, key_fingerprint: str) -> None:
        """Called after each list of `kind` that was read; see Watcher.look."""
        self._watcher.look(kind, is_whole=is_whole, asked_at=asked_at, key_fingerprint=key_fingerprint)

    def note_oddities(self, noticed: Sequence[Noticed]) -> None:
        """Write into the audit log what a list did that it must not."""
        for each in noticed:
            facts = {"list": each.kind.table, "before": _text(each.before), "after": _text(each.after)}
            self._books.note(f"list: {each.what.value}", each.key, facts)

    def check(self, client: LumetradeClient) -> None:
        """See whether anything may be sent by this client. Errors: NotArmed."""
        problem = self._books.refusal or self._problem_with(client)
        if problem:
            raise NotArmed(problem)

    async def linger(self) -> None:
        """Before the end: wait a while for what is being sent; what gets no answer is recorded as unknown."""
        import asyncio

        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LINGER_S)
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until nothing is being sent; each has its own deadline."""
        import asyncio

        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _look_again(self, client: LumetradeClient, terms: WithdrawalTerms) -> None:
        """Just before sending: the beneficiary as reviewed, the balance enough, the list known. Errors: DeskError."""
        beneficiary = await client.get_beneficiary(terms.beneficiary_id)
        if (beneficiary.currency, beneficiary.withdraw_form_details) != (terms.currency, terms.details):
            raise NotArmed("The beneficiary's details changed since you reviewed them. Look at them again.")
        account = await client.get_account_by_currency(terms.currency)
        if account.balance is None or account.balance < terms.amount:
            left = "not reported" if account.balance is None else f"{grouped(account.balance)} {terms.currency}"
            raise NotArmed(f"The balance doesn't cover it any more: {left}.")
        await self._ground.poll_now(Kind.WITHDRAWALS)

    async def _carry(
        self,
        client: LumetradeClient,
        uuid: str,
        terms: Terms,
        post: Callable[[], Coroutine[Any, Any, tuple[str | None, str | None, str]]],
        late: Callable[[], DeskError | None] = lambda: None,
        notes: dict[str, Any] | None = None,
        retry_of: str | None = None,
    ) -> Outcome:
        import asyncio

        if problem := self._problem_with(client):
            raise NotArmed(problem)
        parcel = Parcel(
            uuid,
            terms,
            client.host,
            client.key_fingerprint,
            self._watcher.baseline(terms),
            post,
            late,
            notes,
            retry_of,
        )
        # A task of its own: quitting waits for it, whatever becomes of the caller.
        task = asyncio.ensure_future(self._sender.carry(parcel))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is not None and caller.cancelling():
                raise
            # Nobody cancelled the caller: the exchange broke off by itself.
            return Outcome(Verdict.UNKNOWN, error=CutOff())

    def _problem_with(self, client: LumetradeClient) -> str:
        if not self._may_send:
            return "This profile is for looking only."
        return other_key_problem(self._books.intents, client.key_fingerprint)

    def _submit(
        self,
        send: Callable[[], Coroutine[Any, Any, Outcome]],
        terms: Terms,
        owner: QObject,
        done: Callable[[Outcome], None],
    ) -> None:
        async def whole() -> Outcome:
            try:
                return await send()
            except DeskError as error:
                # Nothing was armed yet: whatever failed, no POST was made.
                return Outcome(Verdict.NOT_SENT, error=error)
            finally:
                self._ground.refresh(kind_of(terms), Kind.ACCOUNTS)

        self._engine.submit(whole(), owner, done, lambda error: done(Outcome(verdict_on(error), error=error)))

    def _decide(self, decide: Callable[[], None], owner: QObject, failed: Callable[[DeskError], None]) -> None:
        async def run() -> None:
            try:
                decide()
            except (DecisionRefused, OSError) as error:
                raise NotArmed(str(error)) from error
            finally:
                self._post_state()

        self._engine.submit(run(), owner, None, failed)

    def _give(self, key: str) -> None:
        if key in self._given:
            raise ValueError("this order was given before")
        self._given.add(key)

    def _post_state(self) -> None:
        intents, refusal = self._books.intents, self._books.refusal
        self._engine.on_ui(lambda: self._take_state(intents, refusal))

    def _take_state(self, intents: tuple[Intent, ...], refusal: str) -> None:
        self.intents = intents
        self.refusal = refusal
        self.changed.emit()


def _trade_problem(terms: ConfirmationTerms, trade: Any) -> str:
    for name, ours, theirs in (
        ("sells", terms.from_currency, trade.from_currency),
        ("buys", terms.to_currency, trade.to_currency),
        ("sells", terms.from_amount, trade.from_amount),
        ("buys", terms.to_amount, trade.to_amount),
    ):
        if theirs is not None and theirs != ours:
            return f"The trade {name} {theirs}, the quote said {ours}."
    return ""


def _quote_facts(quote: Quote) -> dict[str, Any]:
    return {
        "sell": f"{quote.from_amount} {quote.request.from_currency}",
        "buy": f"{quote.to_amount} {quote.request.to_currency}",
        "rate": str(quote.rate),
        "intent": quote.request.intent.value,
        "problem": quote.problem or "",
    }


def _text(document: bytes | None) -> str:
    return "" if document is None else document.decode(errors="replace")
