"""The local copy of the server's records in one SQLite file: written on the worker, read a window at a time by the tables.

Each record is kept as the JSON it came as, so every digit and every unknown field survives.
"""

import logging
import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.statuses import status_of
from lumedesk.store.cipher import NoCipher, connect
from lumedesk.store.histories import SHAPES, HistoryShape

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
# Of a search: SQLite refuses more than 1,000 terms, and nobody types as many.
_MAX_WORDS = 100
# Looking at all of a file takes a second for every few hundred megabytes, at each start.
_CHECKED_SIZE = 32 * 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MirrorError(Exception):
    """The file can't be used; the text says why."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which rows of a history, in which order. `equal` holds (column, value) pairs; `text` is what the operator typed."""

    kind: Kind
    order: str = "at"
    descending: bool = True
    text: str = ""
    equal: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is known of one kind's last good answer. `digest` identifies its body; `set_aside` counts unreadable rows."""

    digest: bytes
    confirmed_at: datetime
    set_aside: int


def open_mirror(path: Path, key: Secret | None = None) -> apsw.Connection:
    """Open `path` for writing, making the tables where they are missing. Errors: MirrorError.

    A damaged file is put aside and begun anew: the server has all that it held.
    """
    try:
        return _opened(path, key)
    except _Damaged as damage:
        log.warning("%s is damaged and begun anew: %s", path.name, damage)
        try:
            for suffix in ("", "-wal", "-shm"):
                part = path.with_name(path.name + suffix)
                if part.exists():
                    part.replace(part.with_name(f"{path.name}.damaged{suffix}"))
            return _opened(path, key)
        except (_Damaged, OSError) as error:
            raise MirrorError(f"The local data in {path} can't be opened: {error}") from error


class _Damaged(Exception):
    """The file isn't what was written."""


def _opened(path: Path, key: Secret | None) -> apsw.Connection:
    try:
        # The file is made by us, with its mode, before SQLite opens it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = connect(path, key)
        _configure(connection)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "normal")
        version = connection.pragma("user_version")
        if version > SCHEMA_VERSION:
            connection.close()
            raise MirrorError(
                "The local data was written by a newer LumeDesk. Update this one, or choose another folder."
            )
        if version < SCHEMA_VERSION:
            with connection:
                connection.execute(_schema())
        elif path.stat().st_size <= _CHECKED_SIZE and (damage := connection.pragma("quick_check")) != "ok":
            connection.close()
            raise _Damaged(str(damage)[:200])
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise _Damaged(str(error)) from error
    except NoCipher as error:
        raise MirrorError(str(error)) from error
    except (apsw.Error, OSError) as error:
        raise MirrorError(f"The local data in {path} can't be opened: {error}") from error
    return connection


