"""An append-only log in its own SQLite file, each row chained to the one before by hash; a marker elsewhere guards its head.

SQLite opens an empty file as a valid empty database, and its integrity check passes over most flipped bits. Hence the chain
(no row can change, vanish or be put in) and the marker (the file as a whole can't be emptied, swapped or set back).
"""

import contextlib
import hashlib
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec

from lumedesk.domain.credentials import Secret
from lumedesk.store.cipher import NoCipher, connect
from lumedesk.store.paths import is_network_drive, make_private_folder

_GENESIS = "genesis"
_SCHEMA = (
    "CREATE TABLE log (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL,"
    " body BLOB NOT NULL, hash BLOB NOT NULL); PRAGMA user_version = 1"
)


class ChainBroken(Exception):
    """The log can't be trusted; the text says in the operator's words what was found."""


class ChainUnwritable(Exception):
    """Nothing can be written where the log is; the text says why."""


class Entry(msgspec.Struct, frozen=True):
    """One row. `at` is the wall time in ISO form, UTC."""

    seq: int
    at: str
    subject: str
    kind: str
    body: bytes
    hash: bytes


class ChainedLog:
    """One open log. Every append is durable when it returns; two processes may append, one at a time."""

    def __init__(self, path: Path, marker: Path, key: Secret | None = None, *, read_only: bool = False) -> None:
        """Open or make the log and check all of it; `read_only` touches no file. Errors: ChainBroken, ChainUnwritable."""
        self._read_only = read_only
        self._key = key
        self._path = path
        self._marker = marker
        self._head = 0
        self._head_hash = b""
        self.entries: list[Entry] = []
        known = _read_marker(marker)
        if known is not None and not path.exists():
            raise ChainBroken(f"{path.name} is gone, but it was here before.")
        self._db = self._open()
        try:
            if known is None and not read_only and self._is_blank():
                self._begin_log()
            self._check_schema()
            self.catch_up()
            self._check_against(known)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file; later calls are an error."""
        self._db.close()

    def catch_up(self) -> list[Entry]:
        """Read and check what another process appended since. Errors: ChainBroken."""
        fresh: list[Entry] = []
        with self._reading():
            rows = list(
                self._db.execute(
                    "SELECT seq, at, subject, kind, body, hash FROM log WHERE seq > ? ORDER BY seq", (self._head,)
                )
            )
        for row in rows:
            entry = _checked(row, self._head, self._head_hash)
            self._head, self._head_hash = entry.seq, entry.hash
            if entry.kind != _GENESIS:
                fresh.append(entry)
        self.entries += fresh
        return fresh

    def append(self, at: str, subject: str, kind: str, body: bytes, check: Callable[[], None] = lambda: None) -> Entry:
        """Add a row and make it durable. `check` runs inside the transaction, after catching up; if it raises, nothing is added.

        Errors: ChainUnwritable (disk full, read-only), ChainBroken, and whatever `check` raises.
        """
        with self._writing():
            self.catch_up()
            check()
            seq = self._head + 1
            entry = Entry(seq, at, subject, kind, body, _hash(self._head_hash, seq, at, subject, kind, body))
            self._db.execute(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)",
                (entry.seq, entry.at, entry.subject, entry.kind, entry.body, entry.hash),
            )
        self._head, self._head_hash = entry.seq, entry.hash
        if kind != _GENESIS:
            self.entries.append(entry)
        # The log is ahead of the marker until the next line; a crash in between is told apart from a log set back.
        _write_marker(self._marker, self._head, self._head_hash)
        return entry

    def _open(self) -> apsw.Connection:
        if is_network_drive(self._path.parent):
            raise ChainUnwritable(
                f"{self._path.parent} is a network drive, which can't keep the record of movements safe."
            )
        try:
            if self._read_only:
                return connect(self._path, self._key, apsw.SQLITE_OPEN_READONLY)
            make_private_folder(self._path.parent)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = connect(self._path, self._key)
            connection.set_busy_timeout(5_000)
            if connection.pragma("journal_mode", "wal") != "wal":
                raise ChainUnwritable(
                    f"{self._path.parent} can't keep the record of movements safe (no write-ahead log)."
                )
            connection.pragma("synchronous", "full")
            if sys.platform == "darwin":
                connection.pragma("fullfsync", value=True)
                connection.pragma("checkpoint_fullfsync", value=True)
        except apsw.NotADBError as error:
            raise ChainBroken(f"{self._path.name} is damaged, or was written with another key.") from error
        except apsw.CorruptError as error:
            raise ChainBroken(f"{self._path.name} is damaged: {error}") from error
        except NoCipher as error:
            raise ChainUnwritable(str(error)) from error
        except (apsw.Error, OSError) as error:
            raise ChainUnwritable(f"{self._path} can't be written: {error}") from error
        return connection

    def _begin_log(self) -> None:
        # The first row makes this log another one than any that is empty too.
        first = str(uuid.uuid4())
        with self._writing():
            self._db.execute(_SCHEMA)
            self._db.execute(
                "INSERT INTO log VALUES (1, '', ?, ?, x'', ?)",
                (first, _GENESIS, _hash(b"", 1, "", first, _GENESIS, b"")),
            )

    def _is_blank(self) -> bool:
        """True for a file that was only just made, also by a start that was cut off before its first write."""
        with self._reading():
            return not list(self._db.execute("SELECT 1 FROM sqlite_schema")) and self._db.pragma("user_version") == 0

    def _check_schema(self) -> None:
        with self._reading():
            version = self._db.pragma("user_version")
            damage = self._db.pragma("quick_check")
        if version == 0:
            raise ChainBroken(f"{self._path.name} was emptied.")
        if version != 1:
            raise ChainUnwritable(f"{self._path.name} was written by a newer LumeDesk. Update this one.")
        if damage != "ok":
            raise ChainBroken(f"{self._path.name} is damaged: {str(damage)[:200]}")

    def _check_against(self, known: tuple[int, str] | None) -> None:
        if known is None:
            if self._head > 1:
                raise ChainBroken(f"The marker that guards {self._path.name} is gone or damaged.")
        else:
            seq, digest = known
            with self._reading():
                rows = list(self._db.execute("SELECT hash FROM log WHERE seq = ?", (seq,)))
            if not rows:
                raise ChainBroken(f"{self._path.name} is older than it was: it was restored or cut short.")
            if bytes(rows[0][0]).hex() != digest:
                raise ChainBroken(f"{self._path.name} isn't the file that was here before.")
        if not self._read_only:
            _write_marker(self._marker, self._head, self._head_hash)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except apsw.BusyError as error:
            raise ChainUnwritable(f"{self._path} is held by another program: {error}") from error
        except (apsw.Error, UnicodeDecodeError) as error:  # damaged text is no UTF-8
            raise ChainBroken(f"{self._path.name} is damaged: {error}") from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            raise ChainUnwritable(f"{self._path} can't be written: {error}") from error
        try:
            yield
            self._db.execute("COMMIT")
        except apsw.Error as error:
            raise ChainUnwritable(f"{self._path} can't be written: {error}") from error
        finally:
            if self._db.in_transaction:
                # Where even this fails, nothing was committed, and the next write says so.
                with contextlib.suppress(apsw.Error):
                    self._db.execute("ROLLBACK")


def set_aside(path: Path, marker: Path, stamp: str) -> Path:
    """Move a log that can't be trusted out of the way, nothing deleted. Shape: where it is now. Errors: OSError."""
    aside, number = path.with_name(f"{path.name}.{stamp}.damaged"), 1
    while aside.exists() or marker.with_name(f"{marker.name}.{stamp}.damaged").exists():
        number += 1
        stamp = f"{stamp.partition('-')[0]}-{number}"
        aside = path.with_name(f"{path.name}.{stamp}.damaged")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    if marker.exists():
        marker.rename(marker.with_name(f"{marker.name}.{stamp}.damaged"))
    return aside


