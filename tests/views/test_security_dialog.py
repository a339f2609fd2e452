"""The dialog for the passphrase and the lock: what is set is in force, what is wrong is named, nothing typed stays."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from lumedesk.domain.credentials import Secret
from lumedesk.domain.lock import LockSettings
from lumedesk.store import private_file
from lumedesk.store.lock_file import Cost, make_lock, read_lock, write_lock
from lumedesk.views.dialogs import security
from lumedesk.views.dialogs.security import SecurityDialog
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.engine import Engine
from lumedesk.work.locking import Locking
from tests.support.clock import FakeClock
from tests.support.names import focusable, repeated, spoken
from tests.support.stage import settle, until

CHEAP = Cost(memory_kib=8, passes=1)
OLD, NEW = "correct horse battery", "a new passphrase"
STORE_KEY = Secret("f3" * 32)
SETTINGS = LockSettings(idle_minutes=25, with_system=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock.json"


@pytest.fixture
def show(qapp: QApplication, engine: Engine, path: Path, clock: FakeClock) -> Iterator[Callable[..., SecurityDialog]]:
    """Show the dialog over the file as it is then; gone when the test ends."""
    look = Look(qapp, Scheme.LIGHT)
    shown: list[SecurityDialog] = []

    def show_one(**options: Any) -> SecurityDialog:
        locking = Locking(path, "p", engine, clock, store_key=STORE_KEY, cost=CHEAP, **options)
        locking.is_locked = False  # the dialog is only ever seen on an open desk
        shown.append(SecurityDialog(locking))
        shown[-1].show()
        settle()
        return shown[-1]

    yield show_one
    for dialog in shown:
        dialog.close()
        dialog.deleteLater()
    look.deleteLater()
    settle()


@pytest.fixture
def protected(path: Path) -> None:
    write_lock(path, make_lock(Secret(OLD), STORE_KEY, "p", SETTINGS, CHEAP))


def opens(path: Path, passphrase: str) -> bool:
    lock = read_lock(path)
    return lock is not None and lock.open(Secret(passphrase)) == STORE_KEY


def typed(dialog: SecurityDialog) -> str:
    return "".join(each.text() for each in dialog.findChildren(QLineEdit) if each.objectName().startswith("security"))


def fill(dialog: SecurityDialog, old: str, new: str, again: str) -> None:
    for field, text in ((dialog.old, old), (dialog.new, new), (dialog.again, again)):
        field.clear()
        QTest.keyClicks(field.field, text)


def answered(dialog: SecurityDialog) -> str:
    """What it says once the answer has come."""
    until(lambda: bool(dialog.message.text()) and dialog.set_button.isEnabled(), "the answer")
    return dialog.message.text()


def test_it_says_what_a_passphrase_protects_and_that_nobody_recovers_it(show: Callable[..., SecurityDialog]) -> None:
    dialog = show()
    words = "\n".join(each.text() for each in dialog.findChildren(type(dialog.state)) if each.isVisible())
    for part in ("locks this window", "local records", "keychain", "Nobody can recover it", "At least 10 characters"):
        assert part in words
    assert dialog.state.text() == "No passphrase is set"


def test_a_first_passphrase_is_set(show: Callable[..., SecurityDialog], path: Path) -> None:
    dialog = show()
    assert not dialog.old.isVisible()
    assert not dialog.remove_button.isVisible()
    assert not dialog.times.isVisible()
    fill(dialog, "", NEW, NEW)
    dialog.set_button.click()
    assert answered(dialog) == "The passphrase is set."
    assert opens(path, NEW)
    assert typed(dialog) == ""
    assert dialog.state.text() == "A passphrase is set"
    assert dialog.old.isVisible()
    assert dialog.times.isVisible()
    assert dialog.set_button.text() == "Change passphrase"


@pytest.mark.parametrize(
    ("new", "again", "problem"), [("short", "short", "at least 10"), (NEW, "a new passphrasf", "differ")]
)
def test_what_cannot_be_one_is_said_and_nothing_is_set(
    show: Callable[..., SecurityDialog], path: Path, new: str, again: str, problem: str
) -> None:
    dialog = show()
    fill(dialog, "", new, again)
    dialog.set_button.click()
    assert problem in dialog.message.text()
    assert not path.exists()


def test_it_is_changed_with_the_old_one_only(show: Callable[..., SecurityDialog], protected: None, path: Path) -> None:
    dialog = show()
    fill(dialog, "not the old one", NEW, NEW)
    dialog.set_button.click()
    assert answered(dialog) == "That isn't the passphrase."
    assert dialog.old.text() == ""
    assert dialog.new.text() == NEW
    assert opens(path, OLD)
    QTest.keyClicks(dialog.old.field, OLD)
    dialog.set_button.click()
    until(lambda: dialog.message.text() == "The passphrase is set.", "the change")
    assert opens(path, NEW)
    lock = read_lock(path)
    assert lock is not None
    assert lock.settings == SETTINGS


def test_wrong_old_ones_cost_time(show: Callable[..., SecurityDialog], protected: None) -> None:
    dialog = show()
    for _ in range(4):
        fill(dialog, "not the old one", "", "")
        dialog.remove_button.click()
        words = answered(dialog)
    assert words == "That isn't the passphrase. Try again in 2 s."


def test_it_is_removed_with_the_old_one_only(show: Callable[..., SecurityDialog], protected: None, path: Path) -> None:
    dialog = show()
    dialog.remove_button.click()
    assert answered(dialog) == "That isn't the passphrase."
    fill(dialog, OLD, "", "")
    dialog.remove_button.click()
    assert "removed" in answered(dialog)
    assert not path.exists()
    assert dialog.state.text() == "No passphrase is set"


def test_what_cannot_be_removed_is_said(show: Callable[..., SecurityDialog], protected: None, path: Path) -> None:
    dialog = show()
    dialog._locking.is_only_way_in = True
    fill(dialog, OLD, "", "")
    dialog.remove_button.click()
    assert "keychain" in answered(dialog)
    assert path.exists()


def test_settings_are_shown_and_kept(show: Callable[..., SecurityDialog], protected: None, path: Path) -> None:
    dialog = show()
    assert (dialog.idle.value(), dialog.with_system.isChecked()) == (25, False)
    dialog.idle.setValue(0)
    assert dialog.idle.text() == "Never"
    dialog.with_system.click()
    dialog.save_button.click()
    until(lambda: not dialog.isVisible(), "the settings are saved")
    lock = read_lock(path)
    assert lock is not None
    assert lock.settings == LockSettings(idle_minutes=0, with_system=True)
    assert opens(path, OLD)


def test_settings_that_cannot_be_written_are_said(
    show: Callable[..., SecurityDialog], protected: None, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = show()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_file.os, "fsync", full)
    dialog.idle.setValue(3)
    dialog.save_button.click()
    assert "No space left" in answered(dialog)
    assert dialog.isVisible()
    assert dialog._locking.settings == SETTINGS


@pytest.mark.parametrize("is_able", [True, False])
def test_screenshots_are_offered_where_the_system_can(
    show: Callable[..., SecurityDialog], protected: None, path: Path, monkeypatch: pytest.MonkeyPatch, is_able: bool
) -> None:
    """The system is asked through a fake: this one can't."""
    monkeypatch.setattr(security, "can_block_capture", lambda: is_able)
    dialog = show()
    assert dialog.blocks_capture.isVisible() is is_able
    if is_able:
        dialog.blocks_capture.click()
    dialog.save_button.click()
    until(lambda: not dialog.isVisible(), "the settings are saved")
    lock = read_lock(path)
    assert lock is not None
    assert lock.settings.blocks_capture is is_able


