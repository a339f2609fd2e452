"""The tables of histories against a real mirror file: a window on the store that moves by exact signals."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from pytestqt.qtbot import QtBot

from lumedesk.domain.details import DOTS
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.models import history_table as module
from lumedesk.models import stored_lines
from lumedesk.models import table as table_module
from lumedesk.models import texts as texts_module
from lumedesk.models.history_table import HistoryTable
from lumedesk.models.table import AMOUNT, COPY, MARK, RECORD, STATUS
from lumedesk.models.trades import TradesTable
from lumedesk.models.transfers import DepositsTable, WithdrawalsTable
from lumedesk.store.mirror import Mirror
from tests.models.conftest import DirectSource, Watch
from tests.support.builders import a_deposit, a_trade, a_withdrawal, as_read, json_of
from tests.support.history_sources import Shelf
from tests.support.mirrors import write
from tests.support.signals import Heard, texts

TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
DESCRIPTION = int(Qt.ItemDataRole.AccessibleDescriptionRole)
UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
KINDS: dict[Kind, tuple[type[HistoryTable[Any]], Callable[..., Any], str]] = {
    Kind.TRADES: (TradesTable, a_trade, "created_at"),
    Kind.WITHDRAWALS: (WithdrawalsTable, a_withdrawal, "created_at"),
    Kind.DEPOSITS: (DepositsTable, a_deposit, "completed_at"),
}


def at(second: int) -> str:
    return f"2026-05-11T10:{second // 60:02}:{second % 60:02}Z"


def ids(table: HistoryTable[Any]) -> list[str | None]:
    return [record.transaction_id for record in texts(table, 0, RECORD)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_s_life(qapp: object, watched: Watch, mirror: Mirror, source: DirectSource, kind: Kind) -> None:
    make_table, make, time = KINDS[kind]
    table = make_table(source)
    watched(table)
    heard = Heard(table)
    records = [make(transaction_id=f"r{n}", **{time: at(n)}) for n in range(4)]

    rows = write(mirror, kind, records)
    table.take_changes(tuple(rows))
    assert heard.take() == [("inserted", 0, 3)]
    assert texts(table, 0, RECORD) == [as_read(record) for record in reversed(records)]
    held = QPersistentModelIndex(table.index(1, 0))

    two = [make(transaction_id=f"r{n}", status="REVERSED", **{time: at(n)}) for n in (0, 3)]
    rows = write(mirror, kind, [*records[1:3], *two])
    table.take_changes(tuple(rows))
    last = len(table.columns) - 1
    assert heard.take() == [("changed", 0, 0, 0, last), ("changed", 3, 3, 0, last)]
    assert [record.status for record in texts(table, 0, RECORD)][::3] == ["REVERSED", "REVERSED"]

    newest = make(transaction_id="r9", **{time: at(9)})
    table.take_changes(tuple(write(mirror, kind, [newest])))
    assert heard.take() == [("inserted", 0, 0)]
    assert held.row() == 2
    assert table.record(held.row()) == as_read(records[2])

    table.ask(text="r1")
    assert ids(table) == ["r1"]
    table.ask(text="", any_of=(("status", ("REVERSED",)),))
    assert ids(table) == ["r3", "r0"]
    table.ask(text="nothing like it")
    assert table.rowCount() == 0
    assert table.is_ready


@pytest.mark.parametrize("kind", KINDS)
def test_every_heading_that_can_order_does_both_ways(
    qapp: object, watched: Watch, mirror: Mirror, source: DirectSource, kind: Kind
) -> None:
    make_table, make, _ = KINDS[kind]
    write(mirror, kind, [make(transaction_id=f"r{n}", status=status) for n, status in enumerate("CAB")])
    table = make_table(source)
    watched(table)
    table.ask()
    for column in range(-1, len(table.columns)):
        for order in (UP, DOWN):
            table.sort(column, order)
            assert sorted(map(str, ids(table))) == ["r0", "r1", "r2"]
    table.sort(table.column_index("status"), UP)
    assert ids(table) == ["r1", "r2", "r0"]
    table.sort(table.column_index("status"), DOWN)
    assert ids(table) == ["r0", "r2", "r1"]
    table.sort(99)
    assert ids(table) == ["r0", "r2", "r1"]


def test_rows_that_are_findable_later_come_in_and_the_others_aren_t_read_again(
    qapp: object, watched: Watch, mirror: Mirror, source: DirectSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(mirror, Kind.TRADES, [a_trade(transaction_id=f"r{n}", from_amount=Decimal(n + 1)) for n in range(3)])
    by_amount, by_time = TradesTable(source), TradesTable(source)
    for table in (by_amount, by_time):
        watched(table)
        table.ask()
    by_amount.sort(by_amount.column_index("sold"), UP)
    monkeypatch.setattr("lumedesk.store.arriving._AT_ONCE", 0)
    with monkeypatch.context() as patched:
        patched.setattr(Mirror, "catch_up", lambda *_: 0)
        write(mirror, Kind.TRADES, [a_trade(transaction_id="new", from_amount=Decimal("1.5"))])
    for table in (by_amount, by_time):
        table.take_changes(None)
    assert len(ids(by_time)) == 4
    assert ids(by_amount) == ["r0", "r1", "r2"], "nobody knows its amount yet"
    source.reads.clear()
    heard = Heard(by_time)
    while mirror.catch_up(Kind.TRADES):
        pass
    for table in (by_amount, by_time):
        table.take_changes(())
    assert ids(by_amount) == ["r0", "new", "r1", "r2"]
    assert heard.take() == []
    assert source.reads == [[4]]


def test_asking_the_same_again_asks_nothing(qapp: object, source: DirectSource) -> None:
    table = TradesTable(source)
    table.ask()
    table.ask()
    table.ask(text="")
    assert len(source.waiting) == 1
    table.ask(text="x")
    assert len(source.waiting) == 2


def test_a_later_search_drops_the_answer_to_an_earlier_one(
    qapp: object, watched: Watch, mirror: Mirror, source: DirectSource
) -> None:
    write(mirror, Kind.TRADES, [a_trade(transaction_id="t1"), a_trade(transaction_id="t2")])
    table = TradesTable(source)
    watched(table)
    source.holds = True
    table.ask(text="t1")
    table.ask(text="t2")
    first, second = source.waiting
    second.answer()
    first.answer()
    assert first.is_cancelled
    assert ids(table) == ["t2"]


def test_changes_that_arrive_during_a_search_are_not_lost(
    qapp: object, watched: Watch, mirror: Mirror, source: DirectSource
) -> None:
    rows = write(mirror, Kind.TRADES, [a_trade(transaction_id=f"t{n}", created_at=at(n)) for n in range(3)])
    table = TradesTable(source)
    watched(table)
    table.ask()
    assert [record.status for record in texts(table, 0, RECORD)] == ["COMPLETED"] * 3
    source.holds = True
    for n in (0, 2):
        write(mirror, Kind.TRADES, [a_trade(transaction_id=f"t{n}", created_at=at(n), status="REVERSED")])
        table.take_changes((rows[n],))
    heard = Heard(table)
    for waiting in source.waiting:
        waiting.answer()
    assert [signal[:2] for signal in heard.take()] == [("changed", 2), ("changed", 0)]
    assert [record.status for record in texts(table, 0, RECORD)] == ["REVERSED", "COMPLETED", "REVERSED"]


def test_a_failed_search_keeps_what_was_shown_and_says_so(qtbot: QtBot, mirror: Mirror, source: DirectSource) -> None:
    write(mirror, Kind.TRADES, [a_trade(transaction_id="t1")])
    table = TradesTable(source)
    table.ask()
    source.error = DeskError("disk")
    with qtbot.waitSignal(table.search_failed) as failed:
        table.ask(text="x")
    assert failed.args == [source.error]
    assert ids(table) == ["t1"]
    source.error = None
    with qtbot.waitSignal(table.found):
        table.ask(text="")


def test_only_a_window_is_read_and_only_so_much_is_kept(
    qapp: object, mirror: Mirror, source: DirectSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_lines, "_MAX_KEPT", 2 * module._PAGE)
    write(mirror, Kind.TRADES, [a_trade(transaction_id=f"t{n:04}", created_at=at(n)) for n in range(1_000)])
    table = TradesTable(source)
    table.ask(order="id", descending=False)
    assert source.reads == []
    assert table.index(500, 0).data(RECORD).transaction_id == "t0500"
    assert [len(rows) for rows in source.reads] == [module._PAGE]
    assert table.index(520, 0).data(RECORD).transaction_id == "t0520"
    assert len(source.reads) == 1
    assert [table.index(row, 0).data(RECORD).transaction_id for row in range(1_000)] == [
        f"t{n:04}" for n in range(1_000)
    ]
    assert len(table._lines) == 2 * module._PAGE
    assert len(source.reads) < 1_000 / (module._PAGE * 3 / 4) + 3


def test_after_a_list_rows_in_sight_are_read_where_they_are_found(qapp: object) -> None:
    shelf = Shelf()
    shelf.trades = {row: a_trade(transaction_id=f"t{row:03}", created_at=at(row)) for row in range(1, 301)}
    table = TradesTable(shelf)
    table.ask(order="id", descending=False)
    assert table.index(100, 0).data(RECORD).transaction_id == "t101"
    shelf.holds = True
    shelf.trades = {row: a_trade(transaction_id=f"t{row:03}", status="REVERSED") for row in range(1, 301)}
    table.take_changes(None)
    [search] = shelf.open
    search.prepare()
    shelf.reads.clear()
    search.answer()
    status = table.column_index("status")
    assert [table.index(row, status).data() for row in range(90, 110)] == ["Reversed"] * 20
    assert shelf.reads == [], "the window reads none of them itself"
    assert table.index(0, status).data() == "Reversed"
    assert len(shelf.reads) == 1, "but others"


def test_amounts_hidden_while_a_list_came_stay_hidden(qapp: object) -> None:
    shelf = Shelf()
    shelf.trades = {row: a_trade(transaction_id=f"t{row}", from_amount=Decimal("1234.5")) for row in (1, 2)}
    table = TradesTable(shelf)
    table.ask(order="id", descending=False)
    shelf.holds = True
    table.take_changes(None)
    shelf.open[0].prepare()
    table.hide_amounts(hidden=True)
    shelf.open[0].answer()
    sold = table.column_index("sold")
    assert [table.index(row, sold).data() for row in (0, 1)] == [DOTS] * 2
    table.hide_amounts(hidden=False)
    assert [table.index(row, sold).data() for row in (0, 1)] == ["1,234.5"] * 2


def test_damage_in_sight_costs_no_search(qapp: object, watched: Watch) -> None:
    shelf = Shelf()
    shelf.trades = {row: a_trade(transaction_id=f"t{row}") for row in range(1, 5)}
    table = TradesTable(shelf)
    watched(table)
    table.ask(order="id", descending=False)
    shelf.broken = {2}
    table.take_changes(None)
    shown = [table.index(row, 0).data(RECORD) for row in range(4)]
    assert [record and record.transaction_id for record in shown] == ["t1", None, "t3", "t4"]


def test_a_row_that_can_not_be_read_says_so_and_costs_no_other(
    qapp: object, mirror: Mirror, source: DirectSource
) -> None:
    rows = write(mirror, Kind.TRADES, [a_trade(transaction_id=f"t{n}", created_at=at(n)) for n in range(5)])
    table = TradesTable(source)
    table.ask(order="id", descending=False)
    mirror._db.execute("DELETE FROM trades WHERE row = ?", (rows[2],))
    mirror._db.execute("UPDATE trades SET doc = ? WHERE row = ?", (b'{"fromAmount":"1"}', rows[4]))
    for _ in range(3):
        shown = [table.index(row, 0).data(RECORD) for row in (2, 0, 1, 2, 3, 4)]
        assert [record and record.transaction_id for record in shown] == [None, "t0", "t1", None, "t3", None]
    for row in (2, 4):
        cells = [table.index(row, column) for column in range(table.columnCount())]
        assert [cell.data() for cell in cells] == ["Can't be read", *["–"] * 6]
        assert [cell.data(COPY) for cell in cells] == ["Can't be read", *[""] * 6]
        assert [cell.data(role) for cell in cells for role in (AMOUNT, STATUS, MARK)] == [None] * 21
        assert all("can&#x27;t be read" in cell.data(TOOLTIP) for cell in cells)
        table.hide_amounts(hidden=True)
        assert [cell.data() for cell in cells] == ["Can't be read", *["–"] * 6]
        table.hide_amounts(hidden=False)
    assert len(source.reads) == 1, "it isn't asked for again and again"
    mirror._db.execute("UPDATE trades SET doc = ? WHERE row = ?", (json_of(a_trade(transaction_id="t4")), rows[4]))
    table.take_changes(())
    assert ids(table) == ["t0", "t1", "t3", "t4"], "it is tried again after each poll"


def test_damage_in_one_place_costs_no_row_elsewhere(qapp: object, watched: Watch) -> None:
    shelf = Shelf()
    shelf.trades = {row: a_trade(transaction_id=f"t{row:03}", created_at=at(row)) for row in range(1, 301)}
    shelf.broken = {7, 8, 90}
    table = TradesTable(shelf)
    watched(table)
    table.ask(order="id", descending=False)
    shown = [table.index(row, 0).data(RECORD) for row in range(300)]
    assert [row for row, record in enumerate(shown, 1) if record is None] == [7, 8, 90]
    assert all(record.transaction_id == f"t{row:03}" for row, record in enumerate(shown, 1) if record)
    assert [table.index(row, 1).data() for row in (5, 6, 7)] == ["USDT → ZAR", "–", "–"]


def test_rows_that_are_gone_or_were_altered_say_so(qapp: object, watched: Watch) -> None:
    shelf = Shelf()
    shelf.trades = {row: a_trade(transaction_id=f"t{row}") for row in (1, 2, 3, 4)}
    micros = 1_700_000_000_000_000
    shelf.marks = {2: (micros, None), 3: (None, micros), 4: (micros, micros)}
    table = TradesTable(shelf)
    watched(table)
    table.ask(order="id", descending=False)
    gone, altered = "The server&#x27;s list doesn&#x27;t hold it any more, since ", "Changed after it was final, "
    for row, words in ((0, ()), (1, (gone,)), (2, (altered,)), (3, (gone, altered))):
        mark = table.mark_of(row)
        assert (mark is None) == (not words)
        for column in range(table.columnCount()):
            cell = table.index(row, column)
            assert cell.data(MARK) == mark
            tip = cell.data(TOOLTIP)
            assert [each in tip for each in (gone, altered)] == [gone in words, altered in words]
            assert (cell.data(DESCRIPTION) or "") == (mark.text if mark else "")
    assert table.index(1, 1).data() == "USDT → ZAR"
    assert "USDT → ZAR" in table.index(1, 1).data(TOOLTIP), "what the cell itself tells stays"
    known = table.mark_of(3)
    assert known is not None
    assert known.gone_at == known.altered_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert table.mark_of(4) is None


def test_texts_of_times_follow_the_clock(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was "Today" is told anew in a while; the record isn't read again for that."""
    shelf = Shelf()
    shelf.trades = {1: a_trade()}
    table = TradesTable(shelf)
    table.ask()
    before = table.index(0, 0).data()
    monkeypatch.setattr(texts_module, "short_time", lambda *_: "Yesterday")
    assert table.index(0, 0).data() == before
    for module_with_clock in (table_module, module):
        now = module_with_clock.monotonic()
        monkeypatch.setattr(module_with_clock, "monotonic", lambda now=now: now + 31)
    assert table.index(0, 0).data() == "Yesterday"
    assert len(shelf.reads) == 1


def test_deposits_without_a_time_stand_where_they_were_first_seen(
    qapp: object, mirror: Mirror, source: DirectSource
) -> None:
    write(
        mirror,
        Kind.DEPOSITS,
        [a_deposit(transaction_id="open", status="PENDING", completed_at=None), a_deposit(transaction_id="done")],
    )
    table = DepositsTable(source)
    table.ask()
    assert ids(table) == ["open", "done"]


def test_a_record_is_found_by_its_row_number(qapp: object, mirror: Mirror, source: DirectSource) -> None:
    (row,) = write(mirror, Kind.TRADES, [a_trade(transaction_id="t1", rate=Decimal("18.40"))])
    table = TradesTable(source)
    table.ask()
    found = table.record_of(row)
    assert found is not None
    assert str(found.rate) == "18.40"
    assert table.record_of(row + 1) is None
