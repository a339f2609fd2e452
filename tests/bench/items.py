"""The yardstick of the tables: Qt's own standard item model with its sort and filter proxy, under the desk's own view."""

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from lumedesk.models.table import AMOUNT, STATUS, KeyedTable
from lumedesk.models.trades import TradesTable
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.theme import Look, Scheme
from tests.bench.process import Watch, memory_mb
from tests.bench.rig import HEIGHT, WIDTH, Shows, an_app, warm_up
from tests.bench.waiting import until

_COLUMNS = len(TradesTable.columns)
# What is typed into the filter: what most rows have, and what few have.
_SEARCHES = ("Comp", "00005")


class Sorted(QSortFilterProxyModel):
    """The proxy, with the two things that the desk's view asks of a table."""

    columns = TradesTable.columns

    def column_index(self, name: str) -> int:
        return [column.name for column in self.columns].index(name)


def filled(rows: list[list[str]]) -> QStandardItemModel:
    """A model that holds these texts."""
    model = QStandardItemModel(len(rows), _COLUMNS)
    set_item, item = model.setItem, QStandardItem
    for at, cells in enumerate(rows):
        for column, text in enumerate(cells):
            set_item(at, column, item(text))
    return model


def same_values(table: KeyedTable[Any, Any], count: int) -> QStandardItemModel:
    """A model that answers what `table` does for its first rows, for every role its painting asks for."""
    model = QStandardItemModel(count, _COLUMNS)
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.TextAlignmentRole, AMOUNT, STATUS)
    for row in range(count):
        for column in range(_COLUMNS):
            item = QStandardItem()
            for role in roles:
                if (value := table.index(row, column).data(role)) is not None:
                    item.setData(value, role)
            model.setItem(row, column, item)
    return model


def view_of(model: QStandardItemModel, look: Look) -> RecordView:
    """The desk's own view on it, through the proxy."""
    proxy = Sorted()
    proxy.setSourceModel(model)
    view = RecordView(proxy, look, "items")  # type: ignore[arg-type] - it asks for no more than this has
    model.setParent(proxy)
    proxy.setParent(view)
    view.resize(WIDTH, HEIGHT)
    return view


def measure(texts: str, sorts: list[int], searches: int, pictures: int) -> dict[str, Any]:
    """In a fresh process: fill, show, sort by these columns, scroll so many frames, and filter so often.

    The texts are in memory before; what is measured is the model's own.
    """
    rows = [line.split("\t") for line in Path(texts).read_text(encoding="utf-8").splitlines()]
    look = Look(an_app(), Scheme.LIGHT)
    warm_up(look)
    before, watch = memory_mb(), Watch()
    view = view_of(filled(rows), look)
    shows = Shows(view.model(), view)
    view.show()
    until(lambda: shows.paints, "the first picture")
    first_ms, memory = watch.passed(), memory_mb() - before
    return {
        "first_ms": first_ms,
        "memory_mb": memory,
        "sort_ms": [_sort(view, shows, column) for column in sorts],
        "frames_ms": frames(view, pictures),
        "search_ms": [_search(view, shows, text) for text in _SEARCHES[:searches]],
    }


def _sort(view: RecordView, shows: Shows, column: int) -> float:
    watch, painted = Watch(), shows.paints
    view.model().sort(column, Qt.SortOrder.DescendingOrder)
    view.viewport().update()
    until(lambda: shows.paints > painted, "the sorted rows")
    return watch.computed()


def _search(view: RecordView, shows: Shows, text: str) -> float:
    proxy = view.model()
    assert isinstance(proxy, QSortFilterProxyModel)
    proxy.setFilterKeyColumn(-1)
    watch, painted = Watch(), shows.paints
    proxy.setFilterFixedString(text)
    view.viewport().update()
    until(lambda: shows.paints > painted, "the rows found")
    return watch.computed()


def frames(view: RecordView, count: int) -> list[float]:
    """Milliseconds by the clock for each of so many frames: half of them jumps all over, half a turn of the wheel."""
    bar = view.verticalScrollBar()
    found: list[float] = []
    for at in range(count):
        # All over the table, never twice at the same place: steps of a golden section.
        jump = int(bar.maximum() * (at * 0.618033988 % 1.0))
        value = jump if at % 2 else min(bar.value() + 3 * view.rowHeight(0), bar.maximum())
        began = time.perf_counter()
        bar.setValue(value)
        view.viewport().repaint()
        found.append((time.perf_counter() - began) * 1000)
    return found
