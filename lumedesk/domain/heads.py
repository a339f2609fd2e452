"""Rows of the documented shape, read only as far as a long list needs. Whatever looks different is read in full instead.

Reading all of a trade and looking for members that occur twice costs ten times what its head does, and a list has them
all, at each poll that brings something new.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from lumedesk.domain.money import MAX_EXPONENT

_SPACES = (b" ", b"\t", b"\r", b"\n")
_DIGIT, _OTHER = b"0", b"x"
_CLASSES = b"".join(_DIGIT if byte in b"0123456789." else _OTHER for byte in range(256))
# A number of fewer figures than this, and of a value within these bounds, is one that an amount may be, whatever exponent
# it may be written with: its last figure stands at most 34 + 8 - 2 places behind the point. Zero, debts and dust are not
# within them; rows with such are read in full.
_LONG = _DIGIT * 34
# A run of that length holds at least so many at every fourth place: rows without these needn't be looked at place by place.
_STRIDE = 4
_SPARSE = _DIGIT * (len(_LONG) // _STRIDE)
_Figure = Annotated[float, msgspec.Meta(ge=1e-8, lt=10.0**MAX_EXPONENT)]
_COMMA = b","


class _Strict(msgspec.Struct, frozen=True, rename="camel", gc=False, kw_only=True):
    """Every documented member must be there, null or not.

    As a float a number is only looked at, never kept: what is kept is the text it came in.
    """


class _Fill(_Strict, frozen=True):
    transaction_id: str | None
    from_currency: str | None
    from_currency_amount: _Figure | None
    to_currency: str | None
    to_currency_amount: _Figure | None
    status: str | None
    modified_at: str | None
    created_at: str | None


class TradeHead(_Strict, frozen=True):
    """What a list needs of a trade: its id, time and status. The rest was looked at."""

    transaction_id: str
    from_currency: str | None
    to_currency: str | None
    from_amount: _Figure | None
    to_amount: _Figure | None
    rate: _Figure | None
    is_rate_inverted: bool | None
    is_rfq: bool | None
    status: str | None
    created_at: str | None
    # A trade that is under way may have neither.
    completed_at: str | msgspec.UnsetType | None = msgspec.UNSET
    fills: list[_Fill] | msgspec.UnsetType | None = msgspec.UNSET


_decode = msgspec.json.Decoder(TradeHead).decode
_decode_all = msgspec.json.Decoder(list[TradeHead]).decode
_TRADE_MEMBERS = len(TradeHead.__struct_fields__)
_FILL_MEMBERS = len(_Fill.__struct_fields__)
_REFUSALS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def trade_heads(body: bytes, rows: Sequence[bytes]) -> Sequence[TradeHead | None]:
    """The head of each trade of a run, `body` being all of them parted by commas; None for one to be read in full."""
    if not _is_plain(body):
        return [_head(row) if _is_plain(row) else None for row in rows]
    try:
        heads = _decode_all(b"[%b]" % body)
    except _REFUSALS:
        heads = []
    # Between two rows there is one more.
    if len(heads) == len(rows) and body.count(_COMMA) == sum(map(_commas, heads)) + len(heads) - 1:
        return [head if head.transaction_id else None for head in heads]
    return [_head(row) for row in rows]


def _head(row: bytes) -> TradeHead | None:
    try:
        head = _decode(row)
    except _REFUSALS:
        return None
    return head if head.transaction_id and row.count(_COMMA) == _commas(head) else None


def _commas(head: TradeHead) -> int:
    """How many commas part the members of a trade and of its fills, if none occurs twice and none is unknown.

    Each of those would bring one more; so would texts with commas in them, but nothing takes one away.
    """
    fills = head.fills
    absent = (head.completed_at is msgspec.UNSET) + (fills is msgspec.UNSET)
    # One less than there are members, in the trade and in each fill; and one less than there are fills, between these.
    return _TRADE_MEMBERS - 1 - absent + (_FILL_MEMBERS * len(fills) - 1 if fills else 0)


def _is_plain(rows: bytes) -> bool:
    """Whether no token has white space beside it, and no number has many figures."""
    if any(space in rows for space in _SPACES):
        return False
    return _SPARSE not in rows[::_STRIDE].translate(_CLASSES) or _LONG not in rows.translate(_CLASSES)
