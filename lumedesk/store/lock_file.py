"""The lock of a profile in one JSON file: the store's key, wrapped under the passphrase, and the wrong tries so far.

Whoever may write the file can delete it or set the wrong tries back; what holds without anybody's good will is the wrapping.
"""

import json
import os
import unicodedata
from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from lumedesk.domain.credentials import Secret
from lumedesk.domain.lock import LockSettings
from lumedesk.store.private_file import NotReadable, NotWritable, read_json, write_json

_VERSION = 1
_KEY_BYTES, _SALT_BYTES, _NONCE_BYTES, _TAG_BYTES = 32, 16, 12, 16
_MAX_STORE_KEY = 1024
_MAX_TRIES = 1_000_000
_MEMBERS = {"version", "profile", "kdf", "salt", "nonce", "wrapped", "digest", "settings", "tries"}


class LockDamaged(Exception):
    """The file is there but can't be used, so nobody gets in by it. The text says so and what to do."""


class Cost(msgspec.Struct, frozen=True):
    """What each try costs: argon2id's parameters. Bounded: a manipulated file must not ask for all memory there is."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 1

    def __post_init__(self) -> None:
        _within(self.lanes, 1, 8)
        _within(self.passes, 1, 16)
        _within(self.memory_kib, 8 * self.lanes, 524_288)


class LockFile(msgspec.Struct, frozen=True):
    """What the file holds. No part of it tells the passphrase or the store's key."""

    profile_id: str
    cost: Cost
    salt: bytes
    nonce: bytes
    wrapped: bytes
    settings: LockSettings
    wrong_tries: int = 0
    last_wrong_at: datetime | None = None

    def open(self, passphrase: Secret) -> Secret | None:
        """The store's key; None for a wrong passphrase. Takes a moment and much memory: never on the UI thread."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        cipher = ChaCha20Poly1305(_key(passphrase, self.salt, self.cost))
        try:
            return Secret(cipher.decrypt(self.nonce, self.wrapped, _bound(self.profile_id, self.cost)).decode())
        except InvalidTag:
            return None

    def after_wrong_try(self, at: datetime) -> "LockFile":
        """The same with one wrong try more."""
        return replace(self, wrong_tries=min(self.wrong_tries + 1, _MAX_TRIES), last_wrong_at=at)

    def after_right_try(self) -> "LockFile":
        """The same with no wrong tries."""
        return replace(self, wrong_tries=0, last_wrong_at=None)

    def with_settings(self, settings: LockSettings) -> "LockFile":
        """The same with other settings."""
        return replace(self, settings=settings)


def make_lock(
    passphrase: Secret, store_key: Secret, profile_id: str, settings: LockSettings, cost: Cost | None = None
) -> LockFile:
    """Wrap `store_key` under a passphrase. Takes a moment: never on the UI thread. Errors: ValueError for a huge key."""
    # Here and below: where no passphrase is set, nothing of this needs to be loaded at the start.
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    cost = cost or Cost()
    plain = store_key.reveal().encode()
    if not 0 < len(plain) <= _MAX_STORE_KEY:
        raise ValueError(f"a store's key has 1 to {_MAX_STORE_KEY} bytes")
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    wrapped = ChaCha20Poly1305(_key(passphrase, salt, cost)).encrypt(nonce, plain, _bound(profile_id, cost))
    return LockFile(profile_id, cost, salt, nonce, wrapped, settings)


def read_lock(path: Path, profile_id: str | None = None) -> LockFile | None:
    """The profile's lock; None where no passphrase is set. With `profile_id`, another profile's file counts as damaged.

    Errors: LockDamaged, whatever keeps the file from being used: it never counts as no passphrase.
    """
    try:
        value = read_json(path)
        if value is None and not path.is_symlink() and not path.exists():
            return None
        lock = _lock(value)
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    except KeyError as error:
        raise _damaged(path, f"{error} is missing") from error
    except (NotReadable, ValueError, TypeError) as error:
        raise _damaged(path, str(error)[:200]) from error
    if profile_id is not None and lock.profile_id != profile_id:
        raise _damaged(path, "it belongs to another profile")
    return lock


def write_lock(path: Path, lock: LockFile) -> None:
    """Replace the file, durably. Errors: NotWritable; the file is then as it was."""
    write_json(path, _plain(lock))


def remove_lock(path: Path) -> None:
    """From now on no passphrase is set. Errors: NotWritable; it is then still set."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise NotWritable(f"{path.name} can't be removed: {error.strerror or error}.") from error


def _within(value: int, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"its cost of {str(value)[:40]} is out of bounds")


