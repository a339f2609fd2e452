"""What a start must not load before its first picture and its first rows, each in a fresh process."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from lumedesk.domain.kinds import Kind
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import make_private_folder, profile_paths
from lumedesk.store.profiles import write_profile
from tests.support.builders import a_trade
from tests.support.keys import STORE_KEY, a_profile
from tests.support.mirrors import write

_ROOT = Path(__file__).parents[1]
# What takes tens of milliseconds to import and isn't needed yet.
_LATE = {"asyncio", "httpx", "h11", "ssl", "keyring", "cryptography", "argon2", "platformdirs", "segno", "secrets"}
_LATE |= {"secretstorage", "jeepney", "subprocess", "lumedesk.api", "lumedesk.sandbox", "lumedesk.views.dialogs.quote"}
_LATE |= {"PySide6.QtDBus", "lumedesk.models.history_table", "lumedesk.work.os_lock"}
# What moves money, and what keeps it safe, is looked at once the rows are painted.
_LATE |= {"lumedesk.work.books", "lumedesk.work.movements", "lumedesk.work.safeguards", "lumedesk.store.journal"}
_LATE |= {"lumedesk.work.lookups", "lumedesk.work.preferences", "lumedesk.work.saved_filters", "lumedesk.domain.quotes"}
_LATE |= {"statistics", "fractions", "dataclasses", "inspect", "typing_extensions"}
# Which of Qt's types are there shows what PySide was asked: to tell what a viewport, an application's child, a style or a
# brush is, it loads every kind of widget, of QObject, of style, of gradient.
_EVERY_KIND = {"QMdiArea", "QProcess", "QStyle", "QGradient"}
# What not even the outlines of the window need.
_LATER = _LATE | {"apsw", "lumedesk.views.theme", "lumedesk.work.session", "lumedesk.logs"}


def _loaded(*modules: str) -> set[str]:
    code = (
        "import sys, json\nfrom lumedesk.qt_loading import quick_qt\nwith quick_qt():\n    import PySide6.QtWidgets\n"
        f"import {', '.join(modules)}\nprint(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_what_the_first_picture_needs() -> None:
    loaded = _loaded("lumedesk.cli", "lumedesk.running", "lumedesk.views.main_window")
    assert "lumedesk.views.outline" in loaded
    assert not loaded & _LATER


def test_what_the_first_rows_need() -> None:
    parts = ("menus", "sidebar", "pages.overview", "parts.notices", "parts.status_line")
    loaded = _loaded("lumedesk.running", "lumedesk.program", *(f"lumedesk.views.{part}" for part in parts))
    assert {"msgspec", "apsw", "lumedesk.work.session"} <= loaded
    assert not loaded & _LATE


def test_what_a_whole_start_loads_before_its_first_rows(tmp_path: Path) -> None:
    profile, rows = a_profile(), 5
    paths = profile_paths(tmp_path, profile.name)
    make_private_folder(paths.folder)
    write_profile(paths, profile)
    mirror = Mirror(paths.mirror, STORE_KEY)
    # So many decimals need more room than a column has at first.
    write(mirror, Kind.TRADES, [a_trade(to_amount=Decimal("1.23456789")) for _ in range(rows)])
    mirror.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.first_rows", str(tmp_path)],
        cwd=_ROOT,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    first, _, then = done.stdout.partition("\n")
    told = json.loads(first or "{}")
    assert told.get("rows") == rows, done.stderr
    # The log's folder is asked for on the way.
    assert not set(told["modules"]) & _LATE - {"platformdirs"}
    assert not set(told["types"]) & _EVERY_KIND
    assert len(told["late"]) == 8
    assert then.strip() == "whole"
    # PySide would read the source of all of them.
    assert not [each for each in told["sources"] if Path(each).is_relative_to(_ROOT / "lumedesk")]


@pytest.mark.parametrize("command", [["--version"], ["profile", "list"]])
def test_a_command_loads_no_window(command: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, lumedesk.cli\n"
        "try:\n    lumedesk.cli.main(sys.argv[1:])\n"
        "finally:\n    print([name for name in sys.modules if name.startswith('PySide6')])"
    )
    arguments = [sys.executable, "-c", code, "--data-dir", str(tmp_path), *command]
    done = subprocess.run(arguments, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"
