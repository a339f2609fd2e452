"""Hearing of a newer LumeDesk: on request, once a day from then on, and not at all where nothing was chosen."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from lumedesk.domain.profiles import Profile
from lumedesk.program import Program
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.updating import Updating
from tests.support.notice_server import NoticeServer
from tests.support.operator import Operator
from tests.support.releases import PAGE_HOST
from tests.support.secret_service import SecretService

Start = Callable[..., Program]
Fill = Callable[[Program], Operator]
Enrolled = Callable[..., Profile]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NoticeServer]:
    """The program is a build that hears of releases here. They were written lately."""
    with NoticeServer() as server:
        monkeypatch.setattr("lumedesk.work.updates.source_of_this_build", lambda: (server.source, ""))
        server.tell(version="9.0.0", released="2020-01-01T00:00:00Z", valid_until="2120-01-01T00:00:00Z")
        yield server


def updating(program: Program) -> Updating:
    assert program.workplace is not None
    found = program.workplace.window.findChild(Updating)
    assert isinstance(found, Updating)
    return found


def choose_from_menu(program: Program, name: str) -> None:
    assert program.workplace is not None
    action = program.workplace.window.findChild(QAction, name)
    assert isinstance(action, QAction)
    assert action.isEnabled()
    action.trigger()


def test_an_operator_hears_of_a_newer_version_and_next_time_without_asking(
    start: Start,
    fill: Fill,
    enrolled: Enrolled,
    service: SecretService,
    address: SandboxAddress,
    server: NoticeServer,
    data_dir: Path,
) -> None:
    enrolled(address)
    program = start()
    operator = fill(program)
    assert "updates" not in updating(program).__dict__
    choose_from_menu(program, "action-updates")
    assert not operator.sees("updates-message-text")
    operator.click("updates-ask")
    operator.wait(lambda: operator.sees("updates-found-version"))
    assert "LumeDesk 9.0.0" in operator.read("updates-found-version")
    assert operator.read("updates-page") == f"https://{PAGE_HOST}/0.2.0"
    operator.tab_to("updates-daily")
    operator.press(Qt.Key.Key_Space)
    operator.wait(lambda: updating(program).updates.settings.is_daily)
    operator.click("updates-close")
    assert len(server.requests) == 1
    program.close()

    again = start()
    operator = fill(again)
    # Made by itself this time; a day hasn't gone by yet.
    operator.wait(lambda: "updates" in updating(again).__dict__)
    updates = updating(again).updates
    updates.ask_if_due()
    assert not updates.is_asking
    server.tell(serial=8, version="9.0.1", released="2020-01-01T00:00:00Z", valid_until="2120-01-01T00:00:00Z")
    # As if it had.
    file = data_dir / "updates.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"asked_at": "2020-01-01T00:00:00Z"}))
    updates.settings = replace(updates.settings, asked_at=None)
    updates.ask_if_due()
    assert "LumeDesk 9.0.1 has been released" in operator.read("notice-update-text")
    operator.click("notice-update-action")
    operator.wait(lambda: "LumeDesk 9.0.1" in operator.read("updates-found-version"))
    assert not any("x-api-key" in request.headers for request in server.requests)
    assert len(server.requests) == 2


def test_this_build_says_that_it_has_no_source(
    start: Start, fill: Fill, enrolled: Enrolled, service: SecretService, address: SandboxAddress
) -> None:
    enrolled(address)
    program = start()
    operator = fill(program)
    choose_from_menu(program, "action-updates")
    assert operator.read("updates-message-text") == "This build has no source for updates."
    ask = operator.wait_for("updates-ask")
    assert not ask.isEnabled()
    operator.click("updates-close")
