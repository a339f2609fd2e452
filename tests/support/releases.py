"""Notices of releases for tests, signed with keys that are nobody's. Written apart from what a release is made with."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lumedesk.domain.releases import Source

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEY_ID = "test-1"
PAGE_HOST = "releases.example.org"
# Ten days after this notice was written, eighty before it ends.
NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
SHA256 = "ab" * 32


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def a_source(address: str = "https://releases.example.org/manifest.json") -> Source:
    return Source(address, PAGE_HOST, {KEY_ID: public(KEY)})


def a_text(**changed: Any) -> dict[str, Any]:
    """What is signed; None takes a member away."""
    text: dict[str, Any] = {
        "format": 1,
        "serial": 7,
        "version": "0.2.0",
        "released": "2026-05-01T08:00:00Z",
        "valid_until": "2026-07-30T08:00:00Z",
        "notes": "Quotes are faster.\nA lock that was forgotten is fixed.",
        "page": f"https://{PAGE_HOST}/0.2.0",
        "files": [{"name": "LumeDesk-0.2.0.exe", "platform": "windows", "sha256": SHA256, "bytes": 34_500_000}],
    }
    text |= changed
    return {name: value for name, value in text.items() if value is not None}


def signed(text: dict[str, Any] | bytes) -> bytes:
    return text if isinstance(text, bytes) else json.dumps(text).encode()


def an_envelope(
    text: dict[str, Any] | bytes | None = None, *, key: Ed25519PrivateKey = KEY, key_id: str = KEY_ID, **changed: Any
) -> bytes:
    """A signed notice as it is fetched; `changed` are the members that differ from the usual ones."""
    body = signed(a_text(**changed) if text is None else text)
    told = {"signed": b64encode(body).decode(), "signature": b64encode(key.sign(body)).decode(), "key": key_id}
    return json.dumps(told).encode()
