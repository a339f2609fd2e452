"""The filters that were saved by name, in one sealed JSON file of the profile: what isn't understood is kept, and said."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lumedesk.domain.credentials import Secret
from lumedesk.domain.filters import FILTERABLE, FilterError, HistoryFilter, checked_name, from_plain, plain
from lumedesk.domain.kinds import Kind
from lumedesk.domain.text import shown
from lumedesk.store.private_file import NotReadable, NotWritable, read_json, set_aside, write_json

_VERSION = 1
_KINDS = {kind.table: kind for kind in FILTERABLE}
_MAX_TOLD = 3


class FiltersFile:
    """The saved filters of each history. `trouble` says why there may be fewer than were saved; empty when all is well."""

    def __init__(self, path: Path, now: datetime, key: Secret | None = None) -> None:
        """Read the file; what is unreadable is set aside. Never raises."""
        self._path = path
        self._key = key
        self._is_foreign = False
        self.trouble = ""
        self._filters: dict[Kind, dict[str, HistoryFilter]] = {kind: {} for kind in FILTERABLE}
        # What a later desk wrote perhaps: not used, and written back as it was found.
        self._strange: dict[str, dict[str, Any]] = {}
        try:
            self._read()
        except NotReadable as error:
            self._set_aside(str(error), now)
        except OSError as error:
            self._is_foreign = True
            self.trouble = f"The saved filters in {path.name} can't be read ({error.strerror})."

    def of(self, kind: Kind) -> Mapping[str, HistoryFilter]:
        """A history's filters by name, in the names' order."""
        return dict(sorted(self._filters[kind].items(), key=lambda item: item[0].casefold()))

    def put(self, kind: Kind, name: str, each: HistoryFilter) -> None:
        """Save a filter, in place of one of that name. Errors: NotWritable (nothing is changed then), FilterError."""
        self._write(kind, self._filters[kind] | {checked_name(name): each}, name)

    def remove(self, kind: Kind, name: str) -> None:
        """Forget a filter; nothing where there is none of that name. Errors: NotWritable; nothing is changed then."""
        self._write(kind, {each: kept for each, kept in self._filters[kind].items() if each != name}, name)

    def _write(self, kind: Kind, filters: dict[str, HistoryFilter], name: str) -> None:
        if self._is_foreign:
            raise NotWritable(self.trouble)
        strange = {each: dict(held) for each, held in self._strange.items()}
        strange.get(kind.table, {}).pop(name, None)
        told = dict(strange)
        for each, held in (self._filters | {kind: filters}).items():
            told[each.table] = told.get(each.table, {}) | {named: plain(kept) for named, kept in held.items()}
        try:
            write_json(self._path, {"version": _VERSION, "filters": told}, self._key)
        except UnicodeEncodeError as error:
            raise NotWritable("There is half a character in the filter, which can't be saved.") from error
        self._filters[kind], self._strange = filters, strange
        self.trouble = self._told_of(strange)

    def _read(self) -> None:
        value = read_json(self._path, self._key)
        if value is None:
            return
        if isinstance(value, dict) and isinstance(value.get("version"), int) and value["version"] > _VERSION:
            self._is_foreign = True
            self.trouble = "The saved filters were written by a newer LumeDesk. Update this one to use them."
            return
        if not isinstance(value, dict) or value.get("version") != _VERSION:
            raise NotReadable("its version isn't a number")
        filters = value.get("filters")
        if not isinstance(filters, dict) or not all(isinstance(held, dict) for held in filters.values()):
            raise NotReadable("it isn't built as saved filters are")
        for table, held in filters.items():
            for name, each in held.items():
                self._take(table, name, each)
        self.trouble = self._told_of(self._strange)

    def _take(self, table: str, name: str, value: Any) -> None:
        kind = _KINDS.get(table)
        try:
            if kind is None or checked_name(name) != name:
                raise FilterError(f"nothing is filtered under {table!r} by that name")
            self._filters[kind][name] = from_plain(kind, value)
        except FilterError:
            self._strange.setdefault(table, {})[name] = value

    @staticmethod
    def _told_of(strange: dict[str, dict[str, Any]]) -> str:
        names = [shown(name, 40) for held in strange.values() for name in held]
        if not names:
            return ""
        told = ", ".join(f"“{name}”" for name in names[:_MAX_TOLD]) + (" and more" if len(names) > _MAX_TOLD else "")
        return f"Not understood, and so not offered: the saved filter {told}."

    def _set_aside(self, why: str, now: datetime) -> None:
        try:
            aside = set_aside(self._path, now)
            self.trouble = f"The saved filters can't be read ({why}). The file was kept as {aside.name}."
        except OSError as error:
            # Saving would overwrite what may still be mended by hand.
            self._is_foreign = True
            self.trouble = f"The saved filters can't be read ({why}), nor set aside ({error.strerror})."
