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
from lumedesk.qt_enums import _BASES, _contents, _create, _kind, _usual, make_plainly, make_quickly

_ROOT = Path(__file__).parents[1]
_each_base = pytest.mark.parametrize("base", _BASES)


def _every_enum(*how: str) -> Any:
    command = [sys.executable, "-m", "tests.support.every_enum", *how]
    return json.loads(subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout)


def test_every_enum_of_qt_is_what_it_is_without() -> None:
    quick, as_ever = _every_enum("quickly"), _every_enum()
    assert [name for name, told in as_ever["enums"].items() if quick["enums"].get(name) != told] == []
    assert quick["enums"].keys() == as_ever["enums"].keys()
    # All but the few that have no members, or flags in another order than that of their bits.
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


def _outcome(make: Any, base: Any, members: Any, boundary: Any = enum.KEEP, **asked: Any) -> Any:
    try:
        made = make(base, "Made", members, module="its.module", boundary=boundary, **asked)
    except Exception as error:  # noqa: BLE001 - whatever it is
        return type(error), str(error)
    # What is made for each class isn't equal for two.
    own = {name for name, thing in vars(made).items() if name == "__dict__" or isinstance(thing, enum.property)}
    contents = {name: thing for name, thing in _contents(made).items() if name not in own}
    return contents, own, made.__qualname__, made.__mro__[1:], dir(made), repr(list(made)), repr(made.__members__)


def _is_alike(base: Any, members: Any, **asked: Any) -> bool:
    return bool(_outcome(_create, base, members, **asked) == _outcome(_usual, base, members, **asked))


def _takes(base: Any, members: Any) -> bool:
    kind = _kind(base)
    assert kind is not None, "this Python makes enums in another way"
    return kind.takes(members)


@_each_base
def test_plain_lists_are_taken(base: Any) -> None:
    assert _takes(base, [("A", 1), ("B", 2), ("C", 0), ("D", 2), ("E", 3), ("F", 12)])


@given(some.sampled_from(_BASES), _members)
def test_any_list_of_members_becomes_what_python_makes_of_it(base: Any, members: list[Any]) -> None:
    assert _is_alike(base, members)


@pytest.mark.parametrize(
    "name",
    [
        "_A",
        "_A_",
        "__A__",
        "_Made__own",
        "_value_",
        "name",
        "value",
        "mro",
        "real",
        "__new__",
        "",
        "C\n_D",
        1,
        None,
        b"C",
        (),
    ],
)
@_each_base
def test_odd_names(base: Any, name: Any) -> None:
    assert _is_alike(base, [("A", 1), (name, 2), ("B", 4)])


@pytest.mark.parametrize(
    "value", [-1, -4, 0, 3, 5, 2**70, 2**31, True, False, 1.0, 1.5, "2", "text", None, (1, 2), [3]]
)
@_each_base
def test_odd_values(base: Any, value: Any) -> None:
    for members in ([("A", value)], [("A", 1), ("B", value), ("C", 4)], [("A", 16), ("B", 1), ("C", value)]):
        assert _is_alike(base, members)
        assert type(value) is int or not _takes(base, members)


@pytest.mark.parametrize("members", ["A B", ["A", "B"], {"A": 1}, [("A", 1, 2)], [("A",)], [([], 1)], [], None])
@_each_base
def test_anything_but_a_list_of_names_and_numbers_is_left_to_python(base: Any, members: Any) -> None:
    assert not _takes(base, members)
    assert _is_alike(base, members)


@pytest.mark.parametrize("members", [[("NO", -1), ("A", 1)], [("B", 2), ("A", 1)]])
@pytest.mark.parametrize("base", [enum.Flag, enum.IntFlag])
def test_flags_that_python_reckons_with_are_left_to_it(base: Any, members: Any) -> None:
    assert not _takes(base, members)
    assert _is_alike(base, members)


@pytest.mark.parametrize(
    "asked",
    [
        {"boundary": None},
        {"boundary": enum.STRICT},
        {"boundary": []},
        {"qualname": "Its.Made"},
        {"type": int},
    ],
)
@_each_base
def test_other_wishes_are_heard(base: Any, asked: dict[str, Any]) -> None:
    assert _is_alike(base, [("A", 1), ("B", 2)], **asked)


class _Noted(enum.Enum):
    """Kinds of enum may do anything, and two samples needn't show it."""

    def __init__(self, number: int) -> None:
        if number > 50:
            self.is_large = True


def test_enums_of_ones_own_kind_are_left_to_python() -> None:
    assert _is_alike(_Noted, [("A", 1), ("B", 99)])


def _otherwise(change: Any) -> Any:
    def create(*arguments: Any, **named: Any) -> Any:
        made = _usual(*arguments, **named)
        change(made)
        return made

    return create


def _fail(_made: Any) -> None:
    raise RuntimeError


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda made: setattr(made, "_count_", len(made.__members__)), id="a count of its members"),
        pytest.param(lambda made: setattr(made, "_names_", set(made.__members__)), id="a set of its own"),
        pytest.param(lambda made: type.__delattr__(made, "_value2member_map_"), id="no table by value"),
        pytest.param(lambda made: [setattr(each, "_note_", 1) for each in made], id="members that hold more"),
        pytest.param(lambda made: setattr(made, "_has_none_", 0 in made._value2member_map_), id="a note on a nought"),
        pytest.param(
            lambda made: setattr(made, "_others_", len(made.__members__) - len(made._value2member_map_)),
            id="a note on second names",
        ),
        pytest.param(_fail, id="it doesn't make them at all"),
    ],
)
@_each_base
def test_where_python_keeps_something_else_it_makes_all(
    monkeypatch: pytest.MonkeyPatch, base: Any, change: Any
) -> None:
    monkeypatch.setattr(qt_enums, "_usual", _otherwise(change))
    assert _kind.__wrapped__(base) is None


@_each_base
def test_the_numbers_that_newer_pythons_note(monkeypatch: pytest.MonkeyPatch, base: Any) -> None:
    def note(made: Any) -> None:
        made._hashable_values_ = list(made._value2member_map_)

    monkeypatch.setattr(qt_enums, "_usual", _otherwise(note))
    kind = _kind.__wrapped__(base)
    assert kind is not None
    assert kind.make("Made", [("A", 1), ("B", 2), ("C", 1)], "its.module")._hashable_values_ == [1, 2]


def test_python_asks_this_while_it_is_wanted() -> None:
    usual = vars(enum.EnumType)["_create_"]
    make_quickly()
    try:
        assert vars(enum.EnumType)["_create_"] is _create
        places = {enum.Enum("Made", [("A", 1)], boundary=each).__module__ for each in (None, enum.KEEP)}  # type: ignore[call-overload]
        nowhere = {"enum": enum}
        exec("made = enum.Enum('Made', [('A', 1)], boundary=enum.KEEP)", nowhere)  # noqa: S102 - a place without a name
    finally:
        make_plainly()
    assert places == {__name__}
    assert isinstance(nowhere["made"].__module__, str)
    assert vars(enum.EnumType)["_create_"] is usual
