"""From an answer's body to records: whole lists row by row, so that one bad row never costs the others. No network."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.errors import Unreadable, Wire

T = TypeVar("T")

_ROWS: Codec[list[msgspec.Raw]] = Codec(list[msgspec.Raw])
_PAGE: Codec[dict[str, msgspec.Raw]] = Codec(dict[str, msgspec.Raw])
_ANYTHING: Codec[Any] = Codec(Any)
# What splits a broken array: whole strings (possessive, so linear on any input), brackets, commas.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)
_SPLIT_CAP = 32 * 1024 * 1024

_PAGE_NAMES = ("content", "items", "data", "results")
_PAGE_FACTS = ("page", "pagination", "paging", "meta")
_TOTALS = ("totalElements", "totalCount", "totalItems", "total")
_MORE = ("hasNext", "hasMore")
_NEXT = ("next", "nextPage", "nextCursor", "nextPageToken")


@dataclass(frozen=True, slots=True)
class SetAside:
    """One row that can't be read: `position` counts from 0 in the list as it came."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One record and the row's own JSON, byte for byte as it came."""

    record: T
    raw: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Listing(Generic[T]):
    """A whole list as the server sent it; rows are decoded as they are asked for.

    `digest` (BLAKE2b, 16 bytes) is equal for equal bodies: a poll that changed nothing is recognised without decoding.
    `partial` says that the server holds more rows than it sent, so a missing row proves nothing.
    """

    body: bytes
    digest: bytes
    partial: bool
    server_date: datetime | None
    request_id: str | None
    round_trip_s: float
    _codec: Codec[T] = field(compare=False)
    _rows: list[msgspec.Raw] = field(compare=False)

    def __len__(self) -> int:
        """Count the rows that came, good and bad."""
        return len(self._rows)

    def pieces(self, size: int = 500) -> Iterator[tuple[list[Row[T]], list[SetAside]]]:
        """Decode lazily, `size` rows at a time, in the server's order. An empty list gives no piece."""
        for start in range(0, len(self._rows), size):
            yield self._piece(start, self._rows[start : start + size])

    def read(self) -> tuple[list[T], list[SetAside]]:
        """Decode everything at once: for lists known to be small, and for tests."""
        records: list[T] = []
        set_aside: list[SetAside] = []
        for rows, bad in self.pieces():
            records += [row.record for row in rows]
            set_aside += bad
        return records, set_aside

    def _piece(self, start: int, raws: list[msgspec.Raw]) -> tuple[list[Row[T]], list[SetAside]]:
        rows: list[Row[T]] = []
        set_aside: list[SetAside] = []
        for position, each in enumerate(raws, start):
            raw = bytes(each)
            try:
                record = self._codec.decode(raw)
                refuse_duplicates(raw)
            except UnreadableJson as error:
                set_aside.append(SetAside(position, str(error)[:200]))
            else:
                rows.append(Row(record, raw))
        return rows, set_aside


def listing(
    body: bytes,
    codec: Codec[T],
    resource: str,
    *,
    server_date: datetime | None = None,
    request_id: str | None = None,
    round_trip_s: float = 0.0,
) -> Listing[T]:
    """Open a list: an array, or (the day paging starts) an object with the array under a usual name or `resource`.

    Errors: Unreadable when the body as a whole is neither.
    """
    try:
        rows, partial = paged(body, resource) if body[:64].lstrip()[:1] == b"{" else (_rows_of(body), False)
    except UnreadableJson as error:
        raise unreadable(str(error), request_id) from error
    return Listing(body, digest_of(body), partial, server_date, request_id, round_trip_s, codec, rows)


def digest_of(body: bytes) -> bytes:
    """Return 16 bytes that are equal for equal bodies."""
    return hashlib.blake2b(body, digest_size=16).digest()


def single(body: bytes, codec: Codec[T], request_id: str | None = None) -> T:
    """Read one object. Errors: Unreadable, also when a name occurs twice in it."""
    try:
        record = codec.decode(body)
        refuse_duplicates(body)
    except UnreadableJson as error:
        raise unreadable(str(error), request_id) from error
    return record


def unreadable(why: str, request_id: str | None = None) -> Unreadable:
    """Make the error for a complete answer whose content is wrong."""
    return Unreadable(
        f"The answer is not what the API promises: {why[:200]}.", wire=Wire.ANSWERED, request_id=request_id
    )


def refuse_duplicates(raw: bytes) -> None:
    """Raise UnreadableJson when any object in the (valid) JSON text `raw` names a member twice.

    Decoders keep the last of two; whoever reads the first would see another amount. Reading the row a second time with
    the standard library costs about as much as the first time; counting names in the text was measured to cost more.
    """
    try:
        _PAIRED.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableJson(str(error)) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return members


_PAIRED = json.JSONDecoder(object_pairs_hook=_once, parse_float=str, parse_int=str)


def _rows_of(body: bytes) -> list[msgspec.Raw]:
    """Split an array. When one row breaks JSON's grammar (NaN, a lone surrogate), it must not cost the others."""
    try:
        return _ROWS.decode(body)
    except UnreadableJson:
        rows = split_broken(body) if len(body) <= _SPLIT_CAP else None
        if rows is None:
            raise
        return rows


def split_broken(body: bytes) -> list[msgspec.Raw] | None:
    """Cut an array at its outermost commas; None when brackets don't pair up. Each piece is yet to be decoded."""
    text = body.strip(b" \t\r\n")
    rows: list[msgspec.Raw] = []
    depth, start = 0, 1
    for token in _TOKENS.finditer(text):
        mark = token.group()
        if mark in b"[{":
            if not depth and token.start():
                return None
            depth += 1
        elif mark in b"]}":
            depth -= 1
        if (depth == 1 and mark == b",") or not depth:
            rows.append(msgspec.Raw(text[start : token.start()]))
            start = token.end()
        if not depth:
            break
    return rows if rows and not depth and start == len(text) and text[:1] + text[-1:] == b"[]" else None


def paged(body: bytes, resource: str) -> tuple[list[msgspec.Raw], bool]:
    """The rows of a page, and whether it says that there are more. Errors: UnreadableJson."""
    members = _PAGE.decode(body)
    arrays = [name for name in dict.fromkeys((*_PAGE_NAMES, resource)) if bytes(members.get(name, b""))[:1] == b"["]
    if len(arrays) != 1:
        raise UnreadableJson("expected an array, got an object" + (" with several" if arrays else " without one"))
    raw = bytes(members[arrays[0]])
    rows = _ROWS.decode(raw)
    if any(bytes(row)[:1] != b"{" for row in rows[:1]):
        raise UnreadableJson("expected an array of objects")
    rest = body.replace(raw, b"[]", 1)
    refuse_duplicates(rest)
    return rows, _says_more(_ANYTHING.decode(rest), len(rows))


def _says_more(page: dict[str, Any], count: int) -> bool:
    for facts in (page, *(page.get(name) for name in _PAGE_FACTS)):
        if not isinstance(facts, dict):
            continue
        totals = [facts[name] for name in _TOTALS if isinstance(facts.get(name), int)]
        if any(total > count for total in totals) or facts.get("last") is False:
            return True
        if any(facts.get(name) is True for name in _MORE) or any(facts.get(name) for name in _NEXT):
            return True
        if isinstance(facts.get("totalPages"), int) and facts["totalPages"] > 1:
            return True
    return False
