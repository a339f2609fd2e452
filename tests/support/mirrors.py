"""Filling a mirror by hand, table by table or as one poll does."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lumedesk.domain.kinds import Kind
from lumedesk.store.datasets import Dataset
from lumedesk.store.mirror import Mirror
from tests.support.builders import as_read, json_of

SEEN = datetime(2026, 5, 11, 12, tzinfo=UTC)


def write(mirror: Mirror, kind: Kind, records: Iterable[Any], seen_at: datetime = SEEN) -> list[int]:
    """Write some of a history's records as one poll does, ready to be found; the numbers of the rows it touched."""
    rows = [(str(kind.key(record)), json_of(record), as_read(record)) for record in records]
    arriving = mirror.arriving(kind, seen_at)
    arriving.take(b",".join(raw for _, raw, _ in rows), rows)
    taken = arriving.finish(Dataset(b"", seen_at, arriving.doubles), is_partial=True)
    while mirror.catch_up(kind):
        pass
    return list(taken.touched or ())