@pytest.mark.parametrize("how", ["closed", "locked"])
def test_nothing_typed_stays_when_it_closes_or_the_desk_locks(
    show: Callable[..., SecurityDialog], protected: None, how: str
) -> None:
    dialog = show()
    fill(dialog, OLD, NEW, NEW)
    if how == "closed":
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()
    else:
        dialog._locking.locked.emit("Locked by you.")
    assert typed(dialog) == ""


def test_a_damaged_lock_is_said_at_once(show: Callable[..., SecurityDialog], path: Path) -> None:
    path.write_text("{}")
    assert "backup" in show().message.text()


def test_enter_does_nothing_by_itself(show: Callable[..., SecurityDialog], protected: None, path: Path) -> None:
    dialog = show()
    fill(dialog, OLD, NEW, NEW)
    QTest.keyClick(dialog.again.field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.set_button.isEnabled()
    assert opens(path, OLD)


def test_its_controls_have_names_and_room(show: Callable[..., SecurityDialog], protected: None) -> None:
    dialog = show()
    fill(dialog, OLD, "short", "")
    dialog.set_button.click()
    settle()
    controls = focusable(dialog)
    assert len(controls) > 10
    assert [type(each).__name__ for each in controls if not each.objectName()] == []
    assert [each.objectName() for each in controls if not spoken(each)] == []
    assert repeated(dialog) == {}
    for field in (dialog.old, dialog.new, dialog.again):
        assert field.height() >= field.sizeHint().height()
