"""A newcomer's first start: the set-up, a key that works, and every later start without typing it; on a real Secret Service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from lumedesk.domain.kinds import Kind
from lumedesk.program import Program
from lumedesk.sandbox.launch import SandboxAddress
from tests.support.operator import Operator
from tests.support.sandbox import running_sandbox
from tests.support.secret_service import SecretService

Start = Callable[..., Program]
Hands = Callable[[Callable[[], QWidget | None]], Operator]
Fill = Callable[[Program], Operator]


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=20, speed=0) as address:
        yield address


def test_a_newcomer_connects_once_and_never_types_the_key_again(
    start: Start, hands: Hands, fill: Fill, service: SecretService, address: SandboxAddress, data_dir: Path
) -> None:
    program = start()
    operator = hands(lambda: program.setup)
    operator.click("setup-connect")
    operator.choose("setup-kind", "Custom")
    operator.write("setup-profile-title", "Rehearsal")
    operator.write("setup-address", address.base_url)
    operator.write("setup-key", address.credentials.key)
    operator.write("setup-secret", address.credentials.secret.reveal())
    operator.click("setup-test")
    operator.click("setup-next")
    operator.click("setup-skip")
    fill(program)
    assert program.workplace is not None
    assert program.setup is None
    assert "Rehearsal" in program.workplace.window.windowTitle()
    first = program.workplace.desk.session.records(Kind.ACCOUNTS)
    program.close()

    again = start()
    fill(again)
    assert again.workplace is not None
    assert again.gate is not None
    assert not again.gate.isVisible()
    assert again.workplace.desk.session.records(Kind.ACCOUNTS) == first
    secret = address.credentials.secret.reveal().encode()
    assert not [path for path in data_dir.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert sum(secret.decode() in value for value in service.held().values()) == 1


def test_a_newcomer_tries_the_sandbox_first(start: Start, hands: Hands, fill: Fill) -> None:
    program = start()
    hands(lambda: program.setup).click("setup-sandbox")
    operator = fill(program)
    assert operator.read("profile") == "Sandbox\nInvented money"
    assert program.workplace is not None
    assert not program.workplace.window.key_action.isVisible()
