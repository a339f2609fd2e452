"""Makes the classes of Qt's enums in a fifth of the time that Python's own `enum` takes for them.

A start makes two hundred, with three thousand members. Python looks at each as at something a programmer may have got wrong;
what PySide hands over are names and numbers that a compiler has seen. Anything else is left to Python, and everything is where
Python makes something else of a sample than is made of it here: another version may keep other things about an enum.
"""

import enum
import sys
from contextlib import suppress
from functools import cache, reduce
from operator import or_
from typing import Any

_BASES = (enum.Enum, enum.IntEnum, enum.Flag, enum.IntFlag)
# With a nought, a number of two names and one of two bits. Two samples, as what both have isn't their members'.
_SAMPLE = [("NO", 0), ("ONE", 1), ("UNO", 1), ("TWO", 2), ("BOTH", 3)]
_OTHER_SAMPLE = [("FOUR", 4), ("MANY", 16), ("ALL", 20)]
_usual: Any = vars(enum.EnumType).get("_create_")


def make_quickly() -> None:
    """From now on; harmless where it is so already."""
    if _usual is not None:
        # Between PySide and Python there is no public place.
        enum.EnumType._create_ = _create  # type: ignore[attr-defined]


def make_plainly() -> None:
    """From now on Python makes every enum by itself again."""
    if _usual is not None:
        enum.EnumType._create_ = _usual  # type: ignore[attr-defined]


def _create(base: Any, class_name: str, names: Any, *, module: str | None = None, **asked: Any) -> Any:
    """What Python calls to make an enum of a list. Shape: the class."""
    if module is None:
        # Where Python was asked for it, as Python finds out.
        asker = sys._getframe(1).f_back
        module = None if asker is None else asker.f_globals.get("__name__")
    if base in _BASES and module is not None and asked.get("qualname") is None and asked.get("type") is None:
        kind = _kind(base, asked.get("boundary"))
        if kind.takes(names):
            return kind.make(class_name, names, module)
    return _usual(base, class_name, names, module=module, **asked)


@cache
def _kind(base: Any, boundary: enum.FlagBoundary | None) -> "_Kind":
    return _Kind(base, boundary)


class _Kind:
    """Enums that differ in their members only: each is made as Python made a first one."""

    def __init__(self, base: Any, boundary: enum.FlagBoundary | None) -> None:
        first = _usual(base, "Sample", _SAMPLE, module=__name__, boundary=boundary)
        self._base = base
        self._is_flag = issubclass(base, enum.Flag)
        self._body = {name: each for name, each in vars(first).items() if name not in first.__members__}
        self._collections = {name: type(each) for name, each in self._body.items() if type(each) in (dict, list, set)}
        # A member of such a name would take another thing's place.
        self._taken = {"", "mro"}.union(*(vars(each) for each in base.__mro__))
        second = _usual(base, "Sample", _OTHER_SAMPLE, module=__name__, boundary=boundary)
        self._is_known = False
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            self._is_known = _contents(self.make("Sample", _OTHER_SAMPLE, __name__)) == _contents(second)

    def takes(self, members: Any) -> bool:
        """Whether Python would make of these what `make` does."""
        if not self._is_known or type(members) is not list or set(map(type, members)) != {tuple}:
            return False
        try:
            numbers = dict(members)
        except (TypeError, ValueError):
            return False
        values = numbers.values()
        if set(map(type, numbers)) != {str} or set(map(type, values)) != {int} or len(numbers) < len(members):
            return False
        if "_" in {name[:1] for name in numbers} or not self._taken.isdisjoint(numbers):
            return False
        bits = list(filter(_is_bit, values))
        # Python notes of a flag's class in which order to go through its bits.
        return not self._is_flag or bits == sorted(bits)

    def make(self, name: str, members: list[tuple[str, int]], module: str) -> Any:
        """The enum."""
        body = self._body | {each: fresh() for each, fresh in self._collections.items()} | {"__module__": module}
        if self._is_flag:
            values = [value for _name, value in members]
            mask = reduce(or_, values, 0)
            body["_flag_mask_"], body["_all_bits_"] = mask, 2 ** mask.bit_length() - 1
            body["_singles_mask_"] = reduce(or_, filter(_is_bit, values), 0)
        names, by_name, by_value = body["_member_names_"], body["_member_map_"], body["_value2member_map_"]
        made: Any = type.__new__(enum.EnumType, name, (self._base,), body)
        number = body["_member_type_"]
        for each, value in members:
            member = by_value.get(value)
            if member is None:
                member = number.__new__(made) if number is object else number.__new__(made, value)
                held = vars(member)
                held["_value_"], held["_name_"], held["__objclass__"] = value, each, made
                held["_sort_order_"] = len(names)
                by_value[value] = member
                if not self._is_flag or _is_bit(value):
                    names.append(each)
            by_name[each] = member
            type.__setattr__(made, each, member)
        return made


def _is_bit(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def _contents(made: Any) -> dict[str, Any]:
    """What is in an enum, told alike for another one of the same members."""

    def told(thing: Any) -> Any:
        if isinstance(thing, dict):
            return {name: told(each) for name, each in thing.items()}
        if type(thing) is made:
            return [thing._value_, {name: each is made or each for name, each in vars(thing).items()}]
        return getattr(thing, "__func__", thing)

    return {name: told(each) for name, each in vars(made).items()}
