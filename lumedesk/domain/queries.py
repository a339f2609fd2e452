"""What an operator asks of the records kept on this computer, and the forms of the answers."""

from array import array
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from lumedesk.domain.kinds import Kind


class HistoryQuery(msgspec.Struct, frozen=True):
    """Which rows of a history, in which order. All that is given must hold; nothing given finds all rows.

    `text`: each word typed must occur in one of the row's texts, or begin one of its amounts. `any_of`: a column, and
    the values of which it has one. `since` (inclusive) and `until` (exclusive) are about the row's time; `least` and
    `most` (both inclusive) about the column `amount`.
    """

    kind: Kind
    order: str = "at"
    descending: bool = True
    text: str = ""
    any_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    amount: str = ""
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether anything may be left out."""
        ends = (self.since, self.until, self.least, self.most)
        return bool(self.text or self.any_of) or any(end is not None for end in ends)


class Found(msgspec.Struct, frozen=True):
    """The numbers of the rows that a query found, by position; nobody changes them.

    `count` is how many there are. With `is_whole` False `rows` are only the first of them, and `count` is how many are
    known of so far. `documents`: as they are stored, by number, the rows that were read along.
    """

    query: HistoryQuery
    rows: "array[int]"
    count: int
    is_whole: bool = True
    documents: Mapping[int, Any] = msgspec.field(default_factory=dict)


class Total(msgspec.Struct, frozen=True):
    """The exact sums of a column over the rows found, in one currency: of all of them, and of those completed."""

    currency: str
    amount: Decimal
    completed: Decimal


class Hit(msgspec.Struct, frozen=True):
    """A record that a search over all kinds found. `at` is its time, or else when it was first seen, where known."""

    kind: Kind
    key: str
    record: Any
    at: datetime | None = None


class Seen(msgspec.Struct, frozen=True):
    """A status of a record, and when it was first seen with it."""

    status: str | None
    at: datetime


class Alert(msgspec.Struct, frozen=True):
    """What a list of the server's did that it must not. `what` is the name of an Oddity.

    `key` is the record's id, empty where it is about the whole list; `before` and `after` are its JSON.
    """

    number: int
    kind: Kind
    key: str
    what: str
    seen_at: datetime
    before: bytes | None = None
    after: bytes | None = None
    acknowledged_at: datetime | None = None


class StoreSize(msgspec.Struct, frozen=True):
    """What the saved data take on disk, how many records there are of each kind, and the time of the oldest."""

    bytes_on_disk: int
    rows: Mapping[Kind, int]
    oldest: datetime | None
