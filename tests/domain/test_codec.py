"""JSON to records and back: exact both ways, strict where money is concerned."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.codec import Codec, UnreadableJson, encode
from lumedesk.domain.money import Amount, AmountError
from lumedesk.domain.records import Account, Withdrawal

ACCOUNTS = Codec[Account](Account)
credible = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda d: len(d.as_tuple().digits) <= 60 and -40 <= int(d.as_tuple().exponent) <= 40
)


@pytest.mark.parametrize(
    "digits",
    ["0", "0.00000001", "123456789012345678.12345678", "1840", "18.4", "2500.00", "-1.5", "18446744073709551616"],
)
def test_an_amount_keeps_its_digits_both_ways(digits: str) -> None:
    account = ACCOUNTS.decode(f'{{"balance":{digits}}}'.encode())
    assert type(account.balance) is Amount
    assert account.balance == Decimal(digits)
    assert encode({"amount": account.balance}) == f'{{"amount":{digits}}}'.encode()


@given(credible)
def test_encoding_and_decoding_is_exact(amount: Decimal) -> None:
    written = encode({"balance": amount})
    assert b"e" not in written.removeprefix(b'{"balance":').lower()
    read = ACCOUNTS.decode(written).balance
    assert read == amount
    assert read is not None
    # An integer's zeros after 1E+2 are digits once written out; no other digit appears or goes.
    assert encode({"balance": read}) in {written, b'{"balance":0}'}


@pytest.mark.parametrize(
    "value", ['"1"', '"NaN"', '"1_000"', '"١٢"', "true", "[]", "{}", "NaN", "Infinity", "1e400", "1e999999", "9" * 200]
)
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(UnreadableJson):
        ACCOUNTS.decode(f'{{"balance":{value}}}'.encode())


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999"), Decimal("9" * 61)])
def test_what_is_no_amount_is_never_written(amount: Decimal) -> None:
    with pytest.raises(AmountError):
        encode({"amount": amount})


def test_details_keep_their_numbers_exact() -> None:
    record = Codec[Withdrawal](Withdrawal).decode(b'{"withdrawDetails":{"a":[0.1,{"b":12345678901234567.89}],"c":7}}')
    assert record.withdraw_details == {"a": [Decimal("0.1"), {"b": Decimal("12345678901234567.89")}], "c": 7}
    assert encode(record.withdraw_details) == b'{"a":[0.1,{"b":12345678901234567.89}],"c":7}'


@pytest.mark.parametrize("number", ["1e400", "1e999999", "1e99999999999999999999", "0." + "1" * 100])
def test_details_with_absurd_numbers_are_refused(number: str) -> None:
    with pytest.raises(UnreadableJson):
        Codec[Withdrawal](Withdrawal).decode(f'{{"withdrawDetails":{{"a":{number}}}}}'.encode())


@given(st.binary(max_size=60))
def test_decoding_raises_one_type_only(body: bytes) -> None:
    for codec in (ACCOUNTS, Codec[Any](Any)):
        try:
            codec.decode(body)
        except UnreadableJson:
            continue


def test_the_vendors_error_example_is_plain_json() -> None:
    told = Codec[Any](Any).decode((Path(__file__).parent.parent / "data" / "vendor_error.json").read_bytes())
    assert (told["code"], told["httpStatus"], told["errors"][0]["field"]) == (1133, 400, "amount")
