"""How an operator likes quotes, in one JSON file of the profile. What can't be read there falls back on the defaults."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, replace

from lumedesk.domain.money import fixed
from lumedesk.domain.quotes import QuotePreferences
from lumedesk.store.private_file import NotReadable, is_newer, read_json, refuse_newer, write_json

# The first files didn't say one.
_VERSION = 1
_MAX_INT_DIGITS = 9
_AMOUNT = re.compile(r"[0-9]{1,30}(\.[0-9]{1,18})?")


def read_preferences(path: Path) -> QuotePreferences:
    """The preferences that were saved; the defaults, which are the careful ones, for all that isn't readable."""
    defaults = QuotePreferences()
    try:
        saved = read_json(path)
    except (NotReadable, OSError):
        return defaults
    if not isinstance(saved, dict) or is_newer(saved, _VERSION):
        return defaults
    known = asdict(defaults)
    values = {name: _value(known[name], saved[name]) for name in known.keys() & saved.keys()}
    return replace(defaults, **{name: value for name, value in values.items() if value is not None})


def write_preferences(path: Path, preferences: QuotePreferences) -> None:
    """Replace what was saved. Errors: NotWritable, also where a newer LumeDesk saved it."""
    refuse_newer(path, _VERSION)
    write_json(path, {"version": _VERSION} | {name: _plain(value) for name, value in asdict(preferences).items()})


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return fixed(value)
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case bool():
            return value
        case _:
            return str(value)


def _value(default: Any, saved: Any) -> Any:
    """`saved` in the type of `default`; None where it isn't one."""
    match default, saved:
        case bool(), bool():
            return saved
        case bool(), _:
            return None
        case dict(), dict():
            read = {str(key): _value(Decimal(), each) for key, each in saved.items()}
            return {key: each for key, each in read.items() if each is not None}
        case int(), str() if saved.isascii() and saved.isdigit() and len(saved) <= _MAX_INT_DIGITS:
            return int(saved)
        case Decimal() | float(), str() if _AMOUNT.fullmatch(saved):
            return type(default)(saved)
    return None
