"""How a beneficiary differs from what was seen, and whether a past payment went to it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.domain.money import Amount
from lumedesk.domain.sightings import COOLING_OFF, Change, Sighting, changes, digest_of, pays_to, seen_details
from tests.support.builders import a_beneficiary, a_withdrawal

NOW = datetime(2026, 5, 11, 10, tzinfo=UTC)


def seen(details: Any, **changed: Any) -> dict[str, Any]:
    return seen_details(a_beneficiary(withdraw_form_details=details, **changed))


def test_equal_details_have_no_changes_whatever_their_order() -> None:
    old, new = seen({"a": 1, "b": [1, {"c": None}]}), seen({"b": [1, {"c": None}], "a": 1})
    assert changes(old, new) == ()
    assert digest_of(old) == digest_of(new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"accountNumber": "1"}, {"accountNumber": "2"}, [Change("Account number", "1", "2")]),
        ({"accountNumber": "1"}, {}, [Change("Destination", None, "–"), Change("Account number", "1", None)]),
        ({"a": "1"}, {"a": "1", "b": "2"}, [Change("B", None, "2")]),
        ({"address": {"city": "Oslo"}}, {"address": {"city": "Bergen"}}, [Change("Address · City", "Oslo", "Bergen")]),
        ({"owners": ["A", "B"]}, {"owners": ["A", "C"]}, [Change("Owners · Owners 2", "B", "C")]),
        ("plain text", "other text", [Change("Destination", "plain text", "other text")]),
    ],
)
def test_each_field_that_differs_is_named(old: Any, new: Any, expected: list[Change]) -> None:
    assert list(changes(seen(old), seen(new))) == expected


def test_a_new_name_or_currency_is_a_change_too() -> None:
    old = seen({}, nickname="Acme", currency="ZAR")
    assert changes(old, seen({}, nickname="Acmе", currency="ZAR"))[0].label == "Nickname"
    assert changes(old, seen({}, nickname="Acme", currency="USD"))[0] == Change("Currency", "ZAR", "USD")


@pytest.mark.parametrize(
    ("old", "new"),
    [({"n": 1}, {"n": "1"}), ({"n": Amount("1.0")}, {"n": "1.0"}), ({"aB": 1, "a_b": 2}, {"aB": 9, "a_b": 2})],
)
def test_what_reads_alike_but_is_not_the_same_is_still_a_change(old: Any, new: Any) -> None:
    assert [each.label for each in changes(seen(old), seen(new))] == ["How it is written"]


def test_a_change_rests_for_a_day() -> None:
    sighting = Sighting({}, "d", NOW, changed_to="e", changed_at=NOW)
    assert sighting.cooling_until(NOW) == NOW + COOLING_OFF
    assert sighting.cooling_until(NOW + timedelta(hours=24)) is None
    assert Sighting({}, "d", NOW).cooling_until(NOW) is None


def test_a_payment_went_to_a_beneficiary_when_all_that_both_name_is_equal() -> None:
    beneficiary = a_beneficiary(withdraw_form_details={"accountNumber": "1", "bankName": "FNB"})
    assert pays_to(beneficiary, a_withdrawal(withdraw_details={"accountNumber": "1", "reference": "x"}))
    assert not pays_to(beneficiary, a_withdrawal(withdraw_details={"accountNumber": "****1", "bankName": "FNB"}))
    assert not pays_to(beneficiary, a_withdrawal(withdraw_details={"reference": "x"}))
    assert not pays_to(beneficiary, a_withdrawal(withdraw_details=None))
    assert not pays_to(beneficiary, a_withdrawal(currency="USD", withdraw_details={"accountNumber": "1"}))


def test_numbers_differ_by_their_digits() -> None:
    assert digest_of({"n": Decimal("1.0")}) != digest_of({"n": Decimal("1.00")})
