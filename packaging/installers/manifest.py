"""Makes and checks the signed notice of a release. Its private key stays outside the checkout: the environment names its file.

PYTHONPATH=.:packaging python -m installers.manifest keygen FILE      a new key; tells the lines for resources/release.json
PYTHONPATH=.:packaging python -m installers.manifest sign …           writes dist/manifest.json
PYTHONPATH=.:packaging python -m installers.manifest verify FILE      reads one as the program does
"""

import argparse
import hashlib
import json
import os
import stat
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lumedesk import __version__
from lumedesk.api.releases import opened
from lumedesk.domain.releases import FORMAT, Notice, Seen, Source, UpdateRefused, judge, read_notice, read_source

KEY_FILE = "LUMEDESK_RELEASE_KEY"
ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "resources" / "release.json"
_VALID_DAYS = 60
_MAX_DAYS = 400
_PIECE = 1024 * 1024


class ManifestError(Exception):
    """Something that can't be signed, or doesn't hold; the text says what."""


def keygen(file: Path) -> tuple[str, str]:
    """Write a new private key, readable by its owner alone. Shape: the public key's id, and the key in base64.

    Errors: ManifestError for a place within the checkout, from which it could be committed, or for a file that is there.
    """
    place = file.expanduser().resolve()
    if _is_below_repository(place.parent):
        raise ManifestError(f"{place} is within a checkout. A private key belongs outside of it.")
    key = Ed25519PrivateKey.generate()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ManifestError(f"{place} is there already; it is never overwritten.") from None
    except OSError as error:
        raise ManifestError(f"{place} can't be written: {error.strerror}.") from error
    with open(descriptor, "wb") as out:  # noqa: PTH123 - a descriptor
        out.write(key.private_bytes(*form))
    return _public(key.public_key())


