"""The desk's own parts around one profile, as far as measuring needs them: a session, and the trades in their table."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject
from PySide6.QtGui import QPaintEvent
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
from lumedesk.work.sweeping import Sweeper
from tests.bench.process import Watch
from tests.bench.waiting import PULSE_MS, until
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
    # What the session's worker loads with its first request.
    import lumedesk.work.link  # noqa: F401

    view = RecordView(FillsTable(), look, "warm-up")
    view.resize(WIDTH, HEIGHT)
    view.show()
    painted = Shows(view.model(), view, counts_empty=True)
    until(lambda: painted.paints, "an empty table")
    view.hide()


class PaintedView(RecordView):
    """The desk's own table, which tells when a picture of it is painted: `painted` is called after each."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.painted: list[Callable[[], None]] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        for tell in self.painted:
            tell()


class Rig:
    """An application and an engine; then a session, and a table of trades, where they are asked for."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """`url` None works offline."""
        # As the program itself does at its start, and once its first rows are shown.
        sys.setswitchinterval(running._TURN_S)
        self.app = an_app()
        self.sweeper = Sweeper(self.app)
        self.look = Look(self.app, Scheme.LIGHT)
        self.engine = Engine()
        self.paths = paths_in(folder)
        self._url = url
        self.session: Session
        self.table: TradesTable
        self.view: PaintedView
        self.shows: Shows

    def open_session(self) -> Session:
        """Begin; polling too, where there is a server."""
        connector = (
            AddressConnector(self._url, CREDENTIALS, deadline_s=60.0, list_deadline_s=120.0) if self._url else None
        )
        self.session = a_session(self.engine, self.paths, connector, SystemClock())
        self.session.start()
        return self.session

    def show_trades(self) -> PaintedView:
        """Put the table on the screen, newest first; returns before anything is found or painted."""
        self.table = TradesTable(self.session)
        self.session.history_changed.connect(self._take_changes)
        self.view = PaintedView(self.table, self.look, "trades-table")
        self.shows = Shows(self.table, self.view)
        self.view.let_sort(self.table.columns[0].name, descending())
        self.view.resize(WIDTH, HEIGHT)
        self.view.show()
        return self.view

    def wait_for(self, happened: Callable[[], object], what: str, *, pulse_ms: int = PULSE_MS) -> None:
        """Let Qt work until then; see `until`. Errors: AssertionError when it never comes."""
        until(happened, what, pulse_ms=pulse_ms)

    def has_rows(self, count: int) -> bool:
        """Whether the table knows so many rows, each of them."""
        return self.table.is_ready and self.table.is_whole and self.table.rowCount() == count

    def wait_for_rows(self, count: int) -> None:
        """Until the table shows so many rows, and they were painted."""
        self.wait_for(lambda: self.has_rows(count), f"{count:,} rows")
        painted = self.shows.paints
        self.view.viewport().update()
        self.wait_for(lambda: self.shows.paints > painted, "a picture of them")

    def finish_painting(self) -> None:
        """Until nothing is left to be painted of what happened so far."""
        finish_painting(self.view, self.shows)

    def settle(self) -> None:
        """What the program does once its window is there."""
        self.sweeper.keep()

    def close(self) -> None:
        """Stop everything and let the files be whole."""
        self.session.stop()

    def _take_changes(self, kind: Any, touched: Any) -> None:
        if kind is self.table.kind:
            self.table.take_changes(touched)


class Shows(QObject):
    """Counts what a model tells its view, and how often the view painted rows.

    Listeners hear of a "change", of a "paint" that begins and, from a PaintedView, of what was "painted", rows or not.
    """

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
        if isinstance(view, PaintedView):
            view.painted.append(lambda: self._tell("painted"))
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


class FirstPicture:
    """When the first picture with rows was painted, from the making of this on: milliseconds by the clock, and of CPU."""

    def __init__(self, shows: Shows) -> None:
        self._shows = shows
        self._before = shows.paints
        self.passed_ms = self.computed_ms = 0.0
        shows.listeners.append(self._note)
        self._watch = Watch()

    def wait(self) -> "FirstPicture":
        """Until it is there."""
        until(lambda: self.passed_ms, "the first rows")
        return self

    def _note(self, what: str) -> None:
        if what == "painted" and not self.passed_ms and self._shows.paints > self._before:
            self.computed_ms, self.passed_ms = self._watch.computed(), self._watch.passed()


def finish_painting(view: QTableView, shows: Shows) -> None:
    """Until nothing is left to be painted of what happened so far: nobody types before he sees what he typed."""
    for _ in range(2):
        painted: list[None] = []

        def note(what: str, painted: list[None] = painted) -> None:
            if what == "painted":
                painted.append(None)

        shows.listeners.append(note)
        view.viewport().update()
        until(lambda painted=painted: painted, "a picture")  # type: ignore[misc]
        shows.listeners.remove(note)


def descending() -> Any:
    """Qt's word for it."""
    from PySide6.QtCore import Qt

    return Qt.SortOrder.DescendingOrder
