"""The window in the desk's place: what it asks, what it tells, and that it keeps nothing that was typed."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.views.gate import GateWindow
from lumedesk.views.parts.secret_field import SecretField
from lumedesk.views.theme import Look, Scheme
from tests.support.clock import FakeClock
from tests.support.names import focusable, repeated, spoken
from tests.support.stage import settle, until

PROFILE = "Acme Treasury"
SECRET = "correct horse battery"


class Heard:
    """What the gate told, in its order."""

    def __init__(self, gate: GateWindow) -> None:
        self.all: list[Any] = []
        gate.passphrase_entered.connect(self.all.append)
        gate.chosen.connect(self.all.append)
        gate.key_entered.connect(self.all.append)
        gate.quit_wanted.connect(lambda: self.all.append("quit wanted"))


@pytest.fixture
def gate(qapp: QApplication, clock: FakeClock) -> Iterator[GateWindow]:
    look = Look(qapp, Scheme.LIGHT)
    gate = GateWindow(look, clock, PROFILE)
    gate.show()
    gate.activateWindow()
    until(gate.isActiveWindow, "the gate to come to the front")
    yield gate
    gate.close()
    gate.deleteLater()
    look.deleteLater()
    settle()


@pytest.fixture
def heard(gate: GateWindow) -> Heard:
    return Heard(gate)


def seen(gate: GateWindow) -> str:
    """All words on screen."""
    labels = [each.text() for each in gate.findChildren(QLabel) if each.isVisible()]
    buttons = [each.text() for each in gate.findChildren(QPushButton) if each.isVisible()]
    return "\n".join([*labels, *buttons])


def typed(gate: GateWindow) -> str:
    """All that stands in any field, seen or not."""
    return "".join(each.text() for each in gate.findChildren(QLineEdit))


def press(gate: GateWindow, key: Qt.Key = Qt.Key.Key_Return) -> None:
    """Press a key where the focus is, as an operator does."""
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key)


def write(text: str) -> None:
    focus = QApplication.focusWidget()
    assert isinstance(focus, QLineEdit)
    QTest.keyClicks(focus, text)


def show_each_state(gate: GateWindow) -> Iterator[str]:
    gate.ask_passphrase("Locked by you.")
    yield "passphrase"
    gate.show_busy("Waiting for the keychain…")
    yield "busy"
    gate.show_trouble("No keychain", "Start one.", "NoKeyringError", [("again", "Try again", "primary")])
    yield "trouble"
    gate.ask_key("For this run only.")
    yield "key"


def test_it_says_that_and_why_it_is_locked_and_nothing_else(gate: GateWindow) -> None:
    gate.ask_passphrase("Locked after 10 minutes without input.")
    assert gate.windowTitle() == "LumeDesk – locked"
    reason = "Locked after 10 minutes without input."
    assert set(seen(gate).split("\n")) - {""} == {
        *("Locked", PROFILE, reason, "Passphrase", "Show", "Unlock", "Quit LumeDesk")
    }


def test_shown_only_after_it_asks_it_takes_what_is_typed(gate: GateWindow) -> None:
    gate.hide()
    gate.ask_passphrase("Locked by you.")
    gate.show()
    settle()
    assert gate.focusWidget() is gate.passphrase.field


def test_the_keyboard_alone_unlocks(gate: GateWindow, heard: Heard) -> None:
    gate.ask_passphrase("Locked by you.")
    write(SECRET)
    press(gate)
    assert heard.all == [Secret(SECRET)]
    assert typed(gate) == ""
    assert not gate.passphrase.isEnabled()
    press_again = gate.unlock_button
    assert (press_again.text(), press_again.isEnabled()) == ("Checking…", False)


def test_the_button_unlocks_and_nothing_typed_asks_for_it(gate: GateWindow, heard: Heard) -> None:
    gate.ask_passphrase("Locked by you.")
    gate.unlock_button.click()
    assert heard.all == []
    assert "Enter the passphrase." in seen(gate)
    write(SECRET)
    gate.unlock_button.click()
    assert heard.all == [Secret(SECRET)]


def test_a_refusal_is_said_and_it_can_be_typed_again(gate: GateWindow, heard: Heard) -> None:
    gate.ask_passphrase("Locked by you.")
    write(SECRET)
    press(gate)
    gate.show_refusal("That isn't the passphrase.")
    assert "That isn't the passphrase." in seen(gate)
    assert "Try again" not in seen(gate)
    write("another one")
    press(gate)
    assert heard.all == [Secret(SECRET), Secret("another one")]


def test_while_it_waits_nothing_can_be_tried_and_the_time_is_told(
    gate: GateWindow, heard: Heard, clock: FakeClock
) -> None:
    gate.ask_passphrase("Locked by you.")
    gate.show_refusal("That isn't the passphrase.", 8)
    assert "That isn't the passphrase. Try again in 8 s." in seen(gate)
    assert not gate.passphrase.isEnabled()
    assert not gate.unlock_button.isEnabled()
    gate.passphrase.field.setText(SECRET)
    gate.passphrase.field.returnPressed.emit()
    assert heard.all == []
    clock.advance(6.5)
    until(lambda: "Try again in 2 s." in seen(gate), "the countdown")
    clock.advance(1.5)
    until(gate.passphrase.isEnabled, "the end of the wait")
    assert "Try again" not in seen(gate)
    assert not gate.is_waiting
    assert QApplication.focusWidget() is gate.passphrase.field


def test_a_delay_from_before_the_start_holds_at_once(gate: GateWindow, clock: FakeClock) -> None:
    gate.ask_passphrase("Enter this profile's passphrase to open it.", wait_s=5)
    assert "Try again in 5 s." in seen(gate)
    assert not gate.passphrase.isEnabled()


def test_waiting_says_for_what_and_can_be_given_up(gate: GateWindow, heard: Heard) -> None:
    gate.show_busy("Waiting for the system's keychain… It may ask for its password in a window of its own.")
    assert "Waiting for the system's keychain" in seen(gate)
    assert gate.progress.isVisible()
    press(gate)
    gate.quit_button.click()
    assert heard.all == ["cancel", "quit wanted"]
    gate.ask_passphrase("")
    assert gate.progress.maximum() == 1


def test_trouble_is_said_and_each_way_on_is_told_by_its_name(gate: GateWindow, heard: Heard) -> None:
    ways = [("again", "Try again", "primary"), ("passphrase", "Open with the passphrase", ""), ("quit", "Quit", "")]
    gate.show_trouble("The keychain is locked", "Unlock it.", "org.freedesktop.Secret.Error.IsLocked", ways)
    assert "The keychain is locked" in seen(gate)
    assert "Unlock it." in seen(gate)
    assert gate.detail.toPlainText() == "org.freedesktop.Secret.Error.IsLocked"
    press(gate)
    for name, text, _ in ways[1:]:
        made: Any = gate.findChild(QPushButton, f"gate-choice-{name}")
        assert made.text() == text
        made.click()
    assert heard.all == ["again", "passphrase", "quit"]


def test_choices_go_with_their_state(gate: GateWindow) -> None:
    for _ in range(2):
        gate.show_trouble("No keychain", "Start one.", "", [("again", "Try again", "")])
        settle()
        assert len(gate.findChildren(QPushButton, "gate-choice-again")) == 1
        assert not gate.detail_card.isVisible()
    gate.ask_passphrase("")
    settle()
    assert gate.findChildren(QPushButton, "gate-choice-again") == []


def test_markup_and_tricks_in_a_detail_are_shown_to_the_letter(gate: GateWindow) -> None:
    gate.show_trouble("Trouble", "Advice.", "<b>bold</b>\u202egpj" + "x" * 5000, [])
    assert "<b>bold</b>" in gate.detail.toPlainText()
    assert "\u202e" not in gate.detail.toPlainText()
    assert len(gate.detail.toPlainText()) < 1000


def test_a_key_is_asked_for_and_told(gate: GateWindow, heard: Heard) -> None:
    gate.ask_key("Kept for this run only.")
    write("key-1")
    press(gate, Qt.Key.Key_Tab)
    write(" s3cret ")
    press(gate)
    assert heard.all == [Credentials("key-1", Secret("s3cret"))]
    assert typed(gate) == ""


def test_a_key_that_no_request_can_carry_is_refused_in_words(gate: GateWindow, heard: Heard) -> None:
    gate.ask_key("Kept for this run only.")
    gate.connect_button.click()
    assert "Enter the API key." in seen(gate)
    gate.key.setText("key-1")
    gate.secret.field.setText("zwei\u00fc")
    gate.connect_button.click()
    assert "API secret holds characters" in seen(gate)
    assert heard.all == []
    gate.cancel_button.click()
    assert heard.all == ["cancel"]


def test_each_change_of_state_forgets_what_was_typed(gate: GateWindow) -> None:
    forgotten = []
    for state in show_each_state(gate):
        assert typed(gate) == "", state
        for field in gate.findChildren(QLineEdit):
            field.setText(SECRET)
        gate.passphrase.show_button.setChecked(True)
        forgotten.append(state)
    gate.ask_passphrase("")
    assert typed(gate) == ""
    assert gate.passphrase.field.echoMode() is QLineEdit.EchoMode.Password
    assert len(forgotten) == 4


def test_put_away_it_forgets_too(gate: GateWindow) -> None:
    gate.ask_passphrase("Locked by you.")
    write(SECRET)
    gate.hide()
    assert typed(gate) == ""
    gate.show()
    settle()
    assert gate.focusWidget() is gate.passphrase.field


def test_hiding_it_is_no_wish_to_quit_and_closing_it_is_one(gate: GateWindow, heard: Heard) -> None:
    gate.ask_passphrase("Locked by you.")
    gate.hide()
    assert heard.all == []
    gate.show()
    gate.close()
    assert heard.all == ["quit wanted"]


def test_every_control_has_a_name_and_a_spoken_one_in_each_state(gate: GateWindow) -> None:
    for state in show_each_state(gate):
        settle()
        controls = [each for each in focusable(gate) if each.isVisible()]
        assert controls, state
        assert [type(each).__name__ for each in controls if not each.objectName()] == [], state
        assert [each.objectName() for each in controls if not spoken(each)] == [], state
        assert repeated(gate) == {}, state


def test_all_its_words_have_room(gate: GateWindow) -> None:
    long = "The keychain of this computer can't be used at the moment, and that has a reason. " * 3
    gate.show_trouble("The keychain of this computer can't be used", long, long, [("again", "Try again", "primary")])
    settle()
    for label in (gate.title, gate.words):
        assert label.height() >= label.heightForWidth(label.width())
    assert gate.detail.height() >= gate.detail.document().size().height()


# The secret field


@pytest.fixture
def field(gate: GateWindow) -> SecretField:
    gate.ask_passphrase("Locked by you.")
    return gate.passphrase


def test_what_is_typed_is_hidden_until_it_is_asked_for(field: SecretField) -> None:
    write(SECRET)
    assert field.field.displayText() != SECRET
    assert field.text() == SECRET
    field.show_button.click()
    assert field.field.displayText() == SECRET
    assert field.show_button.text() == "Hide"
    field.show_button.click()
    assert SECRET not in field.field.displayText()


def test_the_button_is_reached_by_keyboard(field: SecretField, gate: GateWindow) -> None:
    write(SECRET)
    press(gate, Qt.Key.Key_Tab)
    press(gate, Qt.Key.Key_Space)
    assert field.field.displayText() == SECRET


@pytest.mark.parametrize("is_shown", [False, True])
def test_nothing_can_be_copied_out_of_it(field: SecretField, is_shown: bool) -> None:
    write(SECRET)
    field.show_button.setChecked(is_shown)
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("before")
    edit = field.field
    edit.setFocus()
    edit.selectAll()
    QTest.keySequence(edit, QKeySequence(QKeySequence.StandardKey.Copy))
    QTest.mouseDClick(edit, Qt.MouseButton.LeftButton, pos=QPoint(20, 15))
    QTest.keySequence(edit, QKeySequence(QKeySequence.StandardKey.Copy))
    assert field.text() == SECRET
    QTest.keySequence(edit, QKeySequence(QKeySequence.StandardKey.Cut))
    assert clipboard.text() == "before"
    if is_shown:
        assert not edit.hasSelectedText()
    clipboard.clear()


def test_it_has_no_menu(field: SecretField) -> None:
    assert field.field.contextMenuPolicy() is Qt.ContextMenuPolicy.NoContextMenu


@pytest.mark.parametrize("is_shown", [False, True])
def test_keyboards_that_learn_are_told_not_to(field: SecretField, is_shown: bool) -> None:
    field.show_button.setChecked(is_shown)
    hints = Qt.InputMethodHint
    wanted = hints.ImhSensitiveData | hints.ImhHiddenText | hints.ImhNoPredictiveText
    assert field.field.inputMethodHints() & wanted == wanted


def test_the_gate_is_a_window_of_its_own(gate: GateWindow) -> None:
    assert gate.isWindow()
    assert gate.parentWidget() is None
    assert isinstance(gate, QWidget)
