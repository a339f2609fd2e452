"""A list of values to tick, several at once."""

from collections.abc import Sequence
from string import Template

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem

from lumedesk.models.table import plain_tooltip
from lumedesk.views.theme import Look

_LIST_HEIGHT = 148
_LEAST_LIST = 120
# Closer together than where one is chosen, with a box that is seen on dark ground too.
_LIST_SHEET = """
QListView::item { padding: 4px 6px; }
QListView::indicator { width: 14px; height: 14px; }
QListView::indicator:unchecked {
    width: 12px; height: 12px; background: $surface; border: 1px solid $muted; border-radius: 3px;
}
"""
_VALUE = int(Qt.ItemDataRole.UserRole)
_CHECK = int(Qt.ItemDataRole.CheckStateRole)


class _Ticking(QStyledItemDelegate):
    """A click anywhere on a row ticks it, as Space does: the box alone is a small target."""

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        _option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        """As Qt has it, for the whole row."""
        is_click = (
            event.type() is QEvent.Type.MouseButtonRelease
            and isinstance(event, QMouseEvent)
            and event.button() is Qt.MouseButton.LeftButton
        )
        is_space = (
            event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space
        )
        if not is_click and not is_space:
            return False
        is_ticked = Qt.CheckState(index.data(_CHECK)) is Qt.CheckState.Checked
        return model.setData(index, Qt.CheckState.Unchecked if is_ticked else Qt.CheckState.Checked, _CHECK)


class ValueList(QListWidget):
    """Values to tick, several at once."""

    # The ticks are different now. UI thread.
    ticked = Signal()

    def __init__(self, name: str, purpose: str, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName(name)
        self.setAccessibleName(purpose)
        self.setItemDelegate(_Ticking(self))
        self.setUniformItemSizes(True)
        self.setMinimumSize(_LEAST_LIST, _LIST_HEIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemChanged.connect(self._tell)
        look.changed.connect(self._paint)
        self._paint()

    def values(self) -> list[str]:
        """What is ticked."""
        rows = (self.item(row) for row in range(self.count()))
        return [str(each.data(_VALUE)) for each in rows if each.checkState() is Qt.CheckState.Checked]

    def offer(self, choices: Sequence[tuple[str, str]], ticked: Sequence[str]) -> None:
        """Offer these (label, value) pairs, of which some are ticked; nothing is signalled."""
        wanted = set(ticked)
        shown = [(self.item(row).text(), self.item(row).data(_VALUE)) for row in range(self.count())]
        with QSignalBlocker(self):
            if shown != list(choices):
                current = self.item(self.currentRow()).data(_VALUE) if self.currentRow() >= 0 else None
                self.clear()
                for label, value in choices:
                    item = QListWidgetItem(label)
                    item.setData(_VALUE, value)
                    item.setToolTip(plain_tooltip(label))
                    self.addItem(item)
                    if value == current:
                        self.setCurrentItem(item)
            for row in range(self.count()):
                item = self.item(row)
                state = Qt.CheckState.Checked if item.data(_VALUE) in wanted else Qt.CheckState.Unchecked
                if item.data(_CHECK) is None or item.checkState() is not state:
                    item.setCheckState(state)
        if self.hasFocus():
            self._begin()
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """As Qt has it."""
        return self.minimumSize()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """As Qt has it; the arrow keys begin at the first row."""
        super().focusInEvent(event)
        self._begin()

    def _begin(self) -> None:
        if self.currentRow() < 0 and self.count():
            self.setCurrentRow(0)

    def _tell(self) -> None:
        self.ticked.emit()

    def _paint(self) -> None:
        self.setStyleSheet(Template(_LIST_SHEET).substitute(self._look.colours._asdict()))
