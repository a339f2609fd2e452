"""Timestamps as the API sends them: with a zone and without one, sometimes in the same record."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?\s*([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MINUTE, _DAY = timedelta(minutes=1) // _MICROSECOND, timedelta(days=1) // _MICROSECOND

# Nearly all times of a long history look so: a hundred thousand of them are made of a few hundred days and of what these
# three hold, which is microseconds by "2026-05-11", "T10:15:" and "30Z" or "30". Nothing rolls over in them.
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ?", re.ASCII)
_DAYS: dict[str, int] = {}
_MINUTES: dict[str, int] = {}
_SECONDS: dict[str, int] = {}
_MOST_DAYS = 20_000


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
    if text is None:
        return None
    try:
        return _DAYS[text[:10]] + _MINUTES[text[10:17]] + _SECONDS[text[17:]]
    except KeyError:
        return _learn_micros(text)


def _learn_micros(text: str) -> int | None:
    moment = instant(text)
    if moment is None:
        return None
    at = (moment.at - _EPOCH) // _MICROSECOND
    if _PLAIN.fullmatch(text):
        if len(_DAYS) >= _MOST_DAYS:
            _DAYS.clear()
        in_day, in_minute = at % _DAY, at % _MINUTE
        _DAYS[text[:10]], _MINUTES[text[10:17]], _SECONDS[text[17:]] = at - in_day, in_day - in_minute, in_minute
    return at
