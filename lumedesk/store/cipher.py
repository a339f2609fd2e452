"""Opens SQLite files that are encrypted as a whole, WAL included, with a profile's store key (SQLite3MC, AEGIS)."""

import re
from pathlib import Path

import apsw

from lumedesk.domain.credentials import Secret

_KEY = re.compile(r"[0-9a-f]{64}")
_LAYER = "multipleciphers"


class NoCipher(Exception):
    """An SQLite that can't encrypt; the text says what to do."""


def connect(place: Path | str, key: Secret | None, flags: int | None = None) -> apsw.Connection:
    """Open `place`; a wrong key shows at the first read, as apsw.NotADBError.

    `key` is 64 hex digits, 256 bits of chance: no passphrase is stretched at each opening. None is for files that aren't
    encrypted. Errors: NoCipher, ValueError for a key of another form, apsw.Error.
    """
    if not hasattr(apsw, "mc_version"):
        raise NoCipher("This Python has plain apsw in place of apsw-sqlite3mc. Set the environment up again.")
    connection = apsw.Connection(str(place)) if flags is None else apsw.Connection(str(place), flags=flags)
    if key is None:
        return connection
    digits = key.reveal()
    try:
        if not _KEY.fullmatch(digits):
            raise ValueError("a store's key is 64 hex digits")
        # Each of these can be missing without a word of SQLite's, and all or a part of the file would be in the clear:
        # above another layer of files the pragmas answer as ever, and the write-ahead log stays readable.
        layers = connection.vfsname("main") or ""
        if not layers.startswith(_LAYER):
            raise NoCipher(f"SQLite writes through {layers!r}, which doesn't encrypt.")
        if connection.pragma("cipher", "aegis") != "aegis" or connection.pragma("key", f"raw:{digits}") != "ok":
            raise NoCipher("This Python's SQLite can't encrypt with AEGIS. Set the environment up again.")
        connection.pragma("temp_store", "memory")
    except BaseException:
        connection.close()
        raise
    return connection
