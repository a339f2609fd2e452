"""The quote dialog with a clock in hand: nothing is confirmed but the quote on screen, on purpose, once, and in time."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import Invalid, ServerFault, TimedOut, Unreachable, Wire
from lumedesk.views.dialogs.dialog import Dialog
from tests.support.stage import Held, LaidOut, LaidOutConnector, Stage, settle, until

_LIFE_S = 15
_ASK, _CONFIRM = "POST trades/quote", "POST trades/quote/confirm"


_NUMBERS = itertools.count(1)


def quote(**changes: Any) -> dict[str, Any]:
    """A firm price with a reference of its own."""
    firm = {
        "quoteStr": f"QT-{next(_NUMBERS)}",
        "fromCurrency": "USDT",
        "toCurrency": "ZAR",
        "fromAmount": 1000,
        "toAmount": 18283.65,
        "rate": 18.28365,
        "expiresIn": _LIFE_S,
    }
    return {name: value for name, value in (firm | changes).items() if value is not None}


def trade() -> dict[str, Any]:
    return {"transactionId": f"trd_{next(_NUMBERS)}", "status": "PENDING"}


class Front:
    """The dialog as an operator finds it: by what can be seen."""

    def __init__(self, stage: Stage, treasury: LaidOut) -> None:
        self.stage = stage
        self._treasury = treasury
        stage.window.open_quote()
        dialog = stage.window.dialog
        assert dialog is not None
        self.dialog: Dialog = dialog
        until(dialog.isVisible, "the dialog")
        self.find(QWidget, "quote-sell").choose("USDT")  # type: ignore[attr-defined]
        self.find(QWidget, "quote-buy").choose("ZAR")  # type: ignore[attr-defined]

    def find(self, kind: type[Any], name: str) -> Any:
        found = self.dialog.findChild(kind, name)
        assert found is not None, name
        return found

    @property
    def amount(self) -> QLineEdit:
        return self.find(QLineEdit, "quote-amount")  # type: ignore[no-any-return]

    @property
    def get(self) -> QPushButton:
        return self.find(QPushButton, "quote-get")  # type: ignore[no-any-return]

    @property
    def confirm(self) -> QPushButton:
        return self.find(QPushButton, "quote-confirm")  # type: ignore[no-any-return]

    def can_confirm(self) -> bool:
        return self.confirm.isVisible() and self.confirm.isEnabled()

    def ask(self, qtbot: QtBot, text: str = "1000") -> None:
        self.amount.clear()
        qtbot.keyClicks(self.amount, text)
        qtbot.mouseClick(self.get, Qt.MouseButton.LeftButton)

    def ask_until_firm(self, qtbot: QtBot) -> None:
        self.ask(qtbot)
        until(self.can_confirm, "a firm quote")

    def confirmations(self) -> list[Any]:
        return [body for path, body in self._treasury.sent if path == "trades/quote/confirm"]

    def reads(self, words: str) -> bool:
        return any(words in label.text() for label in self.dialog.findChildren(QLabel) if label.isVisible())


@pytest.fixture
def front(stage: Stage, treasury: LaidOut) -> Front:
    treasury.answers[_ASK] = quote()
    treasury.answers[_CONFIRM] = trade()
    return Front(stage, treasury)


def test_a_quote_is_confirmed_with_its_own_terms(front: Front, qtbot: QtBot) -> None:
    front.ask_until_firm(qtbot)
    assert front.reads("1,000 USDT")
    assert front.reads("18,283.65 ZAR")
    qtbot.mouseClick(front.confirm, Qt.MouseButton.LeftButton)
    until(lambda: front.reads("accepted the trade"), "the outcome")
    (sent,) = front.confirmations()
    assert sent.pop("quoteStr").startswith("QT-")
    assert sent == {"fromAmount": 1000, "fromCurrency": "USDT", "toCurrency": "ZAR"}


def test_enter_never_confirms(front: Front, qtbot: QtBot) -> None:
    front.ask_until_firm(qtbot)
    for widget in (front.dialog, *front.dialog.findChildren(QWidget)):
        if widget is front.dialog or (widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus):
            widget.setFocus()
            qtbot.keyClick(widget, Qt.Key.Key_Return)
            qtbot.keyClick(widget, Qt.Key.Key_Enter)
    settle()
    assert front.dialog.isVisible()
    assert front.can_confirm()
    assert front.confirmations() == []


def test_the_key_that_asked_does_not_confirm(front: Front, qtbot: QtBot) -> None:
    """Space pressed once too often on Get quote lands on the terms, not on Confirm."""
    front.amount.clear()
    qtbot.keyClicks(front.amount, "1000")
    front.get.setFocus()
    qtbot.keyClick(front.get, Qt.Key.Key_Space)
    until(front.can_confirm, "a firm quote")
    focused = front.dialog.focusWidget()
    assert focused is not front.confirm
    if focused is not None:
        qtbot.keyClick(focused, Qt.Key.Key_Space)
    settle()
    assert front.confirmations() == []


def test_editing_drops_the_quote(front: Front, qtbot: QtBot) -> None:
    front.ask_until_firm(qtbot)
    qtbot.keyClicks(front.amount, "0")
    assert not front.can_confirm()
    assert not front.reads("18,283.65 ZAR")
    front.confirm.click()
    settle()
    assert front.confirmations() == []


def test_choosing_another_currency_drops_the_quote(front: Front, qtbot: QtBot) -> None:
    front.ask_until_firm(qtbot)
    front.find(QObject, "quote-buy").choose("USD")
    assert not front.can_confirm()


def test_a_late_answer_is_dropped(front: Front, treasury: LaidOut, qtbot: QtBot) -> None:
    late = Held(quote(toAmount=99999))
    treasury.answers[_ASK] = (late, quote())
    front.ask(qtbot)
    until(lambda: treasury.sent, "the question")
    # The form is closed while a price is asked for; should an edit come all the same, it wins.
    front.amount.setText("1000")
    front.amount.textEdited.emit("1000")
    front.ask_until_firm(qtbot)
    late.release()
    settle()
    assert front.reads("18,283.65 ZAR")
    assert not front.reads("99,999 ZAR")


def test_an_answer_after_closing_changes_nothing(front: Front, stage: Stage, treasury: LaidOut, qtbot: QtBot) -> None:
    late = Held(quote())
    treasury.answers[_ASK] = late
    front.ask(qtbot)
    until(lambda: treasury.sent, "the question")
    front.dialog.close()
    until(lambda: stage.window.dialog is None, "the dialog to close")
    late.release()
    settle()
    assert stage.window.dialog is None


def test_an_expired_quote_cannot_be_confirmed(front: Front, stage: Stage, qtbot: QtBot) -> None:
    front.ask_until_firm(qtbot)
    stage.clock.advance(_LIFE_S)
    # Before the next repaint has noticed.
    front.confirm.click()
    until(lambda: not front.can_confirm(), "the quote to expire")
    front.confirm.click()
    settle()
    assert front.confirmations() == []
    assert front.reads("Expired")


def test_no_time_is_left_just_before_the_end(front: Front, stage: Stage, qtbot: QtBot) -> None:
    """A confirmation needs time to arrive: the last moments of a quote are kept back."""
    front.ask_until_firm(qtbot)
    stage.clock.advance(_LIFE_S - 0.2)
    front.confirm.click()
    settle()
    assert front.confirmations() == []


def test_waking_up_expires_a_quote(front: Front, stage: Stage, qtbot: QtBot) -> None:
    front.ask_until_firm(qtbot)
    stage.clock.advance(8 * 3600)
    until(lambda: not front.can_confirm(), "the quote to expire")


def test_a_double_click_is_one_order(front: Front, treasury: LaidOut, qtbot: QtBot) -> None:
    held = Held(trade())
    treasury.answers[_CONFIRM] = held
    front.ask_until_firm(qtbot)
    qtbot.mouseClick(front.confirm, Qt.MouseButton.LeftButton)
    qtbot.mouseDClick(front.confirm, Qt.MouseButton.LeftButton)
    front.confirm.click()
    until(front.confirmations, "the order")
    held.release()
    until(lambda: front.reads("accepted the trade"), "the outcome")
    assert len(front.confirmations()) == 1


@pytest.mark.parametrize("close", ["button", "window", "escape"])
def test_it_stays_open_until_the_outcome_is_known(
    close: str, front: Front, treasury: LaidOut, qtbot: QtBot, stage: Stage
) -> None:
    held = Held(trade())
    treasury.answers[_CONFIRM] = held
    front.ask_until_firm(qtbot)
    qtbot.mouseClick(front.confirm, Qt.MouseButton.LeftButton)
    until(front.confirmations, "the order")
    ways: dict[str, Callable[[], object]] = {
        "button": front.dialog.reject,
        "window": stage.window.close,
        "escape": lambda: qtbot.keyClick(front.dialog, Qt.Key.Key_Escape),
    }
    ways[close]()
    assert front.dialog.isVisible()
    assert stage.window.isVisible()
    assert front.reads("under way")
    held.release()
    until(lambda: front.reads("accepted the trade"), "the outcome")
    assert not front.reads("under way")
    front.dialog.close()
    until(lambda: stage.window.dialog is None, "the dialog to close")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"toAmount": None}, "doesn't state both amounts"),
        ({"fromAmount": 1001}, "You asked to sell 1,000, but the server quoted 1,001"),
        ({"toCurrency": "USD"}, "You asked for ZAR, but the server quoted USD"),
        ({"quoteStr": None}, "no reference to confirm"),
        ({"toAmount": 0}, "isn't more than zero"),
    ],
)
def test_a_quote_with_a_problem_cannot_be_confirmed_and_says_why(
    changes: dict[str, Any], why: str, front: Front, treasury: LaidOut, qtbot: QtBot
) -> None:
    treasury.answers[_ASK] = quote(**changes)
    front.ask(qtbot)
    until(lambda: front.reads(why), "the reason")
    assert not front.can_confirm()
    front.confirm.click()
    settle()
    assert front.confirmations() == []


def test_a_price_that_did_not_come_can_be_asked_for_again(front: Front, treasury: LaidOut, qtbot: QtBot) -> None:
    treasury.answers[_ASK] = (ServerFault("Down"), quote())
    front.ask(qtbot)
    until(lambda: front.reads("The server has a problem"), "the failure")
    # Of an order, nobody keeps trying.
    assert not front.reads("keeps trying")
    until(front.get.isEnabled, "another try")
    front.ask_until_firm(qtbot)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Invalid("Quote expired", http_status=400, documented=True), "refused the trade"),
        (TimedOut("No answer", wire=Wire.MAYBE_SENT), "isn't known whether the trade was executed"),
        (ServerFault("Down", http_status=500), "isn't known whether the trade was executed"),
        (Unreachable("Refused", wire=Wire.NOT_SENT), "was not sent"),
    ],
)
def test_each_outcome_says_what_is_known(
    error: Exception, words: str, make_stage: Any, load: Any, own_treasury: LaidOut, qtbot: QtBot
) -> None:
    # A desk of its own: an order in doubt blocks all like it.
    own_treasury.answers |= {_ASK: quote(), _CONFIRM: error}
    front = Front(load(make_stage(LaidOutConnector(own_treasury))), own_treasury)
    front.ask_until_firm(qtbot)
    qtbot.mouseClick(front.confirm, Qt.MouseButton.LeftButton)
    until(lambda: front.reads(words), "the outcome")
    assert not front.confirm.isVisible()
    assert not front.reads("keeps trying")
    assert len(front.confirmations()) == 1


@pytest.mark.parametrize("text", ["1,000", "1.000,00", "-5", "1e3", "0", "abc"])
def test_an_amount_that_is_none_asks_for_nothing(text: str, front: Front, treasury: LaidOut, qtbot: QtBot) -> None:
    front.ask(qtbot, text)
    qtbot.keyClick(front.amount, Qt.Key.Key_Return)
    settle()
    assert treasury.sent == []
    problem = front.find(QLabel, "quote-problem")
    assert problem.text()
