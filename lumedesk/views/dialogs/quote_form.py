"""What a quote is asked for: two currencies, one side's amount. It knows what is wrong with them, and asks nobody."""

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from lumedesk.domain.amount_entry import read_amount
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import AmountError, fixed, grouped
from lumedesk.domain.quotes import QuoteRequest
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import labelled
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Chooser
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.views.wizards.conventions import system_convention
from lumedesk.work.session import Session


class QuoteForm(QWidget):
    """Sell, buy, amount, and which side the amount is of."""

    # The operator changed something. UI thread.
    edited = Signal()
    # Enter was pressed in the amount. UI thread.
    entered = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self._session = session
        self.sell = Chooser("quote-sell", "Sell", look)
        self.buy = Chooser("quote-buy", "Buy", look)
        self.side = Chooser("quote-side", "Amount is", look)
        self.side.offer([("to sell", "from"), ("to buy", "to")])
        self.amount = QLineEdit()
        self.amount.setObjectName("quote-amount")
        self.amount.setPlaceholderText("0.00")
        self.problem = Label(look="error", wraps=True)
        self.problem.setObjectName("quote-problem")
        self.available = Label(look="caption", wraps=True)
        self.available.setObjectName("quote-available")
        column = QVBoxLayout(self)
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
        column.addWidget(self.available)
        column.addWidget(self.problem)
        for chooser in (self.sell, self.buy, self.side):
            chooser.currentIndexChanged.connect(self._take_edit)
        self.amount.textEdited.connect(self._take_edit)
        self.amount.returnPressed.connect(self.entered)
        self.offer_currencies()

    def request(self) -> QuoteRequest | str:
        """What is asked for, or what is wrong with it."""
        sold, bought = self.sell.value(), self.buy.value()
        if not sold or not bought:
            return "The accounts aren't loaded yet."
        if sold == bought:
            return "Choose two different currencies."
        try:
            entry = read_amount(self.amount.text(), system_convention())
        except AmountError as error:
            return str(error)
        amount = entry.amount
        if entry.ambiguous_as is not None:
            either = f"{fixed(amount)} or {fixed(entry.ambiguous_as)}"
            return f"“{self.amount.text().strip()}” can mean {either}. Write it so that only one is possible."
        if self.side.value() == "from":
            return QuoteRequest(sold, bought, from_amount=amount)
        return QuoteRequest(sold, bought, to_amount=amount)

    def balance(self, currency: str) -> Decimal | None:
        """What is available in a currency; None when that isn't known."""
        accounts = self._session.records(Kind.ACCOUNTS)
        return next((account.balance for account in accounts if account.currency == currency), None)

    def offer_currencies(self) -> None:
        """Offer the currencies that there are accounts in, keeping what is chosen."""
        held = [account.currency for account in self._session.records(Kind.ACCOUNTS) if account.currency]
        choices = [(shown(currency, 20), currency) for currency in held]
        is_first = not self.sell.count()
        self.sell.offer(choices)
        self.buy.offer(choices)
        if is_first and len(held) > 1:
            self.buy.setCurrentIndex(1)
        self.tell_balance()

    def tell_balance(self) -> None:
        """Say what there is to sell."""
        currency = self.sell.value()
        balance = self.balance(currency)
        known = "" if balance is None else f"Available: {grouped(balance)} {shown(currency, 20)}"
        self.available.setText(known)
        self.available.setVisible(bool(known))

    def show_problem(self, text: str) -> None:
        """Say what is wrong, beside the fields."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def set_open(self, *, is_open: bool) -> None:
        """Let it be changed, or not."""
        for each in (self.sell, self.buy, self.side, self.amount):
            each.setEnabled(is_open)

    def _take_edit(self) -> None:
        self.tell_balance()
        self.edited.emit()