def _key(passphrase: Secret, salt: bytes, cost: Cost) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    # One passphrase, typed on two systems, may come as different code points.
    typed = unicodedata.normalize("NFKC", passphrase.reveal()).encode("utf-8", "surrogatepass")
    return hash_secret_raw(typed, salt, cost.passes, cost.memory_kib, cost.lanes, _KEY_BYTES, Type.ID)


def _bound(profile_id: str, cost: Cost) -> bytes:
    """What the wrapping vouches for besides the key: whose it is and what a try costs."""
    vouched = {"lock": _VERSION, "profile": profile_id, "kdf": _kdf(cost)}
    return json.dumps(vouched, sort_keys=True, separators=(",", ":")).encode()


def _kdf(cost: Cost) -> dict[str, Any]:
    return {"name": "argon2id", **asdict(cost)}


def _digest(lock: LockFile) -> str:
    """Tells damage from a wrong passphrase. No protection against whoever means to change the file."""
    import hashlib

    return hashlib.sha256(_bound(lock.profile_id, lock.cost) + lock.salt + lock.nonce + lock.wrapped).hexdigest()


def _plain(lock: LockFile) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "profile": lock.profile_id,
        "kdf": _kdf(lock.cost),
        "salt": b64encode(lock.salt).decode(),
        "nonce": b64encode(lock.nonce).decode(),
        "wrapped": b64encode(lock.wrapped).decode(),
        "digest": _digest(lock),
        "settings": asdict(lock.settings),
        "tries": {
            "wrong": lock.wrong_tries,
            "last_at": lock.last_wrong_at.isoformat() if lock.last_wrong_at else None,
        },
    }


def _lock(value: Any) -> LockFile:
    """Errors: NotReadable, KeyError, TypeError, ValueError for anything that `_plain` doesn't write."""
    if isinstance(value, dict) and type(value.get("version")) is int and value["version"] > _VERSION:
        raise NotReadable("it was written by a newer LumeDesk; start that one")
    members = _exactly(value, _MEMBERS)
    if type(members["version"]) is not int or members["version"] != _VERSION or not isinstance(members["profile"], str):
        raise NotReadable("its version or profile isn't one")
    kdf = _exactly(members["kdf"], {"name", *Cost.__struct_fields__})
    if kdf.pop("name") != "argon2id":
        raise NotReadable("it names another way to make a key of a passphrase")
    wrong_tries, last_wrong_at = _tries(members["tries"])
    lock = LockFile(
        members["profile"],
        Cost(**kdf),
        _bytes(members["salt"], _SALT_BYTES, _SALT_BYTES),
        _bytes(members["nonce"], _NONCE_BYTES, _NONCE_BYTES),
        _bytes(members["wrapped"], _TAG_BYTES + 1, _TAG_BYTES + _MAX_STORE_KEY),
        _settings(members["settings"]),
        wrong_tries,
        last_wrong_at,
    )
    if members["digest"] != _digest(lock):
        raise NotReadable("it was altered or only half written")
    return lock


def _settings(value: Any) -> LockSettings:
    members = _exactly(value, set(LockSettings.__struct_fields__))
    defaults = asdict(LockSettings())
    for name, member in members.items():
        if type(member) is not type(defaults[name]):
            raise NotReadable(f"{name} isn't what it should be")
    return LockSettings(**members)


def _tries(value: Any) -> tuple[int, datetime | None]:
    members = _exactly(value, {"wrong", "last_at"})
    wrong, last_at = members["wrong"], members["last_at"]
    if type(wrong) is not int or not 0 <= wrong <= _MAX_TRIES:
        raise NotReadable("its count of wrong tries isn't one")
    if last_at is None:
        return wrong, None
    at = datetime.fromisoformat(last_at)
    if at.tzinfo is None:
        raise NotReadable("its last wrong try has no zone")
    return wrong, at


def _exactly(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise NotReadable("it isn't built as a lock is")
    return dict(value)


def _bytes(text: Any, least: int, most: int) -> bytes:
    if not isinstance(text, str):
        raise NotReadable("its key isn't text")
    plain = b64decode(text, validate=True)
    if not least <= len(plain) <= most:
        raise NotReadable("its key, salt or nonce has another length")
    return plain


def _damaged(path: Path, why: str) -> LockDamaged:
    return LockDamaged(
        f"The file {path.name}, by which the passphrase is checked, can't be used: {why}."
        " Put it back from a backup. If there is none, move it out of the profile's folder: the local records then open"
        " only with the key in the system's keychain, and a new passphrase can be set."
    )
