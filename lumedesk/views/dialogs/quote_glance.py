"""A look at the price while the form is filled in: an indicative quote, asked for once typing pauses, with its age."""

from functools import partial

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from lumedesk.domain.quotes import FOR_INFORMATION, Intent, Quote, QuoteRequest
from lumedesk.models.texts import ago
from lumedesk.views.dialogs.quote_words import indicative_words
from lumedesk.work.engine import Ticket
from lumedesk.work.session import Session

_PAUSE_MS = 600


class Glance(QObject):
    """Holds the last indicative price. Failures stay silent: it is only a look, and the older one shows its age."""

    # There is another price. UI thread.
    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: QuoteRequest | None = None
        self._number = 0
        self._ticket: Ticket[Quote] | None = None
        self.quote: Quote | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._ask)

    def look_at(self, request: QuoteRequest | None) -> None:
        """Ask for this price once nothing changes for a moment; None asks for nothing."""
        self.stop()
        self._wanted = request
        if request is not None:
            self._pause.start()

    def stop(self) -> None:
        """Ask for nothing more, and drop what is on its way."""
        self._pause.stop()
        self._number += 1
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None

    def of(self, request: QuoteRequest | None) -> Quote | None:
        """The last price of the same pair; None where there is none."""
        if self.quote is None or request is None:
            return None
        seen = self.quote.request
        is_same = (seen.from_currency, seen.to_currency) == (request.from_currency, request.to_currency)
        return self.quote if is_same else None

    def words(self, request: QuoteRequest | str) -> tuple[str, str]:
        """What is known of this request's price, and how old that is; empty texts for nothing."""
        quote = None if isinstance(request, str) else self.of(request)
        if quote is None or isinstance(request, str):
            return "", ""
        return indicative_words(quote, request, ago(quote.received_at, self._session.clock.now()))

    def _ask(self) -> None:
        if self._wanted is None:
            return
        request = replace(self._wanted, intent=Intent.INDICATIVE)
        took = partial(self._take, self._number)
        self._ticket = self._session.movements.request_quote(request, self, took, self._take_failure)

    def _take(self, number: int, quote: Quote) -> None:
        if number == self._number and quote.problem == FOR_INFORMATION:
            self._ticket = None
            self.quote = quote
            self.changed.emit()

    def _take_failure(self, _error: object) -> None:
        self._ticket = None
