"""A history's window against a naive list: any steps in any order, with everything that holds on to rows checked each time."""

from array import array
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    qInstallMessageHandler,
)
from PySide6.QtTest import QAbstractItemModelTester

from lumedesk.domain.errors import DeskError
from lumedesk.models import differences
from lumedesk.models.table import RECORD
from lumedesk.models.trades import TradesTable
from tests.support.builders import a_trade
from tests.support.history_sources import Shelf, Waiting

FLAGS = QItemSelectionModel.SelectionFlag
STATUSES = ("PENDING", "COMPLETED", "REVERSED")


def keys_of(table: TradesTable) -> list[int | None]:
    return [table.key(row) for row in range(table.rowCount())]


class Replay:
    """Carries out on a plain list what the model signals; after each signal the list and the model must agree."""

    def __init__(self, table: TradesTable) -> None:
        self.table = table
        self.keys = keys_of(table)
        self.wrong: list[str] = []
        self.heard: list[tuple[Any, ...]] = []
        table.rowsInserted.connect(self._inserted)
        table.rowsRemoved.connect(self._removed)
        table.rowsMoved.connect(self._moved)
        table.layoutChanged.connect(self._arranged)
        table.dataChanged.connect(self._changed)
        table.modelReset.connect(lambda: self.wrong.append("reset"))

    def take(self) -> list[tuple[Any, ...]]:
        heard, self.heard = self.heard, []
        return heard

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        self.keys[first:first] = [self.table.key(row) for row in range(first, last + 1)]
        self.compare("inserted", first, last)

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        del self.keys[first : last + 1]
        self.compare("removed", first, last)

    def _moved(self, _from: QModelIndex, first: int, last: int, _to: QModelIndex, goal: int) -> None:
        moved = self.keys[first : last + 1]
        del self.keys[first : last + 1]
        at = goal - len(moved) if goal > first else goal
        self.keys[at:at] = moved
        self.compare("moved", first, at)

    def _arranged(self) -> None:
        if len(self.keys) != self.table.rowCount():
            self.wrong.append("the count changed while rows were arranged")
        self.keys = keys_of(self.table)
        self.heard.append(("arranged",))

    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        self.compare("changed", first.row(), last.row())

    def compare(self, what: str, *places: int) -> None:
        self.heard.append((what, *places))
        shown = keys_of(self.table)
        # A row that nobody knew yet may become known without a word, as long as nobody looked at it.
        if len(shown) == len(self.keys):
            self.keys = [there if key is None else key for key, there in zip(self.keys, shown, strict=True)]
        if self.keys != shown:
            self.wrong.append(f"{what} {places}: {self.keys} is not {shown}")


