"""What PySide leaves out at the start is there when it is wanted, each time in a fresh process."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_QUICKLY = "from lumedesk.qt_loading import quick_qt\nwith quick_qt():\n    import PySide6.QtWidgets\n"
_AS_EVER = "import PySide6.QtWidgets\n"


def told(code: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", "import json\n" + textwrap.dedent(code)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


WRONG_CALLS = """
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
told = []
for wrong in (
    lambda: QLabel(5, 6, 7),
    lambda: QTimer().start("soon"),
    lambda: QObject().setObjectName(),
    lambda: QLabel("text", colour="red"),
    lambda: QObject().nothing,
):
    try:
        wrong()
    except Exception as error:
        told.append([type(error).__name__, str(error)])
told.append(["", str(QLabel.setText.__doc__)])
print(json.dumps(told))
"""


def test_errors_are_worded_as_ever() -> None:
    quick, as_ever = told(_QUICKLY + WRONG_CALLS), told(_AS_EVER + WRONG_CALLS)
    assert quick == as_ever
    assert "Supported signatures" in quick[0][1]


LATE = """
import sys
def late():
    names = ("errorhandler", "layout", "mapping", "parser", "lib.enum_sig", "lib.pyi_generator", "lib.tool")
    modules = {name: sys.modules["shibokensupport.signature." + name] for name in names}
    modules["feature"] = sys.modules["shibokensupport.feature"]
    return sorted(name for name, module in modules.items() if "__getattr__" in vars(module))
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
QLabel("text").setAlignment(Qt.AlignmentFlag.AlignRight)
before = late()
"""


def test_the_words_for_errors_wait_for_one() -> None:
    wrong = "try:\n    QLabel(5, 6, 7)\nexcept TypeError:\n    pass\nprint(json.dumps([before, late()]))"
    before, after = told(_QUICKLY + LATE + wrong)
    assert len(before) == 8
    assert after == ["feature", "lib.enum_sig", "lib.pyi_generator"]
    assert told(_AS_EVER + LATE + wrong) == [[], []]


def test_the_rest_is_loaded_behind() -> None:
    rest = "from lumedesk.qt_loading import load_rest\nload_rest()\nprint(json.dumps([before, late()]))\n"
    before, after = told(_QUICKLY + LATE + rest + "load_rest()")
    assert len(before) == 8
    assert after == []


def test_what_fails_to_load_is_loaded_the_next_time() -> None:
    code = """
import builtins
from lumedesk.qt_loading import load_rest
plain, left = compile, [1]
def short_of_memory(*arguments, **named):
    if left and left.pop():
        raise MemoryError
    return plain(*arguments, **named)
builtins.compile = short_of_memory
try:
    load_rest()
    failed = False
except MemoryError:
    failed = True
load_rest()
print(json.dumps([before, failed, late()]))
"""
    before, failed, after = told(_QUICKLY + LATE + code)
    assert len(before) == 8
    assert failed
    assert after == []


def test_enums_are_made_quickly_until_the_rest_is_there() -> None:
    code = """
import enum
from lumedesk import qt_enums
from lumedesk.qt_loading import load_rest
is_quick = vars(enum.EnumType)["_create_"] is qt_enums._create
load_rest()
print(json.dumps([is_quick, vars(enum.EnumType)["_create_"] is qt_enums._usual]))
"""
    assert told(_QUICKLY + code) == [True, True]
    assert told(_AS_EVER + _QUICKLY + code) == [False, True]


def test_a_wish_about_enums_is_heard() -> None:
    code = "import os\nos.environ['PYSIDE6_OPTION_PYTHON_ENUM'] = '0x3F'\n"
    shift = "from PySide6.QtCore import Qt\nprint(json.dumps(Qt.KeyboardModifier.ShiftModifier == 0x02000000))"
    assert told(code + _QUICKLY + shift) == told(code + _AS_EVER + shift)


def test_imports_are_plain_ones_afterwards() -> None:
    code = "import builtins, sys\nprint(json.dumps([builtins.__import__ is builtins.__orig_import__, repr(sys.meta_path)]))"
    is_plain, finders = told(_QUICKLY + code)
    assert is_plain
    assert "lumedesk" not in finders
    assert "shiboken" not in finders


def test_imports_are_plain_ones_even_where_qt_was_there_before() -> None:
    code = "import builtins\nprint(json.dumps(builtins.__import__ is builtins.__orig_import__))"
    assert told(_AS_EVER + _QUICKLY + code)
    assert not told(_AS_EVER + code)


def test_a_second_time_changes_nothing() -> None:
    code = "import sys\nbefore = list(sys.meta_path)\n" + _QUICKLY + "print(json.dumps(sys.meta_path == before))"
    assert told(_QUICKLY + code)
