"""How cells are painted: amounts aligned on the decimal sign with quiet trailing zeros, statuses as pills with a word."""

from decimal import Decimal

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from lumedesk.domain.details import DOTS
from lumedesk.domain.money import grouped
from lumedesk.domain.statuses import Status
from lumedesk.models.table import AMOUNT, STATUS
from lumedesk.views.theme import DOUBLE, HALF, SMALL, UNIT, Look, text_font

_Index = QModelIndex | QPersistentModelIndex
_MARGIN = 12
# Beyond this many decimals a column gives up room for them, and its figures end where they end.
_MAX_FRACTION = 8


class AmountDelegate(QStyledItemDelegate):
    """Paints the figure of a column with amounts. The room for decimals follows the longest seen in that column."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._fractions: dict[int, int] = {}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """As Qt has it."""
        value = index.data(AMOUNT)
        paint_background(painter, option)
        colours = self._look.colours
        metrics = QFontMetrics(option.font)
        rect = option.rect.adjusted(_MARGIN, 0, -_MARGIN, 0)
        baseline = rect.center().y() + (metrics.ascent() - metrics.descent()) // 2
        painter.save()
        painter.setFont(option.font)
        if not isinstance(value, Decimal):
            # A dash for what isn't known; dots, the same for every figure, for what is hidden.
            text = str(index.data())
            painter.setPen(QColor(colours.muted if text == DOTS else colours.faint))
            painter.drawText(QPoint(rect.right() - metrics.horizontalAdvance(text), baseline), text)
            painter.restore()
            return
        whole, point, fraction = grouped(value).partition(".")
        telling = fraction.rstrip("0")
        strong = whole + (point + telling if telling else "")
        quiet = fraction[len(telling) :] if telling else point + fraction
        width = metrics.horizontalAdvance(strong) + metrics.horizontalAdvance(quiet)
        room = self._room(index.column(), len(fraction))
        at = rect.right() - (metrics.horizontalAdvance("." + "0" * room) if room else 0)
        left = figure_left(
            option.rect.left() + HALF, rect.right(), at - metrics.horizontalAdvance(whole), rect.right() - width
        )
        if left is None:
            strong, quiet, left = "…", "", rect.right() - metrics.horizontalAdvance("…")
        painter.setPen(QColor(colours.text if value else colours.faint))
        painter.drawText(QPoint(left, baseline), strong)
        painter.setPen(QColor(colours.faint))
        painter.drawText(QPoint(left + metrics.horizontalAdvance(strong), baseline), quiet)
        painter.restore()

    def _room(self, column: int, decimals: int) -> int:
        known = self._fractions.get(column, 2)
        wanted = min(decimals, _MAX_FRACTION)
        if wanted > known:
            self._fractions[column] = known = wanted
            # Rows painted before this one left less room; they are painted again.
            view = self.parent()
            if isinstance(view, QTableView):
                view.viewport().update()
        return max(known, decimals)


def figure_left(edge: int, right: int, aligned: int, pushed: int) -> int | None:
    """Where a figure starts: `aligned` on the decimal sign if that fits between the edges, else `pushed` to the right.

    None where it doesn't fit at all: a figure is shown whole or not at all, one cut short is a wrong one.
    """
    for left in (min(aligned, pushed), pushed):
        if edge <= left <= right:
            return left
    return None


class StatusDelegate(QStyledItemDelegate):
    """Paints a status as a pill: a dot, a word, a tint."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """As Qt has it."""
        paint_background(painter, option)
        status = index.data(STATUS)
        if isinstance(status, Status):
            room = option.rect.adjusted(_MARGIN, 0, -UNIT, 0)
            paint_pill(painter, room, status, self._look)


class TextDelegate(QStyledItemDelegate):
    """Paints plain text with the table's margins, and no focus rectangle around a single cell."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        """As Qt has it."""
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        option.textElideMode = Qt.TextElideMode.ElideRight


def paint_background(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Paint an empty cell of the table's style: selection, hover and rule."""
    empty = QStyleOptionViewItem(option)
    empty.text = ""
    empty.state = option.state & ~QStyle.StateFlag.State_HasFocus
    option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, empty, painter, option.widget)


def pill_size(text: str) -> tuple[int, int]:
    """Width and height of a pill with `text`."""
    metrics = QFontMetrics(text_font(SMALL, QFont.Weight.Medium))
    return metrics.horizontalAdvance(text) + DOUBLE + UNIT + HALF, metrics.height() + 6


def paint_pill(painter: QPainter, room: QRect, status: Status, look: Look) -> None:
    """Paint `status` at the left of `room`, centred in height; a word too long for it is cut with an ellipsis."""
    ink, tint = look.colours.tone(status.tone)
    font = text_font(SMALL, QFont.Weight.Medium)
    metrics = QFontMetrics(font)
    width, height = pill_size(status.label)
    width = min(width, room.width())
    pill = QRectF(room.left(), room.center().y() - height / 2 + 1, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawRoundedRect(pill, height / 2, height / 2)
    painter.setBrush(ink)
    painter.drawEllipse(QRectF(pill.left() + UNIT, pill.center().y() - 3, 6, 6))
    painter.setPen(ink)
    painter.setFont(font)
    words = pill.adjusted(UNIT + 6 + HALF + 1, 0, -UNIT, 0)
    text = metrics.elidedText(status.label, Qt.TextElideMode.ElideRight, int(words.width()) + 1)
    painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
    painter.restore()
