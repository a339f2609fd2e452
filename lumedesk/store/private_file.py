"""Small JSON files of a profile: readable by this user alone, replaced as a whole, and never lost when they can't be read."""

import contextlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lumedesk.domain.credentials import Secret
from lumedesk.store.paths import make_private_folder

if TYPE_CHECKING:
    # It takes 20 ms to import: the functions that seal and unseal do it for themselves.
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_MAX_BYTES = 16_000_000
_NONCE_BYTES = 12


class NotReadable(Exception):
    """The file is there but isn't what was written; the text says why."""


class NotWritable(Exception):
    """The file can't be replaced; what it held before is still there. The text says why, in the operator's words."""


def read_json(path: Path, key: Secret | None = None) -> Any:
    """Shape: what the file holds; None where there is no file. Errors: NotReadable, OSError.

    With a `key` only what was sealed with it is taken: neither readable nor alterable by who doesn't have it.
    """
    try:
        with path.open("rb") as file:
            body = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(body) > _MAX_BYTES:
        raise NotReadable("it is far too large")
    if key is not None:
        body = _unsealed(body, key, path.name)
    try:
        return json.loads(body.decode(), object_pairs_hook=_each_once, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotReadable(str(error)[:200]) from error


def is_newer(value: Any, version: int) -> bool:
    """Whether what a file holds says that a later LumeDesk wrote it, one that counts further than `version`."""
    return isinstance(value, dict) and type(value.get("version")) is int and value["version"] > version


def refuse_newer(path: Path, version: int) -> None:
    """Errors: NotWritable where a later LumeDesk wrote the file, of which this one would lose a part."""
    with contextlib.suppress(NotReadable, OSError):
        if is_newer(read_json(path), version):
            raise NotWritable(f"{path.name} was written by a newer LumeDesk. Update this one to change it.")


def write_json(path: Path, value: Any, key: Secret | None = None) -> None:
    """Replace the file, durably, sealed where there is a `key`. Errors: NotWritable; the file is then as it was."""
    body = json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"
    if key is not None:
        nonce = os.urandom(_NONCE_BYTES)
        body = nonce + _cipher(key).encrypt(nonce, body, path.name.encode())
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        make_private_folder(path.parent)
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise NotWritable(f"{path.name} can't be written: {error.strerror or error}.") from error


def set_aside(path: Path, now: datetime) -> Path:
    """Move a file that can't be read out of the way, nothing deleted. Shape: where it is now. Errors: OSError."""
    aside = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}.unreadable")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}-{number}.unreadable")
    path.rename(aside)
    return aside


def last_set_aside(path: Path) -> Path | None:
    """The latest file that was set aside; None where there is none."""
    return max(path.parent.glob(f"{path.name}.*.unreadable"), default=None)


def _unsealed(body: bytes, key: Secret, name: str) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return _cipher(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], name.encode())
    except (InvalidTag, ValueError) as error:  # ValueError: too short for what is put in front
        raise NotReadable("it is damaged, or was written with another key") from error


def _cipher(key: Secret) -> "ChaCha20Poly1305":
    """A key of its own is derived: no two ciphers share one."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), 32, salt=None, info=b"LumeDesk sealed file 1").derive(bytes.fromhex(key.reveal()))
    return ChaCha20Poly1305(derived)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _refuse(digits: str) -> Any:
    raise ValueError(f"{digits[:40]} isn't written as text")
