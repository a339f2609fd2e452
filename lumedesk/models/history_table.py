"""Tables of what grows: a window on the store. Rows are found and compared off the UI thread, and read as they are looked at."""

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from lumedesk.domain.codec import Codec, UnreadableJson
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
from lumedesk.models.table import FRESH_S, KeyedTable, Line, Mark
from lumedesk.store.mirror_file import MirrorError

T = TypeVar("T")
P = TypeVar("P")

_PAGE = 128
# So many rows are kept decoded.
_MAX_KEPT = 64 * _PAGE
# Rows between the first and the last one that a view holds on to are taken for selected, if they are no more than this.
_MAX_SPAN = 20_000
_ROOT = QModelIndex()
# Only rows move, whole: so a selection needs to hold on to one cell a row.
_WITH_HINT = "QList<QPersistentModelIndex>,QAbstractItemModel::LayoutChangeHint"
_ROWS_ONLY = QAbstractItemModel.LayoutChangeHint.VerticalSortHint
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Pending(Protocol):
    """A search under way."""

    def cancel(self) -> None:
        """Drop its answer."""


class Document(Protocol):
    """A row as it is stored. Times are microseconds since 1970, UTC."""

    @property
    def doc(self) -> bytes:
        """The record's JSON."""

    @property
    def gone_at(self) -> int | None:
        """Since when the server's list lacks it."""

    @property
    def altered_at(self) -> int | None:
        """When it changed after it was final."""


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
    ) -> Pending:
        """Find rows; `prepare` runs where they were found, and `done` gets its answer on the UI thread.

        `first` gets the first rows early, on the UI thread too, unless it is None.
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
        self._codec: Codec[T] = Codec(self.kind.record)
        self._keys: Sequence[int] = array("I")
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
        prepare = partial(_prepared, shown, self._looked_after, self._held, is_same)
        first = None if is_same else self._show_first
        self._pending = self._source.lookups.find(self._query, prepare, self, self._show, self._fail, first)

    def _held_rows(self) -> frozenset[int]:
        """The rows that views hold on to. Of a selection they hold both ends, until they are about to move."""
        places = {index.row() for index in self.persistentIndexList()}
        if not places:
            return frozenset()
        first, last = min(places), max(places)
        if isinstance(self._keys, array) and last - first < _MAX_SPAN:
            return frozenset(self._keys[first : last + 1])
        return frozenset(self._keys[place] for place in places) - {UNKNOWN}

    def _show(self, change: Difference) -> None:
        self._is_looking = False
        self._before = None
        self._has_failed = False
        self._forget(self._looked_after)
        self._looked_after = frozenset()
        self.is_ready = True
        self._shown_query = self._query
        had_rows = len(self._keys) > 0
        if change.steps is not None and change.old is self._keys:
            self._follow(change)
        else:
            self._arrange(change.new, len(change.new), change.places, self._held)
        for first, last in change.changed if had_rows else ():
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        self.found.emit()
        self._look_again()

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
        self._forget(self._looked_after)
        self.is_ready = True
        self._arrange(known, count, places_of(known, self._held), self._held)
        self.first_found.emit()

    def _fail(self, error: DeskError) -> None:
        self._is_looking = False
        self._has_failed = True
        self._touched = _joined(self._touched, self._looked_after)
        self._looked_after = frozenset()
        if self._before is not None:
            (rows, self._shown_query), self._before = self._before, None
            self._arrange(rows, len(rows), {}, frozenset())
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

    def _arrange(self, rows: Rows, count: int, places: Mapping[int, int], asked: Collection[int]) -> None:
        """Show `rows`, and so many in all. `places` tells where those `asked` about are, as far as they are there."""
        before = len(self._keys)
        shown: Sequence[int] = rows if count == len(rows) else Window(rows, count)
        if count > before:
            self.beginInsertRows(_ROOT, before, count - 1)
            self._keys = Window(self._keys, count) if before else shown
            self.endInsertRows()
        if before:
            shown = self._put_in_order(rows, count, places, asked)
        if count < before:
            self.beginRemoveRows(_ROOT, count, before - 1)
            self._keys = shown
            self.endRemoveRows()
        self._keys = shown

    def _put_in_order(self, rows: Rows, count: int, places: Mapping[int, int], asked: Collection[int]) -> Sequence[int]:
        """Put each row where it belongs, among as many as there are now; return the order without what is too many."""
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
        shown: Sequence[int] = rows if count == len(rows) else Window(rows, count, parked)
        self._keys = Window(shown, max(count, len(self._keys)))
        moved = [
            self.index(where[kept[index.row()]], index.column()) if kept[index.row()] in where else _ROOT
            for index in held
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged[_WITH_HINT].emit([], _ROWS_ONLY)  # type: ignore[index]  # stubs know no overloads
        return shown

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
        return line if line is not None or key == UNKNOWN else self._read_around(row, key)

    def _read_around(self, row: int, key: int) -> Line[T]:
        first = max(0, row - _PAGE // 4)
        near = {self._keys[place] for place in range(first, min(first + _PAGE, len(self._keys)))}
        wanted = [each for each in near if each != UNKNOWN and each not in self._lines]
        stored = self._stored(wanted)
        self._lines.update((each, self._line_of(stored.get(each))) for each in wanted)
        line = self._lines[key]
        for oldest in list(islice(self._lines, max(0, len(self._lines) - _MAX_KEPT))):
            del self._lines[oldest]
        return line

    def _stored(self, rows: Sequence[int]) -> dict[int, Document]:
        """Read rows; where some can't be read because of damage, the others all the same."""
        try:
            return dict(self._source.documents(self.kind, rows))
        except (DeskError, MirrorError):
            if len(rows) < 2:
                return {}
            half = len(rows) // 2
            return self._stored(rows[:half]) | self._stored(rows[half:])

    def _line_of(self, stored: Document | None) -> Line[T]:
        if stored is None:
            return Line(None)
        gone_at, altered_at = _moment(stored.gone_at), _moment(stored.altered_at)
        mark = Mark(gone_at, altered_at) if gone_at or altered_at else None
        try:
            return Line(self._codec.decode(stored.doc), mark)
        except UnreadableJson:
            return Line(None, mark)

    def _forget(self, touched: frozenset[int] | None) -> None:
        """Read these rows anew when they are looked at; and those that couldn't be read."""
        if touched is None:
            self._lines.clear()
            return
        unreadable = [row for row, line in self._lines.items() if line.record is None]
        for row in [*(self._lines.keys() & touched), *unreadable]:
            self._lines.pop(row, None)

    def _forget_texts(self) -> None:
        # The records stay: reading them again costs more than writing their texts again.
        self._fresh_until = monotonic() + FRESH_S
        for line in self._lines.values():
            line.texts = None


def _prepared(
    shown: Rows, touched: frozenset[int] | None, held: frozenset[int], is_same: bool, found: Found
) -> Difference:
    return difference(shown, found.rows, touched, held, by_steps=is_same)


def _joined(one: Collection[int] | None, other: Collection[int] | None) -> frozenset[int] | None:
    return None if one is None or other is None else frozenset(one) | frozenset(other)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)
