"""What an operator does with a table: copying, the context menu, filters, search, and opening details."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from lumedesk.domain.kinds import Kind
from lumedesk.models.trades import FillsTable
from lumedesk.views.pages.record_page import RecordPage
from lumedesk.views.parts.table_view import RecordView
from tests.support.builders import a_fill
from tests.support.stage import Stage, settle, until


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def page_of(stage: Stage, kind: Kind) -> Any:
    page = stage.window.pages[kind][0]
    assert isinstance(page, RecordPage)
    stage.window.go_to(kind)
    return page


def row_where(page: Any, column: str, text: str) -> int:
    at = page.table.column_index(column)
    return next(row for row in range(page.table.rowCount()) if page.table.index(row, at).data() == text)


def column(page: Any, name: str) -> list[str]:
    at = page.table.column_index(name)
    return [page.table.index(row, at).data() for row in range(page.table.rowCount())]


def test_a_cell_is_copied_as_plain_digits(stage: Stage) -> None:
    page = page_of(stage, Kind.ACCOUNTS)
    row = row_where(page, "currency", "NGN")
    page.view.setCurrentIndex(page.table.index(row, page.table.column_index("total")))
    page.view.copy_cell()
    assert clipboard() == "183500250.00"


def test_rows_are_copied_with_their_headings(stage: Stage, qtbot: QtBot) -> None:
    page = page_of(stage, Kind.ACCOUNTS)
    page.view.selectRow(0)
    qtbot.keyClick(page.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(page.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = [line.split("\t") for line in clipboard().split("\n")]
    assert lines[0] == ["Currency", "Available", "Locked", "Total", "Id"]
    assert [line[0] for line in lines[1:]] == ["BTC", "ETH"]
    assert all(len(line) == 5 for line in lines)


@pytest.mark.qt_log_ignore(r"does not support (raise\(\)|grabbing the keyboard)")
def test_the_context_menu_copies(stage: Stage) -> None:
    page = page_of(stage, Kind.WALLETS)
    row = row_where(page, "route", "TRON")
    cell = page.table.index(row, page.table.column_index("details"))
    page.view.setCurrentIndex(cell)
    page.view.customContextMenuRequested.emit(page.view.visualRect(cell).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["Copy cell", "Copy rows"]
    menu.actions()[0].trigger()
    assert clipboard().startswith("TQ5nX8yKc2vR7mJ4wZ9bL3pD6hF1sG0aEu")
    menu.close()
    settle()


def test_there_is_no_menu_beside_the_rows(stage: Stage) -> None:
    page = page_of(stage, Kind.WALLETS)
    page.view.customContextMenuRequested.emit(QPoint(5, page.view.viewport().height() - 2))
    assert QApplication.activePopupWidget() is None


def test_wallets_by_network_and_method(stage: Stage) -> None:
    page = page_of(stage, Kind.WALLETS)
    page.network.choose("ETHEREUM")
    assert column(page, "route") == ["ETHEREUM"] * 3
    assert page.count.text() == "3 of 11 wallets"
    page.method.choose("EFT")
    assert page.table.rowCount() == 0
    assert page.states.isVisible()
    page.clear_filters()
    page.method.choose("EFT")
    assert column(page, "currency") == ["ZAR"]


def test_beneficiaries_by_currency(stage: Stage) -> None:
    page = page_of(stage, Kind.BENEFICIARIES)
    page.currency.choose("ZAR")
    assert column(page, "nickname") == ["<b>Acme</b> & Sons", "Umhlanga Logistics"]


def test_search_looks_into_every_column(stage: Stage, qtbot: QtBot) -> None:
    page = page_of(stage, Kind.BENEFICIARIES)
    page.focus_search()
    qtbot.keyClicks(page.search, "DEUTSCHE bank 0440")
    assert column(page, "nickname") == ["Müller & Söhne GmbH"]
    assert page.count.text() == "1 of 10 beneficiaries"


def test_search_in_a_history_finds_an_id(stage: Stage, qtbot: QtBot) -> None:
    page = page_of(stage, Kind.TRADES)
    wanted = page.table.record(3).transaction_id
    qtbot.keyClicks(page.search, wanted)
    until(lambda: page.table.rowCount() == 1, "the trade")
    assert page.table.record(0).transaction_id == wanted


def test_a_choice_ignores_the_wheel(stage: Stage) -> None:
    page = page_of(stage, Kind.WALLETS)
    turned = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(page.network, turned)
    assert page.network.value() == ""


def test_the_keyboard_in_a_table_opens_nothing_by_itself(stage: Stage, qtbot: QtBot) -> None:
    page = page_of(stage, Kind.ACCOUNTS)
    page.search.setFocus()
    page.view.setFocus()
    assert page.view.current_row() == -1
    assert not page.detail.isVisible()
    qtbot.keyClick(page.view, Qt.Key.Key_Down)
    assert page.view.current_row() == 0
    assert page.detail.isVisible()
    assert page.view.selectionModel().isRowSelected(0)


def test_escape_closes_the_details_for_good(stage: Stage, qtbot: QtBot) -> None:
    page = page_of(stage, Kind.ACCOUNTS)
    page.view.selectRow(2)
    qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert stage.window.focusWidget() is page.detail.close_button
    qtbot.keyClick(page.detail.close_button, Qt.Key.Key_Escape)
    assert not page.detail.isVisible()
    assert page.view.current_row() == -1


@pytest.mark.parametrize("kind", [Kind.WITHDRAWALS, Kind.TRADES, Kind.ACCOUNTS])
def test_columns_fit_the_window_beside_the_details(stage: Stage, kind: Kind) -> None:
    page = page_of(stage, kind)
    page.view.selectRow(0)
    settle()
    view: RecordView = page.view
    assert view.horizontalScrollBar().maximum() == 0


def test_the_columns_of_the_overview_fit_the_window(stage: Stage) -> None:
    stage.window.go_to(None)
    settle()
    for view in (stage.window.overview.balances_view, stage.window.overview.activity_view):
        assert view.horizontalScrollBar().maximum() == 0


def test_an_overview_row_opens_its_own_page(stage: Stage) -> None:
    overview = stage.window.overview
    row = next(row for row in range(overview.activity.rowCount()) if overview.activity.record(row).what == "Trade")
    wanted = overview.activity.record(row).id
    overview.activity_view.opened.emit(row)
    page: Any = stage.window.trades
    until(lambda: page.current_record() is not None, "the trade")
    assert page.current_record().transaction_id == wanted


def test_what_is_looked_at_stays_where_it_is_while_rows_come_and_go_above(stage: Stage) -> None:
    table = FillsTable()
    fills = [a_fill(transaction_id=f"fil_{number}") for number in range(60)]
    table.set_records(fills)
    view = RecordView(table, stage.look, "held")
    view.resize(600, 300)
    view.show()
    settle()

    def top() -> str | None:
        fill = table.record(view.rowAt(0))
        return None if fill is None else fill.transaction_id

    view.scrollTo(table.index(40, 0), RecordView.ScrollHint.PositionAtTop)
    assert top() == "fil_40"
    table.set_records([a_fill(transaction_id="new"), *fills])
    settle()
    assert top() == "fil_40"
    table.set_records(fills[5:])
    settle()
    assert top() == "fil_40"
    # The list's top shows what is new.
    view.scrollToTop()
    table.set_records([a_fill(transaction_id="newest"), *fills])
    settle()
    assert top() == "newest"
    view.close()
    view.deleteLater()
