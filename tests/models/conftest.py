"""Models under Qt's own tester, and histories' sources: one over a real mirror, one over a plain list."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.models.table import KeyedTable
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader
from tests.support.history_sources import Source

Watch = Callable[[KeyedTable[Any, Any]], KeyedTable[Any, Any]]


class DirectSource(Source):
    """Asks the mirror."""

    def __init__(self, reader: MirrorReader) -> None:
        super().__init__()
        self.reader = reader

    def rows(self, query: HistoryQuery) -> "array[int]":
        return self.reader.order(query)

    def documents(self, kind: Kind, rows: Sequence[int]) -> Any:
        self.reads.append(list(rows))
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
