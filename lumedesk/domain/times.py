"""Timestamps as the API sends them: with a zone and without one, sometimes in the same record."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?\s*([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)

_PLAIN = len("2026-05-11T10:15:30Z")
# Its signs between the digits are three apart from the first one on.
_SIGNS, _BETWEEN = slice(4, None, 3), "--T::Z"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(msgspec.Struct, frozen=True):
    """A moment in UTC. `assumed_utc` says that the text named no zone and was read as UTC."""

    at: datetime
    assumed_utc: bool = False


def instant(text: str | None) -> Instant | None:
    """Read a timestamp; None for what can't be read (the caller then shows the text as it came). Never raises.

    Leap seconds and 24:00 roll over into the next second; digits finer than a microsecond are cut.
    """
    match = _ISO.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        at = datetime(int(year), int(month), int(day), tzinfo=UTC)
        if int(hour) > 24 or int(minute) > 59 or int(second or 0) > 60:
            return None
        at += timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
        at += timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
        if zone and zone not in "Zz":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            at = at - offset if zone[0] == "+" else at + offset
    except (ValueError, OverflowError):
        return None
    return Instant(at, assumed_utc=zone is None)


def micros(text: str | None) -> int | None:
    """Microseconds since 1970 in UTC, for ordering; None where `instant` gives none."""
    if text is not None and len(text) == _PLAIN and text[_SIGNS] == _BETWEEN:
        # Nearly all of a long history looks so, a hundred thousand times over.
        try:
            return int(datetime.fromisoformat(text).timestamp()) * 1_000_000
        except ValueError:
            pass
    moment = instant(text)
    return None if moment is None else (moment.at - _EPOCH) // timedelta(microseconds=1)
