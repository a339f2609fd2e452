"""What the desk's dialogs share: a title, a body, a foot with buttons, and no button that Enter presses by accident."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import DOUBLE, HALF, TRIPLE, UNIT


class Dialog(QDialog):
    """A modal dialog. Enter does nothing of its own: what moves money is only ever pressed on purpose."""

    def __init__(self, name: str, title: str, subtitle: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setModal(True)
        self.heading = Label(title, "title")
        self.heading.setObjectName(f"{name}-title")
        self.subtitle = Label(subtitle, "muted", wraps=True)
        self.subtitle.setObjectName(f"{name}-subtitle")
        words = QVBoxLayout()
        words.setSpacing(HALF)
        words.addWidget(self.heading)
        words.addWidget(self.subtitle)
        self.body = QVBoxLayout()
        self.body.setSpacing(DOUBLE)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(UNIT)
        self.close_button = button(f"{name}-close", "Cancel")
        self.close_button.clicked.connect(self.reject)
        self.foot.addWidget(self.close_button)
        self.foot.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(TRIPLE, TRIPLE, TRIPLE, TRIPLE)
        whole.setSpacing(DOUBLE)
        whole.addLayout(words)
        whole.addLayout(self.body, 1)
        whole.addLayout(self.foot)

    def add_button(self, name: str, text: str, look: str = "") -> QPushButton:
        """Put a button at the right of the foot."""
        made = button(name, text, look)
        self.foot.addWidget(made)
        return made

    def keep_place(self, button: QPushButton) -> None:
        """Leave a hidden button's place empty: a click too many there must not land on another button."""
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As Qt has it, less Enter."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)


def labelled(text: str, field: QWidget, row: QLayout | None = None) -> QVBoxLayout:
    """A field under its label, which is its accessible name too; `row` is laid out there when the field isn't alone."""
    label = Label(text, "label")
    label.setBuddy(field)
    field.setAccessibleName(text)
    column = QVBoxLayout()
    column.setSpacing(HALF)
    column.addWidget(label)
    if row is None:
        column.addWidget(field)
    else:
        column.addLayout(row)
    return column
