"""The ring that empties as a quote runs out. It paints what it is told; it measures no time itself."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from lumedesk.views.theme import FIGURE, Look, text_font

_SIDE = 104
_STROKE = 8
_FULL_TURN = 360 * 16
_TOP = 90 * 16


class CountdownRing(QWidget):
    """Shows the share of a time limit that is left, and the seconds in digits. The last third changes colour."""

    def __init__(self, name: str, look: Look) -> None:
        super().__init__()
        self.setObjectName(name)
        self._look = look
        self._share = 0.0
        self._text = ""
        self._turn: float | None = None
        self._is_stopped = False
        self.setFixedSize(_SIDE, _SIDE)
        look.changed.connect(self.update)

    def show_left(self, left_s: float, whole_s: float) -> None:
        """Show `left_s` of `whole_s` seconds."""
        share = min(1.0, left_s / whole_s) if whole_s > 0 else 0.0
        # Rounded up: "1" stands until the very end, "0" only when it is over.
        self._show(share, str(-int(-left_s // 1)), None)
        self.setAccessibleName(f"{self._text} seconds left")

    def show_waiting(self, turn: float) -> None:
        """Show that something is awaited for an unknown time; `turn` counts the turns of the arc."""
        self._show(0.0, "", turn)
        self.setAccessibleName("Waiting for a price")

    def stop(self) -> None:
        """Stay as it is, in the colour of something that is over."""
        self._is_stopped = True
        self.setAccessibleName("Stopped")
        self.update()

    def text(self) -> str:
        """The digits shown."""
        return self._text

    def sizeHint(self) -> QSize:
        """As Qt has it."""
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt has it."""
        colours = self._look.colours
        ink = colours.accent if self._share > 1 / 3 else colours.waiting if self._share > 0 else colours.faint
        if self._is_stopped:
            ink = colours.faint
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(self.rect()).adjusted(_STROKE, _STROKE, -_STROKE, -_STROKE)
        painter.setPen(QPen(QColor(colours.sunken), _STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawEllipse(circle)
        if self._turn is not None:
            self._draw_arc(painter, circle, colours.accent, _TOP - round(_FULL_TURN * self._turn), _FULL_TURN // 4)
        elif self._share > 0:
            self._draw_arc(painter, circle, ink, _TOP, round(_FULL_TURN * self._share))
        painter.setPen(QColor(colours.text if self._share > 1 / 3 and not self._is_stopped else ink))
        painter.setFont(text_font(FIGURE, QFont.Weight.DemiBold))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._text)
        painter.end()

    def _draw_arc(self, painter: QPainter, circle: QRectF, ink: str, start: int, span: int) -> None:
        painter.setPen(QPen(QColor(ink), _STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(circle, start, span)

    def _show(self, share: float, text: str, turn: float | None) -> None:
        self._share, self._text, self._turn, self._is_stopped = share, text, turn, False
        self.update()
