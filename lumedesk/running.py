"""One run of the desk's process: its first picture, its log, what it denies other programs, and its end.

The order is that of a quick start: each part is loaded when it is its turn, and the keychain is looked into meanwhile.
"""

import gc
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lumedesk import __version__
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import system_keychain
from lumedesk.keychain.glimpse import Glimpse, glimpse
from lumedesk.qt_loading import quick_qt
from lumedesk.store.paths import profile_paths

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from lumedesk.views.main_window import MainWindow

log = logging.getLogger(__name__)

# How long a thread may go on before another one gets its turn. Python's own 5 ms are a third of a frame: while the worker
# takes in a long list, the window would visibly stutter.
_TURN_S = 0.001
_PATIENCE_MS = 500
# Qt is told of the desk's style before it begins: to ask it afterwards which one it has takes 10 ms.
STYLE_ARGUMENTS = ("-style", "Fusion")


def run(data_dir: Path, profile: Profile | None, *, offline: bool = False, page: str = "") -> int:
    """Open the program, at the page of that name, and stay until it is closed. Shape: the process's exit code."""
    sys.setswitchinterval(_TURN_S)
    # Nothing of what a start makes is garbage, and looking for some takes 30 ms. Later it is looked for by the program.
    gc.disable()
    opens_at_once = profile is not None and not _has_passphrase(data_dir, profile)
    early = glimpse(profile.id, _harden) if profile is not None and opens_at_once and not profile.is_sandbox else None
    app = _application()
    window = first_picture(profile) if profile is not None and opens_at_once else None
    from lumedesk.logs import default_log_dir, start_logging

    logging_ = start_logging(default_log_dir())
    try:
        return _run(app, data_dir, profile, window, early, offline=offline, page=page)
    except Exception:
        # Told through the log, which leaves secrets out.
        log.critical("the program ended", exc_info=True)
        return 1
    finally:
        if early is not None:
            early.close()
        logging_.close()


def _has_passphrase(data_dir: Path, profile: Profile) -> bool:
    """Whether one is set, be it one that can't be checked: nothing of a locked profile is read or shown before it."""
    lock = profile_paths(data_dir, profile.name).lock
    return lock.is_symlink() or lock.exists()


def _harden() -> tuple[str, ...]:
    from lumedesk.hardening import harden

    return harden()


def _application() -> "QApplication":
    with quick_qt():
        from PySide6.QtWidgets import QApplication

    app = QApplication([*sys.argv[:1], *STYLE_ARGUMENTS])
    app.setApplicationName("LumeDesk")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("lumedesk")
    # Windows give way to one another here, and for a moment there may be none.
    app.setQuitOnLastWindowClosed(False)
    return app


def first_picture(profile: Profile) -> "MainWindow":
    """Show the outlines of the window that is about to be filled, and wait until they are on the screen."""
    from PySide6.QtCore import QEventLoop, QTimer

    from lumedesk.views.main_window import MainWindow

    window = MainWindow(None, None, profile)
    seen = QEventLoop()
    window.painted.connect(seen.quit)
    # A window that nobody looks at, minimised or on another desktop, may never be painted.
    QTimer.singleShot(_PATIENCE_MS, seen, seen.quit)
    window.show()
    seen.exec()
    return window


def _run(
    app: "QApplication",
    data_dir: Path,
    profile: Profile | None,
    window: "MainWindow | None",
    early: Glimpse | None,
    *,
    offline: bool,
    page: str,
) -> int:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QIcon

    from lumedesk.assets import program_icon
    from lumedesk.program import Program

    app.setWindowIcon(QIcon(str(program_icon())))

    log.info("denied: %s", ", ".join(_harden()))
    if sys.platform == "linux":
        # A desktop portal refuses its file dialogs to a process that nobody may look into.
        app.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    keychain = system_keychain if early is None else early.keychain
    program = Program(app, data_dir, offline=offline, keychain=keychain, window=window, page=page)
    program.finished.connect(app.quit, Qt.ConnectionType.QueuedConnection)
    program.start(profile)
    try:
        return app.exec()
    finally:
        program.close()
