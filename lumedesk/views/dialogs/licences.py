"""The parts that LumeDesk is made of, and under which licence each may be used: texts to read, nothing to accept."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from lumedesk.origin import Component
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.text import Label, ReadText
from lumedesk.views.theme import DOUBLE, UNIT, fixed_font

_NOTE = "LumeDesk is made of these parts. Each is its authors' work, under the licence shown beside it."
_NONE = "No licence texts came with this copy."


class LicencesDialog(Dialog):
    """All parts on the left, the text of the one that is chosen on the right."""

    def __init__(self, components: tuple[Component, ...], parent: QWidget | None = None) -> None:
        super().__init__("licences", "Licences", _NOTE if components else _NONE, parent)
        self._components = components
        self.names = QListWidget()
        self.names.setObjectName("licences-parts")
        self.names.setAccessibleName("Parts of LumeDesk")
        self.names.setFixedWidth(280)
        self.names.setWordWrap(True)
        self.names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.names.addItems([each.title for each in components])
        self.licence = Label(look="strong", wraps=True)
        self.licence.setObjectName("licences-licence")
        self.text = ReadText()
        self.text.setObjectName("licences-text")
        self.text.setAccessibleName("Licence text")
        self.text.setFont(fixed_font())
        self.text.setTabChangesFocus(True)
        right = QVBoxLayout()
        right.setSpacing(UNIT)
        right.addWidget(self.licence)
        right.addWidget(self.text, 1)
        row = QHBoxLayout()
        row.setSpacing(DOUBLE)
        row.addWidget(self.names)
        row.addLayout(right, 1)
        self.body.addLayout(row, 1)
        self.close_button.setText("Close")
        self.names.currentRowChanged.connect(self._show)
        self.names.setCurrentRow(0)
        self.names.setFocus()
        self.setMinimumSize(720, 440)
        self.resize(1040, 680)

    def _show(self, row: int) -> None:
        if row < 0:
            return
        component = self._components[row]
        self.licence.setText(f"{component.title}: {component.licence}" if component.licence else component.title)
        self.text.setAccessibleName(f"Licence of {component.title}")
        self.text.setPlainText(component.text())
