"""A field for what must not be seen: passphrases and API secrets."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from lumedesk.domain.credentials import Secret
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import HALF, UNIT


class SecretField(QWidget):
    """A field for something secret, shown only while its button is pressed in. What it holds can't be copied out of it."""

    def __init__(self, name: str, purpose: str) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setObjectName(name)
        self.field.setAccessibleName(purpose)
        self.field.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.field.setDragEnabled(False)
        self.show_button = button(f"{name}-show", "Show")
        self.show_button.setCheckable(True)
        self.show_button.setAccessibleName(f"Show what is typed: {purpose}")
        self.setFocusProxy(self.field)
        # Beside text that wraps, Qt would rather squeeze the field.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        label = Label(purpose, "label")
        label.setBuddy(self.field)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.field, 1)
        row.addWidget(self.show_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addWidget(label)
        column.addLayout(row)
        self.show_button.toggled.connect(self._show_text)
        self.field.selectionChanged.connect(self._refuse_selection)
        self._show_text(shown=False)

    def text(self) -> str:
        """What is typed, to be counted and compared."""
        return self.field.text()

    def secret(self) -> Secret:
        """What is typed, to be handed on."""
        return Secret(self.field.text())

    def clear(self) -> None:
        """Forget what is typed, and hide what comes next."""
        # clear() could be undone, and what was typed would be back; this takes the history along.
        self.field.setText("")
        self.show_button.setChecked(False)

    def _show_text(self, shown: bool) -> None:
        modes = QLineEdit.EchoMode
        self.field.setEchoMode(modes.Normal if shown else modes.Password)
        hints = Qt.InputMethodHint
        # Qt sets hints of its own with the mode; these hold in both.
        self.field.setInputMethodHints(
            hints.ImhSensitiveData | hints.ImhHiddenText | hints.ImhNoPredictiveText | hints.ImhNoAutoUppercase
        )
        self.show_button.setText("Hide" if shown else "Show")
        self._refuse_selection()

    def _refuse_selection(self) -> None:
        # What is selected could be copied or dragged, and on X11 is on the clipboard at once.
        if self.show_button.isChecked() and self.field.hasSelectedText():
            self.field.deselect()
