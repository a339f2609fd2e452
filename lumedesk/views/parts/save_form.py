"""Asks for the name under which a filter is to be saved."""

from collections.abc import Callable, Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from lumedesk.domain.filters import MAX_NAME, FilterError, checked_name
from lumedesk.domain.text import shown
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import HALF, UNIT


class SaveForm(QWidget):
    """A name, and what comes of it. `taken` says which names there are: one of these is replaced, and the button says so."""

    # (str): save it under this name. UI thread.
    wanted = Signal(str)
    # It is put away. UI thread.
    closed = Signal()

    def __init__(self, name: str, taken: Callable[[], Collection[str]]) -> None:
        super().__init__()
        self.setObjectName(name)
        self._taken = taken
        self.name = QLineEdit()
        self.name.setObjectName(f"{name}-name")
        self.name.setAccessibleName("Name of the filter")
        self.name.setPlaceholderText("Name of the filter")
        self.name.setMaxLength(2 * MAX_NAME)
        self.name.setMaximumWidth(320)
        self.save_button = button(f"{name}-save", "Save")
        self.cancel_button = button(f"{name}-cancel", "Cancel")
        self.problem = Label(look="error", wraps=True)
        self.problem.setObjectName(f"{name}-problem")
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.name, 1)
        row.addWidget(self.save_button)
        row.addWidget(self.cancel_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addLayout(row)
        column.addWidget(self.problem)
        self.name.textChanged.connect(self._tell)
        self.name.returnPressed.connect(self._save)
        self.save_button.clicked.connect(self._save)
        self.cancel_button.clicked.connect(self.close_form)
        self.hide()

    def ask(self, name: str) -> None:
        """Ask for a name, offering this one."""
        self.name.setText(name)
        self.name.selectAll()
        self.set_busy(busy=False)
        self._tell()
        self.show()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_busy(self, *, busy: bool) -> None:
        """It is being saved, or isn't any more."""
        self.name.setReadOnly(busy)
        self.save_button.setEnabled(not busy)

    def show_problem(self, text: str) -> None:
        """Say why it isn't saved; an empty text takes it back."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        self.name.setAccessibleDescription(text)
        if text:
            announce(self.problem, text)

    def close_form(self) -> None:
        """Put it away; nothing is saved."""
        self.hide()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As Qt has it; Enter on a button presses it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.save_button.hasFocus():
                self._save()
            elif self.cancel_button.hasFocus():
                self.close_form()
            return
        super().keyPressEvent(event)

    def _tell(self) -> None:
        self.show_problem("")
        replaces = " ".join(self.name.text().split()) in self._taken()
        self.save_button.setText("Replace" if replaces else "Save")

    def _save(self) -> None:
        if not self.save_button.isEnabled():
            return
        try:
            name = checked_name(self.name.text())
        except FilterError as error:
            self.show_problem(shown(str(error)))
            return
        self.set_busy(busy=True)
        self.wanted.emit(name)
