"""Reads the currency list, whose shape the vendor does not document. Finds what is there and invents nothing."""

import re
from dataclasses import dataclass
from typing import Any

from lumedesk.domain.records import Currency

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")
_CODES = ("code", "currency", "currencyCode", "symbol", "ticker", "asset", "id")
_NAMES = ("name", "displayName", "currencyName", "fullName", "label", "title")
_DECIMALS = ("decimals", "decimalPlaces", "precision", "scale", "fractionDigits", "maxDecimals")
_NETWORKS = ("networks", "networkNames", "supportedNetworks", "chains", "blockchains")
_NETWORK_NAMES = ("networkName", "name", "code", "network", "chain", "id")
_WRAPPERS = ("currencies", "content", "items", "data", "results")
_ENABLED = ("enabled", "isEnabled", "active", "isActive")
_DISABLED = ("disabled", "isDisabled")
_STATUS_OFF = {"disabled", "inactive", "suspended", "delisted"}
_STATUS_ON = {"enabled", "active"}
_MAX_DECIMALS = 36


@dataclass(frozen=True, slots=True)
class CurrencyList:
    """What could be read, in the server's order, each code once. `skipped` holds the positions where nothing was found."""

    currencies: tuple[Currency, ...]
    skipped: tuple[int, ...] = ()


def read_currencies(answer: Any) -> CurrencyList | None:
    """Read decoded JSON: an array of codes or objects, an object around one, or a mapping from code to object.

    Shape: None when `answer` is nothing of the kind. `enabled` is None where the entry doesn't say. Never raises.
    """
    entries = _entries(answer)
    if entries is None:
        return None
    found: dict[str, Currency] = {}
    skipped: list[int] = []
    for position, (hint, entry) in enumerate(entries):
        currency = _currency(hint, entry)
        if currency is None:
            skipped.append(position)
        else:
            found.setdefault(currency.code, currency)
    return CurrencyList(tuple(found.values()), tuple(skipped))


def _entries(answer: Any) -> list[tuple[str | None, Any]] | None:
    if isinstance(answer, list):
        return [(None, entry) for entry in answer]
    if not isinstance(answer, dict):
        return None
    for name in _WRAPPERS:
        inner = answer.get(name)
        if isinstance(inner, list):
            return [(None, entry) for entry in inner]
        if isinstance(inner, dict) and len(answer) == 1:
            return _entries(inner)
    # A mapping: what its members hold must be objects (or a bare name), or it is some other message.
    if answer and all(isinstance(value, dict) for value in answer.values()):
        return list(answer.items())
    return [] if not answer else None


def _currency(hint: str | None, entry: Any) -> Currency | None:
    if isinstance(entry, str):
        return Currency(code=entry) if _CODE.fullmatch(entry) else None
    if not isinstance(entry, dict):
        return None
    code = _first_code(entry) or hint
    if code is None or not _CODE.fullmatch(code):
        return None
    name = next((entry[each] for each in _NAMES if isinstance(entry.get(each), str) and entry[each]), None)
    return Currency(code=code, name=name, decimals=_decimals(entry), networks=_networks(entry), enabled=_state(entry))


def _first_code(entry: dict[str, Any]) -> str | None:
    for name in _CODES:
        value = entry.get(name)
        if isinstance(value, dict):
            value = value.get("code")
        if isinstance(value, str) and _CODE.fullmatch(value):
            return value
    return None


def _decimals(entry: dict[str, Any]) -> int | None:
    for name in _DECIMALS:
        value = entry.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_DECIMALS:
            return value
    return None


def _networks(entry: dict[str, Any]) -> tuple[str, ...]:
    for each in _NETWORKS:
        listed = entry.get(each)
        if isinstance(listed, dict):
            listed = list(listed)
        if isinstance(listed, list):
            return tuple(dict.fromkeys(name for name in map(_network, listed) if name))
    single = entry.get("networkName") or entry.get("network")
    return (single,) if isinstance(single, str) else ()


def _network(entry: Any) -> str | None:
    if isinstance(entry, str):
        return entry
    if isinstance(entry, dict):
        return next((entry[each] for each in _NETWORK_NAMES if isinstance(entry.get(each), str) and entry[each]), None)
    return None


def _state(entry: dict[str, Any]) -> bool | None:
    for name in _ENABLED:
        if isinstance(entry.get(name), bool):
            return bool(entry[name])
    for name in _DISABLED:
        if isinstance(entry.get(name), bool):
            return not entry[name]
    status = entry.get("status")
    if isinstance(status, str):
        return True if status.lower() in _STATUS_ON else False if status.lower() in _STATUS_OFF else None
    return None