class Rig:
    """A table on a shelf, with the tester, a replay, a selection and a current row on it.

    The tester holds on to rows while they are arranged, so that some of them must move: without it none need to.
    """

    def __init__(self, *, is_tested: bool = True) -> None:
        self.shelf = Shelf()
        self.shelf.holds = True
        self.shelf.first_rows = 4
        self.table = TradesTable(self.shelf)
        if is_tested:
            self.tester = QAbstractItemModelTester(self.table, QAbstractItemModelTester.FailureReportingMode.Warning)
        self.selection = QItemSelectionModel(self.table)
        self.replay = Replay(self.table)
        self.is_loose = False
        self.complaints: list[str] = []
        self.next_row = 1
        # The row that is looked at.
        self.eye = 0
        # Whether only rows that are shown first are held on to.
        self.holds_near = False

    def put(self, row: int, number: int, status: str) -> None:
        at = f"2026-05-11T10:{number // 60:02}:{number % 60:02}Z"
        self.shelf.trades[row] = a_trade(
            transaction_id=f"t{row:03}", created_at=at, status=status, from_amount=Decimal(number)
        )

    def select(self, rows: set[int], current: int) -> None:
        count = self.table.rowCount()
        chosen = QItemSelection()
        for row in rows:
            if row < count:
                chosen.select(self.table.index(row, 0), self.table.index(row, len(self.table.columns) - 1))
        self.selection.select(chosen, FLAGS.ClearAndSelect)
        if current < count:
            self.selection.setCurrentIndex(self.table.index(current, 1), FLAGS.NoUpdate)

    def selected(self) -> set[int | None]:
        return {self.table.key(index.row()) for index in self.selection.selectedIndexes()}

    def answer(self, waiting: Waiting) -> None:
        """Let a search answer, and see that everything went where the naive list has it."""
        table, expected = self.table, list(waiting.rows)
        near = min(table.rowCount(), 4) if self.holds_near else table.rowCount()
        held = {table.key(row): QPersistentModelIndex(table.index(row, 2)) for row in range(0, near, 3)}
        before, current = self.selected(), table.key(self.selection.currentIndex().row())
        waiting.answer()
        assert table.is_whole
        assert keys_of(table) == expected
        for key, index in held.items():
            if key in expected:
                assert (index.row(), index.column()) == (expected.index(key), 2)
            else:
                assert not index.isValid()
        assert self.selected() == before & set(expected)
        if current in expected:
            assert table.key(self.selection.currentIndex().row()) == current
        self.check()

    def tell_first(self, waiting: Waiting, *, counted: bool = True) -> None:
        """Let the first rows be told; whatever is held must still show the same record."""
        table = self.table
        near = range(0, min(table.rowCount(), 12), 3)
        held = {table.key(row): QPersistentModelIndex(table.index(row, 2)) for row in near}
        before, shown = self.selected(), keys_of(table)
        waiting.tell_first(counted=counted)
        if keys_of(table) != shown:
            assert keys_of(table)[:4] == list(waiting.rows)[:4]
            assert table.rowCount() == (len(waiting.rows) if counted else 4)
            assert not table.is_whole
        for key, index in held.items():
            if key is not None:
                assert table.key(index.row()) == key
        assert self.selected() - {None} == before - {None}
        self.check()

    def check(self) -> None:
        assert self.replay.wrong == []
        assert self.complaints == []
        shown = {key for key in keys_of(self.table) if key is not None}
        for row in range(self.table.rowCount()):
            key, record = self.table.key(row), self.table.index(row, 0).data(RECORD)
            if key in self.shelf.trades and record is not None:
                assert record.transaction_id == f"t{key:03}"
        if not self.shelf.open and not self.is_loose:
            fresh = [self.shelf.trades[key].status for key in keys_of(self.table) if key in self.shelf.trades]
            assert [each.status for each in map(self.table.record, range(self.table.rowCount())) if each] == fresh
        assert len(shown) <= self.table.rowCount()
        self.table.record(self.eye)


polls = st.tuples(
    st.just("poll"),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(STATUSES)), max_size=6),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 200), st.sampled_from(STATUSES)), max_size=4),
    st.sets(st.integers(1, 60), max_size=3),
    st.sampled_from(["exactly", "exactly", "exactly", "more", "less", "all"]),
    st.booleans() | st.just(True),
)
asks = st.tuples(
    st.just("ask"),
    st.sampled_from(["at", "id", "status", "from_amount"]),
    st.booleans(),
    st.sampled_from(["", "1", "01", "nothing"]),
)
others = st.one_of(
    st.tuples(st.just("select"), st.sets(st.integers(0, 40), max_size=6), st.integers(0, 40)),
    st.tuples(st.just("look"), st.integers(0, 60) | st.just(0)),
    st.tuples(st.just("first"), st.booleans()),
    st.tuples(st.just("fail")),
    st.tuples(st.just("hide"), st.booleans()),
)
steps = st.lists(st.one_of(polls, polls, asks, st.tuples(st.just("answer")), others), min_size=3, max_size=14)


