"""What became of a confirmation, and then what is observed of it: statuses, fills, and the average against the quote."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from lumedesk.domain.details import Field
from lumedesk.domain.intents import ConfirmationTerms, Intent
from lumedesk.domain.intents import State as IntentState
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.quote_flow import State
from lumedesk.domain.quote_result import TradeResult, result_of
from lumedesk.domain.quotes import Quote
from lumedesk.domain.records import Trade
from lumedesk.domain.statuses import status_of
from lumedesk.domain.text import shown
from lumedesk.models.texts import exact_time
from lumedesk.views.dialogs.quote_words import change_words, pays, rate_words, receives, side_words
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Card, Pill
from lumedesk.views.theme import DOUBLE, UNIT, Look, icon_pixmap
from lumedesk.work.session import Session

_ICONS = {
    State.ACCEPTED: ("circle-check", "done"),
    State.FILLED: ("circle-check", "done"),
    State.PARTIAL: ("circle-alert", "waiting"),
    State.REJECTED: ("circle-x", "failed"),
    State.UNKNOWN: ("circle-help", "waiting"),
}
_MOST_FILLS = 20


class QuoteResult(QScrollArea):
    """Shown once a confirmation has an outcome; it goes on following what it can."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self.setObjectName("quote-outcome")
        self.setAccessibleName("What became of the confirmation")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Focus lands here, not on a button: a key pressed too often must not close what has to be read.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._session = session
        self._look = look
        self._quote: Quote | None = None
        self._transaction_id: str | None = None
        self._timeline: list[Field] = []
        self.outcome: Outcome | None = None
        self.state = State.CONFIRMING
        self._icon = Label()
        self._title = _named("quote-outcome-title", "heading")
        self._order = _named("quote-outcome-order")
        self._words = _named("quote-outcome-words")
        self._reason = _named("quote-outcome-reason")
        self._reason_card = Card("sunken")
        self._reason_card.inner.addWidget(Label("The reason, word for word", "label"))
        self._reason_card.inner.addWidget(self._reason)
        self.pill = Pill(look)
        self.pill.setObjectName("quote-outcome-status")
        self.identity = FieldList("quote-outcome-fields", look)
        self.fields = FieldList("quote-outcome-facts", look, can_copy=False)
        self.timeline = FieldList("quote-outcome-timeline", look, can_copy=False)
        self._lay_out()
        look.changed.connect(self._paint_icon)

    @property
    def status(self) -> str | None:
        """The trade's status as last observed; None without a trade."""
        return self._status

    def begin(self, quote: Quote) -> None:
        """A confirmation of `quote` was sent off."""
        self._quote = quote
        self._status: str | None = None
        self._transaction_id = self.outcome = None
        self._timeline = []
        self.fields.show_fields([])
        self._note("Confirmed by you")

    def show_outcome(self, outcome: Outcome, state: State) -> None:
        """Tell the outcome; an accepted trade is followed from then on."""
        self.outcome = outcome
        self._transaction_id = outcome.transaction_id
        self._note(
            {Verdict.ACCEPTED: "Accepted by the server", Verdict.UNKNOWN: "No clear answer came"}.get(
                outcome.verdict, "Not executed"
            )
        )
        error = outcome.error
        reasons = [] if error is None else [shown(error.detail)] if error.detail else [error.title]
        if error is not None:
            reasons += [f"{shown(each.field, 60)}: {shown(each.message)}" for each in error.fields]
            reasons += [f"Request id: {shown(error.request_id, 80)}"] if error.request_id else []
        self._reason.setText("\n".join(reasons))
        self._reason_card.setVisible(bool(reasons))
        if outcome.status is not None:
            self._observe(outcome.status)
        self._tell(state)
        self.follow()

    def follow(self) -> State:
        """Look at what is known of it now. Shape: the state it is in."""
        if self._quote is None or self.outcome is None:
            return self.state
        intent = self._intent()
        if intent is not None and self.outcome.verdict is Verdict.UNKNOWN:
            self._transaction_id = intent.transaction_id
            self._words.setText(_unknown_words(self._quote, intent))
        trade = self._session.find(Kind.TRADES, self._transaction_id) if self._transaction_id else None
        if trade is not None:
            self._show_trade(trade, result_of(trade, self._quote), self._quote)
        return self.state

    def _intent(self) -> Intent | None:
        for intent in reversed(self._session.movements.intents):
            terms = intent.terms
            if isinstance(terms, ConfirmationTerms) and self._quote and terms.quote_str == self._quote.quote_str:
                return intent
        return None

    def _show_trade(self, trade: Trade, result: TradeResult, quote: Quote) -> None:
        if trade.status is not None:
            self._observe(trade.status)
        self._tell(result.state)
        request = quote.request
        fields = [
            Field("Quoted rate", rate_words(quote)),
        ]
        if result.paid is not None:
            sold, bought = request.from_currency, request.to_currency
            fields += [
                Field("Filled", f"{side_words(result.paid, sold)} → {side_words(result.received, bought)}"),
                Field("Average rate", f"1 {shown(sold, 20)} ≈ {side_words(result.average, bought)}"),
                Field("Against the quote", change_words(result.against_quote)),
            ]
        for number, fill in enumerate((trade.fills or ())[:_MOST_FILLS], 1):
            when = (exact_time(fill.created_at) or "time not reported").split("\n")[0]
            amounts = (
                f"{side_words(fill.from_currency_amount, fill.from_currency or '')} → "
                f"{side_words(fill.to_currency_amount, fill.to_currency or '')}"
            )
            fields.append(Field(f"Fill {number}", f"{amounts} · {status_of(fill.status).label} · {when}"))
        if len(trade.fills or ()) > _MOST_FILLS:
            fields.append(Field("More fills", f"{len(trade.fills or ()) - _MOST_FILLS}, on the Trades page"))
        self.fields.show_fields(fields)

    def _observe(self, code: str) -> None:
        if code != self._status:
            self._status = code
            self._note(f"Status: {status_of(code).label}")
        self.pill.show_status(status_of(code))
        self.pill.show()

    def _note(self, text: str) -> None:
        at = f"{self._session.clock.now().astimezone():%H:%M:%S}"
        # Two events of one second keep their order and both stay.
        self._timeline.append(Field(at, text))
        self.timeline.show_fields(self._timeline)

    def _tell(self, state: State) -> None:
        self.state = state
        if self._quote is None or self.outcome is None:
            return
        title, words = _title_words(state, self.outcome, self._quote, self._status)
        order = f"{pays(self._quote)} → {receives(self._quote)}"
        self._title.setText(title)
        self._order.setText(order)
        self._words.setText(words)
        self._words.set_look("warning" if state in (State.UNKNOWN, State.PARTIAL) else "")
        self.pill.setVisible(self._status is not None)
        identity = Field("Trade id", shown(self._transaction_id or "–"))
        self.identity.show_fields([identity] if self._transaction_id else [], frozenset({"Trade id"}))
        self.setAccessibleName(f"{title}. {order}. {words} {self._reason.text()}")
        self._paint_icon()

    def _paint_icon(self) -> None:
        if self.state in _ICONS:
            name, role = _ICONS[self.state]
            pixmap = icon_pixmap(name, getattr(self._look.colours, role), 96)
            pixmap.setDevicePixelRatio(2)
            self._icon.setPixmap(pixmap)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, UNIT, 0)
        column.setSpacing(UNIT)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._order, self._words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addWidget(self.pill, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(DOUBLE)
        column.addWidget(self._reason_card)
        column.addWidget(self.identity)
        column.addWidget(self.fields)
        column.addWidget(Label("Timeline", "label"))
        column.addWidget(self.timeline)
        column.addStretch(2)
        self.setWidget(inside)


def _title_words(state: State, outcome: Outcome, quote: Quote, status: str | None) -> tuple[str, str]:
    match state:
        case State.ACCEPTED:
            return "The server has accepted the trade", "Its fills are followed here and on the Trades page."
        case State.FILLED:
            return "The server has accepted the trade, and it is filled", "The balances follow with the next look."
        case State.PARTIAL:
            return "The trade was filled in part", "Compare the fills with the quote before you go on."
        case State.REJECTED if outcome.verdict is Verdict.ACCEPTED:
            return f"The trade is {status_of(status).label.lower()}", "See it on the Trades page."
        case State.REJECTED if outcome.verdict is Verdict.NOT_SENT:
            return "The trade was not sent", "Nothing reached the server; no money was moved."
        case State.REJECTED:
            return "The server refused the trade", "No money was moved."
        case _:
            return "It isn't known whether the trade was executed", _unknown_words(quote, None)


def _unknown_words(quote: Quote, intent: Intent | None) -> str:
    state = None if intent is None else intent.state
    if state in (IntentState.ACCEPTED, IntentState.NOT_RECEIVED):
        return f"It was recorded on the Movements page that it was {'' if state is IntentState.ACCEPTED else 'not '}executed."
    seen = {
        IntentState.LIKELY: "One trade looks like it: decide on the Movements page whether it is this one.",
        IntentState.AMBIGUOUS: "Several trades look like it: choose on the Movements page.",
    }.get(state, "The lists of trades and balances are being watched; see the Movements page.")  # type: ignore[arg-type]
    by_from = quote.request.from_amount is not None
    amount = pays(quote) if by_from else receives(quote)
    pair = f"{shown(quote.request.from_currency, 20)} → {shown(quote.request.to_currency, 20)}"
    return f"Don't confirm it again. {seen} Until it is resolved, {pair} for {amount} is blocked."


def _named(name: str, look: str = "") -> Label:
    label = Label(look=look, wraps=True)
    label.setObjectName(name)
    return label
