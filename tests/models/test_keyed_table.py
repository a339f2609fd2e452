"""The base of all tables against a naive list, under Qt's model tester."""

from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt, qInstallMessageHandler
from PySide6.QtTest import QAbstractItemModelTester

from lumedesk.models import table as module
from lumedesk.models.table import Column, KeyedTable
from tests.models.conftest import Watch
from tests.support.signals import Heard, texts


class Numbers(KeyedTable[int, int]):
    """Each key stands for itself."""

    columns = (Column("number", "Number", text=str), Column("double", "Double", text=lambda n: str(2 * n)))

    def record_of(self, key: int) -> int | None:
        return key


def followed(model: KeyedTable[int, int]) -> QAbstractItemModelTester:
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)


keys = st.lists(st.integers(0, 60), unique=True, max_size=45)


@settings(deadline=None, max_examples=150)
@given(
    steps=st.lists(st.tuples(keys, st.sets(st.integers(0, 60), max_size=4), st.booleans()), max_size=5),
    many=st.sampled_from([0, 2, 1_000]),
)
def test_any_steps_show_what_a_naive_list_would(
    qapp: object, steps: list[tuple[list[int], set[int], bool]], many: int
) -> None:
    model = Numbers()
    followed(model)
    heard = Heard(model)
    usual, module._MANY_RUNS = module._MANY_RUNS, many
    try:
        shown: list[int] = []
        for wanted, changed, as_array in steps:
            held = {key: QPersistentModelIndex(model.index(row, 1)) for row, key in enumerate(shown)}
            given_keys: Sequence[int] = array("q", wanted) if as_array else list(wanted)
            model.show_keys(given_keys, changed)
            assert texts(model) == [str(key) for key in wanted]
            for key, index in held.items():
                if key in wanted:
                    assert (index.row(), index.column(), index.data()) == (wanted.index(key), 1, str(2 * key))
                else:
                    assert not index.isValid()
            signals = heard.take()
            rows = [row for kind, *rest in signals if kind == "changed" for row in range(rest[0], rest[1] + 1)]
            assert rows == [row for row, key in enumerate(wanted) if key in changed and key in shown]
            if wanted == shown:
                assert [signal for signal in signals if signal[0] != "changed"] == []
            assert ("reset",) not in signals
            shown = wanted
    finally:
        module._MANY_RUNS = usual


def test_the_same_again_signals_nothing(qapp: object, watched: Watch) -> None:
    model = watched(Numbers())
    for again in ([3, 1, 2], array("q", [3, 1, 2])):
        model.show_keys(again)
        heard = Heard(model)
        model.show_keys(array("q", [3, 1, 2]))
        model.show_keys([3, 1, 2])
        assert heard.take() == []


def test_two_changed_rows_are_two_signals(qapp: object, watched: Watch) -> None:
    model = watched(Numbers())
    model.show_keys(list(range(10)))
    heard = Heard(model)
    model.show_keys(list(range(10)), {2, 7, 99})
    assert heard.take() == [("changed", 2, 2, 0, 1), ("changed", 7, 7, 0, 1)]


def test_one_new_row_on_top_is_one_signal(qapp: object, watched: Watch) -> None:
    model = watched(Numbers())
    model.show_keys([1, 2, 3])
    heard = Heard(model)
    model.show_keys([9, 1, 2, 3])
    assert heard.take() == [("inserted", 0, 0)]


@pytest.mark.parametrize("step", [2, 3])
def test_a_filter_on_many_rows_is_a_few_signals(qapp: object, watched: Watch, step: int) -> None:
    model = watched(Numbers())
    model.show_keys(list(range(600)))
    heard = Heard(model)
    kept = list(range(0, 600, step))
    held = QPersistentModelIndex(model.index(step * 100, 0))
    model.show_keys(kept)
    assert heard.take() == [("moved",), ("removed", len(kept), 599)]
    model.show_keys(list(range(600)))
    assert heard.take() == [("inserted", len(kept), 599), ("moved",)]
    assert held.data() == str(step * 100)
    assert texts(model) == [str(key) for key in range(600)]


def test_rows_and_keys_are_found(qapp: object, watched: Watch) -> None:
    model = watched(Numbers())
    model.show_keys([30, 10, 20])
    assert [model.key(row) for row in (-1, 0, 2, 3)] == [None, 30, 20, None]
    assert [model.row_of(key) for key in (30, 20, 99)] == [0, 2, -1]
    assert [model.record(row) for row in (-1, 1, 3)] == [None, 10, None]
    assert model.column_index("double") == 1
    with pytest.raises(ValueError, match="nothing"):
        model.column_index("nothing")


def test_it_is_flat_and_its_headings_are_only_horizontal(qapp: object, watched: Watch) -> None:
    model = watched(Numbers())
    model.show_keys([1])
    inside = model.index(0, 0)
    assert (model.rowCount(inside), model.columnCount(inside)) == (0, 0)
    assert model.headerData(0, Qt.Orientation.Horizontal) == "Number"
    assert model.headerData(0, Qt.Orientation.Vertical) is None
    assert model.headerData(2, Qt.Orientation.Horizontal) is None
    assert model.headerData(0, Qt.Orientation.Horizontal, int(Qt.ItemDataRole.DecorationRole)) is None


def test_the_tester_would_have_complained(qapp: object) -> None:
    """Guards the guard: a model that lies about its rows is caught by the tester these tests attach."""

    class Liar(Numbers):
        def show_keys(self, keys: Sequence[int], changed: object = ()) -> None:
            self.beginInsertRows(module._ROOT, 0, 4)
            self._keys = keys
            self.endInsertRows()

    complaints: list[str] = []
    before = qInstallMessageHandler(lambda _kind, _where, text: complaints.append(text))
    try:
        model = Liar()
        followed(model)
        model.show_keys([1, 2])
    finally:
        qInstallMessageHandler(before)
    assert complaints
