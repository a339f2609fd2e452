"""Qt's enums are what Python's own `enum` makes of them, whoever made them."""

import enum
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lumedesk import qt_enums
from lumedesk.qt_enums import _BASES, _contents, _create, _Kind, _kind, _usual, make_plainly, make_quickly

_ROOT = Path(__file__).parents[1]
_KINDS = [(base, boundary) for base in _BASES for boundary in (None, enum.KEEP)]


def _every_enum(*how: str) -> Any:
    command = [sys.executable, "-m", "tests.support.every_enum", *how]
    return json.loads(subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout)


def test_every_enum_of_qt_is_what_it_is_without() -> None:
    quick, as_ever = _every_enum("quickly"), _every_enum()
    assert [name for name, told in as_ever["enums"].items() if quick["enums"].get(name) != told] == []
    assert quick["enums"].keys() == as_ever["enums"].keys()
    # All but the few whose flags aren't in the order of their bits.
    assert len(quick["made"]) > 0.95 * len(as_ever["enums"]) > 500
    assert as_ever["made"] == []


_names = some.one_of(
    some.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True),
    some.sampled_from(
        ["name", "value", "mro", "real", "_sunder_", "__dunder__", "_Made__own", "_missing_", "", "A", "B"]
    ),
)
_numbers = some.one_of(some.integers(-2, 40), some.integers(0, 40).map(lambda bit: 1 << bit), some.integers())
_values = some.one_of(_numbers, some.sampled_from(["text", 1.5, True, None, (1, 2)]))
_flags = some.lists(some.integers(0, 12), unique=True).map(lambda bits: [(f"B{bit}", 1 << bit) for bit in sorted(bits)])
_members = some.one_of(
    some.lists(some.tuples(_names, _values)),
    some.lists(some.tuples(_names, _numbers), unique_by=lambda each: each[0]),
    _flags,
)


def _outcome(make: Any, base: Any, members: Any, boundary: Any) -> Any:
    try:
        made = make(base, "Made", members, module="its.module", boundary=boundary)
    except Exception as error:  # noqa: BLE001 - whatever it is
        return type(error), str(error)
    contents = {name: thing for name, thing in _contents(made).items() if not isinstance(thing, enum.property)}
    return contents, made.__name__, made.__mro__[1:], dir(made), repr(list(made)), repr(made.__members__)


@given(some.sampled_from(_KINDS), _members)
def test_any_list_of_members_becomes_what_python_makes_of_it(kind: Any, members: list[Any]) -> None:
    assert _outcome(_create, kind[0], members, kind[1]) == _outcome(_usual, kind[0], members, kind[1])


@pytest.mark.parametrize(
    "name",
    ["_A", "_A_", "__A__", "_Made__own", "_value_", "name", "value", "mro", "real", "__new__", "", 1, None, b"C", ()],
)
@pytest.mark.parametrize("kind", _KINDS)
def test_odd_names(kind: Any, name: Any) -> None:
    members = [("A", 1), (name, 2), ("B", 4)]
    assert _outcome(_create, kind[0], members, kind[1]) == _outcome(_usual, kind[0], members, kind[1])


@pytest.mark.parametrize(
    "value", [-1, -4, 0, 3, 5, 2**70, 2**31, True, False, 1.0, 1.5, "2", "text", None, (1, 2), [3]]
)
@pytest.mark.parametrize("kind", _KINDS)
def test_odd_values(kind: Any, value: Any) -> None:
    for members in ([("A", value)], [("A", 1), ("B", value), ("C", 4)], [("A", 16), ("B", 1), ("C", value)]):
        assert _outcome(_create, kind[0], members, kind[1]) == _outcome(_usual, kind[0], members, kind[1])


@pytest.mark.parametrize("members", ["A B", ["A", "B"], {"A": 1}, [("A", 1, 2)], [("A",)], [([], 1)], [], None, ()])
@pytest.mark.parametrize("kind", _KINDS)
def test_anything_but_a_list_of_names_and_numbers_is_left_to_python(kind: Any, members: Any) -> None:
    assert not _kind(*kind).takes(members)
    assert _outcome(_create, kind[0], members, kind[1]) == _outcome(_usual, kind[0], members, kind[1])


@pytest.mark.parametrize("kind", _KINDS)
def test_this_python_is_known(kind: Any) -> None:
    assert _kind(*kind).takes([("A", 1), ("B", 2)])


def _otherwise(change: Any) -> Any:
    def create(*arguments: Any, **named: Any) -> Any:
        made = _usual(*arguments, **named)
        change(made)
        return made

    return create


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda made: setattr(made, "_count_", len(made.__members__)), id="a count of its members"),
        pytest.param(lambda made: setattr(made, "_names_", set(made.__members__)), id="a set of its own"),
        pytest.param(lambda made: type.__delattr__(made, "_value2member_map_"), id="no table by value"),
        pytest.param(lambda made: [setattr(each, "_note_", 1) for each in made], id="members that hold more"),
    ],
)
@pytest.mark.parametrize("base", _BASES)
def test_where_python_keeps_something_else_it_makes_all(
    monkeypatch: pytest.MonkeyPatch, base: Any, change: Any
) -> None:
    monkeypatch.setattr(qt_enums, "_usual", _otherwise(change))
    assert not _Kind(base, None).takes([("A", 1)])


def test_python_asks_this_while_it_is_wanted() -> None:
    usual = vars(enum.EnumType)["_create_"]
    make_quickly()
    try:
        made = enum.Enum("Made", [("A", 1)])
        assert vars(enum.EnumType)["_create_"] is _create
        assert made.__module__ == __name__
    finally:
        make_plainly()
    assert vars(enum.EnumType)["_create_"] is usual
