"""The signed notice of the latest release: its shape, when it is refused, and where a build of LumeDesk looks for it.

Fetching it and checking its signature is lumedesk/api/releases.py. Nothing here is ever installed or downloaded.
"""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any

import msgspec

from lumedesk.domain.errors import DeskError
from lumedesk.domain.text import shown
from lumedesk.domain.versions import Version

FORMAT = 1
# Of the whole body as it is fetched, in bytes.
MAX_BYTES = 128 * 1024
KEY_BYTES, SIGNATURE_BYTES = 32, 64

_MAX_SOURCE_BYTES = 16 * 1024
_MAX_LINES = 80
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_~.+-]+)*/?")
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_MAX_PAGE = 300
# A clock may be slow; it isn't a day slow.
_AHEAD = timedelta(days=1)


class Why(Enum):
    """Why a notice was refused, in words."""

    SIGNATURE = "Its signature doesn't match: it was altered on its way, or somebody else wrote it."
    KEY = "It is signed with a key that this LumeDesk doesn't know."
    CONTENT = (
        "What came isn't a notice of releases. A sign-in page of this network, a proxy or a maintenance page may have"
        " answered instead."
    )
    SIZE = "What came is larger than any notice of releases."
    FORMAT = "It is written in a format that this LumeDesk doesn't know."
    SHAPE = "It is signed, but isn't written as it must be."
    PAGE = "Its link leads elsewhere than to the pages of LumeDesk's releases."
    OLDER = "It is older than one seen before. Somebody may want to hide a newer version."
    BEHIND = "It is of an older version than this one."
    EXPIRED = "It is no longer valid. Somebody may be holding newer ones back."
    EARLY = "It is dated in the future."
    REDIRECT = "The server sent us elsewhere, where LumeDesk doesn't follow."
    STATUS = "The server has no notice of releases."


class UpdateRefused(DeskError):
    """A notice that isn't believed. `why` is the rule it breaks."""

    title = "The notice of releases was refused"
    advice = "This LumeDesk stays as it is."

    def __init__(self, why: Why, more: str = "") -> None:
        super().__init__(f"{why.value} {more}".strip())
        self.why = why


@dataclass(frozen=True, slots=True)
class Source:
    """Where a build of LumeDesk hears of releases. `keys` are Ed25519 public keys by their id, 32 bytes each.

    `address` is the notice's; links to releases lead to `page_host` only.
    """

    address: str
    page_host: str
    keys: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was fetched, taken apart but not opened: `signed` is to be read only once the signature was checked."""

    signed: bytes
    signature: bytes
    key_id: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of a release, for comparing with what was downloaded. `sha256` is hexadecimal, `size` in bytes."""

    name: str
    platform: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Notice:
    """The latest release, as its maker tells it. All texts can be shown; times are in UTC.

    `serial` grows with each notice. After `valid_until` the notice says nothing any more.
    """

    serial: int
    version: Version
    released: datetime
    valid_until: datetime
    notes: str
    page: str
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """The highest that any notice said so far; no later notice may say less."""

    serial: int = 0
    version: Version | None = None

    def with_notice(self, notice: Notice) -> "Seen":
        """What was seen, `notice` included."""
        version = notice.version if self.version is None else max(self.version, notice.version)
        return Seen(max(self.serial, notice.serial), version)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}\Z")]
    platform: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}\Z")]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    bytes: Annotated[int, msgspec.Meta(ge=1, le=2**40)]


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """Format 1, as it is written."""

    format: int
    serial: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    version: Annotated[str, msgspec.Meta(max_length=64)]
    released: Annotated[str, msgspec.Meta(max_length=20)]
    valid_until: Annotated[str, msgspec.Meta(max_length=20)]
    notes: Annotated[str, msgspec.Meta(max_length=8_000)]
    page: Annotated[str, msgspec.Meta(max_length=_MAX_PAGE)]
    files: Annotated[list[_File], msgspec.Meta(max_length=40)] = msgspec.field(default_factory=list)


def read_source(body: bytes) -> Source | None:
    """Read `resources/release.json`. Shape: None where it names nothing, as builds have it that nobody releases.

    Errors: ValueError for one that is filled in by half, or wrongly.
    """
    if len(body) > _MAX_SOURCE_BYTES:
        raise ValueError("it is far too large")
    told = _json(body)
    if not isinstance(told, dict) or told.keys() != {"manifest", "page_host", "keys"}:
        raise ValueError("it must hold manifest, page_host and keys, and nothing else")
    address, host, keys = told["manifest"], told["page_host"], told["keys"]
    if not (isinstance(address, str) and isinstance(host, str) and isinstance(keys, dict)):
        raise ValueError("manifest and page_host are texts, keys is an object")
    if not (address or host or keys):
        return None
    if not (address and keys):
        raise ValueError("it needs an address and at least one key")
    if not _HOST.fullmatch(host):
        raise ValueError("page_host isn't a host's name, in small letters")
    return Source(address, host, {key_id: _public_key(key_id, text) for key_id, text in keys.items()})


