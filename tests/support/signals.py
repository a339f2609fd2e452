"""What a model signalled, as plain tuples."""

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt

from lumedesk.models.table import DISPLAY


class Heard:
    """Notes every change signal of a model from now on."""

    def __init__(self, model: QAbstractItemModel) -> None:
        self.all: list[tuple[Any, ...]] = []
        model.dataChanged.connect(self._changed)
        model.rowsInserted.connect(self._inserted)
        model.rowsRemoved.connect(self._removed)
        model.layoutChanged.connect(self._moved)
        model.modelReset.connect(self._reset)

    def take(self) -> list[tuple[Any, ...]]:
        """What was heard since the last time."""
        heard, self.all = self.all, []
        return heard

    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        self.all.append(("changed", first.row(), last.row(), first.column(), last.column()))

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        self.all.append(("inserted", first, last))

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        self.all.append(("removed", first, last))

    def _moved(self) -> None:
        self.all.append(("moved",))

    def _reset(self) -> None:
        self.all.append(("reset",))


def texts(model: QAbstractItemModel, column: int = 0, role: int = DISPLAY) -> list[Any]:
    """One column from top to bottom."""
    return [model.index(row, column).data(role) for row in range(model.rowCount())]


def headings(model: QAbstractItemModel) -> list[str]:
    return [model.headerData(at, Qt.Orientation.Horizontal) for at in range(model.columnCount())]
