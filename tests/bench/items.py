"""The yardstick of the tables: Qt's own standard item model with its sort and filter proxy, under the desk's own view."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QTableView

from lumedesk.models.table import AMOUNT, DISPLAY, MARK, STATUS, KeyedTable, Shown
from lumedesk.models.trades import TradesTable
from lumedesk.views.theme import Look, Scheme
from tests.bench.process import Watch, memory_mb
from tests.bench.rig import HEIGHT, WIDTH, FirstPicture, PaintedView, Shows, an_app, finish_painting, warm_up

_COLUMNS = len(TradesTable.columns)
# What is typed into the filter: what most rows have.
_SEARCHED = "Comp"


class _Painted:
    """What the desk's view asks of a table, told by what Qt's models answer."""

    data: Callable[..., Any]
    index: Callable[..., Any]
    columns = TradesTable.columns
    _status = next(at for at, column in enumerate(columns) if column.status is not None)

    def shown(self, row: int) -> Shown:
        """What is painted in a row."""
        data, index = self.data, self.index
        texts = tuple(data(index(row, column), DISPLAY) for column in range(_COLUMNS))
        return Shown(texts, data(index(row, 0), MARK), data(index(row, self._status), STATUS))


class Alone(_Painted, QStandardItemModel):
    """The model without its proxy."""


class Sorted(_Painted, QSortFilterProxyModel):
    """The proxy."""


def filled(rows: list[list[str]]) -> QStandardItemModel:
    """A model that holds these texts."""
    model = QStandardItemModel(len(rows), _COLUMNS)
    set_item, item = model.setItem, QStandardItem
    for at, cells in enumerate(rows):
        for column, text in enumerate(cells):
            set_item(at, column, item(text))
    return model


def same_values(table: KeyedTable[Any, Any], count: int) -> Alone:
    """A model that answers what `table` does for its first rows, for every role its painting asks for."""
    model = Alone(count, _COLUMNS)
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.TextAlignmentRole, AMOUNT, STATUS)
    for row in range(count):
        for column in range(_COLUMNS):
            item = QStandardItem()
            for role in roles:
                if (value := table.index(row, column).data(role)) is not None:
                    item.setData(value, role)
            model.setItem(row, column, item)
    return model


def view_of(model: Alone | Sorted, look: Look) -> PaintedView:
    """The desk's own view on it."""
    view = PaintedView(model, look, "items")
    model.setParent(view)
    view.resize(WIDTH, HEIGHT)
    return view


def sorted_view_of(model: QStandardItemModel, look: Look) -> PaintedView:
    """The same, through the proxy."""
    proxy = Sorted()
    proxy.setSourceModel(model)
    model.setParent(proxy)
    return view_of(proxy, look)


def measure(texts: str, sorts: list[int], searches: int, pictures: int) -> dict[str, Any]:
    """In a fresh process: fill, show, sort by these columns, scroll so many frames, and filter so often.

    The first of the columns is the time, newest first. The texts are in memory before; what is measured is the model's own.
    """
    rows = _read(Path(texts))
    look = Look(an_app(), Scheme.LIGHT)
    warm_up(look)
    before, watch = memory_mb(), Watch()
    view = sorted_view_of(filled(rows), look)
    filled_ms = watch.passed()
    shows = Shows(view.model(), view)
    first = FirstPicture(shows)
    view.show()
    first_ms, memory = filled_ms + first.wait().passed_ms, memory_mb() - before
    finish_painting(view, shows)
    orders = [_sort(view, shows, column) for column in sorts]
    return {
        "first_ms": first_ms,
        "memory_mb": memory,
        "newest_ms": orders[0].passed_ms,
        "sort_ms": [order.computed_ms for order in orders],
        "frames_ms": frames(view, pictures),
        "search_ms": [_search(view, shows, _SEARCHED) for _ in range(searches)],
    }


def _read(texts: Path) -> list[list[str]]:
    # Millions of texts are made, and none is to be collected: looking for some would take half a minute.
    gc.disable()
    rows = [line.split("\t") for line in texts.read_text(encoding="utf-8").splitlines()]
    gc.freeze()
    gc.enable()
    return rows


def _sort(view: PaintedView, shows: Shows, column: int) -> FirstPicture:
    first = FirstPicture(shows)
    view.model().sort(column, Qt.SortOrder.DescendingOrder)
    view.viewport().update()
    first.wait()
    finish_painting(view, shows)
    return first


def _search(view: PaintedView, shows: Shows, text: str) -> float:
    proxy = view.model()
    assert isinstance(proxy, QSortFilterProxyModel)
    proxy.setFilterKeyColumn(-1)
    first = FirstPicture(shows)
    proxy.setFilterFixedString(text)
    view.viewport().update()
    return first.wait().computed_ms


def frames(view: QTableView, count: int) -> list[float]:
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
