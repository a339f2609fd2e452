"""The withdrawal wizard on the real window: what each step asks, what can't be sent, and what is said afterwards."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lumedesk.domain.errors import DeskError, Invalid, TimedOut, Unreachable, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.domain.movements import Verdict
from lumedesk.domain.withdrawals import Draft, Step
from lumedesk.views.parts.clipboard import Clipboard
from lumedesk.views.wizards.withdrawal import WithdrawalWizard
from lumedesk.views.wizards.withdrawal_review import CodePassage
from tests.support.clock import FakeClock
from tests.support.stage import Held, LaidOut, LaidOutConnector, Stage, settle, until

FNB = {"bankName": "FNB", "accountNumber": "62847719203"}
NEW = {"bankName": "Nedbank", "accountNumber": "1147720093"}
AT = "2026-05-10T10:00:00Z"
SEND = "POST beneficiaries/withdrawals"


def a_payee(identity: str = "ben_1", nickname: str = "Umhlanga Logistics", details: Any = None) -> dict[str, Any]:
    return {"id": identity, "currency": "ZAR", "nickname": nickname, "withdrawFormDetails": details or FNB}


def paid(amount: str, identity: str = "wdl_1", details: Any = None, at: str = AT) -> bytes:
    row = {"transactionId": identity, "currency": "ZAR", "status": "COMPLETED", "createdAt": at}
    row["withdrawDetails"] = details or FNB  # type: ignore[assignment]
    return json.dumps(row)[:-1].encode() + f', "amount": {amount}}}'.encode()


def answers(**changed: Any) -> LaidOut:
    account = b'{"id": "acc_1", "currency": "ZAR", "balance": 250000.00, "lockedBalance": 0.00}'
    usual = {
        "accounts": b"[" + account + b"]",
        "currencies": [{"code": "ZAR", "decimals": 2}],
        "beneficiaries": [a_payee(), a_payee("ben_2", "New & Co", NEW)],
        "withdrawals": b"[" + paid("250.00") + b"]",
        "accounts__currency__ZAR": account,
        "beneficiaries__ben_1": a_payee(),
        "beneficiaries__ben_2": a_payee("ben_2", "New & Co", NEW),
    }
    laid_out = LaidOut(**(usual | changed))
    laid_out.answers.setdefault(SEND, {"transactionId": "wdl_9", "status": "PENDING"})
    return laid_out


class Hand:
    """One wizard and what an operator does with it."""

    def __init__(self, stage: Stage, wizard: WithdrawalWizard) -> None:
        self.stage = stage
        self.wizard = wizard
        until(lambda: wizard._past.is_known, "the past payments")

    def choose(self, identity: str = "ben_1") -> "Hand":
        assert self.wizard.beneficiary_step.choose(identity)
        self.wizard.next_button.click()
        return self

    def type_amount(self, text: str) -> "Hand":
        field = self.wizard.amount_step.amount
        field.selectAll()
        QTest.keyClicks(field, text)
        settle()
        return self

    def next(self) -> "Hand":
        assert self.wizard.next_button.isEnabled(), self.wizard.flow.missing(self.wizard.step)
        self.wizard.next_button.click()
        settle()
        return self

    def answer(self, reason: str = "Agreed with the CFO") -> "Hand":
        for check in self.wizard.flow.checks:
            row = self.wizard.checks_step.row(check.name)
            assert row is not None
            if check.needs_reason:
                row.reason.clear()
                QTest.keyClicks(row.reason, reason)
            if check.attestation:
                row.declaration.setChecked(True)
        settle()
        return self

    def to_review(self, amount: str = "100.50", identity: str = "ben_1") -> "Hand":
        return self.choose(identity).type_amount(amount).next().answer().next()

    def send(self) -> Verdict:
        assert self.wizard.send_button.isEnabled(), self.wizard.flow.missing(Step.REVIEW)
        self.wizard.send_button.click()
        until(lambda: self.wizard.verdict is not None, "the outcome")
        settle()
        assert self.wizard.verdict is not None
        return self.wizard.verdict


Open = Callable[..., Hand]


@pytest.fixture
def opened(make_stage: Any) -> Open:
    def open_it(laid_out: LaidOut | None = None, folder: str = "profile") -> Hand:
        stage: Stage = make_stage(LaidOutConnector(laid_out or answers()), folder)
        until(lambda: all(stage.session.state(kind).confirmed_at for kind in Kind), "every list", 5.0)
        return reopened(stage)

    return open_it


def reopened(stage: Stage, identity: str = "") -> Hand:
    stage.window.open_withdrawal(identity)
    dialog = stage.window.dialog
    assert isinstance(dialog, WithdrawalWizard)
    return Hand(stage, dialog)


@pytest.fixture
def german() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    yield
    QLocale.setDefault(before)


def badges(hand: Hand) -> dict[str, str]:
    table = hand.wizard.beneficiary_step.table
    columns = [column.name for column in table.columns]
    return {
        str(table.index(row, columns.index("nickname")).data()): str(table.index(row, columns.index("badge")).data())
        for row in range(table.rowCount())
    }


def test_who_was_paid_before_is_told_and_found_by_typing(opened: Open) -> None:
    hand = opened()
    assert badges(hand) == {"Umhlanga Logistics": "Paid before", "New & Co": "Never paid"}
    QTest.keyClicks(hand.wizard.beneficiary_step.search, "never paid")
    assert badges(hand) == {"New & Co": "Never paid"}


def test_a_plain_withdrawal_goes_through_and_is_sent_once_as_shown(opened: Open) -> None:
    laid_out = answers()
    hand = opened(laid_out).to_review()
    assert hand.wizard.review_step.statement.text() == "Send 100.50 ZAR to Umhlanga Logistics"
    assert hand.send() is Verdict.ACCEPTED
    assert laid_out.sent == [("beneficiaries/withdrawals", {"beneficiaryId": "ben_1", "amount": 100.5})]
    assert "goes on by itself" in hand.wizard.result_step.next.text()
    sighting = hand.stage.session.safeguards.sighting(hand.wizard.flow.beneficiary)  # type: ignore[arg-type]
    assert sighting is not None
    assert sighting.used_at is not None


def test_enter_never_sends(opened: Open) -> None:
    laid_out = answers()
    hand = opened(laid_out).to_review()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(hand.wizard, key)
        QTest.keyClick(hand.wizard.send_button, key)
        QTest.keyClick(hand.wizard.review_step, key)
    settle()
    assert hand.wizard.step is Step.REVIEW
    assert laid_out.sent == []


def test_the_amount_is_read_as_the_system_writes_it(german: None, opened: Open) -> None:
    hand = opened().choose().type_amount("1.234,56")
    step = hand.wizard.amount_step
    assert step.echo.text() == "Read as 1234.56 ZAR"
    assert "comma" in step.hint.text()
    assert hand.wizard.next_button.isEnabled()
    hand.type_amount("12.34")
    assert "with a comma before the decimals: 1234,56" in step.problem.text()


def test_an_ambiguous_amount_waits_for_a_yes(german: None, opened: Open) -> None:
    hand = opened().choose().type_amount("1.234")
    step = hand.wizard.amount_step
    assert "read as 1,234 ZAR" in step.question.text()
    assert step.question.button.text() == "Yes, 1234 ZAR"
    assert not hand.wizard.next_button.isEnabled()
    QTest.keyClick(step.amount, Qt.Key.Key_Return)
    assert hand.wizard.step is Step.AMOUNT
    step.question.button.click()
    assert not step.question.isVisible()
    hand.next()
    assert hand.wizard.flow.amount == 1234


def test_all_there_is_is_said_to_be_all(opened: Open) -> None:
    hand = opened().choose()
    hand.wizard.amount_step.max_button.click()
    settle()
    assert hand.wizard.flow.amount == Decimal(250000)
    assert "all that is available" in str(hand.wizard.amount_step.outlook.value("You send"))
    assert "none could be covered" in str(hand.wizard.amount_step.outlook.value("Fee"))


def test_warnings_need_a_reason_and_the_reason_reaches_the_audit_log(opened: Open) -> None:
    hand = opened().choose().type_amount("250").next()
    row = hand.wizard.checks_step.row("Same payment lately")
    assert row is not None
    assert row.reason.isVisible()
    assert not hand.wizard.next_button.isEnabled()
    QTest.keyClicks(row.reason, "abcd")
    assert not hand.wizard.next_button.isEnabled()
    QTest.keyClicks(row.reason, "e")
    assert hand.wizard.next_button.isEnabled()
    hand.next().send()
    rows: list[Any] = []
    hand.stage.session.movements.audit_rows(0, hand.wizard, rows.extend)
    until(lambda: rows, "the audit log")
    armed = next(each for each in rows if each.what == "armed")
    found = {each["check"]: each for each in armed.facts["checks"]}
    assert found["Same payment lately"]["reason"] == "abcde"


def test_a_first_payment_needs_a_declaration(opened: Open) -> None:
    hand = opened().choose("ben_2").type_amount("5").next()
    row = hand.wizard.checks_step.row("First payment")
    assert row is not None
    assert row.declaration.isVisible()
    assert not row.reason.isVisible()
    assert not hand.wizard.next_button.isEnabled()
    row.declaration.click()
    hand.next()
    assert hand.wizard.step is Step.REVIEW


def test_typing_a_reason_is_not_disturbed_by_fresh_results(opened: Open) -> None:
    hand = opened().choose().type_amount("250").next()
    row = hand.wizard.checks_step.row("Same payment lately")
    assert row is not None
    QTest.keyClicks(row.reason, "half a rea")
    row.reason.setCursorPosition(4)
    hand.stage.session.refresh(Kind.ACCOUNTS)
    hand.wizard._look_again()
    settle()
    assert hand.wizard.checks_step.row("Same payment lately") is row
    assert (row.reason.text(), row.reason.cursorPosition()) == ("half a rea", 4)


def test_a_stale_balance_is_read_again_before_going_on(opened: Open, clock: FakeClock) -> None:
    laid_out = answers()
    hand = opened(laid_out).choose().type_amount("5").next()
    laid_out.answers["accounts"] = Unreachable("gone", wire=Wire.NOT_SENT)
    clock.advance(200)
    hand.wizard._look_again()
    assert not hand.wizard.next_button.isEnabled()
    assert "Refresh" in hand.wizard.message.text()
    laid_out.answers["accounts"] = answers().answers["accounts"]
    hand.wizard.checks_step.refresh_button.click()
    until(hand.wizard.next_button.isEnabled, "a fresh balance")


def test_limits_are_warned_of_and_typed_again(opened: Open) -> None:
    hand = opened()
    guards = hand.stage.session.safeguards
    saved: list[bool] = []
    limits = Limits().with_currency("ZAR", CurrencyLimits(single=Decimal(1000)))
    guards.save_limits(limits, lambda: saved.append(True), lambda error: saved.append(not error))
    until(lambda: saved == [True], "the limits are saved")
    hand.choose().type_amount("1500").next()
    row = hand.wizard.checks_step.row("Limit for one payment")
    assert row is not None
    assert "1,500 ZAR would be above the limit of 1,000 ZAR" in row.words.text()
    hand.answer().next()
    review = hand.wizard.review_step
    assert review.retype.isVisible()
    assert not hand.wizard.send_button.isEnabled()
    QGuiApplication.clipboard().setText("1500")
    QTest.keySequence(review.retype, "Ctrl+V")
    assert review.retype.text() == ""
    QTest.keyClicks(review.retype, "1501")
    assert "isn't the amount" in review.retype_problem.text()
    review.retype.clear()
    QTest.keyClicks(review.retype, "1500")
    assert hand.send() is Verdict.ACCEPTED
    QGuiApplication.clipboard().clear()


def test_the_destination_is_whole_and_grouped_and_copies_without_spaces(opened: Open) -> None:
    hand = opened().to_review()
    [code] = hand.wizard.review_step.destination.findChildren(CodePassage)
    assert code.toPlainText() == "6284 7719 203"
    code.selectAll()
    QTest.keySequence(code, "Ctrl+C")
    assert QGuiApplication.clipboard().text() == "62847719203"
    app = QApplication.instance()
    assert app is not None
    Clipboard.of(app).clear_if_ours()


def test_a_beneficiary_that_changed_since_last_seen_is_shown_in_red_and_acknowledged(opened: Open) -> None:
    hand = opened()
    hand.stage.close()
    changed = answers(beneficiaries=[a_payee(details=FNB | {"accountNumber": "666"})])
    hand = opened(changed)
    until(lambda: badges(hand) == {"Umhlanga Logistics": "Details changed"}, "the list of today")
    hand.choose()
    card = hand.wizard.beneficiary_step.changes
    assert hand.wizard.step is Step.BENEFICIARY
    assert card.isVisible()
    texts = {each.objectName(): each.toPlainText() for each in card.findChildren(type(code_of(card)))}
    assert texts == {"withdrawal-change-1-was": "62847719203", "withdrawal-change-1-is-now": "666"}
    assert not hand.wizard.next_button.isEnabled()
    card.declaration.click()
    hand.next().type_amount("5").next()
    assert "Account number" in str([each.words for each in hand.wizard.flow.checks if "details" in each.name])


def code_of(card: Any) -> Any:
    from lumedesk.views.parts.text import Passage

    return card.findChild(Passage)


def test_a_change_while_the_wizard_is_open_leads_back(opened: Open) -> None:
    laid_out = answers()
    hand = opened(laid_out).to_review()
    laid_out.answers["beneficiaries"] = [a_payee(details=NEW)]
    hand.stage.session.refresh(Kind.BENEFICIARIES)
    until(lambda: hand.wizard.step is Step.BENEFICIARY, "the way back")
    assert "different from what you chose" in hand.wizard.message.text()
    assert hand.wizard.beneficiary_step.changes.isVisible()
    laid_out.answers["beneficiaries"] = [a_payee("ben_2", "New & Co", NEW)]
    hand.stage.session.refresh(Kind.BENEFICIARIES)
    until(lambda: hand.wizard.flow.beneficiary is None, "the beneficiary to go")
    assert "any more" in hand.wizard.message.text()


def test_a_change_in_the_last_moment_sends_nothing_and_leads_back_to_it(opened: Open) -> None:
    laid_out = answers()
    hand = opened(laid_out).to_review()
    laid_out.answers["beneficiaries/ben_1"] = a_payee(details=NEW)
    laid_out.answers["beneficiaries"] = [a_payee(details=NEW)]
    assert hand.send() is Verdict.NOT_SENT
    assert laid_out.sent == []
    until(lambda: hand.stage.session.records(Kind.BENEFICIARIES)[0].withdraw_form_details == NEW, "the new details")
    first = hand.wizard.flow.uuid
    hand.wizard.again_button.click()
    assert hand.wizard.step is Step.BENEFICIARY
    assert hand.wizard.beneficiary_step.changes.isVisible()
    assert hand.wizard.flow.uuid != first


def test_a_balance_that_is_gone_leads_back_to_the_amount(opened: Open) -> None:
    laid_out = answers()
    hand = opened(laid_out).to_review()
    poor = b'{"id": "acc_1", "currency": "ZAR", "balance": 1.00, "lockedBalance": 0.00}'
    laid_out.answers["accounts/currency/ZAR"] = poor
    laid_out.answers["accounts"] = b"[" + poor + b"]"
    assert hand.send() is Verdict.NOT_SENT
    until(lambda: hand.stage.session.records(Kind.ACCOUNTS)[0].balance == 1, "the new balance")
    hand.wizard.again_button.click()
    assert hand.wizard.step is Step.AMOUNT
    assert "more than the 1.00 ZAR" in hand.wizard.amount_step.problem.text()


def test_a_refused_order_can_be_changed_and_names_the_first(opened: Open) -> None:
    laid_out = answers()
    laid_out.answers[SEND] = Invalid("no", http_status=422, documented=True)
    hand = opened(laid_out).to_review()
    first = hand.wizard.flow.uuid
    assert hand.send() is Verdict.REFUSED
    laid_out.answers[SEND] = {"transactionId": "wdl_9", "status": "PENDING"}
    hand.wizard.again_button.click()
    assert hand.wizard.step is Step.REVIEW
    assert hand.send() is Verdict.ACCEPTED
    intents = hand.stage.session.movements.intents
    assert [each.arming.retry_of for each in intents] == [None, first]
    assert len(laid_out.sent) == 2


@pytest.mark.parametrize("error", [TimedOut(wire=Wire.MAYBE_SENT), Unreachable(wire=Wire.MAYBE_SENT)])
def test_an_unknown_outcome_says_what_happens_now_and_blocks_the_same_again(opened: Open, error: DeskError) -> None:
    laid_out = answers()
    laid_out.answers[SEND] = error
    hand = opened(laid_out).to_review()
    assert hand.send() is Verdict.UNKNOWN
    words = hand.wizard.result_step.next.text()
    assert "again and again" in words
    assert "Movements page" in words
    assert "can't be sent" in words
    assert not hand.wizard.again_button.isVisible()
    laid_out.answers["withdrawals"] = b"[" + paid("250.00") + b"," + paid("100.50", "wdl_7") + b"]"
    hand.stage.session.refresh(Kind.WITHDRAWALS)
    until(lambda: "looks exactly like it" in hand.wizard.result_step.next.text(), "the likely row")
    hand.wizard.close()
    until(lambda: hand.stage.window.dialog is None, "the wizard to close")
    hand = reopened(hand.stage).choose().type_amount("100.5")
    assert "no known outcome" in hand.wizard.amount_step.problem.text()
    assert not hand.wizard.next_button.isEnabled()
    assert len(laid_out.sent) == 1


def test_while_it_is_sent_nothing_can_be_changed_or_closed(opened: Open) -> None:
    laid_out = answers()
    held = Held({"transactionId": "wdl_9", "status": "PENDING"})
    laid_out.answers[SEND] = held
    hand = opened(laid_out).to_review()
    hand.wizard.send_button.click()
    until(lambda: laid_out.sent, "the order to leave")
    hand.wizard.send()
    hand.wizard.go_back()
    hand.wizard.close()
    settle()
    assert hand.wizard.isVisible()
    assert hand.wizard.step is Step.SENDING
    assert "being sent" in hand.wizard.message.text()
    held.release()
    until(lambda: hand.wizard.verdict is Verdict.ACCEPTED, "the outcome")
    assert len(laid_out.sent) == 1


def test_a_draft_is_kept_and_offered_again(opened: Open) -> None:
    hand = opened().choose().type_amount("77.25")
    hand.wizard.close()
    until(lambda: hand.stage.window.dialog is None, "the wizard to close")
    assert hand.stage.session.safeguards.draft == Draft("ben_1", "77.25")
    hand = reopened(hand.stage)
    offer = hand.wizard.beneficiary_step.draft_offer
    assert "77.25 ZAR to Umhlanga Logistics" in offer.text()
    offer.button.click()
    assert hand.wizard.step is Step.AMOUNT
    assert hand.wizard.amount_step.amount.text() == "77.25"
    hand.next().next().send()
    assert hand.stage.session.safeguards.draft is None


def test_when_nothing_may_be_sent_that_is_said_and_nothing_is(opened: Open) -> None:
    laid_out = answers()
    hand = opened(laid_out).to_review()
    hand.stage.session.movements.refuse("The disk is full.")
    until(lambda: hand.wizard.message.text().startswith("Nothing can be sent"), "the refusal")
    assert not hand.wizard.send_button.isEnabled()
    hand.wizard.send()
    settle()
    assert laid_out.sent == []
    QApplication.processEvents()


def test_a_click_too_many_on_next_does_not_land_on_send(opened: Open) -> None:
    hand = opened().choose().type_amount("100.50")
    settle()
    pressed = hand.wizard.next_button.geometry()
    hand.wizard.reject()
    hand = opened(folder="another").to_review()
    settle()
    assert hand.wizard.send_button.isVisible()
    assert not hand.wizard.send_button.geometry().intersects(pressed)
