"""The terms of one quote, as large as they matter, with the time that is left; without a quote, what there is to say."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from lumedesk.domain.quote_flow import QuoteFlow, State
from lumedesk.domain.quotes import Death, Direction, Quote, change_between
from lumedesk.views.dialogs.quote_words import (
    breakable,
    change_words,
    fee_words,
    inverse_words,
    life_words,
    pays,
    rate_words,
    receives,
    seconds_words,
    spoken_terms,
)
from lumedesk.views.parts.ring import CountdownRing
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Card
from lumedesk.views.theme import DOUBLE, HALF, TRIPLE, UNIT, Look

_COUNTDOWN_WIDTH = 150
# Beyond this many characters an amount is written smaller, so that it still stands on one line.
_LARGE_UP_TO = 22
_WITH_TERMS = (State.FIRM, State.EXPIRED, State.CONFIRMING)
_WITH_RING = (*_WITH_TERMS, State.QUOTING)
_HINTS = {
    State.EDITING: "Say what to trade, then get a quote.",
    State.QUOTING: "Asking for a firm price…",
    State.LOCKED: "Locked. The price was dropped; what you typed is kept.",
    State.OFFLINE: "Not connected. A price can't be asked for, and none is held.",
}


class QuoteTerms(Card):
    """Pay, receive, rate both ways, fees, what changed, and a countdown in ring, digits and words."""

    def __init__(self, look: Look) -> None:
        super().__init__(margin=TRIPLE)
        self.setObjectName("quote-terms")
        self.setAccessibleName("The terms of the quote")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.quote: Quote | None = None
        self.pay = _named("quote-pay", "figure")
        self.receive = _named("quote-receive", "figure")
        self.rate = _named("quote-rate")
        self.inverse = _named("quote-inverse")
        self.fees = _named("quote-fees")
        self.since_indicative = _named("quote-since-indicative")
        self.since_previous = _named("quote-since-previous")
        self.limit = _named("quote-limit", "warning")
        self.hint = _named("quote-hint", "muted")
        self.indicative = _named("quote-indicative", "heading")
        self.indicative_age = _named("quote-indicative-age", "muted")
        self.ring = CountdownRing("quote-ring", look)
        self.left = _named("quote-left", "strong")
        self._terms = QWidget()
        self._terms.setLayout(self._figures())
        self._words = QWidget()
        self._words.setLayout(self._middle())
        self._clock = QWidget()
        self._clock.setLayout(self._countdown())
        row = QHBoxLayout()
        row.setSpacing(TRIPLE)
        row.addWidget(self._terms, 1)
        row.addWidget(self._words, 1)
        row.addWidget(self._clock)
        self.inner.addLayout(row, 1)

    def show_flow(self, flow: QuoteFlow, indicative: Quote | None) -> None:
        """Show this moment: its quote to the digit, or why there is none."""
        self.quote = flow.quote
        if flow.quote is not None:
            self._show_quote(flow.quote, flow.previous, indicative)
        has_terms = flow.state in _WITH_TERMS and flow.quote is not None
        self._terms.setVisible(has_terms)
        self._words.setVisible(not has_terms)
        self._clock.setVisible(flow.state in _WITH_RING)
        self.hint.setText(_HINTS.get(flow.state, ""))
        self._cross_out(is_over=flow.state is State.EXPIRED)
        if flow.state is State.EXPIRED:
            self.ring.show_left(0.0, 1.0)
            self.left.setText(_end_words(flow))
            self.left.set_look("warning")
        elif flow.state is State.CONFIRMING:
            self.ring.stop()
            self.left.setText("Being confirmed")
            self.left.set_look("strong")
        elif flow.state is State.QUOTING:
            self.left.setText("Waiting for the server")
            self.left.set_look("muted")

    def show_indicative(self, headline: str, age: str) -> None:
        """Show a look at the price, without any promise; empty texts hide it."""
        self.indicative.setText(headline)
        self.indicative_age.setText(age)
        self.indicative.setVisible(bool(headline))
        self.indicative_age.setVisible(bool(age))

    def show_left(self, left_s: float) -> None:
        """Show how long the quote may still be confirmed."""
        if self.quote is not None:
            self.ring.show_left(left_s, self.quote.life_s())
            self.left.setText(f"{seconds_words(left_s)} left to confirm")
            self.left.set_look("strong" if left_s * 3 > self.quote.life_s() else "warning")

    def show_waiting(self, turn: float) -> None:
        """Show that a price is awaited."""
        self.ring.show_waiting(turn)

    def _show_quote(self, quote: Quote, previous: Quote | None, indicative: Quote | None) -> None:
        self.pay.setText(breakable(pays(quote)))
        self.receive.setText(breakable(receives(quote)))
        self.rate.setText(breakable(rate_words(quote)))
        self.inverse.setText(breakable(inverse_words(quote)))
        self.fees.setText(breakable(fee_words(quote)))
        _show_change(self.since_indicative, indicative, quote, "No indicative price was seen")
        _show_change(self.since_previous, previous, quote, "This is the first quote")
        self.limit.setText(life_words(quote))
        self.limit.setVisible(bool(self.limit.text()))
        self.setAccessibleName(spoken_terms(quote))
        self.setAccessibleDescription(
            f"Since the last indicative price: {self.since_indicative.text()}. "
            f"Since the previous quote: {self.since_previous.text()}. {self.limit.text()}"
        )

    def _cross_out(self, *, is_over: bool) -> None:
        for figure in (self.pay, self.receive):
            is_long = len(figure.text()) > _LARGE_UP_TO
            figure.set_look("figure-expired" if is_over and not is_long else "title" if is_long else "figure")
            font = figure.font()
            font.setStrikeOut(is_over)
            figure.setFont(font)

    def _figures(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addWidget(Label("You pay", "label"))
        column.addWidget(self.pay)
        column.addSpacing(UNIT)
        column.addWidget(Label("You receive", "label"))
        column.addWidget(self.receive)
        column.addSpacing(DOUBLE)
        grid = QGridLayout()
        grid.setHorizontalSpacing(DOUBLE)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        facts = (
            ("Rate", self.rate),
            ("Inverse", self.inverse),
            ("Fees", self.fees),
            ("Since the indicative price", self.since_indicative),
            ("Since the previous quote", self.since_previous),
        )
        for number, (text, value) in enumerate(facts):
            grid.addWidget(Label(text, "label"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, number, 1)
        column.addLayout(grid)
        column.addWidget(self.limit)
        column.addStretch(1)
        return column

    def _middle(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        column.addStretch(1)
        for label in (self.indicative, self.indicative_age, self.hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        return column

    def _countdown(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        column.addStretch(1)
        column.addWidget(self.ring, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.left)
        column.addStretch(1)
        self.left.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.left.setFixedWidth(_COUNTDOWN_WIDTH)
        self.left.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Minimum)
        return column


def _named(name: str, look: str = "") -> Label:
    label = Label(look=look, wraps=True)
    label.setObjectName(name)
    return label


def _show_change(label: Label, before: Quote | None, quote: Quote, without: str) -> None:
    change = change_between(before, quote)
    label.setText(without if before is None else change_words(change))
    is_worse = change is not None and change.direction is Direction.WORSE
    label.set_look("muted" if change is None else "warning" if is_worse else "strong")


def _end_words(flow: QuoteFlow) -> str:
    if flow.quote is not None and flow.quote.problem is not None:
        return "Can't be confirmed"
    if flow.death is Death.CLOCK_MOVED:
        return "Expired: this computer's clock moved, or it slept. Nothing was sent"
    return "Expired: nothing was sent"
