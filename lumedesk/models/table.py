"""What every table shares: columns told in one place, the roles views ask for, and exact row changes."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from lumedesk.domain.details import DOTS
from lumedesk.domain.statuses import Status
from lumedesk.models.differences import runs_of
from lumedesk.models.texts import NOTHING, since

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Index = QModelIndex | QPersistentModelIndex

# Hoisted: looking an enum member up on each call more than doubles the cost of painting.
DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
_DESCRIPTION = int(Qt.ItemDataRole.AccessibleDescriptionRole)
RECORD = int(Qt.ItemDataRole.UserRole)
COPY = RECORD + 1
AMOUNT = RECORD + 2
STATUS = RECORD + 3
MARK = RECORD + 4
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_ROOT = QModelIndex()
# Rows that come or go in more runs than this are gathered at the end first: each run costs a pass over all rows.
_MANY_RUNS = 32
# Texts are kept for painting. They tell times as "Today" and "Yesterday", so not for long.
FRESH_S = 30.0
_MAX_LINES = 8_192

# The first one first: it stands in all the names.
_ESCAPED = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))

UNREADABLE = "Can't be read"
_UNREADABLE_HINT = "This row can't be read from the local data. It is read again when the server's list comes anew."


class Column(msgspec.Struct, Generic[T], frozen=True):
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


class Mark(msgspec.Struct, frozen=True):
    """What is out of the ordinary about a record: since when the server's list lacks it, when it changed after the end."""

    gone_at: datetime | None = None
    altered_at: datetime | None = None

    @property
    def text(self) -> str:
        """In words; both where both hold."""
        gone = f"The server's list doesn't hold it any more, since {since(self.gone_at)}." if self.gone_at else ""
        altered = f"Changed after it was final, {since(self.altered_at)}." if self.altered_at else ""
        return "\n".join(filter(None, (gone, altered)))


class Line(Generic[T]):
    """One row as it is shown: its record, None where it can't be read; its mark; its texts, once they were asked for."""

    __slots__ = ("mark", "record", "texts")

    def __init__(self, record: T | None, mark: Mark | None = None) -> None:
        self.record = record
        self.mark = mark
        self.texts: tuple[str, ...] | None = None


class Shown(NamedTuple):
    """What is painted of a row: the texts of its columns, its mark, and its status where it has one that can be read."""

    texts: tuple[str, ...]
    mark: Mark | None = None
    status: Status | None = None


def plain_tooltip(text: str) -> str:
    """Tooltips guess rich text: escaped text inside a paragraph of ours is shown to the letter."""
    # As `html.escape` does, which loads a table of 2,000 names with it.
    for sign, name in _ESCAPED:
        text = text.replace(sign, name)
    return f'<p style="white-space:pre-wrap">{text}</p>'


Columns = tuple[Column[Any], ...]


def texts_of(columns: Columns, record: Any) -> tuple[str, ...]:
    """What the columns show of a record, with all amounts. On any thread."""
    return tuple(column.text(record) for column in columns)


