"""The withdrawal's draft: what is missing, what may be sent, and that it is sent as typed."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.checks import Check, CheckVerdict
from lumedesk.domain.withdrawals import Step, WithdrawalFlow
from tests.support.builders import a_beneficiary, an_account

FINE = Check("Anything", CheckVerdict.OK, "Nothing to say.")


def drafted(typed: str = "100.50", *, decimals: int | None = 2, account: Any = ..., **changes: Any) -> WithdrawalFlow:
    holding = an_account(balance=Decimal("2500.00")) if account is ... else account
    flow = WithdrawalFlow(**changes).choose(a_beneficiary(id="ben_1"), holding, decimals)
    return flow.type_amount(typed).with_checks((FINE,), None)


def test_an_empty_draft_asks_for_the_beneficiary_first() -> None:
    flow = WithdrawalFlow()
    assert {flow.missing(step) for step in Step} == {"Choose who gets the money."}
    with pytest.raises(ValueError, match="Choose"):
        flow.order()


@pytest.mark.parametrize("lacking", ["id", "currency"])
def test_a_beneficiary_that_lacks_what_is_needed_is_none(lacking: str) -> None:
    flow = WithdrawalFlow().choose(a_beneficiary(**{lacking: None}), an_account(), 2)
    assert flow.missing(Step.BENEFICIARY) == "Choose who gets the money."


def test_a_whole_draft_becomes_an_order() -> None:
    flow = drafted()
    assert [flow.missing(step) for step in Step] == [None] * len(Step)
    order = flow.order()
    assert (order.beneficiary_id, order.currency, str(order.amount)) == ("ben_1", "ZAR", "100.50")
    assert (order.terms.amount, order.terms.beneficiary_id) == (order.amount, "ben_1")
    assert flow.balance_after == Decimal("2399.50")


def test_two_drafts_are_two_orders_and_one_draft_is_one() -> None:
    flow = drafted()
    assert flow.order().uuid == flow.with_account(flow.account).order().uuid
    assert flow.order().uuid != drafted().order().uuid


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter an amount"),
        ("abc", "doesn't belong in an amount"),
        ("0.00", "more than zero"),
        ("1.234", "2 decimals at most"),
        ("2500.01", "more than the 2,500.00 ZAR available"),
    ],
)
def test_what_is_wrong_with_the_amount_is_said(typed: str, words: str) -> None:
    flow = drafted(typed)
    assert flow.missing(Step.BENEFICIARY) is None
    assert words in str(flow.missing(Step.AMOUNT))
    assert flow.amount is None
    assert flow.balance_after is None
    with pytest.raises(ValueError, match=words):
        flow.order()


def test_the_whole_balance_may_go() -> None:
    flow = drafted("2500.00")
    assert flow.missing(Step.AMOUNT) is None
    assert flow.balance_after == 0


def test_an_unknown_balance_or_a_missing_account_stops_it() -> None:
    assert "isn't known" in str(drafted(account=an_account(balance=None)).missing(Step.AMOUNT))
    assert "no ZAR account" in str(drafted(account=None).missing(Step.AMOUNT))


def test_a_fresher_balance_is_checked_against() -> None:
    flow = drafted().with_account(an_account(balance=Decimal("100.49")))
    assert "more than the 100.49" in str(flow.missing(Step.REVIEW))


@pytest.mark.parametrize("typed", ["100.5", "100.50", "0100.50"])
def test_an_amount_whose_outcome_is_unknown_is_blocked_however_typed(typed: str) -> None:
    flow = drafted(typed, blocked=frozenset({drafted("100.50").order().likeness}))
    assert "no known outcome" in str(flow.missing(Step.AMOUNT))


def test_another_beneficiary_or_amount_is_not_blocked() -> None:
    other_payee = replace(drafted().order(), beneficiary_id="ben_2")
    blocked = frozenset({other_payee.likeness, drafted("100.51").order().likeness})
    assert drafted(blocked=blocked).missing(Step.REVIEW) is None


def test_an_amount_that_reads_in_two_ways_waits_for_a_word() -> None:
    flow = drafted("1,000")
    assert "Say whether 1000 is meant" in str(flow.missing(Step.AMOUNT))
    with pytest.raises(ValueError, match="Say whether"):
        flow.order()
    assert flow.confirm_reading().order().amount == Decimal(1000)


def test_without_checks_there_is_no_order() -> None:
    with pytest.raises(ValueError, match="checks"):
        drafted().with_checks((), None).order()


def test_without_known_decimals_any_are_taken() -> None:
    assert str(drafted("0.00000001", decimals=None).order().amount) == "1E-8"


@given(st.integers(1, 10**25), st.integers(1, 10**25), st.integers(0, 18))
def test_what_is_left_is_exact(units: int, more: int, decimals: int) -> None:
    amount, balance = Decimal(units).scaleb(-decimals), Decimal(units + more)
    flow = drafted(format(amount, "f"), decimals=18, account=an_account(balance=balance))
    left = flow.balance_after
    assert left is not None
    assert Fraction(left) == Fraction(balance) - Fraction(amount)
