"""The button that sends: one press, a hold, or two steps. Enter never presses it, whatever the platform makes of Enter."""

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QPushButton

from lumedesk.views.parts.announce import announce
from lumedesk.views.theme import Look

HOLD_S = 0.8
# The second step comes no sooner, so that a double click is one step, and no later.
STEP_FROM_S = 0.4
STEP_UNTIL_S = 5.0
_REPAINT_MS = 25
_BAR = 5
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Press(Enum):
    """How the button is pressed."""

    CLICK = "click"
    HOLD = "hold"
    TWO_STEP = "two-step"


class ConfirmButton(QPushButton):
    """Ask it how with `ask_for`. What a hold takes is measured on the clock handed in; the timer only repaints."""

    # Pressed as asked for. UI thread; at most once per press.
    confirmed = Signal()

    def __init__(self, name: str, look: Look, ticks: Callable[[], float]) -> None:
        super().__init__("Confirm")
        self.setObjectName(name)
        self.setProperty("look", "primary")
        self.setAutoDefault(False)
        self._look = look
        self._ticks = ticks
        self._press = Press.CLICK
        self._held_from: float | None = None
        self._stepped_at: float | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_REPAINT_MS)
        self._timer.timeout.connect(self._tick)
        self.clicked.connect(self._take_click)
        self._tell()

    @property
    def is_engaged(self) -> bool:
        """True while a hand is on it, or over it: what it confirms must not change now."""
        return self.isVisible() and (self._held_from is not None or self.isDown() or self.underMouse())

    @property
    def is_held(self) -> bool:
        """True while a hold is under way."""
        return self._held_from is not None

    def ask_for(self, press: Press) -> None:
        """From now on it is pressed like this."""
        if press is not self._press:
            self.let_go()
            self._press = press
        self._tell()

    def let_go(self) -> None:
        """Forget a hold or a first step that isn't complete."""
        self._timer.stop()
        if self._held_from is not None:
            self.setDown(False)
        self._held_from = self._stepped_at = None
        self._tell()
        self.update()

    def share(self) -> float:
        """How much of the hold is done, 0 to 1."""
        return 0.0 if self._held_from is None else min(1.0, round((self._ticks() - self._held_from) / HOLD_S, 6))

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """As Qt has it, but for a hold."""
        if self._press is not Press.HOLD:
            super().mousePressEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._begin()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Nothing: the second press of a double click may have been meant for what stood here before."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """As Qt has it; a hold ends where the button ends."""
        if self._press is not Press.HOLD:
            super().mouseMoveEvent(event)
        elif not self.rect().contains(event.position().toPoint()):
            self.let_go()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """As Qt has it, but for a hold."""
        if self._press is not Press.HOLD:
            super().mouseReleaseEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space presses and holds. Enter does nothing: some platforms would press the button with it."""
        if event.key() in _ENTER:
            event.accept()
        elif event.key() != Qt.Key.Key_Space or self._press is not Press.HOLD:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self._begin()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """As Qt has it, but for a hold."""
        if event.key() != Qt.Key.Key_Space or self._press is not Press.HOLD:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._end()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """As Qt has it; the hold ends."""
        self.let_go()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """As Qt has it; the hold ends."""
        self.let_go()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """As Qt has it; disabled, the hold ends."""
        if event.type() == QEvent.Type.EnabledChange and not self.isEnabled():
            self.let_go()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As Qt has it, with the hold's progress over it."""
        super().paintEvent(event)
        share = self.share()
        if share <= 0:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setClipPath(shape)
        # Under the label, so that it stays readable.
        bar = QRectF(0, self.height() - _BAR, self.width() * share, _BAR)
        painter.fillRect(bar, QColor(self._look.colours.on_accent))
        painter.end()

    # What comes of it

    def _begin(self) -> None:
        self._held_from = self._ticks()
        self.setDown(True)
        self._timer.start()
        self.update()

    def _end(self) -> None:
        # The last repaint may have been a moment before the hold was complete.
        if self.share() >= 1.0:
            self._fire()
        else:
            self.let_go()

    def _take_click(self) -> None:
        # In a hold only assistive technology gets here, and it can't hold: it takes two steps.
        if self._press is Press.CLICK:
            self._fire()
            return
        now = self._ticks()
        if self._stepped_at is None or now - self._stepped_at > STEP_UNTIL_S:
            self._stepped_at = now
            self._timer.start()
            self._tell()
            announce(self, "Press once more to confirm.", urgent=True)
        elif now - self._stepped_at >= STEP_FROM_S:
            self._fire()

    def _fire(self) -> None:
        self.let_go()
        if self.isEnabled() and self.isVisible():
            self.confirmed.emit()

    def _tick(self) -> None:
        if self._held_from is not None:
            self.update()
            if self.share() >= 1.0:
                self._fire()
        elif self._stepped_at is None or self._ticks() - self._stepped_at > STEP_UNTIL_S:
            self.let_go()

    def _tell(self) -> None:
        words = {Press.CLICK: "Confirm", Press.HOLD: "Hold to confirm", Press.TWO_STEP: "Confirm"}[self._press]
        if self._stepped_at is not None:
            words = "Press again to confirm"
        how = {
            Press.CLICK: "",
            Press.HOLD: "Hold the button or the Space key until it has filled. A screen reader's press takes two steps.",
            Press.TWO_STEP: "Press twice: the second press confirms.",
        }[self._press]
        self.setText(words)
        self.setAccessibleName(words)
        self.setAccessibleDescription(how)
