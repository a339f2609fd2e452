"""A running sandbox for the module, a session on it for each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from lumedesk.domain.kinds import Kind
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.engine import Engine
from lumedesk.work.session import Session
from tests.support.clock import FakeClock
from tests.support.desk import PATIENCE_MS, AddressConnector, a_session
from tests.support.sandbox import SandboxControl, running_sandbox

OpenSession = Callable[..., Session]


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    """A world that stands still unless it is told to go on."""
    with running_sandbox(history=30, speed=0, quote_seconds=30) as address:
        yield address


@pytest.fixture
def control(address: SandboxAddress) -> Iterator[SandboxControl]:
    control = SandboxControl(address)
    control.clear()
    yield control
    control.clear()


@pytest.fixture
def open_session(
    engine: Engine, profile: ProfilePaths, clock: FakeClock, address: SandboxAddress
) -> Iterator[OpenSession]:
    """Open a session, connected to the sandbox unless another connector is given; stopped when the test ends."""
    opened: list[Session] = []

    def open_one(connector: Any = ..., **settings: Any) -> Session:
        if connector is ...:
            connector = AddressConnector(address.base_url, address.credentials, **settings)
        session = a_session(engine, profile, connector, clock)
        opened.append(session)
        session.start()
        return session

    yield open_one
    for session in opened:
        session.stop()


@pytest.fixture
def session(open_session: OpenSession, control: SandboxControl, qtbot: QtBot) -> Session:
    """Filled: every kind was read once."""
    session = open_session()
    fill(session, qtbot)
    return session


def fill(session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: all(session.state(kind).confirmed_at for kind in Kind), timeout=PATIENCE_MS)
