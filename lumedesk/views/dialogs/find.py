"""The dialog that searches all kinds of record at once, in what is saved on this computer: it works offline the same."""

from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from lumedesk.domain.details import veiled
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Hit
from lumedesk.domain.records import Account
from lumedesk.domain.text import shown
from lumedesk.models.hits import HitsTable, told_counts
from lumedesk.models.table import DISPLAY
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.ages import all_ages, is_connected, told_connection
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import SearchField, StatePane, explain
from lumedesk.views.theme import Look
from lumedesk.work.session import Session

_WHERE = "Accounts, wallets, currencies, beneficiaries, trades, deposits and withdrawals saved on this computer."
_HOW = "Every word must occur in a record: in a name, an id, a status or an address. A number finds amounts that begin with it."
# Keys that follow each other faster than this are one search.
_PAUSE_MS = 30
_MOVING = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})


class _Search(Protocol):
    def cancel(self) -> None: ...


class FindDialog(Dialog):
    """One field, and below it what is found, kind by kind. The arrow keys choose, Enter goes to the record."""

    # (Kind, record id): the operator wants to see this record on its page. The dialog has closed. UI thread.
    wanted = Signal(object, str)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("find", "Find", _WHERE, parent)
        self._session = session
        self._look = look
        self._pending: _Search | None = None
        # The text whose hits are shown; empty before the first answer, and after a failure.
        self.answered = ""
        self._error: DeskError | None = None
        self._must_ask_again = False
        self._goes_to_first = False
        self.field = SearchField("find-text", "Search all records", look)
        self.table = HitsTable(self)
        self.view = RecordView(self.table, look, "find-hits")
        self.view.setAccessibleName("Records found")
        self.view.setSelectionMode(RecordView.SelectionMode.SingleSelection)
        self.states = StatePane("find-state", look)
        self.count = Label(look="caption")
        self.count.setObjectName("find-count")
        self.ages = Label(look="caption", wraps=True)
        self.ages.setObjectName("find-ages")
        self.close_button.setText("Close")
        self.open_button = self.add_button("find-open", "Show the record", "primary")
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._lay_out()
        self._connect()
        self._follow_hiding()
        self._tell_ages()
        self.field.setFocus()

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.states)
        self.body.addWidget(self.field)
        self.body.addWidget(self.count)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.ages)
        self.setMinimumSize(720, 480)
        self.resize(1000, 640)

    def _connect(self) -> None:
        self.field.textChanged.connect(self._take_text)
        self.field.returnPressed.connect(self.go)
        self.field.installEventFilter(self)
        self._soon.timeout.connect(self._look_up)
        self.view.opened.connect(self._open)
        self.view.current_changed.connect(self._take_current)
        self.open_button.clicked.connect(self.go)
        self._session.history_changed.connect(self._look_again)
        self._session.records_changed.connect(self._look_again)
        self._session.state_changed.connect(self._tell_ages)
        self._session.connection_changed.connect(self._tell_ages)
        self._look.hiding_changed.connect(self._follow_hiding)

    def go(self) -> None:
        """Go to the chosen record; to the first one found, as soon as it is, where the search still goes on."""
        if self._is_late:
            self._goes_to_first = True
        else:
            self._open(self.view.current_row())

    def done(self, result: int) -> None:
        """As Qt has it; no search outlives the dialog."""
        self._drop()
        super().done(result)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """As Qt has it; up and down choose among the records while the cursor stays in the field."""
        if watched is self.field and isinstance(event, QKeyEvent) and _moves(event):
            self.view.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    # The search

    @property
    def _text(self) -> str:
        return self.field.text().strip()

    @property
    def _is_late(self) -> bool:
        """Whether what is shown was found for another text than is typed now."""
        return self.answered != self._text and (self._soon.isActive() or self._pending is not None)

    def _drop(self) -> None:
        self._soon.stop()
        self._must_ask_again = self._goes_to_first = False
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None

    def _take_text(self) -> None:
        self._drop()
        self._error = None
        if self._text == self.answered:
            self._tell()
            return
        if self._text:
            self._soon.start()
        else:
            self.answered = ""
            self.table.show_hits(())
        self._tell()

    def _look_up(self) -> None:
        self._error = None
        self._pending = self._session.lookups.search(self._text, self, self._take, self._fail)
        self._tell()

    def _look_again(self, _kind: Kind, _touched: object = None) -> None:
        """Records changed. What is under way is let finish: while a long list arrives, this is heard again and again."""
        if self._pending is not None:
            self._must_ask_again = True
        elif self._text and not self._soon.isActive():
            self._soon.start()

    def _take(self, hits: tuple[Hit, ...]) -> None:
        self._pending = None
        is_new = self.answered != self._text
        self.answered = self._text
        self.table.show_hits(hits)
        if self.table.rowCount() and (is_new or self.view.current_row() < 0):
            self.view.selectRow(0)
        self._end_search()
        if self._goes_to_first:
            self._goes_to_first = False
            self._open(0)

    def _fail(self, error: DeskError) -> None:
        self._pending = None
        self._goes_to_first = False
        self.answered = ""
        self._error = error
        self.table.show_hits(())
        self._end_search()

    def _end_search(self) -> None:
        if self._must_ask_again:
            self._must_ask_again = False
            self._soon.start()
        self._tell()

    # What is said

    def _tell(self) -> None:
        has_rows = bool(self.table.rowCount())
        self._stack.setCurrentIndex(0 if has_rows else 1)
        self.open_button.setEnabled(has_rows)
        hits = [hit for row in range(self.table.rowCount()) if (hit := self.table.record(row)) is not None]
        self.count.setText("Searching…" if self._is_late else told_counts(hits))
        if not has_rows:
            self._tell_no_rows()

    def _tell_no_rows(self) -> None:
        if not self._text:
            self.states.say("search", "Find any record", _HOW)
        elif self._is_late:
            self.states.say("loader", "Searching…", "Looking through what is saved on this computer.")
        elif self._error is not None:
            words = explain(self._error)
            words = veiled(words) if self._look.hides_amounts else words
            self.states.say("circle-alert", "The search failed", words, "Try again", self._look_up)
        else:
            self.states.say("search", "Nothing found", f"No record holds “{shown(self._text, 60)}”. {_HOW}")

    def _tell_ages(self, _what: object = None) -> None:
        is_current = is_connected(self._session)
        ages = ", ".join(line[:1].lower() + line[1:] for line in all_ages(self._session))
        told = f"{told_connection(self._session)}. Last confirmed by the server: {ages}."
        self.ages.setText("" if is_current else told)
        self.ages.setVisible(not is_current)

    def _follow_hiding(self) -> None:
        self.table.hide_amounts(hidden=self._look.hides_amounts)
        self._tell()

    def _take_current(self, row: int) -> None:
        """The keyboard is in the field, so nobody else says which record is chosen."""
        if row >= 0 and self.field.hasFocus():
            cells = (self.table.index(row, at).data(DISPLAY) for at in range(self.table.columnCount() - 1))
            announce(self.view, ", ".join(str(cell) for cell in cells if cell))

    # Where it leads

    def _open(self, row: int) -> None:
        hit = self.table.record(row)
        if hit is None:
            return
        kind, key = hit.kind, hit.key
        if kind is Kind.CURRENCIES:
            # Currencies have no page of their own: the account is where a currency is seen.
            held: tuple[Account, ...] = self._session.records(Kind.ACCOUNTS)
            account = next((each.id for each in held if each.currency == key and each.id), None)
            if account is None:
                self.count.setText(f"There is no account in {shown(key, 20)} to show.")
                return
            kind, key = Kind.ACCOUNTS, account
        self.accept()
        self.wanted.emit(kind, key)


def _moves(event: QKeyEvent) -> bool:
    is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.type() == QEvent.Type.KeyPress and event.key() in _MOVING and is_plain
