"""Exact amounts: from the JSON's digits to the screen and back into a request. Nothing here ever touches a float."""

import re
from decimal import Context, Decimal, Inexact

import msgspec

# Far beyond any real currency (18 decimals, 10^20 units), far below what makes Decimal arithmetic slow.
MAX_DIGITS = 60
MAX_EXPONENT = 40

# Python adds in 28 digits unless told otherwise, and rounds without a word.
_EXACT = Context(prec=4 * MAX_DIGITS, traps=[Inexact])

_TYPED = re.compile(r"[0-9]+(\.[0-9]+)?")


class Amount(Decimal):
    """An exact amount or rate as the API sent it: a JSON number, never a string, never NaN or infinite."""

    __slots__ = ()


class AmountError(ValueError):
    """A figure that cannot be used; the text says why, in words an operator understands."""


def checked(amount: Decimal) -> Decimal:
    """Return `amount` if it is finite and of a credible size. Errors: AmountError."""
    if not amount.is_finite():
        raise AmountError("not a finite number")
    _, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int) or len(digits) > MAX_DIGITS or not -MAX_EXPONENT <= exponent <= MAX_EXPONENT:
        raise AmountError("more digits than any amount has")
    return amount


def fixed(amount: Decimal) -> str:
    """Write `amount` with exactly its own digits, fixed-point: never an exponent, never a dropped or added zero."""
    return format(amount, "f")


def grouped(amount: Decimal) -> str:
    """Like `fixed`, with commas between thousands: `123456789.10` reads `123,456,789.10`."""
    return format(amount, ",f")


def added(one: Decimal, other: Decimal) -> Decimal:
    """The exact sum; of amounts of one currency."""
    return _EXACT.add(one, other)


def less(one: Decimal, other: Decimal) -> Decimal:
    """The exact difference; of amounts of one currency."""
    return _EXACT.subtract(one, other)


def typed_amount(text: str) -> Decimal:
    """Read an amount that an operator typed: digits, and a point before the decimals.

    Shape: a positive Decimal with the digits typed. Errors: AmountError, whose text can be shown beside the field.
    """
    text = text.strip()
    if not text:
        raise AmountError("Enter an amount.")
    if not _TYPED.fullmatch(text):
        if "," in text or " " in text or "'" in text:
            raise AmountError("Write digits only, with a point before the decimals: 1234.56. No thousands separators.")
        raise AmountError("This isn't an amount. Write digits, with a point before the decimals: 1234.56.")
    try:
        amount = checked(Decimal(text))
    except AmountError as error:
        raise AmountError("That is longer than any amount can be.") from error
    if not amount:
        raise AmountError("The amount must be more than zero.")
    return amount


def sort_key(amount: Decimal) -> bytes:
    """Bytes that order exactly like the numbers themselves, for `ORDER BY` beside a column that holds the digits."""
    if not amount:
        return b"\x01"
    sign, digits, _ = amount.as_tuple()
    mantissa = "".join(map(str, digits)).lstrip("0").rstrip("0").encode()
    magnitude = (amount.adjusted() + 0x8000).to_bytes(2, "big") + mantissa
    if sign:
        return b"\x00" + bytes(0xFF - byte for byte in magnitude) + b"\xff"
    return b"\x02" + magnitude


class Money(msgspec.Struct, frozen=True):
    """An amount with its currency. Amounts of different currencies never add up."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{grouped(self.amount)} {self.currency}"
