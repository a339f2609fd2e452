"""The withdrawal's draft: what each step asks the operator, when an answer stands, and what goes into the audit log."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.domain.amount_entry import convention_of
from lumedesk.domain.checks import Check, CheckVerdict
from lumedesk.domain.limits import Threshold
from lumedesk.domain.sightings import Change
from lumedesk.domain.withdrawals import Draft, Step, WithdrawalFlow
from tests.support.builders import a_beneficiary, an_account

DE = convention_of(",", ".")
FINE = Check("Balance", CheckVerdict.OK, "Fine.")
STOP = Check("Unresolved payments", CheckVerdict.STOP, "Resolve it first.")
LOOK = Check("Usual size", CheckVerdict.WARN, "Large.", needs_reason=True)
FIRST = Check("First payment", CheckVerdict.WARN, "The first.", attestation="I compared it.")
CHANGES = (Change("Account number", "1", "2"),)
PAYEE = a_beneficiary(id="ben_1")


def drafted(typed: str = "100.50", **changes: Any) -> WithdrawalFlow:
    account = an_account(balance=Decimal("2500.00"))
    return WithdrawalFlow(**changes).choose(PAYEE, account, 2).type_amount(typed).with_checks((FINE,), None)


def test_what_changed_is_acknowledged_first_and_again_when_it_changes_further() -> None:
    flow = WithdrawalFlow().choose(PAYEE, an_account(), 2, CHANGES)
    assert flow.missing(Step.BENEFICIARY) == "Verify what changed, and say so."
    flow = flow.acknowledge(is_acknowledged=True)
    assert flow.missing(Step.BENEFICIARY) is None
    assert flow.choose(PAYEE, an_account(), 2, CHANGES).missing(Step.BENEFICIARY) is None
    assert flow.acknowledge(is_acknowledged=False).missing(Step.BENEFICIARY) is not None
    assert flow.choose(PAYEE, an_account(), 2, (Change("X", "1", "3"),)).missing(Step.BENEFICIARY) is not None


@pytest.mark.parametrize(("typed", "amount", "confirm"), [("1.234", "1234", True), ("1.234,50", "1234.50", False)])
def test_an_amount_that_reads_in_two_ways_is_confirmed(typed: str, amount: str, confirm: bool) -> None:
    flow = drafted(typed, convention=DE)
    assert str(flow.amount) == amount
    assert flow.needs_confirming is confirm
    assert (flow.missing(Step.AMOUNT) == "Say whether 1234 is meant.") is confirm
    assert flow.confirm_reading().missing(Step.AMOUNT) is None


def test_a_confirmed_reading_is_of_that_text_only() -> None:
    flow = drafted("1.234", convention=DE).confirm_reading()
    assert flow.type_amount("1.235").needs_confirming
    assert flow.type_amount("1.235").type_amount("1.234").needs_confirming


def test_all_there_is_needs_no_confirming_in_any_convention() -> None:
    for convention in (DE, convention_of(".", ",")):
        flow = WithdrawalFlow(convention=convention).choose(PAYEE, an_account(balance=Decimal("1.234")), 3)
        flow = flow.type_all()
        assert flow.missing(Step.AMOUNT) is None
        assert flow.amount == Decimal("1.234")
        assert flow.balance_after == 0
    assert WithdrawalFlow().choose(PAYEE, None, 2).type_all().typed == ""


def test_checks_are_made_before_anything_is_reviewed() -> None:
    flow = replace(drafted(), checks=())
    assert flow.missing(Step.CHECKS) == "The checks haven't been made yet."
    with pytest.raises(ValueError, match="checks"):
        flow.order()


def test_a_stop_has_no_answer() -> None:
    flow = drafted().with_checks((FINE, STOP), None).give_reason(STOP.name, "but I want to")
    assert flow.missing(Step.CHECKS) == "Unresolved payments: Resolve it first."
    with pytest.raises(ValueError, match="Resolve"):
        flow.order()


def test_a_warning_takes_a_reason_and_a_first_payment_a_declaration() -> None:
    flow = drafted().with_checks((LOOK, FIRST), None)
    assert "give a reason" in str(flow.missing(Step.CHECKS))
    assert "give a reason" in str(flow.give_reason(LOOK.name, " ok ").missing(Step.CHECKS))
    flow = flow.give_reason(LOOK.name, "Tax, Q2")
    assert "declaration" in str(flow.missing(Step.CHECKS))
    flow = flow.attest(FIRST.name, is_attested=True)
    assert flow.missing(Step.REVIEW) is None
    assert flow.attest(FIRST.name, is_attested=False).missing(Step.REVIEW) is not None


def test_answers_hold_for_what_was_found_then() -> None:
    answered = drafted().with_checks((LOOK, FIRST), None)
    answered = answered.give_reason(LOOK.name, "Tax, Q2").attest(FIRST.name, is_attested=True)
    assert answered.with_checks((LOOK, FIRST), None).missing(Step.CHECKS) is None
    assert answered.with_checks((replace(LOOK, words="Larger."), FIRST), None).reasons == {}
    assert answered.with_checks((LOOK, replace(FIRST, words="Another.")), None).attested == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        lambda flow: flow.type_amount("100.51"),
        lambda flow: flow.choose(a_beneficiary(id="ben_2"), flow.account, 2),
        lambda flow: flow.choose(a_beneficiary(id="ben_1", nickname="Else"), flow.account, 2),
        lambda flow: flow.unchoose(),
    ],
)
def test_answers_about_another_order_are_gone(change: Any) -> None:
    flow = drafted().with_checks((LOOK, FIRST), None).give_reason(LOOK.name, "Tax, Q2")
    flow = change(flow.attest(FIRST.name, is_attested=True).retype("100.50"))
    assert (flow.checks, flow.reasons, flow.attested, flow.retyped) == ((), {}, frozenset(), "")


def test_a_fresher_balance_keeps_the_answers() -> None:
    flow = drafted().with_checks((LOOK,), None).give_reason(LOOK.name, "Tax, Q2")
    assert flow.choose(PAYEE, an_account(balance=Decimal(9000)), 2).missing(Step.REVIEW) is None


@pytest.mark.parametrize(
    ("retyped", "words"),
    [
        ("", "Type the amount once more."),
        ("100", "That isn't the amount above."),
        ("100,50", "parts thousands"),
        ("100.5", None),
        ("100.50", None),
    ],
)
def test_a_large_amount_is_typed_again(retyped: str, words: str | None) -> None:
    flow = drafted().with_checks((FINE,), Threshold(Decimal("100.50"), "set in the limits")).retype(retyped)
    assert flow.needs_retyping
    missing = flow.missing(Step.REVIEW)
    assert (words in str(missing)) if words else missing is None
    assert flow.missing(Step.CHECKS) is None


def test_below_the_threshold_nothing_is_typed_again() -> None:
    flow = drafted().with_checks((FINE,), Threshold(Decimal("100.51"), "set in the limits"))
    assert not flow.needs_retyping
    assert flow.missing(Step.REVIEW) is None


def test_the_first_incomplete_step_is_where_to_go_on() -> None:
    assert WithdrawalFlow().first_incomplete is Step.BENEFICIARY
    assert drafted("").first_incomplete is Step.AMOUNT
    assert drafted().with_checks((STOP,), None).first_incomplete is Step.CHECKS
    assert drafted().first_incomplete is Step.REVIEW


def test_what_is_kept_of_a_draft_is_whom_and_how_much() -> None:
    assert drafted("12.5").draft == Draft("ben_1", "12.5")
    assert drafted(" ").draft is None
    assert WithdrawalFlow(typed="5").draft is None


def test_trying_again_is_another_order_that_names_the_first() -> None:
    flow = drafted()
    again = flow.anew(flow.uuid)
    assert again.order().uuid != flow.order().uuid
    assert again.order().retry_of == flow.uuid
    assert flow.order().retry_of is None
    assert again.order().terms == flow.order().terms


def test_the_audit_log_gets_what_was_found_and_said() -> None:
    flow = WithdrawalFlow().choose(PAYEE, an_account(balance=Decimal(2500)), 2, CHANGES)
    flow = flow.acknowledge(is_acknowledged=True).type_amount("100.50")
    flow = flow.with_checks((FINE, LOOK, FIRST), Threshold(Decimal(1), "set in the limits"))
    flow = flow.give_reason(LOOK.name, " Tax, Q2 ").attest(FIRST.name, is_attested=True).retype("100.5")
    assert flow.order().notes == {
        "typed": "100.50",
        "checks": [
            {"check": "Balance", "found": "OK", "words": "Fine."},
            {"check": "Usual size", "found": "Look", "words": "Large.", "reason": "Tax, Q2"},
            {"check": "First payment", "found": "Look", "words": "The first.", "declared": "I compared it."},
        ],
        "changes acknowledged": ["Account number: 1 → 2"],
        "typed once more": "100.5",
    }
