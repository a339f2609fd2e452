"""Tables of what grows: a window on the store. Rows are found and compared off the UI thread, and read as they are looked at."""

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from msgspec.structs import replace
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Found, HistoryQuery
from lumedesk.models.differences import (
    UNKNOWN,
    Difference,
    Inserted,
    Moved,
    Pieces,
    Removed,
    Rows,
    Window,
    difference,
    place_of,
    places_of,
)
from lumedesk.models.stored_lines import Document, StoredLines
from lumedesk.models.table import FRESH_S, Columns, KeyedTable, Line, texts_of

T = TypeVar("T")
P = TypeVar("P")

_PAGE = 32
# Rows between the first and the last one that a view holds on to are taken for selected, if they are no more than this.
_MAX_SPAN = 20_000
_ROOT = QModelIndex()
# Only rows move, whole: so a selection needs to hold on to one cell a row.
_WITH_HINT = "QList<QPersistentModelIndex>,QAbstractItemModel::LayoutChangeHint"
_ROWS_ONLY = QAbstractItemModel.LayoutChangeHint.VerticalSortHint


# How the rows shown change, and the lines that are in sight then.
_Prepared = tuple[Difference, Mapping[int, Line[T]]]


class Pending(Protocol):
    """A search under way."""

    def cancel(self) -> None:
        """Drop its answer."""


class Finding(Protocol):
    """What looks rows up, off the UI thread."""

    def find(
        self,
        query: HistoryQuery,
        prepare: Callable[[Found], P],
        owner: QObject,
        done: Callable[[P], None],
        failed: Callable[[DeskError], None],
        first: Callable[[Found], None] | None = None,
        around: int | None = None,
    ) -> Pending:
        """Find rows; `prepare` runs where they were found, and `done` gets its answer on the UI thread.

        `first` gets the first rows early, on the UI thread too, unless it is None. The rows in sight of the place `around`
        are read along.
        """


class HistorySource(Protocol):
    """Where a history's rows come from."""

    @property
    def lookups(self) -> Finding:
        """What finds them."""

    def documents(self, kind: Kind, rows: Sequence[int]) -> Mapping[int, Document]:
        """Read a few rows at once; those that aren't there are missing. Errors: DeskError, MirrorError."""


