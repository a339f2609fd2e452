"""Writes docs/ui-map.md, the list of every screen and control by its objectName: `python3 dev.py ui-map [--check]`."""
# ruff: noqa: T201 - it tells what it wrote

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QStackedWidget,
    QTableView,
    QWidget,
)

from lumedesk.beginning import Ground
from lumedesk.keychain import MemoryKeychain, Vault
from lumedesk.models.table import KeyedTable
from lumedesk.views.dialogs.about import AboutDialog
from lumedesk.views.dialogs.alerts import AlertsDialog
from lumedesk.views.dialogs.create_account import CreateAccountDialog
from lumedesk.views.dialogs.data import DataDialog
from lumedesk.views.dialogs.decide import DecideDialog
from lumedesk.views.dialogs.find import FindDialog
from lumedesk.views.dialogs.key import KeyDialog
from lumedesk.views.dialogs.licences import LicencesDialog
from lumedesk.views.dialogs.limits import LimitsDialog
from lumedesk.views.dialogs.new_books import NewBooksDialog
from lumedesk.views.dialogs.profiles import ProfilesDialog
from lumedesk.views.dialogs.quote import QuoteDialog
from lumedesk.views.dialogs.quote_settings import QuoteSettingsDialog
from lumedesk.views.dialogs.security import SecurityDialog
from lumedesk.views.dialogs.support import SupportDialog
from lumedesk.views.dialogs.updates import UpdatesDialog
from lumedesk.views.gate import GateWindow
from lumedesk.views.pages.page import Page
from lumedesk.views.parts.checks import CheckList
from lumedesk.views.parts.qr import QrCode
from lumedesk.views.parts.ring import CountdownRing
from lumedesk.views.parts.update_notice import UpdateNotice
from lumedesk.views.parts.widgets import Banner, Pill, StatePane
from lumedesk.views.setup import SetupWindow
from lumedesk.views.theme import Scheme
from lumedesk.views.wizards.withdrawal import WithdrawalWizard
from lumedesk.work.engine import Engine
from lumedesk.work.keys import Keys
from lumedesk.work.locking import Locking
from lumedesk.work.updates import Updates
from tests.support.keys import STORE_KEY, a_profile
from tests.support.releases import a_source
from tests.support.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
MAP = ROOT / "docs" / "ui-map.md"

_KINDS: tuple[tuple[type[QWidget], str], ...] = (
    (Page, "page"),
    (QTableView, "table"),
    (QAbstractButton, "button"),
    (QAbstractSpinBox, "number"),
    (QListView, "list"),
    (QProgressBar, "progress"),
    (CheckList, "results"),
    (QComboBox, "chooser"),
    (QLineEdit, "field"),
    (QPlainTextEdit, "text"),
    (QLabel, "label"),
    (Banner, "banner"),
    (StatePane, "state of a page"),
    (Pill, "status"),
    (QrCode, "picture"),
    (CountdownRing, "picture"),
)
# One for each value of the current record: they come and go with the data.
_GENERATED = re.compile(r"-(value|copy)-\d+$")

_HEAD = """\
# Every screen and control

Made by `python3 dev.py ui-map`; a test fails while it isn't current. Names are what tests and assistive technology find
controls by. Not listed is what comes and goes: `<page>-fields-value-N` and `<page>-fields-copy-N` for each field of the
current record, `gate-choice-<way>` for each way on that the gate offers, and `-N`, `-N-title`, `-N-verdict` and `-N-words`
after the name of a test's results.
"""


def windows(stage: Stage) -> list[QWidget]:
    """The main window, one of each dialog, and the windows that stand in the desk's place. All but the first are the caller's."""
    session, look, window = stage.session, stage.look, stage.window
    return [
        window,
        QuoteDialog(session, look, window),
        WithdrawalWizard(session, look, None, window),
        CreateAccountDialog(session, look, window),
        LimitsDialog(session, look, window),
        QuoteSettingsDialog(session, window),
        DecideDialog(session, look, "", window),
        NewBooksDialog(session, window),
        FindDialog(session, look, window),
        AlertsDialog(session, look, window),
        DataDialog(session, look, window),
        AboutDialog(window),
        LicencesDialog((), window),
        _of_updates(stage),
        *_of_access(stage, stage._desk.engine),
    ]


def _of_access(stage: Stage, engine: Engine) -> list[QWidget]:
    """The windows around keys, profiles and the lock. What works for a dialog goes when the dialog does."""
    look, window, profile = stage.look, stage.window, a_profile()
    keys = Keys(engine, stage.session, profile, Vault(MemoryKeychain(), profile.id), window)
    key_dialog = KeyDialog(keys, look, window)
    keys.setParent(key_dialog)
    locking = Locking(Path("no-lock.json"), profile.id, engine, stage.clock, store_key=STORE_KEY)
    security_dialog = SecurityDialog(locking, window)
    locking.setParent(security_dialog)
    gate = GateWindow(look, stage.clock, profile.title)
    gate.ask_passphrase("")
    return [
        key_dialog,
        ProfilesDialog((), "", look, window),
        security_dialog,
        SupportDialog((("versions.txt", ""),), _write_nothing, window),
        SetupWindow(look, Ground(engine, stage.clock)),
        gate,
    ]


