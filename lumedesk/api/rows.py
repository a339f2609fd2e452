"""Rows of a history as they come in: checked, each with what the desk needs of it at once. No network."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from lumedesk.api.parse import refuse_duplicates
from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.heads import trade_heads
from lumedesk.domain.kinds import Kind

# Reads a run of rows at once, as far as they look as documented.
_HEADS: dict[Kind, Callable[[bytes, Sequence[bytes]], Sequence[Any]]] = {Kind.TRADES: trade_heads}


# A row by its id: (id, JSON, record). The record has its id, times and status; it is whole unless the row looks as documented.
RowRead = tuple[str, bytes, Any]


class RowReader:
    """Reads the rows of one history."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._codec: Codec[Any] = Codec(kind.record)
        self._heads = _HEADS.get(kind)

    def read(self, body: bytes, rows: Sequence[bytes]) -> tuple[list[RowRead], int]:
        """The rows that can be read, and how many can't: those without an id, too. `body` is all of them as they came."""
        heads = self._heads(body, rows) if self._heads is not None else ()
        if heads and None not in heads:
            return list(zip([head.transaction_id for head in heads], rows, heads, strict=True)), 0
        read = zip_longest(rows, heads)
        whole = ((raw, head or self._whole(raw)) for raw, head in read)
        found = [(key, raw, record) for raw, record in whole if record is not None and (key := self._kind.key(record))]
        return found, len(rows) - len(found)

    def _whole(self, raw: bytes) -> Any:
        try:
            record = self._codec.decode(raw)
            refuse_duplicates(raw)
        except UnreadableJson:
            return None
        return record
