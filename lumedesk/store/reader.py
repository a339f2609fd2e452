"""Reading the mirror: records by their row numbers, and the rows that a query finds, in its order.

Nothing here writes. What can't be read, because the file is damaged, is told as a MirrorError, never as a wrong row.
"""

import contextlib
import os
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.queries import Alert, Found, HistoryQuery, Seen, StoreSize, Total
from lumedesk.store.cipher import NoCipher, connect
from lumedesk.store.datasets import Dataset, moment_of
from lumedesk.store.facts import facts_of as facts_in
from lumedesk.store.histories import SHAPES
from lumedesk.store.mirror_file import MirrorError, configure, mirror_size
from lumedesk.store.schema import facts_of
from lumedesk.store.search import Search
from lumedesk.store.sums import SLICE, Adding, BadKey

# Of rows that aren't ordered by yet, as many are looked at for the latest records.
_LATEST = 1_000
_SMALL = frozenset(Kind) - HISTORIES


class Stored(NamedTuple):
    """A history's record as it came.

    `gone_at`: since when the server's list lacks it; `altered_at`: when it was changed after it was final. Microseconds
    since 1970.
    """

    doc: bytes
    gone_at: int | None = None
    altered_at: int | None = None


class Interrupted(Exception):
    """A query was broken off because nobody wants its answer any more."""