def open_reader(path: Path, key: Secret | None = None) -> apsw.Connection:
    """Open an existing mirror read-only, for one thread's queries. Errors: MirrorError."""
    # Where nothing can be written, SQLite can't keep the files it shares with a writer; there is no writer either.
    is_fixed = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    place = f"{path.absolute().as_uri()}?immutable=1" if is_fixed else str(path)
    try:
        connection = connect(place, key, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        _configure(connection)
    except apsw.Error as error:
        raise MirrorError(f"The local data in {path} can't be opened: {error}") from error
    return connection


class Mirror:
    """The one writer. Every method runs on the worker; a poll is one transaction, so a crash leaves whole polls only."""

    def __init__(self, path: Path, key: Secret | None = None) -> None:
        self._db = open_mirror(path, key)

    def close(self) -> None:
        """Close the file; later calls are an error."""
        self._db.close()

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

    def write_history(self, kind: Kind, rows: Iterable[tuple[str, bytes, Any]], seen_at: datetime) -> list[int]:
        """Write (id, JSON, record) triples where they are new or different; return the numbers of the rows touched.

        `seen_at` stands in for the time of a record that names none. What was over before this mirror's first list is
        older than anyone can tell, so it isn't news.
        """
        shape = SHAPES[kind]
        is_first_list = not self._knows(kind)

        def seen(record: Any) -> int:
            return 0 if is_first_list and status_of(record.status).is_final else _micros(seen_at)

        bindings = ((key, raw, seen(record), *shape.values(record)) for key, raw, record in rows)
        return [row for (row,) in self._db.executemany(_upsert(kind.table, shape), bindings)]

    def _knows(self, kind: Kind) -> bool:
        return bool(list(self._db.execute("SELECT 1 FROM datasets WHERE kind = ?", (kind.table,))))

    def write_small(self, kind: Kind, rows: Sequence[tuple[str, bytes]]) -> None:
        """Replace all records of a small kind, in the server's order."""
        self._db.execute("DELETE FROM small WHERE kind = ?", (kind.table,))
        self._db.executemany(
            "INSERT INTO small (kind, position, id, doc) VALUES (?, ?, ?, ?)",
            ((kind.table, position, key, raw) for position, (key, raw) in enumerate(rows)),
        )

    def write_dataset(self, kind: Kind, dataset: Dataset) -> None:
        """Note the answer that the kind's records now equal."""
        self._db.execute(
            "INSERT OR REPLACE INTO datasets (kind, digest, confirmed_at, set_aside) VALUES (?, ?, ?, ?)",
            (kind.table, dataset.digest, _micros(dataset.confirmed_at), dataset.set_aside),
        )


class MirrorReader:
    """Queries on one connection, for one thread: one lives on the worker, one on the UI thread for the tables' windows."""

    def __init__(self, path: Path, key: Secret | None = None) -> None:
        self._db = open_reader(path, key)

    def close(self) -> None:
        """Close the file; later calls are an error."""
        self._db.close()

    def version(self) -> int:
        """A number that is different after another connection wrote."""
        return int(self._db.pragma("data_version"))

    def order(self, query: HistoryQuery) -> "array[int]":
        """The numbers of the rows that `query` finds, in its order. Meant for the worker: it may look at every row."""
        shape = SHAPES[query.kind]
        if query.order not in shape.orders:
            raise ValueError(f"{query.kind.table} has no order {query.order}")
        direction = "DESC" if query.descending else "ASC"
        where, bindings = _where(query, shape)
        rows = self._db.execute(
            f"SELECT row FROM {query.kind.table}{where}"  # noqa: S608 - names from our own tables only
            f" ORDER BY {shape.orders[query.order]} {direction} NULLS LAST, row {direction}",
            bindings,
        )
        return array("q", (row for (row,) in rows))

    def documents(self, kind: Kind, rows: Sequence[int]) -> dict[int, bytes]:
        """The JSON of the given rows, by row number; rows that are gone are missing."""
        marks = ",".join("?" * len(rows))
        return dict(
            self._db.execute(f"SELECT row, doc FROM {kind.table} WHERE row IN ({marks})", tuple(rows))  # noqa: S608
        )

    def document(self, kind: Kind, key: str) -> bytes | None:
        """The JSON of the history record with this id; None where there is none."""
        for (doc,) in self._db.execute(f"SELECT doc FROM {kind.table} WHERE id = ?", (key,)):  # noqa: S608
            return bytes(doc)
        return None

    def matching(self, kind: Kind, equal: Mapping[str, Any]) -> list[bytes]:
        """The JSON of all rows of a history whose columns equal these; amounts as sort keys."""
        unknown = set(equal) - set(SHAPES[kind].columns)
        if unknown:
            raise ValueError(f"{kind.table} has no column {unknown}")
        terms = " AND ".join(f"{column} = ?" for column in equal)
        rows = self._db.execute(f"SELECT doc FROM {kind.table} WHERE {terms}", tuple(equal.values()))  # noqa: S608
        return [doc for (doc,) in rows]

    def small(self, kind: Kind) -> list[bytes]:
        """The JSON of all records of a small kind, in the server's order."""
        return [
            doc for (doc,) in self._db.execute("SELECT doc FROM small WHERE kind = ? ORDER BY position", (kind.table,))
        ]

    def dataset(self, kind: Kind) -> Dataset | None:
        """What is known of the kind's last good answer; None before the first."""
        for digest, confirmed_at, set_aside in self._db.execute(
            "SELECT digest, confirmed_at, set_aside FROM datasets WHERE kind = ?", (kind.table,)
        ):
            return Dataset(digest, _EPOCH + timedelta(microseconds=confirmed_at), set_aside)
        return None

    def distinct(self, kind: Kind, column: str) -> list[str]:
        """The different values of a column, ordered; for filters."""
        if column not in SHAPES[kind].columns:
            raise ValueError(f"{kind.table} has no column {column}")
        rows = self._db.execute(
            f"SELECT DISTINCT {column} FROM {kind.table} WHERE {column} IS NOT NULL ORDER BY 1"  # noqa: S608
        )
        return [value for (value,) in rows]

    def recent(self, limit: int) -> list[tuple[Kind, bytes]]:
        """The latest records of all histories together, newest first."""
        parts = " UNION ALL ".join(
            f"SELECT * FROM (SELECT '{kind.name}' AS kind, doc, coalesce(at, first_seen) AS at FROM {kind.table}"  # noqa: S608
            f" ORDER BY 3 DESC LIMIT {int(limit)})"
            for kind in sorted(HISTORIES, key=lambda kind: kind.table)
        )
        rows = self._db.execute(f"{parts} ORDER BY at DESC LIMIT {int(limit)}")
        return [(Kind[name], doc) for name, doc, _ in rows]

    def unfinished(self, kind: Kind, final: Iterable[str]) -> int:
        """How many rows have a status that is not among `final`."""
        codes = tuple(final)
        marks = ",".join("?" * len(codes))
        rows = self._db.execute(
            f"SELECT count(*) FROM {kind.table} WHERE status IS NULL OR status NOT IN ({marks})",  # noqa: S608
            codes,
        )
        return sum(count for (count,) in rows)


def _configure(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(5_000)
    connection.pragma("temp_store", "memory")
    connection.pragma("trusted_schema", value=False)


def _where(query: HistoryQuery, shape: HistoryShape) -> tuple[str, tuple[str, ...]]:
    terms: list[str] = []
    bindings: list[str] = []
    for column, value in query.equal:
        if column not in shape.columns:
            raise ValueError(f"{query.kind.table} has no column {column}")
        terms.append(f"{column} = ?")
        bindings.append(value)
    for word in list(dict.fromkeys(query.text.casefold().split()))[:_MAX_WORDS]:
        terms.append("instr(words, ?)")
        bindings.append(word)
    return (" WHERE " + " AND ".join(terms) if terms else ""), tuple(bindings)


def _upsert(table: str, shape: HistoryShape) -> str:
    names = ", ".join(shape.columns)
    marks = ", ".join("?" * (3 + len(shape.columns)))
    updates = ", ".join(f"{name} = excluded.{name}" for name in ("doc", *shape.columns))
    return (
        f"INSERT INTO {table} (id, doc, first_seen, {names}) VALUES ({marks})"  # noqa: S608 - names from SHAPES only
        f" ON CONFLICT (id) DO UPDATE SET {updates} WHERE doc IS NOT excluded.doc RETURNING row"
    )


def _schema() -> str:
    tables = [
        "CREATE TABLE datasets (kind TEXT PRIMARY KEY, digest BLOB NOT NULL, confirmed_at INTEGER NOT NULL,"
        " set_aside INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE small (kind TEXT, position INTEGER, id TEXT NOT NULL, doc BLOB NOT NULL,"
        " PRIMARY KEY (kind, position)) WITHOUT ROWID",
    ]
    for kind, shape in SHAPES.items():
        names = ", ".join(shape.columns)
        tables.append(
            f"CREATE TABLE {kind.table} (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc BLOB NOT NULL,"
            f" first_seen INTEGER NOT NULL, {names})"
        )
        tables.append(f"CREATE INDEX {kind.table}_at ON {kind.table} (coalesce(at, first_seen))")
    return "; ".join([*tables, f"PRAGMA user_version = {SCHEMA_VERSION}"])


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
