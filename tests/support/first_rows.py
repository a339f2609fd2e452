"""One start of the desk, and what it loaded by the time its first rows are painted.

Run as `python -m tests.support.first_rows DATA_DIR`: the one profile there is opened offline, its key found in a keychain in
memory. Prints JSON, a second line once what PySide left out is loaded, and ends.
"""

import json
import linecache
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lumedesk import qt_loading, running
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import MemoryKeychain, Vault
from lumedesk.store.profiles import list_profiles
from tests.support.keys import STORE_KEY

if TYPE_CHECKING:
    from lumedesk.views.main_window import MainWindow


def main(data_dir: Path) -> int:
    """Start it as the command does."""
    [listed] = list_profiles(data_dir)
    profile, keychain = listed.profile, MemoryKeychain()
    assert profile is not None
    Vault(keychain, profile.id).keep_store_key(STORE_KEY)
    shown = running.first_picture

    def noted(profile: Profile) -> "MainWindow":
        window = shown(profile)
        window.page_painted.connect(lambda: _tell(window))
        return window

    running.glimpse = lambda *_: None
    running.system_keychain = lambda: keychain
    running.first_picture = noted
    return running.run(data_dir, profile, offline=True)


def _tell(window: "MainWindow") -> None:
    from PySide6 import QtCore, QtGui, QtWidgets

    told = {
        "rows": painted_rows(window),
        "modules": list(sys.modules),
        # PySide puts a type into its module when it is first needed.
        "types": [*vars(QtCore), *vars(QtGui), *vars(QtWidgets)],
        "sources": list(linecache.cache),
        "late": _late(),
    }
    print(json.dumps(told), flush=True)  # noqa: T201 - whoever started it reads this
    timer = QtCore.QTimer(window)
    timer.timeout.connect(_end_once_whole)
    timer.start(10)


def painted_rows(window: "MainWindow") -> int:
    """How many rows of the latest activity are on the screen; none before a picture of them was painted."""
    view = window.overview.activity_view
    return window.overview.activity.total if view.isVisible() and view._font is not None else 0


def _late() -> list[str]:
    return [name for name in qt_loading._LATE if "__getattr__" in vars(sys.modules[name])]


def _end_once_whole() -> None:
    if not _late():
        print("whole", flush=True)  # noqa: T201
        # Its end is none of this test's business.
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
