"""The reserved parameters of list operations: checked for their types, then ignored, as the vendor does today."""

import re
from datetime import date

from lumedesk.sandbox.refusals import invalid

_INTEGER = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)?", re.ASCII
)


def check_reserved(query: dict[str, list[str]]) -> None:
    """Errors: Refusal 400 for a page or size that is no integer, a bound that is no timestamp."""
    for name in ("page", "size"):
        for value in query.get(name, []):
            if not _INTEGER.fullmatch(value) or not -(2**31) <= int(value) < 2**31:
                raise invalid(name, "must be a 32-bit integer")
    for name in ("dateFrom", "dateTo"):
        for value in query.get(name, []):
            if not _is_moment(value):
                raise invalid(name, "must be an ISO 8601 timestamp")


def _is_moment(text: str) -> bool:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return False
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return False
    return True