@pytest.mark.qt_no_exception_capture
@settings(deadline=None, max_examples=250)
@given(
    begin=st.integers(0, 40),
    steps=steps,
    most=st.sampled_from([64, 64, 64, 3, 0]),
    answers=st.booleans(),
    near=st.booleans(),
    tested=st.booleans(),
)
def test_any_sequence_shows_what_a_naive_list_would(
    qapp: object, begin: int, steps: list[Any], most: int, *, answers: bool, near: bool, tested: bool
) -> None:
    usual, differences.MAX_STEPS = differences.MAX_STEPS, most
    rig = Rig(is_tested=tested)
    rig.holds_near = near
    before = qInstallMessageHandler(lambda _kind, _where, text: rig.complaints.append(str(text)))
    try:
        for number in range(begin):
            rig.put(number + 1, 3 * number, STATUSES[number % 3])
        rig.next_row = begin + 1
        rig.table.ask()
        if answers:
            rig.answer(rig.shelf.open[0])
        for step in steps:
            carry_out(rig, step)
        while rig.shelf.open:
            rig.answer(rig.shelf.open[0])
        rig.table.take_changes(None)
        rig.is_loose = False
        rig.answer(rig.shelf.open[0])
        assert keys_of(rig.table) == list(rig.shelf.rows(rig.table.query))
        rig.replay.compare("the end")
        assert rig.replay.wrong == []
    finally:
        qInstallMessageHandler(before)
        differences.MAX_STEPS = usual


def carry_out(rig: Rig, step: tuple[Any, ...]) -> None:
    match step:
        case ("poll", added, changed, removed, told, answers):
            touched = poll(rig, added, changed, removed)
            rig.is_loose = rig.is_loose or told == "less"
            rig.table.take_changes(
                {"exactly": tuple(touched), "all": None, "more": tuple(touched | {1, 2, 3}), "less": ()}[told]
            )
            if answers:
                rig.answer(rig.shelf.open[0])
        case ("ask", order, descending, text):
            rig.table.ask(order=order, descending=descending, text=text)
        case ("answer",) if rig.shelf.open:
            rig.answer(rig.shelf.open[0])
        case ("first", counted) if rig.shelf.open:
            rig.tell_first(rig.shelf.open[0], counted=counted)
        case ("fail",) if rig.shelf.open:
            fail(rig)
        case ("select", rows, current):
            rig.select(rows, current)
        case ("look", row):
            rig.eye = row
            rig.table.record(row)
        case ("hide", hidden):
            rig.table.hide_amounts(hidden=hidden)
    assert len(rig.shelf.open) <= 1, "one search at a time"


def poll(rig: Rig, added: list[Any], changed: list[Any], removed: set[int]) -> set[int]:
    touched = removed & rig.shelf.trades.keys()
    for row in touched:
        del rig.shelf.trades[row]
    for row, number, status in changed:
        if row in rig.shelf.trades:
            rig.put(row, number, status)
            touched.add(row)
    for number, status in added:
        rig.put(rig.next_row, number, status)
        touched.add(rig.next_row)
        rig.next_row += 1
    return touched


def fail(rig: Rig) -> None:
    """A search that fails leaves what was shown before it."""
    shown, was_whole = keys_of(rig.table), rig.table.is_whole
    failed: list[Any] = []
    rig.table.search_failed.connect(failed.append)
    rig.shelf.open[0].fail(DeskError("disk"))
    rig.table.search_failed.disconnect(failed.append)
    assert len(failed) == 1
    assert rig.table.is_whole
    if was_whole:
        assert keys_of(rig.table) == shown
    assert rig.replay.wrong == []


def settled(count: int, *, is_tested: bool = True) -> Rig:
    rig = Rig(is_tested=is_tested)
    for row in range(1, count + 1):
        rig.put(row, row, "PENDING")
    rig.table.ask()
    rig.answer(rig.shelf.open[0])
    rig.replay.take()
    return rig


def after_poll(rig: Rig, *touched: int) -> list[tuple[Any, ...]]:
    rig.table.take_changes(touched)
    rig.answer(rig.shelf.open[0])
    return rig.replay.take()


