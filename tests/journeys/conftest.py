"""The whole program for a journey: the real window, with the sandbox in a process of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lumedesk.app import Desk, Setup
from lumedesk.sandbox.launch import SandboxAddress, SandboxOptions
from lumedesk.store.paths import profile_paths
from lumedesk.views.theme import Scheme
from tests.support.desk import AddressConnector
from tests.support.operator import Operator

OpenDesk = Callable[..., tuple[Desk, Operator]]


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
            "sandbox",
            profile_paths(tmp_path, "sandbox"),
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
