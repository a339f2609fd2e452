"""The quote dialog from an empty form to a firm price and its end, with a clock in the test's hand."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import Unreachable, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.naps import Naps
from lumedesk.domain.quote_flow import State
from lumedesk.work.session import Connection
from tests.support.clock import FakeClock
from tests.support.quote_set import QuoteSets, answer, quote_sets
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


# Editing


def test_editing_says_what_is_wrong_and_asks_nobody(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    assert each.dialog.state is State.EDITING
    assert not each.dialog.quote_button.isEnabled()
    each.type("1,000")
    assert "can mean 1000 or 1.000" in each.dialog.form.problem.text()
    each.type("100")
    assert each.dialog.quote_button.isEnabled()
    assert not each.dialog.confirm_button.isVisible()
    assert not each.dialog.terms.ring.isVisible()


def test_a_pause_in_typing_asks_for_a_look_at_the_price_and_its_age_is_shown(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.answers(answer(quoteStr=None))
    for text in ("1", "10", "100"):
        each.type(text)
    until(lambda: each.dialog.terms.indicative.text(), "the indicative price")
    assert [body["quoteIntent"] for body in each.sent("trades/quote")] == ["indicative"]
    assert each.sent("trades/quote")[0]["fromAmount"] == 100
    assert each.dialog.terms.indicative.text() == "100 USDT → 1,840 ZAR"
    assert "just now" in each.dialog.terms.indicative_age.text()
    each.advance(12)
    until(lambda: "12 s ago" in each.dialog.terms.indicative_age.text(), "its age")
    assert not each.dialog.confirm_button.isVisible()


def test_a_firm_quote_is_held_against_the_indicative_price(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.answers(answer(quoteStr=None))
    each.type()
    until(lambda: each.dialog.terms.indicative.text(), "the indicative price")
    each.answers(answer(toAmount=1839))
    each.ask()
    each.until(State.FIRM)
    assert each.dialog.terms.since_indicative.text() == "▼ 5.4 bp, worse for you"


# Quoting and firm


def test_quoting_waits_with_confirm_off(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    held = Held(answer())
    each.answers(held)
    each.type()
    each.ask()
    assert each.dialog.state is State.QUOTING
    assert not each.dialog.quote_button.isEnabled()
    assert not each.dialog.confirm_button.isVisible()
    assert each.dialog.terms.ring.isVisible()
    assert each.dialog.terms.ring.text() == ""
    held.release()
    each.until(State.FIRM)


def test_a_firm_quote_shows_everything_to_the_digit(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm(answer(fee=0.1, toAmount=1840.5))
    terms = each.dialog.terms
    assert (terms.pay.text(), terms.receive.text()) == ("100 USDT", "1,840.5 ZAR")
    assert (terms.rate.text(), terms.inverse.text()) == ("1 USDT = 18.4 ZAR", "1 ZAR ≈ 0.05434782609 USDT")
    assert terms.fees.text() == "0.1 (as the server states it)"
    assert terms.left.text() == "15 seconds left to confirm"
    assert terms.ring.text() == "15"
    assert each.dialog.confirm_button.isEnabled()
    assert "You pay 100 USDT, you receive 1,840.5 ZAR" in terms.accessibleName()
    assert any(text.startswith("Firm quote.") for text in each.spoken)
    assert terms.hasFocus() or not QApplication.focusWidget()


def test_an_assumed_life_is_labelled(open_dialog: QuoteSets) -> None:
    each = open_dialog(assumed_life_s=7)
    each.firm(answer(expiresIn=None))
    assert each.dialog.terms.limit.isVisible()
    assert "named no expiry" in each.dialog.terms.limit.text()
    assert "the desk allows 7 seconds" in each.dialog.terms.limit.text()
    assert each.dialog.terms.ring.text() == "7"


def test_a_quote_with_a_problem_says_why_and_cannot_be_confirmed(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.answers(answer(quoteStr=None))
    each.type()
    each.ask()
    each.until(State.EXPIRED)
    assert "no reference" in each.dialog.message.text()
    assert each.dialog.terms.left.text() == "Can't be confirmed"
    assert not each.dialog.confirm_button.isVisible()
    each.dialog.confirm()
    assert each.sent() == []


def test_a_failed_request_returns_to_editing_and_may_be_repeated(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.answers(Unreachable("gone", wire=Wire.MAYBE_SENT), answer())
    each.type()
    each.ask()
    each.until(State.EDITING)
    assert "can't be reached" in each.dialog.message.text()
    each.ask()
    each.until(State.FIRM)


def test_the_time_left_is_told_aloud_at_ten_five_and_zero(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm()
    for seconds in (4, 1, 4, 1):
        each.advance(seconds)
        shown = str(-int(-(each.dialog.flow.quote.remaining_s(each.stage.clock.ticks())) // 1))
        until(lambda shown=shown: each.dialog.terms.ring.text() == shown, "the ring")
    each.expire()
    told = [text for text in each.spoken if "left to confirm." in text or "expired" in text]
    assert told == [
        "10 seconds left to confirm.",
        "5 seconds left to confirm.",
        "The quote has expired. Nothing was sent.",
    ]


def test_editing_destroys_the_quote_and_a_late_answer_is_dropped(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm()
    late = Held(answer(toAmount=999))
    each.answers(late)
    each.type("101")
    assert (each.dialog.state, each.dialog.terms.quote) == (State.EDITING, None)
    each.dialog.ask()
    each.type("102")
    each.answers(answer(fromAmount=102, toAmount=1877))
    each.ask()
    late.release()
    each.until(State.FIRM)
    assert each.dialog.terms.receive.text() == "1,877 ZAR"


# Expiry


def test_an_expired_quote_is_struck_through_and_asked_for_again(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm(answer(), answer(quoteStr="QT2", toAmount=1841))
    each.expire()
    terms = each.dialog.terms
    assert terms.left.text() == "Expired: nothing was sent"
    assert terms.ring.text() == "0"
    assert terms.pay.font().strikeOut()
    assert not each.dialog.confirm_button.isVisible()
    assert each.dialog.quote_button.text() == "New quote"
    each.dialog.confirm()
    assert each.sent() == []
    each.ask()
    each.until(State.FIRM)
    assert not terms.pay.font().strikeOut()
    assert terms.since_previous.text() == "▲ 5.4 bp, better for you"


def test_a_moved_clock_kills_the_quote(open_dialog: QuoteSets, monkeypatch: pytest.MonkeyPatch) -> None:
    each = open_dialog()
    each.firm()
    now = each.stage.clock.now
    monkeypatch.setattr(each.stage.clock, "now", lambda: now() + timedelta(hours=1))
    each.dialog.confirm()
    assert each.dialog.state is State.EXPIRED
    assert "clock moved" in each.dialog.terms.left.text()
    assert each.sent() == []


def test_sleep_kills_the_quote_even_within_its_life(open_dialog: QuoteSets, clock: FakeClock) -> None:
    awake = [0.0]
    each = open_dialog(Naps(clock, lambda: awake[0]))
    each.firm()
    each.advance(3)
    each.until(State.EXPIRED)
    assert "slept" in each.dialog.terms.left.text()


# What keeps Confirm off


def test_a_move_beyond_the_tolerance_has_to_be_acknowledged_even_when_better(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm(answer(), answer(quoteStr="QT2", toAmount=1850))
    each.expire()
    each.ask()
    each.until(State.FIRM)
    assert each.dialog.change.isVisible()
    assert "▲ 54.3 bp, better for you" in each.dialog.change.text()
    assert not each.dialog.confirm_button.isEnabled()
    each.dialog.confirm()
    assert each.dialog.state is State.FIRM
    each.dialog.change.button.click()
    assert not each.dialog.change.isVisible()
    assert each.dialog.confirm_button.isEnabled()


def test_a_balance_that_is_too_old_or_too_small_keeps_confirm_off(open_dialog: QuoteSets) -> None:
    each = open_dialog(max_balance_age_s=5)
    each.firm()
    each.advance(6)
    until(lambda: not each.dialog.confirm_button.isEnabled(), "Confirm to go off")
    assert "last confirmed" in each.dialog.why.text()
    each.stage.session.refresh(Kind.ACCOUNTS)
    until(each.dialog.confirm_button.isEnabled, "Confirm to come back")
    each.answers(answer(fromAmount=99_999_999))
    each.type("99999999")
    each.ask()
    each.until(State.FIRM)
    assert "more than is available" in each.dialog.why.text()
    assert not each.dialog.confirm_button.isEnabled()


def test_a_refusal_of_the_journal_keeps_confirm_off_and_is_told(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm()
    each.stage.session.movements.refuse("The record of movements can't be kept.")
    until(lambda: not each.dialog.confirm_button.isEnabled(), "Confirm to go off")
    assert each.dialog.why.text() == "The record of movements can't be kept."
    each.dialog.confirm()
    assert each.dialog.state is State.FIRM
    assert each.sent() == []


def test_offline_drops_the_price_and_comes_back_to_the_form(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm()
    session = each.stage.session
    session._set_connection(Connection.TROUBLED)
    assert (each.dialog.state, each.dialog.terms.quote) == (State.OFFLINE, None)
    assert "can't be reached" in each.dialog.why.text()
    assert not each.dialog.quote_button.isEnabled()
    session._set_connection(Connection.ONLINE)
    assert each.dialog.state is State.EDITING
    assert each.dialog.amount.text() == "100"


def test_a_lock_drops_the_price_and_keeps_the_form(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.firm()
    each.dialog.lock()
    assert (each.dialog.state, each.dialog.terms.quote) == (State.LOCKED, None)
    assert not each.dialog.amount.isEnabled()
    each.dialog.unlock()
    assert each.dialog.state is State.EDITING
    assert each.dialog.amount.text() == "100"


# Refreshing by itself


def test_an_expired_quote_is_refreshed_by_itself_up_to_the_limit(open_dialog: QuoteSets) -> None:
    each = open_dialog(auto_refresh=True, max_refreshes=2)
    each.firm()
    for count in (2, 3):
        each.advance(20)
        until(lambda count=count: len(each.sent("trades/quote")) == count, "a new quote")
        each.until(State.FIRM)
        assert not each.dialog.confirm_button.isEnabled(), "a hand may have been on its way"
        until(each.dialog.confirm_button.isEnabled, "Confirm")
    each.expire()
    assert "After 2 new quotes" in each.dialog.message.text()
    assert len(each.sent("trades/quote")) == 3


def test_nothing_is_refreshed_under_a_hand(open_dialog: QuoteSets, qtbot: QtBot) -> None:
    each = open_dialog(auto_refresh=True, hold_from=Decimal(100))
    each.firm()
    each.advance(14.3)
    qtbot.mousePress(each.dialog.confirm_button, Qt.MouseButton.LeftButton)
    each.advance(0.5)
    each.until(State.EXPIRED)
    assert "pressed or pointed at" in each.dialog.message.text()
    assert len(each.sent("trades/quote")) == 1


def test_nothing_is_refreshed_under_a_pointer(open_dialog: QuoteSets) -> None:
    each = open_dialog(auto_refresh=True)
    each.firm()
    spot = QPointF(4, 4)
    QApplication.sendEvent(each.dialog.confirm_button, QEnterEvent(spot, spot, spot))
    each.dialog.confirm_button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    each.expire()
    assert "pressed or pointed at" in each.dialog.message.text()


def test_a_click_too_many_on_get_quote_does_not_land_on_confirm(open_dialog: QuoteSets) -> None:
    each = open_dialog()
    each.type("100")
    settle()
    asked = each.dialog.quote_button.geometry()
    each.firm()
    settle()
    assert each.dialog.confirm_button.isVisible()
    assert not each.dialog.confirm_button.geometry().intersects(asked)