def test_small_polls_are_exactly_the_signals_they_need(qapp: object) -> None:
    rig = settled(50)
    rig.put(51, 51, "PENDING")
    assert after_poll(rig, 51) == [("inserted", 0, 0)]
    rig.put(20, 20, "COMPLETED")
    assert after_poll(rig, 20) == [("changed", 31, 31)]
    del rig.shelf.trades[50], rig.shelf.trades[49]
    assert after_poll(rig, 49, 50) == [("removed", 1, 2)]
    assert after_poll(rig) == []
    rig.put(1, 60, "PENDING")
    assert after_poll(rig, 1) == [("moved", 48, 0), ("changed", 0, 0)]
    rig.put(52, 61, "PENDING")
    rig.put(1, 60, "COMPLETED")
    assert after_poll(rig, 1, 52) == [("inserted", 0, 0), ("changed", 1, 1)]


def test_a_poll_that_touches_nearly_all_is_one_arrangement(qapp: object) -> None:
    rig = settled(300)
    rig.select({7}, 9)
    for row in range(1, 301):
        rig.put(row, (row * 37) % 301, "COMPLETED")
    assert after_poll(rig, *range(1, 301)) == [("arranged",), ("changed", 0, 299)]


def test_many_new_rows_in_one_place_are_one_insertion(qapp: object) -> None:
    rig = settled(10)
    for row in range(11, 500):
        rig.put(row, row, "PENDING")
    assert after_poll(rig, *range(11, 500)) == [("inserted", 0, 488)]


def test_one_search_at_a_time_and_one_more_for_all_that_came_meanwhile(qapp: object) -> None:
    rig = settled(5)
    asked = len(rig.shelf.waiting)
    for row in (6, 7, 8):
        rig.put(row, row, "PENDING")
        rig.table.take_changes((row,))
    assert len(rig.shelf.waiting) == asked + 1
    rig.answer(rig.shelf.open[0])
    assert len(rig.shelf.waiting) == asked + 2
    rig.answer(rig.shelf.open[0])
    assert len(rig.shelf.waiting) == asked + 2
    assert rig.replay.take() == [("inserted", 0, 0), ("inserted", 0, 1)]


def test_what_a_poll_touched_is_read_anew_though_another_search_took_its_place(qapp: object) -> None:
    rig = settled(5)
    assert rig.table.record(0).status == "PENDING"  # type: ignore[union-attr]
    rig.put(5, 5, "COMPLETED")
    rig.table.take_changes((5,))
    rig.table.ask(text="t")
    rig.answer(rig.shelf.open[0])
    assert rig.table.record(0).status == "COMPLETED"  # type: ignore[union-attr]
    assert rig.replay.take()[-1] == ("changed", 0, 0)


def test_a_poll_under_an_open_selection_of_many_rows(qapp: object) -> None:
    """Views tell only where a selection begins and ends; all rows between keep it, also far apart and arranged anew."""
    rig = settled(300)
    rig.select(set(range(20, 150)), 20)
    chosen = rig.selected()
    assert len(chosen) == 130
    for row in range(1, 301):
        rig.put(row, (row * 37) % 301, "COMPLETED")
    after_poll(rig, *range(1, 301))
    assert rig.selected() == chosen


def test_the_first_rows_show_before_the_others_and_nothing_jumps(qapp: object) -> None:
    rig = settled(150)
    rig.select({2}, 2)
    key = rig.table.key(2)
    heard: list[str] = []
    rig.table.first_found.connect(lambda: heard.append("first"))
    rig.table.found.connect(lambda: heard.append("all"))
    rig.table.ask(order="id", descending=False)
    rig.tell_first(rig.shelf.open[0])
    assert heard == ["first"]
    assert keys_of(rig.table)[:4] == [1, 2, 3, 4]
    assert rig.table.rowCount() == 150
    assert rig.table.index(149, 0).data() is None
    assert rig.table.record(rig.selection.currentIndex().row()).transaction_id == f"t{key:03}"  # type: ignore[union-attr]
    assert not rig.table.is_whole
    rig.answer(rig.shelf.open[0])
    assert heard == ["first", "all"]
    assert keys_of(rig.table) == list(range(1, 151))
    assert rig.selection.currentIndex().row() == key - 1  # type: ignore[operator]


