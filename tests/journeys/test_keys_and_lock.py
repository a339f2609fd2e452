"""Keys that stop working, a desk that locks, a profile that only looks: as an operator meets them, on a real Secret Service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from lumedesk import workplace
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Keychain, NoKeychain
from lumedesk.program import Program
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.paths import profile_paths
from lumedesk.store.profiles import write_profile
from lumedesk.views.dialogs.quote import QuoteDialog
from lumedesk.views.main_window import MainWindow
from lumedesk.work.session import Connection
from tests.support.keys import a_sandbox
from tests.support.operator import PATIENCE_MS, Operator
from tests.support.sandbox import SandboxControl, running_sandbox
from tests.support.secret_service import PASSWORD, SecretService

Start = Callable[..., Program]
Hands = Callable[[Callable[[], QWidget | None]], Operator]
Fill = Callable[[Program], Operator]
Enrolled = Callable[..., Profile]

PASSPHRASE = "correct horse battery"
LISTS = (
    "getAccounts",
    "getWallets",
    "getCurrencies",
    "getBeneficiaries",
    "getWithdrawHistory",
    "depositHistory",
    "tradeHistory",
)


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=20, speed=0, quote_seconds=60) as address:
        yield address


@pytest.fixture(autouse=True)
def control(address: SandboxAddress) -> SandboxControl:
    control = SandboxControl(address)
    control.clear()
    return control


def session_of(program: Program):
    assert program.workplace is not None
    return program.workplace.desk.session


def seen_windows(program: Program) -> list[QWidget]:
    return [each for each in QApplication.topLevelWidgets() if each.isVisible()]


def test_a_key_refused_in_work_is_asked_for_and_the_draft_stays(
    start: Start,
    fill: Fill,
    enrolled: Enrolled,
    service: SecretService,
    address: SandboxAddress,
    control: SandboxControl,
    qtbot: QtBot,
) -> None:
    enrolled(address)
    program = start()
    operator = fill(program)
    operator.press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    operator.wait_for("quote")
    operator.write("quote-amount", "123.45")
    for name in LISTS:
        control.fault(name, "status", status=401, times=100_000)
    session_of(program).refresh()
    operator.wait_for("key")
    assert "isn't accepted" in operator.read("key-title")
    control.clear()
    operator.write("key-key", address.credentials.key)
    operator.write("key-secret", address.credentials.secret.reveal())
    operator.click("key-save")
    operator.wait(lambda: not operator.sees("key"))
    operator.wait(lambda: session_of(program).connection is Connection.ONLINE)
    assert operator.read("quote-amount") == "123.45"
    assert not operator.sees("notice-key")


def test_locking_covers_everything_drops_the_quote_and_keeps_what_was_typed(
    start: Start, fill: Fill, hands: Hands, enrolled: Enrolled, service: SecretService, address: SandboxAddress
) -> None:
    enrolled(address, passphrase=PASSPHRASE)
    program = start()
    gate = hands(lambda: program.gate)
    gate.write("gate-passphrase", "not the passphrase")
    gate.click("gate-unlock")
    gate.wait(lambda: gate.sees("gate-message") and "isn't the passphrase" in gate.read("gate-message"))
    assert program.workplace is None
    gate.write("gate-passphrase", PASSPHRASE)
    gate.click("gate-unlock")
    operator = fill(program)
    operator.press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    operator.wait_for("quote")
    operator.choose("quote-sell", "USDT")
    operator.write("quote-amount", "123.45")
    operator.click("quote-get")
    operator.wait_for("quote-confirm")
    assert program.workplace is not None
    dialog = program.workplace.window.dialog
    assert isinstance(dialog, QuoteDialog)
    operator.wait(lambda: dialog.flow.quote is not None)

    program.workplace.window.lock_wanted.emit()
    gate = hands(lambda: program.gate)
    assert seen_windows(program) == [program.gate]
    assert program.gate is not None
    assert "123.45" not in " ".join([*gate.texts("gate"), program.gate.windowTitle()])
    assert dialog.flow.quote is None
    gate.write("gate-passphrase", PASSPHRASE)
    gate.press(Qt.Key.Key_Return)
    operator.wait_for("quote")
    assert operator.read("quote-amount") == "123.45"
    assert set(seen_windows(program)) == {program.workplace.window, dialog}
    assert not operator.sees("quote-confirm") or not dialog.confirm_button.isEnabled()


def test_a_profile_that_only_looks_shows_no_button_that_moves_money(
    start: Start, fill: Fill, enrolled: Enrolled, service: SecretService, address: SandboxAddress
) -> None:
    enrolled(address, is_view_only=True)
    program = start()
    operator = fill(program)
    assert "View only" in operator.read("profile")
    assert program.workplace is not None
    window = program.workplace.window
    moving = ("quote", "withdraw", "pay", "create", "confirm", "send")
    for page in list(window.pages):
        window.go_to(page)
        shown = [each.objectName() for each in window.findChildren(QAbstractButton) if each.isVisible()]
        assert not [name for name in shown if name.rpartition("-")[2] in moving]
    assert not any(
        action.isVisible() for action in (window.quote_action, window.withdraw_action, window.account_action)
    )
    assert "looking only" in session_of(program).cannot_send


def test_rows_69_to_71_trouble_with_the_keychain_is_told_and_the_desk_opens_once_it_is_over(
    start: Start, fill: Fill, hands: Hands, enrolled: Enrolled, service: SecretService, address: SandboxAddress
) -> None:
    enrolled(address)
    service.lock()
    program = start()
    gate = hands(lambda: program.gate)
    gate.wait_for("gate-choice-try")
    assert "keychain" in gate.read("gate-title").lower()
    assert program.workplace is None
    with service.prompter() as prompter:
        gate.click("gate-choice-try")
        assert prompter.asked.wait(PATIENCE_MS / 1000)
        # The question is open, and the window goes on answering.
        assert gate.sees("gate-cancel")
        prompter.dismiss()
        gate.wait_for("gate-choice-try")
        assert program.workplace is None
        gate.click("gate-choice-try")
        prompter.enter(PASSWORD)
        fill(program)


def test_without_a_keychain_the_passphrase_opens_the_records_and_the_key_is_for_this_run_only(
    start: Start,
    fill: Fill,
    hands: Hands,
    enrolled: Enrolled,
    service: SecretService,
    address: SandboxAddress,
    data_dir,
) -> None:
    enrolled(address, passphrase=PASSPHRASE)

    def none() -> Keychain:
        raise NoKeychain("There is none on this computer.")

    program = start(keychain=none)
    gate = hands(lambda: program.gate)
    gate.write("gate-passphrase", PASSPHRASE)
    gate.click("gate-unlock")
    gate.wait_for("gate-choice-once")
    assert "There is none on this computer" in " ".join(gate.texts("gate"))
    gate.click("gate-choice-once")
    assert "until LumeDesk is closed" in gate.read("gate-words")
    gate.write("gate-key", address.credentials.key)
    gate.write("gate-secret", address.credentials.secret.reveal())
    gate.click("gate-connect")
    fill(program)
    program.close()
    secret = address.credentials.secret.reveal().encode()
    assert not [path for path in data_dir.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_a_lost_key_begins_no_new_journal_by_itself(
    start: Start, fill: Fill, hands: Hands, enrolled: Enrolled, service: SecretService, address: SandboxAddress
) -> None:
    profile = enrolled(address)
    first = start()
    fill(first)
    first.close()
    with service.collection() as collection:
        for item in collection.search_items({"service": f"LumeDesk {profile.id}/store-key"}):
            item.delete()
    program = start()
    gate = hands(lambda: program.gate)
    gate.wait_for("gate-choice-anew")
    assert "records is gone" in gate.read("gate-title")
    gate.click("gate-choice-anew")
    operator = fill(program)
    assert "another key" in operator.read("notice-refusal-text")
    assert session_of(program).cannot_send
    assert session_of(program).movements.can_start_anew


@pytest.mark.parametrize("is_painted", [True, False])
def test_the_desk_watches_for_its_lock_painted_or_not(
    start: Start, data_dir: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, is_painted: bool
) -> None:
    profile = a_sandbox()
    write_profile(profile_paths(data_dir, profile.name), profile)
    if is_painted:
        monkeypatch.setattr(workplace, "PAINTED_WITHIN_MS", 3_600_000)
    else:
        # As where nobody looks at it.
        monkeypatch.setattr(MainWindow, "paintEvent", lambda *_: None)
        monkeypatch.setattr(workplace, "PAINTED_WITHIN_MS", 1)
    program = start()
    qtbot.waitUntil(lambda: program.workplace is not None, timeout=PATIENCE_MS)
    assert program.workplace is not None
    qtbot.waitUntil(program.workplace._locking._looks.isActive, timeout=PATIENCE_MS)
