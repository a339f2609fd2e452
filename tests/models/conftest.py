"""Models under Qt's own tester, and a history's source that answers at once from a real mirror."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtTest import QAbstractItemModelTester

from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.models.table import KeyedTable
from lumedesk.store.mirror import HistoryQuery, Mirror, MirrorReader
from lumedesk.store.paths import ProfilePaths

Watch = Callable[[KeyedTable[Any, Any]], KeyedTable[Any, Any]]


class Waiting:
    """A search that answers when `answer` is called."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self._answer = answer
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def answer(self) -> None:
        if not self.is_cancelled:
            self._answer()


class DirectSource:
    """Asks the mirror at once, or, with `holds`, when a test lets a search answer."""

    def __init__(self, reader: MirrorReader) -> None:
        self.reader = reader
        self.holds = False
        self.error: DeskError | None = None
        self.waiting: list[Waiting] = []
        self.reads: list[list[int]] = []

    def order(
        self, query: HistoryQuery, owner: QObject, done: Callable[[Any], None], failed: Callable[[DeskError], None]
    ) -> Waiting:
        error = self.error
        rows = self.reader.order(query)
        waiting = Waiting(lambda: done(rows) if error is None else failed(error))
        self.waiting.append(waiting)
        if not self.holds:
            waiting.answer()
        return waiting

    def documents(self, kind: Kind, rows: list[int]) -> dict[int, bytes]:
        self.reads.append(rows)
        return self.reader.documents(kind, rows)


@pytest.fixture
def watched(qtmodeltester: object) -> Watch:
    """Let Qt's tester follow a model; its complaints are Qt warnings, which fail the test."""

    def watch(model: KeyedTable[Any, Any]) -> KeyedTable[Any, Any]:
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
        return model

    return watch


@pytest.fixture
def mirror(profile: ProfilePaths) -> Iterator[Mirror]:
    mirror = Mirror(profile.mirror)
    yield mirror
    mirror.close()


@pytest.fixture
def source(mirror: Mirror, profile: ProfilePaths) -> Iterator[DirectSource]:
    reader = MirrorReader(profile.mirror)
    yield DirectSource(reader)
    reader.close()
