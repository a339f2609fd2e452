"""Makes the classes of Qt's enums in a third of the time that Python's own `enum` takes for them.

A start makes two hundred, with three thousand members. Python looks at each as at something a programmer may have got wrong;
what PySide hands over are names and numbers that a compiler has seen. Anything else is left to Python, and everything is where
Python makes something else of two samples than is made of them here: another version may keep other things about an enum.
"""

import enum
import sys
from functools import cache, reduce
from operator import or_
from typing import Any

_BASES = (enum.Enum, enum.IntEnum, enum.Flag, enum.IntFlag)
# With a nought, numbers of two names, and of bits that have names or none. The first is also what all enums are made like.
_SAMPLES = (
    [("NO", 0), ("ONE", 1), ("UNO", 1), ("TWO", 2), ("BOTH", 3), ("MORE", 12)],
    [("FOUR", 4), ("MANY", 16), ("ALL", 20), ("OTHERS", 9)],
)
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


def _create(
    base: Any,
    class_name: str,
    names: Any,
    *,
    module: str | None = None,
    qualname: str | None = None,
    type: Any = None,  # noqa: A002
    start: int = 1,
    boundary: Any = None,
) -> Any:
    """What Python calls to make an enum of a list. Shape: the class."""
    if module is None:
        # Where Python was asked for it, as Python finds out.
        asker = sys._getframe(1).f_back
        module = None if asker is None else asker.f_globals.get("__name__")
    # PySide never asks for more, nor for less.
    is_qts = module is not None and qualname is None and type is None and boundary is enum.KEEP
    if is_qts and base in _BASES:
        kind = _kind(base)
        if kind is not None and kind.takes(names):
            return kind.make(class_name, names, module)
    return _usual(base, class_name, names, module=module, qualname=qualname, type=type, start=start, boundary=boundary)


@cache
def _kind(base: Any) -> "_Kind | None":
    """None where Python makes such enums in another way."""
    try:
        first, second = (_usual(base, "Sample", each, module=__name__, boundary=enum.KEEP) for each in _SAMPLES)
        kind = _Kind(base, first)
        ours = [kind.make("Sample", each, __name__) for each in _SAMPLES]
        return kind if [_contents(each) for each in ours] == [_contents(first), _contents(second)] else None
    except Exception:  # noqa: BLE001 - whatever it is, Python gets along with itself
        return None


class _Kind:
    """Enums that differ in their members only."""

    def __init__(self, base: Any, first: Any) -> None:
        """`first` is one that Python made."""
        self._base = base
        self._is_flag = issubclass(base, enum.Flag)
        self._body = {name: each for name, each in vars(first).items() if name not in first.__members__}
        self._collections = {name: type(each) for name, each in self._body.items() if type(each) in (dict, list, set)}
        # Whether a flag's mask holds the bits that have no name: that depends on Python's version.
        self._masks_all = getattr(first, "_flag_mask_", 0) == first.BOTH._value_ | first.MORE._value_
        # A member of such a name would take another thing's place.
        self._taken = {"", "mro"}.union(*(vars(each) for each in base.__mro__))

    def takes(self, members: Any) -> bool:
        """Whether Python would make of these what `make` does."""
        if type(members) is not list:
            return False
        try:
            numbers = dict(members)
            names = "\n".join(["", *numbers])
        except (TypeError, ValueError):
            return False
        if len(numbers) < len(members) or "\n_" in names or not self._taken.isdisjoint(numbers):
            return False
        values = numbers.values()
        if set(map(type, values)) != {int}:
            return False
        if not self._is_flag:
            return True
        # Python notes in which order to go through a flag's bits; from 3.15 on, it makes positive numbers of negative ones.
        bits = list(filter(_is_bit, values))
        return bits == sorted(bits) and min(values) >= 0

    def make(self, name: str, members: list[tuple[str, int]], module: str | None) -> Any:
        """The enum."""
        body = self._body | {each: fresh() for each, fresh in self._collections.items()} | {"__module__": module}
        if self._is_flag:
            values = [value for _name, value in members]
            every, bits = reduce(or_, values), reduce(or_, filter(_is_bit, values), 0)
            masks = {
                "_flag_mask_": every if self._masks_all else bits,
                "_singles_mask_": bits,
                "_all_bits_": 2 ** every.bit_length() - 1,
            }
            # Not every Python notes all of them.
            body |= {each: masks[each] for each in masks.keys() & body.keys()}
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
        # Python 3.13.1 was the first to note these.
        body.get("_hashable_values_", []).extend(by_value)
        return made


def _is_bit(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def _contents(made: Any) -> dict[str, Any]:
    """What is in an enum, told alike for another one of the same members."""

    def told(thing: Any) -> Any:
        if isinstance(thing, dict):
            return {name: told(each) for name, each in thing.items()}
        if type(thing) is made:
            return [
                isinstance(thing, int) and int(thing),
                {name: each is made or each for name, each in vars(thing).items()},
            ]
        return getattr(thing, "__func__", thing)

    return {name: told(each) for name, each in vars(made).items()}