def test_who_looks_further_down_is_not_shown_blanks(qapp: object) -> None:
    rig = settled(30)
    rig.table.ask(order="id", descending=False)
    rig.table.index(25, 0).data()
    rig.tell_first(rig.shelf.open[0])
    assert rig.table.is_whole
    assert rig.table.key(0) == 30


def test_rows_that_become_known_off_the_screen_are_not_told(qapp: object) -> None:
    rig = settled(150, is_tested=False)
    rig.table.ask(order="id", descending=False)
    rig.shelf.open[0].tell_first(counted=False)
    assert (rig.table.rowCount(), rig.table.is_whole) == (4, False)
    rig.replay.take()
    rig.shelf.open[0].tell_first()
    assert rig.replay.take() == [("inserted", 4, 149)]
    rig.shelf.open[0].answer()
    assert rig.replay.take() == []
    assert keys_of(rig.table) == list(range(1, 151))


def test_rows_that_were_looked_at_before_they_were_known_are_told(qapp: object) -> None:
    rig = settled(150, is_tested=False)
    rig.table.ask(order="id", descending=False)
    rig.shelf.open[0].tell_first()
    assert rig.table.index(149, 0).data() is None
    rig.replay.take()
    rig.shelf.open[0].answer()
    assert rig.replay.take() == [("changed", 4, 149)]
    assert rig.table.index(149, 0).data(RECORD).transaction_id == "t150"


class Counted(array):  # type: ignore[type-arg]
    """Counts how often single rows are taken out, or all walked over."""

    taken = 0
    is_counting = True

    def __getitem__(self, at: Any) -> Any:
        if Counted.is_counting and not isinstance(at, slice):
            Counted.taken += 1
        return super().__getitem__(at)

    def __iter__(self) -> Any:
        Counted.taken += len(self) if Counted.is_counting else 0
        return super().__iter__()


def test_a_million_rows_are_never_walked_over_by_the_window(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 1_000_000
    orders = [
        Counted("I", range(1, count + 1)),
        Counted("I", range(count, 0, -1)),
        Counted("I", range(count + 1, 0, -1)),
    ]
    shelf = Shelf()
    shelf.holds = True
    monkeypatch.setattr(shelf, "rows", lambda _query: orders[0])
    table = TradesTable(shelf)
    selection = QItemSelectionModel(table)
    heard: list[tuple[int, int]] = []
    table.rowsInserted.connect(lambda _parent, first, last: heard.append((first, last)))

    def answer(*, counts: bool) -> None:
        # What the rows are compared by runs on another thread: here only what the window itself does is counted.
        monkeypatch.setattr(Counted, "is_counting", False)
        shelf.open[0].prepare()
        monkeypatch.setattr(Counted, "is_counting", counts)
        shelf.open[0].answer()

    Counted.taken = 0
    table.ask()
    answer(counts=True)
    assert table.rowCount() == count
    for row in range(500_000, 500_030):
        assert table.key(row) == row + 1
        table.index(row, 0).data()
    selection.setCurrentIndex(table.index(500_007, 0), FLAGS.SelectCurrent | FLAGS.Rows)
    monkeypatch.setattr(shelf, "rows", lambda _query: orders[1])
    table.ask(descending=False)
    answer(counts=True)
    assert selection.currentIndex().row() == count - 500_008
    assert [index.row() for index in selection.selectedRows()] == [count - 500_008]
    heard.clear()
    monkeypatch.setattr(shelf, "rows", lambda _query: orders[2])
    table.take_changes((count + 1, 17))
    answer(counts=True)
    assert heard == [(0, 0)]
    assert table.row_of(17) == count - 16
    assert selection.currentIndex().row() == count - 500_007
    table.hide_amounts(hidden=True)
    assert 0 < Counted.taken < 1_000
