"""What this user chose about updates, and the highest notice seen: one JSON file beside the profiles."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lumedesk.domain.releases import Notice, Seen
from lumedesk.domain.times import instant
from lumedesk.domain.versions import Version
from lumedesk.store.private_file import NotReadable, read_json, refuse_newer, write_json

_VERSION = 1
_MAX_SERIAL = 2**53


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """`is_daily` is the user's choice, held since `daily_since`.

    `asked_at` is when an answer last came, `heard_at` when a good one did. All times are in UTC.
    """

    is_daily: bool = False
    seen: Seen = field(default_factory=Seen)
    asked_at: datetime | None = None
    heard_at: datetime | None = None
    daily_since: datetime | None = None


def read_update_settings(path: Path) -> UpdateSettings:
    """What was saved; for all that isn't readable what holds without it, which is never to ask."""
    try:
        saved = read_json(path)
    except (NotReadable, OSError):
        return UpdateSettings()
    if not isinstance(saved, dict):
        return UpdateSettings()
    return UpdateSettings(
        is_daily=saved.get("daily") is True,
        seen=Seen(_serial(saved.get("serial")), _version(saved.get("release"))),
        asked_at=_moment(saved.get("asked_at")),
        heard_at=_moment(saved.get("heard_at")),
        daily_since=_moment(saved.get("daily_since")),
    )


def keep_daily(path: Path, *, is_daily: bool, at: datetime) -> UpdateSettings:
    """Note the user's choice, made `at` that moment. Shape: all that is saved now. Errors: NotWritable."""
    saved = read_update_settings(path)
    since = saved.daily_since if saved.is_daily and saved.daily_since else at
    return _write(path, replace(saved, is_daily=is_daily, daily_since=since if is_daily else None))


def keep_asked(path: Path, at: datetime, notice: Notice | None) -> UpdateSettings:
    """Note that an answer came, and the `notice` if it was a good one. Shape: all that is saved now. Errors: NotWritable.

    Read anew first: another LumeDesk may have seen more meanwhile, and what was seen never goes down.
    """
    kept = replace(read_update_settings(path), asked_at=at)
    if notice is not None:
        kept = replace(kept, seen=kept.seen.with_notice(notice), heard_at=at)
    return _write(path, kept)


def _write(path: Path, settings: UpdateSettings) -> UpdateSettings:
    refuse_newer(path, _VERSION)
    seen = settings.seen
    write_json(
        path,
        {
            "version": _VERSION,
            "daily": settings.is_daily,
            "serial": seen.serial,
            "release": seen.version.text if seen.version else "",
            "asked_at": _written(settings.asked_at),
            "heard_at": _written(settings.heard_at),
            "daily_since": _written(settings.daily_since),
        },
    )
    return settings


def _written(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _moment(saved: Any) -> datetime | None:
    read = instant(saved) if isinstance(saved, str) else None
    return None if read is None else read.at


def _serial(saved: Any) -> int:
    is_number = isinstance(saved, int) and not isinstance(saved, bool)
    return saved if is_number and 0 <= saved <= _MAX_SERIAL else 0


def _version(saved: Any) -> Version | None:
    try:
        return Version(saved) if isinstance(saved, str) and saved else None
    except ValueError:
        return None
