"""A field with what is wrong about it below: for the forms of the set-up and of the key's dialog."""

from PySide6.QtWidgets import QHBoxLayout, QLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from lumedesk.views.dialogs.dialog import labelled
from lumedesk.views.parts.secret_field import SecretField
from lumedesk.views.parts.text import Label
from lumedesk.views.theme import HALF, UNIT


class Entry(QWidget):
    """A field under its label, and a line below it for what is wrong. Knows nothing of what may stand in the field."""

    def __init__(self, field: QLineEdit, body: QWidget | QLayout) -> None:
        """`body` shows the field with its label."""
        super().__init__()
        self.field = field
        self.problem = Label(look="error", wraps=True)
        self.problem.setObjectName(f"{field.objectName()}-problem")
        self.problem.hide()
        # Beside text that wraps, Qt would rather squeeze the field.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        if isinstance(body, QWidget):
            column.addWidget(body)
        else:
            column.addLayout(body)
        column.addWidget(self.problem)

    def complain(self, words: str) -> None:
        """Say what is wrong with the field; nothing for an empty text."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self.field.setAccessibleDescription(words)


def line_entry(field: QLineEdit, label: str, *beside: QWidget) -> Entry:
    """A plain field under its label, with what belongs beside it."""
    row: QHBoxLayout | None = None
    if beside:
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(field, 1)
        for widget in beside:
            row.addWidget(widget)
    return Entry(field, labelled(label, field, row))


def secret_entry(secret: SecretField) -> Entry:
    """A field for something secret, which brings its own label."""
    return Entry(secret.field, secret)


def line(name: str, hint: str = "") -> QLineEdit:
    """A field for one line; `hint` stands in it while it is empty."""
    made = QLineEdit()
    made.setObjectName(name)
    made.setPlaceholderText(hint)
    return made


def forget(*fields: QLineEdit | SecretField) -> None:
    """Empty these for good: nothing stays shown, and undoing brings nothing back."""
    for each in fields:
        if isinstance(each, SecretField):
            each.clear()
        field = each.field if isinstance(each, SecretField) else each
        # Not QLineEdit.clear alone, which can be undone.
        field.setText("")
