"""From a record's JSON to what its history is ordered, filtered and searched by. See `histories` for what these mean."""

from typing import Any

import msgspec

from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import MAX_EXPONENT
from lumedesk.domain.times import micros
from lumedesk.store.histories import SHAPES, words_in

_CODECS: dict[Kind, Codec[Any]] = {kind: Codec(kind.record) for kind in SHAPES}


def facts_of(kind: Kind, raw: bytes, at: int | None = None) -> tuple[Any, ...]:
    """The values of the kind's columns. Never raises.

    `at` stands for the first of them, the record's time, where that is known; else it is read, and may be None. What can't
    be read has no values: the record itself then says so where it is shown.
    """
    if kind is Kind.TRADES and (facts := _trade_facts(raw, at)) is not None:
        return facts
    try:
        read = SHAPES[kind].values(_CODECS[kind].decode(raw))
    except UnreadableJson:
        read = (None,) * len(SHAPES[kind].columns)
    return read if at is None else (at, *read[1:])


class _Named(msgspec.Struct, frozen=True, rename="camel", gc=False):
    transaction_id: str


class _Trade(msgspec.Struct, frozen=True, rename="camel", gc=False, kw_only=True):
    transaction_id: str
    from_currency: str
    to_currency: str
    from_amount: msgspec.Raw
    to_amount: msgspec.Raw
    rate: msgspec.Raw
    status: str
    created_at: str
    # A trade that is under way may have neither.
    completed_at: str | None = None
    fills: tuple[_Named, ...] = ()


_decode_trade = msgspec.json.Decoder(_Trade).decode


def _trade_facts(raw: bytes, at: int | None = None) -> tuple[Any, ...] | None:
    """The same as reading the whole record gives, for a trade in which all is there and plain; else None."""
    try:
        trade = _decode_trade(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    sold, bought, rate = map(_sort_key, map(bytes, (trade.from_amount, trade.to_amount, trade.rate)))
    if sold is None or bought is None or rate is None:
        return None
    words = "\n".join([trade.transaction_id, *[fill.transaction_id for fill in trade.fills]])
    return (
        micros(trade.created_at) if at is None else at,
        micros(trade.completed_at),
        trade.status,
        f"{trade.from_currency}/{trade.to_currency}",
        trade.from_currency,
        trade.to_currency,
        sold,
        bought,
        rate,
        words.casefold() if words.isascii() and "\0" not in words else words_in(words),
    )


# `sort_key`'s first bytes for a positive number, by how many digits stand before its point.
_PREFIXES = tuple(b"\x02" + (digits - 1 + 0x8000).to_bytes(2, "big") for digits in range(MAX_EXPONENT))
_ZERO = ord("0")


def _sort_key(digits: bytes) -> bytes | None:
    """What `sort_key` gives for a positive number in plain digits; None for all others."""
    whole, _, fraction = digits.partition(b".")
    figures = whole + fraction
    if not figures.isdigit() or len(figures) >= MAX_EXPONENT:
        return None
    if figures[0] != _ZERO:
        return _PREFIXES[len(whole)] + figures.rstrip(b"0")
    # JSON has one zero before the point at most; what follows it shifts the number down.
    figures = fraction.lstrip(b"0")
    if not figures:
        return b"\x01"
    shift = len(fraction) - len(figures)
    return b"\x02" + (0x7FFF - shift).to_bytes(2, "big") + figures.rstrip(b"0")
