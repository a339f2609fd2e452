"""Reads fields out of a JSON request body, exactly. Unknown fields are ignored; what they mean is the operation's."""

from decimal import Decimal

import msgspec

from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.money import Amount
from lumedesk.sandbox.refusals import invalid, malformed

# Field by field: what is wrong with a field that nobody reads is nobody's business.
_OBJECT: Codec[dict[str, msgspec.Raw]] = Codec(dict[str, msgspec.Raw])
_TEXT: Codec[str] = Codec(str)
_NUMBER: Codec[Amount] = Codec(Amount)
_LONGEST_TEXT = 200


class JsonBody:
    """An object. Errors everywhere: Refusal 400."""

    def __init__(self, body: bytes) -> None:
        try:
            self._fields = _OBJECT.decode(body)
        except UnreadableJson as error:
            raise malformed("The body is not a JSON object") from error

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        """A string that must be there."""
        try:
            text = _TEXT.decode(self._field(name))
        except UnreadableJson:
            text = ""
        if not text.strip() or len(text) > _LONGEST_TEXT:
            raise invalid(name, f"must be a string of 1 to {_LONGEST_TEXT} characters")
        return text

    def amount(self, name: str) -> Decimal:
        """A JSON number that must be there, exactly as written."""
        try:
            return _NUMBER.decode(self._field(name))
        except UnreadableJson as error:
            raise invalid(name, "must be a number of credible size") from error

    def amount_or_none(self, name: str) -> Decimal | None:
        """A JSON number."""
        return self.amount(name) if name in self else None

    def need_one_of(self, first: str, second: str) -> None:
        """Exactly one of the two."""
        if (first in self) == (second in self):
            raise invalid(first, f"or {second} must be given, and not both")

    def _field(self, name: str) -> msgspec.Raw:
        if name not in self:
            raise invalid(name, "is required")
        return self._fields[name]
