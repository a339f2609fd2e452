"""The dialog that asks for a price and confirms it before its deadline. What is shown is the snapshot that is sent."""

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.naps import Naps
from lumedesk.domain.quote_flow import RESULTS, QuoteFlow, State
from lumedesk.domain.quotes import Death, Quote, QuotePreferences, QuoteRequest, change_between
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.dialogs.quote_checks import TWIN, hindrance, open_twin
from lumedesk.views.dialogs.quote_form import QuoteForm
from lumedesk.views.dialogs.quote_glance import Glance
from lumedesk.views.dialogs.quote_result import QuoteResult
from lumedesk.views.dialogs.quote_terms import QuoteTerms
from lumedesk.views.dialogs.quote_words import change_words, seconds_words, spoken_terms
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.confirm_button import ConfirmButton, Press
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.views.theme import Look
from lumedesk.work.engine import Ticket
from lumedesk.work.session import Connection, Session

_REPAINT_MS = 100
_AGE_MS = 1_000
_TURN_S = 1.2
# After a price that came by itself, Confirm stays off for so long: a hand may have been on its way to the old one.
_GUARD_MS = 700
_SPOKEN_AT_S = (10, 5)
_CAN_ASK = (State.EDITING, State.QUOTING, State.EXPIRED, State.REJECTED, State.LOCKED, State.OFFLINE)


