"""What marked and unreadable rows look like: told by more than colour, and never with a figure that isn't theirs."""

from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from lumedesk.domain.statuses import Tone
from lumedesk.models.trades import TradesTable
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.theme import DARK, LIGHT, Look, Scheme
from tests.support.builders import a_trade
from tests.support.history_sources import Shelf

PLAIN, GONE, ALTERED, DAMAGED = range(4)


@pytest.fixture
def view(qtbot: QtBot, look: Look) -> RecordView:
    shelf = Shelf()
    shelf.trades = {
        row: a_trade(transaction_id=f"t{row}", from_amount=Decimal("1234567.25"), status="COMPLETED")
        for row in (1, 2, 3, 4)
    }
    shelf.marks = {2: (1_700_000_000_000_000, None), 3: (None, 1_700_000_000_000_000)}
    shelf.damaged = {4: b'{"transactionId":"t4","fromAmount":1234567.25,'}
    table = TradesTable(shelf)
    table.ask(order="id", descending=False)
    view = RecordView(table, look, "trades-table")
    qtbot.addWidget(view)
    view.resize(1_200, 300)
    view.show()
    return view


def cell(view: RecordView, row: int, name: str) -> QImage:
    table: Any = view.model()
    return view.viewport().grab(view.visualRect(table.index(row, table.column_index(name)))).toImage()


def colours_in(image: QImage) -> set[str]:
    return {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}


def test_a_mark_is_muted_text_and_a_sign_of_its_own(view: RecordView, look: Look) -> None:
    assert look.colours in (LIGHT, DARK)
    for name in ("pair", "sold"):
        assert look.colours.text in colours_in(cell(view, PLAIN, name))
        for row in (GONE, ALTERED):
            inks = colours_in(cell(view, row, name))
            assert look.colours.muted in inks
            assert look.colours.text not in inks
    statuses = [cell(view, row, "status") for row in (PLAIN, GONE, ALTERED)]
    # The pill itself is the same; the sign stands beside it, and isn't the same for both marks.
    left = [image.copy(0, 0, image.width() // 2, image.height() - 1) for image in statuses]
    right = [image.copy(image.width() - 30, 0, 30, image.height() - 1) for image in statuses]
    assert left[PLAIN] == left[GONE] == left[ALTERED]
    assert len(colours_in(right[PLAIN])) == 1
    assert right[GONE] != right[ALTERED]
    assert all(len(colours_in(right[row])) > 2 for row in (GONE, ALTERED))


def test_pills_follow_the_colours(view: RecordView, look: Look) -> None:
    before = cell(view, PLAIN, "status")
    look.use(Scheme.DARK if look.colours is LIGHT else Scheme.LIGHT)
    after = cell(view, PLAIN, "status")
    tints = [{QColor(each).name() for each in colours.tone(Tone.DONE)} for colours in (LIGHT, DARK)]
    now, then = tints if look.colours is LIGHT else reversed(tints)
    assert now <= colours_in(after)
    assert then <= colours_in(before)
    assert not then & colours_in(after)


def test_a_row_that_can_not_be_read_shows_no_figure(view: RecordView, look: Look) -> None:
    for name in ("sold", "bought", "rate"):
        inks = colours_in(cell(view, DAMAGED, name))
        assert look.colours.text not in inks
        assert cell(view, DAMAGED, name) != cell(view, PLAIN, name)
    assert look.colours.done not in colours_in(cell(view, DAMAGED, "status"))
    assert len(colours_in(cell(view, DAMAGED, "status"))) > 2, "a dash"


def test_the_selection_is_painted_whole(view: RecordView, look: Look) -> None:
    view.selectRow(PLAIN)
    for name in ("created", "pair", "sold", "status", "id"):
        corner = cell(view, PLAIN, name)
        assert QColor(corner.pixel(1, 1)).name() == look.colours.selection
        assert QColor(corner.pixel(1, corner.height() - 1)).name() == look.colours.sunken
        assert QColor(cell(view, GONE, name).pixel(1, 1)).name() == look.colours.surface
