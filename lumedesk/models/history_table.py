"""Tables of what grows: a window on the store. The worker finds and orders the rows; records are read as they are looked at."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from lumedesk.domain.codec import Codec
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.models.table import KeyedTable
from lumedesk.store.mirror import HistoryQuery

T = TypeVar("T")

_PAGE = 128
_MAX_PAGES = 64


class Pending(Protocol):
    """A search under way."""

    def cancel(self) -> None:
        """Drop its answer."""


class HistorySource(Protocol):
    """Where a history's rows come from."""

    def order(
        self, query: HistoryQuery, owner: QObject, done: Callable[[Any], None], failed: Callable[[DeskError], None]
    ) -> Pending:
        """Find row numbers, off the UI thread; `done` gets an array of them on it."""

    def documents(self, kind: Kind, rows: list[int]) -> dict[int, bytes]:
        """Read a few rows' JSON at once."""


class HistoryTable(KeyedTable[T, int], Generic[T]):
    """One history, or what a search leaves of it."""

    kind: Kind

    # The rows found by the latest search are shown now. UI thread.
    found = Signal()
    # (DeskError): the latest search failed; what was shown before still is.
    search_failed = Signal(object)

    def __init__(self, source: HistorySource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._codec: Codec[T] = Codec(self.kind.record)
        self._query = HistoryQuery(self.kind)
        self._pending: Pending | None = None
        self._changed: set[int] = set()
        self._pages: OrderedDict[int, dict[int, T]] = OrderedDict()
        self._page_of: dict[int, int] = {}
        self.is_ready = False

    @property
    def query(self) -> HistoryQuery:
        """What is being shown, or looked for."""
        return self._query

    def ask(self, **changes: Any) -> None:
        """Show what the query with these changes finds, as soon as the worker has found it."""
        query = HistoryQuery(**{name: getattr(self._query, name) for name in _QUERY_FIELDS} | changes)
        if query != self._query or not self.is_ready:
            self._query = query
            self._look()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """As Qt has it."""
        name = self.columns[column].order if 0 <= column < len(self.columns) else None
        if isinstance(name, str):
            self.ask(order=name, descending=order == Qt.SortOrder.DescendingOrder)

    def take_changes(self, rows: tuple[int, ...]) -> None:
        """Rows of the history were added or changed."""
        self._changed.update(rows)
        self._look()

    def record(self, row: int) -> T | None:
        """The record shown in `row`, with its neighbours read along."""
        key = self.key(row)
        if key is None:
            return None
        if key not in self._page_of:
            self._read_around(row, key)
        page = self._page_of.get(key)
        if page is None:
            return None
        self._pages.move_to_end(page)
        return self._pages[page][key]

    def record_of(self, key: int) -> T | None:
        """The record of a row number; None where it isn't among the rows shown."""
        return self.record(self.row_of(key))

    def _look(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
        self._pending = self._source.order(self._query, self, self._show, self._fail)

    def _show(self, rows: Any) -> None:
        self._pending = None
        changed, self._changed = self._changed, set()
        for page in {self._page_of[row] for row in changed if row in self._page_of}:
            self._forget(page)
        self.is_ready = True
        self.show_keys(rows, changed)
        self.found.emit()

    def _fail(self, error: DeskError) -> None:
        self._pending = None
        self.search_failed.emit(error)

    def _read_around(self, row: int, key: int) -> None:
        first = max(0, row - _PAGE // 4)
        wanted = [near for near in self._keys[first : first + _PAGE] if near not in self._page_of]
        documents = self._source.documents(self.kind, wanted)
        # The page may be there already: a row that could not be read is asked for again and again.
        page = self._pages.setdefault(key, {})
        page.update((near, self._codec.decode(document)) for near, document in documents.items())
        self._pages.move_to_end(key)
        for near in page:
            self._page_of[near] = key
        while len(self._pages) > _MAX_PAGES:
            self._forget(next(iter(self._pages)))

    def _forget(self, page: int) -> None:
        for row in self._pages.pop(page, {}):
            del self._page_of[row]


_QUERY_FIELDS = ("kind", "order", "descending", "text", "equal")