def _public_key(key_id: str, text: Any) -> bytes:
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError(f"{key_id[:40]!r} can't be a key's id")
    key = _bytes(text, KEY_BYTES)
    if key is None:
        raise ValueError(f"the key {key_id} isn't {KEY_BYTES} bytes in base64")
    return key


def read_envelope(body: bytes) -> Envelope:
    """Take apart what was fetched. Errors: UpdateRefused where it isn't an envelope at all."""
    if len(body) > MAX_BYTES:
        raise UpdateRefused(Why.SIZE)
    try:
        told = _json(body)
    except ValueError as error:
        raise UpdateRefused(Why.CONTENT) from error
    if not isinstance(told, dict) or told.keys() != {"signed", "signature", "key"}:
        raise UpdateRefused(Why.CONTENT)
    signed, signature, key_id = _bytes(told["signed"]), _bytes(told["signature"], SIGNATURE_BYTES), told["key"]
    if signed is None or signature is None or not (isinstance(key_id, str) and _KEY_ID.fullmatch(key_id)):
        raise UpdateRefused(Why.CONTENT)
    return Envelope(signed, signature, key_id)


def read_notice(signed: bytes, page_host: str) -> Notice:
    """Read what is signed; only to be called once the signature was checked. Errors: UpdateRefused."""
    try:
        told = _json(signed)
    except ValueError as error:
        raise UpdateRefused(Why.SHAPE) from error
    written = told.get("format") if isinstance(told, dict) else None
    if not isinstance(written, int) or isinstance(written, bool):
        raise UpdateRefused(Why.SHAPE)
    if written != FORMAT:
        raise UpdateRefused(Why.FORMAT, f"It says {shown(str(written), 20)}; known is {FORMAT}.")
    try:
        read = msgspec.convert(told, _Written)
        version, released, valid_until = Version(read.version), _moment(read.released), _moment(read.valid_until)
    except ValueError as error:  # msgspec's own is one
        raise UpdateRefused(Why.SHAPE, shown(str(error), 200)) from error
    if valid_until <= released:
        raise UpdateRefused(Why.SHAPE, "It ends before it begins.")
    if page_problem(read.page, page_host):
        raise UpdateRefused(Why.PAGE)
    files = tuple(File(each.name, each.platform, each.sha256, each.bytes) for each in read.files)
    return Notice(read.serial, version, released, valid_until, _lines(read.notes), read.page, files)


def page_problem(page: str, host: str) -> str:
    """Why a link is not to be opened, in words; empty when it leads to `host`, and can be read in one way only."""
    scheme = "https://"
    path = page[len(scheme) + len(host) :]
    if len(page) > _MAX_PAGE or not page.startswith(f"{scheme}{host}") or not _PATH.fullmatch(path):
        return f"The link doesn't lead to {scheme}{host}."
    if any(step in {".", ".."} for step in path.split("/")):
        return "The link leads in a roundabout way."
    return ""


def judge(notice: Notice, seen: Seen, now: datetime, *, running: Version | None = None) -> None:
    """Refuse a notice that is out of date, or goes back behind what was `seen` or is `running`. Errors: UpdateRefused."""
    if notice.serial < seen.serial:
        raise UpdateRefused(Why.OLDER, f"It is number {notice.serial}; number {seen.serial} was seen already.")
    if seen.version is not None and notice.version < seen.version:
        raise UpdateRefused(Why.OLDER, f"It tells of {notice.version}; {seen.version} was told of already.")
    if running is not None and notice.version < running:
        raise UpdateRefused(Why.BEHIND, f"It tells of {notice.version}; this is {running}.")
    if now >= notice.valid_until:
        raise UpdateRefused(Why.EXPIRED, f"It was valid until {_day(notice.valid_until)}; {_here(now)}")
    if now < notice.released - _AHEAD:
        raise UpdateRefused(Why.EARLY, f"It is of {_day(notice.released)}; {_here(now)}")


def _here(now: datetime) -> str:
    return f"this computer's clock says {_day(now)}."


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _lines(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > _MAX_LINES:
        raise UpdateRefused(Why.SHAPE, "Its notes are too long.")
    return "\n".join(shown(line.rstrip()) for line in lines).strip("\n")


def _moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError("a time isn't written like 2026-05-11T10:15:30Z")
    return datetime.fromisoformat(text)


def _bytes(text: Any, size: int | None = None) -> bytes | None:
    """What `text` says in base64, written in the one way there is; None where it isn't that, or of another size."""
    try:
        told = b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return None
    is_exact = bool(told) and binascii.b2a_base64(told, newline=False).decode() == text
    return told if is_exact and size in (None, len(told)) else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), object_pairs_hook=_each_once, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number")
