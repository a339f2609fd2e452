"""Records and free-form objects as labelled fields, whole and in order, nested ones too."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lumedesk.domain.codec import encode
from lumedesk.domain.money import fixed
from lumedesk.domain.text import shown

_MAX_FIELDS = 500
_MAX_DEPTH = 12
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-\s]+")
_ACRONYMS = {"id", "iban", "bic", "swift", "url", "iso", "aba", "rfq"}


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a detail pane. A heading has no `value`; `depth` says how far it is nested."""

    label: str
    value: str | None
    depth: int = 0


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


# What tells a destination best, in the order an operator looks for it.
_TELLING = ("address", "accountName", "bankName", "iban", "accountNumber")


def summary_of(details: Any) -> str:
    """A few telling words from a free-form object: an address, or a bank and an account number."""
    if not isinstance(details, dict):
        return text_of(details) or "–"
    telling = [details[name] for name in _TELLING if isinstance(details.get(name), str | int)]
    found = telling or [value for value in details.values() if isinstance(value, str | int)]
    return " · ".join(text_of(value) for value in found[:3]) or "–"


def fields_of(value: Any, label: str = "Details", depth: int = 0) -> list[Field]:
    """Any JSON as fields: objects become headings over their members, lists number theirs."""
    fields: list[Field] = []
    _collect(fields, value, label, depth)
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


def _collect(fields: list[Field], value: Any, label: str, depth: int) -> None:
    members: list[tuple[str, Any]]
    if isinstance(value, dict) and value:
        members = [(label_of(name), item) for name, item in value.items()]
    elif isinstance(value, list) and value:
        members = [(f"{label} {number}", item) for number, item in enumerate(value, 1)]
    else:
        fields.append(Field(label, "–" if value in ({}, []) else text_of(value), depth))
        return
    if depth >= _MAX_DEPTH:
        fields.append(Field(label, shown(_written(value)), depth))
        return
    fields.append(Field(label, None, depth))
    for name, item in members:
        _collect(fields, item, name, depth + 1)
