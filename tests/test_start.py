"""What a start must not load before its first picture and its first rows, each in a fresh process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
# What takes tens of milliseconds to import and isn't needed yet.
_LATE = {"asyncio", "httpx", "h11", "ssl", "keyring", "cryptography", "argon2", "platformdirs", "segno", "secrets"}
_LATE |= {"secretstorage", "jeepney", "subprocess", "lumedesk.api", "lumedesk.sandbox", "lumedesk.views.dialogs.quote"}
# What not even the outlines of the window need.
_LATER = _LATE | {"msgspec", "apsw", "lumedesk.views.theme", "lumedesk.work.session", "lumedesk.logs"}


def _loaded(*modules: str) -> set[str]:
    code = f"import sys, json, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_what_the_first_picture_needs() -> None:
    loaded = _loaded("lumedesk.cli", "lumedesk.running", "lumedesk.views.main_window")
    assert "PySide6.QtWidgets" in loaded
    assert not loaded & _LATER


def test_what_the_first_rows_need() -> None:
    parts = ("menus", "sidebar", "pages.overview", "parts.notices", "parts.status_line")
    loaded = _loaded("lumedesk.running", "lumedesk.program", *(f"lumedesk.views.{part}" for part in parts))
    assert {"msgspec", "apsw", "lumedesk.work.session"} <= loaded
    assert not loaded & _LATE


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
