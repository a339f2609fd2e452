"""A history's table on the desk's own lookups: a second thread, a real file, and polls that come while it searches."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel
from pytestqt.qtbot import QtBot

from lumedesk.domain.kinds import Kind
from lumedesk.models.table import RECORD
from lumedesk.models.trades import TradesTable
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader, Stored
from lumedesk.work.engine import Engine
from lumedesk.work.lookups import Lookups
from tests.models.conftest import Watch
from tests.support.builders import a_trade
from tests.support.mirrors import write
from tests.support.signals import Heard, texts

FLAGS = QItemSelectionModel.SelectionFlag


class Shown:
    """What a session offers a table: lookups on the second thread, documents at once."""

    def __init__(self, engine: Engine, paths: ProfilePaths) -> None:
        self.lookups = Lookups(engine, paths.mirror)
        self.reader = MirrorReader(paths.mirror)

    def documents(self, kind: Kind, rows: Sequence[int]) -> dict[int, Stored]:
        return self.reader.documents(kind, rows)


@pytest.fixture
def shown(mirror: Mirror, engine: Engine, profile: ProfilePaths) -> Iterator[Shown]:
    shown = Shown(engine, profile)
    yield shown
    shown.lookups.close()
    shown.reader.close()


def trades(count: int, start: int = 0, status: str = "COMPLETED") -> list[Any]:
    return [
        a_trade(
            transaction_id=f"t{n:05}",
            status=status,
            created_at=f"2026-05-{1 + n // 86_400:02}T00:00:{n % 60:02}.{n:06}Z",
        )
        for n in range(start, start + count)
    ]


def ids(table: TradesTable) -> list[str | None]:
    return [record.transaction_id for record in texts(table, 0, RECORD)]


def test_search_sort_and_polls_end_where_the_file_has_them(
    qtbot: QtBot, watched: Watch, mirror: Mirror, shown: Shown
) -> None:
    write(mirror, Kind.TRADES, trades(1_000))
    table = TradesTable(shown)
    watched(table)
    selection = QItemSelectionModel(table)
    with qtbot.waitSignal(table.found):
        table.ask(order="id")
    assert ids(table) == [f"t{n:05}" for n in reversed(range(1_000))]
    selection.setCurrentIndex(table.index(700, 0), FLAGS.SelectCurrent | FLAGS.Rows)
    table.index(0, 0).data()
    with qtbot.waitSignals([table.first_found, table.found], order="strict"):
        table.ask(descending=False)
    assert ids(table)[:3] == ["t00000", "t00001", "t00002"]
    assert [index.data(RECORD).transaction_id for index in selection.selectedRows()] == ["t00299"]
    with qtbot.waitSignal(table.found):
        table.ask(text="t0029")
    assert ids(table) == [f"t{n:05}" for n in range(290, 300)]
    assert selection.currentIndex().row() == 9
    with qtbot.waitSignal(table.found):
        table.ask(text="")
    assert selection.currentIndex().row() == 299


@pytest.fixture
def ordered(qtbot: QtBot, watched: Watch, mirror: Mirror, shown: Shown) -> TradesTable:
    """A table of 300 trades by their ids, all of them completed."""
    write(mirror, Kind.TRADES, trades(300))
    table = TradesTable(shown)
    watched(table)
    with qtbot.waitSignal(table.found):
        table.ask(order="id", descending=False)
    assert {record.status for record in texts(table, 0, RECORD)} == {"COMPLETED"}
    return table


def poll(table: TradesTable, mirror: Mirror, *listed: Any) -> None:
    table.take_changes(tuple(write(mirror, Kind.TRADES, listed)))


def wait_for_ten_polls(qtbot: QtBot, table: TradesTable) -> None:
    expected = [f"t{n:05}" for n in range(500)]
    qtbot.waitUntil(lambda: ids(table) == expected and table.record(180).status == "REVERSED")  # type: ignore[union-attr]
    reversed_ones = [record.transaction_id for record in texts(table, 0, RECORD) if record.status == "REVERSED"]
    assert reversed_ones == [f"t{n:05}" for n in range(0, 200, 20)]


def test_polls_faster_than_the_searches_lose_nothing(qtbot: QtBot, mirror: Mirror, ordered: TradesTable) -> None:
    # A search that sees rows which came after it was asked for may arrange everything anew.
    for start in range(300, 500, 20):
        poll(ordered, mirror, *trades(20, start))
        poll(ordered, mirror, *trades(1, start - 300, "REVERSED"))
    wait_for_ten_polls(qtbot, ordered)


def test_polls_that_wait_for_the_searches_arrange_nothing_anew(
    qtbot: QtBot, mirror: Mirror, ordered: TradesTable
) -> None:
    heard = Heard(ordered)
    for start in range(300, 500, 20):
        for listed in (trades(20, start), trades(1, start - 300, "REVERSED")):
            with qtbot.waitSignal(ordered.found):
                poll(ordered, mirror, *listed)
    wait_for_ten_polls(qtbot, ordered)
    assert {signal[0] for signal in heard.take()} == {"inserted", "changed"}
