"""What is being filtered by, as chips: each says one thing that narrows the table, and takes it away again."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from lumedesk.models.table import plain_tooltip
from lumedesk.views.parts.flow import FlowLayout
from lumedesk.views.theme import UNIT, Look

_MOST_WIDTH = 340
_ICON = 14
# Lower than other buttons: they stand in lines above the table.
COMPACT = """
QPushButton { padding: 2px 10px; border-radius: 13px; font-weight: 400; }
QPushButton:focus { padding: 1px 9px; }
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that narrows the table. `part` names it for whoever takes it away."""

    part: str
    text: str


class Chip(QPushButton):
    """One thing that narrows the table. A click, Space, Enter, Delete or Backspace takes it away."""

    # It is to go. UI thread.
    removed = Signal()

    def __init__(self, name: str, told: Told, look: Look) -> None:
        super().__init__()
        self.told = told
        self._look = look
        self.setObjectName(name)
        self.setProperty("look", "chip")
        self.setAutoDefault(False)
        self.setAccessibleName(f"{told.text}. Remove this filter")
        self.setToolTip(plain_tooltip(f"{told.text}\nClick or press Delete to remove this filter."))
        # The cross stands behind the words.
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setIconSize(QSize(_ICON, _ICON))
        self.setMaximumWidth(_MOST_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.ensurePolished()
        fitting = self.fontMetrics().elidedText(told.text, Qt.TextElideMode.ElideRight, _MOST_WIDTH - 7 * UNIT)
        self.setText(fitting.replace("&", "&&"))
        self.clicked.connect(self.removed)
        look.changed.connect(self._paint)
        self._paint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As Qt has it, with Delete, Backspace and Enter taking the chip away."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.removed.emit()
            return
        super().keyPressEvent(event)

    def _paint(self) -> None:
        self.setIcon(self._look.icon("x"))


class ChipRow(QWidget):
    """Chips in lines, and buttons behind them; hidden while there are no chips."""

    # (str): the part that is to go. UI thread.
    removed = Signal(str)
    # The keyboard was on a chip, and none is left. UI thread.
    left = Signal()

    def __init__(self, name: str, look: Look, buttons: Sequence[QWidget]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Filters in force")
        self._look = look
        self._buttons = tuple(buttons)
        self._chips: list[Chip] = []
        self.setStyleSheet(COMPACT)
        self._flow = FlowLayout(self, UNIT)
        # What Tab leads to the first chip from.
        self.anchor: QWidget | None = None
        for each in buttons:
            self._flow.addWidget(each)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The chips, from left to right."""
        return tuple(self._chips)

    def show_told(self, told: Sequence[Told]) -> None:
        """Show exactly these. The keyboard stays on the chip it was on, or goes to the one in its place."""
        if [chip.told for chip in self._chips] == list(told):
            return
        kept = {chip.told: chip for chip in self._chips}
        focused = next((at for at, chip in enumerate(self._chips) if chip.hasFocus()), -1)
        loses_focus = focused >= 0 and self._chips[focused].told not in told
        gone = [chip for chip in self._chips if chip.told not in told]
        for at in reversed(range(self._flow.count())):
            self._flow.takeAt(at)
        self._chips = [kept.get(each) or self._made(each) for each in told]
        for widget in (*self._chips, *self._buttons):
            self._flow.addWidget(widget)
        self._order_tabs()
        self.setVisible(bool(told))
        for chip in self._chips:
            chip.show()
        if loses_focus and told:
            self._chips[min(focused, len(told) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)
        for chip in gone:
            # The name may be a fresh chip's by now.
            chip.setObjectName("")
            chip.hide()
            chip.deleteLater()
        self.updateGeometry()
        if loses_focus and not told:
            self.left.emit()

    def _made(self, told: Told) -> Chip:
        chip = Chip(f"{self.objectName()}-{told.part}", told, self._look)
        chip.setParent(self)
        chip.removed.connect(lambda: self.removed.emit(told.part))
        return chip

    def _order_tabs(self) -> None:
        chain = (*filter(None, [self.anchor]), *self._chips, *self._buttons)
        for one, other in pairwise(chain):
            QWidget.setTabOrder(one, other)
