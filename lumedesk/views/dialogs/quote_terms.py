"""The terms of one quote, as large as they matter, with the time that is left."""

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lumedesk.domain.money import grouped
from lumedesk.domain.quotes import ASSUMED_LIFE_S, Quote
from lumedesk.domain.text import shown
from lumedesk.models.texts import amount
from lumedesk.views.parts.ring import CountdownRing
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Card
from lumedesk.views.theme import HALF, TRIPLE, UNIT, Look


class QuoteTerms(Card):
    """Pay, receive, rate, fee, and a countdown in ring, digits and words."""

    def __init__(self, look: Look) -> None:
        super().__init__(margin=TRIPLE)
        self.setObjectName("quote-terms")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Terms of the quote")
        self._quote: Quote | None = None
        self._hint = Label(look="muted", wraps=True)
        self._hint.setObjectName("quote-hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pay = Label(look="figure")
        self.pay.setObjectName("quote-pay")
        self.receive = Label(look="figure")
        self.receive.setObjectName("quote-receive")
        self.rate = Label(look="muted", wraps=True)
        self.rate.setObjectName("quote-rate")
        self.ring = CountdownRing("quote-ring", look)
        self.left = Label(look="strong", wraps=True)
        self.left.setObjectName("quote-left")
        self.left.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._terms = QWidget()
        row = QHBoxLayout(self._terms)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(TRIPLE)
        row.addLayout(self._figures(), 1)
        row.addLayout(self._countdown())
        self.inner.addWidget(self._hint, 1)
        self.inner.addWidget(self._terms, 1)

    def _figures(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(HALF)
        column.addStretch(1)
        column.addWidget(Label("You pay", "label"))
        column.addWidget(self.pay)
        column.addSpacing(UNIT)
        column.addWidget(Label("You receive", "label"))
        column.addWidget(self.receive)
        column.addSpacing(UNIT)
        column.addWidget(self.rate)
        column.addStretch(1)
        return column

    def _countdown(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(UNIT)
        column.addStretch(1)
        column.addWidget(self.ring, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.left)
        column.addStretch(1)
        self.left.setFixedWidth(170)
        return column

    def show_quote(self, quote: Quote) -> None:
        """Show these terms, to the digit."""
        self._quote = quote
        request = quote.request
        self.pay.setText(_side(quote.from_amount, request.from_currency))
        self.receive.setText(_side(quote.to_amount, request.to_currency))
        lines = []
        if quote.rate is not None:
            one, other = request.from_currency, request.to_currency
            if quote.is_rate_inverted:
                one, other = other, one
            lines.append(f"Rate: 1 {one} = {grouped(quote.rate)} {other}")
        lines.append(
            "Fee: not reported" if quote.fee is None else f"Fee: {grouped(quote.fee)} (as the server states it)"
        )
        if quote.life_is_assumed:
            lines.append(f"The server named no expiry: the desk allows {ASSUMED_LIFE_S:.0f} seconds.")
        self.rate.setText("\n".join(shown(line, 200) for line in lines))
        self.setAccessibleName(f"You pay {self.pay.text()}, you receive {self.receive.text()}. {', '.join(lines)}")

    def show_left(self, left_s: float) -> None:
        """Show how long the quote may still be confirmed."""
        if self._quote is not None:
            self.ring.show_left(left_s, self._quote.life_s())
            seconds = -int(-left_s // 1)
            self.left.setText(f"{seconds} second{'' if seconds == 1 else 's'} left to confirm")

    def show_state(self, state: str) -> None:
        """Show terms or a hint, and cross out what can't be had any more."""
        has_terms = state in ("firm", "expired", "confirming")
        self._terms.setVisible(has_terms)
        self._hint.setVisible(not has_terms)
        self._hint.setText("Asking for a price…" if state == "quoting" else "Say what to trade, then get a quote.")
        for figure in (self.pay, self.receive):
            font = figure.font()
            font.setStrikeOut(state == "expired")
            figure.setFont(font)
            figure.set_look("figure-expired" if state == "expired" else "figure")
        if state == "expired" and self._quote is not None:
            self.ring.show_left(0.0, self._quote.life_s())
            self.left.setText("Can't be confirmed" if self._quote.problem else "Expired: nothing was sent")
        if state == "confirming":
            self.left.setText("Confirming…")


def _side(value: Decimal | None, currency: str) -> str:
    return f"{amount(value)} {shown(currency, 20)}"
