"""Shows a support bundle, every word of it, before it is saved where the operator says. Nothing is sent."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QListWidget, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.text import Label, ReadText
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.views.theme import DOUBLE, fixed_font

# (parts, file, owner, done, failed): writes off the UI thread; one of the last two runs on it, once, while owner lives.
Write = Callable[
    [Sequence[tuple[str, str]], Path, QObject, Callable[[object], None], Callable[[DeskError], None]], object
]

_NOTE = (
    "Versions, settings and the end of the logs, for whoever helps you. Keys, secrets and passwords that the desk knows of"
    " are left out. Read the rest before you pass it on. Nothing is sent: the file stays where you save it."
)
_FILE_NAME = "lumedesk-support.zip"


class SupportDialog(Dialog):
    """What will be in the file, part by part; exactly that is saved."""

    def __init__(self, parts: Sequence[tuple[str, str]], write: Write, parent: QWidget | None = None) -> None:
        super().__init__("support", "Support bundle", _NOTE, parent)
        self._parts = tuple(parts)
        self._write = write
        self._file = Path()
        self.names = QListWidget()
        self.names.setObjectName("support-parts")
        self.names.setAccessibleName("Parts of the bundle")
        self.names.setFixedWidth(170)
        self.names.addItems([name for name, _ in self._parts])
        self.text = ReadText()
        self.text.setObjectName("support-text")
        self.text.setFont(fixed_font())
        self.text.setTabChangesFocus(True)
        self.message = Banner("support-message")
        self.save_button = self.add_button("support-save", "Save as…", "primary")
        self.save_button.clicked.connect(self._save)
        self.close_button.setText("Close")
        self._lay_out()
        self.names.currentRowChanged.connect(self._show_part)
        self.names.setCurrentRow(0)
        self.names.setFocus()
        self.setMinimumSize(640, 440)
        self.resize(900, 620)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(DOUBLE)
        row.addWidget(self.names)
        row.addWidget(self.text, 1)
        self.body.addWidget(Label("Shown as it will be saved", "label"))
        self.body.addLayout(row, 1)
        self.body.addWidget(self.message)

    def _show_part(self, row: int) -> None:
        if row < 0:
            return
        name, text = self._parts[row]
        self.text.setAccessibleName(f"Text of {name}")
        self.text.setPlainText(text)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the support bundle", _FILE_NAME, "Zip (*.zip)")
        if not name:
            return
        self.save_button.setEnabled(False)
        self.message.say("")
        self._file = Path(name)
        self._write(self._parts, self._file, self, self._tell_saved, self._tell_failure)

    def _tell_saved(self, _result: object) -> None:
        self.save_button.setEnabled(True)
        self.message.say(f"Saved as {self._file.name}. Only you can read it until you pass it on.", "done")

    def _tell_failure(self, error: DeskError) -> None:
        self.save_button.setEnabled(True)
        self.message.say(explain(error, of_order=True), "failed")
