"""The desk's own parts around one profile, as far as measuring needs them: a session, and the trades in their table."""

import gc
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject
from PySide6.QtWidgets import QApplication, QTableView

from lumedesk import running
from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.models.trades import FillsTable, TradesTable
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.engine import Engine
from lumedesk.work.session import Session
from tests.bench.waiting import until
from tests.support.desk import AddressConnector, a_session

WIDTH, HEIGHT = 1280, 800
CREDENTIALS = Credentials("bench-key", Secret("bench-secret"))


def an_app() -> QApplication:
    """The one there is, or a new one."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    return app


def paths_in(folder: Path) -> ProfilePaths:
    """The measured profile's files in `folder`, which is made."""
    paths = profile_paths(Path(folder), "bench")
    make_private_folder(paths.folder)
    return paths


def copied(folder: Path, to: Path) -> Path:
    """A profile of one's own to write to."""
    shutil.copytree(folder, to)
    return to


def warm_up(look: Look) -> None:
    """Paint an empty table once: fonts, styles and modules are there then, as they are in a window that stands open."""
    view = RecordView(FillsTable(), look, "warm-up")
    view.resize(WIDTH, HEIGHT)
    view.show()
    painted = Shows(view.model(), view, counts_empty=True)
    until(lambda: painted.paints, "an empty table")
    view.hide()


class Rig:
    """An application and an engine; then a session, and a table of trades, where they are asked for."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """`url` None works offline."""
        # As the program itself does at its start, and once its first rows are shown.
        sys.setswitchinterval(running._TURN_S)
        self.app = an_app()
        self.look = Look(self.app, Scheme.LIGHT)
        self.engine = Engine()
        self.paths = paths_in(folder)
        self._url = url
        self.session: Session
        self.table: TradesTable
        self.view: RecordView
        self.shows: Shows

    def open_session(self) -> Session:
        """Begin; polling too, where there is a server."""
        connector = (
            AddressConnector(self._url, CREDENTIALS, deadline_s=60.0, list_deadline_s=120.0) if self._url else None
        )
        self.session = a_session(self.engine, self.paths, connector, SystemClock())
        self.session.start()
        return self.session

    def show_trades(self) -> RecordView:
        """Put the table on the screen, newest first; returns before anything is found or painted."""
        self.table = TradesTable(self.session)
        self.session.history_changed.connect(self._take_changes)
        self.view = RecordView(self.table, self.look, "trades-table")
        self.shows = Shows(self.table, self.view)
        self.view.let_sort(self.table.columns[0].name, descending())
        self.view.resize(WIDTH, HEIGHT)
        self.view.show()
        return self.view

    def wait_for(self, happened: Callable[[], object], what: str) -> None:
        """Let Qt work until then. Errors: AssertionError when it never comes."""
        until(happened, what)

    def has_rows(self, count: int) -> bool:
        """Whether the table knows so many rows, each of them."""
        return self.table.is_ready and self.table.is_whole and self.table.rowCount() == count

    def wait_for_rows(self, count: int) -> None:
        """Until the table shows so many rows, and they were painted."""
        self.wait_for(lambda: self.has_rows(count), f"{count:,} rows")
        painted = self.shows.paints
        self.view.viewport().update()
        self.wait_for(lambda: self.shows.paints > painted, "a picture of them")

    def settle(self) -> None:
        """What the program does once its window is there."""
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Stop everything and let the files be whole."""
        self.session.stop()

    def _take_changes(self, kind: Any, touched: Any) -> None:
        if kind is self.table.kind:
            self.table.take_changes(touched)


class Shows(QObject):
    """Counts what a model tells its view, and how often the view painted rows."""

    def __init__(self, model: QAbstractItemModel, view: QTableView, *, counts_empty: bool = False) -> None:
        super().__init__()
        self._counts_empty = counts_empty
        self._model = model
        self.changes = 0
        self.paints = 0
        self.listeners: list[Callable[[str], None]] = []
        for signal in (model.layoutChanged, model.modelReset, model.rowsInserted, model.rowsRemoved, model.rowsMoved):
            signal.connect(self._note_change)
        model.dataChanged.connect(self._note_change)
        view.viewport().installEventFilter(self)
        self._view = view

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The picture itself is painted right after this, and before the event loop goes on.
        if event.type() == QEvent.Type.Paint and (self._counts_empty or self._model.rowCount()):
            self.paints += 1
            self._tell("paint")
        return False

    def _note_change(self, *_what: Any) -> None:
        self.changes += 1
        self._tell("change")

    def _tell(self, what: str) -> None:
        for listener in self.listeners:
            listener(what)


def descending() -> Any:
    """Qt's word for it."""
    from PySide6.QtCore import Qt

    return Qt.SortOrder.DescendingOrder
