"""A QR code of a deposit address."""

import segno
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

_SIDE = 168
_QUIET = 4
_MAX_TEXT = 1_000


class QrCode(QWidget):
    """Always dark on white with its quiet zone, whatever the theme: scanners need that."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("QR code of the address")
        self._matrix: tuple[bytearray, ...] = ()
        self.setFixedSize(_SIDE, _SIDE)

    def show_text(self, text: str) -> None:
        """Encode exactly `text`; nothing is shown for an empty or overlong one."""
        fits = 0 < len(text) <= _MAX_TEXT
        self._matrix = segno.make(text, error="m", micro=False).matrix if fits else ()
        self.setVisible(fits)
        self.update()

    def sizeHint(self) -> QSize:
        """As Qt has it."""
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt has it."""
        if not self._matrix:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        module = _SIDE / (len(self._matrix) + 2 * _QUIET)
        for y, row in enumerate(self._matrix):
            for x, dark in enumerate(row):
                if dark:
                    # A hair wider than a module, so that no light seam shows between neighbours.
                    at = QRectF((x + _QUIET) * module, (y + _QUIET) * module, module + 0.4, module + 0.4)
                    painter.fillRect(at, Qt.GlobalColor.black)
        painter.end()