class HistoryTable(KeyedTable[T, int], Generic[T]):
    """One history, or what a search leaves of it. Nothing here loops over all rows."""

    kind: Kind

    # The rows found by the latest search are shown now, all of them. UI thread.
    found = Signal()
    # The first rows of a new search are shown, the others not yet. UI thread.
    first_found = Signal()
    # (DeskError): the latest search failed; what was shown before it still is.
    search_failed = Signal(object)

    def __init__(self, source: HistorySource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._keys: Sequence[int] = array("I")
        self._stored: StoredLines[T] = StoredLines(self.kind, source.documents)
        self._lines = self._stored.lines
        self._query = HistoryQuery(self.kind)
        # What the rows shown were found by, and what was shown in full before the first rows of a new search.
        self._shown_query: HistoryQuery | None = None
        self._before: tuple[Rows, HistoryQuery | None] | None = None
        self._pending: Pending | None = None
        self._is_looking = False
        self._has_failed = False
        # Rows that are different since the search under way began; since the one before it. None stands for all.
        self._touched: frozenset[int] | None = frozenset()
        self._looked_after: frozenset[int] | None = frozenset()
        self._is_due = False
        # Whether a row was looked at that isn't known yet.
        self._is_missed = False
        self._held: frozenset[int] = frozenset()
        self._looked_at = 0
        self.is_ready = False

    @property
    def query(self) -> HistoryQuery:
        """What is being shown, or looked for."""
        return self._query

    @property
    def is_whole(self) -> bool:
        """Whether all rows found are known; otherwise the first ones are, and there may be more than `rowCount` tells."""
        return isinstance(self._keys, array)

    def ask(self, **changes: Any) -> None:
        """Show what the query with these changes finds, as soon as it is found."""
        query = replace(self._query, **changes)
        is_known = self.is_ready or self._is_looking
        if query != self._query or not is_known or self._has_failed:
            self._query = query
            self._look()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """As Qt has it."""
        name = self.columns[column].order if 0 <= column < len(self.columns) else None
        if isinstance(name, str):
            self.ask(order=name, descending=order == Qt.SortOrder.DescendingOrder)

    def take_changes(self, touched: Collection[int] | None) -> None:
        """These rows of the history were added or changed; None: any may have been. One search at a time follows them."""
        self._touched = _joined(self._touched, touched)
        self._is_due = True
        if not self._is_looking:
            self._look()

    def record(self, row: int) -> T | None:
        """The record shown in `row`, with its neighbours read along; None where it can't be read or isn't known yet."""
        line = self._line(row)
        return None if line is None else line.record

    def record_of(self, key: int) -> T | None:
        """The record of a row number; None where it isn't among the rows shown."""
        return self.record(self.row_of(key))

    def row_of(self, key: int) -> int:
        """The row that shows a row number; -1 where none does."""
        if isinstance(self._keys, array):
            return place_of(self._keys, key)
        return next((at for at in range(len(self._keys)) if self._keys[at] == key), -1)

    def key(self, row: int) -> int | None:
        """The row number shown in `row`; None where it isn't known yet."""
        return (self._keys[row] or None) if 0 <= row < len(self._keys) else None

    # Searching

    def _look(self) -> None:
        if self._is_looking and self._pending is not None:
            self._pending.cancel()
            self._touched = _joined(self._touched, self._looked_after)
        self._looked_after, self._touched = self._touched, frozenset()
        self._is_due, self._is_looking = False, True
        self._held = self._held_rows()
        shown = self._keys if isinstance(self._keys, array) else array("I")
        is_same = self._shown_query == self._query
        prepare = partial(_prepared, self._stored, self.columns, shown, self._looked_after, self._held, is_same)
        first = None if is_same else self._show_first
        # Where a list came, all rows in sight are read anew: the window needn't wait for that, too.
        around = self._looked_at if is_same and self._looked_after is None else None
        self._pending = self._source.lookups.find(self._query, prepare, self, self._show, self._fail, first, around)

    def _held_rows(self) -> frozenset[int]:
        """The rows that views hold on to. Of a selection they hold both ends, until they are about to move."""
        places = {index.row() for index in self.persistentIndexList()}
        if not places:
            return frozenset()
        first, last = min(places), max(places)
        if isinstance(self._keys, array) and last - first < _MAX_SPAN:
            return frozenset(self._keys[first : last + 1])
        return frozenset(self._keys[place] for place in places) - {UNKNOWN}

    def _show(self, prepared: _Prepared[T]) -> None:
        change, lines = prepared
        self._is_looking = False
        self._before = None
        self._has_failed = False
        self._stored.forget(self._looked_after)
        if not self._is_due:
            # Otherwise they may be older than what came since.
            self._keep(lines)
        self._looked_after = frozenset()
        self.is_ready = True
        self._shown_query = self._query
        had_rows = len(self._keys) > 0
        if change.steps is not None and change.old is self._keys:
            self._follow(change)
        else:
            self._take(change.new, None, change.places)
        for first, last in change.changed if had_rows else ():
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        self.found.emit()
        self._look_again()

    def _keep(self, lines: Mapping[int, Line[T]]) -> None:
        if monotonic() > self._fresh_until:
            self._forget_texts()
        self._stored.add(lines)
        if self._hides_amounts:
            # Their texts tell all amounts.
            self._forget_texts()

    def _show_first(self, found: Found) -> None:
        """Show the first rows before all are known, where that loses nothing that is selected or looked at."""
        known, count = found.rows, max(found.count, len(found.rows))
        places = {index.row() for index in self.persistentIndexList()}
        span = max(places) - min(places) + 1 if places else 0
        if found.is_whole or self._looked_at >= len(known) or span > count - len(known):
            return
        if isinstance(self._keys, array):
            self._before = self._keys, self._shown_query
        self._shown_query = None
        self._stored.forget(self._looked_after)
        self.is_ready = True
        self._take(known, count, places_of(known, self._held))
        self.first_found.emit()

    def _fail(self, error: DeskError) -> None:
        self._is_looking = False
        self._has_failed = True
        self._touched = _joined(self._touched, self._looked_after)
        self._looked_after = frozenset()
        if self._before is not None:
            (rows, self._shown_query), self._before = self._before, None
            self._arrange(rows, None, {}, frozenset())
        self.search_failed.emit(error)
        self._look_again()

    def _look_again(self) -> None:
        if self._is_due and not self._is_looking:
            self._look()

    # Moving rows

    def _follow(self, change: Difference) -> None:
        """Go from one order to another by exact steps."""
        if change.steps:
            self._keys = pieces = Pieces(change.old)
            for step in change.steps:
                match step:
                    case Removed(first, last):
                        self.beginRemoveRows(_ROOT, first, last)
                        pieces.take(step, change.new)
                        self.endRemoveRows()
                    case Inserted(first, last):
                        self.beginInsertRows(_ROOT, first, last)
                        pieces.take(step, change.new)
                        self.endInsertRows()
                    case Moved(first, last):
                        # Qt counts the goal before the row is taken out.
                        self.beginMoveRows(_ROOT, first, first, _ROOT, last + (last > first))
                        pieces.take(step, change.new)
                        self.endMoveRows()
        self._keys = change.new

    def _take(self, rows: Rows, count: int | None, places: Mapping[int, int]) -> None:
        """Show `rows`; they are the first of `count`, or with None all. What is on the screen isn't painted again."""
        shown = self._keys
        if isinstance(shown, Window) and shown.begins(rows):
            known = shown.known
            if all(index.row() < known for index in self.persistentIndexList()):
                self._complete(rows, count, known)
                return
        self._arrange(rows, count, places, self._held)

    def _complete(self, rows: Rows, count: int | None, known: int) -> None:
        """More is known of what is shown: which rows stand behind the first ones, or how many."""
        before, after = len(self._keys), len(rows) if count is None else count
        self._keys = Window(rows, before)
        last = min(before, after) - 1
        if self._is_missed and last >= known:
            self._is_missed = False
            self.dataChanged.emit(self.index(known, 0), self.index(last, len(self.columns) - 1))
        if after < before:
            self.beginRemoveRows(_ROOT, after, before - 1)
            self._keys = Window(rows, after)
            self.endRemoveRows()
        elif after > before:
            self.beginInsertRows(_ROOT, before, after - 1)
            self._keys = Window(rows, after)
            self.endInsertRows()
        self._keys = rows if count is None else Window(rows, count)

    def _arrange(self, rows: Rows, count: int | None, places: Mapping[int, int], asked: Collection[int]) -> None:
        """Show `rows` as `_take` does. `places` tells where those `asked` about are, as far as they are there."""
        before, after = len(self._keys), len(rows) if count is None else count
        shown: Sequence[int] = rows if count is None else Window(rows, count)
        if after > before:
            self.beginInsertRows(_ROOT, before, after - 1)
            self._keys = Window(self._keys, after) if before else shown
            self.endInsertRows()
        if before:
            parked = self._put_in_order(rows, after, places, asked)
            shown = shown if count is None else Window(rows, count, parked)
        if after < before:
            self.beginRemoveRows(_ROOT, after, before - 1)
            self._keys = shown
            self.endRemoveRows()
        self._keys = shown

    def _put_in_order(
        self, rows: Rows, count: int, places: Mapping[int, int], asked: Collection[int]
    ) -> Mapping[int, int]:
        """Put each row where it belongs, among as many as there are now; return which rows are put behind those known."""
        self.layoutAboutToBeChanged[_WITH_HINT].emit([], _ROWS_ONLY)  # type: ignore[index]  # stubs know no overloads
        held = self.persistentIndexList()
        kept = {place: self._keys[place] for place in {index.row() for index in held}}
        where = {row: place for place, row in kept.items() if place < len(rows) and rows[place] == row}
        where.update((row, places[row]) for row in kept.values() if row in places)
        # What a view took hold of since the search began.
        where.update(places_of(rows, [row for row in kept.values() if row not in where and row not in asked and row]))
        parked: dict[int, int] = {}
        if count > len(rows):
            # Nobody knows yet where the others are: they wait behind the rows that are known.
            waiting = [row for row in kept.values() if row not in where and row]
            waiting.sort(key=lambda row: row not in asked)
            parked = dict(zip(range(len(rows), count), waiting, strict=False))
            where.update((row, place) for place, row in parked.items())
        self._keys = Window(Window(rows, count, parked), max(count, len(self._keys)))
        moved = [
            self.index(where[kept[index.row()]], index.column()) if kept[index.row()] in where else _ROOT
            for index in held
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged[_WITH_HINT].emit([], _ROWS_ONLY)  # type: ignore[index]  # stubs know no overloads
        return parked

    # Reading

    def _line(self, row: int) -> Line[T] | None:
        if monotonic() > self._fresh_until:
            self._forget_texts()
        keys = self._keys
        if not 0 <= row < len(keys):
            return None
        self._looked_at = row
        key = keys[row]
        line = self._lines.get(key)
        if line is not None:
            return line
        if key == UNKNOWN:
            self._is_missed = True
            return None
        return self._stored.read(key, lambda: self._around(row))

    def _around(self, row: int) -> set[int]:
        """The numbers of the rows that are read along with this one."""
        first = max(0, row - _PAGE // 4)
        return {self._keys[place] for place in range(first, min(first + _PAGE, len(self._keys)))} - {UNKNOWN}

    def _forget_texts(self) -> None:
        # The records stay: reading them again costs more than writing their texts again.
        self._fresh_until = monotonic() + FRESH_S
        for line in self._lines.values():
            line.texts = None


def _prepared(
    stored: StoredLines[T],
    columns: Columns,
    shown: Rows,
    touched: frozenset[int] | None,
    held: frozenset[int],
    is_same: bool,
    found: Found,
) -> _Prepared[T]:
    """Where they were found, not on the UI thread: nothing here may change."""
    change = difference(shown, found.rows, touched, held, by_steps=is_same)
    lines = stored.lines_of(found.documents)
    for line in lines.values():
        if line.record is not None:
            line.texts = texts_of(columns, line.record)
    return change, lines


def _joined(one: Collection[int] | None, other: Collection[int] | None) -> frozenset[int] | None:
    return None if one is None or other is None else frozenset(one) | frozenset(other)
