"""What a table paints while it is scrolled: only what comes into sight, and so that nobody can tell the difference."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QColor, QImage, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from lumedesk.models.trades import FillsTable, TradesTable
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.theme import Look, Scheme
from tests.support.builders import a_fill, a_trade
from tests.support.history_sources import Shelf
from tests.support.stage import settle

ROWS = 200
# The number of the row with the most decimals, in the midst of the list.
LONGEST = 150
STEPS = (57, 1, 19, -30, 380, -57, 38)


class Painted(QObject):
    """How many pixels high what is painted of a widget is, each time."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.heights: list[int] = []
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.heights.append(event.rect().height())
        return False


class Shown(QObject):
    """How often a widget came to be seen."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.times = 0
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.times += event.type() == QEvent.Type.Show
        return False


def a_page(qtbot: QtBot, look: Look, table: TradesTable) -> tuple[QWidget, RecordView]:
    """A window with nothing but the table's view; whoever asks keeps it."""
    page = QWidget()
    view = RecordView(table, look, "trades-table")
    QVBoxLayout(page).addWidget(view)
    qtbot.addWidget(page)
    page.resize(1_300, 500)
    page.show()
    return page, view


@pytest.fixture
def view(qtbot: QtBot, look: Look) -> Iterator[RecordView]:
    shelf = Shelf()
    shelf.trades = {row: a_trade(transaction_id=f"t{row}", status="COMPLETED") for row in range(1, ROWS + 1)}
    shelf.trades[LONGEST] = a_trade(transaction_id=f"t{LONGEST}", to_amount=Decimal("1.23456789"))
    shelf.marks = dict.fromkeys(range(2, ROWS, 7), (1_700_000_000_000_000, None))
    table = TradesTable(shelf)
    table.ask(order="id", descending=False)
    page, view = a_page(qtbot, look, table)
    view.selectRow(3)
    finish_painting(qtbot, view)
    yield view
    page.close()


def finish_painting(qtbot: QtBot, view: RecordView) -> None:
    painted = Painted(view.viewport())
    view.window().update()
    view.viewport().update()
    qtbot.waitUntil(lambda: bool(painted.heights))


def scrolled(qtbot: QtBot, view: RecordView, by: int) -> list[int]:
    """Scroll so many pixels; how much was painted for it."""
    painted = Painted(view.viewport())
    bar = view.verticalScrollBar()
    bar.setValue(bar.value() + by)
    qtbot.waitUntil(lambda: bool(painted.heights))
    return painted.heights


def on_screen(view: RecordView) -> QImage:
    window = view.window()
    return window.screen().grabWindow(window.winId()).toImage()


def test_columns_leave_room_for_the_scroll_bar(qtbot: QtBot, look: Look) -> None:
    # It comes while the table is shown for the first time; the table isn't told then that there is less room.
    shelf = Shelf()
    table = TradesTable(shelf)
    page = QWidget()
    view = RecordView(table, look, "trades-table", page)
    view.resize(1_300, 400)
    view.hide()
    qtbot.addWidget(page)
    page.show()
    shelf.trades = {row: a_trade(transaction_id=f"t{row}") for row in range(1, ROWS)}
    table.ask(order="id", descending=False)
    view.show()
    assert view.verticalScrollBar().isVisible()
    assert view.horizontalHeader().length() == view.viewport().width()


def test_any_size_is_fitted_to_in_the_end(qtbot: QtBot, look: Look) -> None:
    # Where rows just fit, columns that fit bring a scroll bar in, and with it they don't: that once went on until it crashed.
    shelf = Shelf()
    shelf.trades = {row: a_trade(transaction_id=f"t{row}") for row in range(1, 9)}
    table = TradesTable(shelf)
    table.ask(order="id", descending=False)
    page, view = a_page(qtbot, look, table)
    for width in range(710, 760, 2):
        for height in range(340, 380, 4):
            page.resize(800, 300)
            settle()
            page.resize(width, height)
            settle()
            has_room = view.horizontalHeader().length() <= view.viewport().width()
            assert has_room or view.horizontalScrollBar().isVisible(), (width, height)


def test_only_what_comes_into_sight_is_painted(qtbot: QtBot, view: RecordView) -> None:
    for by in STEPS:
        assert scrolled(qtbot, view, by) == [abs(by)]


def test_the_picture_is_the_same_as_if_all_of_it_were_painted(qtbot: QtBot, view: RecordView) -> None:
    for by in STEPS:
        scrolled(qtbot, view, by)
        moved = on_screen(view)
        finish_painting(qtbot, view)
        assert moved == on_screen(view), by


def test_figures_above_make_room_for_more_decimals_below(qtbot: QtBot, view: RecordView) -> None:
    table: Any = view.model()
    longest = table.row_of(LONGEST)

    def above(name: str) -> QImage:
        return view.viewport().grab(view.visualRect(table.index(longest - 1, table.column_index(name)))).toImage()

    scrolled(qtbot, view, view.rowHeight(0) * longest - view.viewport().height())
    sold, bought = above("sold"), above("bought")
    painted = Painted(view.viewport())
    scrolled(qtbot, view, view.rowHeight(0))
    qtbot.waitUntil(lambda: view.viewport().height() in painted.heights)
    assert above("sold") == sold
    assert above("bought") != bought


def test_rows_end_above_the_round_corners(view: RecordView, look: Look) -> None:
    picture, below = on_screen(view), QColor(look.colours.window)
    for corner in (view.rect().bottomLeft(), view.rect().bottomRight()):
        inwards = QPoint(1 if corner.x() == 0 else -1, -1)
        assert picture.pixelColor(view.mapTo(view.window(), corner + inwards)) == below


def test_other_colours_are_on_the_whole_table_at_once(qtbot: QtBot, view: RecordView, look: Look) -> None:
    look.use(Scheme.DARK if look.scheme is Scheme.LIGHT else Scheme.LIGHT)
    finish_painting(qtbot, view)
    end = view.viewport().mapTo(view.window(), QPoint(2, view.viewport().height() - 2))
    assert on_screen(view).pixelColor(end) == QColor(look.colours.surface)


def test_a_table_as_tall_as_its_rows_shows_each_of_them_whole(qtbot: QtBot, look: Look) -> None:
    table = FillsTable()
    table.set_records([a_fill(transaction_id=f"f{at}") for at in range(3)])
    view = RecordView(table, look, "fills-table")
    qtbot.addWidget(view)
    view.resize(1_300, 500)
    view.fit_rows(8)
    view.show()
    assert view.verticalScrollBar().maximum() == 0
    assert view.viewport().height() == view.visualRect(table.index(2, 0)).bottom() + 1


def test_nothing_scrolls_sideways_where_the_columns_fit(qtbot: QtBot, look: Look) -> None:
    table = TradesTable(shelf := Shelf())
    view = RecordView(table, look, "trades-table")
    qtbot.addWidget(view)
    view.resize(1_300, 500)
    view.show()
    finish_painting(qtbot, view)
    bar = Shown(view.horizontalScrollBar())
    # So many that they need a scroll bar of their own, which takes room from the columns.
    shelf.trades = {row: a_trade(transaction_id=f"t{row}") for row in range(1, ROWS + 1)}
    table.ask(order="id", descending=False)
    qtbot.waitUntil(view.verticalScrollBar().isVisible)
    finish_painting(qtbot, view)
    assert not bar.times, "there was one for a moment"
    for width, is_narrow in ((300, True), (1_300, False)):
        view.resize(width, 500)
        qtbot.waitUntil(lambda is_narrow=is_narrow: view.horizontalScrollBar().isVisible() == is_narrow)
