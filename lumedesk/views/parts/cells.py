"""How cells are painted: amounts aligned on the decimal sign with quiet trailing zeros, statuses as pills with a word.

Each cell of a table is painted by Python, so what a cell costs is what scrolling costs: no index and no option is made for it,
texts are measured once, and colours and fonts are made once.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyleOptionViewItem

from lumedesk.domain.details import DOTS
from lumedesk.domain.statuses import Status, Tone
from lumedesk.models.table import Column, Mark, Shown
from lumedesk.models.texts import NOTHING
from lumedesk.views.theme import DOUBLE, HALF, SMALL, UNIT, Look, text_font

ROW_HEIGHT = 38
_MARGIN = 12
# Beyond this many decimals a column gives up room for them, and its figures end where they end.
_MAX_FRACTION = 8
_MAX_MEASURED = 20_000
_MAX_PILLS = 256
_SIGN = 14
# Hoisted, as all that is looked up for each cell.
_ELIDE = Qt.TextElideMode.ElideRight
_ANTIALIASED = QPainter.RenderHint.Antialiasing
_LEFT_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class Cells:
    """Paints the cells of one column: plain text, muted where the record is marked. The painter has the font set already."""

    def __init__(self, look: Look, at: int) -> None:
        """`at` is the column's place among the texts of a row."""
        self.look = look
        self.at = at
        self._metrics = QFontMetrics(QFont())
        # From a row's top to where text stands in the middle of its height.
        self._baseline = 0
        self._widths: dict[str, int] = {}
        # Texts too long for their cell, with its width; and what of them is written.
        self._cut: dict[tuple[str, int], str] = {}
        self.use(QFont())

    def use(self, font: QFont) -> None:
        """The font of what is painted from now on."""
        self._metrics = QFontMetrics(font)
        self._baseline = (ROW_HEIGHT - 1) // 2 + (self._metrics.ascent() - self._metrics.descent()) // 2
        self._widths.clear()
        self._cut.clear()

    def paint(self, painter: QPainter, left: int, top: int, width: int, row: Shown) -> None:
        """Paint the row's cell, on the background that is there."""
        text = row.texts[self.at]
        if text:
            colours = self.look.colours
            self.write(painter, left, top, width, text, colours.text if row.mark is None else colours.muted)

    def width(self, text: str) -> int:
        """How wide a text is in this font."""
        width = self._widths.get(text)
        if width is None:
            if len(self._widths) > _MAX_MEASURED:
                self._widths.clear()
            width = self._widths[text] = self._metrics.horizontalAdvance(text)
        return width

    def write(self, painter: QPainter, left: int, top: int, width: int, text: str, colour: str) -> None:
        """Write a line of text from the left margin on, cut with an ellipsis where it is too long."""
        room = width - 2 * _MARGIN
        if self.width(text) > room:
            text = self._cut.get((text, room)) or self._cut_to(text, room)
        painter.setPen(_ink(colour))
        painter.drawText(left + _MARGIN, top + self._baseline, text)

    def _cut_to(self, text: str, room: int) -> str:
        if len(self._cut) > _MAX_MEASURED:
            self._cut.clear()
        cut = self._cut[text, room] = self._metrics.elidedText(text, _ELIDE, room)
        return cut


class _Figure(NamedTuple):
    """An amount's text, taken apart where its trailing zeros begin; and how wide the parts are."""

    strong: str
    quiet: str
    to_point: int
    strong_width: int
    width: int
    decimals: int
    is_zero: bool


