"""The filters that the operator saved by name, kept in the profile: read at the start, written on the worker."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.filters import FilterError, HistoryFilter
from lumedesk.domain.kinds import Kind
from lumedesk.store.private_file import NotWritable
from lumedesk.store.saved_filters import FiltersFile
from lumedesk.work.engine import Engine


class FilterNotKept(DeskError):
    """A saved filter that could not be written."""

    title = "The filters were not saved"
    advice = "Those saved before are still there."


class SavedFilters(QObject):
    """One profile's filters. Lives on the UI thread; what it writes is written on the worker."""

    # (Kind): other filters of that history are saved now. UI thread.
    changed = Signal(object)

    def __init__(
        self,
        path: Path,
        clock: Clock,
        engine: Engine,
        *,
        key: Secret | None = None,
        view_only: bool = False,
        parent: QObject | None = None,
    ) -> None:
        """`key` seals the file. `view_only`: another process writes it; here it is only read."""
        super().__init__(parent)
        self._engine = engine
        self._view_only = view_only
        self._file = FiltersFile(path, clock.now(), key)

    @property
    def trouble(self) -> str:
        """Why fewer filters may be offered than were saved; empty when all is well."""
        return self._file.trouble

    def of(self, kind: Kind) -> Mapping[str, HistoryFilter]:
        """A history's filters by name, in the names' order."""
        return self._file.of(kind)

    def put(
        self,
        kind: Kind,
        name: str,
        each: HistoryFilter,
        done: Callable[[], None],
        failed: Callable[[DeskError], None],
    ) -> None:
        """Save a filter, in place of one of that name; `failed` gets FilterNotKept, and then nothing is changed."""
        self._write(kind, lambda: self._file.put(kind, name, each), done, failed)

    def remove(self, kind: Kind, name: str, done: Callable[[], None], failed: Callable[[DeskError], None]) -> None:
        """Forget a filter; `failed` gets FilterNotKept, and then it is still there."""
        self._write(kind, lambda: self._file.remove(kind, name), done, failed)

    def _write(
        self, kind: Kind, write: Callable[[], None], done: Callable[[], None], failed: Callable[[DeskError], None]
    ) -> None:
        async def run() -> None:
            if self._view_only:
                raise FilterNotKept("Another LumeDesk has this profile open.", wire=Wire.NOT_SENT)
            try:
                write()
            except (NotWritable, FilterError) as error:
                raise FilterNotKept(str(error), wire=Wire.NOT_SENT) from error

        def tell(_nothing: None) -> None:
            self.changed.emit(kind)
            done()

        self._engine.submit(run(), self, tell, failed)
