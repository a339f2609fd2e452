"""What every table shares: columns told in one place, the roles views ask for, and exact row changes."""

import html
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from lumedesk.domain.details import DOTS
from lumedesk.domain.statuses import Status

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Index = QModelIndex | QPersistentModelIndex

# Hoisted: looking an enum member up on each call more than doubles the cost of painting.
DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
RECORD = int(Qt.ItemDataRole.UserRole)
COPY = RECORD + 1
AMOUNT = RECORD + 2
STATUS = RECORD + 3
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_ROOT = QModelIndex()
# Rows that come or go in more runs than this are gathered at the end first: each run costs a pass over all rows.
_MANY_RUNS = 32


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column. `text` is what is shown, `copy` what is copied (`text` when None), `order` what the column sorts by.

    For a RecordTable `order` is a function of the record; for a HistoryTable it is the store's name for the order.
    A column with `amount` shows that figure aligned on its decimal sign; one with `status` shows a pill.

    While amounts are hidden, dots stand in place of `amount`. A column whose text tells an amount among other things
    says by `hidden` what stands in place of it.
    """

    name: str
    title: str
    text: Callable[[T], str]
    order: Callable[[T], Any] | str | None = None
    copy: Callable[[T], str] | None = None
    tooltip: Callable[[T], str | None] | None = None
    amount: Callable[[T], Decimal | None] | None = None
    status: Callable[[T], Status] | None = None
    hidden: Callable[[T], str] | None = None
    width: int = 140
    # `grows`: takes the room that is left. `spare`: given up, last one first, where there is too little.
    grows: bool = False
    spare: bool = False

    @property
    def is_numeric(self) -> bool:
        """Figures are aligned right, their heading too."""
        return self.amount is not None

    def tells_amount(self, record: T) -> bool:
        """Whether this cell has something to hide; a dash for an amount that isn't known has nothing."""
        return self.hidden is not None or (self.amount is not None and self.amount(record) is not None)


def plain_tooltip(text: str) -> str:
    """Tooltips guess rich text: escaped text inside a paragraph of ours is shown to the letter."""
    return f'<p style="white-space:pre-wrap">{html.escape(text)}</p>'


Columns = tuple[Column[Any], ...]


class KeyedTable(QAbstractTableModel, Generic[T, K]):
    """A table whose rows are known by keys. Subclasses say which record a key stands for."""

    columns: Columns = ()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keys: Sequence[K] = []
        self._hides_amounts = False

    def record_of(self, key: K) -> T | None:
        """The record behind a key; None while it can't be read."""
        raise NotImplementedError

    def record(self, row: int) -> T | None:
        """The record shown in `row`."""
        return self.record_of(self._keys[row]) if 0 <= row < len(self._keys) else None

    def row_of(self, key: K) -> int:
        """The row that shows `key`; -1 where none does."""
        try:
            return self._keys.index(key)
        except ValueError:
            return -1

    def key(self, row: int) -> K | None:
        """The key of the record shown in `row`."""
        return self._keys[row] if 0 <= row < len(self._keys) else None

    def column_index(self, name: str) -> int:
        """The position of a column by its name. Errors: ValueError."""
        return [column.name for column in self.columns].index(name)

    # What Qt asks

    def rowCount(self, parent: Index = _ROOT) -> int:
        """As Qt has it."""
        return 0 if parent.isValid() else len(self._keys)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """As Qt has it."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        """As Qt has it; RECORD, COPY, AMOUNT and STATUS are our own roles."""
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == _ALIGNMENT:
            return _RIGHT if column.is_numeric else _LEFT
        if role not in _ROLES:
            return None
        record = self.record(index.row())
        if record is None:
            return None
        if self._hides_amounts and role in _TELLING and column.tells_amount(record):
            return _answer_hidden(column, record, role)
        return _answer(column, record, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:
        """As Qt has it."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == DISPLAY:
            return self.columns[section].title
        if role == _ALIGNMENT:
            return _RIGHT if self.columns[section].is_numeric else _LEFT
        return None

    # Changes

    def hide_amounts(self, *, hidden: bool) -> None:
        """Answer dots in place of each amount, for copying too; or the amounts again.

        Order, filter and selection stay: only the cells are told to be different.
        """
        if hidden != self._hides_amounts:
            self._hides_amounts = hidden
            if self._keys:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._keys) - 1, len(self.columns) - 1))

    def show_keys(self, keys: Sequence[K], changed: Iterable[K] = ()) -> None:
        """Show exactly `keys`, in this order, by the fewest signals: selection and scrolling survive.

        `keys` holds none twice; `changed` names those whose records are different now. Nothing different emits nothing.
        """
        wanted = set(changed)
        if keys != self._keys:
            wanted &= set(self._keys)
            self._drop(set(keys))
            self._reorder(keys)
            self._add(keys)
        if wanted:
            for first, last in _runs([row for row, key in enumerate(self._keys) if key in wanted]):
                self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _drop(self, kept: set[K]) -> None:
        gone = _runs([row for row, key in enumerate(self._keys) if key not in kept])
        if len(gone) > _MANY_RUNS:
            self._rearrange(sorted(self._keys, key=lambda key: key not in kept))
            gone = [(sum(key in kept for key in self._keys), len(self._keys) - 1)]
        for first, last in reversed(gone):
            self.beginRemoveRows(_ROOT, first, last)
            self._keys = [*self._keys[:first], *self._keys[last + 1 :]]
            self.endRemoveRows()

    def _reorder(self, keys: Sequence[K]) -> None:
        present = set(self._keys)
        order = [key for key in keys if key in present]
        if order != list(self._keys):
            self._rearrange(order)

    def _rearrange(self, order: Sequence[K]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        rows = {key: row for row, key in enumerate(order)}
        after = [self.index(rows[self._keys[index.row()]], index.column()) for index in before]
        self._keys = order
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _add(self, keys: Sequence[K]) -> None:
        present = set(self._keys)
        runs = _runs([row for row, key in enumerate(keys) if key not in present])
        if len(runs) > _MANY_RUNS:
            self.beginInsertRows(_ROOT, len(self._keys), len(keys) - 1)
            self._keys = [*self._keys, *(key for key in keys if key not in present)]
            self.endInsertRows()
            self._rearrange(keys)
            return
        for first, last in runs:
            self.beginInsertRows(_ROOT, first, last)
            self._keys = [*self._keys[:first], *keys[first : last + 1], *self._keys[first:]]
            self.endInsertRows()
        self._keys = keys


_ROLES = frozenset({DISPLAY, _TOOLTIP, RECORD, COPY, AMOUNT, STATUS})
_TELLING = frozenset({DISPLAY, _TOOLTIP, COPY, AMOUNT})


def _answer(column: Column[Any], record: Any, role: int) -> Any:
    if role == DISPLAY:
        return column.text(record)
    if role == RECORD:
        return record
    if role == AMOUNT:
        return column.amount(record) if column.amount else None
    if role == STATUS:
        return column.status(record) if column.status else None
    if role == COPY:
        return (column.copy or column.text)(record)
    # Whatever a narrow column cuts off can be read in the tooltip.
    hint = column.tooltip(record) if column.tooltip else column.text(record)
    return plain_tooltip(hint) if hint else None


def _answer_hidden(column: Column[Any], record: Any, role: int) -> Any:
    """The same for every amount, whatever is asked: no role may tell what another hides."""
    if role == AMOUNT:
        return None
    text = column.hidden(record) if column.hidden else DOTS
    return plain_tooltip(text) if role == _TOOLTIP else text


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Ascending row numbers as (first, last) of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
