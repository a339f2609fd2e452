"""The local copy of the server's records in one SQLite file: the one that writes it.

Each record is kept as the JSON it came as, so every digit and every unknown field survives.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import apsw

from lumedesk.domain.alerts import Noticed, Oddity
from lumedesk.domain.codec import Codec
from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import Kind
from lumedesk.domain.statuses import status_of
from lumedesk.store import catching_up
from lumedesk.store.arriving import Arriving, notice, notice_once
from lumedesk.store.datasets import Dataset, micros_of, write_dataset
from lumedesk.store.mirror_file import note_damage, open_mirror, rows_before, wipe
from lumedesk.store.runs import Before, list_before

# Each step leaves a part of its own in the search for words, and many parts have to be merged: few steps cost less.
_STEP = 20_000
_MANY_PAGES = 500


class Mirror:
    """The one writer. Used by one thread at a time; a list is there whole or not at all, wherever the program ends."""

    def __init__(self, path: Path, key: Secret | None = None) -> None:
        """Errors: MirrorError."""
        self._path = path
        self._db = open_mirror(path, key)
        self._waiting_pages = 0
        # The lists as they came last, and how much had been written when they were read: here, and by others.
        self._lists: dict[Kind, Before] = {}
        self._version = (-1, -1)
        self._db.set_wal_hook(self._note_waiting)

    def close(self) -> None:
        """Close the file; later calls are an error."""
        self._db.close()

    def note_damage(self) -> None:
        """Something in the file couldn't be read: the next opening sets it aside if it is really damaged."""
        note_damage(self._path)

    def begin(self) -> None:
        """Start a poll's transaction."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what the poll wrote."""
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Forget what the poll wrote so far."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # apsw's own way keeps every other thread waiting while it commits.
        self.begin()
        try:
            yield
            self.commit()
        finally:
            self.rollback()

    # Lists

    def arriving(
        self,
        kind: Kind,
        seen_at: datetime,
        keep_since: datetime | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> Arriving:
        """Begin to take a history's list in. `seen_at` stands in for the time of a record that names none.

        What was over before `keep_since` is not kept; None keeps all. `pause` is called before each few new rows are
        written, and may take its time.
        """
        since = None if keep_since is None else micros_of(keep_since)
        return Arriving(self._db, kind, self._list_before(kind), seen_at, since, pause)

    def _list_before(self, kind: Kind) -> Before:
        """What is kept of the kind's list; read anew only where anything at all was written meanwhile."""
        if self._db.in_transaction:
            # It holds only if that is committed.
            return list_before(self._db, kind)
        version = (self._db.total_changes(), self._db.pragma("data_version"))
        if version != self._version:
            self._version = version
            self._lists.clear()
        if kind not in self._lists:
            self._lists[kind] = list_before(self._db, kind)
        return self._lists[kind]

    def write_small(
        self, kind: Kind, rows: Sequence[tuple[str, bytes]], seen_at: datetime, *, is_whole: bool = True
    ) -> tuple[bool, list[Noticed]]:
        """Take in all records of a small kind, in the server's order, within a transaction.

        A record that a whole list doesn't hold any more is put away, not deleted. An empty list after a full one changes
        nothing. Shape: whether the list was taken, and what was odd about it.
        """
        at, table = micros_of(seen_at), kind.table
        there: dict[str, bytes] = dict(
            self._db.execute("SELECT id, doc FROM small WHERE kind = ? AND gone_at IS NULL", (table,))
        )
        if there and not rows:
            odd = notice_once(self._db, kind, Oddity.EMPTIED, at)
            return False, [odd] if odd else []
        keys = {key for key, _ in rows}
        missing = [(key, doc) for key, doc in there.items() if key not in keys]
        noticed: list[Noticed] = []
        if is_whole and kind is not Kind.CURRENCIES:
            noticed = [Noticed(kind, key, Oddity.GONE, doc) for key, doc in missing]
        for each in noticed:
            notice(self._db, each, at)
        put_away = list(
            self._db.execute("SELECT id, doc, gone_at FROM small WHERE kind = ? AND gone_at IS NOT NULL", (table,))
        )
        if is_whole:
            put_away = [*put_away, *((key, doc, at) for key, doc in missing)]
            present = list(rows)
        else:
            present = [*rows, *missing]
        self._db.execute("DELETE FROM small WHERE kind = ?", (table,))
        all_rows = [
            *((key, raw, None) for key, raw in present),
            *((key, doc, gone) for key, doc, gone in put_away if key not in keys),
        ]
        self._db.executemany(
            "INSERT INTO small (kind, position, id, doc, gone_at) VALUES (?, ?, ?, ?, ?)",
            ((table, position, *row) for position, row in enumerate(all_rows)),
        )
        return True, noticed

    def write_dataset(self, kind: Kind, dataset: Dataset) -> None:
        """Note the answer that the kind's records now equal."""
        write_dataset(self._db, kind, dataset)

    # Behind the rows

    def is_behind(self, kind: Kind) -> bool:
        """Whether rows are shown that can't be found yet, or an index is missing."""
        return bool(catching_up.behind(self._db, kind) or catching_up.missing_indexes(self._db, kind))

    def prepare_to_catch_up(self, kind: Kind) -> None:
        """Call before `catch_up` is called until nothing is left."""
        with self._transaction():
            if catching_up.drop_indexes(self._db, kind):
                catching_up.merge_seldom(self._db, kind)

    def catch_up(
        self, kind: Kind, goes_on: Callable[[], bool] = lambda: True, pause: Callable[[], None] = lambda: None
    ) -> int:
        """Make the next few rows findable; how many are left, at most. `goes_on` and `pause` are as `catching_up` has them."""
        with self._transaction():
            catching_up.catch_up(self._db, kind, _STEP, goes_on, pause)
        return catching_up.behind(self._db, kind)

    def make_index(self, kind: Kind) -> bool:
        """Make one of the indexes that are missing; False once there is none. May take a second per million rows."""
        missing = catching_up.missing_indexes(self._db, kind)
        if missing:
            self._db.execute(missing[0])
        return bool(missing)

    @property
    def wants_checkpoint(self) -> bool:
        """Whether much that was written is not in the file itself yet."""
        return self._waiting_pages >= _MANY_PAGES

    def _note_waiting(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._waiting_pages = pages
        return apsw.SQLITE_OK

    def checkpoint(self) -> None:
        """Move what was written into the file itself, as far as nobody reads it. Not within a transaction."""
        self._waiting_pages = 0
        self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    # What the operator asks for

    def acknowledge(self, number: int, at: datetime) -> None:
        """Somebody has seen an alert."""
        self._db.execute(
            "UPDATE alerts SET acknowledged_at = ? WHERE number = ? AND acknowledged_at IS NULL",
            (micros_of(at), number),
        )

    def forget_before(self, kind: Kind, at: datetime) -> int:
        """Remove the rows of a history that were over before `at`; how many. The server still has them."""
        codec: Codec[object] = Codec(kind.record)
        removed = 0
        with self._transaction():
            for row in rows_before(self._db, kind, micros_of(at)):
                [doc] = (self._db.execute(f"SELECT doc FROM {kind.table} WHERE row = ?", (row,)).get,)  # noqa: S608
                if not status_of(getattr(codec.decode(doc), "status", None)).is_final:
                    continue
                catching_up.forget_row(self._db, kind, row)
                self._db.execute(f"DELETE FROM {kind.table} WHERE row = ?", (row,))  # noqa: S608
                removed += 1
            if removed:
                self._forget_list(kind)
        return removed

    def wipe(self) -> None:
        """Remove all records. They come again with the next polls."""
        wipe(self._db)

    def _forget_list(self, kind: Kind) -> None:
        # What was removed here is not missing there: the next list is read as if it were the first.
        self._db.execute("DELETE FROM segments WHERE kind = ?", (kind.table,))
        self._db.execute("UPDATE datasets SET digest = x'' WHERE kind = ?", (kind.table,))
