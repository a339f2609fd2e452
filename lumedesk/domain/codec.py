"""JSON to records and back, exactly. Used by the client on what arrives and by the store on what it kept."""

from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

import msgspec

from lumedesk.domain.money import Amount, AmountError, checked, fixed

T = TypeVar("T")


class UnreadableJson(ValueError):
    """Text that is not JSON, or JSON of another shape than asked for."""


class Codec(Generic[T]):
    """Decodes one type. Numbers keep every digit; strings where a number belongs, NaN and absurd sizes are refused."""

    def __init__(self, shape: Any) -> None:
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(shape, dec_hook=_amount, float_hook=_number)

    def decode(self, body: bytes | msgspec.Raw) -> T:
        """Errors: UnreadableJson, whatever is wrong with `body`."""
        try:
            return self._decoder.decode(body)
        # Bad UTF-8, deep nesting and absurd exponents come as their own types, none of them a MsgspecError.
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation, AmountError) as error:
            raise UnreadableJson(str(error)) from error


def encode(value: Any) -> bytes:
    """Write a request body. A Decimal becomes a JSON number with exactly the digits it shows, fixed-point."""
    return msgspec.json.encode(_exact(value))


def _exact(value: Any) -> Any:
    match value:
        case Decimal():
            return msgspec.Raw(fixed(checked(value)).encode())
        case dict():
            return {key: _exact(item) for key, item in value.items()}
        case list() | tuple():
            return [_exact(item) for item in value]
        case _:
            return value


def _number(digits: str) -> Amount:
    try:
        amount = Amount(digits)
    except InvalidOperation as error:  # an exponent of more than 18 digits
        raise AmountError("more digits than any amount has") from error
    checked(amount)
    return amount


def _amount(shape: type, value: Any) -> Any:
    if isinstance(value, Amount):
        return value  # _number made and checked it
    if shape is not Amount or isinstance(value, bool) or not isinstance(value, int):
        raise AmountError(f"expected a number, got {type(value).__name__}")
    return checked(Amount(value))
