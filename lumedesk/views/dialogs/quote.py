"""The dialog that asks for a price and confirms it before its deadline. What is shown is the snapshot that is sent."""

from enum import Enum

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import AmountError, typed_amount
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.quotes import Quote, QuoteRequest
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.dialogs.quote_terms import QuoteTerms
from lumedesk.views.parts.outcome import OutcomePane
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, Chooser, explain
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.work.engine import Ticket
from lumedesk.work.session import Session

_REPAINT_MS = 100


class State(Enum):
    """Where the dialog stands."""

    EDITING = "editing"
    QUOTING = "quoting"
    FIRM = "firm"
    EXPIRED = "expired"
    CONFIRMING = "confirming"
    ANSWERED = "answered"


class QuoteDialog(Dialog):
    """Editing → Quoting → Firm → Confirming → Answered; Firm → Expired → Quoting."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("quote", "Get a quote", "A quote is a firm price for a few seconds.", parent)
        self._session = session
        self._look = look
        self._quote: Quote | None = None
        self._ticket: Ticket[Quote] | None = None
        self.state = State.EDITING
        self._build_form()
        self.message = Banner("quote-message")
        self.terms = QuoteTerms(look)
        self.outcome = OutcomePane("quote-outcome", "trade", Kind.TRADES, session, look)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.terms)
        self._stack.addWidget(self.outcome)
        self.body.addWidget(self.message)
        self.body.addWidget(self._stack, 1)
        self.quote_button = self.add_button("quote-get", "Get quote", "primary")
        self.quote_button.clicked.connect(self.ask)
        self.confirm_button = self.add_button("quote-confirm", "Confirm", "primary")
        self.confirm_button.clicked.connect(self.confirm)
        self.setTabOrder(self.terms, self.confirm_button)
        self._timer = QTimer(self)
        self._timer.setInterval(_REPAINT_MS)
        self._timer.timeout.connect(self._tick)
        self.setMinimumSize(640, 560)
        session.records_changed.connect(self._take_records)
        self._offer_currencies()
        self._enter(State.EDITING)
        self.amount.setFocus()

    def _build_form(self) -> None:
        self.sell = Chooser("quote-sell", "Sell", self._look)
        self.buy = Chooser("quote-buy", "Buy", self._look)
        self.side = Chooser("quote-side", "Amount is", self._look)
        self.side.offer([("to sell", "from"), ("to buy", "to")])
        self.amount = QLineEdit()
        self.amount.setObjectName("quote-amount")
        self.amount.setPlaceholderText("0.00")
        self.problem = Label(look="error", wraps=True)
        self.problem.setObjectName("quote-problem")
        self._form = QWidget()
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addLayout(labelled("Sell", self.sell), 2)
        row.addLayout(labelled("Buy", self.buy), 2)
        row.addSpacing(DOUBLE)
        row.addLayout(labelled("Amount", self.amount), 3)
        row.addLayout(labelled("Amount is", self.side), 2)
        column.addLayout(row)
        column.addWidget(self.problem)
        self.body.addWidget(self._form)
        for chooser in (self.sell, self.buy, self.side):
            chooser.currentIndexChanged.connect(self._edit)
        self.amount.textEdited.connect(self._edit)
        self.amount.returnPressed.connect(self._ask_by_enter)

    # What the operator does

    def ask(self) -> None:
        """Request a quote for what the form says."""
        request = self._request()
        if isinstance(request, str):
            self.problem.setText(request)
            return
        self._drop_quote()
        self.message.say("")
        self._enter(State.QUOTING)
        self._ticket = self._session.movements.request_quote(request, self, self._take_quote, self._take_failure)

    def confirm(self) -> None:
        """Confirm the quote on screen, once, if it still may be."""
        quote = self._quote
        if self.state is not State.FIRM or quote is None or not quote.may_confirm(self._session.clock.ticks()):
            return
        self._enter(State.CONFIRMING)
        self._session.movements.confirm(quote, self, self._take_outcome)

    def reject(self) -> None:
        """Close, unless a confirmation is under way: its outcome must be seen."""
        if self.state is State.CONFIRMING:
            self.message.say("The confirmation is under way. Its outcome is shown here in a moment.")
            return
        self._drop_quote()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Qt has it; the window's own close button asks the same as Cancel."""
        self.reject()
        event.setAccepted(not self.isVisible())

    def _ask_by_enter(self) -> None:
        # Enter asks for a price; it never confirms one, nor swaps one that is on screen.
        if self.state in (State.EDITING, State.EXPIRED):
            self.ask()

    def _edit(self) -> None:
        # The snapshot and the form must never differ: editing destroys the quote.
        self._drop_quote()
        self.message.say("")
        self._enter(State.EDITING)

    # What happens

    def _take_quote(self, quote: Quote) -> None:
        self._ticket = None
        self._quote = quote
        self.terms.show_quote(quote)
        if quote.problem is not None:
            self.message.say(f"This quote can't be confirmed. {shown(quote.problem, 300)}", "failed")
            self._enter(State.EXPIRED)
            return
        self._enter(State.FIRM)
        # Read the terms first; Confirm is the next stop. A key pressed too often must not confirm.
        self.terms.setFocus()
        self._timer.start()
        self._tick()

    def _take_failure(self, error: DeskError) -> None:
        self._ticket = None
        self.message.say(explain(error, of_order=True), "failed")
        self._enter(State.EDITING)
        self.amount.setFocus()

    def _take_outcome(self, outcome: Outcome) -> None:
        self.message.say("")
        self.outcome.show_outcome(outcome, f"{self.terms.pay.text()} → {self.terms.receive.text()}")
        self._enter(State.ANSWERED)
        self.outcome.setFocus()

    def _tick(self) -> None:
        if self.state is not State.FIRM or self._quote is None:
            self._timer.stop()
            return
        ticks = self._session.clock.ticks()
        self.terms.show_left(self._quote.remaining_s(ticks))
        if not self._quote.may_confirm(ticks):
            self._timer.stop()
            self._enter(State.EXPIRED)

    def _drop_quote(self) -> None:
        self._timer.stop()
        self._quote = None
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None

    def _enter(self, state: State) -> None:
        self.state = state
        request = self._request()
        form_is_open = state in (State.EDITING, State.FIRM, State.EXPIRED)
        for field in (self.sell, self.buy, self.side, self.amount):
            field.setEnabled(form_is_open)
        typed = bool(self.amount.text().strip())
        self.problem.setText(request if isinstance(request, str) and typed else "")
        self._form.setVisible(state is not State.ANSWERED)
        self.terms.show_state(state.value)
        self._stack.setCurrentIndex(1 if state is State.ANSWERED else 0)
        self.quote_button.setVisible(state in (State.EDITING, State.QUOTING, State.EXPIRED))
        self.quote_button.setEnabled(state is not State.QUOTING and not isinstance(request, str))
        self.quote_button.setText({State.QUOTING: "Asking…", State.EXPIRED: "New quote"}.get(state, "Get quote"))
        self.confirm_button.setVisible(state in (State.FIRM, State.CONFIRMING))
        self.confirm_button.setEnabled(state is State.FIRM)
        self.confirm_button.setText("Confirming…" if state is State.CONFIRMING else "Confirm")
        self.close_button.setEnabled(state is not State.CONFIRMING)
        self.close_button.setText("Close" if state is State.ANSWERED else "Cancel")

    def _request(self) -> QuoteRequest | str:
        """What the form asks for, or what is wrong with it."""
        sold, bought = self.sell.value(), self.buy.value()
        if not sold or not bought:
            return "The accounts aren't loaded yet."
        if sold == bought:
            return "Choose two different currencies."
        try:
            amount = typed_amount(self.amount.text())
        except AmountError as error:
            return str(error)
        if self.side.value() == "from":
            return QuoteRequest(sold, bought, from_amount=amount)
        return QuoteRequest(sold, bought, to_amount=amount)

    def _take_records(self, kind: Kind) -> None:
        if kind is Kind.ACCOUNTS and self.state is State.EDITING:
            self._offer_currencies()

    def _offer_currencies(self) -> None:
        held = [account.currency for account in self._session.records(Kind.ACCOUNTS) if account.currency]
        choices = [(shown(currency, 20), currency) for currency in held]
        first_time = not self.sell.count()
        self.sell.offer(choices)
        self.buy.offer(choices)
        if first_time and len(held) > 1:
            self.buy.setCurrentIndex(1)

    @property
    def verdict(self) -> Verdict | None:
        """What became of the confirmation; None before there is an outcome."""
        return self.outcome.verdict if self.state is State.ANSWERED else None
