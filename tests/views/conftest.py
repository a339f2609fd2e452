"""A window for each test: over an invented treasury laid out in memory, over other answers, or over none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.sandbox.gate import Incoming
from lumedesk.views.theme import Scheme
from lumedesk.work.session import Connector
from tests.support.clock import FakeClock
from tests.support.sandbox_desk import START, SandboxDesk
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

MakeStage = Callable[..., Stage]
LISTS = ("accounts", "wallets", "currencies", "beneficiaries", "trades", "deposits", "withdrawals")


@pytest.fixture
def make_stage(qapp: QApplication, tmp_path: Path, clock: FakeClock) -> Iterator[MakeStage]:
    """Makes a shown window over a connector; `folder` is shared where a test names it twice."""
    made: list[Stage] = []

    def make(connector: Connector | None = None, folder: str = "profile") -> Stage:
        stage = Stage(tmp_path / folder, Scheme.LIGHT, connector, clock)
        made.append(stage)
        stage.window.show()
        settle()
        return stage

    yield make
    for stage in made:
        stage.close()
    made.clear()


@pytest.fixture(scope="session")
def bodies() -> dict[str, bytes]:
    """The lists of an invented treasury, as they come over the wire."""
    desk = SandboxDesk(history=12)
    keys = desk.keys["operator"]
    headers = {b"x-api-key": keys.key.encode(), b"x-api-secret": keys.secret.encode()}
    answers = {name: desk.gate.answer(Incoming("GET", f"/api/v1/{name}", headers, b""), "req_TEST") for name in LISTS}
    assert START > 0
    return {name: bytes(answer.body) for name, answer in answers.items()}


@pytest.fixture
def treasury(bodies: dict[str, bytes]) -> LaidOut:
    return LaidOut(**bodies)


@pytest.fixture
def stage(make_stage: MakeStage, treasury: LaidOut) -> Stage:
    """The treasury on screen, every list confirmed."""
    return loaded(make_stage(LaidOutConnector(treasury)))


@pytest.fixture
def load() -> Callable[[Stage], Stage]:
    return loaded


def loaded(stage: Stage) -> Stage:
    """Wait until every list has been confirmed and the histories have been found."""
    until(lambda: all(stage.session.state(kind).confirmed_at for kind in Kind), "every list")
    until(lambda: all(stage.window.pages[kind][0].table.is_ready for kind in HISTORIES), "the histories")  # type: ignore[attr-defined]
    until(lambda: stage.window.trades.table.rowCount() > 0 or not stage.session.recent(1), "the rows")
    settle()
    return stage
