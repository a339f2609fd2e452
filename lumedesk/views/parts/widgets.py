"""Small widgets used on many screens: buttons, a chooser, a search field, a card, banners and the state of a page."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.statuses import Status
from lumedesk.domain.text import shown
from lumedesk.models.table import plain_tooltip
from lumedesk.views.parts.cells import paint_pill, pill_size
from lumedesk.views.parts.text import Label
from lumedesk.views.theme import DOUBLE, UNIT, Look, icon_pixmap, take_look

# What the advice on an error promises of reads. Beside an order it would say that money is being sent again.
_PROMISES = ("The desk keeps trying.", "The desk slows down by itself.")


def button(name: str, text: str, look: str = "", *, hint: str = "") -> QPushButton:
    """A push button; `look` "primary" marks the one main action. It is never pressed by Enter elsewhere in a dialog."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setAutoDefault(False)
    if look:
        made.setProperty("look", look)
    if hint:
        made.setAccessibleDescription(hint)
    return made


class IconButton(QToolButton):
    """A button with only an icon; `purpose` is its tooltip and what a screen reader says."""

    def __init__(self, name: str, icon: str, purpose: str, look: Look) -> None:
        super().__init__()
        self._icon_name = icon
        self._look = look
        self.setObjectName(name)
        self.setIconSize(QSize(16, 16))
        self.setToolTip(plain_tooltip(purpose))
        self.setAccessibleName(purpose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._paint()
        look.changed.connect(self._paint)

    def _paint(self) -> None:
        self.setIcon(self._look.icon(self._icon_name))


class Chooser(QComboBox):
    """A drop-down that shows (label, value) pairs."""

    def __init__(self, name: str, purpose: str, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName(name)
        self.setAccessibleName(purpose)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view().setObjectName(f"{name}-list")
        self.view().setAccessibleName(purpose)

    def offer(self, choices: list[tuple[str, str]]) -> None:
        """Offer these, keeping the one that is chosen where it still is among them; nothing is signalled if so."""
        if choices == [(self.itemText(at), self.itemData(at)) for at in range(self.count())]:
            return
        chosen = self.currentData()
        self.blockSignals(True)  # noqa: FBT003
        self.clear()
        for label, value in choices:
            self.addItem(label, value)
        at = self.findData(chosen)
        self.setCurrentIndex(max(0, at))
        self.blockSignals(False)  # noqa: FBT003
        if at < 0 and chosen is not None:
            self.currentIndexChanged.emit(0)

    def value(self) -> str:
        """The chosen value; empty when nothing is offered."""
        return str(self.currentData() or "")

    def choose(self, value: str) -> None:
        """Choose `value` if it is offered."""
        at = self.findData(value)
        if at >= 0:
            self.setCurrentIndex(at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what scrolls: a choice must not change because the pointer rests on it."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As Qt has it, with a chevron in the theme's colour."""
        super().paintEvent(event)
        painter = QPainter(self)
        pixmap = icon_pixmap("chevron-down", self._look.colours.muted, 32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(QRectF(self.width() - 24, (self.height() - 16) / 2, 16, 16), pixmap, QRectF(0, 0, 32, 32))


class SearchField(QLineEdit):
    """A quick filter."""

    def __init__(self, name: str, hint: str, look: Look) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(220)
        self._look = look
        self._glass = self.addAction(look.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        look.changed.connect(self._paint)

    def _paint(self) -> None:
        self._glass.setIcon(self._look.icon("search"))


class Card(QFrame):
    """A surface with a border; `inner` is its layout."""

    def __init__(self, look: str = "card", margin: int = DOUBLE) -> None:
        super().__init__()
        self.setProperty("look", look)
        self.inner = QVBoxLayout(self)
        self.inner.setContentsMargins(margin, margin, margin, margin)
        self.inner.setSpacing(UNIT)


class Pill(QWidget):
    """One status, as in the tables."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._status: Status | None = None
        look.changed.connect(self.update)

    def show_status(self, status: Status | None) -> None:
        """Show `status`; None shows nothing."""
        self._status = status
        self.setAccessibleName(status.label if status else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As Qt has it."""
        return QSize(*pill_size(self._status.label)) if self._status else QSize(0, 0)

    def minimumSizeHint(self) -> QSize:
        """As Qt has it."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt has it."""
        if self._status is not None:
            paint_pill(QPainter(self), self.rect(), self._status, self._look)


class Banner(QFrame):
    """A line across the page about something the operator should know, with at most one thing to do about it."""

    def __init__(self, name: str, action: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self._words = Label(wraps=True)
        self._words.setObjectName(f"{name}-text")
        self.button = button(f"{name}-action", action or "OK")
        if not action:
            # Never the other way: what is shown before it has a parent opens as a window of its own.
            self.button.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(DOUBLE, UNIT, UNIT, UNIT)
        row.setSpacing(DOUBLE)
        row.addWidget(self._words, 1)
        row.addWidget(self.button)
        self.hide()

    def say(self, text: str, tone: str = "warning") -> None:
        """Show `text`; an empty one hides the banner."""
        self._words.setMinimumHeight(0)
        self._words.setText(text)
        if text:
            self._words.set_look({"failed": "error", "warning": "warning"}.get(tone, ""))
            self._words.setMinimumHeight(max(0, self._words.heightForWidth(self._words.width())))
            take_look(self, f"{tone}-banner")
        self.setVisible(bool(text))

    def text(self) -> str:
        """What is being said."""
        return self._words.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As Qt has it; a small dialog grows rather than cut a line off."""
        super().resizeEvent(event)
        self._words.setMinimumHeight(max(0, self._words.heightForWidth(self._words.width())))


class StatePane(QWidget):
    """What a page shows in place of rows: loading, empty, nothing found, or failed, each with a way on."""

    def __init__(self, name: str, look: Look) -> None:
        super().__init__()
        self.setObjectName(name)
        self._look = look
        self._icon_name = "inbox"
        self._icon = Label()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = Label(look="heading")
        self._title.setObjectName(f"{name}-title")
        self._advice = Label(look="muted", wraps=True)
        self._advice.setObjectName(f"{name}-advice")
        self._advice.setMaximumWidth(460)
        self.button = button(f"{name}-action", "Try again")
        self._call: Callable[[], object] | None = None
        self.button.clicked.connect(self._act)
        column = QVBoxLayout(self)
        column.setSpacing(UNIT)
        column.addStretch(2)
        for widget in (self._icon, self._title, self._advice, self.button):
            if isinstance(widget, Label):
                widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        look.changed.connect(self._paint_icon)

    def say(
        self, icon: str, title: str, advice: str, action: str = "", call: Callable[[], object] | None = None
    ) -> None:
        """Show this state; without `action` there is no button."""
        self._icon_name = icon
        self._paint_icon()
        self._title.setText(title)
        self._advice.setText(advice)
        if action:
            self.button.setText(action)
        self.button.setVisible(bool(action))
        self._call = call
        # A label that wraps needs its height told once its width is known.
        width = min(460, max(240, self._advice.fontMetrics().horizontalAdvance(advice) + UNIT))
        self._advice.setFixedWidth(width)
        self._advice.setMinimumHeight(self._advice.heightForWidth(width))

    def _act(self) -> None:
        if self._call is not None:
            self._call()

    def _paint_icon(self) -> None:
        pixmap = icon_pixmap(self._icon_name, self._look.colours.faint, 80)
        pixmap.setDevicePixelRatio(2)
        self._icon.setPixmap(pixmap)


def explain(error: DeskError, *, of_order: bool = False) -> str:
    """A failure in a few lines: what, what to do, and the server's own words and reference.

    `of_order`: it was something the operator asked for, which is never tried again by itself.
    """
    advice = error.advice
    for promise in _PROMISES if of_order else ():
        advice = advice.replace(promise, "").strip()
    lines = [error.title + ".", *([advice] if advice else [])]
    lines += [f"{shown(each.field, 60)}: {shown(each.message, 300)}" for each in error.fields[:10]]
    if error.detail and not error.fields:
        lines.append(f"Details: {shown(error.detail, 300)}")
    if error.request_id:
        lines.append(f"Request id: {shown(error.request_id, 80)}")
    return "\n".join(lines)
