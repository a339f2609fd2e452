"""Which steps an order may take, and what makes two orders alike."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.intents import ALLOWED, OPEN, UNDECIDED, ForbiddenStep, Ground, State, Step, likeness_of
from tests.support.intents import (
    AT,
    NOT_SENT,
    REFUSED,
    SENDING,
    UNKNOWN,
    accepted,
    an_intent,
    confirmation_terms,
    found,
    withdrawal_terms,
)

# One way into each state.
WAYS = {
    State.ARMED: (),
    State.SENDING: (SENDING,),
    State.ACCEPTED: (SENDING, accepted("w1")),
    State.REFUSED: (SENDING, REFUSED),
    State.NOT_SENT: (NOT_SENT,),
    State.UNKNOWN: (SENDING, UNKNOWN),
    State.LIKELY: (SENDING, UNKNOWN, found("w1")),
    State.AMBIGUOUS: (SENDING, UNKNOWN, found("w1", "w2")),
    State.NOT_RECEIVED: (SENDING, UNKNOWN, Step(State.NOT_RECEIVED, Ground.OPERATOR, "asked them")),
}
# The protocol once more, written down by hand.
STEPS = {
    "armed": "sending, not sent",
    "sending": "accepted, refused, not sent, unknown",
    "unknown": "likely, ambiguous, accepted, not received",
    "likely": "unknown, likely, ambiguous, accepted, not received",
    "ambiguous": "unknown, likely, ambiguous, accepted, not received",
    "refused": "likely, ambiguous",
    "accepted": "",
    "not sent": "",
    "not received": "",
}


@pytest.mark.parametrize(("before", "after"), list(product(State, State)), ids=lambda state: state.value)
def test_only_the_protocols_steps_are_taken(before: State, after: State) -> None:
    intent = an_intent(*WAYS[before])
    assert intent.state is before
    step = Step(after, Ground.OPERATOR, "why", "w9" if after is State.ACCEPTED else None)
    if after.value in STEPS[before.value].split(", "):
        assert intent.after(step, AT).state is after
    else:
        with pytest.raises(ForbiddenStep, match=f"{before.value} can't become {after.value}"):
            intent.after(step, AT)


def test_every_state_has_its_rule() -> None:
    assert set(ALLOWED) == set(State)
    closed = {state for state, steps in ALLOWED.items() if not steps}
    assert closed == {State.ACCEPTED, State.NOT_SENT, State.NOT_RECEIVED}
    assert UNDECIDED < OPEN
    assert not OPEN & closed


@pytest.mark.parametrize("transaction_id", [None, ""])
def test_accepted_needs_an_id(transaction_id: str | None) -> None:
    with pytest.raises(ForbiddenStep, match="needs the server's id"):
        an_intent(SENDING).after(Step(State.ACCEPTED, Ground.ANSWER, "", transaction_id), AT)


@pytest.mark.parametrize("before", sorted(UNDECIDED, key=lambda state: state.value))
@pytest.mark.parametrize("after", [State.ACCEPTED, State.NOT_RECEIVED])
@pytest.mark.parametrize("ground", [ground for ground in Ground if ground is not Ground.OPERATOR])
def test_only_the_operator_ends_a_doubt(before: State, after: State, ground: Ground) -> None:
    with pytest.raises(ForbiddenStep, match="only the operator"):
        an_intent(*WAYS[before]).after(Step(after, ground, "", "w1"), AT)


def test_an_intent_keeps_its_steps_and_its_id() -> None:
    intent = an_intent(SENDING, UNKNOWN, found("w1"), accepted("w1", Ground.OPERATOR))
    assert intent.transaction_id == "w1"
    assert [step.state.value for step in intent.steps] == ["armed", "sending", "unknown", "likely", "accepted"]
    assert len(intent.times) == len(intent.steps)
    assert an_intent(SENDING, UNKNOWN, found("w1")).transaction_id is None, "a candidate is no id"


amounts = st.decimals(min_value=Decimal("0.00000001"), max_value=Decimal(10) ** 20, places=8)


@given(amounts, st.integers(0, 10))
def test_amounts_are_alike_by_value(amount: Decimal, zeros: int) -> None:
    same = Decimal(format(amount, "f") + "0" * zeros)
    assert likeness_of(withdrawal_terms(amount=amount)) == likeness_of(withdrawal_terms(amount=same))
    assert likeness_of(confirmation_terms(from_amount=amount)) == likeness_of(confirmation_terms(from_amount=same))


@given(amounts, amounts)
def test_other_amounts_are_not_alike(one: Decimal, other: Decimal) -> None:
    alike = likeness_of(withdrawal_terms(amount=one)) == likeness_of(withdrawal_terms(amount=other))
    assert alike == (one == other)


@pytest.mark.parametrize("change", [{"beneficiary_id": "ben_2"}, {"currency": "USD"}])
def test_another_destination_is_not_alike(change: dict[str, str]) -> None:
    assert likeness_of(withdrawal_terms()) != likeness_of(withdrawal_terms(**change))
    assert likeness_of(withdrawal_terms()) == likeness_of(withdrawal_terms(beneficiary_name="renamed", details=None))


def test_a_trade_is_alike_by_the_side_that_was_named() -> None:
    terms = confirmation_terms()
    assert likeness_of(terms) == likeness_of(confirmation_terms(to_amount=Decimal(1)))
    assert likeness_of(terms) != likeness_of(confirmation_terms(by_from=False))
    assert likeness_of(terms) != likeness_of(confirmation_terms(from_currency="ZAR", to_currency="USDT"))
    assert likeness_of(terms) != likeness_of(withdrawal_terms())
