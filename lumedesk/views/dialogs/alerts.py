"""The dialog on what the server's lists did that they must not: each alert, what was before, what is now, and its record."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Alert
from lumedesk.models.alerts import AlertsTable, advice_of, fields_of_alert, what_of
from lumedesk.models.nouns import NOUNS
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, Card, StatePane, explain
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.work.session import Connection, Session

_NOTE = (
    "A record that was listed must stay listed, and one with a final status must stay as it is. What broke that is kept"
    " here, also after you have acknowledged it."
)
_FIXED = frozenset({"Id"})
_LOOKING = "Another LumeDesk has this profile open: acknowledge it there."


class AlertsDialog(Dialog):
    """The list, and below it the current alert in full."""

    # (Kind, record id): the operator wants to see this record; the id is empty for a whole list. The dialog has closed.
    wanted = Signal(object, str)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("alerts", "Alerts", _NOTE, parent)
        self._session = session
        self._is_closed = False
        # Whether the alerts have been read once.
        self.is_loaded = False
        self._is_asking = False
        self._must_ask_again = False
        self._waiting = 0
        self.table = AlertsTable(self)
        self.view = RecordView(self.table, look, "alerts-table")
        self.view.setAccessibleName("Alerts")
        self.states = StatePane("alerts-state", look)
        self.title = Label(look="heading", wraps=True)
        self.title.setObjectName("alerts-detail-title")
        self.advice = Label(look="muted", wraps=True)
        self.advice.setObjectName("alerts-advice")
        self.fields = FieldList("alerts-fields", look, can_hide=True)
        self.message = Banner("alerts-message")
        self.close_button.setText("Close")
        self.record_button = self.add_button("alerts-record", "Show the record")
        self.acknowledge_button = self.add_button("alerts-acknowledge", "Acknowledge", "primary")
        self._lay_out()
        self.view.current_changed.connect(self._show_current)
        self.view.opened.connect(self.show_record)
        self.view.selectionModel().selectionChanged.connect(self._show_buttons)
        self.record_button.clicked.connect(self.show_record)
        self.acknowledge_button.clicked.connect(self.acknowledge)
        session.alerts_changed.connect(self.load)
        self.states.say("loader", "Loading alerts…", "Looking through what is saved on this computer.")
        self._show_current()
        self._stack.setCurrentIndex(1)
        self.load()

    def load(self) -> None:
        """Show the alerts as they are now, once they are read."""
        if self._is_asking:
            self._must_ask_again = True
            return
        self._is_asking = True
        self._session.lookups.alerts(self, self._take, self._tell_unread)

    def acknowledge(self) -> None:
        """Note for each selected alert that it has been seen."""
        numbers = [alert.number for alert in self._selected() if alert.acknowledged_at is None]
        self.message.say("")
        self._waiting += len(numbers)
        self._show_buttons()
        for number in numbers:
            self._session.acknowledge(number, self._count_down, self._tell_failure)

    def show_record(self, _row: int = -1) -> None:
        """Close, and go to the current alert's record; to its list where it is about no single one."""
        alert = self._current()
        if alert is not None and _has_page(alert):
            self.accept()
            self.wanted.emit(alert.kind, alert.key)

    def done(self, result: int) -> None:
        """As Qt has it; what is still being written is answered to nobody."""
        self._is_closed = True
        super().done(result)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(DOUBLE, DOUBLE, DOUBLE, DOUBLE)
        column.setSpacing(UNIT)
        for part in (self.title, self.advice, self.fields):
            column.addWidget(part)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("alerts-scroll")
        scroll.setAccessibleName("The current alert")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        self.detail = Card(margin=0)
        self.detail.setObjectName("alerts-detail")
        self.detail.inner.addWidget(scroll)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setObjectName("alerts-split")
        split.setChildrenCollapsible(False)
        split.setHandleWidth(UNIT)
        split.addWidget(self.view)
        split.addWidget(self.detail)
        split.setSizes([280, 320])
        self._stack = QStackedWidget()
        self._stack.addWidget(split)
        self._stack.addWidget(self.states)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.message)
        self.setMinimumSize(720, 560)
        self.resize(900, 740)

    def _take(self, alerts: tuple[Alert, ...]) -> None:
        self.is_loaded = True
        self._is_asking = False
        self.table.show_alerts(alerts)
        if not alerts:
            self.states.say("circle-check", "No alerts", "The server's lists have kept all that they ever told.")
        self._stack.setCurrentIndex(0 if alerts else 1)
        if alerts and self.view.current_row() < 0:
            self.view.selectRow(0)
            self.view.setFocus()
        self._show_current()
        if self._must_ask_again:
            self._must_ask_again = False
            self.load()

    def _tell_unread(self, error: DeskError) -> None:
        self._is_asking = self._must_ask_again = False
        if self.table.rowCount():
            self.message.say(explain(error), "failed")
        else:
            self.states.say("circle-alert", "Not read", explain(error), "Try again", self.load)

    def _current(self) -> Alert | None:
        return self.table.record(self.view.current_row())

    def _selected(self) -> list[Alert]:
        rows = sorted({index.row() for index in self.view.selectionModel().selectedRows()})
        return [alert for row in rows if (alert := self.table.record(row)) is not None]

    def _show_current(self, _row: int = -1) -> None:
        alert = self._current()
        self.detail.setVisible(alert is not None)
        if alert is not None:
            self.title.setText(what_of(alert))
            self.advice.setText(advice_of(alert))
            self.fields.show_fields(fields_of_alert(alert), _FIXED)
            self.record_button.setText("Show the record" if alert.key else f"Show the {NOUNS[alert.kind][1]}")
        self._show_buttons()

    def _show_buttons(self, _selected: object = None, _deselected: object = None) -> None:
        alert = self._current()
        self.record_button.setEnabled(alert is not None and _has_page(alert))
        new = sum(each.acknowledged_at is None for each in self._selected())
        is_looking = self._session.connection is Connection.VIEW_ONLY
        self.acknowledge_button.setText(f"Acknowledge {new:,} alerts" if new > 1 else "Acknowledge")
        self.acknowledge_button.setAccessibleDescription(_LOOKING if is_looking else "")
        self.acknowledge_button.setEnabled(bool(new) and not self._waiting and not is_looking)

    def _count_down(self, _nothing: object = None) -> None:
        self._waiting -= 1
        if not self._is_closed:
            self._show_buttons()

    def _tell_failure(self, error: DeskError) -> None:
        self._waiting -= 1
        if not self._is_closed:
            self.message.say(explain(error, of_order=True), "failed")
            self._show_buttons()


def _has_page(alert: Alert) -> bool:
    """Currencies are shown nowhere by themselves."""
    return alert.kind is not Kind.CURRENCIES