class AmountCells(Cells):
    """Paints figures. The room for decimals follows the longest seen in the column."""

    def __init__(self, look: Look, at: int) -> None:
        self._figures: dict[str, _Figure] = {}
        self._decimals = 2
        super().__init__(look, at)

    def use(self, font: QFont) -> None:
        """As all cells do."""
        super().use(font)
        self._figures.clear()

    def make_room(self, rows: Iterable[Shown]) -> bool:
        """These rows are about to be painted. Shape: whether figures painted before left less room for decimals."""
        before = self._decimals
        for row in rows:
            text = row.texts[self.at]
            if text and text[-1].isdecimal():
                self._decimals = max(self._decimals, min(self._figure(text).decimals, _MAX_FRACTION))
        return self._decimals > before

    def paint(self, painter: QPainter, left: int, top: int, width: int, row: Shown) -> None:
        """Paint the row's figure whole, or an ellipsis where it doesn't fit."""
        text = row.texts[self.at]
        if not text:
            return
        colours = self.look.colours
        baseline, right = top + self._baseline, left + width - 1 - _MARGIN
        if not text[-1].isdecimal():
            # A dash for what isn't known; dots, the same for every figure, for what is hidden.
            painter.setPen(_ink(colours.muted if text == DOTS else colours.faint))
            painter.drawText(right - self.width(text), baseline, text)
            return
        figure = self._figure(text)
        room = max(self._decimals, figure.decimals)
        aligned = right - self.width("." + "0" * room) - figure.to_point
        start = figure_left(left + HALF, right, aligned, right - figure.width)
        ink = colours.faint if figure.is_zero else colours.text if row.mark is None else colours.muted
        painter.setPen(_ink(ink))
        if start is None:
            painter.drawText(right - self.width("…"), baseline, "…")
            return
        painter.drawText(start, baseline, figure.strong)
        if figure.quiet:
            painter.setPen(_ink(colours.faint))
            painter.drawText(start + figure.strong_width, baseline, figure.quiet)

    def _figure(self, text: str) -> _Figure:
        return self._figures.get(text) or self._taken_apart(text)

    def _taken_apart(self, text: str) -> _Figure:
        whole, point, fraction = text.partition(".")
        telling = fraction.rstrip("0")
        strong = whole + (point + telling if telling else "")
        quiet = fraction[len(telling) :] if telling else point + fraction
        width = self._metrics.horizontalAdvance
        to_point = width(whole)
        strong_width = width(strong) if telling else to_point
        if len(self._figures) > _MAX_MEASURED:
            self._figures.clear()
        self._figures[text] = figure = _Figure(
            strong,
            quiet,
            to_point,
            strong_width,
            strong_width + width(quiet) if quiet else strong_width,
            len(fraction),
            not text.strip("-0.,"),
        )
        return figure


def figure_left(edge: int, right: int, aligned: int, pushed: int) -> int | None:
    """Where a figure starts: `aligned` on the decimal sign if that fits between the edges, else `pushed` to the right.

    None where it doesn't fit at all: a figure is shown whole or not at all, one cut short is a wrong one.
    """
    for left in (min(aligned, pushed), pushed):
        if edge <= left <= right:
            return left
    return None


class StatusCells(Cells):
    """Paints a status as a pill: a dot, a word, a tint. A mark on the record is a sign at the right of it."""

    def __init__(self, look: Look, at: int) -> None:
        super().__init__(look, at)
        # Pills as they were painted in these colours: there are few, and each takes long.
        self._pills: dict[tuple[str, Tone, int, float], QPixmap] = {}
        self._colours = look.colours

    def paint(self, painter: QPainter, left: int, top: int, width: int, row: Shown) -> None:
        """Paint the row's status, or a dash where it hasn't got one, and its mark."""
        room = QRect(left + _MARGIN, top, width - _MARGIN - UNIT, ROW_HEIGHT)
        if row.mark is not None:
            place = QRectF(room.right() - _SIGN, room.center().y() - _SIGN / 2 + 1, _SIGN, _SIGN)
            paint_sign(painter, place, row.mark, self.look)
            room.setWidth(room.width() - _SIGN - HALF)
        if row.status is not None:
            scale = painter.device().devicePixelRatioF()
            painter.drawPixmap(room.topLeft(), self._pill(row.status, room.width(), scale))
        elif row.texts[self.at] == NOTHING:
            self.write(painter, left, top, width, NOTHING, self.look.colours.faint)

    def _pill(self, status: Status, width: int, scale: float) -> QPixmap:
        if self._colours is not self.look.colours:
            self._colours = self.look.colours
            self._pills.clear()
        key = (status.label, status.tone, width, scale)
        pill = self._pills.get(key)
        if pill is None:
            if len(self._pills) > _MAX_PILLS:
                self._pills.clear()
            width = max(1, min(width, _pill_size(status.label)[0]))
            pill = self._pills[key] = QPixmap(ceil(width * scale), ceil(ROW_HEIGHT * scale))
            pill.setDevicePixelRatio(scale)
            pill.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pill)
            paint_pill(painter, QRect(0, 0, width, ROW_HEIGHT), status, self.look)
            painter.end()
        return pill


