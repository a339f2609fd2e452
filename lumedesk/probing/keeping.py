"""Checks what keeps things: the encrypted files, in a folder of their own, and the way to the system's keychain."""

import platform
import secrets
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import apsw

from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.intents import Arming, ConfirmationTerms
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import Amount
from lumedesk.keychain import KeychainTrouble, system_keychain
from lumedesk.probing.findings import Failed, Finding, note, ok
from lumedesk.store.journal import Journal
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.reader import MirrorReader

_MARK = "probe-plaintext"
_ROW = b'{"id":"' + _MARK.encode() + b'","currency":"ZAR","balance":1.50}'
_HEADER = b"SQLite format 3\0"

# The system's keychain, and what its part of keyring stands on.
_BACKENDS = {
    "Windows": ("keyring.backends.Windows", "WinVaultKeyring", ("win32ctypes.pywin32.win32cred",)),
    "Darwin": ("keyring.backends.macOS", "Keyring", ("keyring.backends.macOS.api",)),
}
_SECRET_SERVICE = ("keyring.backends.SecretService", "Keyring", ("secretstorage", "jeepney"))


def store() -> Iterator[Finding]:
    """Write a cache and a record of movements, close them, read them back, and look for plain text in the files."""
    layer = getattr(apsw, "mc_version", "")
    if not layer:
        raise Failed("SQLite can't encrypt: this is plain apsw in place of apsw-sqlite3mc.")
    with tempfile.TemporaryDirectory(prefix="lumedesk-probe-") as folder:
        paths = profile_paths(Path(folder), "probe")
        make_private_folder(paths.folder)
        key = Secret(secrets.token_hex(32))
        _write(paths, key)
        _read(paths, key)
        _look_for_plain_text(paths.folder)
    yield ok("store", f"written, encrypted and read back with SQLite {apsw.sqlite_lib_version()}, {layer}")


def keychain() -> Iterator[Finding]:
    """Look for the system's keychain. Writes nothing to it, reads nothing from it."""
    module, name, stands_on = _BACKENDS.get(platform.system(), _SECRET_SERVICE)
    for each in stands_on:
        import_module(each)
    getattr(import_module(module), name)()
    yield ok("keychain", f"the part for it is there: {module}.{name}")
    try:
        yield ok("keychain", f"{system_keychain().name} answers")
    except KeychainTrouble as trouble:
        yield note("keychain", f"None answers here. {trouble}")


def _write(paths: ProfilePaths, key: Secret) -> None:
    clock = SystemClock()
    mirror = Mirror(paths.mirror, key)
    try:
        mirror.begin()
        mirror.write_small(Kind.ACCOUNTS, [(_MARK, _ROW)], clock.now())
        mirror.commit()
    finally:
        mirror.close()
    journal = Journal(paths.journal, paths.head_of(paths.journal), clock, key)
    try:
        terms = ConfirmationTerms(_MARK, "USDT", "ZAR", Amount("1.00"), Amount("18.40"), by_from=True)
        journal.arm(Arming(_MARK, terms, "127.0.0.1", "", (), clock.now().isoformat(), clock.ticks()))
    finally:
        journal.close()


def _read(paths: ProfilePaths, key: Secret) -> None:
    reader = MirrorReader(paths.mirror, key)
    try:
        rows = reader.small(Kind.ACCOUNTS)
    finally:
        reader.close()
    if rows != [_ROW]:
        raise Failed("The cache doesn't read as it was written.")
    journal = Journal(paths.journal, paths.head_of(paths.journal), SystemClock(), key)
    try:
        uuids = [intent.uuid for intent in journal.intents]
    finally:
        journal.close()
    if uuids != [_MARK]:
        raise Failed("The record of movements doesn't read as it was written.")


def _look_for_plain_text(folder: Path) -> None:
    files = [each for each in folder.iterdir() if each.is_file()]
    if len(files) < 2:
        raise Failed("The files weren't kept.")
    for file in files:
        body = file.read_bytes()
        if _MARK.encode() in body or body.startswith(_HEADER):
            raise Failed(f"{file.name} isn't encrypted.")
