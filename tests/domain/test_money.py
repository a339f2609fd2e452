"""Amounts as typed, as shown and as ordered."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.money import AmountError, Money, added, checked, fixed, grouped, less, sort_key, typed_amount

finite = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda d: len(d.as_tuple().digits) <= 60 and -40 <= int(d.as_tuple().exponent) <= 40
)


@given(finite, finite)
def test_sort_keys_order_like_the_numbers(one: Decimal, other: Decimal) -> None:
    assert (sort_key(one) < sort_key(other)) == (one < other)
    assert (sort_key(one) == sort_key(other)) == (one == other)


@given(st.lists(st.integers(-99_999, 99_999).map(lambda cents: Decimal(cents) / 100)))
def test_near_numbers_sort_alike(amounts: list[Decimal]) -> None:
    assert sorted(amounts, key=sort_key) == sorted(amounts)


@given(finite)
def test_writing_and_reading_back_is_exact(amount: Decimal) -> None:
    assert Decimal(fixed(amount)) == amount
    assert Decimal(grouped(amount).replace(",", "")) == amount


def test_every_digit_is_shown_and_none_added() -> None:
    assert fixed(Decimal("1E-8")) == "0.00000001"
    assert grouped(Decimal("123456789012345678.12345678")) == "123,456,789,012,345,678.12345678"
    assert str(Money(Decimal("2500.00"), "ZAR")) == "2,500.00 ZAR"


@pytest.mark.parametrize(
    ("text", "digits"), [("1840", "1840"), (" 0.10 ", "0.10"), ("0.00000001", "1E-8"), ("007", "7")]
)
def test_plain_digits_are_read(text: str, digits: str) -> None:
    assert str(typed_amount(text)) == digits


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "0.00",
        "-1",
        "+1",
        "1e5",
        "1,5",
        "1.234,56",
        "1'000",
        "1 000",
        "1_000",
        "١٢",
        "NaN",
        ".5",
        "5.",
        "0x1",
        "9" * 61,
    ],
)
def test_other_figures_are_refused_with_words(text: str) -> None:
    with pytest.raises(AmountError, match=r"\.$"):
        typed_amount(text)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1e41", "1e-41", "1e999999", "9" * 61])
def test_absurd_amounts_fail_the_check(amount: str) -> None:
    with pytest.raises(AmountError):
        checked(Decimal(amount))


@given(finite, finite)
def test_sums_and_differences_are_exact(one: Decimal, other: Decimal) -> None:
    assert Fraction(added(one, other)) == Fraction(one) + Fraction(other)
    assert Fraction(less(one, other)) == Fraction(one) - Fraction(other)


def test_a_token_with_many_decimals_adds_up() -> None:
    assert fixed(added(Decimal("12345678901.123456789012345678"), Decimal(0))) == "12345678901.123456789012345678"
    assert fixed(less(Decimal("12345678901.123456789012345678"), Decimal(1))) == "12345678900.123456789012345678"