def _checked(row: Any, head: int, head_hash: bytes) -> Entry:
    # Converting would make sense of nonsense: bytes(7) is seven zeros.
    if [type(value) for value in row] != [int, str, str, str, bytes, bytes]:
        raise ChainBroken(f"Row {head + 1} of the record is damaged.")
    entry = Entry(*row)
    if entry.seq != head + 1:
        raise ChainBroken(f"Row {head + 1} of the record is missing.")
    if entry.hash != _hash(head_hash, entry.seq, entry.at, entry.subject, entry.kind, entry.body):
        raise ChainBroken(f"Row {entry.seq} of the record was changed or damaged.")
    return entry


def _hash(before: bytes, seq: int, at: str, subject: str, kind: str, body: bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=32)
    for part in (before, str(seq).encode(), at.encode(), subject.encode(), kind.encode(), body):
        # Lengths first: no two different rows run together into the same bytes.
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _read_marker(marker: Path) -> tuple[int, str] | None:
    try:
        known = json.loads(marker.read_text())
        return int(known["seq"]), str(known["hash"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ChainBroken(f"The marker {marker.name} is damaged.") from error


def _write_marker(marker: Path, seq: int, digest: bytes) -> None:
    """Replace the marker as a whole. It may lag behind the log, never lead it, so failing to write it is no error."""
    fresh = marker.with_name(f"{marker.name}.{os.getpid()}.new")
    with contextlib.suppress(OSError):
        make_private_folder(marker.parent)
        with fresh.open("w") as file:
            os.chmod(fresh, 0o600)  # noqa: PTH101 - on the file just made
            json.dump({"seq": seq, "hash": digest.hex()}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(marker)
