"""The pages and their states, each set up for its picture. What takes the pictures is shots.py."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtWidgets import QWidget

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.views.main_window import MainWindow
from lumedesk.views.pages.record_page import RecordPage
from lumedesk.views.theme import Scheme
from lumedesk.work.session import Connection, Connector, Session
from tests.support.sandbox import SandboxControl, running_sandbox
from tests.support.stage import LaidOut, LaidOutConnector, NeverConnects, SandboxConnector, Stage, settle, until

_ALWAYS = 1_000_000

# The pages on the server's lists; those on the desk's own records are in shots_own.py.
LISTED = (
    None,
    Kind.ACCOUNTS,
    Kind.WALLETS,
    Kind.TRADES,
    Kind.DEPOSITS,
    Kind.WITHDRAWALS,
    Kind.BENEFICIARIES,
)


class Camera(Protocol):
    """What shots.py hands in."""

    def wants(self, name: str) -> bool:
        """Whether pictures of a page or dialog are asked for."""

    def take(self, widget: QWidget, name: str) -> None:
        """Write pictures of `widget` as it is now."""


@contextmanager
def staged(folder: Path, connector: Connector | None) -> Iterator[Stage]:
    """A shown window of 1440×900 over `folder`."""
    stage = Stage(folder, Scheme.LIGHT, connector)
    try:
        stage.window.show()
        settle()
        yield stage
    finally:
        stage.close()


def pages(camera: Camera, home: Path) -> None:
    """Every page in every state."""
    filled(camera, home)
    loading(camera, home)
    empty(camera, home)
    failed(camera, home)
    offline(camera, home)


def overview_alone(camera: Camera, home: Path) -> None:
    """The overview with its rows."""
    with running_sandbox() as address, staged(home / "filled", SandboxConnector(address)) as stage:
        wait_for_rows(stage)
        show(camera, stage.window, None, "")


def filled(camera: Camera, home: Path) -> None:
    """Rows, a current row, a filter that nothing matches, and rows that have grown old."""
    with running_sandbox(speed=0) as address, staged(home / "filled", SandboxConnector(address)) as stage:
        wait_for_rows(stage)
        for kind in LISTED:
            show(camera, stage.window, kind, "")
            if kind is not None and camera.wants(name_of(stage.window, kind)):
                _show_selected(camera, stage.window, kind)
                _show_no_match(camera, stage.window, kind)
        control = SandboxControl(address)
        _fail_all(control)
        stage.clock.advance(240)
        stage.session.refresh()
        until(lambda: all(stage.session.state(kind).error for kind in Kind), "every list to fail")
        _show_all(camera, stage.window, "-stale")


def loading(camera: Camera, home: Path) -> None:
    """Before the first answer."""
    with staged(home / "loading", NeverConnects()) as stage:
        _show_all(camera, stage.window, "-loading")


def empty(camera: Camera, home: Path) -> None:
    """An account that owns nothing yet."""
    with staged(home / "empty", LaidOutConnector(LaidOut())) as stage:
        wait_for_answers(stage.session)
        _show_all(camera, stage.window, "-empty")


def failed(camera: Camera, home: Path) -> None:
    """The first answers are errors."""
    with running_sandbox(speed=0) as address:
        _fail_all(SandboxControl(address))
        with staged(home / "failed", SandboxConnector(address)) as stage:
            until(lambda: all(stage.session.state(kind).error for kind in Kind), "every list to fail")
            _show_all(camera, stage.window, "-failed")


def offline(camera: Camera, home: Path) -> None:
    """Without a connection: over what `filled` left, and over nothing."""
    with staged(home / "filled", None) as stage:
        until(lambda: _has_histories(stage.window), "the saved histories")
        _show_all(camera, stage.window, "-offline")
    with staged(home / "nothing", None) as stage:
        _show_all(camera, stage.window, "-offline-empty")


def wait_for_answers(session: Session) -> None:
    """Until every list has been confirmed once."""
    until(lambda: all(session.state(kind).confirmed_at for kind in Kind), "every list to arrive")
    until(lambda: session.connection is Connection.ONLINE and not session.in_flight, "the exchanges to end")


def wait_for_rows(stage: Stage) -> None:
    """Until every page has its rows."""
    wait_for_answers(stage.session)
    until(lambda: _has_histories(stage.window), "the histories to be found")


def name_of(window: MainWindow, kind: Kind | str | None) -> str:
    """What a page's pictures are called."""
    return window.pages[kind][0].objectName().removesuffix("-page")


def show(camera: Camera, window: MainWindow, kind: Kind | str | None, state: str) -> None:
    """Take the page as it is, if it is asked for."""
    name = name_of(window, kind)
    if camera.wants(name):
        window.go_to(kind)
        settle()
        camera.take(window, name + state)


def _show_all(camera: Camera, window: MainWindow, state: str) -> None:
    for kind in LISTED:
        show(camera, window, kind, state)


def _show_selected(camera: Camera, window: MainWindow, kind: Kind) -> None:
    page = record_page(window, kind)
    for at, row in enumerate(_telling_rows(page, kind)):
        page.view.selectRow(row)
        until(page.detail.isVisible, f"the details of a row of {kind.table}")
        show(camera, window, kind, "-selected" if not at else f"-selected-{at + 1}")
    page.close_detail()


def _show_no_match(camera: Camera, window: MainWindow, kind: Kind) -> None:
    page = record_page(window, kind)
    page.search.setText("no such thing")
    until(lambda: not page.table.rowCount(), "an empty search")
    show(camera, window, kind, "-nothing-matches")
    page.clear_filters()
    until(page.table.rowCount, "the rows to come back")


def record_page(window: MainWindow, kind: Kind | str) -> RecordPage:
    """The page of a kind that has a table."""
    page = window.pages[kind][0]
    assert isinstance(page, RecordPage)
    return page


def _telling_rows(page: RecordPage, kind: Kind) -> list[int]:
    """The rows whose details show most: the most fills, nested objects, a QR code."""
    tellers: dict[Kind, list[Callable[[Any], object]]] = {
        Kind.TRADES: [lambda trade: len(trade.fills or ())],
        Kind.WALLETS: [
            lambda wallet: "intermediary" in wallet.deposit_details,
            lambda wallet: bool(wallet.deposit_details.get("address_tag")),
        ],
        Kind.BENEFICIARIES: [lambda each: "swiftCode" in each.withdraw_form_details],
    }
    rows = range(page.table.rowCount())
    return [max(rows, key=lambda row: teller(page.table.record(row))) for teller in tellers.get(kind, [lambda _: 0])]  # type: ignore[arg-type, return-value]


def _has_histories(window: MainWindow) -> bool:
    return all(record_page(window, kind).table.rowCount() for kind in HISTORIES)


def _fail_all(control: SandboxControl) -> None:
    for operation in (
        "getAccounts",
        "getWallets",
        "getCurrencies",
        "getBeneficiaries",
        "getWithdrawHistory",
        "depositHistory",
        "tradeHistory",
    ):
        control.fault(operation, "status", times=_ALWAYS, status=503)


SCENES = {"pages": pages}
