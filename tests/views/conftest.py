"""A window for each test: over an invented treasury laid out in memory, over other answers, or over none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.sandbox.gate import Incoming
from lumedesk.views.pages.record_page import RecordPage
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.session import Connector
from tests.support.clock import FakeClock
from tests.support.sandbox_desk import SandboxDesk
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


@pytest.fixture(params=[Scheme.LIGHT, Scheme.DARK])
def look(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Look]:
    """One after the other; the application is as before in the end."""
    sheet, palette, font = qapp.styleSheet(), qapp.palette(), qapp.font()
    look = Look(qapp, request.param)
    yield look
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    qapp.setFont(font)
    look.deleteLater()


@pytest.fixture(scope="session")
def bodies() -> dict[str, bytes]:
    """The lists of an invented treasury, as they come over the wire."""
    desk = SandboxDesk(history=12)
    keys = desk.keys["operator"]
    headers = {b"x-api-key": keys.key.encode(), b"x-api-secret": keys.secret.encode()}
    answers = {name: desk.gate.answer(Incoming("GET", f"/api/v1/{name}", headers, b""), "req_TEST") for name in LISTS}
    return {name: bytes(answer.body) for name, answer in answers.items()}


@pytest.fixture
def own_treasury(bodies: dict[str, bytes]) -> LaidOut:
    """Answers that a test may change at will, for a window of its own."""
    return LaidOut(**bodies)


@pytest.fixture(scope="module")
def shared(
    qapp: QApplication, tmp_path_factory: pytest.TempPathFactory, bodies: dict[str, bytes]
) -> Iterator[tuple[Stage, LaidOut]]:
    """One loaded window for the tests of a file, and the answers behind it."""
    laid_out = LaidOut(**bodies)
    stage = Stage(tmp_path_factory.mktemp("shared"), Scheme.LIGHT, LaidOutConnector(laid_out), FakeClock())
    stage.window.show()
    loaded(stage)
    # Kept, so that the check for windows left behind knows them again by their identity.
    kept = QApplication.topLevelWidgets()
    yield stage, laid_out
    kept.clear()
    stage.close()


@pytest.fixture
def treasury(shared: tuple[Stage, LaidOut], bodies: dict[str, bytes]) -> Iterator[LaidOut]:
    """The answers behind `stage`; what a test adds to them is taken away again."""
    laid_out = shared[1]
    laid_out.sent.clear()
    yield laid_out
    laid_out.answers = dict(bodies)


@pytest.fixture
def stage(shared: tuple[Stage, LaidOut]) -> Iterator[Stage]:
    """The treasury on screen, every list confirmed. Filters, details and dialogs are put away after each test."""
    stage = shared[0]
    stage.window.activateWindow()
    until(stage.window.isActiveWindow, "the window to come to the front")
    yield stage
    stage.put_away_dialog()
    for page, _ in stage.window.pages.values():
        if isinstance(page, RecordPage):
            page.clear_filters()
            page.close_detail()
    stage.window.go_to(None)
    if stage.look.scheme is not Scheme.LIGHT:
        stage.look.use(Scheme.LIGHT)
    until(lambda: all(stage.window.pages[kind][0].table.rowCount() for kind in HISTORIES), "the rows")  # type: ignore[attr-defined]
    settle()


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
