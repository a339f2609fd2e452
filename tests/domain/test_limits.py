"""Local limits: what is in force, and from which amount on it is typed once more."""

from decimal import Decimal

import pytest

from lumedesk.domain.limits import CurrencyLimits, Limits, Threshold, typed_from
from lumedesk.domain.money import AmountError

D = Decimal


def test_nothing_is_limited_unless_set() -> None:
    limits = Limits()
    assert limits.of("ZAR") == CurrencyLimits()
    assert limits.of("ZAR").is_empty
    assert limits.of_beneficiary("ben_1", "ZAR") is None
    assert limits.repeat_days == 7


def test_a_beneficiarys_own_limit_stands_in_place_of_the_currencys() -> None:
    limits = Limits().with_currency("ZAR", CurrencyLimits(beneficiary_daily=D(100))).with_beneficiary("ben_1", D(900))
    assert limits.of_beneficiary("ben_1", "ZAR") == 900
    assert limits.of_beneficiary("ben_2", "ZAR") == 100
    assert limits.of_beneficiary("ben_2", "USD") is None
    assert limits.with_beneficiary("ben_1", None).of_beneficiary("ben_1", "ZAR") == 100


def test_emptied_limits_are_gone() -> None:
    limits = Limits().with_currency("ZAR", CurrencyLimits(single=D(5)))
    assert limits.with_currency("ZAR", CurrencyLimits()) == Limits()


@pytest.mark.parametrize("amount", [D(0), D(-1)])
def test_a_limit_of_nothing_is_none(amount: Decimal) -> None:
    with pytest.raises(ValueError, match="more than zero"):
        CurrencyLimits(daily=amount)
    with pytest.raises(ValueError, match="more than zero"):
        Limits(beneficiaries={"ben_1": amount})


def test_a_limit_is_a_number_and_the_days_are_few() -> None:
    with pytest.raises(AmountError):
        CurrencyLimits(single=D("NaN"))
    for days in (0, 91):
        with pytest.raises(ValueError, match="between 1 and 90"):
            Limits(repeat_days=days)


PAST = tuple(map(D, (10, 20, 30, 40, 50)))


@pytest.mark.parametrize(
    ("limits", "past", "balance", "expected"),
    [
        (CurrencyLimits(typed_from=D(7), single=D(100)), PAST, D(10), D(7)),
        (CurrencyLimits(single=D("100.01")), PAST, D(10), D("50.005")),
        (CurrencyLimits(daily=D(5)), PAST, D(10), D(300)),
        (CurrencyLimits(), PAST[:4], D(10), D(5)),
        (CurrencyLimits(), PAST[:4], D(0), None),
        (CurrencyLimits(), (), None, None),
    ],
)
def test_from_which_amount_on_it_is_typed_again(
    limits: CurrencyLimits, past: tuple[Decimal, ...], balance: Decimal | None, expected: Decimal | None
) -> None:
    threshold = typed_from(limits, past, balance)
    assert (threshold.amount if threshold else None) == expected
    assert threshold is None or threshold.why


def test_halves_are_exact_however_long() -> None:
    single = D("12345678901234567890123456789012345678.000000000000000001")
    assert typed_from(CurrencyLimits(single=single), (), None) == Threshold(
        D("6172839450617283945061728394506172839.0000000000000000005"), "half of the limit for one payment"
    )
