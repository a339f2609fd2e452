"""Finding an order of unknown outcome in the server's lists: none, one, many, and rows that fit only in part."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.intents import Ground, Intent, State, Step
from lumedesk.domain.reconcile import Findings, find, looks_alike, next_step
from tests.support.builders import a_trade, a_withdrawal
from tests.support.intents import (
    AT,
    REFUSED,
    SENDING,
    UNKNOWN,
    an_intent,
    confirmation_terms,
    found,
    withdrawal_terms,
)

DETAILS = withdrawal_terms().details


def unknown(**changes: Any) -> Intent:
    return an_intent(SENDING, UNKNOWN, terms=withdrawal_terms(), **changes)


def row(transaction_id: str | None = "w1", **changes: Any) -> Any:
    return a_withdrawal(**({"transaction_id": transaction_id, "withdraw_details": DETAILS} | changes))


def test_nothing_is_found_where_nothing_is() -> None:
    assert find(unknown(), [], set()) == Findings()
    assert next_step(unknown(), Findings()) is None, "watching goes on"


def test_one_row_that_fits_is_likely() -> None:
    findings = find(unknown(), [row(), row("other", amount=Decimal(1))], set())
    assert findings == Findings(("w1",))
    step = next_step(unknown(), findings)
    assert step is not None
    assert (step.state, step.ground, step.candidates) == (State.LIKELY, Ground.LISTS, ("w1",))
    assert step.transaction_id is None, "looking alike proves nothing"


def test_several_rows_are_ambiguous() -> None:
    step = next_step(unknown(), find(unknown(), [row("w2"), row("w1")], set()))
    assert step is not None
    assert (step.state, step.candidates) == (State.AMBIGUOUS, ("w1", "w2"))


def test_a_row_that_fits_in_part_is_ambiguous() -> None:
    masked = row(withdraw_details={"bankName": "Nedbank", "accountNumber": "****0093"})
    findings = find(unknown(), [masked], set())
    assert findings == Findings((), ("w1",))
    step = next_step(unknown(), findings)
    assert step is not None
    assert (step.state, step.why) == (State.AMBIGUOUS, "A new row looks like it in part.")
    both = next_step(unknown(), find(unknown(), [masked, row("w0")], set()))
    assert both is not None
    assert (both.state, both.candidates) == (State.AMBIGUOUS, ("w0", "w1"))


IN_PART = {
    "nothing": None,
    "no names in common": {"iban": "DE1"},
    "no object": "Nedbank 1147720093",
    "one differs": DETAILS | {"bankName": "FNB"},
}


@pytest.mark.parametrize("details", IN_PART.values(), ids=IN_PART)
def test_details_that_prove_nothing_fit_in_part(details: Any) -> None:
    assert find(unknown(), [row(withdraw_details=details)], set()) == Findings((), ("w1",))


def test_details_may_name_more_or_less() -> None:
    for details in (DETAILS | {"reference": "x"}, {"accountNumber": DETAILS["accountNumber"]}):
        assert find(unknown(), [row(withdraw_details=details)], set()) == Findings(("w1",))


@pytest.mark.parametrize(
    "change",
    [{"currency": "USD"}, {"currency": None}, {"amount": Decimal("250.01")}, {"amount": None}, {"transaction_id": ""}],
    ids=str,
)
def test_another_amount_or_currency_is_another_order(change: dict[str, Any]) -> None:
    assert find(unknown(), [row(**change)], set()) == Findings()


def test_what_was_there_before_is_not_it() -> None:
    assert find(unknown(baseline=("w1",)), [row(), row("w2")], set()) == Findings(("w2",))


def test_what_belongs_to_another_is_not_it() -> None:
    assert find(unknown(), [row(), row("w2")], {"w1"}) == Findings(("w2",))


@given(st.integers(0, 5))
def test_amounts_are_compared_by_value(zeros: int) -> None:
    assert find(unknown(), [row(amount=Decimal("250." + "0" * zeros if zeros else "250"))], set()) == Findings(("w1",))


def test_a_trade_fits_by_pair_and_amounts() -> None:
    intent = an_intent(SENDING, UNKNOWN, terms=confirmation_terms())
    assert find(intent, [a_trade(transaction_id="t1")], set()) == Findings(("t1",))
    assert find(intent, [a_trade(transaction_id="t1", to_amount=Decimal(1839))], set()) == Findings((), ("t1",))
    assert find(intent, [a_trade(from_amount=Decimal(99))], set()) == Findings()
    assert find(intent, [a_trade(from_currency="ZAR", to_currency="USDT")], set()) == Findings()
    assert find(intent, [row()], set()) == Findings(), "a withdrawal is no trade"
    other_side = an_intent(SENDING, UNKNOWN, terms=confirmation_terms(by_from=False))
    assert find(other_side, [a_trade(transaction_id="t1", from_amount=Decimal(99))], set()) == Findings((), ("t1",))
    assert find(other_side, [a_trade(to_amount=Decimal(1839))], set()) == Findings()


def test_the_baseline_is_all_that_looks_alike() -> None:
    assert looks_alike(withdrawal_terms(), row())
    assert looks_alike(withdrawal_terms(), row(withdraw_details=None))
    assert not looks_alike(withdrawal_terms(), row(amount=Decimal(1)))


def test_the_same_finding_twice_is_no_news() -> None:
    for candidates in (("w1",), ("w1", "w2")):
        intent = unknown().after(found(*candidates), AT)
        assert next_step(intent, Findings(candidates)) is None


def test_candidates_come_and_go() -> None:
    likely = unknown().after(found("w1"), AT)
    gone = next_step(likely, Findings())
    assert gone is not None
    assert gone.state is State.UNKNOWN
    for findings in (Findings(("w1", "w2")), Findings((), ("w1",)), Findings(("w2",))):
        step = next_step(likely, findings)
        assert step is not None
        assert likely.after(step, AT).steps[-1].candidates == (*findings.exact, *findings.partial)


def test_a_refusal_reopens_when_a_row_matches() -> None:
    refused = an_intent(SENDING, REFUSED, terms=withdrawal_terms())
    assert next_step(refused, Findings()) is None
    step = next_step(refused, Findings(("w1",)))
    assert step is not None
    assert refused.after(step, AT).state is State.LIKELY


@given(st.lists(st.sampled_from(["w1", "w2", "w3"]), unique=True), st.booleans())
def test_lists_never_decide(ids: list[str], partly: bool) -> None:
    details = {"accountNumber": "****"} if partly else DETAILS
    step: Step | None = next_step(
        unknown(), find(unknown(), [row(each, withdraw_details=details) for each in ids], set())
    )
    assert step is None or step.state in (State.LIKELY, State.AMBIGUOUS)
    assert (step is not None and step.state is State.LIKELY) == (len(ids) == 1 and not partly)
