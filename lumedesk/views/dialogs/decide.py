"""The dialog in which an operator says what became of a movement of unknown outcome. The decision is final and on record."""

from PySide6.QtWidgets import QLineEdit, QWidget

from lumedesk.domain.checks import is_reason
from lumedesk.domain.errors import DeskError
from lumedesk.domain.intents import UNDECIDED, Intent
from lumedesk.models.movements import Candidate, CandidatesTable, amount_of, waits_for, what_of
from lumedesk.models.texts import amount
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.views.theme import Look
from lumedesk.work.session import Session
from lumedesk.work.watching import kind_of


class DecideDialog(Dialog):
    """Shows the rows that look like the movement. One of them is it, or none ever was."""

    def __init__(self, session: Session, look: Look, uuid: str, parent: QWidget | None = None) -> None:
        super().__init__("decide", "What became of it?", "", parent)
        self._session = session
        self._uuid = uuid
        self._offered: list[str | None] = []
        self.waiting = Label(look="muted", wraps=True)
        self.waiting.setObjectName("decide-waiting")
        self.table = CandidatesTable(self)
        self.view = RecordView(self.table, look, "decide-candidates")
        self.view.setAccessibleName("Rows that look like this movement")
        self.view.setSelectionMode(RecordView.SelectionMode.SingleSelection)
        self.note = QLineEdit()
        self.note.setObjectName("decide-note")
        self.note.setPlaceholderText("For example: the vendor confirmed by phone, ticket 4711")
        self.message = Banner("decide-message")
        self.accept_button = self.add_button("decide-accept", "The selected row is it")
        self.give_up_button = self.add_button("decide-give-up", "It was never executed")
        self.body.addWidget(self.waiting)
        self.body.addWidget(self.view, 1)
        self.body.addLayout(labelled("How you know", self.note))
        self.body.addWidget(self.message)
        self.setMinimumSize(820, 480)
        self.accept_button.clicked.connect(self._accept)
        self.give_up_button.clicked.connect(self._give_up)
        self.view.current_changed.connect(self._show_buttons)
        self.note.textChanged.connect(self._show_buttons)
        session.movements.changed.connect(self._show_intent)
        self._show_intent()
        self.view.setFocus()

    def _intent(self) -> Intent | None:
        return next((each for each in self._session.movements.intents if each.uuid == self._uuid), None)

    def _show_intent(self) -> None:
        intent = self._intent()
        if intent is None or intent.state not in UNDECIDED:
            super().accept()
            return
        value, currency = amount_of(intent)
        self.subtitle.setText(f"{what_of(intent)}, {amount(value)} {currency}")
        waiting = waits_for(intent, self._session.clock.now())
        waiting += "" if waiting.endswith("?") else "."
        self.waiting.setText(
            f"Waiting for: {waiting} Nothing like it can be sent until you decide."
            " A decision is final and kept in the audit log."
        )
        kind = kind_of(intent.terms)
        found = [self._session.find(kind, key) for key in intent.steps[-1].candidates]
        rows: list[Candidate] = [row for row in found if row is not None]
        if [row.transaction_id for row in rows] != self._offered:
            # Another row must not become the chosen one by moving to its place.
            self.view.setCurrentIndex(self.table.index(-1, -1))
            self._offered = [row.transaction_id for row in rows]
        self.table.set_records(rows)
        self.view.setVisible(bool(rows))
        self._show_buttons()

    def _show_buttons(self, _what: object = None) -> None:
        self.accept_button.setEnabled(self.table.record(self.view.current_row()) is not None)
        self.give_up_button.setEnabled(is_reason(self.note.text()))

    def _accept(self) -> None:
        row = self.table.record(self.view.current_row())
        if row is not None and row.transaction_id:
            self._close_off()
            self._session.movements.accept(self._uuid, row.transaction_id, self.note.text(), self, self._show_failure)

    def _give_up(self) -> None:
        self._close_off()
        self._session.movements.give_up(self._uuid, self.note.text(), self, self._show_failure)

    def _close_off(self) -> None:
        self.accept_button.setEnabled(False)
        self.give_up_button.setEnabled(False)

    def _show_failure(self, error: DeskError) -> None:
        self.message.say(explain(error), "failed")
        self._show_buttons()
