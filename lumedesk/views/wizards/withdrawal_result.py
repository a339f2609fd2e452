"""The last step of the withdrawal wizard: what became of it, what the desk does about it, and what to do next."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lumedesk.domain.intents import Intent, State
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.views.parts.outcome import OutcomePane
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Card
from lumedesk.views.theme import DOUBLE, Look
from lumedesk.work.session import Session

# As the pane above has them.
_PANE_MARGINS = (9, 0, 9, 9)
_NEXT = {
    Verdict.ACCEPTED: "You may close this: the withdrawal goes on by itself.",
    Verdict.REFUSED: "The desk goes on comparing the next lists with it. Change what the server complains about and try again:"
    " that is a new order.",
    Verdict.NOT_SENT: "Go back, look at what is different now, and try again: that is a new order.",
    Verdict.UNKNOWN: "",
}
_WATCHING = "The desk reads the list of withdrawals again and again and looks for it."
_BLOCKED = (
    "It stands on the Movements page until you decide there."
    " The same amount can't be sent to this beneficiary before that."
)
_DOUBTS = {
    State.UNKNOWN: f"{_WATCHING} Nothing has been found yet, which proves nothing: it may appear late.",
    State.LIKELY: "One new withdrawal in the list looks exactly like it. Confirm on the Movements page that it is this one.",
    State.AMBIGUOUS: "More than one new withdrawal, or one that fits only in part, may be it. Choose on the Movements page.",
    State.ACCEPTED: "It is settled: it was found in the list, and you confirmed it.",
    State.NOT_RECEIVED: "It is settled: you decided that it was never executed.",
}


class ResultStep(QWidget):
    """The outcome, followed for as long as it is on screen."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self.setObjectName("withdrawal-result")
        self._session = session
        self._uuid = ""
        self.pane = OutcomePane("withdrawal-outcome", "withdrawal", Kind.WITHDRAWALS, session, look)
        self.next = Label(wraps=True)
        self.next.setObjectName("withdrawal-outcome-next")
        self._card = Card("sunken", margin=DOUBLE)
        self._card.inner.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addStretch(1)
        column.addWidget(self.pane)
        inset = QHBoxLayout()
        inset.setContentsMargins(*_PANE_MARGINS)
        inset.addWidget(self._card)
        column.addLayout(inset)
        column.addStretch(2)
        self.setFocusProxy(self.pane)
        session.movements.changed.connect(self._tell_next)

    def show_outcome(self, outcome: Outcome, uuid: str, order: str) -> None:
        """Tell the outcome of the order `uuid`, named in words."""
        self._uuid = uuid
        self.pane.show_outcome(outcome, order)
        self._tell_next()

    @property
    def verdict(self) -> Verdict | None:
        """What became of it; None before there is an outcome."""
        return self.pane.verdict

    @property
    def intent(self) -> Intent | None:
        """What the journal knows of the order; None where it never got so far."""
        return next((each for each in self._session.movements.intents if each.uuid == self._uuid), None)

    @property
    def may_try_again(self) -> bool:
        """Whether it still holds that no money was moved: a refused order reopens when a row like it appears."""
        if self.verdict not in (Verdict.NOT_SENT, Verdict.REFUSED):
            return False
        return self.intent is None or self.intent.state in (State.NOT_SENT, State.REFUSED)

    def _tell_next(self) -> None:
        verdict = self.verdict
        if verdict is None:
            return
        text = _NEXT[verdict]
        reopened = verdict is Verdict.REFUSED and self.intent is not None and self.intent.state is not State.REFUSED
        if verdict is Verdict.UNKNOWN or reopened:
            state = self.intent.state if self.intent else State.UNKNOWN
            text = _DOUBTS.get(state, _DOUBTS[State.UNKNOWN])
            if state not in (State.ACCEPTED, State.NOT_RECEIVED):
                text += f"\n{_BLOCKED}"
        self.next.setText(text)
