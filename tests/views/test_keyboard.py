"""The windows before and around the desk, driven from the keyboard alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from lumedesk.beginning import Ground
from lumedesk.domain.profiles import Listed, Profile, ProfileKind
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.views.dialogs.profiles import ProfilesDialog
from lumedesk.views.gate import GateWindow
from lumedesk.views.setup import SetupStep, SetupWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.engine import Engine
from tests.support.clock import FakeClock
from tests.support.sandbox import running_sandbox
from tests.support.stage import settle, until

ENTER, TAB, SPACE, ESCAPE, DOWN = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Space,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Down,
)
PASSPHRASE = "correct horse battery"
LISTED = (
    Listed("treasury", Profile("treasury", ProfileKind.PRODUCTION, "Treasury", "https://api.lumetrade.com")),
    Listed("lab", Profile("lab", ProfileKind.CUSTOM, "Lab", "http://localhost:8080")),
)
Bring = Callable[[QWidget], None]


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=0, speed=0) as address:
        yield address


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    look = Look(qapp, Scheme.LIGHT)
    yield look
    look.deleteLater()
    settle()


@pytest.fixture
def bring() -> Iterator[Bring]:
    """Shows a window in front; gone when the test ends."""
    shown: list[QWidget] = []

    def bring(window: QWidget) -> None:
        shown.append(window)
        window.show()
        window.activateWindow()
        until(window.isActiveWindow, "the window to come to the front")

    yield bring
    for window in shown:
        window.close()
        window.deleteLater()
    settle()


def at() -> str:
    """The name of what has the keyboard."""
    focus = QApplication.focusWidget()
    return focus.objectName() if focus is not None else ""


def press(*keys: Qt.Key) -> None:
    for key in keys:
        focus = QApplication.focusWidget() or QApplication.activeWindow()
        assert focus is not None
        QTest.keyClick(focus, key)
        settle()


def write(text: str) -> None:
    QTest.keyClicks(QApplication.focusWidget(), text)


def tab_to(name: str) -> None:
    for _ in range(20):
        if at() == name:
            return
        press(TAB)
    raise AssertionError(f"Tab doesn't lead to {name}")


def test_the_set_up_from_its_first_step_to_its_last(
    look: Look, engine: Engine, clock: FakeClock, address: SandboxAddress, bring: Bring
) -> None:
    window = SetupWindow(look, Ground(engine, clock))
    finished: list[Any] = []
    window.finished.connect(finished.append)
    bring(window)
    press(TAB, ENTER)
    assert (window.step, at()) == (SetupStep.CONNECT, "setup-kind")
    write("C")
    tab_to("setup-address")
    write(address.base_url)
    press(TAB)
    write(address.credentials.key)
    press(ENTER)
    assert at() == "setup-secret"
    write(address.credentials.secret.reveal())
    press(ENTER)
    until(lambda: window.connect_step.trial.is_good, "the test to pass")
    press(ENTER)
    assert (window.step, at()) == (SetupStep.LOCK, "setup-passphrase")
    write(PASSPHRASE)
    press(ENTER)
    assert at() == "setup-passphrase-again"
    assert window.hint.text() == "Type the passphrase once more."
    write(PASSPHRASE)
    press(ENTER)
    window.show_failure("The keychain is locked.")
    assert at() == "setup-finish"
    press(ENTER)
    assert [answers.passphrase.reveal() for answers in finished] == [PASSPHRASE] * 2
    assert finished[0].base_url == address.base_url


def test_the_set_up_fits_on_the_screen(look: Look, engine: Engine, clock: FakeClock, bring: Bring) -> None:
    window = SetupWindow(look, Ground(engine, clock))
    bring(window)
    assert window.height() <= window.screen().availableSize().height()


def test_the_gate_asks_for_the_key_field_by_field(look: Look, clock: FakeClock, bring: Bring) -> None:
    gate = GateWindow(look, clock)
    entered: list[Any] = []
    gate.key_entered.connect(entered.append)
    gate.ask_key("Kept for this run only.")
    bring(gate)
    write("key-1")
    press(ENTER)
    assert (at(), entered) == ("gate-secret", [])
    write("s3cret")
    press(ENTER)
    assert [each.key for each in entered] == ["key-1"]


def test_escape_cancels_at_the_gate_only_where_that_is_offered(look: Look, clock: FakeClock, bring: Bring) -> None:
    gate = GateWindow(look, clock)
    chosen: list[str] = []
    gate.chosen.connect(chosen.append)
    gate.ask_passphrase("Locked by you.")
    bring(gate)
    press(ESCAPE)
    assert chosen == []
    gate.show_busy("Waiting for the keychain…")
    press(ESCAPE)
    gate.ask_key("Kept for this run only.")
    press(ESCAPE)
    assert chosen == ["cancel", "cancel"]
    assert gate.isVisible()


def test_a_profile_is_removed_and_a_failure_leads_back(look: Look, bring: Bring) -> None:
    dialog = ProfilesDialog(LISTED, "treasury", look)
    wanted: list[Any] = []
    dialog.remove_wanted.connect(lambda *each: wanted.append(each))
    bring(dialog)
    press(DOWN)
    tab_to("profiles-remove")
    press(SPACE)
    assert at() == "profiles-keep"
    press(DOWN, TAB)
    write("Lab")
    tab_to("profiles-confirm-remove")
    press(SPACE)
    assert wanted == [("lab", True)]
    assert not dialog.back_button.isEnabled()
    assert dialog.close_button.text() == "Close"
    dialog.show_failure("The keychain is locked.")
    assert at() == "profiles-back"
    press(SPACE)
    assert at() == "profiles-list"