class QuoteDialog(Dialog):
    """Draws a QuoteFlow and moves it along; the rules are there."""

    def __init__(
        self,
        session: Session,
        look: Look,
        parent: QWidget | None = None,
        preferences: QuotePreferences | None = None,
        naps: Naps | None = None,
    ) -> None:
        super().__init__("quote", "Get a quote", "A quote is a firm price for a few seconds.", parent)
        self._session = session
        self._flow = QuoteFlow(preferences or session.preferences.quotes)
        self._naps = naps or Naps(session.clock)
        self._ticket: Ticket[Quote] | None = None
        self._is_by_itself = False
        self._left_s = 0.0
        self._build(look)
        self._glance = Glance(session, self)
        self._glance.changed.connect(self._show_glance)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._guard = QTimer(self)
        self._guard.setSingleShot(True)
        self._guard.setInterval(_GUARD_MS)
        self._guard.timeout.connect(self._show_confirm)
        session.records_changed.connect(self._take_records)
        session.state_changed.connect(self._take_kind_state)
        session.history_changed.connect(self._take_history)
        session.connection_changed.connect(self._take_connection)
        session.movements.changed.connect(self._take_movements)
        self._take_connection(session.connection)
        self._show()
        self.amount.setFocus()

    def _build(self, look: Look) -> None:
        self.form = QuoteForm(self._session, look)
        self.sell, self.buy, self.side, self.amount = self.form.sell, self.form.buy, self.form.side, self.form.amount
        self.form.edited.connect(self._edit)
        self.form.entered.connect(self._ask_by_enter)
        self.message = Banner("quote-message")
        self.change = Banner("quote-change", "I have seen it")
        self.change.button.clicked.connect(self._acknowledge)
        self.terms = QuoteTerms(look)
        self.outcome = QuoteResult(self._session, look)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.terms)
        self._stack.addWidget(self.outcome)
        self.why = Label(look="warning", wraps=True)
        self.why.setObjectName("quote-why")
        for widget in (self.form, self.message, self.change):
            self.body.addWidget(widget)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.why)
        self.confirm_button = ConfirmButton("quote-confirm", look, self._session.clock.ticks)
        self.confirm_button.confirmed.connect(self.confirm)
        self.foot.addWidget(self.confirm_button)
        self.quote_button = self.add_button("quote-get", "Get quote", "primary")
        self.quote_button.clicked.connect(self.ask)
        self.keep_place(self.quote_button)
        for one, other in (
            (self.terms, self.change.button),
            (self.change.button, self.quote_button),
            (self.quote_button, self.confirm_button),
        ):
            self.setTabOrder(one, other)
        self.setMinimumSize(720, 690)

    @property
    def state(self) -> State:
        """Where the dialog stands."""
        return self._flow.state

    @property
    def flow(self) -> QuoteFlow:
        """Everything that decides what is shown."""
        return self._flow

    @property
    def verdict(self) -> Verdict | None:
        """What became of the confirmation; None before there is an outcome."""
        return self.outcome.outcome.verdict if self.state in RESULTS and self.outcome.outcome else None

    # What the operator does

    def ask(self) -> None:
        """Request a quote for what the form says."""
        self._ask(by_itself=False)

    def confirm(self) -> None:
        """Confirm the quote on screen, once, if it still may be."""
        self._become(self._flow_now())
        quote = self._flow.quote
        if quote is None or self.terms.quote is not quote or hindrance(self._flow, self._session):
            self._show()
            return
        self._become(self._flow.confirming(self._session.clock.ticks(), self._session.clock.now()))
        if self.state is not State.CONFIRMING:
            return
        self.outcome.begin(quote)
        announce(self, "Confirming.")
        try:
            self._session.movements.confirm(quote, self, self._take_outcome)
        except ValueError as error:
            self._take_outcome(Outcome(Verdict.NOT_SENT, error=DeskError(str(error), wire=Wire.NOT_SENT)))

    def lock(self) -> None:
        """The desk is locked: what was typed stays, the price goes, a confirmation under way goes on."""
        self._leave(self._flow.locked())

    def unlock(self) -> None:
        """The desk is open again."""
        self._become(self._flow.unlocked())
        self._take_connection(self._session.connection)

    def reject(self) -> None:
        """Close, unless a confirmation is under way: its outcome must be seen."""
        if self.state is State.CONFIRMING:
            self.message.say("The confirmation is under way. Its outcome is shown here in a moment.")
            return
        self._drop_ticket()
        self._glance.stop()
        self._timer.stop()
        self._guard.stop()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Qt has it; the window's own close button asks the same as Cancel."""
        self.reject()
        event.setAccepted(not self.isVisible())

    def _ask(self, *, by_itself: bool) -> None:
        request = self._request()
        if isinstance(request, str):
            self.form.show_problem(request)
            return
        flow = self._flow.asked(request, by_itself=by_itself)
        if flow is self._flow:
            return
        self._glance.stop()
        self.message.say("")
        self._is_by_itself = by_itself
        # Slow checks come before the clock runs: the balance, and the trades that were there before, are asked for now.
        self._session.refresh(Kind.ACCOUNTS, Kind.TRADES)
        self._become(flow)
        took, failed = partial(self._take_quote, flow.number), partial(self._take_failure, flow.number)
        assumed_s = flow.preferences.assumed_life_s
        self._ticket = self._session.movements.request_quote(request, self, took, failed, assumed_s)

    def _ask_by_enter(self) -> None:
        # Enter asks for a price; it never confirms one, nor swaps one that is on screen.
        if self.state in (State.EDITING, State.EXPIRED):
            self.ask()

    def _edit(self) -> None:
        # The snapshot and the form must never differ: editing destroys the quote.
        self.message.say("")
        self._leave(self._flow.edited())
        request = self.form.request()
        self._glance.look_at(request if self.state is State.EDITING and not isinstance(request, str) else None)

    def _acknowledge(self) -> None:
        self._become(self._flow.acknowledged())
        self.terms.setFocus()

    # What happens

    def _take_quote(self, number: int, quote: Quote) -> None:
        flow = self._flow.took(number, quote, self._session.clock.ticks(), self._session.clock.now())
        if flow is self._flow:
            return
        self._ticket = None
        self._naps.restart()
        self._left_s = quote.remaining_s(self._session.clock.ticks())
        if self._is_by_itself:
            self._guard.start()
        if quote.problem is not None:
            self.message.say(f"This quote can't be confirmed. {shown(quote.problem, 300)}", "failed")
        self._become(flow)
        if flow.state is State.FIRM:
            # Read the terms first; Confirm is the next stop. A key pressed too often must not confirm.
            self.terms.setFocus()
            announce(self.terms, f"Firm quote. {spoken_terms(quote)} {seconds_words(self._left_s)} to confirm.")

    def _take_failure(self, number: int, error: DeskError) -> None:
        flow = self._flow.failed(number)
        if flow is self._flow:
            return
        self._ticket = None
        self.message.say(explain(error, of_order=True), "failed")
        self._become(flow)
        self.amount.setFocus()

    def _take_outcome(self, outcome: Outcome) -> None:
        flow = self._flow.answered(outcome.verdict)
        self.message.say("")
        self.outcome.show_outcome(outcome, flow.state)
        self._become(flow.followed(self.outcome.state))
        self.outcome.setFocus()
        announce(self.outcome, self.outcome.accessibleName(), urgent=True)

    def _take_history(self, kind: Kind, _rows: tuple[int, ...]) -> None:
        if kind is Kind.TRADES and self.state in RESULTS:
            self._become(self._flow.followed(self.outcome.follow()))

    def _take_movements(self) -> None:
        if self.state in RESULTS:
            self._become(self._flow.followed(self.outcome.follow()))
        else:
            self._show()

    def _take_records(self, kind: Kind) -> None:
        if kind is Kind.ACCOUNTS:
            if self.state in (State.EDITING, State.OFFLINE):
                self.form.offer_currencies()
            self.form.tell_balance()
            self._show()

    def _take_kind_state(self, kind: Kind) -> None:
        if kind is Kind.ACCOUNTS:
            self._show_confirm()

    def _take_connection(self, connection: Connection) -> None:
        if connection is Connection.ONLINE:
            self._become(self._flow.online())
        else:
            self._glance.stop()
            self._leave(self._flow.offline())

    def _tick(self) -> None:
        ticks = self._session.clock.ticks()
        if self.state is State.FIRM and self._flow.quote is not None:
            self._speak(self._flow.quote.remaining_s(ticks))
            flow = self._flow_now()
            if flow is not self._flow:
                self._expire(flow)
                return
            self.terms.show_left(self._left_s)
            self._show_confirm()
        elif self.state is State.QUOTING:
            self.terms.show_waiting(ticks / _TURN_S % 1)
        elif self.state is State.EDITING:
            self._show_glance()

    def _flow_now(self) -> QuoteFlow:
        """The flow at this moment: a firm quote may have died, or been slept through."""
        if self._naps.has_slept():
            return self._flow.died(Death.CLOCK_MOVED)
        return self._flow.at(self._session.clock.ticks(), self._session.clock.now())

    def _expire(self, flow: QuoteFlow) -> None:
        # A hand on Confirm, or over it, was about to press: nothing new must slip under it.
        was_engaged = self.confirm_button.is_engaged
        self._become(flow)
        announce(self.terms, "The quote has expired. Nothing was sent.", urgent=True)
        if not flow.can_refresh:
            if flow.preferences.auto_refresh and flow.refreshes >= flow.preferences.max_refreshes:
                self.message.say(f"After {flow.refreshes} new quotes the desk stopped asking by itself.")
        elif was_engaged:
            self.message.say("No new quote was asked for by itself, because Confirm was being pressed or pointed at.")
        else:
            self._ask(by_itself=True)

    def _speak(self, left_s: float) -> None:
        for mark in _SPOKEN_AT_S:
            if left_s <= mark < self._left_s:
                announce(self.terms, f"{mark} seconds left to confirm.")
        self._left_s = left_s

    # What is shown

    def _leave(self, flow: QuoteFlow) -> None:
        if flow is not self._flow:
            self._drop_ticket()
        self._become(flow)

    def _drop_ticket(self) -> None:
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None

    def _become(self, flow: QuoteFlow) -> None:
        if flow is not self._flow:
            self._flow = flow
            self._show()

    def _show(self) -> None:
        flow, state = self._flow, self.state
        request = self._request()
        tells = flow.can_edit and bool(self.amount.text().strip())
        self.form.show_problem(request if isinstance(request, str) and tells else "")
        self.form.set_open(is_open=flow.can_edit)
        self.form.setVisible(state not in RESULTS)
        self.terms.show_flow(flow, self._glance.of(flow.request))
        self._stack.setCurrentIndex(1 if state in RESULTS else 0)
        self.quote_button.setVisible(state in _CAN_ASK and not (state is State.REJECTED and self._is_followed()))
        self.quote_button.setEnabled(flow.can_ask and not isinstance(request, str))
        words = {State.QUOTING: "Asking…", State.EXPIRED: "New quote", State.REJECTED: "New quote"}
        self.quote_button.setText(words.get(state, "Get quote"))
        self.quote_button.setAccessibleName(self.quote_button.text())
        self.close_button.setEnabled(state is not State.CONFIRMING)
        self.close_button.setText("Close" if state in RESULTS else "Cancel")
        self._show_change()
        self._show_glance()
        self._show_confirm()
        self._set_timer()

    def _show_change(self) -> None:
        quote = self._flow.quote
        if self.state is not State.FIRM or self._flow.is_acknowledged or quote is None:
            self.change.say("")
            return
        change = change_words(change_between(self._flow.previous, quote))
        tolerance = self._flow.preferences.tolerance_bp
        self.change.say(f"The price moved since the previous quote: {change}. That is beyond your {tolerance:f} bp.")

    def _show_confirm(self) -> None:
        state, quote, preferences = self.state, self._flow.quote, self._flow.preferences
        why_not = hindrance(self._flow, self._session)
        self.confirm_button.setVisible(state in (State.FIRM, State.CONFIRMING))
        self.confirm_button.setEnabled(state is State.FIRM and not why_not and not self._guard.isActive())
        how = ""
        if state is State.CONFIRMING:
            self.confirm_button.setText("Confirming…")
        elif state is State.FIRM and quote is not None:
            slow = Press.TWO_STEP if preferences.two_step else Press.HOLD
            self.confirm_button.ask_for(slow if preferences.asks_for_hold(quote) else Press.CLICK)
            how = self.confirm_button.accessibleDescription()
            self.terms.show_left(quote.remaining_s(self._session.clock.ticks()))
        self.why.setText(why_not or how)
        self.why.set_look("warning" if why_not else "caption")
        self.why.setVisible(bool(self.why.text()) and state not in RESULTS)

    def _show_glance(self) -> None:
        if self.state is State.EDITING:
            self.terms.show_indicative(*self._glance.words(self.form.request()))
        else:
            self.terms.show_indicative("", "")
        self._set_timer()

    def _set_timer(self) -> None:
        interval = {State.FIRM: _REPAINT_MS, State.QUOTING: _REPAINT_MS}.get(self.state, 0)
        if self.state is State.EDITING and self._glance.quote is not None:
            interval = _AGE_MS
        if not interval:
            self._timer.stop()
        elif not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)

    def _request(self) -> QuoteRequest | str:
        request = self.form.request()
        return request if isinstance(request, str) or not open_twin(request, self._session) else TWIN

    def _is_followed(self) -> bool:
        return self.verdict is Verdict.ACCEPTED
