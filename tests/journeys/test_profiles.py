"""More than one profile: made beside an open one, opened in its place, and removed with its key, never with an order in doubt."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from lumedesk.domain.errors import TimedOut, Wire
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Vault, system_keychain
from lumedesk.program import Program
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.paths import profile_paths
from lumedesk.store.profiles import list_profiles, retired
from lumedesk.work.books import Books
from tests.support.clock import FakeClock
from tests.support.operator import Operator
from tests.support.sandbox import running_sandbox
from tests.support.secret_service import SecretService
from tests.work.books import Bench

Start = Callable[..., Program]
Hands = Callable[[Callable[[], QWidget | None]], Operator]
Fill = Callable[[Program], Operator]
Enrolled = Callable[..., Profile]


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=5, speed=0) as address:
        yield address


@pytest.fixture
def program(start: Start, fill: Fill, enrolled: Enrolled, service: SecretService, address: SandboxAddress) -> Program:
    enrolled(address)
    program = start()
    fill(program)
    return program


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
    setup = hands(lambda: program.setup)
    setup.wait(lambda: setup.sees("setup-message"))
    assert "still in doubt" in " ".join(setup.texts("setup-message"))
    assert len(service.held()) == 2
    assert paths.journal.exists()
