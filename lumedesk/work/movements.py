"""Sends what moves money: one POST per order, never repeated, and classified by what is known of it."""

import logging
from collections.abc import Callable
from decimal import Decimal

from PySide6.QtCore import QObject

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.clocks import Clock
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict, verdict_on
from lumedesk.domain.quotes import Quote, QuoteRequest, read_quote
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.work.engine import Engine, Ticket

log = logging.getLogger(__name__)


class TooLate(DeskError):
    """The quote's deadline passed before it was sent."""

    title = "The quote has expired"
    advice = "Nothing was sent. Ask for a new quote."


class Movements:
    """Quotes, confirmations and withdrawals. Called on the UI thread; the sending happens on the worker."""

    def __init__(
        self, engine: Engine, client: Callable[[], LumetradeClient], refresh: Callable[..., None], clock: Clock
    ) -> None:
        self._engine = engine
        self._client = client
        self._refresh = refresh
        self._clock = clock
        self._given: set[str] = set()
        self._unresolved: set[tuple[str, Decimal]] = set()

    @property
    def unresolved(self) -> frozenset[tuple[str, Decimal]]:
        """Beneficiary and amount of the withdrawals whose outcome nobody knows; they are not to be sent again."""
        return frozenset(self._unresolved)

    def request_quote(
        self,
        request: QuoteRequest,
        owner: QObject,
        done: Callable[[Quote], None],
        failed: Callable[[DeskError], None],
    ) -> Ticket[Quote]:
        """Ask for a price. It moves no money; cancelling the ticket drops a late answer."""

        async def ask() -> Quote:
            raw = await self._client().request_quote(request)
            return read_quote(raw, request, self._clock.now(), self._clock.ticks())

        return self._engine.submit(ask(), owner, done, failed)

    def confirm(self, quote: Quote, owner: QObject, done: Callable[[Outcome], None]) -> None:
        """Confirm exactly this quote, once. Errors: ValueError for one that can't be confirmed or was confirmed before."""
        order = quote.order()
        self._give(f"quote {order.quote_str}")

        async def send() -> Outcome:
            if not quote.may_confirm(self._clock.ticks()):
                return Outcome(Verdict.NOT_SENT, error=TooLate(wire=Wire.NOT_SENT))
            try:
                trade = await self._client().confirm_quote(order)
            except DeskError as error:
                return Outcome(verdict_on(error), error=error)
            finally:
                self._refresh(Kind.TRADES, Kind.ACCOUNTS)
            return Outcome(Verdict.ACCEPTED, trade.transaction_id, trade.status)

        self._engine.submit(send(), owner, done, lambda error: done(Outcome(verdict_on(error), error=error)))

    def withdraw(self, order: WithdrawalOrder, owner: QObject, done: Callable[[Outcome], None]) -> None:
        """Send exactly this order, once. Errors: ValueError for an order given before or blocked by an unresolved one."""
        if order.likeness in self._unresolved:
            raise ValueError("an earlier order like this has no known outcome")
        self._give(f"withdrawal {order.uuid}")
        # Unresolved from here on, whatever happens to the dialog or the worker, until an outcome is known.
        self._unresolved.add(order.likeness)

        async def send() -> Outcome:
            try:
                receipt = await self._client().create_withdrawal(order.beneficiary_id, order.amount)
            except DeskError as error:
                outcome = Outcome(verdict_on(error), error=error)
            else:
                outcome = Outcome(Verdict.ACCEPTED, receipt.transaction_id, receipt.status)
            finally:
                self._refresh(Kind.WITHDRAWALS, Kind.ACCOUNTS)
            if outcome.verdict is not Verdict.UNKNOWN:
                self._unresolved.discard(order.likeness)
            return outcome

        self._engine.submit(send(), owner, done, lambda error: done(Outcome(verdict_on(error), error=error)))

    def _give(self, key: str) -> None:
        if key in self._given:
            raise ValueError("this order was given before")
        self._given.add(key)
