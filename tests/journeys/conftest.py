"""The whole program for a journey: the real windows, with the sandbox in a process of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lumedesk.app import Desk, Setup
from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import Kind
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.keychain import Keychain, system_keychain
from lumedesk.program import Program
from lumedesk.sandbox.launch import SandboxAddress, SandboxOptions
from lumedesk.store.paths import profile_paths
from lumedesk.store.profiles import last_opened, list_profiles
from lumedesk.views.theme import Scheme
from lumedesk.work.profiles import enrol
from tests.support.desk import AddressConnector
from tests.support.keys import STORE_KEY, a_sandbox
from tests.support.operator import PATIENCE_MS, Operator
from tests.support.sandbox import running_sandbox
from tests.support.secret_service import SecretService, secret_service

OpenDesk = Callable[..., tuple[Desk, Operator]]
Start = Callable[..., Program]


@pytest.fixture
def open_desk(qtbot: QtBot, tmp_path: Path) -> Iterator[OpenDesk]:
    """Open the desk on a new sandbox, or on `server` when one runs already; closed, with all it started, at the end."""
    desks: list[Desk] = []

    def open_one(
        *, server: SandboxAddress | None = None, offline: bool = False, **options: float
    ) -> tuple[Desk, Operator]:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        setup = Setup(
            a_sandbox(),
            profile_paths(tmp_path, "sandbox"),
            STORE_KEY,
            offline,
            connector=AddressConnector(server.base_url, server.credentials) if server else None,
            sandbox=SandboxOptions(**options),  # type: ignore[arg-type]
        )
        desk = Desk(app, setup, Scheme.LIGHT)
        desks.append(desk)
        desk.window.show()
        qtbot.waitExposed(desk.window)
        return desk, Operator(qtbot, desk.window)

    yield open_one
    for desk in desks:
        desk.close()


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    """A small sandbox that runs on its own."""
    with running_sandbox(history=5, speed=0) as address:
        yield address


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """A real Secret Service, unlocked, and nobody who could ask for its password."""
    with secret_service() as service:
        service.use(monkeypatch)
        yield service


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def start(qtbot: QtBot, data_dir: Path) -> Iterator[Start]:
    """Start the program as the command does: on the profile that was opened last, else with the set-up."""
    programs: list[Program] = []

    def start_one(keychain: Callable[[], Keychain] = system_keychain, page: str = "") -> Program:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        program = Program(app, data_dir, keychain=keychain, scheme=Scheme.LIGHT, page=page)
        programs.append(program)
        program.start(_usual(data_dir))
        return program

    yield start_one
    for program in programs:
        program.close()


def _usual(data_dir: Path) -> Profile | None:
    listed = list_profiles(data_dir)
    name = last_opened(data_dir) or (listed[0].name if listed else None)
    return next((each.profile for each in listed if each.name == name), None)


@pytest.fixture
def hands(qtbot: QtBot) -> Callable[[Callable[[], QWidget | None]], Operator]:
    """Hands for a window, once it is there and to be seen."""

    def hands_for(window: Callable[[], QWidget | None]) -> Operator:
        def is_there() -> bool:
            found = window()
            return found is not None and found.isVisible()

        qtbot.waitUntil(is_there, timeout=PATIENCE_MS)
        found = window()
        assert found is not None
        return Operator(qtbot, found)

    return hands_for


@pytest.fixture
def fill(qtbot: QtBot) -> Callable[[Program], Operator]:
    """Wait until a program's desk is open and filled; hands for its window."""

    def filled(program: Program) -> Operator:
        def is_filled() -> bool:
            session = program.workplace.desk.session if program.workplace else None
            return session is not None and all(session.state(kind).confirmed_at for kind in Kind)

        qtbot.waitUntil(is_filled, timeout=PATIENCE_MS)
        assert program.workplace is not None
        assert program.workplace.window.isVisible()
        return Operator(qtbot, program.workplace.window)

    return filled


@pytest.fixture
def enrolled(data_dir: Path) -> Callable[..., Profile]:
    """Make a profile for a server that runs already, as the set-up does."""

    def make(address: SandboxAddress, *, passphrase: str = "", **facts: Any) -> Profile:
        profile = Profile("mine", ProfileKind.CUSTOM, "Rehearsal", address.base_url, **facts)
        secret = Secret(passphrase) if passphrase else None
        enrol(data_dir, profile, address.credentials, system_keychain(), secret)
        return profile

    return make
