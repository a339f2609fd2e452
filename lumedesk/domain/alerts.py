"""What the server's lists did that they must not: noticed when a list is taken in, kept until somebody has seen it."""

from datetime import datetime
from enum import Enum

import msgspec

from lumedesk.domain.kinds import Kind


class Oddity(Enum):
    """What happened; the value is its name in the store and in the audit log."""

    GONE = "gone"
    ALTERED = "altered"
    EMPTIED = "emptied"
    SHRUNK = "shrunk"
    BACKWARDS = "backwards"


class Noticed(msgspec.Struct, frozen=True):
    """One oddity. `key` is the record's id, empty where it is about a whole list; `before` and `after` are JSON."""

    kind: Kind
    key: str
    what: Oddity
    before: bytes | None = None
    after: bytes | None = None
    seen_at: datetime | None = None
