"""Confirm, by every way of pressing it, and what becomes of a confirmation on the dialog's last screen."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import Invalid, Unreachable, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Verdict
from lumedesk.domain.quote_flow import State
from lumedesk.views.parts.confirm_button import HOLD_S
from tests.support.quote_set import TRADE, QuoteSets, answer, quote_sets
from tests.support.stage import Held, LaidOut, LaidOutConnector, Stage, settle, until


@pytest.fixture
def open_dialog(
    make_stage: Callable[..., Stage],
    load: Callable[[Stage], Stage],
    own_treasury: LaidOut,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[QuoteSets]:
    # A desk for each test: what is in doubt, or refused, stays so.
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    with quote_sets(stage, own_treasury, monkeypatch) as sets:
        yield sets


# Pressing Confirm


def test_enter_never_confirms(open_dialog: QuoteSets, qtbot: QtBot) -> None:
    each = open_dialog()
    each.firm()
    for widget in (each.dialog.confirm_button, each.dialog.terms, each.dialog.amount, each.dialog):
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            qtbot.keyClick(widget, key)
    assert each.dialog.state is State.FIRM
    assert each.sent() == []


def test_a_small_amount_takes_one_press_and_a_double_click_sends_once(open_dialog: QuoteSets, qtbot: QtBot) -> None:
    each = open_dialog()
    held = Held(TRADE)
    each.confirms_with(held)
    each.firm()
    qtbot.mouseDClick(each.dialog.confirm_button, Qt.MouseButton.LeftButton)
    assert each.dialog.state is State.FIRM
    for _ in range(3):
        qtbot.mouseClick(each.dialog.confirm_button, Qt.MouseButton.LeftButton)
    until(lambda: each.sent(), "the confirmation")
    assert each.dialog.state is State.CONFIRMING
    assert len(each.sent()) == 1
    held.release()
    each.until(State.ACCEPTED)


def test_a_large_amount_is_held_with_the_mouse(open_dialog: QuoteSets, qtbot: QtBot) -> None:
    each = open_dialog(hold_from=Decimal(100))
    each.confirms_with(TRADE)
    each.firm()
    button = each.dialog.confirm_button
    assert button.text() == "Hold to confirm"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert each.dialog.state is State.FIRM
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    each.advance(HOLD_S / 2)
    assert button.share() == pytest.approx(0.5)
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    each.advance(HOLD_S)
    settle()
    assert each.dialog.state is State.FIRM
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    each.advance(HOLD_S)
    each.until(State.ACCEPTED)
    assert len(each.sent()) == 1


def key(button: Any, kind: QEvent.Type, *, repeats: bool = False) -> None:
    QApplication.sendEvent(button, QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", repeats))


def test_a_large_amount_is_held_with_the_space_key(open_dialog: QuoteSets) -> None:
    each = open_dialog(hold_from=Decimal(100))
    each.confirms_with(TRADE)
    each.firm()
    button = each.dialog.confirm_button
    key(button, QEvent.Type.KeyPress)
    key(button, QEvent.Type.KeyRelease)
    assert each.dialog.state is State.FIRM
    key(button, QEvent.Type.KeyPress)
    each.advance(HOLD_S / 2)
    # A held key repeats itself: neither a release nor a new beginning.
    key(button, QEvent.Type.KeyRelease, repeats=True)
    key(button, QEvent.Type.KeyPress, repeats=True)
    each.advance(HOLD_S / 2)
    each.until(State.ACCEPTED)


def test_two_steps_in_place_of_a_hold(open_dialog: QuoteSets, qtbot: QtBot) -> None:
    each = open_dialog(hold_from=Decimal(100), two_step=True)
    each.confirms_with(TRADE)
    each.firm()
    button = each.dialog.confirm_button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Press again to confirm"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert each.dialog.state is State.FIRM, "too soon"
    each.advance(6)
    until(lambda: button.text() == "Confirm", "the first step to lapse")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    each.advance(0.5)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    each.until(State.ACCEPTED)


def test_assistive_technology_that_cannot_hold_takes_two_steps(open_dialog: QuoteSets) -> None:
    each = open_dialog(hold_from=Decimal(100))
    each.confirms_with(TRADE)
    each.firm()
    each.dialog.confirm_button.click()
    assert each.dialog.state is State.FIRM
    each.advance(0.5)
    each.dialog.confirm_button.click()
    each.until(State.ACCEPTED)


def test_a_hold_that_outlives_the_quote_sends_nothing(open_dialog: QuoteSets, qtbot: QtBot) -> None:
    each = open_dialog(hold_from=Decimal(100))
    each.firm()
    each.advance(14.3)
    qtbot.mousePress(each.dialog.confirm_button, Qt.MouseButton.LeftButton)
    each.advance(HOLD_S)
    each.until(State.EXPIRED)
    assert each.sent() == []


# Outcomes


def test_confirming_cannot_be_closed_silently_and_sends_what_is_on_screen(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    held = Held(TRADE)
    each.confirms_with(held)
    each.firm()
    each.dialog.confirm_button.click()
    until(lambda: each.sent(), "the confirmation")
    assert each.sent() == [{"quoteStr": "QT1", "fromCurrency": "USDT", "toCurrency": "ZAR", "fromAmount": 100}]
    each.dialog.close()
    assert each.dialog.isVisible()
    assert "under way" in each.dialog.message.text()
    assert not each.dialog.close_button.isEnabled()
    assert not each.dialog.confirm_button.isEnabled()
    each.dialog.lock()
    assert each.dialog.state is State.CONFIRMING
    held.release()
    each.until(State.ACCEPTED)


def test_an_accepted_trade_is_followed_to_its_fills(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.confirms_with(TRADE)
    each.firm()
    each.dialog.confirm_button.click()
    each.until(State.ACCEPTED)
    fill = {"fromCurrency": "USDT", "toCurrency": "ZAR", "status": "COMPLETED", "createdAt": "2026-05-11T10:15:32Z"}
    half = fill | {"transactionId": "f1", "fromCurrencyAmount": 40, "toCurrencyAmount": 736}
    rest = fill | {"transactionId": "f2", "fromCurrencyAmount": 60, "toCurrencyAmount": 1104.92}
    for fills, status, state in (([half], "PENDING", State.PARTIAL), ([half, rest], "COMPLETED", State.FILLED)):
        each.treasury.answers["trades"] = [TRADE | {"fills": fills, "status": status}]
        each.stage.session.refresh(Kind.TRADES)
        each.until(state)
    result = each.dialog.outcome
    assert result.fields.value("Filled") == "100 USDT → 1,840.92 ZAR"
    assert result.fields.value("Average rate") == "1 USDT ≈ 18.4092 ZAR"
    assert result.fields.value("Against the quote") == "▲ 5.0 bp, better for you"
    assert "736 ZAR" in str(result.fields.value("Fill 1"))
    assert result.status == "COMPLETED"
    assert each.dialog.close_button.text() == "Close"


def test_a_refusal_is_shown_word_for_word_and_a_new_quote_may_follow(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.confirms_with(Invalid("<b>Quote</b> expired", documented=True, http_status=400, request_id="req_9"))
    each.firm(answer(), answer(quoteStr="QT2"))
    each.dialog.confirm_button.click()
    each.until(State.REJECTED)
    assert each.dialog.verdict is Verdict.REFUSED
    assert each.dialog.outcome._reason.text() == "<b>Quote</b> expired\nRequest id: req_9"
    assert each.dialog.outcome._reason.textFormat() is Qt.TextFormat.PlainText
    each.ask()
    each.until(State.FIRM)


def test_an_unknown_outcome_says_what_is_done_and_blocks_the_pair_and_amount(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.confirms_with(Unreachable("cut", wire=Wire.MAYBE_SENT))
    each.firm()
    each.dialog.confirm_button.click()
    each.until(State.UNKNOWN)
    words = each.dialog.outcome._words.text()
    assert "being watched" in words
    assert "USDT → ZAR for 100 USDT is blocked" in words
    assert not each.dialog.quote_button.isVisible()
    again = open_dialog()
    again.type("100")
    assert "Movements page" in again.dialog.form.problem.text()
    assert not again.dialog.quote_button.isEnabled()
    again.type("101")
    assert again.dialog.quote_button.isEnabled()


def test_an_unknown_outcome_follows_what_is_seen_and_decided(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.confirms_with(Unreachable("cut", wire=Wire.MAYBE_SENT))
    each.firm()
    each.dialog.confirm_button.click()
    each.until(State.UNKNOWN)
    each.treasury.answers["trades"] = [TRADE | {"status": "COMPLETED"}]
    each.stage.session.refresh(Kind.TRADES)
    until(lambda: "looks like it" in each.dialog.outcome._words.text(), "the candidate")
    intent = each.stage.session.movements.undecided[0]
    each.stage.session.movements.accept(intent.uuid, "trd_1", "It is", each.dialog, lambda _error: None)
    each.until(State.FILLED)
    assert each.dialog.outcome.identity.value("Trade id") == "trd_1"


def test_the_same_quote_is_never_confirmed_twice(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.confirms_with(TRADE)
    each.firm(answer(), answer())
    each.dialog.confirm_button.click()
    each.until(State.ACCEPTED)
    again = open_dialog()
    again.firm()
    again.dialog.confirm()
    again.until(State.REJECTED)
    assert again.dialog.verdict is Verdict.NOT_SENT
    assert len(again.sent()) == 1