def open_reader(path: Path, key: Secret | None = None, cache_kib: int | None = None) -> apsw.Connection:
    """Open an existing mirror read-only, for one thread's queries. Errors: MirrorError."""
    # Where nothing can be written, SQLite can't keep the files it shares with a writer; there is no writer either.
    is_fixed = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    place = f"{path.absolute().as_uri()}?immutable=1" if is_fixed else str(path)
    try:
        connection = connect(place, key, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        configure(connection)
        if cache_kib is not None:
            connection.pragma("cache_size", -cache_kib)
    except NoCipher as error:
        raise MirrorError(str(error)) from error
    except apsw.Error as error:
        raise MirrorError(f"The local data in {path} can't be opened: {error}") from error
    return connection


class MirrorReader:
    """Queries on one connection, for one thread at a time; only `interrupt` may be called from another one.

    Errors of every method: MirrorError where the file can't be read, Interrupted.
    """

    def __init__(self, path: Path, key: Secret | None = None, *, cache_kib: int | None = None) -> None:
        self._path = path
        self._db = open_reader(path, key, cache_kib)
        self._search = Search(self._db)
        # No connection may be interrupted while it is closed.
        self._closing = threading.Lock()
        self._is_closed = False

    def close(self) -> None:
        """Close the file; later calls are an error."""
        with self._closing:
            self._is_closed = True
            self._db.close()

    def interrupt(self) -> None:
        """Break off what runs on another thread. Without effect when nothing does, or when it is closed."""
        with self._closing:
            if not self._is_closed:
                self._db.interrupt()

    def version(self) -> int:
        """A number that is different after another connection wrote."""
        with self._reading():
            return int(self._db.pragma("data_version"))

    # A history's rows, by a query

    def order(self, query: HistoryQuery) -> "array[int]":
        """The numbers of all rows that `query` finds, in its order. It may look at every row. Errors: ValueError."""
        with self._snapshot():
            return self._search.whole(query)

    def first(self, query: HistoryQuery, limit: int) -> Found:
        """The first rows that `query` finds, at most `limit`, in little time; perhaps fewer of them. Errors: ValueError.

        Where there are few enough to order them all at once, all of them.
        """
        with self._snapshot():
            return self._search.first(query, limit)

    def count(self, query: HistoryQuery) -> int:
        """How many rows `query` finds. Errors: ValueError."""
        with self._snapshot():
            return self._search.count(query)

    def quick_count(self, query: HistoryQuery) -> int | None:
        """How many rows `query` finds, where that takes little time; else None. Errors: ValueError."""
        with self._snapshot():
            return self._search.quick_count(query)

    def sums(self, query: HistoryQuery) -> dict[str, tuple[Total, ...]]:
        """The exact sums of the rows that `query` finds, by column and currency. Errors: ValueError."""
        adding = Adding(query)
        while not adding.is_done:
            self.add(adding)
        return adding.totals

    def add(self, adding: Adding) -> None:
        """Add the next slice of rows. Where anything was written in between, all is begun anew. Errors: ValueError."""
        with self._snapshot():
            version = int(self._db.pragma("data_version"))
            if adding.version != version:
                [(last,)] = self._rows(f"SELECT ifnull(max(row), 0) FROM {facts_of(adding.query.kind)}")  # noqa: S608
                where, is_few = self._search.among(adding.query)
                adding.begin(version, where.text, where.bindings, last if is_few else min(last, SLICE), last)
            for column, sql, bindings in adding.slice(facts_of(adding.query.kind)):
                for group in self._rows(sql, bindings):
                    adding.sums[column].take(group)

    # A history's records

    def documents(self, kind: Kind, rows: Sequence[int]) -> dict[int, Stored]:
        """The records of the given rows, by row number; rows that are gone are missing."""
        marks = ",".join("?" * len(rows))
        sql = f"SELECT row, doc, gone_at, altered_at FROM {kind.table} WHERE row IN ({marks})"  # noqa: S608
        return {row: Stored(_bytes(doc), gone, altered) for row, doc, gone, altered in self._rows(sql, tuple(rows))}

    def document(self, kind: Kind, key: str) -> bytes | None:
        """The JSON of the history record with this id; None where there is none."""
        for (doc,) in self._rows(f"SELECT doc FROM {kind.table} WHERE id = ?", (key,)):  # noqa: S608
            return _bytes(doc)
        return None

    def dated(self, kind: Kind, rows: Sequence[int]) -> list[tuple[str, datetime | None, bytes]]:
        """The id, time and JSON of the given rows, in their order; rows that are gone are missing."""
        marks = ",".join("?" * len(rows))
        sql = f"SELECT row, id, at, doc FROM {kind.table} WHERE row IN ({marks})"  # noqa: S608
        found = {row: (key, _moment(at), _bytes(doc)) for row, key, at, doc in self._rows(sql, tuple(rows))}
        return [found[row] for row in rows if row in found]

    def matching(self, kind: Kind, equal: Mapping[str, Any]) -> list[bytes]:
        """The JSON of all rows of a history whose columns equal these; amounts as sort keys. Errors: ValueError."""
        columns = SHAPES[kind].columns
        if unknown := set(equal) - set(columns):
            raise ValueError(f"{kind.table} has no column {unknown}")
        terms = " AND ".join(f"f.{column} = ?" for column in equal)
        with self._snapshot():
            found = self._rows(
                f"SELECT k.doc FROM {facts_of(kind)} f JOIN {kind.table} k ON k.row = f.row WHERE {terms}",  # noqa: S608
                tuple(equal.values()),
            )
            # Whether money moved is judged by this: rows that aren't found by their facts yet count as well.
            behind = self._rows(
                f"SELECT doc FROM {kind.table} WHERE row > (SELECT ifnull(max(row), 0) FROM {facts_of(kind)})"  # noqa: S608
            )
            wanted = [(columns.index(column), value) for column, value in equal.items()]
            late = [_bytes(doc) for (doc,) in behind if _equals(facts_in(kind, _bytes(doc)), wanted)]
            return [_bytes(doc) for (doc,) in found] + late

    def recent(self, limit: int) -> list[tuple[Kind, bytes]]:
        """The latest records of all histories together, newest first."""
        latest: list[tuple[int, Kind, int]] = []
        with self._snapshot():
            for kind in sorted(HISTORIES, key=lambda kind: kind.table):
                latest += [(at, kind, row) for at, row in self._latest(kind, limit)]
            latest.sort(key=lambda each: each[0], reverse=True)
            chosen = latest[:limit]
            documents = {
                kind: self.documents(kind, [row for _, other, row in chosen if other is kind])
                for kind in {kind for _, kind, _ in chosen}
            }
        return [(kind, documents[kind][row].doc) for _, kind, row in chosen if row in documents[kind]]

    def _latest(self, kind: Kind, limit: int) -> list[Any]:
        facts = facts_of(kind)
        sql = (
            f"SELECT at, row FROM (SELECT at, row FROM {facts} ORDER BY at DESC LIMIT ?)"  # noqa: S608
            f" UNION ALL SELECT at, row FROM (SELECT at, row FROM {kind.table} WHERE row > (SELECT"
            f" max(ifnull(max(row), 0), (SELECT ifnull(max(row), 0) FROM {kind.table}) - {_LATEST}) FROM {facts})"
            " ORDER BY at DESC LIMIT ?)"
        )
        return [(at, row) for at, row in self._rows(sql, (limit, limit)) if at is not None]

    def unfinished(self, kind: Kind, final: Iterable[str]) -> int:
        """How many rows have a status that is not among `final`."""
        finished = frozenset(final)
        with self._snapshot():
            codes = [code for code in self._search.distinct(kind, "status") if code not in finished]
            marks = ",".join("?" * len(codes))
            sql = f"SELECT count(*) FROM {facts_of(kind)} WHERE status IS NULL OR status IN ({marks})"  # noqa: S608
            return sum(count for (count,) in self._rows(sql, tuple(codes)))

    def distinct(self, kind: Kind, column: str) -> list[str]:
        """The different values of a column, ordered; for filters. Errors: ValueError."""
        if column not in SHAPES[kind].columns:
            raise ValueError(f"{kind.table} has no column {column}")
        with self._snapshot():
            return self._search.distinct(kind, column)

    def transitions(self, kind: Kind, key: str) -> tuple[Seen, ...]:
        """The statuses in which a history's record was seen, oldest first; none for one that never changed."""
        sql = (
            f"SELECT t.status, t.seen_at FROM {kind.table} k JOIN transitions t ON t.kind = ? AND t.row = k.row"  # noqa: S608
            " WHERE k.id = ? ORDER BY t.seen_at"
        )
        return tuple(Seen(status, _when(at)) for status, at in self._rows(sql, (kind.table, key)))

    # The small kinds, and the mirror as a whole

    def small(self, kind: Kind) -> list[bytes]:
        """The JSON of all records of a small kind that are there, in the server's order."""
        return self._small(kind, "gone_at IS NULL")

    def small_gone(self, kind: Kind) -> list[bytes]:
        """The JSON of the records of a small kind that the server's list doesn't hold any more."""
        return self._small(kind, "gone_at IS NOT NULL")

    def _small(self, kind: Kind, which: str) -> list[bytes]:
        sql = f"SELECT doc FROM small WHERE kind = ? AND {which} ORDER BY position"  # noqa: S608
        return [_bytes(doc) for (doc,) in self._rows(sql, (kind.table,))]

    def dataset(self, kind: Kind) -> Dataset | None:
        """What is known of the kind's last good answer; None before the first."""
        sql = "SELECT digest, confirmed_at, set_aside FROM datasets WHERE kind = ?"
        for digest, confirmed_at, set_aside in self._rows(sql, (kind.table,)):
            return Dataset(_bytes(digest), _when(confirmed_at), set_aside)
        return None

    def alerts(self) -> tuple[Alert, ...]:
        """What was noticed of the server's lists, newest first."""
        kinds = {kind.table: kind for kind in Kind}
        sql = "SELECT number, kind, id, what, seen_at, before, after, acknowledged_at FROM alerts"
        return tuple(
            Alert(number, kinds[table], key, what, _when(seen_at), before, after, _moment(acknowledged_at))
            for number, table, key, what, seen_at, before, after, acknowledged_at in self._rows(
                f"{sql} ORDER BY seen_at DESC, number DESC"
            )
            if table in kinds
        )

    def size(self) -> StoreSize:
        """How large all of it is. A record without a time of its own, over before it was first seen, is of no age."""
        with self._snapshot():
            rows = {kind: self._search.total(kind) for kind in HISTORIES}
            small = self._rows("SELECT kind, count(*) FROM small WHERE gone_at IS NULL GROUP BY kind")
            counts = dict(small)
            rows |= {kind: counts.get(kind.table, 0) for kind in _SMALL}
            oldest = [self._rows(f"SELECT min(at) FROM {facts_of(kind)} WHERE at > 0")[0][0] for kind in HISTORIES]  # noqa: S608
        known = [at for at in oldest if at is not None]
        try:
            size = mirror_size(self._path)
        except OSError as error:
            raise MirrorError(f"The local data in {self._path} can't be looked at: {error}") from error
        return StoreSize(size, rows, _moment(min(known, default=None)))

    # Below all of them

    def _rows(self, sql: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
        with self._reading():
            return self._db.execute(sql, bindings).fetchall()

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        """All that is read within is of one moment."""
        with self._reading():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except apsw.InterruptError as error:
            raise Interrupted from error
        except (apsw.Error, UnicodeDecodeError, BadKey) as error:  # damaged text is no UTF-8
            raise MirrorError(f"The local data in {self._path} can't be read: {error}") from error


def _bytes(doc: Any) -> bytes:
    if not isinstance(doc, bytes):
        raise MirrorError("The local data are damaged: a record isn't one.")
    return doc


def _moment(micros: int | None) -> datetime | None:
    """None too for a time that was only put in for one that nobody knows."""
    return _when(micros) if micros else None


def _when(micros: int) -> datetime:
    try:
        return moment_of(micros)
    except (TypeError, OverflowError) as error:
        raise MirrorError("The local data are damaged: a time isn't one.") from error


def _equals(facts: tuple[Any, ...], wanted: list[tuple[int, Any]]) -> bool:
    return all(facts[at] == value for at, value in wanted)
