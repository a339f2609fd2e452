"""More than one profile: made beside an open one, opened in its place, and removed with its key, never with an order in doubt."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import TimedOut, Wire
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Keychain, NoKeychain, Vault, system_keychain
from lumedesk.program import Program
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.paths import profile_paths
from lumedesk.store.profiles import list_profiles, retired, write_profile
from lumedesk.work.books import Books
from tests.support.clock import FakeClock
from tests.support.operator import PATIENCE_MS, Operator
from tests.support.secret_service import SecretService
from tests.work.books import Bench

Start = Callable[..., Program]
Hands = Callable[[Callable[[], QWidget | None]], Operator]
Fill = Callable[[Program], Operator]
Enrolled = Callable[..., Profile]


@pytest.fixture
def program(start: Start, fill: Fill, enrolled: Enrolled, service: SecretService, address: SandboxAddress) -> Program:
    enrolled(address)
    program = start()
    fill(program)
    return program


def test_a_link_opens_the_desk_at_its_page(
    start: Start, fill: Fill, enrolled: Enrolled, service: SecretService, address: SandboxAddress
) -> None:
    enrolled(address)
    operator = fill(start(page="deposits"))
    operator.wait_for("deposits-table")


def profiles_of(program: Program, operator: Operator) -> None:
    assert program.workplace is not None
    program.workplace.open_profiles()
    operator.wait_for("profiles-list")


def test_a_second_profile_is_made_beside_the_first_and_both_can_be_opened(
    program: Program, hands: Hands, fill: Fill, address: SandboxAddress, data_dir: Path
) -> None:
    operator = fill(program)
    profiles_of(program, operator)
    operator.click("profiles-add")
    setup = hands(lambda: program.setup)
    assert program.workplace is not None, "what is open stays open meanwhile"
    setup.choose("setup-kind", "Custom")
    setup.write("setup-profile-title", "Second desk")
    setup.write("setup-address", address.base_url)
    setup.write("setup-key", address.view_only.key)
    setup.write("setup-secret", address.view_only.secret.reveal())
    setup.click("setup-test")
    setup.click("setup-next")
    setup.click("setup-skip")
    setup.wait(lambda: program.setup is None)
    operator = fill(program)
    assert operator.read("profile").startswith("Second desk")
    assert [each.name for each in list_profiles(data_dir)] == ["mine", "second-desk"]

    profiles_of(program, operator)
    operator.press(Qt.Key.Key_Up)
    operator.click("profiles-open")
    operator.wait(lambda: program.workplace is not None and "Rehearsal" in program.workplace.window.windowTitle())
    assert fill(program).read("profile").startswith("Rehearsal")


def test_removing_the_open_profile_closes_it_and_takes_its_key_along(
    program: Program, hands: Hands, fill: Fill, service: SecretService, data_dir: Path
) -> None:
    operator = fill(program)
    profiles_of(program, operator)
    operator.click("profiles-remove")
    operator.click("profiles-wipe")
    operator.write("profiles-typed-title", "Rehearsal")
    operator.click("profiles-confirm-remove")
    hands(lambda: program.setup)
    assert program.workplace is None
    assert service.held() == {}
    assert list_profiles(data_dir) == retired(data_dir) == ()


def test_records_with_an_order_in_doubt_are_not_deleted(
    enrolled: Enrolled,
    start: Start,
    fill: Fill,
    hands: Hands,
    service: SecretService,
    address: SandboxAddress,
    data_dir: Path,
) -> None:
    profile = enrolled(address)
    paths = profile_paths(data_dir, profile.name)
    clock = FakeClock()
    bench = Bench.__new__(Bench)
    bench.clock, bench.rows, bench.posts, bench.changes = clock, [], 0, 0
    heads = paths.head_of(paths.journal), paths.head_of(paths.audit)
    key = Vault(system_keychain(), profile.id).store_key()
    bench.books = Books(paths.journal, paths.audit, heads, clock, key=key)
    bench.use_books()
    bench.carry(TimedOut(wire=Wire.MAYBE_SENT))
    bench.books.close()
    program = start()
    operator = fill(program)
    profiles_of(program, operator)
    operator.click("profiles-remove")
    operator.click("profiles-wipe")
    operator.write("profiles-typed-title", "Rehearsal")
    operator.click("profiles-confirm-remove")
    operator.wait(lambda: "isn't settled" in " ".join(operator.texts("profiles-message")))
    assert program.workplace is not None, "what is open stays open"
    assert program.workplace.window.isVisible()
    assert len(service.held()) == 2
    assert paths.journal.exists()


def test_a_new_profile_takes_nobodys_place_while_something_is_open(
    program: Program, hands: Hands, fill: Fill, address: SandboxAddress, data_dir: Path
) -> None:
    operator = fill(program)
    profiles_of(program, operator)
    operator.click("profiles-add")
    setup = hands(lambda: program.setup)
    setup.choose("setup-kind", "Custom")
    setup.write("setup-profile-title", "Second desk")
    setup.write("setup-address", address.base_url)
    setup.write("setup-key", address.view_only.key)
    setup.write("setup-secret", address.view_only.secret.reveal())
    setup.click("setup-test")
    setup.click("setup-next")
    assert program.workplace is not None
    skip = setup.wait_for("setup-skip")
    assert isinstance(skip, QAbstractButton)
    program.workplace.window.open_withdrawal()
    skip.click()
    window = program.workplace.window
    operator.wait(lambda: "Second desk" in window.notices.word.text())
    assert operator.sees("withdrawal")
    assert window.profile_label.text().startswith("Rehearsal")
    assert [each.name for each in list_profiles(data_dir)] == ["mine", "second-desk"]


def test_a_second_lumedesk_shows_what_the_first_saves_and_asks_for_nothing(
    program: Program, start: Start, fill: Fill, service: SecretService, qtbot: QtBot
) -> None:
    fill(program)
    before = service.held()
    second = start()
    qtbot.waitUntil(lambda: second.workplace is not None, timeout=PATIENCE_MS)
    assert second.workplace is not None
    assert "another LumeDesk" in second.workplace.desk.session.cannot_send
    assert not second.workplace.window.key_action.isVisible()
    assert service.held() == before


def test_a_second_lumedesk_on_a_sandbox_says_why_it_can_not_open(
    start: Start, hands: Hands, fill: Fill, qtbot: QtBot
) -> None:
    first = start()
    hands(lambda: first.setup).click("setup-sandbox")
    fill(first)
    second = start()
    gate = hands(lambda: second.gate)
    assert "its own window only" in gate.read("gate-words")
    with qtbot.waitSignal(second.finished):
        gate.click("gate-choice-quit")


@pytest.mark.parametrize("address_now", ["http://api.example.com", "nonsense"])
def test_a_profile_that_was_spoilt_says_so_and_leads_to_the_others(
    start: Start,
    hands: Hands,
    enrolled: Enrolled,
    service: SecretService,
    address: SandboxAddress,
    data_dir: Path,
    address_now: str,
) -> None:
    profile = enrolled(address)
    write_profile(profile_paths(data_dir, "mine"), replace(profile, base_url=address_now))
    program = start()
    gate = hands(lambda: program.gate)
    gate.wait_for("gate-choice-profiles")
    assert "The address" in gate.read("gate-words")
    gate.click("gate-choice-profiles")
    chooser = hands(lambda: program.chooser)
    assert chooser.sees("profiles-list")


def test_the_program_ends_when_its_window_is_closed(program: Program, fill: Fill, qtbot: QtBot) -> None:
    fill(program)
    assert program.workplace is not None
    with qtbot.waitSignal(program.finished):
        program.workplace.window.close()


def test_the_passphrase_can_not_be_removed_where_it_is_the_only_way_in(
    start: Start, hands: Hands, fill: Fill, enrolled: Enrolled, service: SecretService, address: SandboxAddress
) -> None:
    enrolled(address, passphrase="correct horse battery")

    def none() -> Keychain:
        raise NoKeychain("There is none on this computer.")

    program = start(keychain=none)
    gate = hands(lambda: program.gate)
    gate.write("gate-passphrase", "correct horse battery")
    gate.click("gate-unlock")
    gate.click("gate-choice-offline")
    gate.wait(lambda: program.workplace is not None)
    assert program.workplace is not None
    assert program.workplace._locking.is_only_way_in
