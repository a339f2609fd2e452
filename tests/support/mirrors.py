"""Filling a mirror by hand, in one poll."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lumedesk.domain.kinds import Kind
from lumedesk.store.mirror import Mirror
from tests.support.builders import as_read, json_of

SEEN = datetime(2026, 5, 11, 12, tzinfo=UTC)


def write(mirror: Mirror, kind: Kind, records: Iterable[Any], seen_at: datetime = SEEN) -> list[int]:
    """Write a history's records as one poll does; the numbers of the rows it touched."""
    rows = [(str(kind.key(record)), json_of(record), as_read(record)) for record in records]
    mirror.begin()
    touched = mirror.write_history(kind, rows, seen_at)
    mirror.commit()
    return touched
