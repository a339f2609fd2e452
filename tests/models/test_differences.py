"""From one order of rows to another: the steps are carried out on a plain list, and must come out at the other order."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumedesk.models import differences as module
from lumedesk.models.differences import Inserted, Moved, Pieces, Removed, Step, difference, place_of, places_of, runs_of

orders = st.lists(st.integers(1, 80), unique=True, max_size=40)


@st.composite
def polls(draw: st.DrawFn) -> tuple[list[int], list[int], set[int]]:
    """An order, one after a poll, and the rows that the poll touched: all others stay, and in order."""
    old = draw(orders)
    touched = draw(st.sets(st.integers(1, 80), max_size=8))
    new = [row for row in old if row not in touched]
    for row in sorted(touched):
        if draw(st.booleans()):
            new.insert(draw(st.integers(0, len(new))), row)
    return old, new, touched


def carried_out(rows: list[int], steps: tuple[Step, ...], new: list[int]) -> list[int]:
    rows = list(rows)
    for step in steps:
        match step:
            case Removed(first, last):
                assert 0 <= first <= last < len(rows)
                del rows[first : last + 1]
            case Inserted(first, last):
                rows[first:first] = new[first : last + 1]
            case Moved(first, last):
                assert first != last
                rows.insert(last, rows.pop(first))
    return rows


@pytest.fixture(params=[3, 1 << 16])
def _pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", request.param)


@pytest.mark.usefixtures("_pieces")
@settings(max_examples=500)
@given(poll=polls(), few=st.sampled_from([0, 12]))
def test_the_steps_of_a_poll_lead_from_one_order_to_the_other(
    poll: tuple[list[int], list[int], set[int]], few: int
) -> None:
    old, new, touched = poll
    usual, module._FEW = module._FEW, few
    try:
        change = difference(array("I", old), array("I", new), touched, {*old, *new})
    finally:
        module._FEW = usual
    assert change.steps is not None
    assert carried_out(old, change.steps, new) == new
    assert change.places == {row: new.index(row) for row in new}
    moved = [step for step in change.steps if isinstance(step, Moved)]
    assert len(moved) <= len(touched)
    told = [place for first, last in change.changed for place in range(first, last + 1)]
    assert told == [place for place, row in enumerate(new) if row in touched and row in old]
    if old == new:
        assert change.steps == ()


@given(old=orders, new=orders, touched=st.none() | st.sets(st.integers(1, 80), max_size=8))
def test_what_the_rows_touched_do_not_explain_is_never_told_in_steps(
    old: list[int], new: list[int], touched: set[int] | None
) -> None:
    change = difference(array("I", old), array("I", new), touched)
    if change.steps is None:
        assert old != new
        return
    assert carried_out(old, change.steps, new) == new
    rest = touched or set()
    assert [row for row in old if row not in rest] == [row for row in new if row not in rest]


@pytest.mark.parametrize(
    ("old", "new", "touched", "steps"),
    [
        ([1, 2, 3], [9, 1, 2, 3], {9}, (Inserted(0, 0),)),
        ([1, 2, 3], [9, 8, 1, 2, 3, 7], {9, 8, 7}, (Inserted(0, 1), Inserted(5, 5))),
        ([1, 2, 3, 4], [1, 4], {2, 3}, (Removed(1, 2),)),
        ([1, 2, 3, 4], [2, 3, 4, 1], {1}, (Moved(0, 3),)),
        ([1, 2, 3, 4], [4, 1, 2, 3], {4}, (Moved(3, 0),)),
        # A new row on top of one that only changed: that one stays where it is.
        ([1, 2, 3], [9, 1, 2, 3], {9, 1}, (Inserted(0, 0),)),
        # All touched: the two that keep their order needn't move.
        ([1, 2, 3], [2, 3, 1], {1, 2, 3}, (Moved(0, 2),)),
        ([1, 2, 3], [3, 2, 1], set(), None),
        ([1, 2, 3], [3, 2, 1], None, None),
        ([1, 2, 3], [1, 2, 3], None, ()),
    ],
)
def test_steps_are_as_few_as_they_can_be(
    old: list[int], new: list[int], touched: set[int] | None, steps: tuple[Step, ...] | None
) -> None:
    assert difference(array("I", old), array("I", new), touched).steps == steps


@pytest.mark.parametrize(("runs", "by_steps"), [(64, True), (65, False)])
def test_too_many_steps_are_an_arrangement(runs: int, *, by_steps: bool) -> None:
    old, new = array("I", range(1, 2 * runs, 2)), array("I", range(1, 2 * runs + 1))
    steps = difference(old, new, set(new)).steps
    assert (steps is not None) == by_steps
    assert steps is None or len(steps) == runs


def test_more_changed_rows_than_can_be_told_apart_are_told_as_a_span(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = array("I", range(1, 1_001))
    assert difference(rows, rows, set(range(3, 900, 2))).changed == ((2, 898),)
    monkeypatch.setattr(module, "_MAX_CHANGED", 10)
    assert difference(rows, rows, set(range(3, 900, 2))).changed == ((0, 999),)
    assert difference(rows, rows, None).changed == ((0, 999),)
    assert difference(rows[:0], rows[:0], None).changed == ()


def test_without_steps_it_is_an_arrangement_unless_nothing_moved() -> None:
    one, other = array("I", [1, 2, 3]), array("I", [2, 1, 3])
    assert difference(one, other, {1, 2}, {3, 9}, by_steps=False).steps is None
    assert difference(one, other, {1, 2}, {3, 9}, by_steps=False).places == {3: 2}
    assert difference(one, one[:], {1}, by_steps=False).steps == ()


def test_a_row_is_found_by_whole_numbers_only() -> None:
    # The bytes of 0x00010000 begin within the first number and end in the second.
    rows = array("I", [0x00000000, 0x00000001, 0x01010101, 0x00010000])
    assert [place_of(rows, row) for row in rows] == [0, 1, 2, 3]
    assert place_of(rows, 0x01000000) == -1
    assert place_of(rows, 1 << 40) == -1
    assert places_of(rows, ()) == {}


def test_pieces_answer_as_the_list_they_stand_for() -> None:
    new = array("I", [9, 8])
    pieces, naive = Pieces(array("I", range(10))), list(range(10))
    for step in (Removed(2, 4), Moved(0, 5), Inserted(0, 1), Moved(6, 1), Removed(0, 0)):
        pieces.take(step, new)
        naive = carried_out(naive, (step,), [9, 8])
        assert list(pieces) == naive
        assert pieces[-1] == naive[-1]
        assert len(pieces) == len(naive)
        assert pieces.joined() == array("I", naive).tobytes()
    with pytest.raises(IndexError):
        pieces[len(naive)]


def test_numbers_become_runs() -> None:
    assert runs_of([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]
    assert runs_of([]) == []