def sign(text: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The envelope around `text`: what is signed are exactly the bytes that stand in it."""
    signed = json.dumps(text, ensure_ascii=False, indent=1).encode()
    envelope = {
        "signed": b64encode(signed).decode(),
        "signature": b64encode(key.sign(signed)).decode(),
        "key": _public(key.public_key())[0],
    }
    return json.dumps(envelope, indent=1).encode() + b"\n"


def contents(
    *,
    serial: int,
    version: str,
    page: str,
    notes: str,
    files: Sequence[str],
    now: datetime,
    valid_days: int = _VALID_DAYS,
) -> dict[str, Any]:
    """What a notice says. `files` are written `platform=path`; they are hashed here. Errors: ManifestError."""
    if not 1 <= valid_days <= _MAX_DAYS:
        raise ManifestError(f"A notice is valid for 1 to {_MAX_DAYS} days.")
    return {
        "format": FORMAT,
        "serial": serial,
        "version": version,
        "released": _moment(now),
        "valid_until": _moment(now + timedelta(days=valid_days)),
        "notes": notes,
        "page": page,
        "files": [_file(each) for each in files],
    }


def verify(body: bytes, source: Source, now: datetime, seen: Seen | None = None) -> Notice:
    """Read a notice as the program does. Errors: ManifestError, in the program's own words."""
    try:
        notice = read_notice(opened(body, source.keys), source.page_host)
        judge(notice, seen or Seen(), now)
    except UpdateRefused as error:
        raise ManifestError(f"{error.title}. {error.detail}") from error
    return notice


def private_key(environment: Mapping[str, str]) -> Ed25519PrivateKey:
    """The key that the environment names the file of. Errors: ManifestError, also where others may read the file."""
    name = environment.get(KEY_FILE, "")
    if not name:
        raise ManifestError(f"{KEY_FILE} isn't set: it names the file that holds the private key.")
    file = Path(name)
    try:
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise ManifestError(f"{file} can be read by others: chmod 600 it, and think about making a new key.")
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise ManifestError(f"{file} can't be read: {error.strerror}.") from error
    except (ValueError, TypeError) as error:  # TypeError: it is encrypted
        raise ManifestError(f"{file} holds no private key that can be read.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ManifestError(f"{file} holds a key of another kind than Ed25519.")
    return key


def source(file: Path = SOURCE) -> Source:
    """Where the program looks, from resources/release.json. Errors: ManifestError, also where it names nothing."""
    try:
        found = read_source(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ManifestError(f"{file} can't be used: {error}") from error
    if found is None:
        raise ManifestError(f"{file} names no source for updates, so no program would look for this notice.")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the options. Shape: the exit code."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "keygen":
                _tell_key(*keygen(options.file))
            case "sign":
                _sign(options)
            case _:
                _tell(verify(options.file.read_bytes(), source(options.source), datetime.now(UTC)))
    except (ManifestError, UpdateRefused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _sign(options: argparse.Namespace) -> None:
    where, now = source(options.source), datetime.now(UTC)
    text = contents(
        serial=options.serial,
        version=options.version,
        page=options.page,
        notes=options.notes.read_text(encoding="utf-8"),
        files=options.files,
        now=now,
        valid_days=options.valid_days,
    )
    body = sign(text, private_key(os.environ))
    seen = Seen()
    if options.previous:
        # However old the one before is, it counts.
        before = read_notice(opened(options.previous.read_bytes(), where.keys), where.page_host)
        if options.serial <= before.serial:
            raise ManifestError(f"The notice before was number {before.serial}: this one needs a higher number.")
        seen = seen.with_notice(before)
    notice = verify(body, where, now, seen)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(body)
    print(f"{options.out} is written.")
    _tell(notice)


def _tell(notice: Notice) -> None:
    until = notice.valid_until
    print(f"Number {notice.serial}: LumeDesk {notice.version}, valid until {until:%Y-%m-%d %H:%M} UTC, {notice.page}")
    for file in notice.files:
        print(f"  {file.sha256}  {file.name} ({file.platform}, {file.size:,} bytes)")


def _tell_key(key_id: str, public: str) -> None:
    print(f'For "keys" in resources/release.json:\n\n  "{key_id}": "{public}"\n')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m installers.manifest", description="The signed notice of a release."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("keygen", help="make a key")
    made.add_argument("file", type=Path, help="where the private key goes, outside of any checkout")
    signed = commands.add_parser("sign", help=f"write a notice; {KEY_FILE} names the private key's file")
    signed.add_argument("files", nargs="*", metavar="PLATFORM=FILE", help="windows=dist/…, macos=…, linux=…")
    signed.add_argument("--serial", type=int, required=True, help="higher than that of every notice before")
    signed.add_argument("--version", default=__version__)
    signed.add_argument("--page", required=True, help="the release's page")
    signed.add_argument("--notes", type=Path, required=True, help="a file with what is new, as plain text")
    signed.add_argument("--valid-days", type=int, default=_VALID_DAYS)
    signed.add_argument("--previous", type=Path, help="the notice that is out now")
    signed.add_argument("--out", type=Path, default=ROOT / "dist" / "manifest.json")
    checked = commands.add_parser("verify", help="read a notice as the program does")
    checked.add_argument("file", type=Path)
    for each in (signed, checked):
        each.add_argument("--source", type=Path, default=SOURCE, help=argparse.SUPPRESS)
    return parser


def _public(key: Ed25519PublicKey) -> tuple[str, str]:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16], b64encode(raw).decode()


def _is_below_repository(folder: Path) -> bool:
    return folder.is_relative_to(ROOT) or any((each / ".git").exists() for each in (folder, *folder.parents))


def _file(told: str) -> dict[str, Any]:
    platform, _, name = told.partition("=")
    if not (platform and name):
        raise ManifestError(f"{told!r} isn't written PLATFORM=FILE.")
    path, digest = Path(name), hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return {"name": path.name, "platform": platform, "sha256": digest.hexdigest(), "bytes": path.stat().st_size}


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


if __name__ == "__main__":
    sys.exit(main())
