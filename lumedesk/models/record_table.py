"""Tables of small sets, held in memory: ordered and filtered here, because Qt's proxy misorders Decimal and datetime."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt

from lumedesk.models.table import KeyedTable

T = TypeVar("T")


class RecordTable(KeyedTable[T, str], Generic[T]):
    """A small set of records. `key` tells them apart; records without a key, or with one seen before, are left out."""

    def __init__(self, key: Callable[[T], str | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._key = key
        self._records: dict[str, T] = {}
        self._needle: list[str] = []
        self._accepts: Callable[[T], bool] | None = None
        self._order: tuple[int, bool] | None = None

    def record_of(self, key: str) -> T | None:
        """The record behind a key."""
        return self._records.get(key)

    def set_records(self, records: Sequence[T]) -> None:
        """Take the whole set as it is now; only what is different is signalled."""
        before = self._records
        self._records = {}
        for record in records:
            if key := self._key(record):
                self._records.setdefault(key, record)
        changed = [key for key, record in self._records.items() if key in before and before[key] != record]
        self._refresh(changed)

    def search(self, text: str) -> None:
        """Show only the records in which every word of `text` occurs in some column."""
        self._needle = text.casefold().split()
        self._refresh()

    def accept(self, accepts: Callable[[T], bool] | None) -> None:
        """Show only the records that `accepts` says yes to; None shows all."""
        self._accepts = accepts
        self._refresh()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """As Qt has it; column -1 is the server's order."""
        self._order = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._refresh()

    @property
    def total(self) -> int:
        """How many records there are before any filter."""
        return len(self._records)

    def _refresh(self, changed: Sequence[str] = ()) -> None:
        keys = [key for key, record in self._records.items() if self._shows(record)]
        if self._order is not None:
            column, descending = self._order
            order = self.columns[column].order
            if callable(order):
                _sort(keys, lambda key: order(self._records[key]), descending=descending)
        self.show_keys(keys, changed)

    def _shows(self, record: T) -> bool:
        if self._accepts is not None and not self._accepts(record):
            return False
        if not self._needle:
            return True
        words = "\n".join((column.copy or column.text)(record) for column in self.columns).casefold()
        return all(needle in words for needle in self._needle)


def _sort(keys: list[str], value: Callable[[str], Any], *, descending: bool) -> None:
    """Sort in place; what has no value comes last either way."""
    values = {key: value(key) for key in keys}
    filled = sorted((key for key in keys if values[key] is not None), key=values.__getitem__, reverse=descending)
    keys[:] = filled + [key for key in keys if values[key] is None]
