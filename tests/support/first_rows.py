"""One start of the desk, and what it loaded by the time its first rows are painted.

Run as `python -m tests.support.first_rows DATA_DIR`: the one profile there is opened offline, its key found in a keychain in
memory. Prints JSON and ends.
"""

import json
import linecache
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lumedesk import running
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
    from PySide6 import QtCore, QtWidgets

    told = {
        "rows": window.overview.activity.total if window.overview.activity_view.isVisible() else 0,
        "modules": list(sys.modules),
        # PySide puts a type into its module when it is first needed.
        "types": [*vars(QtCore), *vars(QtWidgets)],
        "sources": list(linecache.cache),
    }
    print(json.dumps(told), flush=True)  # noqa: T201 - whoever started it reads this
    # Its end is none of this test's business.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
