"""Hidden amounts: one amount is put into every kind of record and hunted for in all that the pages show, speak and copy."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAction, QGuiApplication, QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTableView,
    QToolButton,
    QWidget,
)

from lumedesk.domain.details import DOTS
from lumedesk.domain.errors import Invalid
from lumedesk.domain.kinds import Kind
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.models.table import AMOUNT, COPY, STATUS
from lumedesk.views.pages.record_page import RecordPage
from lumedesk.views.parts.clipboard import Clipboard
from lumedesk.views.theme import Scheme
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

CANARY = Decimal("987654321.25")
TOTAL = CANARY + CANARY
FIGURES = ("987654321", "1975308642")
WORDS = f"The limit is {CANARY:,} ZAR."
DETAILS = {"bankName": "Nedbank", "accountNumber": "62847719203", "minimumAmount": float(CANARY), "fee": int(CANARY)}
# A destination without an account or address: its summary is whatever it has.
ODD_DETAILS = {"reference": "monthly", "limit": str(CANARY)}
AT = "2026-05-11T10:15:30Z"
FILL = {"transactionId": "fil_1", "status": "COMPLETED", "createdAt": AT, "fromCurrency": "USDT", "toCurrency": "ZAR"}
ACCOUNT = {"id": "acc_1", "currency": "ZAR", "balance": CANARY, "lockedBalance": CANARY}
BENEFICIARY = {
    "id": "ben_1",
    "currency": "ZAR",
    "nickname": "Umhlanga",
    "withdrawFormDetails": DETAILS,
    "createdAt": AT,
}
ROLES = [*range(16), COPY, AMOUNT, STATUS]


@pytest.fixture
def stage(stage: Stage) -> Iterator[Stage]:
    """As all tests have it, with amounts shown again afterwards."""
    yield stage
    stage.look.hide_amounts(hidden=False)


def body(value: Any) -> bytes:
    """JSON with exact amounts."""
    return json.dumps(value, default=float).encode()


@pytest.fixture
def canaries() -> LaidOut:
    """A treasury that holds, moves and tells one amount everywhere."""
    fill = FILL | {"fromCurrencyAmount": CANARY, "toCurrencyAmount": CANARY}
    trade = {"transactionId": "trd_1", "fromAmount": CANARY, "toAmount": CANARY, "rate": CANARY, "fills": [fill]}
    moved = {"currency": "ZAR", "amount": CANARY, "fee": CANARY, "status": "COMPLETED", "createdAt": AT}
    lists = {
        "accounts": [ACCOUNT],
        "accounts__currency__ZAR": ACCOUNT,
        "wallets": [
            {"id": "wal_1", "currency": "ZAR", "paymentMethodType": "EFT", "depositDetails": DETAILS},
            {"id": "wal_2", "currency": "ZAR", "depositDetails": ODD_DETAILS},
        ],
        "beneficiaries": [BENEFICIARY, BENEFICIARY | {"id": "ben_2", "withdrawFormDetails": ODD_DETAILS}],
        "beneficiaries__ben_1": BENEFICIARY,
        "trades": [FILL | trade],
        "deposits": [moved | {"transactionId": "dep_1", "completedAt": AT}],
        "withdrawals": [
            moved | {"transactionId": "wdl_1", "withdrawDetails": DETAILS},
            moved | {"transactionId": "wdl_2", "withdrawDetails": ODD_DETAILS},
        ],
    }
    laid_out = LaidOut(**{name: body(value) for name, value in lists.items()})
    laid_out.answers["POST beneficiaries/withdrawals"] = Invalid(WORDS, http_status=422, documented=True)
    return laid_out


@pytest.fixture
def desk(make_stage: Any, load: Callable[[Stage], Stage], canaries: LaidOut) -> Iterator[Stage]:
    """The treasury on screen, with a refused withdrawal and audit entries of all kinds."""
    stage = load(make_stage(LaidOutConnector(canaries)))
    movements = stage.session.movements
    details = {key: CANARY if isinstance(value, float) else value for key, value in DETAILS.items()}
    notes = {"typed": str(CANARY), "checks": [{"check": "Limits", "words": WORDS}], "typed once more": f"{CANARY:,}"}
    order = WithdrawalOrder("uuid-1", "ben_1", "Umhlanga", details, "ZAR", CANARY, notes)
    outcomes: list[Any] = []
    movements.withdraw(order, stage.window, outcomes.append)
    movements.note("quoted", "QT1", {"sell": f"{CANARY} ZAR", "buy": f"{CANARY} USDT", "rate": str(CANARY)})
    movements.note("limits changed", "", {"currencies": {"ZAR": {"single": str(CANARY)}}, "beneficiaries": {"b": "1"}})
    movements.note("thought of later", "", {"whatever": str(CANARY), "number": int(CANARY)})
    until(lambda: outcomes, "the outcome")
    assert outcomes[0].verdict.value == "refused", outcomes
    stage.window.go_to("audit")
    until(lambda: stage.window.audit.table.rowCount() == 5, "the audit entries")
    until(lambda: not stage.session.in_flight, "the exchanges to end")
    yield stage
    stage.look.hide_amounts(hidden=False)


def said(widget: QWidget) -> Iterator[str]:
    """All that one widget shows, or has spoken."""
    for text in ("toolTip", "statusTip", "whatsThis", "accessibleName", "accessibleDescription", "windowTitle"):
        yield getattr(widget, text)()
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        yield widget.text()
    if isinstance(widget, QPlainTextEdit):
        yield widget.toPlainText()
    if isinstance(widget, QComboBox):
        yield from map(widget.itemText, range(widget.count()))
    if isinstance(widget, QTableView):
        model = widget.model()
        for row in range(model.rowCount()):
            for column in range(model.columnCount()):
                yield from (str(model.index(row, column).data(role)) for role in ROLES)
    interface = QAccessible.queryAccessibleInterface(widget)
    kinds = QAccessible.Text
    for kind in (kinds.Name, kinds.Description, kinds.Value, kinds.Help):
        yield interface.text(kind)
    if interface.role() == QAccessible.Role.Table:
        for at in range(interface.childCount()):
            cell = interface.child(at)
            if cell is not None:
                yield cell.text(kinds.Name)


def told(window: QWidget) -> list[str]:
    """All that a window, or a part of it, shows or has spoken, whether it is in view or not."""
    widgets = [window, *window.findChildren(QWidget)]
    texts = [text for widget in widgets for text in said(widget) if text]
    return texts + [action.text() for action in window.findChildren(QAction)]


def betraying(texts: list[str]) -> list[str]:
    plain = [(text, text.replace(",", "").replace(" ", "")) for text in texts]
    return [text for text, digits in plain if any(figure in digits for figure in FIGURES)]


def record_pages(stage: Stage) -> list[tuple[Any, RecordPage]]:
    return [(kind, page) for kind, (page, _) in stage.window.pages.items() if isinstance(page, RecordPage)]


def each_record(stage: Stage) -> Iterator[tuple[RecordPage, int]]:
    """Open each record of each page, one after the other. All details stay open."""
    for kind, page in record_pages(stage):
        stage.window.go_to(kind)
        assert page.table.rowCount(), page.title
        for row in range(page.table.rowCount()):
            page.view.selectRow(row)
            until(page.detail.isVisible, "the details")
            until(lambda page=page: not hasattr(page, "foot") or page.foot.words.text() != "adding up…", "the sums")  # type: ignore[misc]
            settle()
            yield page, row


def whole_tour(stage: Stage) -> dict[str, list[str]]:
    """What each page tells with each of its records open, by the page and the row."""
    tour = {f"{page.title} {row}": told(page) for page, row in each_record(stage)}
    stage.window.go_to(None)
    settle()
    return tour | {"Overview": told(stage.window.overview), "window": told(stage.window)}


def test_an_amount_is_found_nowhere_while_it_is_hidden_and_everywhere_after(desk: Stage) -> None:
    before = whole_tour(desk)
    for page, texts in before.items():
        assert betraying(texts) or page.startswith("Audit"), f"{page} tells no amount: nothing would be tested"
    assert sum(bool(betraying(texts)) for page, texts in before.items() if page.startswith("Audit")) >= 4
    desk.look.hide_amounts(hidden=True)
    settle()
    assert betraying(told(desk.window)) == [], "what is open changes at once, in front and behind"
    for page, texts in whole_tour(desk).items():
        assert betraying(texts) == [], page
    assert DOTS in told(desk.window.overview)
    desk.look.hide_amounts(hidden=False)
    settle()
    assert whole_tour(desk) == before


def test_a_page_that_was_not_in_front_does_not_come_back_with_amounts(desk: Stage) -> None:
    for _ in each_record(desk):
        pass
    desk.window.go_to(None)
    desk.look.hide_amounts(hidden=True)
    settle()
    for kind, page in record_pages(desk):
        desk.window.go_to(kind)
        assert page.detail.isVisible()
        assert betraying(told(page)) == [], page.title
    desk.look.hide_amounts(hidden=False)
    desk.window.go_to(Kind.WITHDRAWALS)
    assert f"{CANARY:,} ZAR" in told(desk.window.withdrawals.detail)


def test_only_the_amounts_are_hidden(desk: Stage) -> None:
    desk.look.hide_amounts(hidden=True)
    page = desk.window.withdrawals
    desk.window.go_to(Kind.WITHDRAWALS)
    page.view.selectRow(next(row for row in range(2) if page.table.record(row).transaction_id == "wdl_1"))
    until(page.detail.isVisible, "the details")
    assert page.detail.title.text() == f"{DOTS} ZAR"
    fields = page.detail.fields
    assert [fields.value(label) for label in ("Amount", "Fee", "Id")] == [f"{DOTS} ZAR", f"{DOTS} ZAR", "wdl_1"]
    assert [fields.value(label) for label in ("Bank name", "Account number")] == ["Nedbank", "62847719203"]
    assert fields.value("Minimum amount") == DOTS
    assert "amounts are hidden" in page.subtitle.text()
    desk.window.go_to("movements")
    desk.window.movements.view.selectRow(0)
    until(desk.window.movements.detail.isVisible, "the details")
    steps = [field.told(hides=True) for field in desk.window.movements.detail.fields._shown if field.depth == 1]
    assert f"Refused: The server refused the request. {DOTS}." in steps
    desk.look.hide_amounts(hidden=False)
    assert "hidden" not in page.subtitle.text()


def copied(page: RecordPage) -> Iterator[str]:
    """All that can be copied from a page with a record open."""
    clipboard = QGuiApplication.clipboard()
    for view in page.findChildren(type(page.view)):
        view.selectAll()
        view.copy_rows()
        yield clipboard.text()
        for column in range(view.model().columnCount()):
            view.setCurrentIndex(view.model().index(0, column))
            view.copy_cell()
            yield clipboard.text()
    for button in page.detail.fields.findChildren(QToolButton):
        button.click()
        yield clipboard.text()


def test_dots_are_copied_while_amounts_are_hidden(desk: Stage, qapp: QApplication) -> None:
    for _ in each_record(desk):
        pass
    assert all(betraying(list(copied(page))) for _, page in record_pages(desk))
    desk.look.hide_amounts(hidden=True)
    settle()
    for _, page in record_pages(desk):
        texts = list(copied(page))
        assert betraying(texts) == [], page.title
        assert any(DOTS in text for text in texts), page.title
    Clipboard.of(qapp).clear_if_ours()


def test_hiding_keeps_what_is_selected_sorted_scrolled_and_focused(stage: Stage) -> None:
    page = stage.window.trades
    stage.window.go_to(Kind.TRADES)
    page.view.horizontalHeader().setSortIndicator(page.table.column_index("sold"), Qt.SortOrder.DescendingOrder)
    until(lambda: _sold(page) == sorted(_sold(page), reverse=True), "the order")
    page.view.selectRow(page.table.rowCount() - 1)
    until(page.detail.isVisible, "the details")
    settle()
    before = (_sold(page), page.view.current_row(), page.view.verticalScrollBar().value())
    button = page.detail.findChild(QToolButton, f"{page.detail.fields.objectName()}-copy-0")
    button.setFocus()
    assert button.hasFocus()
    stage.look.hide_amounts(hidden=True)
    settle()
    assert (_sold(page), page.view.current_row(), page.view.verticalScrollBar().value()) == before
    assert [index.row() for index in page.view.selectionModel().selectedRows()] == [before[1]]
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.objectName() == f"{page.detail.fields.objectName()}-copy-0"
    page.view.horizontalHeader().setSortIndicator(page.table.column_index("sold"), Qt.SortOrder.AscendingOrder)
    until(lambda: _sold(page) == sorted(before[0]), "the other order, by amounts that are hidden")
    page.view.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)


def test_an_account_is_found_by_a_balance_that_is_hidden(stage: Stage) -> None:
    page = stage.window.accounts
    balances = {row.currency: row.balance for row in stage.session.records(Kind.ACCOUNTS)}
    stage.look.hide_amounts(hidden=True)
    page.search.setText(str(balances["NGN"]))
    assert [page.table.record(row).currency for row in range(page.table.rowCount())] == ["NGN"]


def _sold(page: Any) -> list[Decimal]:
    return [page.table.record(row).from_amount for row in range(page.table.rowCount())]


def test_the_same_dots_are_painted_for_every_amount(stage: Stage) -> None:
    view = stage.window.accounts.view
    stage.window.go_to(Kind.ACCOUNTS)
    for scheme in (Scheme.LIGHT, Scheme.DARK):
        stage.look.use(scheme)
        settle()
        assert len(_painted(view, "available")) > 5
        stage.look.hide_amounts(hidden=True)
        settle()
        assert len(_painted(view, "available")) == 1
        assert _painted(view, "available") == _painted(view, "locked"), "zero looks like any other"
        stage.look.hide_amounts(hidden=False)
        settle()
        assert len(_painted(view, "available")) > 5


def _painted(view: Any, name: str) -> set[bytes]:
    """The different pictures that the cells of a column make, as far as dots would reach from its right edge."""
    model = view.model()
    pictures = set()
    for row in range(model.rowCount()):
        cell = view.visualRect(model.index(row, model.column_index(name)))
        cell.setLeft(cell.right() - 100)
        image = view.viewport().grab(cell).toImage()
        pictures.add(bytes(image.constBits()))
    return pictures


def test_what_comes_while_amounts_are_hidden_is_hidden(desk: Stage, canaries: LaidOut) -> None:
    desk.look.hide_amounts(hidden=True)
    later = {"transactionId": "dep_2", "currency": "USD", "amount": CANARY, "fee": CANARY, "status": "COMPLETED"}
    canaries.answers["deposits"] = body([later])
    canaries.answers["accounts"] = body([ACCOUNT, ACCOUNT | {"id": "acc_2", "currency": "USD"}])
    desk.session.refresh()
    until(lambda: desk.window.deposits.table.rowCount() == 2, "the new deposit")
    until(lambda: desk.window.overview.balances.rowCount() == 2, "the new account")
    assert betraying(told(desk.window)) == []


def test_what_the_server_says_of_a_failure_is_hidden_with_the_amounts(desk: Stage, canaries: LaidOut) -> None:
    canaries.answers["accounts"] = Invalid(WORDS, request_id="req_987")
    desk.window.go_to(Kind.ACCOUNTS)
    desk.session.refresh()
    banner = desk.window.accounts.trouble
    until(lambda: WORDS in banner.text(), "the failure is told")
    desk.look.hide_amounts(hidden=True)
    assert betraying(told(desk.window)) == []
    assert f"\n{DOTS}" in banner.text() or f": {DOTS}" in banner.text()
    assert "Request id: req_987" in banner.text(), "the vendor's support asks for it"
    desk.look.hide_amounts(hidden=False)
    assert WORDS in banner.text()


def test_a_dialog_that_sends_money_shows_what_it_sends(desk: Stage) -> None:
    desk.look.hide_amounts(hidden=True)
    desk.window.open_withdrawal("ben_1")
    dialog = desk.window.dialog
    assert dialog is not None
    until(lambda: betraying(told(dialog)), "the balance that it is sent from")


@pytest.mark.qt_log_ignore("This plugin does not support raise")
def test_an_open_tooltip_goes_when_amounts_are_hidden(desk: Stage) -> None:
    desk.window.go_to(Kind.ACCOUNTS)
    settle()
    view = desk.window.accounts.view
    model = view.model()
    at = view.visualRect(model.index(0, model.column_index("available"))).center()  # type: ignore[attr-defined]
    event = QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at))
    QApplication.sendEvent(view.viewport(), event)
    until(lambda: _tips(), "the tooltip")
    assert betraying([tip.text() for tip in _tips()])
    desk.look.hide_amounts(hidden=True)
    assert _tips() == []


def _tips() -> list[Any]:
    return [each for each in QApplication.topLevelWidgets() if each.inherits("QTipLabel") and each.isVisible()]


def test_the_look_tells_only_what_is_different(stage: Stage) -> None:
    heard: list[bool] = []
    stage.look.hiding_changed.connect(
        lambda: heard.append(stage.look.hides_amounts), Qt.ConnectionType.DirectConnection
    )
    for hidden in (False, True, True, False):
        stage.look.hide_amounts(hidden=hidden)
    assert heard == [True, False]