def _of_updates(stage: Stage) -> UpdatesDialog:
    """As it is where there is something to ask."""
    source = a_source()
    updates = Updates(stage.session, stage._desk.engine, a_profile(), Path("no-updates.json"), source)
    dialog = UpdatesDialog(updates, stage.window)
    updates.setParent(dialog)
    return dialog


def _write_nothing(*_: object) -> None:
    """For a dialog in which nobody presses anything."""


def kind_of(widget: QWidget) -> str | None:
    """What the map calls a widget; None for what it leaves out."""
    return next((name for kind, name in _KINDS if isinstance(widget, kind)), None)


def mapped(window: QWidget) -> Iterator[QWidget]:
    """The widgets within one window that the map lists, in the order of the tree."""
    for widget in _children(window):
        if widget.isWindow():
            continue
        name = widget.objectName()
        if name and not name.startswith("qt_") and not _GENERATED.search(name):
            yield widget
        yield from mapped(widget)


def _children(widget: QWidget) -> list[QWidget]:
    """In the order they were made; those of a stack in the order of the stack, because showing one moves it."""
    found = [child for child in widget.children() if isinstance(child, QWidget)]
    if isinstance(widget, QStackedWidget):
        found.sort(key=widget.indexOf)
    return found


def told(stage: Stage) -> str:
    """The whole map."""
    lines = [_HEAD]
    # It comes and goes; the window keeps it.
    UpdateNotice(stage.window)
    for window in windows(stage):
        lines += [f"## {_title(window)} (`{window.objectName()}`)", ""]
        if isinstance(window, QMainWindow):
            lines += _actions(window)
        lines += ["| Name | Kind | Said to be | On |", "|---|---|---|---|"]
        lines += [row for widget in mapped(window) if (row := _row(widget))]
        lines.append("")
        if window is not stage.window:
            window.deleteLater()
    return "\n".join(lines)


def _title(window: QWidget) -> str:
    """As the window says it; the desk's own goes without the profile's name."""
    title = window.windowTitle()
    return title.split(" – ")[0] if isinstance(window, QMainWindow) else title


def _row(widget: QWidget) -> str:
    kind = kind_of(widget)
    if kind is None:
        return ""
    said = widget.accessibleName() or (widget.text() if isinstance(widget, QLabel | QAbstractButton) else "")
    if isinstance(widget, QTableView):
        model = widget.model()
        assert isinstance(model, KeyedTable)
        said += " (" + ", ".join(column.title or column.name for column in model.columns) + ")"
    if kind in ("label", "status", "picture") and _tells_data(widget):
        said = ""
    return f"| `{widget.objectName()}` | {kind} | {_plain(said)} | {_place(widget)} |"


def _tells_data(widget: QWidget) -> bool:
    # Titles stand for good; what else a label says depends on the data or the moment.
    name = widget.objectName()
    return not name.endswith("-title") or name.endswith("-state-title") or isinstance(widget, Pill)


def _place(widget: QWidget) -> str:
    """The nearest named ancestor; the window itself goes without saying."""
    parent = widget.parentWidget()
    while parent is not None and parent is not widget.window():
        name = parent.objectName()
        if name and not name.startswith("qt_"):
            return f"`{name}`"
        parent = parent.parentWidget()
    return ""


def _actions(window: QMainWindow) -> list[str]:
    rows = ["| Menu entry | Text | Keys | Menu |", "|---|---|---|---|"]
    for menu in window.menuBar().findChildren(QMenu):
        rows += [
            f"| `{action.objectName()}` | {_words(action)} | {action.shortcut().toString()} | {_words(menu)} |"
            for action in menu.actions()
            if action.objectName()
        ]
    return [*rows, ""]


def _words(titled: QAction | QMenu) -> str:
    return (titled.title() if isinstance(titled, QMenu) else titled.text()).replace("&", "")


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def make() -> str:
    """The map as it should be now, from a desk that never had any data."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert app is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        stage = Stage(Path(home), Scheme.LIGHT, None)
        try:
            return told(stage)
        finally:
            stage.close()


def main() -> int:
    """Read the options. Shape: the exit code; 1 when `--check` finds another map."""
    parser = argparse.ArgumentParser(prog="dev.py ui-map", description="List every screen and control.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the file isn't current")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    text = make()
    if options.check:
        is_current = MAP.exists() and MAP.read_text(encoding="utf-8") == text
        print("docs/ui-map.md is current." if is_current else "docs/ui-map.md isn't current: python3 dev.py ui-map")
        return 0 if is_current else 1
    MAP.write_text(text, encoding="utf-8")
    print(f"{MAP.relative_to(ROOT)}: {text.count(chr(10)):,} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
