"""Opening the mirror's file for writing: made where it is missing, brought up to date where old, begun anew where broken."""

import logging
import os
from pathlib import Path

import apsw

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.store.arriving import take_out
from lumedesk.store.cipher import NoCipher, connect
from lumedesk.store.schema import PAGE_SIZE, SCHEMA_VERSION, facts_of, statements, statements_behind, words_of

log = logging.getLogger(__name__)

# Looking at all of a file takes a second for every few hundred megabytes, at each start.
_CHECKED_SIZE = 32 * 1024 * 1024
_SUFFIXES = ("", "-wal", "-shm")


class MirrorError(Exception):
    """The file can't be used; the text says why."""


class _Damaged(Exception):
    """The file isn't what was written."""


def open_mirror(path: Path, key: Secret | None = None) -> apsw.Connection:
    """Open `path` for writing. Errors: MirrorError, also for a file that a newer LumeDesk wrote.

    A damaged file is put aside and begun anew: the server has all that it held.
    """
    try:
        return _opened(path, key)
    except _Damaged as damage:
        log.warning("%s is damaged and begun anew: %s", path.name, damage)
        try:
            set_mirror_aside(path)
            return _opened(path, key)
        except (_Damaged, OSError) as error:
            raise MirrorError(f"The local data in {path} can't be opened: {error}") from error


def set_mirror_aside(path: Path) -> None:
    """Rename the file and what belongs to it, over what was set aside before. Errors: OSError."""
    for suffix in _SUFFIXES:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(part.with_name(f"{path.name}.damaged{suffix}"))


def is_damage(error: BaseException) -> bool:
    """Whether an error says that the file isn't what was written."""
    return isinstance(error, apsw.NotADBError | apsw.CorruptError | MirrorError)


def note_damage(path: Path) -> None:
    """A page couldn't be read: let the next opening look at all of them, however large the file is. Never raises."""
    try:
        _mark_of(path).touch(mode=0o600)
    except OSError as error:
        log.warning("%s", error)


def _mark_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.suspect")


def mirror_size(path: Path) -> int:
    """How many bytes the mirror takes on disk, with what waits to be written into it."""
    parts = (path.with_name(path.name + suffix) for suffix in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def configure(connection: apsw.Connection) -> None:
    """What holds for each connection to a mirror."""
    connection.set_busy_timeout(5_000)
    connection.pragma("temp_store", "memory")
    connection.pragma("trusted_schema", value=False)


def _opened(path: Path, key: Secret | None) -> apsw.Connection:
    connection: apsw.Connection | None = None
    try:
        # The file is made by us, with its mode, before SQLite opens it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = connect(path, key)
        configure(connection)
        if not path.stat().st_size:
            connection.pragma("page_size", PAGE_SIZE)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "normal")
        # Moving pages from the log into the file takes long after many rows; it is done behind (Mirror.checkpoint).
        connection.pragma("wal_autocheckpoint", 0)
        version = connection.pragma("user_version")
        if version > SCHEMA_VERSION:
            raise MirrorError(
                "The local data was written by a newer LumeDesk. Update this one, or choose another folder."
            )
        mark = _mark_of(path)
        if version and (mark.exists() or path.stat().st_size <= _CHECKED_SIZE):
            damage = connection.pragma("quick_check")
            if damage != "ok":
                raise _Damaged(str(damage)[:200])
        mark.unlink(missing_ok=True)
        if version < SCHEMA_VERSION:
            _bring_up_to_date(connection, version)
        for kind in HISTORIES:
            take_out(connection, kind)
        opened, connection = connection, None
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise _Damaged(str(error)) from error
    except NoCipher as error:
        raise MirrorError(str(error)) from error
    except (apsw.Error, OSError) as error:
        raise MirrorError(f"The local data in {path} can't be opened: {error}") from error
    finally:
        # An open file can't be set aside everywhere.
        if connection is not None:
            connection.close()
    return opened


def _bring_up_to_date(connection: apsw.Connection, version: int) -> None:
    with connection:
        if version == 1:
            _from_1(connection)
        elif version == 2:
            _from_2(connection)
        else:
            for statement in statements():
                connection.execute(statement)
        connection.pragma("user_version", SCHEMA_VERSION)


def _from_1(connection: apsw.Connection) -> None:
    """Version 1 kept what is ordered by beside the records; what it knew of them is filled in anew, behind."""
    connection.execute("ALTER TABLE datasets RENAME TO datasets_1; ALTER TABLE small RENAME TO small_1")
    for kind in HISTORIES:
        connection.execute(f"ALTER TABLE {kind.table} RENAME TO {kind.table}_1; DROP INDEX {kind.table}_at")
    for statement in statements():
        connection.execute(statement)
    for kind in HISTORIES:
        connection.execute(
            f"INSERT INTO {kind.table} (row, id, at, first_seen, doc)"  # noqa: S608 - our own names only
            f" SELECT row, id, coalesce(at, first_seen), first_seen, doc FROM {kind.table}_1;"
            f" DROP TABLE {kind.table}_1"
        )
    connection.execute("INSERT INTO small (kind, position, id, doc) SELECT kind, position, id, doc FROM small_1")
    # Without a digest the next list is read, not taken for the same.
    connection.execute(
        "INSERT INTO datasets (kind, digest, confirmed_at, set_aside) SELECT kind, x'', confirmed_at, set_aside"
        " FROM datasets_1; DROP TABLE datasets_1; DROP TABLE small_1"
    )


def _from_2(connection: apsw.Connection) -> None:
    """Version 2 found a text by the letters that it has, but not by their places; all that finds is filled in anew."""
    for kind in HISTORIES:
        connection.execute(f"DROP TABLE {words_of(kind)}; DROP TABLE {facts_of(kind)}")
        for statement in statements_behind(kind):
            connection.execute(statement)


def wipe(connection: apsw.Connection) -> None:
    """Remove all records, and their traces from the file. Within no transaction."""
    with connection:
        for kind in HISTORIES:
            connection.execute(f"DELETE FROM {kind.table}; DELETE FROM {facts_of(kind)}")  # noqa: S608
            connection.execute(f"INSERT INTO {words_of(kind)} ({words_of(kind)}) VALUES ('delete-all')")  # noqa: S608
        for table in ("datasets", "small", "segments", "transitions", "alerts", "arriving"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
    connection.execute("VACUUM")
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def rows_before(connection: apsw.Connection, kind: Kind, at: int) -> list[int]:
    """The numbers of the rows of a time before `at`, in microseconds since 1970."""
    found = connection.execute(f"SELECT row FROM {kind.table} WHERE at < ?", (at,))  # noqa: S608
    return [row for (row,) in found]
