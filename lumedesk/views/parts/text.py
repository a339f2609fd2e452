"""Labels that show text to the letter. Every label of the desk comes from here: Qt's own guesses rich text."""

import math

from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QPlainTextEdit, QWidget

from lumedesk.views.parts.clipboard import as_mime, copy_text
from lumedesk.views.theme import fixed_font, take_look

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
        take_look(self, look)


class ReadText(QPlainTextEdit):
    """Read-only plain text whose every copy goes through the desk's clipboard; `guards` is what is asked of it there."""

    guards = False

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setPlainText(text)

    def selected_text(self) -> str:
        """What is selected, to the letter. A subclass may take out what it only shows."""
        return _to_the_letter(self.textCursor().selectedText())

    def copy_selection(self) -> None:
        """Put what is selected on the clipboard; nothing when nothing is."""
        if self.textCursor().hasSelection():
            copy_text(self.selected_text(), guard=self.guards)

    def createMimeDataFromSelection(self) -> QMimeData:  # noqa: N802 - Qt's name
        """As Qt has it, for what is dragged or selected by the mouse: to the letter, and out of histories."""
        return as_mime(self.selected_text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As Qt has it, but copies by the desk's clipboard."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy and to select: Qt's own menu would copy past the desk's clipboard."""
        menu = QMenu(self)
        menu.setObjectName(f"{self.objectName()}-menu")
        copy = menu.addAction("Copy", self.copy_selection)
        copy.setEnabled(self.textCursor().hasSelection())
        menu.addAction("Select all", self.selectAll)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())
        event.accept()


class Passage(ReadText):
    """Text that wraps anywhere, is as tall as it needs, and copies to the letter: addresses stay what they are."""

    guards = True

    def __init__(self, text: str, *, fixed: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setProperty("look", "passage")
        self.setFrameShape(QFrame.Shape.NoFrame)
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
        copy_text(_to_the_letter(self.document().toRawText()), guard=self.guards)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As Qt has it; the height follows the number of lines at this width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """As Qt has it; the height follows the font, too."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
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


def _to_the_letter(text: str) -> str:
    """Qt's own plain text makes common spaces of those that don't break."""
    return text.replace("\u2029", "\n").replace("\u2028", "\n")


def rule() -> QFrame:
    """A thin horizontal line."""
    line = QFrame()
    line.setProperty("look", "rule")
    line.setFrameShape(QFrame.Shape.NoFrame)
    return line
