"""The detail pane: everything of a record, whole, each value copied to the letter."""

from typing import Any

import segno
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QToolButton

from lumedesk.domain.kinds import Kind
from lumedesk.views.parts.clipboard import Clipboard
from lumedesk.views.parts.qr import QrCode
from lumedesk.views.parts.text import Passage
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

_QUIET = 4


def opened(stage: Stage, kind: Kind, accepts: Any) -> Any:
    page: Any = stage.window.pages[kind][0]
    stage.window.go_to(kind)
    row = next(row for row in range(page.table.rowCount()) if accepts(page.table.record(row)))
    page.view.selectRow(row)
    until(page.detail.isVisible, "the details")
    settle()
    return page


def labels(page: Any) -> list[tuple[str, str | None, int]]:
    return [(field.label, field.value, field.depth) for field in page.detail.fields._shown]


def test_nested_details_are_shown_whole(stage: Stage) -> None:
    page = opened(stage, Kind.WALLETS, lambda wallet: wallet.currency == "USD")
    shown = labels(page)
    assert ("Intermediary", None, 1) in shown
    assert ("BIC", "CHASUS33", 2) in shown
    assert ("Address", None, 2) in shown
    assert ("City", "New York", 3) in shown
    assert page.detail.title.text() == "USD · SWIFT"


def test_each_copy_button_copies_its_value_to_the_letter(stage: Stage, qapp: QApplication) -> None:
    page = opened(stage, Kind.WITHDRAWALS, lambda each: "bankName" in each.withdraw_details)
    fields = page.detail.fields
    valued = [(at, field) for at, field in enumerate(fields._shown) if field.value not in (None, "–")]
    assert len(valued) > 5
    for at, field in valued:
        button = page.detail.findChild(QToolButton, f"{fields.objectName()}-copy-{at}")
        assert button is not None
        button.click()
        assert QGuiApplication.clipboard().text() == field.value
    Clipboard.of(qapp).clear_if_ours()


def test_long_values_are_wrapped_and_not_cut(stage: Stage) -> None:
    page = opened(stage, Kind.WALLETS, lambda wallet: wallet.currency == "BTC")
    passages = page.detail.fields.findChildren(Passage)
    assert any("bc1q" in passage.toPlainText() for passage in passages)
    for passage in passages:
        assert passage.verticalScrollBar().maximum() == 0
        layout = passage.document().firstBlock().layout()
        for line in map(layout.lineAt, range(layout.lineCount())):
            assert line.naturalTextWidth() <= passage.viewport().width()


def test_the_qr_code_holds_exactly_the_address(stage: Stage) -> None:
    page = opened(stage, Kind.WALLETS, lambda wallet: wallet.network_name == "TRON")
    address = page.current_record().deposit_details["address"]
    assert seen(page.qr_code) == [bytes(row) for row in segno.make(address, error="m", micro=False).matrix]
    page.look.use(type(page.look.scheme).DARK)
    settle()
    assert seen(page.qr_code) == [bytes(row) for row in segno.make(address, error="m", micro=False).matrix]


def test_there_is_no_qr_code_of_bank_details(stage: Stage) -> None:
    page = opened(stage, Kind.WALLETS, lambda wallet: wallet.currency == "ZAR")
    assert not page.qr_code.isVisible()
    assert not page.qr_hint.isVisible()


def seen(code: QrCode) -> list[bytes]:
    """The matrix read back from the picture, module by module."""
    image = code.grab().toImage()
    modules = len(code._matrix) + 2 * _QUIET
    side = image.width() / modules
    matrix = []
    for y in range(modules):
        middle = [image.pixelColor(int((x + 0.5) * side), int((y + 0.5) * side)).lightness() for x in range(modules)]
        matrix.append(bytes(value < 128 for value in middle))
    quiet = bytes(modules)
    assert matrix[:_QUIET] == matrix[-_QUIET:] == [quiet] * _QUIET
    return [row[_QUIET:-_QUIET] for row in matrix[_QUIET:-_QUIET]]


def test_fills_are_listed_as_many_as_came(stage: Stage) -> None:
    page = opened(stage, Kind.TRADES, lambda trade: len(trade.fills or ()) > 1)
    fills = page.current_record().fills
    assert page.fills_title.text() == f"Fills ({len(fills)})"
    assert page.fills.rowCount() == len(fills)
    view = page.fills_view
    assert view.verticalScrollBar().maximum() == 0
    assert view.horizontalScrollBar().maximum() == 0


def test_a_trade_without_fills_says_so(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    own_treasury.answers["trades"] = [
        {"transactionId": "t1", "status": "COMPLETED"},
        {"transactionId": "t2", "fills": []},
    ]
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    page = opened(stage, Kind.TRADES, lambda trade: trade.transaction_id == "t1")
    assert page.fills_title.text() == "Fills: not reported"
    page = opened(stage, Kind.TRADES, lambda trade: trade.transaction_id == "t2")
    assert page.fills_title.text() == "No fills yet"
    assert not page.fills_view.isVisible()


def test_a_status_that_nobody_knows_is_shown_as_it_came(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    own_treasury.answers["deposits"] = [{"transactionId": "d1", "status": "ON_HOLD"}]
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    page = opened(stage, Kind.DEPOSITS, lambda _: True)
    assert page.detail.pill.accessibleName() == "ON_HOLD"
