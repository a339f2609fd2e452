"""What every enum of Qt is, as JSON: `python -m tests.support.every_enum`, with `quickly` as the desk has them made."""

import enum
import json
import pickle
import re
import sys
from collections.abc import Iterator
from typing import Any


def main(how: list[str]) -> int:
    """Tell of all. Shape: by the name of each, what it is and whether the desk made it."""
    made: list[type] = []
    if how == ["quickly"]:
        _note_made(made)
    from PySide6 import QtCore, QtDBus, QtGui, QtNetwork, QtSvg, QtWidgets

    modules = (QtCore, QtDBus, QtGui, QtNetwork, QtSvg, QtWidgets)
    found = {f"{each.__module__}.{each.__qualname__}": each for module in modules for each in _enums(module)}
    told = {name: _told(each) for name, each in found.items()}
    print(json.dumps({"enums": told, "made": [name for name, each in found.items() if each in made]}))  # noqa: T201
    return 0


def _note_made(made: list[type]) -> None:
    from lumedesk import qt_enums

    make = qt_enums._Kind.make

    def noted(*arguments: Any) -> Any:
        made.append(make(*arguments))
        return made[-1]

    qt_enums._Kind.make = noted  # type: ignore[method-assign]
    qt_enums.make_quickly()


def _enums(owner: Any) -> Iterator[Any]:
    for name in dir(owner):
        thing = getattr(owner, name)
        if isinstance(thing, enum.EnumType):
            yield thing
        elif isinstance(thing, type) and thing.__module__.startswith("PySide6."):
            inner = (getattr(thing, each) for each in vars(thing))
            yield from (each for each in inner if isinstance(each, enum.EnumType))


def _told(each: Any) -> dict[str, Any]:
    members = each.__members__
    return {
        "kind": str(each.__mro__),
        "members": {
            name: [
                member.name,
                member.value,
                repr(member),
                f"{member}",
                member._sort_order_,
                hash(member) == hash(member.name),
            ]
            for name, member in members.items()
        },
        "listed": [member.name for member in each],
        "things": {name: _thing(thing) for name, thing in vars(each).items() if name not in members},
        "names": dir(each),
        "pickled": [_outcome(lambda member=member: pickle.loads(pickle.dumps(member))) for member in members.values()],  # noqa: S301
        "unknown": _outcome(lambda: each(987_654_321)),
        "all": _outcome(
            lambda: [repr(some) for some in (each(each._flag_mask_), ~each(each._flag_mask_), *each(1 | 2))]
        ),
    }


def _thing(thing: Any) -> str:
    # A function may stand in the class as itself or as its static method.
    return re.sub(" at 0x[0-9a-f]+", "", repr(getattr(thing, "__func__", thing)))


def _outcome(ask: Any) -> str:
    try:
        return repr(ask())
    except Exception as error:  # noqa: BLE001 - most enums can't answer
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
