"""How long finished records are kept on this computer, in a small file of the profile."""

from pathlib import Path

from lumedesk.store.private_file import NotReadable, is_newer, read_json, refuse_newer, write_json

# The first files didn't say one.
_VERSION = 1
_MOST_DAYS = 36_500


def read_retention(path: Path) -> int | None:
    """In days; None, which is also what can't be read, keeps all. Never raises."""
    try:
        told = read_json(path)
    except (NotReadable, OSError):
        return None
    days = told.get("keep_days") if isinstance(told, dict) and not is_newer(told, _VERSION) else None
    return days if isinstance(days, int) and not isinstance(days, bool) and 0 < days <= _MOST_DAYS else None


def write_retention(path: Path, days: int | None) -> None:
    """Replace what was said. Errors: NotWritable, also where a newer LumeDesk said it."""
    refuse_newer(path, _VERSION)
    write_json(path, {"version": _VERSION, "keep_days": days})
