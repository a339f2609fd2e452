"""Reads an amount as operators of different countries write it, or says what to write instead. No guessing, no locale lookup.

A convention names one sign before the decimals and the signs that may part thousands. "1.234" is a thousand and more to one
half of the world and a little over one to the other half: such a text is read by the convention, but flagged.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from lumedesk.domain.money import AmountError, checked, fixed
from lumedesk.domain.text import shown

_MAX_LENGTH = 120
_SPACES = (" ", "\u00a0", "\u202f", "\u2009")
_APOSTROPHES = ("'", "’")
_NAMES = {".": "point", ",": "comma", "'": "apostrophe", "’": "apostrophe", **dict.fromkeys(_SPACES, "space")}
# The signs of which some convention makes a decimal sign and another one a group sign.
_TWO_FACED = (".", ",")
_DIGITS = re.compile(r"[0-9]+")
_ONE_GROUP = re.compile(r"([1-9][0-9]{0,2})([.,])([0-9]{3})")


@dataclass(frozen=True, slots=True)
class Convention:
    """How amounts are written: one sign before the decimals, and what may part thousands (lakhs and crores, if `lakhs`)."""

    decimal: str = "."
    groups: tuple[str, ...] = (",",)
    lakhs: bool = False

    def __post_init__(self) -> None:
        if self.decimal not in _TWO_FACED or self.decimal in self.groups or not set(self.groups) <= set(_NAMES):
            raise ValueError(
                f"no convention has {self.decimal!r} before decimals and {self.groups!r} between thousands"
            )

    @property
    def example(self) -> str:
        """An amount as it may be typed: `1234.56`."""
        return f"1234{self.decimal}56"

    def write(self, amount: Decimal) -> str:
        """The digits of `amount` as they may be typed, ungrouped; `read_amount` reads them back exactly."""
        return fixed(amount).replace(".", self.decimal)

    def write_grouped(self, amount: Decimal) -> str:
        """Like `write`, with thousands parted where the convention parts them."""
        whole, _, decimals = fixed(amount).partition(".")
        sign = self.groups[0] if self.groups else ""
        head, tail = (whole[:-3], whole[-3:]) if len(whole) > 3 else ("", whole)
        size = 2 if self.lakhs else 3
        parts = [head[max(0, end - size) : end] for end in range(len(head), 0, -size)]
        return sign.join([*reversed(parts), tail]) + (f"{self.decimal}{decimals}" if decimals else "")


PLAIN = Convention()


def convention_of(decimal: str, group: str, *, lakhs: bool = False) -> Convention:
    """The convention of a system that writes `decimal` and `group`; `PLAIN` where its digits or signs aren't ours."""
    if decimal not in _TWO_FACED or group == decimal:
        return PLAIN
    for alike in (_SPACES, _APOSTROPHES):
        if group in alike:
            return Convention(decimal, alike, lakhs)
    return Convention(decimal, (group,) if group in _TWO_FACED else (), lakhs)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was read. `ambiguous_as` is what others could mean by the same text: it needs a confirmation first."""

    amount: Decimal
    ambiguous_as: Decimal | None = None

    @property
    def canonical(self) -> str:
        """Digits with a point before the decimals, nothing else: what is sent."""
        return fixed(self.amount)


def read_amount(text: str, convention: Convention = PLAIN, decimals: int | None = None) -> Entry:
    """Read what was typed; `decimals` is how many the currency has, None where nobody knows.

    Shape: a positive amount with the digits typed. Errors: AmountError, whose text names the way out.
    """
    text = text.strip()
    if not text:
        raise AmountError("Enter an amount.")
    _refuse_strange(text, convention)
    whole, fraction = _parted(text, convention)
    try:
        amount = checked(Decimal(f"{whole}.{fraction}" if fraction else whole))
    except AmountError as error:
        raise AmountError("That is longer than any amount can be.") from error
    ambiguous_as = _other_reading(text, convention)
    if decimals is not None and len(fraction) > decimals:
        raise AmountError(_too_fine(decimals, ambiguous_as, convention))
    if not amount:
        raise AmountError("The amount must be more than zero.")
    return Entry(amount, ambiguous_as)


def _other_reading(text: str, convention: Convention) -> Decimal | None:
    """What `text` means where its only sign has the other meaning: thousands for decimals, or the reverse."""
    match = _ONE_GROUP.fullmatch(text)
    if match is None:
        return None
    head, sign, tail = match.groups()
    return Decimal(head + tail) if sign == convention.decimal else Decimal(f"{head}.{tail}")


def _refuse_strange(text: str, convention: Convention) -> None:
    """Errors: AmountError for whatever isn't a digit or a sign of some convention."""
    if len(text) > _MAX_LENGTH:
        raise AmountError("That is longer than any amount can be.")
    strange = next((char for char in text if char not in "0123456789" and char not in _NAMES), None)
    if strange is None:
        return
    if strange.isdigit() or strange.isnumeric():
        raise AmountError(f"“{shown(text, 40)}” has other digits than 0 to 9. Write it as {convention.example}.")
    if strange in "+-−–—":
        raise AmountError("Write the amount without a sign in front of it.")
    raise AmountError(
        f"“{shown(strange)}” doesn't belong in an amount. Write digits only, with a {_NAMES[convention.decimal]}"
        f" before the decimals: {convention.example}."
    )


def _parted(text: str, convention: Convention) -> tuple[str, str]:
    """The digits before and after the decimal sign. Errors: AmountError."""
    point, name = convention.decimal, _NAMES[convention.decimal]
    if text.count(point) > 1:
        raise AmountError(
            f"There is more than one {name}. Here a {name} stands before the decimals: {convention.example}."
        )
    whole, sign, fraction = text.partition(point)
    if sign and not whole:
        raise AmountError(f"Write a zero before the {name}: 0{text if _DIGITS.fullmatch(fraction) else point + '5'}.")
    if sign and not fraction:
        raise AmountError(f"Write the decimals after the {name}, or leave the {name} out.")
    if sign and not _DIGITS.fullmatch(fraction):
        raise AmountError(
            f"Nothing but digits may follow the {name}: here it stands before the decimals, as in {convention.example}."
        )
    return _ungrouped(whole, convention), fraction


def _ungrouped(whole: str, convention: Convention) -> str:
    if _DIGITS.fullmatch(whole):
        return whole
    # What isn't a group sign is named first; all signs have passed _refuse_strange.
    sign = min((char for char in whole if char not in "0123456789"), key=lambda char: char in convention.groups)
    if sign in convention.groups:
        middle = "[0-9]{2}" if convention.lakhs else "[0-9]{3}"
        first = "[1-9][0-9]?" if convention.lakhs else "[1-9][0-9]{0,2}"
        mark = re.escape(sign)
        if re.fullmatch(f"{first}(?:{mark}{middle})*{mark}[0-9]{{3}}|[1-9][0-9]{{0,2}}{mark}[0-9]{{3}}", whole):
            return whole.replace(sign, "")
    article = "An" if sign in _APOSTROPHES else "A"
    plain = f"Write digits only, with a {_NAMES[convention.decimal]} before the decimals: {convention.example}."
    if sign in convention.groups:
        why = f"{article} {_NAMES[sign]} parts thousands here, and this isn't parted in thousands."
    else:
        why = f"{article} {_NAMES[sign]} can't stand there."
    raise AmountError(f"{why} {plain}")


def _too_fine(decimals: int, other: Decimal | None, convention: Convention) -> str:
    limit = f"This currency has {decimals} decimals at most." if decimals else "This currency has no decimals."
    return limit if other is None else f"{limit} If you mean {fixed(other)}, write {convention.write(other)}."
