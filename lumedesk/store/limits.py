"""The local limits in one JSON file of the profile: amounts as text, replaced as a whole, set aside and said when unreadable."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lumedesk.domain.credentials import Secret
from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.domain.money import fixed
from lumedesk.store.private_file import NotReadable, NotWritable, last_set_aside, read_json, set_aside, write_json

_VERSION = 1
_AMOUNT = re.compile(r"[0-9]{1,50}(\.[0-9]{1,40})?")
_FIELDS = ("single", "daily", "beneficiary_daily", "typed_from")


class LimitsFile:
    """The limits in force. `trouble` says why there may be fewer than were set; it is empty when all is well."""

    def __init__(self, path: Path, now: datetime, key: Secret | None = None) -> None:
        """Read the file; what is unreadable is set aside. Never raises."""
        self._path = path
        self._key = key
        self._is_foreign = False
        self.trouble = ""
        self.limits = Limits()
        try:
            self.limits = self._read()
        except NotReadable as error:
            self._set_aside(str(error), now)
        except OSError as error:
            self.trouble = f"The limits in {path.name} can't be read ({error.strerror}). None are in force."

    def save(self, limits: Limits) -> None:
        """Put `limits` in force, durably. Errors: NotWritable; then the old ones stay in force."""
        if self._is_foreign:
            raise NotWritable("The limits were written by a newer LumeDesk. Update this one to change them.")
        write_json(self._path, _plain(limits), self._key)
        self.limits = limits
        self.trouble = ""

    def _read(self) -> Limits:
        value = read_json(self._path, self._key)
        if value is None:
            aside = last_set_aside(self._path)
            if aside is not None:
                # Until somebody sets limits anew, their loss goes on being said.
                self.trouble = (
                    f"The limits couldn't be read once and were set aside as {aside.name}. None are in force."
                )
            return Limits()
        if isinstance(value, dict) and isinstance(value.get("version"), int) and value["version"] > _VERSION:
            self._is_foreign = True
            self.trouble = "The limits were written by a newer LumeDesk, so none are in force here. Update this one."
            return Limits()
        return _limits(value)

    def _set_aside(self, why: str, now: datetime) -> None:
        try:
            aside = set_aside(self._path, now)
            self.trouble = f"The limits can't be read ({why}). None are in force; the file was kept as {aside.name}."
        except OSError as error:
            # Saving would overwrite what may still be mended by hand.
            self._is_foreign = True
            self.trouble = f"The limits can't be read ({why}), nor set aside ({error.strerror}). None are in force."


def _plain(limits: Limits) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "repeat_days": limits.repeat_days,
        "currencies": {
            code: {name: fixed(amount) for name in _FIELDS if (amount := getattr(each, name)) is not None}
            for code, each in limits.currencies.items()
        },
        "beneficiaries": {identity: fixed(amount) for identity, amount in limits.beneficiaries.items()},
    }


def _limits(value: Any) -> Limits:
    """Errors: NotReadable for anything that `_plain` doesn't write."""
    try:
        fields = _members(value, {"version", "repeat_days", "currencies", "beneficiaries"})
        if fields["version"] != _VERSION or type(fields["repeat_days"]) is not int:
            raise NotReadable("its version or days aren't numbers")
        currencies = {
            code: CurrencyLimits(**{name: _amount(text) for name, text in _members(each, set(_FIELDS)).items()})
            for code, each in _members(fields["currencies"]).items()
        }
        beneficiaries = {identity: _amount(text) for identity, text in _members(fields["beneficiaries"]).items()}
        return Limits(currencies, beneficiaries, fields["repeat_days"])
    except KeyError as error:
        raise NotReadable(f"{error} is missing") from error
    except ValueError as error:
        raise NotReadable(str(error)) from error


def _members(value: Any, allowed: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotReadable("it isn't built as limits are")
    strange = set(value) - allowed if allowed is not None else None
    if strange:
        raise NotReadable(f"nobody knows what {min(strange)[:40]!r} limits")
    return value


def _amount(text: Any) -> Decimal:
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise NotReadable(f"{str(text)[:40]!r} isn't an amount")
    return Decimal(text)
