"""The checks before a withdrawal: what stops it, what asks for a reason, and what is fine."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain import checks
from lumedesk.domain.checks import CheckVerdict, Facts, run_checks
from lumedesk.domain.intents import Arming, Ground, Intent, State, Step, WithdrawalTerms
from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.domain.records import Withdrawal
from lumedesk.domain.sightings import Sighting, digest_of, seen_details
from tests.support.builders import a_beneficiary, a_withdrawal, an_account

D = Decimal
NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
DETAILS = {"bankName": "Nedbank", "accountNumber": "1147720093"}
PAYEE = a_beneficiary(id="ben_1", withdraw_form_details=DETAILS)


def facts(**changed: Any) -> Facts:
    usual = {
        "beneficiary": PAYEE,
        "amount": D("100.50"),
        "account": an_account(balance=D("2500.00")),
        "balance_at": NOW - timedelta(seconds=9),
        "now": NOW,
    }
    return Facts(**(usual | changed))


def paid(amount: str, *, ago: timedelta = timedelta(0), details: Any = None, **changed: Any) -> Withdrawal:
    at = (NOW - ago).isoformat()
    return a_withdrawal(amount=D(amount), withdraw_details=details or DETAILS, created_at=at, **changed)


def an_intent(amount: str, state: State, *, beneficiary_id: str = "ben_1", ago: timedelta = timedelta(0)) -> Intent:
    terms = WithdrawalTerms(beneficiary_id, "Acme", DETAILS, "ZAR", D(amount))
    at = (NOW - ago).isoformat()
    arming = Arming("uuid", terms, "https://host", "fp", (), at, 0.0)
    identity = "wdl_x" if state is State.ACCEPTED else None
    return Intent(arming, (Step(state, Ground.PROTOCOL, transaction_id=identity),), (at,))


def test_a_plain_payment_needs_only_the_declaration_of_a_first_one() -> None:
    found = {each.name: each for each in run_checks(facts())}
    assert {name for name, each in found.items() if each.verdict is not CheckVerdict.OK} == {"First payment"}
    assert found["First payment"].attestation
    assert not found["First payment"].needs_reason


def test_every_warning_takes_a_reason_or_a_declaration_and_a_stop_takes_none() -> None:
    limits = Limits({"ZAR": CurrencyLimits(D(1), D(1), D(1))})
    sighting = Sighting({"nickname": "x"}, "d", NOW, changed_to="e", changed_at=NOW)
    past = (*(paid("0.01") for _ in range(5)), paid("100.50"))
    for each in run_checks(facts(limits=limits, sighting=sighting, past=past, balance_at=None, account=None)):
        assert each.words
        assert (each.needs_reason or bool(each.attestation)) == (each.verdict is CheckVerdict.WARN), each


@pytest.mark.parametrize("state", [State.ARMED, State.SENDING, State.UNKNOWN, State.LIKELY, State.AMBIGUOUS])
def test_an_unresolved_look_alike_stops_it(state: State) -> None:
    assert checks.unresolved_lookalike(facts(intents=(an_intent("100.5", state),))).verdict is CheckVerdict.STOP


def test_a_look_alike_that_the_movements_tell_of_stops_it_too() -> None:
    blocked = frozenset({("withdrawal", "ben_1", "ZAR", "100.5")})
    assert checks.unresolved_lookalike(facts(unresolved=blocked)).verdict is CheckVerdict.STOP


@pytest.mark.parametrize(
    "intent",
    [
        an_intent("100.50", State.ACCEPTED),
        an_intent("100.50", State.NOT_SENT),
        an_intent("100.51", State.UNKNOWN),
        an_intent("100.50", State.UNKNOWN, beneficiary_id="ben_2"),
    ],
)
def test_what_is_resolved_or_different_stops_nothing(intent: Intent) -> None:
    assert checks.unresolved_lookalike(facts(intents=(intent,))).verdict is CheckVerdict.OK


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(None, "Stop"), (timedelta(0), "OK"), (timedelta(minutes=2), "OK"), (timedelta(minutes=2, seconds=1), "Stop")],
)
def test_a_stale_balance_is_read_again_first(age: timedelta | None, verdict: str) -> None:
    check = checks.balance_age(facts(balance_at=None if age is None else NOW - age))
    assert check.verdict.value == verdict
    assert verdict == "OK" or "Refresh" in check.words


@pytest.mark.parametrize(
    ("balance", "verdict", "words"),
    [
        (D("100.49"), "Stop", "more than the 100.49 ZAR"),
        (D("100.50"), "OK", "would not be covered"),
        (D("2500.00"), "OK", "Leaves 2,399.50 ZAR, less the fee"),
        (None, "Stop", "isn't known"),
    ],
)
def test_the_balance_has_to_cover_it(balance: Decimal | None, verdict: str, words: str) -> None:
    check = checks.balance_covers(facts(account=an_account(balance=balance)))
    assert check.verdict.value == verdict
    assert words in check.words


def limit_words(**changed: Any) -> dict[str, str]:
    return {each.name: each.verdict.value for each in checks.limit_checks(facts(**changed))}


def test_each_limit_is_told_by_itself() -> None:
    limits = Limits({"ZAR": CurrencyLimits(single=D(100), daily=D(300), beneficiary_daily=D(200))})
    assert limit_words(limits=limits) == {
        "Limit for one payment": "Look",
        "Limit for a day": "OK",
        "Limit for this beneficiary and day": "OK",
    }
    past = (paid("100.00", ago=timedelta(hours=2)), paid("99.50", ago=timedelta(hours=1), details={"bankName": "FNB"}))
    assert limit_words(limits=limits, past=past) == {
        "Limit for one payment": "Look",
        "Limit for a day": "OK",
        "Limit for this beneficiary and day": "Look",
    }
    past = (*past, paid("0.01", details={"bankName": "FNB"}))
    assert limit_words(limits=limits, past=past)["Limit for a day"] == "Look"


def test_without_limits_that_is_said() -> None:
    assert limit_words() == {"Limits": "OK"}
    assert limit_words(limits=Limits({"ZAR": CurrencyLimits(typed_from=D(5))})) == {"Limits": "OK"}
    assert limit_words(limits=Limits({"USD": CurrencyLimits(single=D(5))})) == {"Limits": "OK"}
    assert limit_words(limits=Limits(beneficiaries={"ben_1": D(5)})) == {"Limit for this beneficiary and day": "Look"}


def test_limits_that_cannot_be_read_are_no_free_pass() -> None:
    assert limit_words(limits_trouble="The limits can't be read.") == {"Limits": "Look"}


def test_the_day_begins_at_midnight_utc_and_counts_what_may_have_gone() -> None:
    past = (
        paid("1.00", ago=timedelta(hours=10, minutes=15)),
        paid("10.00", ago=timedelta(hours=10, minutes=16)),
        paid("100.00", status="FAILED"),
        paid("2.00", status="SOMETHING_NEW", transaction_id="wdl_2"),
        a_withdrawal(amount=None, withdraw_details=DETAILS, created_at=NOW.isoformat()),
        a_withdrawal(amount=D(1000), created_at=None),
    )
    intents = (
        an_intent("4.00", State.UNKNOWN),
        an_intent("8.00", State.NOT_SENT),
        an_intent("16.00", State.UNKNOWN, ago=timedelta(days=1)),
        an_intent("32.00", State.UNKNOWN, beneficiary_id="ben_2"),
        an_intent("64.00", State.ACCEPTED),
    )
    assert checks.sent_today(facts(past=past, intents=intents)) == 1 + 2 + 4 + 32 + 64
    assert checks.sent_today(facts(past=past, intents=intents), to_this_one=True) == 1 + 2 + 4 + 64


def test_what_the_list_shows_is_not_counted_twice() -> None:
    listed = paid("64.00", transaction_id="wdl_x")
    assert checks.sent_today(facts(past=(listed,), intents=(an_intent("64.00", State.ACCEPTED),))) == 64


def test_a_day_elsewhere_is_still_a_day_in_utc() -> None:
    from datetime import timezone

    there = NOW.astimezone(timezone(timedelta(hours=-11)))
    assert checks.sent_today(facts(now=there, past=(paid("1.00", ago=timedelta(hours=10)),))) == 1


@pytest.mark.parametrize(
    ("past", "verdict"),
    [
        ((), "OK"),
        ((paid("100.5", ago=timedelta(days=6, hours=23)),), "Look"),
        ((paid("100.50", ago=timedelta(days=7, hours=1)),), "OK"),
        ((paid("100.51"),), "OK"),
        ((paid("100.50", details={"bankName": "FNB"}),), "OK"),
        ((paid("100.50", status="CANCELLED"),), "OK"),
        ((paid("100.50", status="PENDING"),), "Look"),
    ],
)
def test_the_same_payment_lately_is_asked_about(past: tuple[Withdrawal, ...], verdict: str) -> None:
    assert checks.same_payment_lately(facts(past=past)).verdict.value == verdict


def test_the_days_are_the_operators_and_the_journal_counts_too() -> None:
    past = (paid("100.50", ago=timedelta(days=20)),)
    assert checks.same_payment_lately(facts(past=past, limits=Limits(repeat_days=30))).needs_reason
    assert checks.same_payment_lately(facts(intents=(an_intent("100.50", State.ACCEPTED),))).needs_reason
    assert checks.same_payment_lately(facts(past_is_known=False)).needs_reason


@pytest.mark.parametrize(
    ("amounts", "amount", "words"),
    [
        (["1"] * 4, "5000", "nothing to compare"),
        (["10", "10", "10", "10", "40"], "120", "10 times the median"),
        (["10", "10", "10", "10", "40"], "100", "In the range"),
        (["10", "10", "10", "10", "10"], "30", "In the range"),
        (["10", "10", "10", "10", "10"], "30.01", "3 times the largest"),
    ],
)
def test_what_is_far_from_usual_is_asked_about(amounts: list[str], amount: str, words: str) -> None:
    check = checks.unusual_size(facts(amount=D(amount), past=tuple(map(paid, amounts))))
    assert words in check.words
    assert check.needs_reason == ("times" in words)


@given(st.lists(st.integers(1, 10**9), min_size=5, max_size=20), st.integers(1, 10**12))
def test_nothing_up_to_the_largest_and_ten_medians_is_unusual(amounts: list[int], amount: int) -> None:
    check = checks.unusual_size(facts(amount=D(amount), past=tuple(paid(str(each)) for each in amounts)))
    is_far = amount > 3 * max(amounts) or amount > 10 * sorted(amounts)[(len(amounts) - 1) // 2]
    assert check.needs_reason == is_far


def test_a_payment_is_the_first_until_something_tells_of_another() -> None:
    assert checks.was_paid_before(facts(past=(paid("1.00", ago=timedelta(days=900)),)))
    assert checks.was_paid_before(facts(intents=(an_intent("1.00", State.ACCEPTED),)))
    assert checks.was_paid_before(facts(sighting=Sighting({}, "d", NOW, used_at=NOW)))
    assert not checks.was_paid_before(facts(sighting=Sighting({}, "d", NOW)))
    assert not checks.was_paid_before(facts(past=(paid("1.00", status="FAILED"),)))
    assert not checks.was_paid_before(facts(intents=(an_intent("1.00", State.UNKNOWN),)))


def test_changed_details_are_named_with_their_cooling_off() -> None:
    details = seen_details(PAYEE)
    same = Sighting(details, digest_of(details), NOW)
    assert checks.changed_since_seen(facts(sighting=same)).verdict is CheckVerdict.OK
    other = seen_details(a_beneficiary(withdraw_form_details=DETAILS | {"accountNumber": "666"}))
    changed = Sighting(other, digest_of(other), NOW, changed_to="x", changed_at=NOW - timedelta(hours=1))
    check = checks.changed_since_seen(facts(sighting=changed))
    assert check.needs_reason
    assert "Account number" in check.words
    assert "12 May 09:15 UTC" in check.words
    assert checks.changed_since_seen(facts(sightings_trouble="Can't be told.")).needs_reason


@pytest.mark.parametrize(("text", "enough"), [("", False), ("a b c d", False), ("     ", False), ("tax Q2", True)])
def test_a_reason_says_something(text: str, enough: bool) -> None:
    assert checks.is_reason(text) is enough


def test_the_threshold_for_typing_comes_from_the_history() -> None:
    threshold = checks.typing_threshold(facts(past=tuple(paid(each) for each in ("1", "2", "3", "4", "5"))))
    assert threshold is not None
    assert threshold.amount == 30
