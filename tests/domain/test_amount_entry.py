"""Amounts as typed in several countries: read exactly, refused with a way out, or flagged; never silently 1000 times off."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.amount_entry import PLAIN, Convention, convention_of, read_amount
from lumedesk.domain.money import AmountError

EN = convention_of(".", ",")
DE = convention_of(",", ".")
FR = convention_of(",", "\u202f")
CH = convention_of(".", "’")
IN = convention_of(".", ",", lakhs=True)
BG = convention_of(",", "")
ALL = (EN, DE, FR, CH, IN, BG)

amounts = st.builds(
    lambda units, places: Decimal(units).scaleb(-places), st.integers(1, 10**24), st.integers(0, 18)
).filter(bool)
near_thousands = st.builds(
    lambda units, places: Decimal(units).scaleb(-places), st.integers(1, 10**7), st.sampled_from([0, 2, 3, 6])
)


@pytest.mark.parametrize(
    ("convention", "text", "canonical"),
    [
        (DE, "1.234,56", "1234.56"),
        (DE, "1234,56", "1234.56"),
        (DE, "0,5", "0.5"),
        (DE, "1.234.567", "1234567"),
        (DE, "0,00000001", "0.00000001"),
        (EN, "1,234.56", "1234.56"),
        (EN, "1234.50", "1234.50"),
        (EN, "  7 ", "7"),
        (EN, "007", "7"),
        (EN, "1234.567", "1234.567"),
        (FR, "1 234,56", "1234.56"),
        (FR, "1\u202f234\u202f567", "1234567"),
        (FR, "1\u00a0234", "1234"),
        (CH, "1'234.56", "1234.56"),
        (CH, "1’234", "1234"),
        (IN, "12,34,567.89", "1234567.89"),
        (BG, "1234,5", "1234.5"),
    ],
)
def test_what_is_clear_is_read(convention: Convention, text: str, canonical: str) -> None:
    entry = read_amount(text, convention)
    assert (entry.canonical, entry.ambiguous_as) == (canonical, None)


@pytest.mark.parametrize(
    ("convention", "text", "canonical", "other"),
    [
        (DE, "1.234", "1234", "1.234"),
        (EN, "1,000", "1000", "1"),
        (EN, "990,099", "990099", "990.099"),
        (EN, "1.234", "1.234", "1234"),
        (DE, "1,234", "1.234", "1234"),
        (FR, "1,234", "1.234", "1234"),
        (CH, "1.234", "1.234", "1234"),
        (IN, "1,234", "1234", "1.234"),
    ],
)
def test_what_could_be_a_thousand_times_another_is_flagged(
    convention: Convention, text: str, canonical: str, other: str
) -> None:
    entry = read_amount(text, convention)
    assert entry.canonical == canonical
    assert entry.ambiguous_as == Decimal(other)


@pytest.mark.parametrize("text", ["0,123", "0.123", "1234.567", "1.2340", "1.23"])
def test_what_no_convention_groups_is_no_group(text: str) -> None:
    convention = DE if "," in text else EN
    assert read_amount(text, convention).ambiguous_as is None


def test_flagged_even_where_the_other_reading_has_too_many_decimals() -> None:
    assert read_amount("1.234", DE, 2).ambiguous_as == Decimal("1.234")
    assert read_amount("1,000", EN, 2).ambiguous_as == 1


@pytest.mark.parametrize(
    ("convention", "text", "words"),
    [
        (EN, "", "Enter an amount"),
        (EN, "  ", "Enter an amount"),
        (EN, "12,34", "write digits only, with a point before the decimals: 1234.56"),
        (EN, "0,500", "parts thousands"),
        (EN, "1,2345", "parts thousands"),
        (EN, "1,00,000", "parts thousands"),
        (EN, "1.234.567", "more than one point"),
        (EN, "1.234,56", "nothing but digits may follow"),
        (DE, "1,234.56", "nothing but digits may follow"),
        (DE, "12.34", "with a comma before the decimals: 1234,56"),
        (FR, "1.234", "a point can't stand there"),
        (FR, "1 23", "parts thousands"),
        (FR, "1 234\u202f567", "parts thousands"),
        (EN, "1 000", "a space can't stand there"),
        (EN, "1'000", "an apostrophe can't stand there"),
        (EN, ".5", "write a zero before the point: 0.5"),
        (DE, ",5", "write a zero before the comma: 0,5"),
        (EN, "5.", "write the decimals"),
        (EN, ".", "zero before the point"),
        (EN, "1e5", "“e” doesn't belong"),
        (EN, "1_000", "“_” doesn't belong"),
        (EN, "NaN", "doesn't belong"),
        (EN, "Infinity", "doesn't belong"),
        (EN, "0x10", "doesn't belong"),
        (EN, "R100", "doesn't belong"),
        (EN, "1000 ZAR", "doesn't belong"),
        (EN, "1\u200b000", "⟨U+200B⟩"),
        (EN, "١٢", "other digits than 0 to 9"),
        (EN, "１２", "other digits than 0 to 9"),
        (EN, "½", "other digits than 0 to 9"),
        (EN, "-5", "without a sign"),
        (EN, "+5", "without a sign"),
        (EN, "−5", "without a sign"),
        (EN, "0", "more than zero"),
        (EN, "0.00", "more than zero"),
        (EN, "9" * 90, "longer than any amount"),
        (EN, "9" * 5_000, "longer than any amount"),
    ],
)
def test_what_is_not_clear_is_refused_with_a_way_out(convention: Convention, text: str, words: str) -> None:
    with pytest.raises(AmountError) as refusal:
        read_amount(text, convention)
    assert words.casefold() in str(refusal.value).casefold()


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    assert read_amount("1.50", EN, 2).canonical == "1.50"
    with pytest.raises(AmountError, match="2 decimals at most"):
        read_amount("0.505", EN, 2)
    with pytest.raises(AmountError, match=r"If you mean 1234, write 1234\."):
        read_amount("1.234", EN, 2)
    with pytest.raises(AmountError, match="no decimals"):
        read_amount("1.5", EN, 0)


@given(amounts, st.sampled_from(ALL), st.booleans())
def test_written_in_a_convention_it_reads_back_exactly(amount: Decimal, convention: Convention, grouped: bool) -> None:
    text = convention.write_grouped(amount) if grouped else convention.write(amount)
    entry = read_amount(text, convention)
    assert Fraction(entry.amount) == Fraction(amount)
    assert Decimal(entry.canonical) == amount


@given(amounts | near_thousands, st.sampled_from(ALL), st.sampled_from(ALL), st.booleans())
def test_written_in_another_convention_it_is_right_refused_or_flagged(
    amount: Decimal, writer: Convention, reader: Convention, grouped: bool
) -> None:
    text = writer.write_grouped(amount) if grouped else writer.write(amount)
    try:
        entry = read_amount(text, reader)
    except AmountError:
        return
    assert entry.amount == amount or entry.ambiguous_as == amount


@given(st.text(alphabet="0123456789.,' _eE+-\u00a0\u202f١１", max_size=12), st.sampled_from(ALL))
def test_nothing_breaks_and_only_the_typed_digits_are_read(text: str, convention: Convention) -> None:
    try:
        entry = read_amount(text, convention)
    except AmountError:
        return
    digits = "".join(char for char in text if char in "0123456789")
    assert entry.canonical.replace(".", "").lstrip("0") == digits.lstrip("0")
    assert entry.amount > 0


@pytest.mark.parametrize(("decimal", "group"), [("٫", "٬"), (".", "."), ("", "")])
def test_a_system_with_other_signs_is_read_plainly(decimal: str, group: str) -> None:
    assert convention_of(decimal, group) == PLAIN


def test_a_convention_never_has_one_sign_for_both() -> None:
    with pytest.raises(ValueError, match="no convention"):
        Convention(".", (".",))
    with pytest.raises(ValueError, match="no convention"):
        Convention(";")