def cells_of(column: Column[Any], at: int, look: Look) -> Cells:
    """What paints this column, which is at place `at`."""
    kind = AmountCells if column.amount is not None else StatusCells if column.status is not None else Cells
    return kind(look, at)


def paint_background(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Paint an empty cell as the style has it, for lists whose cells show hovering."""
    # Only here: its names take 5 ms to load, and no table needs them.
    from PySide6.QtWidgets import QStyle

    empty = QStyleOptionViewItem(option)
    empty.text = ""
    empty.state = option.state & ~QStyle.StateFlag.State_HasFocus
    option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, empty, painter, option.widget)


def paint_sign(painter: QPainter, place: QRectF, mark: Mark, look: Look) -> None:
    """Paint what marks a record: a crossed ring for one that is gone, an exclamation mark in a ring for one altered."""
    middle = place.center()
    painter.save()
    painter.setRenderHint(_ANTIALIASED)
    painter.setPen(QPen(_ink(look.colours.failed), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(place.adjusted(1, 1, -1, -1))
    if mark.gone_at is not None:
        reach = place.width() / 2 * 0.6
        painter.drawLine(
            QPointF(middle.x() - reach, middle.y() + reach), QPointF(middle.x() + reach, middle.y() - reach)
        )
    else:
        painter.drawLine(QPointF(middle.x(), middle.y() - 3.5), QPointF(middle.x(), middle.y() + 0.5))
        painter.drawPoint(QPointF(middle.x(), middle.y() + 3))
    painter.restore()


def pill_size(text: str) -> tuple[int, int]:
    """Width and height of a pill with `text`."""
    _, metrics = _pill_font()
    return metrics.horizontalAdvance(text) + DOUBLE + UNIT + HALF, metrics.height() + 6


def paint_pill(painter: QPainter, room: QRect, status: Status, look: Look) -> None:
    """Paint `status` at the left of `room`, centred in height; a word too long for it is cut with an ellipsis."""
    ink, tint = look.colours.tone(status.tone)
    font, metrics = _pill_font()
    width, height = _pill_size(status.label)
    width = min(width, room.width())
    pill = QRectF(room.left(), room.center().y() - height / 2 + 1, width, height)
    painter.save()
    painter.setRenderHint(_ANTIALIASED)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawRoundedRect(pill, height / 2, height / 2)
    painter.setBrush(ink)
    painter.drawEllipse(QRectF(pill.left() + UNIT, pill.center().y() - 3, 6, 6))
    painter.setPen(ink)
    painter.setFont(font)
    words = pill.adjusted(UNIT + 6 + HALF + 1, 0, -UNIT, 0)
    text = metrics.elidedText(status.label, _ELIDE, int(words.width()) + 1)
    painter.drawText(words, _LEFT_MIDDLE, text)
    painter.restore()


@lru_cache(1)
def _pill_font() -> tuple[QFont, QFontMetrics]:
    font = text_font(SMALL, QFont.Weight.Medium)
    return font, QFontMetrics(font)


_pill_size = lru_cache(256)(pill_size)


@lru_cache(64)
def _ink(name: str) -> QColor:
    return QColor(name)
