"""Records and free-form objects as labelled fields, whole and in order, nested ones too; and what of them tells an amount."""

import re
from decimal import Decimal
from typing import Any

import msgspec

from lumedesk.domain.codec import encode
from lumedesk.domain.money import fixed
from lumedesk.domain.text import shown

_MAX_FIELDS = 500
_MAX_DEPTH = 12
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-\s]+")
_ACRONYMS = {"id", "iban", "bic", "swift", "url", "iso", "aba", "rfq"}

# What stands in place of an amount while amounts are hidden: as wide for a cent as for a million.
DOTS = "•••••"
# A free-form object says by its names where it tells an amount: as a whole number, or as text, too.
_MONEY = {"amount", "amt", "balance", "charge", "commission", "cost", "fee", "price", "rate", "sum", "total", "value"}
_MONEY |= {"limit", "max", "maximum", "min", "minimum", "paid", "threshold", "volume"}
_SENTENCE_ENDS = re.compile(r"((?<=[.:;!?])\s+|\s+[·→]\s+|\n)")


class Field(msgspec.Struct, frozen=True, eq=False):
    """One line of a detail pane. A heading has no `value`; `depth` says how far it is nested.

    `hidden` is what stands in place of the value while amounts are hidden; None where the value tells no amount. It
    follows from the value, so two fields are equal without it.
    """

    label: str
    value: str | None
    depth: int = 0
    hidden: str | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and other._compared == self._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[str, str | None, int]:
        return self.label, self.value, self.depth

    def told(self, *, hides: bool) -> str | None:
        """What is shown and copied; with `hides` nothing of an amount."""
        return self.hidden if hides and self.hidden is not None else self.value


def label_of(name: str) -> str:
    """`branchCode` and `branch_code` both read `Branch code`."""
    words = [word for word in _WORD_STARTS.split(shown(name, 80)) if word]
    spelled = [word.upper() if word.casefold() in _ACRONYMS else word.lower() for word in words]
    text = " ".join(spelled)
    return text[:1].upper() + text[1:]


def text_of(value: Any) -> str:
    """One JSON value in words; nothing is left out or altered."""
    match value:
        case None:
            return "–"
        case bool():
            return "Yes" if value else "No"
        case Decimal():
            return fixed(value)
        case _:
            return shown(str(value))


def veiled(text: str) -> str:
    """Text that anybody wrote, with each part of a sentence that holds a figure replaced by dots.

    The whole part goes, so that no "million" is left standing beside the dots. A number written out in letters stays.
    """
    return "".join(_veiled_part(part) for part in _SENTENCE_ENDS.split(text))


def _veiled_part(part: str) -> str:
    if not any(char.isnumeric() for char in part):
        return part
    return DOTS + (part[-1] if part[-1] in ".:;!?" else "")


# What tells a destination best, in the order an operator looks for it.
_TELLING = ("address", "accountName", "bankName", "iban", "accountNumber")


def summary_of(details: Any, *, hides: bool = False) -> str:
    """A few telling words from a free-form object: an address, or a bank and an account number.

    With `hides`, dots in place of what tells an amount.
    """
    if not isinstance(details, dict):
        return DOTS if hides and not isinstance(details, str | None) else text_of(details) or "–"
    told = [name for name, value in details.items() if isinstance(value, str | int)]
    found = [name for name in _TELLING if name in told] or told
    return " · ".join(DOTS if hides and _names_money(name) else text_of(details[name]) for name in found[:3]) or "–"


def fields_of(value: Any, label: str = "Details", depth: int = 0) -> list[Field]:
    """Any JSON as fields: objects become headings over their members, lists number theirs.

    Numbers with a fraction, and all that stands under the name of an amount, are taken for amounts.
    """
    fields: list[Field] = []
    _collect(fields, value, label, depth, is_money=False)
    if len(fields) > _MAX_FIELDS:
        left_out = len(fields) - _MAX_FIELDS
        fields[_MAX_FIELDS:] = [Field("More", f"{left_out} further fields are not shown", depth)]
    return fields


def _written(value: Any) -> str:
    """As JSON: what is nested too deep for lines of its own."""
    try:
        return encode(value).decode()
    except RecursionError:
        return "Nested too deep to be shown."


def _names_money(name: str) -> bool:
    return any(word.removesuffix("s") in _MONEY for word in label_of(name).casefold().split())


def _collect(fields: list[Field], value: Any, label: str, depth: int, *, is_money: bool) -> None:
    is_money = is_money or _names_money(label)
    members: list[tuple[str, Any]]
    if isinstance(value, dict) and value:
        members = [(label_of(name), item) for name, item in value.items()]
    elif isinstance(value, list) and value:
        members = [(f"{label} {number}", item) for number, item in enumerate(value, 1)]
    else:
        is_amount = isinstance(value, Decimal) or (is_money and value not in (None, {}, []))
        text = "–" if value in ({}, []) else text_of(value)
        fields.append(Field(label, text, depth, DOTS if is_amount else None))
        return
    if depth >= _MAX_DEPTH:
        fields.append(Field(label, shown(_written(value)), depth, DOTS))
        return
    fields.append(Field(label, None, depth))
    for name, item in members:
        _collect(fields, item, name, depth + 1, is_money=is_money)
