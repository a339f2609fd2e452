"""What a beneficiary looked like when the operator last saw it, and how that differs from what the server says now."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from lumedesk.domain.codec import encode
from lumedesk.domain.details import fields_of
from lumedesk.domain.records import Beneficiary, Withdrawal

# How long a changed destination should rest before it is paid, as exchanges do with new addresses.
COOLING_OFF = timedelta(hours=24)

_MISSING = "–"


class Sighting(msgspec.Struct, frozen=True):
    """One beneficiary as last seen and not questioned. `changed_at` is when other details than these first appeared."""

    details: dict[str, Any]
    digest: str
    seen_at: datetime
    used_at: datetime | None = None
    changed_to: str | None = None
    changed_at: datetime | None = None

    def cooling_until(self, now: datetime) -> datetime | None:
        """When the cooling-off ends; None when nothing changed or it is over."""
        if self.changed_at is None or now >= self.changed_at + COOLING_OFF:
            return None
        return self.changed_at + COOLING_OFF


class Change(msgspec.Struct, frozen=True):
    """One field that reads differently now. None stands for a field that isn't, or wasn't, there."""

    label: str
    old: str | None
    new: str | None


def seen_details(beneficiary: Beneficiary) -> dict[str, Any]:
    """What tells where the money goes and under which name."""
    return {
        "nickname": beneficiary.nickname,
        "currency": beneficiary.currency,
        "destination": beneficiary.withdraw_form_details,
    }


def digest_of(details: Any) -> str:
    """The same for the same JSON, whatever the order of its members."""
    return hashlib.sha256(encode(_ordered(details))).hexdigest()


def changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[Change, ...]:
    """The fields that differ, in the order they are shown; nested ones by their whole path."""
    before, after = _flat(old), _flat(new)
    labels = dict.fromkeys([*after, *before])
    found = [Change(label, before.get(label), after.get(label)) for label in labels]
    differing = tuple(each for each in found if each.old != each.new)
    if not differing and digest_of(old) != digest_of(new):
        # Different JSON that reads alike: a number that became a text.
        return (Change("How it is written", encode(old).decode(), encode(new).decode()),)
    return differing


def pays_to(beneficiary: Beneficiary, withdrawal: Withdrawal) -> bool:
    """Whether a past withdrawal went where the beneficiary's details point: all that both name is equal."""
    here, there = beneficiary.withdraw_form_details, withdrawal.withdraw_details
    if beneficiary.currency != withdrawal.currency or not isinstance(here, dict) or not isinstance(there, dict):
        return False
    shared = here.keys() & there.keys()
    return bool(shared) and all(here[name] == there[name] for name in shared)


def _flat(details: dict[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    path: list[str] = []
    for each in fields_of(details, ""):
        del path[each.depth :]
        path.append(each.label)
        if each.value is not None:
            label = " · ".join(part for part in path[1:] if part and part != "Destination") or "Destination"
            flat[label] = each.value
    return flat


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    return value
