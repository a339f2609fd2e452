"""What is known of one kind's last good answer."""

from datetime import UTC, datetime, timedelta

import apsw
import msgspec

from lumedesk.domain.kinds import Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Dataset(msgspec.Struct, frozen=True):
    """`digest` identifies the answer as it came; `set_aside` counts the rows that couldn't be read."""

    digest: bytes
    confirmed_at: datetime
    set_aside: int


def write_dataset(db: apsw.Connection, kind: Kind, dataset: Dataset) -> None:
    """Note the answer that the kind's records now equal. Within the caller's transaction."""
    db.execute(
        "INSERT OR REPLACE INTO datasets (kind, digest, confirmed_at, set_aside) VALUES (?, ?, ?, ?)",
        (kind.table, dataset.digest, micros_of(dataset.confirmed_at), dataset.set_aside),
    )


def micros_of(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment_of(micros: int) -> datetime:
    """The moment so many microseconds after 1970 began, in UTC."""
    return EPOCH + timedelta(microseconds=micros)
