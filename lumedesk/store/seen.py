"""Each beneficiary's details as the operator last saw them, kept across restarts and apart from the mirror, which is a cache."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lumedesk.domain.codec import Codec, UnreadableJson, encode
from lumedesk.domain.credentials import Secret
from lumedesk.domain.records import Beneficiary
from lumedesk.domain.sightings import Sighting, digest_of, seen_details
from lumedesk.store.private_file import (
    NotReadable,
    NotWritable,
    is_newer,
    last_set_aside,
    read_json,
    set_aside,
    write_json,
)

_VERSION = 1
_ANY: Codec[Any] = Codec(Any)


class SeenFile:
    """All sightings of a profile. `trouble` says why changes may go unnoticed; empty when all is well."""

    def __init__(self, path: Path, now: datetime, key: Secret | None = None) -> None:
        """Read the file; what is unreadable is set aside. Never raises."""
        self._path = path
        self._key = key
        self._is_foreign = False
        self._sightings: dict[str, Sighting] = {}
        self.trouble = ""
        try:
            self._sightings = self._read()
        except NotReadable as error:
            self._set_aside(str(error), now)
        except OSError as error:
            self.trouble = f"The record of the beneficiaries' details can't be read ({error.strerror})."

    def of(self, beneficiary_id: str) -> Sighting | None:
        """How this one was last seen; None for one never seen."""
        return self._sightings.get(beneficiary_id)

    def notice(self, beneficiaries: Iterable[Beneficiary], now: datetime) -> bool:
        """Take in how they are now: new ones are seen, changed ones are noted with the time. True if something was noted.

        Errors: NotWritable; what was noticed is known until the desk ends all the same.
        """
        noted = False
        for each in beneficiaries:
            if each.id is None:
                continue
            known = self._sightings.get(each.id)
            fresh = _noticed(known, each, now)
            if fresh != known:
                self._sightings[each.id] = fresh
                noted = True
        if noted:
            self._write()
        return noted

    def accept(self, beneficiary: Beneficiary, now: datetime, *, used: bool) -> None:
        """The operator stands by these details: a later change is told against them. Errors: NotWritable."""
        if beneficiary.id is None:
            return
        known = self._sightings.get(beneficiary.id)
        details = seen_details(beneficiary)
        used_at = now if used else known.used_at if known else None
        self._sightings[beneficiary.id] = Sighting(details, digest_of(details), now, used_at)
        self._write()

    def _write(self) -> None:
        if self._is_foreign:
            raise NotWritable(self.trouble)
        write_json(
            self._path,
            {"version": _VERSION, "beneficiaries": {key: _plain(each) for key, each in self._sightings.items()}},
            self._key,
        )

    def _read(self) -> dict[str, Sighting]:
        value = read_json(self._path, self._key)
        if value is None:
            aside = last_set_aside(self._path)
            if aside is not None:
                self.trouble = (
                    f"The record of the beneficiaries' details couldn't be read and was set aside as {aside.name}."
                    " Changes before that can't be told."
                )
            return {}
        if is_newer(value, _VERSION):
            self._is_foreign = True
            self.trouble = (
                "The record of the beneficiaries' details was written by a newer LumeDesk, so changes to them can't be"
                " told here. Update this one."
            )
            return {}
        try:
            if value["version"] != _VERSION:
                raise NotReadable("it was written by another LumeDesk")
            return {str(key): _sighting(each) for key, each in value["beneficiaries"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotReadable(f"{type(error).__name__}: {error}"[:200]) from error

    def _set_aside(self, why: str, now: datetime) -> None:
        try:
            kept = f"it was kept as {set_aside(self._path, now).name}"
        except OSError as error:
            kept = f"it can't be set aside either ({error.strerror})"
        self.trouble = (
            f"The record of the beneficiaries' details can't be read ({why}); {kept}. Changes before now can't be told."
        )


def _noticed(known: Sighting | None, beneficiary: Beneficiary, now: datetime) -> Sighting:
    details = seen_details(beneficiary)
    digest = digest_of(details)
    if known is None:
        return Sighting(details, digest, now)
    if known.digest == digest:
        return replace(known, changed_to=None, changed_at=None)
    # Each further change starts the cooling-off anew.
    return known if known.changed_to == digest else replace(known, changed_to=digest, changed_at=now)


def _plain(sighting: Sighting) -> dict[str, Any]:
    # The details are JSON within the JSON: their digits survive, and the digest is of exactly these.
    return {
        "details": encode(sighting.details).decode(),
        "digest": sighting.digest,
        "seen_at": sighting.seen_at.isoformat(),
        "used_at": sighting.used_at.isoformat() if sighting.used_at else None,
        "changed_to": sighting.changed_to,
        "changed_at": sighting.changed_at.isoformat() if sighting.changed_at else None,
    }


def _sighting(value: Any) -> Sighting:
    """Errors: NotReadable, KeyError, TypeError, ValueError."""
    try:
        details = _ANY.decode(value["details"].encode())
    except UnreadableJson as error:
        raise NotReadable(str(error)) from error
    if not isinstance(details, dict) or digest_of(details) != value["digest"]:
        raise NotReadable("its details were altered")
    changed_to = value["changed_to"]
    return Sighting(
        details,
        value["digest"],
        _moment(value["seen_at"]),
        _moment(value["used_at"]) if value["used_at"] else None,
        changed_to if changed_to is None else str(changed_to),
        _moment(value["changed_at"]) if value["changed_at"] else None,
    )


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise NotReadable(f"{json.dumps(text)} has no zone")
    return at
