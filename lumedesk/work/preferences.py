"""How the operator likes quotes, kept in the profile: read at the start, written on the worker."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.quotes import QuotePreferences
from lumedesk.store.preferences import read_preferences, write_preferences
from lumedesk.store.private_file import NotWritable
from lumedesk.work.engine import Engine


class NotSaved(DeskError):
    """Preferences that could not be written."""

    title = "The settings were not saved"
    advice = "Those from before stay in force."


class Preferences(QObject):
    """One profile's preferences. Lives on the UI thread."""

    def __init__(self, path: Path, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._engine = engine
        self.quotes = read_preferences(path)

    def save(self, quotes: QuotePreferences, done: Callable[[], None], failed: Callable[[DeskError], None]) -> None:
        """Put these in force once they are written; `failed` gets NotSaved, and then the old ones stay."""

        async def write() -> None:
            try:
                write_preferences(self._path, quotes)
            except NotWritable as error:
                raise NotSaved(str(error), wire=Wire.NOT_SENT) from error

        def take(_nothing: None) -> None:
            self.quotes = quotes
            done()

        self._engine.submit(write(), self, take, failed)
