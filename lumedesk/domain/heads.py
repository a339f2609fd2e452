"""Rows of the documented shape, read only as far as a long list needs. Whatever looks different is read in full instead.

Reading all of a trade and looking for members that occur twice costs ten times what its head does, and a list has them
all, at each poll that brings something new.
"""

import msgspec

from lumedesk.domain.money import MAX_EXPONENT

_DIGIT, _SPACE, _OTHER = b"0", b" ", b"x"
_CLASSES = b"".join(
    _DIGIT if byte in b"0123456789." else _SPACE if byte in b" \t\r\n" else _OTHER for byte in range(256)
)
# No amount has as many figures before or behind its point, so that none this long has to be counted.
_LONG = _DIGIT * MAX_EXPONENT
# Without their digits, numbers with an exponent begin so; texts begin with a quote.
_FIGURES = b"-.0123456789"
_EXPONENTS = (b":e", b":E")


class _Strict(msgspec.Struct, frozen=True, rename="camel", gc=False, kw_only=True):
    """Every documented member must be there, null or not.

    As a float a number is only looked at, never kept: what is kept is the text it came in.
    """


class _Fill(_Strict, frozen=True):
    transaction_id: str | None
    from_currency: str | None
    from_currency_amount: float | None
    to_currency: str | None
    to_currency_amount: float | None
    status: str | None
    modified_at: str | None
    created_at: str | None


class TradeHead(_Strict, frozen=True):
    """What a list needs of a trade: its id, time and status. The rest was looked at."""

    transaction_id: str
    from_currency: str | None
    to_currency: str | None
    from_amount: float | None
    to_amount: float | None
    rate: float | None
    is_rate_inverted: bool | None
    is_rfq: bool | None
    status: str | None
    created_at: str | None
    completed_at: str | None
    fills: list[_Fill] | None


_decode = msgspec.json.Decoder(list[TradeHead]).decode
_TRADE_MEMBERS = len(TradeHead.__struct_fields__)
_FILL_MEMBERS = len(_Fill.__struct_fields__)


def trade_heads(rows: bytes) -> list[TradeHead] | None:
    """The heads of a run of trades, parted by commas; None where any of them must be read in full.

    Without white space between tokens, a quote before a colon ends a member's name; and as every documented member is
    there, as many of them as documented says that none occurs twice and none is unknown.
    """
    classes = rows.translate(_CLASSES)
    if _SPACE in classes or _LONG in classes:
        return None
    bare = rows.translate(None, _FIGURES)
    if any(exponent in bare for exponent in _EXPONENTS):
        return None
    try:
        heads = _decode(b"[%b]" % rows)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    members = _TRADE_MEMBERS * len(heads) + _FILL_MEMBERS * sum(len(head.fills) for head in heads if head.fills)
    if rows.count(b'":') != members or not all(head.transaction_id for head in heads):
        return None
    return heads
