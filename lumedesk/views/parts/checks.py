"""What a test of the connection found: a row for each step, with an icon, a word and what it means."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from lumedesk.domain.text import shown
from lumedesk.views.parts.text import Label, Passage, rule
from lumedesk.views.theme import HALF, UNIT, Look, icon_pixmap
from lumedesk.work.keys import Check, Report, Verdict

# Icon, its colour, the word beside it, and the word's text style.
_SIGNS = {
    Verdict.PASSED: ("circle-check", "done", "Passed", "caption"),
    Verdict.FAILED: ("circle-x", "failed", "Failed", "error"),
    Verdict.WARNED: ("triangle-alert", "waiting", "Warning", "warning"),
    Verdict.SKIPPED: ("circle-help", "faint", "Not tried", "caption"),
}
_ICON = 20
_MAX_WORDS = 600


class CheckRow(QWidget):
    """One step of the test. The icon is never alone: the word says the same."""

    def __init__(self, name: str, check: Check, look: Look) -> None:
        super().__init__()
        self._look = look
        self._sign, self._role, word, style = _SIGNS[check.verdict]
        told = shown(check.words, _MAX_WORDS)
        # What wasn't tried has nothing to add, unless it says why.
        adds = told.rstrip(".") != word
        self.setObjectName(name)
        self.setAccessibleName(f"{check.name}: {word}. {told}" if adds else f"{check.name}: {word}")
        self.icon = Label()
        self.icon.setFixedSize(_ICON, _ICON)
        self.title = Label(shown(check.name, 60), "strong")
        self.title.setObjectName(f"{name}-title")
        self.word = Label(word, style)
        self.word.setObjectName(f"{name}-verdict")
        self.words = Passage(told if adds else "")
        self.words.setObjectName(f"{name}-words")
        self.words.setAccessibleName(f"{check.name}: what was found")
        head = QHBoxLayout()
        head.setSpacing(UNIT)
        head.addWidget(self.title, 1)
        head.addWidget(self.word)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.words)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, UNIT, 0, HALF if adds else UNIT)
        row.setSpacing(UNIT)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        # Only now: without a parent, showing it would open a window.
        self.words.setVisible(adds)
        look.changed.connect(self._paint_icon)
        self._paint_icon()

    def _paint_icon(self) -> None:
        pixmap = icon_pixmap(self._sign, getattr(self._look.colours, self._role), 2 * _ICON)
        pixmap.setDevicePixelRatio(2)
        self.icon.setPixmap(pixmap)


class CheckList(QWidget):
    """Shows a report, its steps in the order in which they were taken; nothing while there is none."""

    def __init__(self, name: str, look: Look) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Result of the test")
        self._look = look
        self._parts: list[QWidget] = []
        self.rows: list[CheckRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.hide()

    def show_report(self, report: Report | None) -> None:
        """Show this report in place of the one before; None shows nothing."""
        for part in self._parts:
            self._column.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._parts, self.rows = [], []
        for at, check in enumerate(report.steps if report else ()):
            if at:
                self._add(rule())
            row = CheckRow(f"{self.objectName()}-{at + 1}", check, self._look)
            self.rows.append(row)
            self._add(row)
        self.setVisible(report is not None)

    def text(self) -> str:
        """All rows as they are read out, a line each."""
        return "\n".join(row.accessibleName() for row in self.rows)

    def _add(self, part: QWidget) -> None:
        self._parts.append(part)
        self._column.addWidget(part)
        part.show()