class KeyedTable(QAbstractTableModel, Generic[T, K]):
    """A table whose rows are known by keys. Subclasses say which record a key stands for."""

    columns: Columns = ()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keys: Sequence[K] = []
        self._hides_amounts = False
        self._status = next((column.status for column in self.columns if column.status is not None), None)
        self._lines: dict[K, Line[T]] = {}
        self._fresh_until = 0.0

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

    def mark_of(self, row: int) -> Mark | None:
        """What is out of the ordinary about the record shown in `row`; None where nothing is."""
        line = self._line(row)
        return None if line is None else line.mark

    def key(self, row: int) -> K | None:
        """The key of the record shown in `row`."""
        return self._keys[row] if 0 <= row < len(self._keys) else None

    def shown(self, row: int) -> Shown | None:
        """What is painted in `row`; None where nothing is known yet."""
        line = self._line(row)
        if line is None:
            return None
        status = None if self._status is None or line.record is None else self._status(line.record)
        return Shown(line.texts or self._told(line), line.mark, status)

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
        """As Qt has it; RECORD, COPY, AMOUNT, STATUS and MARK are our own roles."""
        # Screen readers and tests ask a lot: each name looked up here costs.
        if role == DISPLAY:
            line = self._line(index.row())
            return None if line is None else (line.texts or self._told(line))[index.column()]
        if role == _ALIGNMENT:
            return (_RIGHT if self.columns[index.column()].is_numeric else _LEFT) if index.isValid() else None
        if role not in _ROLES:
            return None
        line = self._line(index.row())
        if line is None:
            return None
        if role == MARK:
            return line.mark
        return self._answer(line, index.column(), role)

    def _line(self, row: int) -> Line[T] | None:
        """What is shown in a row; None where nothing is yet."""
        if monotonic() > self._fresh_until or len(self._lines) > _MAX_LINES:
            self._forget_texts()
        if not 0 <= row < len(self._keys):
            return None
        key = self._keys[row]
        record = self.record_of(key)
        if record is None:
            return None
        line = self._lines.get(key)
        if line is None or line.record is not record:
            line = self._lines[key] = Line(record)
        return line

    def _forget_texts(self) -> None:
        self._fresh_until = monotonic() + FRESH_S
        self._lines.clear()

    def _told(self, line: Line[T]) -> tuple[str, ...]:
        record = line.record
        if record is None:
            first = next((at for at, each in enumerate(self.columns) if not (each.amount or each.status)), 0)
            line.texts = tuple(UNREADABLE if at == first else NOTHING for at in range(len(self.columns)))
        elif self._hides_amounts:
            line.texts = tuple(
                _answer_hidden(column, record, DISPLAY) if column.tells_amount(record) else column.text(record)
                for column in self.columns
            )
        else:
            line.texts = texts_of(self.columns, record)
        return line.texts

    def _answer(self, line: Line[T], at: int, role: int) -> Any:
        column, record = self.columns[at], line.record
        if role == _DESCRIPTION:
            return line.mark.text if line.mark else None
        if record is None:
            return _answer_unreadable((line.texts or self._told(line))[at], role)
        if self._hides_amounts and role in _TELLING and column.tells_amount(record):
            answer = _answer_hidden(column, record, role)
        else:
            answer = _answer(column, record, role)
        if role == _TOOLTIP:
            answer = "\n".join(filter(None, (line.mark.text if line.mark else "", answer)))
            return plain_tooltip(answer) if answer else None
        return answer

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
            self._forget_texts()
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
            for first, last in runs_of([row for row, key in enumerate(self._keys) if key in wanted]):
                self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _drop(self, kept: set[K]) -> None:
        gone = runs_of([row for row, key in enumerate(self._keys) if key not in kept])
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
        runs = runs_of([row for row, key in enumerate(keys) if key not in present])
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


_ROLES = frozenset({_TOOLTIP, _DESCRIPTION, RECORD, COPY, AMOUNT, STATUS, MARK})
_TELLING = frozenset({DISPLAY, _TOOLTIP, COPY, AMOUNT})


def _answer(column: Column[Any], record: Any, role: int) -> Any:
    if role == RECORD:
        return record
    if role == AMOUNT:
        return column.amount(record) if column.amount else None
    if role == STATUS:
        return column.status(record) if column.status else None
    if role == COPY:
        return (column.copy or column.text)(record)
    # Whatever a narrow column cuts off can be read in the tooltip.
    return column.tooltip(record) if column.tooltip else column.text(record)


def _answer_hidden(column: Column[Any], record: Any, role: int) -> Any:
    """The same for every amount, whatever is asked: no role may tell what another hides."""
    if role == AMOUNT:
        return None
    return column.hidden(record) if column.hidden else DOTS


def _answer_unreadable(text: str, role: int) -> Any:
    if role == _TOOLTIP:
        return plain_tooltip(_UNREADABLE_HINT)
    return ("" if text == NOTHING else text) if role == COPY else None
