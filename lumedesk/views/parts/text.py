"""Labels that show text to the letter. Every label of the desk comes from here: Qt's own guesses rich text."""

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QWidget

from lumedesk.views.theme import fixed_font

_ABOVE_AND_BELOW = 5


class Label(QLabel):
    """Plain text by construction; `look` names a text style of the style sheet."""

    def __init__(self, text: str = "", look: str = "", *, wraps: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setWordWrap(wraps)
        if look:
            self.setProperty("look", look)

    def setTextFormat(self, text_format: Qt.TextFormat) -> None:  # noqa: N802
        """Refuse anything but plain text."""
        if text_format != Qt.TextFormat.PlainText:
            raise ValueError("labels of the desk are plain text")
        super().setTextFormat(text_format)

    def set_look(self, look: str) -> None:
        """Change the text style."""
        if self.property("look") != look:
            self.setProperty("look", look)
            self.style().unpolish(self)
            self.style().polish(self)


class Passage(QPlainTextEdit):
    """Read-only text that wraps anywhere, is as tall as it needs, and copies to the letter: addresses stay what they are."""

    def __init__(self, text: str, *, fixed: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "passage")
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(0)
        self.setViewportMargins(0, _ABOVE_AND_BELOW, 0, _ABOVE_AND_BELOW)
        if fixed:
            self.setFont(fixed_font())
        self.setPlainText(text)
        self._fit()

    def copy_all(self) -> None:
        """Put the whole text on the clipboard."""
        QGuiApplication.clipboard().setText(self.toPlainText())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As Qt has it; the height follows the number of lines at this width."""
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the pane around: the text is whole already."""
        event.ignore()

    def _fit(self) -> None:
        # As laid out: lines are taller than the font's own spacing where that isn't a whole number.
        height = 0.0
        block = self.document().begin()
        while block.isValid():
            height += self.blockBoundingRect(block).height()
            block = block.next()
        # Where the last line ends exactly at the edge, Qt takes it for cut off and lets the text scroll.
        self.setFixedHeight(math.ceil(height) + 1 + 2 * _ABOVE_AND_BELOW)


def rule() -> QFrame:
    """A thin horizontal line."""
    line = QFrame()
    line.setProperty("look", "rule")
    line.setFrameShape(QFrame.Shape.NoFrame)
    return line
